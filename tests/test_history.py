"""What is undone and done again: any sequence of a page's operations, against a plain list of snapshots."""

import sys
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.predicate import Box, Polygon, Range, Where
from data.selection import Clause, Selection, named
from explorer import algebra, choices, formula
from explorer.address import Links
from explorer.link import from_token, to_token
from explorer.session import MOST_DERIVED, Bars, Choice, Colouring, Derived, Session, State, ViewState
from explorer.shapes import at_home, brushed
from explorer.stars import Stars
from tests.plain_polygon import surrounded
from tests.small_catalogue import catalogue_of

NAMES = ("R", "z", "fe_h", "mg_fe", "eu_fe", "ba_fe", "teff")
EMPTY = State(Selection(), Colouring("teff"), Bars("fe_h"))
RZ = [Box(Range("R", float(k), k + 2.0), Range("z", 0.0, k / 2)) for k in range(4)]
NEW = ("eu_fe - ba_fe", "mg_fe * 2", "eu_fe - mg_fe")


@pytest.fixture(scope="module")
def stars():
    rng = np.random.default_rng(1)
    columns = {name: rng.normal(2, 2, 500).astype("f4") for name in NAMES}
    for values in columns.values():
        values[rng.random(500) < 0.05] = np.nan
    return Stars(catalogue_of(columns))


def boxed(session, number, *, settled):
    selection = brushed(session.state.selection, "rz", RZ[number], edited=False)
    session.change(selection=selection, settled=settled)


# gestures


def test_a_gesture_outlives_what_changes_no_star():
    session = Session(EMPTY)
    boxed(session, 1, settled=False)
    session.change(tab="about")
    session.become(session.state.with_view("rz", y="z"))
    assert not session.settled
    boxed(session, 2, settled=True)
    assert session.settled
    session.undo()
    assert session.state.selection == Selection()
    assert not session.can_undo


def test_undo_in_a_gesture_returns_to_its_start_and_redo_to_where_it_was():
    session = Session(EMPTY)
    boxed(session, 1, settled=True)
    boxed(session, 2, settled=True)
    boxed(session, 3, settled=False)
    session.undo()
    assert session.settled
    assert session.state.selection["rz"].predicate == RZ[2]
    session.redo()
    assert session.state.selection["rz"].predicate == RZ[3]
    session.undo()
    session.undo()
    assert session.state.selection["rz"].predicate == RZ[1]


def test_the_end_of_a_gesture_is_told_even_where_it_changes_nothing():
    session, told = Session(EMPTY), []
    boxed(session, 1, settled=False)
    session.listen(lambda *states: told.append(states))
    boxed(session, 1, settled=True)
    assert [after is before for before, after in told] == [True]


ACTS = st.lists(
    st.tuples(st.sampled_from(["moving", "settled", "cut"]), st.integers(0, 3))
    | st.tuples(st.sampled_from(["undo", "redo", "keep", "tab", "zoom", "let go"]), st.just(0)),
    max_size=25,
)


class Plain:
    """Snapshots of (selection, names of subsets), where we are among them, and the one that still moves."""

    def __init__(self):
        self.steps, self.at, self.moving = [(Selection(), 0)], 0, None

    @property
    def now(self):
        return self.steps[self.at] if self.moving is None else self.moving

    def settle(self, now):
        self.moving = None
        if now != self.steps[self.at]:
            self.steps[self.at + 1 :] = [now]
            self.at += 1

    def act(self, act, number):
        selection, kept = self.now
        drawn = selection.with_(Clause("rz", RZ[number]))
        match act:
            case "moving":
                self.moving = drawn, kept
            case "settled":
                self.settle((drawn, kept))
            case "cut":
                self.change((selection.with_(Clause("cut:teff", Range("teff", float(number)))), kept))
            case "let go":
                self.change((selection.without("rz"), kept))
            case "keep":
                self.change((selection, kept + 1))
            case "undo" | "redo":
                self.settle(self.now)
                self.at = min(max(self.at + (1 if act == "redo" else -1), 0), len(self.steps) - 1)

    def change(self, now):
        """Something other than the gesture: it ends it if it changes anything."""
        if now != self.now or self.moving is None:
            self.settle(now)


def act_on(session, act, number):
    state = session.state
    match act:
        case "moving" | "settled":
            boxed(session, number, settled=act == "settled")
        case "cut":
            cut = Clause("cut:teff", Range("teff", float(number)))
            session.change(selection=state.selection.with_(cut))
        case "let go":
            session.change(selection=state.selection.without("rz"))
        case "keep":
            condition = Where.parse("R > 0").condition
            subset = algebra.added((), f"subset {len(state.subsets)}", condition)[0]
            session.change(subsets=(*state.subsets, subset))
        case "tab":
            session.change(tab="about" if state.tab == "maps" else "maps")
        case "zoom":
            session.become(state.with_view("xy", y=None if state.view("xy").y else "z"))
        case _:
            getattr(session, act)()


@settings(max_examples=300, deadline=None)
@given(acts=ACTS)
def test_any_acts_are_undone_as_snapshots_are(acts):
    session, plain = Session(EMPTY, at_home), Plain()
    for act, number in acts:
        act_on(session, act, number)
        plain.act(act, number)
        assert (session.state.selection, len(session.state.subsets)) == plain.now
        changed = plain.moving not in (None, plain.steps[plain.at])
        assert session.can_undo == (plain.at > 0 or changed)
        assert session.can_redo == (plain.at < len(plain.steps) - 1 and not changed)
        assert session.settled == (plain.moving is None)


TRIANGLE = ((0.0, 0.0), (5.0, 1.0), (1.0, 4.0))


@settings(max_examples=60, deadline=None)
@given(acts=ACTS, invert=st.booleans())
def test_stars_after_any_acts_are_those_of_plain_masks(stars, acts, invert):
    lasso = Clause("kiel", Polygon("fe_h", "mg_fe", TRIANGLE), inverted=invert)
    session = Session(replace(EMPTY, selection=Selection((lasso,))))
    table = {name: np.asarray(stars.catalogue[name], np.float64) for name in NAMES}
    x, y = table["fe_h"], table["mg_fe"]
    within = surrounded(x, y, np.array(TRIANGLE))
    start = ~within & ~np.isnan(x) & ~np.isnan(y) if invert else within
    for act, number in acts:
        act_on(session, act, number)
        mask = start.copy()
        for clause in session.state.selection:
            if clause.source == "rz":
                sides = clause.predicate.x, clause.predicate.y
            else:
                sides = (clause.predicate,) if clause.source == "cut:teff" else ()
            for side in sides:
                mask &= table[side.column] >= side.low
                mask &= table[side.column] <= (np.inf if side.high is None else side.high)
        words = stars.select(session.state.selection.for_view(None))
        found = np.unpackbits(words.view(np.uint8), bitorder="little")[: len(stars)]
        assert np.array_equal(found, mask)


# computed columns


def derive(session, stars, text, name=""):
    known = session.state.derived
    session.change(derived=(*known, formula.read(stars, name, text, known)))


def cut_on(session, quantity):
    cut = Clause(named("cut", quantity), Range(quantity, 0.0, 1.0))
    session.change(selection=session.state.selection.with_(cut))


def remove(session, expression):
    gone = next(each for each in session.state.derived if each.expression == expression)
    if formula.users_of(gone, session.state):
        return
    session.change(derived=tuple(each for each in session.state.derived if each is not gone))


def reads_back(session, stars):
    token = to_token(session.state)
    return from_token(token, stars, ("maps", "about")) == session.state


def test_undo_brings_back_the_column_that_a_cut_is_on(stars):
    session = Session(EMPTY, at_home)
    derive(session, stars, NEW[0])
    made = session.state.derived
    cut_on(session, NEW[0])
    session.change(selection=Selection())
    remove(session, NEW[0])
    assert session.state.derived == ()
    session.undo()
    assert session.state.derived == made
    assert reads_back(session, stars)


@pytest.mark.parametrize("full", [False, True], ids=["name is taken", "too many"])
def test_a_column_that_cannot_come_back_is_written_out(stars, full):
    session = Session(EMPTY, at_home)
    derive(session, stars, NEW[0], "a")
    cut_on(session, NEW[0])
    before = stars.number(session.state.selection.for_view(None))
    session.change(selection=Selection())
    remove(session, NEW[0])
    if full:
        for k in range(MOST_DERIVED):
            derive(session, stars, f"R + {k}", f"b{k}")
    else:
        derive(session, stars, NEW[1], "A")
    session.undo()
    [clause] = session.state.selection
    assert isinstance(clause.predicate, Where)
    assert stars.number([clause.predicate]) == before
    assert reads_back(session, stars)


@pytest.mark.parametrize(
    "predicate",
    [
        Box(Range("R", 0.0), Range(NEW[0], 0.0)),
        Polygon(NEW[0], "R", TRIANGLE),
        Polygon("R", NEW[0], TRIANGLE),
        Range(NEW[0], 0.0),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_column_that_a_region_is_over_is_in_use(predicate):
    made = Derived("a", NEW[0])
    state = replace(EMPTY, derived=(made,), selection=Selection((Clause("x", predicate),)))
    assert formula.users_of(made, state) == ["a cut"]
    assert formula.users_of(made, replace(state, selection=Selection())) == []


PAGE_ACTS = st.lists(
    st.tuples(st.sampled_from(["derive", "cut on", "remove", "axis", "brush plane"]), st.sampled_from(NEW))
    | st.tuples(st.sampled_from(["drop cuts", "undo", "redo", "keep", "condition"]), st.just("")),
    max_size=25,
)


def page_act(session, stars, act, text):
    state = session.state
    there = any(each.expression == text for each in state.derived)
    match act:
        case "derive" if not there and len(state.derived) < MOST_DERIVED:
            derive(session, stars, text, f"n{NEW.index(text)}")
        case "cut on" if there:
            cut_on(session, text)
        case "remove" if there:
            remove(session, text)
        case "axis":
            y = text if there else "mg_fe"
            session.become(state.with_view("plane", y=y))
        case "brush plane":
            y = state.view("plane").y
            box = Box(Range("fe_h", 0.0, 1.0), Range(y, 0.0, 1.0))
            session.change(selection=state.selection.with_(Clause("plane", box)), settled=text == NEW[0])
        case "condition":
            where = Where.parse("R > 0.123456789 and " + " and ".join(f"z > {k}" for k in range(20)))
            cut = Clause(named("where", where.text), where)
            session.change(selection=state.selection.with_(cut))
        case "drop cuts":
            session.change(selection=Selection())
        case "keep" if len(state.selection) and len(state.subsets) < algebra.MOST_SUBSETS:
            name = algebra.free_name(state.subsets, "kept")
            session.change(subsets=algebra.added(state.subsets, name, algebra.kept(state.selection)))
        case "undo" | "redo":
            getattr(session, act)()


@settings(max_examples=150, deadline=None)
@given(acts=PAGE_ACTS)
def test_any_acts_of_a_page_make_a_link_that_can_be_read(stars, acts):
    views = MappingProxyType({"plane": ViewState(y="mg_fe")})
    session = Session(replace(EMPTY, views=views), at_home)
    for act, text in acts:
        page_act(session, stars, act, text)
        assert reads_back(session, stars)


def test_a_link_that_would_show_something_else_is_not_written(stars):
    links = Links(stars, choices.opening(stars, Selection()), ("maps",))
    nobody_computed = replace(links.opens, selection=Selection((Clause("cut:a", Range(NEW[0], 0.0)),)))
    with pytest.raises(ValueError, match="not among the computed columns"):
        links.write(nobody_computed)


# memory


def test_a_step_with_a_lasso_is_little_more_than_its_corners():
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    lasso = Polygon("R", "z", zip(np.cos(turn), np.sin(turn), strict=True))
    assert lasso.expression.columns == {"R", "z"}
    choice = Choice.of(replace(EMPTY, selection=Selection((Clause("rz", lasso),))))
    assert len(lasso.packed) == 3200
    assert weight(choice) < 6000


def weight(value):
    """Bytes of a value and all it holds."""
    seen, stack, total = set(), [value], 0
    while stack:
        each = stack.pop()
        if id(each) in seen or isinstance(each, type):
            continue
        seen.add(id(each))
        total += sys.getsizeof(each)
        stack += list(each) if isinstance(each, tuple | list | frozenset) else []
        stack += vars(each).values() if hasattr(each, "__dict__") else []
    return total


def test_names_of_long_conditions_are_short_and_their_own():
    long = "R > 0 and " * 50
    assert named("where", "R > 0") == "where:R > 0"
    assert len(named("where", long)) == 100
    assert named("where", long) != named("where", long + "z > 0")

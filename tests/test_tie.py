"""Controls of pages of science follow the session, and it them: exactly, in one step, without an echo."""

from concurrent.futures import Executor
from dataclasses import replace
from types import MappingProxyType, SimpleNamespace

import numpy as np
import panel_material_ui as pmui
import pytest

from data.predicate import Range, Where
from data.selection import Clause, Selection
from explorer import algebra, choices
from explorer.address import Links
from explorer.afterwards import Afterwards
from explorer.background import Background
from explorer.difference_form import PAIR
from explorer.formula import users_of
from explorer.science import KINDS, Desk
from explorer.session import Derived, Session, Subset
from explorer.star_models import StarModels
from explorer.stars import Stars
from explorer.tie import Tie
from tests.small_catalogue import catalogue_of

N = 300
NAMES = ("R", "z", "vT", "JR", "teff", "logg", "fe_h", "mg_fe", "ba_fe", "eu_fe", "snrz", "ra", "dec")
RATIO = Derived("[Eu/Ba]", "eu_fe - ba_fe")
COOL = Subset("cool", Where.parse("teff < 5").condition, "#0072b2")
RICH = Subset("rich", Where.parse("fe_h > 4").condition, "#d55e00")
CHOSEN = {
    "profiles": {
        "label": RATIO.expression, "along": "vT", "bins": "1, 2,\t9", "by": "R", "edges": "1, 9",
        "within": False, "draws": "70", "seed": "7",
    },
    "planes": {
        "label": "eu_fe", "colour": RATIO.expression, "ends": "0, 1", "across": "1, 5, 9", "up": "0, 9",
        "teff": "4800, 5000", "seed": "7", "shows": "mean",
    },
    "differences": {
        "first": "subset:rich", "second": "everyone", "label": RATIO.expression, "plane": "kiel", "side": 50,
        "least": "11", "rate": 0.2, "within": False, "fade": False,
    },
    "systematics": {"label": "mg_fe", "plane": "rv"},
    "binaries": {
        "kind": "giant", "abundances": ("eu_fe", "mg_fe"), "match": ("teff",), "teff": "100", "chance": "",
        "sigma": "eu_fe=0.1", "seed": "7", "draws": "300", "trusted": True,
    },
    "clusters": {
        "members": "a cone of my own", "kind": "giant", "seed": "7", "trusted": True, "ra": "1", "dec": "2",
        "radius": "3", "pmra": "4", "pmdec": "5", "pm_radius": "", "distance": "7", "depth": "",
        "ids": "12\n13",
    },
    "calibration": {"kind": "giant", "share": "0.4", "anchor": "5200", "seed": "7"},
}  # fmt: skip
"""Of every page all that can be chosen, each other than as the page opens."""
PAIRS = SimpleNamespace(name="pairs", chance=None, found=SimpleNamespace(report="none"))

each_page = pytest.mark.parametrize("page", KINDS)


class Idle(Executor):
    """Takes work on, and counts it."""

    def __init__(self):
        self.taken = []

    def submit(self, fn, /, *_args, **_kwargs):
        self.taken.append(fn)


@pytest.fixture(scope="module")
def stars():
    random = np.random.default_rng(3)
    columns = {name: random.uniform(1, 9, N).astype(np.float32) for name in NAMES}
    columns |= {"source_id": np.arange(N) + 2**60, "giantmodel": np.repeat(np.int8([0, 1]), N // 2)}
    return Stars(catalogue_of(columns))


@pytest.fixture
def opening(stars):
    state = choices.opening(stars, Selection())
    return replace(state, derived=(RATIO,), subsets=(COOL, RICH))


class Visitor:
    """A page of science that follows its session, and what is done to them."""

    def __init__(self, stars, state, page):
        self.session = Session(state, algebra.known)
        self.workers = Idle()
        work = Background(self.workers, lambda do: do(), pytest.fail)
        desk = Desk(stars, self.session, StarModels(), PAIRS, state.selection, work)
        self.page = KINDS[page].make(desk)
        self.told = 0
        self.session.listen(self._hear)
        self.page.follow()

    def _hear(self, _before, _after):
        self.told += 1
        self.page.follow()

    @property
    def widgets(self):
        kinds = (pmui.Select, pmui.TextInput, pmui.TextAreaInput, pmui.MultiChoice, pmui.Checkbox)
        return self.page.view.select(lambda each: isinstance(each, (*kinds, pmui.RadioButtonGroup)))

    @property
    def values(self):
        """What all controls show."""
        return [tuple(each.value) if isinstance(each.value, list) else each.value for each in self.widgets]

    def field(self, label):
        return next(each for each in self.widgets if each.label == label)


@pytest.fixture
def visitor(stars, opening):
    def visit(page, state=opening):
        return Visitor(stars, state, page)

    return visit


def change_one(visitor):
    """Change one control by hand; gives its value."""
    field = next(each for each in visitor.widgets if isinstance(each, pmui.TextInput | pmui.RadioButtonGroup))
    field.value = "8" if isinstance(field, pmui.TextInput) else "xy"
    return field.value


@each_page
def test_a_page_shows_all_that_is_chosen_whether_it_is_made_then_or_there(page, visitor, opening):
    there = visitor(page)
    opened = there.values
    there.session.become(opening.with_chosen(page, CHOSEN[page]))
    made = visitor(page, opening.with_chosen(page, CHOSEN[page]))
    wanted = sorted(map(repr, CHOSEN[page].values()))
    assert sorted(map(repr, there.values)) == sorted(map(repr, made.values)) == wanted
    assert not {*map(repr, opened)} >= {*wanted}
    there.session.become(opening)
    assert there.values == opened


@each_page
def test_what_a_person_changes_is_told_with_all_else_and_can_be_linked(page, visitor, opening, stars):
    links = Links(stars, opening, ("maps", *KINDS))
    for given in (opening, opening.with_chosen(page, CHOSEN[page])):
        one = visitor(page, given)
        value = change_one(one)
        state = one.session.state
        assert value in state.chosen[page].values()
        assert sorted(map(repr, state.chosen[page].values())) == sorted(map(repr, one.values))
        assert state.chosen[page].keys() == CHOSEN[page].keys()
        assert links.read(links.write(state)) == state
        assert visitor(page, links.read(links.write(state))).values == one.values
        assert not one.session.can_undo


@each_page
def test_all_that_lists_offer_can_be_linked(page, visitor, opening, stars):
    links = Links(stars, opening, ("maps", *KINDS))
    one = visitor(page)
    for widget in one.widgets:
        for value in offered(widget):
            widget.value = value
            state = one.session.state
            assert links.read(links.write(state)) == state
    for widget in one.widgets:
        if isinstance(widget, pmui.TextInput | pmui.TextAreaInput):
            widget.value = "9" * widget.max_length
            assert links.read(links.write(one.session.state)) == one.session.state


def offered(widget):
    """Every value that a person can choose in a list."""
    if isinstance(widget, pmui.MultiChoice):
        return [[each] for each in widget.options.values()] + [[*widget.options.values()]]
    if groups := getattr(widget, "groups", None):
        return [value for options in groups.values() for value in options.values()]
    options = getattr(widget, "options", {})
    return [*(options.values() if isinstance(options, dict) else options)]


def test_a_page_that_is_again_as_it_opens_is_not_in_the_link(visitor, opening):
    one = visitor("profiles")
    bins = one.field("Bins, as 7:15:0.5")
    usual, bins.value = bins.value, "1, 2"
    assert one.session.state.chosen["profiles"]["bins"] == "1, 2"
    bins.value = usual
    assert one.session.state == opening


def test_a_choice_that_fills_others_is_one_change(visitor):
    for page, label, value, filled in (
        ("profiles", "Along", "abs(z)", {"bins": "0:4:0.25", "by": "R", "edges": "7, 9, 11, 13, 15"}),
        ("planes", "Abundance", "eu_fe", {"teff": ""}),
        ("clusters", "Members", "M67", {"ra": "132.846"}),
        ("clusters", "Radius, deg", "9", {"members": "a cone of my own"}),
    ):
        one = visitor(page)
        one.field(label).value = value
        assert one.told == 1
        chosen = one.session.state.chosen[page]
        assert {name: chosen[name] for name in filled} == filled


@pytest.fixture
def asked(monkeypatch):
    """Work that pages asked for."""
    work = []
    monkeypatch.setattr(Afterwards, "ask", lambda _self, each: work.append(each))
    return work


@pytest.mark.parametrize("page", ["profiles", "planes", "differences"])
def test_what_is_restored_is_computed_once_and_nothing_is_told_back(page, visitor, opening, asked):
    one = visitor(page)
    assert len(asked) == 1
    one.session.become(opening.with_chosen(page, CHOSEN[page]))
    assert (len(asked), one.told) == (2, 1)
    change_one(one)
    assert one.told == 2
    one.session.become(opening)
    assert one.told == 3
    asked.clear()
    visitor(page, opening.with_chosen(page, CHOSEN[page]))
    assert len(asked) == 1


def test_a_page_behind_others_takes_its_choices_when_it_is_seen_again(visitor, opening):
    one = visitor("calibration")
    one.session.close()
    opened = one.values
    one.session.become(opening.with_chosen("calibration", CHOSEN["calibration"]))
    assert one.values == opened
    one.page.follow()
    assert sorted(one.values) == sorted(CHOSEN["calibration"].values())


def test_differences_that_nobody_chose_go_with_the_session(visitor, opening, stars):
    """They hang on subsets and colours: a page that is opened later by the link has the same."""
    plain = replace(opening, subsets=())
    one = visitor("differences", plain)
    for state in (opening, replace(plain, colouring=replace(plain.colouring, label="ba_fe"))):
        one.session.become(state)
        assert one.values == visitor("differences", state).values
        assert one.session.state == state
    one.field("Pixels").value = 25
    label = one.field("Label").value
    one.session.become(replace(one.session.state, colouring=opening.colouring))
    assert one.field("Label").value == label == "ba_fe"


def test_a_subset_that_is_renamed_stays_chosen_and_one_that_is_gone_gives_way(visitor, opening):
    one = visitor("differences", opening.with_chosen("differences", CHOSEN["differences"]))
    one.session.become(algebra.renamed(one.session.state, "rich", "poor"))
    assert one.field("A").value == one.session.state.chosen["differences"]["first"] == "subset:poor"
    assert one.field("Label").value == RATIO.expression
    one.session.change(subsets=(COOL,))
    assert "first" not in one.session.state.chosen["differences"]
    assert (one.field("A").value, one.field("minus B").value) == PAIR
    kept = tuple(replace(COOL, name=name) for name in ("one", "two"))
    one.session.change(subsets=kept)
    again = visitor("differences", one.session.state)
    assert one.field("A").value == again.field("A").value == "subset:one"
    assert one.field("Pixels").value == 50
    bare = opening.with_chosen("differences", MappingProxyType({"first": "subset:rich"}))
    assert algebra.known(replace(bare, subsets=())).chosen == {}
    assert algebra.known(bare) is bare


def test_a_list_of_members_that_is_not_in_use_is_not_in_the_link_but_stays_at_hand(visitor, opening, stars):
    one = visitor("clusters")
    members, ids = one.field("Members"), one.field("Gaia source_ids of the catalogue's release")
    pasted = "9000000000000000001\x0c9000000000000000002"
    members.value, ids.value = "source_ids", pasted
    links = Links(stars, opening, ("maps", *KINDS))
    assert links.read(links.write(one.session.state)) == one.session.state
    members.value = "M67"
    assert one.session.state.chosen["clusters"]["ids"] == ""
    assert links.read(links.write(one.session.state)) == one.session.state
    members.value = "source_ids"
    assert (
        one.session.state.chosen["clusters"]["ids"]
        == ids.value
        == "9000000000000000001\x0c9000000000000000002"
    )


def test_a_computed_column_that_is_chosen_on_a_page_is_in_use(opening):
    chosen = opening.with_chosen("profiles", CHOSEN["profiles"]).with_chosen("planes", CHOSEN["planes"])
    assert users_of(RATIO, chosen) == ["the page Profiles", "the page Planes"]
    assert users_of(RATIO, opening) == []


def test_brushes_do_not_ask_controls_for_their_values(opening):
    """A page follows each: what is chosen was not changed, and so nothing is compared."""
    field, chosen = pmui.TextInput(value="usual"), MappingProxyType({"seed": "7"})
    session = Session(opening.with_chosen("planes", chosen))
    named = {"seed": field}
    tie = Tie(session, "planes", named)
    tie.follow(session.state)
    assert field.value == "7"
    named.clear()
    named["seed"] = None  # whoever asks it for its value fails
    session.change(selection=Selection((Clause("rz", Range("R", 2, 3)),)))
    assert session.state.chosen["planes"] is chosen
    tie.follow(session.state)
    assert field.value == "7"

"""The state of a visitor is a value; the session tells of its changes and lets go of its listeners."""

import gc
import weakref
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from data.predicate import Range
from data.selection import Clause, Selection
from explorer.palette import Scale
from explorer.raster import Window
from explorer.session import Bars, Colouring, Derived, Session, State, ViewState


def make_state():
    """Equal at each call, and never the same object."""
    selection = Selection((Clause("cut:R", Range("R", 8.0, 9.0)),))
    state = State(selection, Colouring("mg_fe"), Bars("fe_h"), derived=(Derived("sum", "fe_h + mg_fe"),))
    return state.with_view("rz", window=Window(8, 9, 0, 1))


# states


@pytest.mark.parametrize(
    "value",
    [
        make_state(),
        Colouring("mg_fe"),
        ViewState(),
        Bars("fe_h"),
        Derived("a", "fe_h"),
        Window(0, 1, 0, 1),
        Scale(0, 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_never_change(value):
    for field in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, field.name, None)


def test_views_never_change():
    state = make_state()
    with pytest.raises(TypeError):
        state.views["rz"] = ViewState()
    with pytest.raises(TypeError):
        State(Selection(), Colouring("a"), Bars("b")).views["rz"] = ViewState()


def test_states_are_equal_by_value():
    assert make_state() == make_state()
    assert make_state() != make_state().with_view("rz", window=None)
    assert make_state() != replace(make_state(), colouring=Colouring("fe_h"))


def test_change_of_one_view_leaves_the_others_and_the_old_state_alone():
    before = make_state()
    own = Colouring("fe_h")
    after = before.with_view("xy", colouring=own).with_view("rz", y="mg_fe")
    assert before == make_state()
    assert after.view("xy") == ViewState(colouring=own)
    assert after.view("rz") == ViewState(window=Window(8, 9, 0, 1), y="mg_fe")
    assert after.view("never seen") == ViewState()
    assert replace(after, views=before.views) == before


def test_colours_of_a_view_are_its_own_or_the_shared_ones():
    own = Colouring("fe_h", "median")
    state = make_state().with_view("xy", colouring=own)
    assert state.colouring_of("xy") is own
    assert state.colouring_of("rz") is state.colouring
    assert state.with_view("xy", colouring=None).colouring_of("xy") is state.colouring


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"min_stars": 9}, True),
        ({"colour_map": "greys"}, True),
        ({"scale": Scale(0, 1)}, True),
        ({"label": "fe_h"}, False),
        ({"statistic": "median"}, False),
        ({"log": True}, False),
    ],
)
def test_what_asks_for_another_range(change, same):
    colouring = Colouring("mg_fe")
    assert (replace(colouring, **change).question == colouring.question) == same


# sessions


def test_changes_are_told_to_everyone_with_before_and_after():
    first, second = make_state(), replace(make_state(), bars=Bars("R"))
    session, told = Session(first), []
    session.listen(lambda *states: told.append(("one", *states, session.state)))
    session.listen(lambda *states: told.append(("two", *states, session.state)))
    session.become(second)
    assert told == [("one", first, second, second), ("two", first, second, second)]
    session.change(bars=Bars("z"), derived=())
    assert session.state == replace(second, bars=Bars("z"), derived=())
    assert [entry[1] is second for entry in told[2:]] == [True, True]


def test_nothing_is_told_of_a_state_that_is_the_same():
    session, told = Session(make_state()), []
    session.listen(lambda *states: told.append(states))
    session.become(make_state())
    session.become(session.state)
    session.change(bars=Bars("fe_h"))
    session.change()
    session.become(session.state.with_view("rz", window=Window(8, 9, 0, 1)))
    assert told == []


def test_listener_may_listen_on_while_it_is_told():
    session, told = Session(make_state()), []
    session.listen(lambda *_: session.listen(lambda *states: told.append(states)))
    session.change(bars=Bars("R"))
    assert told == []
    session.change(bars=Bars("z"))
    assert len(told) == 1


def test_closed_session_tells_nobody_and_holds_nobody():
    class Page:
        def __init__(self):
            self.told = 0

        def changed(self, _before, _after):
            self.told += 1

    session, page = Session(make_state()), Page()
    session.listen(page.changed)
    session.change(bars=Bars("R"))
    assert page.told == 1
    session.close()
    session.change(bars=Bars("z"))
    assert page.told == 1
    gone = weakref.ref(page)
    del page
    gc.collect()
    assert gone() is None


# states made consistent


def at_home(state):
    """While colours show z, the clause of z goes by another name."""
    clauses = state.selection.clauses
    renamed = tuple(replace(each, source="other") if each.source == "z" else each for each in clauses)
    return replace(state, selection=Selection(renamed)) if state.colouring.label == "z" else state


def test_every_state_is_made_consistent_and_what_follows_from_that_is_no_step():
    session = Session(make_state(), at_home)
    clause = Clause("z", Range("z", 0.0, 1.0))
    session.change(selection=session.state.selection.with_(clause))
    session.change(colouring=Colouring("z"))
    assert [each.source for each in session.state.selection] == ["cut:R", "other"]
    session.undo()
    assert session.state.selection == make_state().selection
    assert not session.can_undo
    session.redo()
    assert session.state.selection["other"] == replace(clause, source="other")

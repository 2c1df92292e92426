"""What a page takes for up to date is what is on it: also where a painter merged requests, or failed."""

from dataclasses import replace

import pytest

from data.predicate import Range
from data.selection import Clause, Selection
from explorer.freshness import Freshness
from explorer.session import Bars, Colouring, State

START = State(Selection(), Colouring("mg_fe"), Bars("fe_h"))
A, B = (replace(START, selection=Selection((Clause("xy", Range("R", low, low + 1)),))) for low in (8.0, 10.0))


def essences(keys, state):
    """As if a view depended on what is selected alone."""
    return dict.fromkeys(keys, state.selection)


@pytest.fixture
def fresh():
    return Freshness(essences)


def test_what_was_asked_for_is_not_asked_for_twice(fresh):
    assert fresh.stale(essences(("rz", "xy"), A)) == {"rz", "xy"}
    fresh.ask(A, {"rz"})
    assert fresh.stale(essences(("rz", "xy"), A)) == {"xy"}
    fresh.come(A)
    assert fresh.stale(essences(("rz",), A)) == set()
    assert fresh.stale(essences(("rz",), B)) == {"rz"}


def test_the_frames_of_a_drag_that_come_late_ask_for_nothing_again(fresh):
    fresh.ask(A, {"rz"})
    fresh.ask(B, {"rz"})
    fresh.come(A)
    assert fresh.stale(essences(("rz",), B)) == set()
    fresh.come(B)
    assert fresh.stale(essences(("rz",), B)) == set()


def test_a_view_that_was_painted_of_a_newer_state_is_out_of_date_in_the_older(fresh):
    fresh.ask(A, {"rz"})
    fresh.ask(B, {"rz.mg_fe"})
    fresh.come(B)
    back = replace(A)
    assert fresh.stale(essences(("rz",), back)) == {"rz"}
    assert fresh.stale(essences(("rz", "rz.mg_fe"), B)) == set()


def test_a_view_whose_painting_failed_is_out_of_date(fresh):
    fresh.ask(START, {"rz", "xy"})
    fresh.come(START)
    fresh.ask(A, {"rz"})
    fresh.fail()
    assert fresh.stale(essences(("rz", "xy"), START)) == {"rz"}
    assert fresh.stale(essences(("rz",), A)) == {"rz"}


def test_a_view_that_is_empty_again_is_out_of_date(fresh):
    fresh.ask(A, {"rz", "xy"})
    fresh.come(A)
    fresh.ask(B, {"rz"})
    fresh.forget(["rz"])
    assert fresh.stale(essences(("rz", "xy"), A)) == {"rz"}
    fresh.come(B)
    assert fresh.stale(essences(("rz",), B)) == {"rz"}

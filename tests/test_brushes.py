"""Messages of the browser about brushes: what our script sends gets through, all else is dropped."""

import math

import pytest

from data.predicate import Box, Range
from data.selection import Clause, Selection
from explorer.brushes import Brushes
from explorer.session import Bars, Colouring, State

BOX = Box(Range("R", 8.0, 9.0), Range("z", 0.0, 1.0))
GOOD = {"view": "rz", "shape": {"box": [8, 9, 0, 1]}, "moving": True, "edited": False, "serial": 7}


@pytest.fixture
def state():
    return State(Selection(), Colouring("mg_fe"), Bars("fe_h"))


@pytest.fixture
def heard():
    return []


@pytest.fixture
def brushes(state, heard):
    made = Brushes(lambda: state, lambda *said: heard.append(said), lambda: heard.append("Esc"))
    made.attend(["rz", "kiel", "histogram"], state)
    return made


def test_regions_escape_and_nothing_get_through(brushes, heard):
    brushes._handle_msg(GOOD)
    brushes._handle_msg({**GOOD, "shape": None, "moving": False, "edited": True})
    brushes._handle_msg({**GOOD, "view": "histogram", "shape": {"range": [1, 0.5]}})
    brushes._handle_msg({"escape": True})
    ranged = Range("fe_h", 0.5, 1.0)
    assert heard == [
        ("rz", BOX, True, False), ("rz", None, False, True), ("histogram", ranged, True, False), "Esc",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "message",
    [
        None,
        "brush",
        {},
        {"escape": "now"},
        {**GOOD, "more": 1},
        {key: value for key, value in GOOD.items() if key != "moving"},
        {**GOOD, "view": "xy"},
        {**GOOD, "view": ["rz"]},
        {**GOOD, "moving": 1},
        {**GOOD, "serial": 0},
        {**GOOD, "serial": 1.5},
        {**GOOD, "serial": 2**40},
        {**GOOD, "shape": {"range": [0, 1]}},
        {**GOOD, "shape": {"box": [8, 9, 0, math.nan]}},
        {**GOOD, "shape": {"box": "R z"}},
        {**GOOD, "shape": {"polygon": [0.0] * 1002}},
    ],
    ids=lambda message: f"{message!r:.60}",
)
def test_all_else_is_dropped(brushes, heard, message):
    brushes._handle_msg(message)
    assert heard == []


def test_the_browser_is_told_what_it_does_not_show_yet(brushes, state):
    own = State(Selection((Clause("rz", BOX),)), state.colouring, state.bars)
    brushes._handle_msg({**GOOD, "shape": {"box": [8.0, 9.0, 0.0, 1.0]}})
    brushes.show(own)
    assert brushes.shapes["version"] == 1
    brushes.show(state)
    assert brushes.shapes == {"version": 2, "views": {"rz": None, "kiel": None, "histogram": None}}
    brushes.show(own)
    assert brushes.shapes["views"]["rz"] == {"box": [8.0, 9.0, 0.0, 1.0]}


def test_an_answer_is_that_of_the_state_painted(brushes, state):
    states = [state.with_view("rz", y=str(k)) for k in range(3)]
    coming = iter(states)
    brushes._on_brush = lambda *_: brushes.show(next(coming))
    for k in range(3):
        brushes._handle_msg({**GOOD, "serial": k + 1})
    for painted, answered in ((state, 0), (states[1], 2), (states[0], 2), (states[2], 3)):
        brushes.answer(painted)
        assert brushes.answered == answered


def test_what_changes_nothing_is_answered_at_once(brushes):
    brushes._handle_msg(GOOD)
    assert brushes.answered == 7
    assert not brushes._states


def test_what_changes_nothing_waits_for_what_is_painted_already(state):
    """The picture of the message before is on its way: it is the answer to both."""
    brushes = Brushes(lambda: state, lambda *_: None, lambda: None)
    brushes.attend(["rz"], state)
    brushes._on_brush = lambda *_: brushes.show(state)
    brushes._handle_msg({**GOOD, "serial": 1})
    brushes._on_brush = lambda *_: None
    brushes._handle_msg({**GOOD, "serial": 2, "moving": False})
    assert brushes.answered == 0
    brushes.answer(state)
    assert brushes.answered == 2


def test_a_region_that_is_refused_is_answered_and_taken_away(brushes, heard):
    brushes._handle_msg({**GOOD, "shape": {"range": [0, 1]}})
    assert heard == []
    assert brushes.answered == 7
    assert brushes.shapes == {"version": 2, "views": {"rz": None, "kiel": None, "histogram": None}}


def test_states_are_let_go_of_when_they_are_answered(brushes, state):
    states = [state.with_view("rz", y=str(k)) for k in range(100)]
    for k, each in enumerate(states):
        brushes._on_brush = lambda *_, each=each: brushes.show(each)
        brushes._handle_msg({**GOOD, "serial": k + 1})
    assert len(brushes._states) <= 16
    brushes.answer(states[-1])
    brushes.show(state)
    assert brushes.answered == 100
    assert not brushes._states


def test_escape_lets_go_of_the_brush_touched_last(brushes):
    selection = Selection((Clause("cut:R", Range("R", 8.0)), Clause("kiel", BOX), Clause("rz", BOX)))
    assert brushes.newest(Selection(selection.clauses[:1])) is None
    brushes._handle_msg({**GOOD, "serial": 1})
    brushes._handle_msg({**GOOD, "view": "kiel", "serial": 2})
    assert brushes.newest(selection) == "kiel"
    assert brushes.newest(selection.without("kiel")) == "rz"

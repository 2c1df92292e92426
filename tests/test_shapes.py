"""What a person draws becomes the condition that holds for the stars inside it, and nothing else does."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.functions import MOST_VERTICES
from data.predicate import Box, Range, Where
from data.problem import DataError
from data.selection import Clause, Selection
from explorer.session import Bars, Colouring, State
from explorer.shapes import (
    at_home,
    axes_of,
    brushed,
    drawn,
    is_brush,
    predicate_of,
    shape_of,
    without_brushes,
)
from tests.plain_polygon import surrounded

RZ = ("R", "z")
NUMBERS = st.floats(-1e4, 1e4, allow_nan=False)
ROWS = np.random.default_rng(5)
TABLE = {
    "R": np.append(ROWS.uniform(-1e4, 1e4, 400), [np.nan, 1.0, np.nan]),
    "z": np.append(ROWS.uniform(-1e4, 1e4, 400), [1.0, np.nan, np.nan]),
}


def state_with(*clauses, column="fe_h"):
    return State(Selection(clauses), Colouring("mg_fe"), Bars(column))


@given(st.lists(NUMBERS, min_size=4, max_size=4))
def test_boxes_hold_what_lies_between_their_sides(ends):
    x, y = TABLE["R"], TABLE["z"]
    (x0, x1), (y0, y1) = sorted(ends[:2]), sorted(ends[2:])
    inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    predicate = predicate_of({"box": ends}, RZ)
    assert np.array_equal(predicate.mask(TABLE), inside)
    assert shape_of(predicate, RZ) == {"box": [x0, x1, y0, y1]}


@given(st.lists(NUMBERS, min_size=2, max_size=2))
def test_ranges_hold_what_lies_between_their_ends(ends):
    low, high = sorted(ends)
    predicate = predicate_of({"range": ends}, ("R",))
    assert np.array_equal(predicate.mask(TABLE), (TABLE["R"] >= low) & (TABLE["R"] <= high))
    assert shape_of(predicate, ("R",)) == {"range": [low, high]}


@given(st.integers(3, 40), st.integers(0, 2**32 - 1))
def test_lassos_hold_what_lies_in_them(corners, seed):
    """Stars round one point: the outline never crosses itself, so it turns once round what is in it."""
    random = np.random.default_rng(seed)
    angles = np.sort(random.uniform(0, 2 * math.pi, corners))
    radii = random.uniform(500, 9000, corners)
    vertices = np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])
    predicate = predicate_of({"polygon": vertices.ravel().tolist()}, RZ)
    if (np.diff(angles) < math.pi).all() and angles[-1] - angles[0] > math.pi:
        assert np.array_equal(predicate.mask(TABLE), surrounded(TABLE["R"], TABLE["z"], vertices))
    assert shape_of(predicate, RZ) == {"polygon": vertices.ravel().tolist()}


HOSTILE = [
    None,
    [],
    "box",
    {},
    {"box": [0, 1, 0]},
    {"box": [0, 1, 0, math.nan]},
    {"box": [0, 1, 0, math.inf]},
    {"box": [0, 1, 0, 10**400]},
    {"box": [0, 1, 0, True]},
    {"box": [0, 1, 0, "1"]},
    {"box": ["R", 1, 0, 1]},
    {"box": {"0": 1}},
    {"range": [0, 1]},
    {"polygon": [0, 0, 1, 1]},
    {"polygon": [0, 0, 1, 1, 2]},
    {"polygon": [0.0] * (2 * MOST_VERTICES + 2)},
    {"where": "R > 1"},
    {"box": [0, 1, 0, 1], "off": True},
]


@pytest.mark.parametrize("shape", HOSTILE, ids=lambda shape: f"{shape!r:.30}")
def test_what_is_no_region_is_refused(shape):
    with pytest.raises(DataError):
        predicate_of(shape, RZ)


def test_the_longest_lasso_there_may_be_is_taken():
    turn = [math.tau * k / MOST_VERTICES for k in range(MOST_VERTICES)]
    corners = [end for t in turn for end in (math.cos(t), math.sin(t))]
    assert len(predicate_of({"polygon": corners}, RZ).vertices) == MOST_VERTICES


def test_half_open_boxes_are_drawn_with_open_ends():
    assert shape_of(Range("R", 8.0, None), RZ) == {"box": [8.0, None, None, None]}
    assert shape_of(Range("z", None, 1.0), RZ) == {"box": [None, None, None, 1.0]}
    assert shape_of(Range("teff", 1.0, 2.0), RZ) is None
    assert shape_of(Where.parse("R > 8"), RZ) is None


BOX = Box(Range("fe_h", -1.0, 0.0), Range("mg_fe", 0.1, 0.3))


def test_a_view_shows_its_own_brush_and_says_when_it_is_off():
    clause = Clause("plane", BOX)
    shape = {"box": [-1.0, 0.0, 0.1, 0.3]}
    assert drawn("plane", state_with(clause)) == shape
    assert drawn("plane", state_with(replace(clause, enabled=False))) == {**shape, "off": True}
    assert drawn("rz", state_with(clause)) is None


def test_a_brush_drawn_anew_is_plain_and_one_that_is_moved_stays_as_it_is():
    before = Selection((Clause("plane", BOX, inverted=True),))
    other = Box(Range("fe_h", -2.0, 0.0), BOX.y)
    assert brushed(before, "plane", other, edited=True)["plane"] == Clause("plane", other, inverted=True)
    assert brushed(before, "plane", other, edited=False)["plane"] == Clause("plane", other)
    assert brushed(before, "plane", None, edited=False) == Selection()


def test_a_brush_whose_view_has_another_axis_becomes_a_cut():
    cut = Clause("cut:R", Range("R", 8.0, 9.0))
    state = state_with(cut, Clause("plane", BOX), Clause("histogram", Range("fe_h", -1.0, 0.0)))
    assert at_home(state) is state
    turned = at_home(state.with_view("plane", y="mn_fe"))
    assert [clause.source for clause in turned.selection] == ["cut:R", "cut:plane", "histogram"]
    assert turned.selection["cut:plane"].predicate == BOX
    assert turned.selection.for_view("plane") == state.selection.for_view(None)
    again = turned.selection.with_(Clause("plane", Box(BOX.x, Range("mn_fe", 0.0, 1.0))))
    twice = at_home(replace(turned, selection=again, bars=Bars("teff")).with_view("plane", y="mg_fe"))
    assert [clause.source for clause in twice.selection] == [
        "cut:R", "cut:plane", "cut:histogram", "cut:plane 2",
    ]  # fmt: skip
    assert axes_of("plane", twice) == ("fe_h", "mg_fe")


def test_brushes_are_told_from_cuts():
    selection = Selection((Clause("cut:fe_h", Range("fe_h", 0.0, 1.0)), Clause("plane", BOX)))
    assert [is_brush(clause.source) for clause in selection] == [False, True]
    assert without_brushes(selection).clauses == selection.clauses[:1]

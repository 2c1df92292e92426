"""Edges as they are typed, and what is refused of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.problem import DataError
from explorer.edges import LONGEST, edges_of, written


@given(
    st.lists(
        st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.8g}") + 0.0),
        min_size=2,
        max_size=9,
        unique=True,
    )
)
def test_what_is_written_is_read(edges):
    edges = tuple(sorted(edges))
    assert edges_of("R", written(edges), 8) == edges


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("0, 0.5,1 ,2", (0, 0.5, 1, 2)),
        ("7:9:0.5", (7, 7.5, 8, 8.5, 9)),
        ("0:1:0.3", (0, 0.3, 0.6, 0.9, 1)),
        ("0:1:5", (0, 1)),
        ("\N{MINUS SIGN}2, -1", (-2, -1)),
        (" 1e1, 2e1 ", (10, 20)),
        ("0:0.3:0.1", (0, 0.1, 0.2, 0.3)),
    ],
)
def test_lists_and_steps(typed, expected):
    assert edges_of("R", typed, 8) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "", "1", "1, 1", "2, 1", "a, b", "nan, 1", "0, inf", "0:1", "0:1:0", "0:1:-1", "1:0:0.1", "0:1:nan",
        "0:100:0.001", "0:1:1e-300", "1,2,3,4,5,6,7,8,9,10", "1e300, 1e301", "__import__('os')", "0:1:1:1",
        "0," * LONGEST, "1, , 2",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_words(typed):
    with pytest.raises(DataError, match=r"R|first:last:step"):
        edges_of("R", typed, 8)

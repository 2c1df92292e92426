"""The compiled searches for one star, against plain numpy on all rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.nearest import beside, nearest
from tests.plain_bits import bits, located

SIDE = 40
RNG = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def plainly(mask, x, y, place, scale, reach, tie):
    """Rows in the order of their numbers, and squares of their distances."""
    x, y = x.astype(float), y.astype(float)
    squares = ((x - place[0]) * scale[0]) ** 2 + ((y - place[1]) * scale[1]) ** 2
    within = mask & (squares <= reach**2)
    if not within.any():
        return np.empty(0, int), np.empty(0)
    rows = np.flatnonzero(within & (squares <= (np.sqrt(squares[within].min()) + tie) ** 2))
    return rows, squares[rows]


@settings(deadline=None, max_examples=200)
@given(RNG, st.integers(0, 3000), st.sampled_from(("f4", "f8")), st.sampled_from((0.0, 1.0, 5.0, 50.0)))
def test_nearest_and_those_like_it(rng, size, dtype, tie):
    x, y = rng.normal(0, 3, size).astype(dtype), rng.normal(0, 3, size).astype(dtype)
    for values in (x, y):
        values[rng.random(size) < 0.1] = np.nan
    if rng.random() < 0.5:
        x, y = np.round(x), np.round(y)
    pixels, inside = located(x, y, (-4, 4, -4, 4), SIDE)
    mask = rng.random(size) < rng.choice((0.01, 0.5, 1.0))
    whole = (0, 0, SIDE, SIDE)
    place, scale, reach = (
        tuple(rng.uniform(-5, 5, 2).tolist()),
        tuple(rng.uniform(1, 80, 2).tolist()),
        rng.choice((3.0, 100.0)),
    )
    within = (np.abs(x) <= 4) & (np.abs(y) <= 4)
    right = plainly(mask & within, x, y, place, scale, reach, tie)
    found = nearest(bits(mask) & inside, pixels, x, y, SIDE, whole, place, scale, reach, tie)
    for each, expected in zip(found, right, strict=True):
        assert np.array_equal(each, expected)


@pytest.mark.parametrize("block", [(0, 0, 1, 1), (3, 5, 7, 2), (39, 39, 1, 1), (0, 38, 40, 2)])
def test_only_rows_in_the_block_are_looked_at(block):
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, SIDE, (2, 5000))
    pixels, inside = located(x, y, (0, SIDE, 0, SIDE), SIDE)
    bottom, left, height, width = block
    there = (bottom <= y) & (y < bottom + height) & (left <= x) & (x < left + width)
    rows, _ = nearest(inside, pixels, x, y, SIDE, block, (20.0, 20.0), (1.0, 1.0), 1e3, 1e3)
    assert np.array_equal(rows, np.flatnonzero(there))


@settings(deadline=None, max_examples=200)
@given(RNG, st.integers(1, 400), st.sampled_from((0.0, 0.01, 0.3, 1.0)))
def test_neighbours_in_an_order(rng, size, density):
    order, mask = rng.permutation(size), rng.random(size) < density
    for place in range(-1, size + 1, max(1, size // 7)):
        walk = np.flatnonzero(mask)[np.argsort(order[mask])]
        later, earlier = walk[order[walk] > place], walk[order[walk] < place]
        right = (-1, -1) if not walk.size else ([*later, walk[0]][0], [walk[-1], *earlier][-1])
        assert beside(bits(mask), order, place) == right

"""Points in a polygon: to the last bit what the formula over all edges gives, wherever they lie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.functions import inside
from explorer.polygons import EDGE, INSIDE, Outline
from tests.plain_bits import filled, mask_of
from tests.test_kernels import DTYPES, RNG

SCALES = st.sampled_from((1.0, 1e-9, 1e6, 1e-99, 1e99, 1e-200, 1e-310, 1e150, 1e300))


def by_edges(x, y, corners):
    """The even-odd rule, edge after edge, in float64."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    odd = np.zeros(x.size, bool)
    with np.errstate(all="ignore"):
        for (xi, yi), (xj, yj) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
            odd ^= ((yi > y) != (yj > y)) & (x < (xj - xi) * (y - yi) / (yj - yi) + xi)
    return odd & ~np.isnan(x) & ~np.isnan(y)


def by_grid(x, y, corners, pieces=1):
    outline = Outline.of(*np.transpose(corners))
    return mask_of(filled(outline.test, x, y, rows=x.size, pieces=pieces), x.size)


def any_corners(rng, kind, number):
    """Corners at random, on a small lattice, almost on one, around a middle, or in a comb of thin teeth."""
    if kind == "random":
        return rng.normal(size=(number, 2))
    if kind == "lattice":
        return rng.integers(-3, 4, (number, 2)).astype(float)
    if kind == "almost":
        return rng.integers(-3, 4, (number, 2)) + rng.normal(size=(number, 2)) * rng.choice([1e-16, 1e-9])
    if kind == "round":
        angle = np.sort(rng.uniform(0, 2 * np.pi, number))
        return rng.uniform(0.2, 1, (number, 1)) * np.stack((np.cos(angle), np.sin(angle)), axis=1)
    return np.stack((np.linspace(0, 1, number), np.arange(number) % 2 + 0.01 * rng.random(number)), axis=1)


def points_near(rng, corners, dtype):
    """Points about a polygon, on its corners and edges and a hair beside them, missing and infinite."""
    ends = corners.min(axis=0), corners.max(axis=0)
    span = np.maximum(ends[1] - ends[0], np.abs(ends[0]) * 1e-9)
    free = ends[0] + span * rng.uniform(-0.1, 1.1, (600, 2))
    at = rng.integers(0, len(corners), 400)
    share = rng.random((400, 1)) * (rng.random((400, 1)) < 0.7)
    on = corners[at] + share * (corners[at - 1] - corners[at])
    points = np.concatenate((free, on)).astype(dtype)
    beside = np.nextafter(points, dtype(np.inf) * rng.choice((-1, 1), points.shape).astype(dtype))
    points = np.where(rng.random(points.shape) < 0.2, beside, points)
    odd = rng.random(points.shape) < 0.01
    points[odd] = rng.choice(np.array([np.nan, np.inf, -np.inf], dtype), odd.sum())
    return np.ascontiguousarray(points.T)


@settings(deadline=None, max_examples=300)
@given(
    RNG, st.sampled_from(("random", "lattice", "almost", "round", "comb")), st.integers(3, 60), SCALES,
    st.sampled_from((0.0, 1.0, 1e6)), DTYPES, st.integers(1, 4),
)  # fmt: skip
def test_every_point_is_where_the_formula_puts_it(rng, kind, number, scale, offset, dtype, pieces):
    with np.errstate(all="ignore"):
        corners = any_corners(rng, kind, number) * scale + offset * min(scale, 1e300)
        x, y = points_near(rng, corners, dtype)
        assert np.array_equal(by_grid(x, y, corners, pieces), by_edges(x, y, corners))


@settings(deadline=None, max_examples=50)
@given(RNG, st.sampled_from(("random", "round", "comb")), st.integers(3, 60), DTYPES)
def test_the_language_has_the_same_rule(rng, kind, number, dtype):
    corners = any_corners(rng, kind, number)
    x, y = points_near(rng, corners, dtype)
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    assert np.array_equal(by_grid(x, y, corners), inside(x.astype(np.float64), y.astype(np.float64), corners))


def test_edges_as_good_as_level():
    """Two corners whose heights are neighbours: the slope between them can't be computed."""
    corners = np.array([(0.0, 0.0), (0.3, 5e-324), (1.0, 1.0), (-1.0, 1.0)])
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-1, 1, 2000), rng.choice([0.0, 5e-324], 2000)
    assert np.array_equal(by_grid(x, y, corners), by_edges(x, y, corners))


@pytest.mark.parametrize("corners", [[(1, 1)] * 3, [(0, 0), (1, 0), (2, 0)], [(0, 0), (0, 1), (0, 2)]])
def test_polygons_without_area(corners):
    corners = np.array(corners, np.float64)
    x, y = (np.repeat(np.linspace(-1, 3, 41), 41), np.tile(np.linspace(-1, 3, 41), 41))
    assert np.array_equal(by_grid(x, y, corners), by_edges(x, y, corners))


def test_no_points():
    assert by_grid(np.empty(0), np.empty(0), np.eye(3, 2)).size == 0


def test_few_points_are_held_against_edges():
    """Of a lasso, most cells are told at once: else the grid would be for nothing."""
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    outline = Outline.of(np.cos(angle), np.sin(angle))
    assert np.mean(outline.cells == EDGE) < 0.03
    assert np.mean(outline.cells == INSIDE) == pytest.approx(np.pi / 4, abs=0.02)
    assert np.diff(outline.starts).max() < 80

"""Labels as codes: what they stand for, how wrong that can be, and what is taken of them."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from explorer import cells, codes, kernels
from explorer.codes import MISSING, Coded
from explorer.raster import COARSENINGS, FINE, Window, coarsen, rasterise
from tests.plain_bits import bits
from tests.test_kernels import RNG

FLOATS = st.floats(-1e6, 1e6, width=32) | st.sampled_from([np.nan, np.inf, -np.inf])
LABELS = st.sampled_from([np.float32, np.float64]).flatmap(
    lambda dtype: hnp.arrays(dtype, st.integers(0, 200), elements=FLOATS)
)


def coded(values):
    low, high = codes.ends(values)
    step = codes.step_of(low, high)
    made = np.empty(values.size, np.uint16)
    codes.encode(values, low, step, made, 0, -(-values.size // 64))
    return Coded(made, bits(np.isfinite(values)), low, step)


@settings(deadline=None)
@given(LABELS)
def test_codes_stand_for_their_values(values):
    made, finite = coded(values), np.isfinite(values)
    assert np.array_equal(made.codes == MISSING, ~finite)
    meant = made.low + (made.codes[finite] + 0.5) * made.step
    largest = np.abs(values[finite]).max(initial=0.0)
    assert np.abs(meant - values[finite].astype(np.float64)).max(initial=0) <= (
        0.5001 * made.step + 1e-9 * largest
    )


def test_ends_of_nothing():
    assert codes.ends(np.array([np.nan, np.inf])) == (0, 0)
    assert codes.ends(np.empty(0, np.float32)) == (0, 0)


def test_codes_that_would_be_too_coarse():
    assert codes.fine_enough(0.0, 5.0, 1.0)
    assert not codes.fine_enough(0.0, 5.5, 1.0)
    assert codes.fine_enough(0.0, 0.0, 1.0)
    assert not codes.fine_enough(-1e308, 1e308, 1.0)


def totals_of(groups):
    return np.array([[len(g), sum(g), sum(c * c for c in g)] for g in groups], np.int64).reshape(-1, 3)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 65_534), max_size=20), min_size=1, max_size=10))
def test_means_and_deviations_of_codes_are_exact(groups):
    """Against fractions: rounded once or twice, and not because of large sums."""
    totals = totals_of(groups)
    n, mean = cells.means(totals[:, :2].copy(), 2.0, 0.25)
    assert n.tolist() == [len(group) for group in groups]
    expected = [2 + 0.25 * (sum(g) / len(g)) if g else math.nan for g in groups]
    np.testing.assert_allclose(mean, expected, rtol=1e-15)
    n, deviation = cells.exact_deviations(totals, 0.25)
    expected = [0.25 * math.sqrt(variance(g)) if len(g) > 1 else math.nan for g in groups]
    np.testing.assert_allclose(deviation, expected, rtol=1e-14)


def variance(group):
    mean = Fraction(sum(group), len(group))
    return sum((code - mean) ** 2 for code in group) / (len(group) - 1)


def test_deviation_of_very_many_equal_codes():
    """40 million stars of the largest code in one cell, and one other: no digit is lost."""
    n = 40_000_000
    totals = np.array(
        [[n, n * 65_534, n * 65_534**2], [n + 1, n * 65_534 + 65_533, n * 65_534**2 + 65_533**2]]
    )
    _, deviation = cells.exact_deviations(totals, 1.0)
    assert deviation[0] == 0
    assert deviation[1] == pytest.approx(math.sqrt((1 - 1 / (n + 1)) / n), rel=1e-12)


@pytest.mark.parametrize("factor", COARSENINGS)
def test_pixels_add_up_to_cells(factor):
    rng = np.random.default_rng(1)
    fine = rng.integers(0, 100, (FINE * FINE, 2))
    side = FINE // factor
    expected = fine.reshape(side, factor, side, factor, 2).sum(axis=(1, 3)).reshape(-1, 2)
    assert np.array_equal(cells.fold(fine, FINE, factor), expected)
    assert np.array_equal(coarsen(fine[:, 0].copy(), factor).ravel(), expected[:, 0])
    packed = np.stack(((fine[:, 0] << kernels.SHIFT) + 7 * fine[:, 0], fine[:, 1]), axis=1).astype(np.uint64)
    totals = np.ones((side * side, 3), np.int64)
    kernels.unpack_squares(packed, FINE, factor, totals)
    wanted = np.stack((expected[:, 0], 7 * expected[:, 0], expected[:, 1]), axis=1) + 1
    assert np.array_equal(totals, wanted)
    totals = np.ones((side * side, 2), np.int64)
    kernels.unpack(packed[:, 0].copy(), FINE, factor, totals)
    assert np.array_equal(totals, wanted[:, :2])


WINDOW = Window(0, 1, 0, 1)


@settings(deadline=None, max_examples=20)
@given(RNG, st.sampled_from(("mean", "standard deviation", "standard error")), st.sampled_from((1, 4, 16)))
def test_maps_of_codes_are_those_of_values(rng, statistic, factor):
    """Any selection, in any order: the same to the last bit, and within the codes' own error of the truth."""
    size = 3000
    values = rng.normal(0.1, 0.2, size).astype(np.float32)
    values[rng.random(size) < 0.2] = rng.choice(np.array([np.nan, np.inf], np.float32))
    pixels = (rng.integers(0, FINE, size) // 8 * 8).astype(np.uint32)
    mask, label = rng.random(size) < rng.random(), coded(values)
    options = {"statistic": statistic, "min_stars": 2, "coarsening": factor}
    true = rasterise(bits(mask), pixels, values, WINDOW, **options)
    found = rasterise(bits(mask), pixels, label, WINDOW, **options)
    assert np.array_equal(found.n, true.n)
    assert found.inside == true.inside
    np.testing.assert_allclose(found.values, true.values, rtol=0, atol=0.75 * label.step)
    order = rng.permutation(size)
    known = bits(np.isfinite(values[order]))
    mixed = Coded(label.codes[order], known, label.low, label.step)
    again = rasterise(bits(mask[order]), pixels[order], mixed, WINDOW, **options)
    assert np.array_equal(again.values, found.values, equal_nan=True)


def test_more_rows_than_may_be_packed_at_once(monkeypatch):
    rng = np.random.default_rng(2)
    label = coded(rng.random(5000).astype(np.float32))
    pixels, words = rng.integers(0, 50, 5000).astype(np.uint32), bits(rng.random(5000) < 0.9)
    for statistic in ("mean", "standard deviation"):
        at_once = rasterise(words, pixels, label, WINDOW, statistic)
        with monkeypatch.context() as patched:
            patched.setattr(kernels, "RUN", 7)
            in_runs = rasterise(words, pixels, label, WINDOW, statistic)
        assert np.isfinite(at_once.values).any()
        assert np.array_equal(in_runs.values, at_once.values, equal_nan=True)


def test_medians_are_of_values():
    label = coded(np.ones(10, np.float32))
    with pytest.raises(TypeError, match="values"):
        rasterise(bits(np.ones(10, bool)), np.zeros(10, np.uint32), label, WINDOW, "median")

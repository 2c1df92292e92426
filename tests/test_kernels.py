"""Each kernel against a slow and obvious numpy version, whatever the rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.registry import CPUDispatcher

from explorer import cells, codes, kernels, palette, polygons, regions
from tests.plain_bits import bits, mask_of

SIZES = st.one_of(st.sampled_from((0, 1, 63, 64, 65, 127, 128, 129)), st.integers(0, 1000))
DENSITIES = st.sampled_from((0.0, 0.02, 0.5, 0.98, 1.0))
DTYPES = st.sampled_from((np.float32, np.float64))
RNG = st.integers(0, 2**32 - 1).map(np.random.default_rng)
GRID = 12
"""Pixels of the small grid on which sums are compared."""


@st.composite
def selections(draw):
    """(mask, pixel numbers, values): quarters, so that sums are exact, some missing or infinite."""
    rng, size = draw(RNG), draw(SIZES)
    values = (rng.integers(-4000, 4000, size) / 4).astype(draw(DTYPES))
    odd = rng.random(size) < draw(st.sampled_from((0.0, 0.3, 1.0)))
    values[odd] = rng.choice((np.nan, np.inf, -np.inf), odd.sum())
    mask = rng.random(size) < draw(DENSITIES)
    return mask, rng.integers(0, GRID, size).astype(np.uint32), values


def by_pixel(mask, pixels, values):
    """Finite values of the selected rows, pixel by pixel, in float64."""
    used = mask & np.isfinite(values)
    return [values[used & (pixels == pixel)].astype(np.float64) for pixel in range(GRID)]


@settings(deadline=None)
@given(RNG, SIZES, DENSITIES)
def test_mask_to_bitset(rng, size, density):
    mask = rng.random(size) < density
    words = kernels.pack(mask)
    assert words.dtype == np.uint64
    assert np.array_equal(words, bits(mask))
    assert kernels.population(words) == np.count_nonzero(mask)


@settings(deadline=None)
@given(RNG, st.integers(0, 40))
def test_words_of_any_bits(rng, size):
    words = rng.integers(0, 2**64, size, dtype=np.uint64)
    cells, unpacked = np.arange(64 * size, dtype=np.uint32), mask_of(words, 64 * size)
    assert kernels.counts(words, cells, 64 * size).tolist() == unpacked.tolist()
    assert kernels.population(words) == np.bitwise_count(words).sum()


@settings(deadline=None)
@given(selections())
def test_sums_by_pixel(drawn):
    mask, pixels, values = drawn
    words, cells = bits(mask), by_pixel(*drawn)
    assert kernels.counts(words, pixels, GRID).tolist() == [np.sum(mask & (pixels == p)) for p in range(GRID)]
    expected = [[own.size, own.sum()] for own in cells]
    assert kernels.sums(words, pixels, values, GRID).tolist() == expected
    centre = 2.5
    expected = [[own.size, (own - centre).sum(), ((own - centre) ** 2).sum()] for own in cells]
    assert kernels.moments(words, pixels, values, GRID, centre).tolist() == expected


@settings(deadline=None)
@given(RNG, SIZES, DENSITIES)
def test_packed_codes_by_pixel(rng, size, density):
    """The largest codes are frequent: the parts of a number stay apart."""
    mask = rng.random(size) < density
    pixels = rng.integers(0, GRID, size).astype(np.uint32)
    coded = rng.choice(np.array([0, 1, 30_000, 65_534], np.uint16), size)
    own = [[int(code) for code in coded[mask & (pixels == p)]] for p in range(GRID)]
    expected = [(len(part) << kernels.SHIFT) + sum(part) for part in own]
    assert kernels.packed(bits(mask), pixels, coded, GRID).tolist() == expected
    both = kernels.packed_squares(bits(mask), pixels, coded, GRID)
    assert both[:, 0].tolist() == expected
    assert both[:, 1].tolist() == [sum(code**2 for code in part) for part in own]


def test_as_many_rows_as_may_be_packed():
    """All in one pixel, all with the largest code, and not one bit too many."""
    rows = 64 * kernels.RUN
    words = np.full(kernels.RUN, 2**64 - 1, np.uint64)
    pixels, coded = np.zeros(rows, np.uint32), np.full(rows, 65_534, np.uint16)
    both = kernels.packed_squares(words, pixels, coded, 1)
    assert both.tolist() == [[(rows << kernels.SHIFT) + rows * 65_534, rows * 65_534**2]]
    assert rows * 65_534 < 2**kernels.SHIFT
    assert rows < 2 ** (64 - kernels.SHIFT)


@settings(deadline=None)
@given(RNG, SIZES, DENSITIES, st.sampled_from((1, 2, 80, 1000)))
def test_rows_in_bins(rng, size, density, many):
    mask = rng.random(size) < density
    bins = rng.integers(0, many, size).astype(np.uint16)
    expected = np.bincount(bins[mask], minlength=many)
    assert np.array_equal(kernels.tally(bits(mask), bins, many), expected)


@settings(deadline=None)
@given(selections())
def test_medians_by_pixel(drawn):
    mask, pixels, values = drawn
    expected = [[own.size, np.median(own) if own.size else 0.0] for own in by_pixel(*drawn)]
    assert kernels.medians(bits(mask), pixels, values, GRID).tolist() == expected


@settings(deadline=None)
@given(RNG, st.integers(1, 500), st.sampled_from((1, 5, 10**6)), DTYPES, st.sampled_from((1, -1, 0)))
def test_median_of_many_in_one_pixel(rng, size, different, dtype, order):
    values = rng.integers(0, different, size).astype(dtype)
    if order:
        values = np.sort(values)[::order].copy()
    everyone, pixels = bits(np.ones(size, bool)), np.zeros(size, np.uint32)
    assert kernels.medians(everyone, pixels, values, 1).tolist() == [[size, np.median(values)]]


@settings(deadline=None)
@given(RNG, SIZES, DENSITIES, st.sampled_from((1, 2, 5)), st.integers(0, 3), st.integers(0, 3))
def test_rows_in_a_cell(rng, size, density, side, row, column):
    nx = 20
    mask = rng.random(size) < density
    pixels = rng.integers(0, nx * nx, size).astype(np.uint32)
    mine = (pixels // nx // side == row) & (pixels % nx // side == column)
    found = kernels.rows_in_cell(bits(mask), pixels, nx, row * side, column * side, side)
    assert np.array_equal(found, np.flatnonzero(mask & mine))


def test_rows_in_a_full_cell():
    """More rows than room was made for at first."""
    mask = np.arange(5000) % 3 != 0
    found = kernels.rows_in_cell(bits(mask), np.zeros(5000, np.uint32), 400, 0, 0, 1)
    assert np.array_equal(found, np.flatnonzero(mask))


@pytest.mark.parametrize("module", [kernels, regions, polygons, codes, cells, palette])
def test_every_kernel_lets_other_threads_run_and_is_compiled_once(module):
    compiled = [kernel for kernel in vars(module).values() if isinstance(kernel, CPUDispatcher)]
    own = [kernel for kernel in compiled if kernel.__module__ == module.__name__]
    assert own
    assert all(kernel.targetoptions["nogil"] for kernel in own)
    assert all(kernel._cache.cache_path for kernel in own)

"""Each kernel against a slow and obvious numpy version, and the pixel rule against Datashader itself."""

import datashader
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.registry import CPUDispatcher

from explorer import kernels

SIZES = st.one_of(st.sampled_from((0, 1, 63, 64, 65, 127, 128, 129)), st.integers(0, 1000))
DENSITIES = st.sampled_from((0.0, 0.02, 0.5, 0.98, 1.0))
DTYPES = st.sampled_from((np.float32, np.float64))
RNG = st.integers(0, 2**32 - 1).map(np.random.default_rng)
GRID = 12
"""Pixels of the small grid on which sums are compared."""


def bits(mask):
    """Bitset of a mask by numpy's own packing."""
    padded = np.zeros(-(-mask.size // 64) * 64, bool)
    padded[: mask.size] = mask
    return np.packbits(padded, bitorder="little").view("<u8")


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
def test_mask_to_bitset_and_back(rng, size, density):
    mask = rng.random(size) < density
    words = kernels.pack(mask)
    assert words.dtype == np.uint64
    assert np.array_equal(words, bits(mask))
    assert kernels.population(words) == np.count_nonzero(mask)
    rows = kernels.rows_of(words)
    assert rows.dtype == np.int64
    assert np.array_equal(rows, np.flatnonzero(mask))


@settings(deadline=None)
@given(RNG, st.integers(0, 40))
def test_words_of_any_bits(rng, size):
    words = rng.integers(0, 2**64, size, dtype=np.uint64)
    assert kernels.population(words) == np.bitwise_count(words).sum()
    unpacked = np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")
    assert np.array_equal(kernels.rows_of(words), np.flatnonzero(unpacked))


@settings(deadline=None)
@given(selections(), st.data())
def test_range_includes_its_ends_and_leaves_out_the_missing(drawn, data):
    _, _, values = drawn
    ends = st.one_of(
        st.integers(-4000, 4000).map(lambda quarter: quarter / 4), st.sampled_from((-np.inf, np.inf))
    )
    low, high = data.draw(ends), data.draw(ends)
    wide = values.astype(np.float64)
    assert np.array_equal(kernels.pack_range(values, low, high), bits((wide >= low) & (wide <= high)))


def test_range_compares_the_stored_value_in_double_precision():
    values = np.array([0.1, 0.25, np.nan, np.inf, -np.inf], np.float32)
    assert kernels.rows_of(kernels.pack_range(values, 0.0, 0.1)).tolist() == []  # float32 0.1 lies above 0.1
    assert kernels.rows_of(kernels.pack_range(values, 0.1, 0.25)).tolist() == [0, 1]
    assert kernels.rows_of(kernels.pack_range(values, -np.inf, np.inf)).tolist() == [0, 1, 3, 4]


def points_with_edges(rng, n, dtype, window):
    """Random points; some on the edges, a hair outside, on borders of pixels, missing, infinite."""
    made = []
    for low, high in (window[:2], window[2:]):
        span = high - low
        values = rng.uniform(low - 0.1 * span, high + 0.1 * span, n).astype(dtype)
        borders = (low + span * rng.integers(0, 401, n // 10) / 400).astype(dtype)
        values[: n // 10] = borders
        ends = np.array([low, high], dtype)
        odd = [
            *ends,
            *np.nextafter(ends, dtype(-np.inf)),
            *np.nextafter(ends, dtype(np.inf)),
            np.nan,
            np.inf,
            -np.inf,
        ]
        values[-n // 10 :] = rng.choice(np.array(odd, dtype), n // 10)
        made.append(rng.permutation(values))
    return made


@pytest.mark.parametrize(
    ("window", "dtype"),
    [
        ((7.5, 15.0, -4.0, 4.0), np.float32),
        ((0.0, 1.0, 0.0, 1.0), np.float32),
        ((3500.0, 7500.0, 0.0, 5.2), np.float32),
        ((-2.0, 0.5, -0.1, 0.4), np.float32),
        ((8.123456, 8.123999, -1e-4, 2e-4), np.float32),
        ((-1e7, 3e7, 1e-9, 2e-9), np.float32),
        ((0.0, 360.0, -90.0, 90.0), np.float64),
    ],
)
def test_pixels_are_datashaders(window, dtype):
    """Star by star: the number in each pixel, and the last row of each."""
    n = 100_000
    x, y = points_with_edges(np.random.default_rng(7), n, dtype, window)
    pixels, words = kernels.locate(x, y, *window, 400, 400)
    x0, x1, y0, y1 = np.float64(window)
    assert np.array_equal(words, bits((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)))

    rows = kernels.rows_of(words)
    assert rows.size > n / 3
    last = np.full(400 * 400, -1.0)
    np.maximum.at(last, pixels[rows], rows)
    canvas = datashader.Canvas(400, 400, (x0, x1), (y0, y1))
    table = pd.DataFrame({"x": x, "y": y, "row": np.arange(n, dtype=np.float64)})
    theirs = canvas.points(
        table, "x", "y", datashader.summary(n=datashader.count(), last=datashader.max("row"))
    )
    assert np.array_equal(kernels.counts(words, pixels, 400 * 400), theirs["n"].to_numpy().ravel())
    assert np.array_equal(last, np.nan_to_num(theirs["last"].to_numpy().ravel(), nan=-1.0))


def test_pixels_go_row_by_row_from_the_lower_left():
    x = np.array([0.0, 6.9, 7.0, 0.0, 7.0, 3.5], np.float32)
    y = np.array([0.0, 0.0, 0.0, 5.0, 5.0, 2.5], np.float32)
    pixels, words = kernels.locate(x, y, 0.0, 7.0, 0.0, 5.0, 7, 5)
    assert pixels.tolist() == [0, 6, 6, 28, 34, 17]
    assert kernels.population(words) == 6


def test_window_as_narrow_as_numbers_allow():
    """Two neighbouring float64 numbers: every star still falls into the grid."""
    low, high = 1e15, np.nextafter(1e15, np.inf)
    x = np.array([low, high, low, high])
    pixels, words = kernels.locate(x, x[::-1].copy(), low, high, low, high, 400, 400)
    assert kernels.population(words) == 4
    assert pixels.max() < 400 * 400


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
@given(selections())
def test_medians_by_pixel(drawn):
    mask, pixels, values = drawn
    expected = [[own.size, np.median(own) if own.size else 0.0] for own in by_pixel(*drawn)]
    assert kernels.medians(bits(mask), pixels, values, GRID).tolist() == expected


@settings(deadline=None)
@given(selections(), st.sampled_from((1, 2, 64, 256)))
def test_histogram_of_exact_numbers_is_numpys(drawn, bins):
    """Quarters between powers of two, so that no border of a bin is rounded; values lie on borders too."""
    mask, _, values = drawn
    low, high = -512.0, 512.0
    values[::7], values[3::7] = low, high
    expected, _ = np.histogram(values[mask & np.isfinite(values)].astype(np.float64), bins, (low, high))
    assert np.array_equal(kernels.histogram(bits(mask), values, low, high, bins), expected)


@settings(deadline=None, max_examples=30)
@given(RNG, st.integers(1, 200))
def test_histogram_of_any_numbers_is_numpys(rng, bins):
    values = rng.normal(0.1, 0.3, 3000)
    expected, _ = np.histogram(values, bins, (-0.37, 0.71))
    found = kernels.histogram(bits(np.ones(3000, bool)), values, -0.37, 0.71, bins)
    assert found.sum() == expected.sum()
    assert np.abs(found - expected).sum() <= 2  # a value within rounding of a border may change sides


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


def test_every_kernel_lets_other_threads_run_and_is_compiled_once():
    compiled = [kernel for kernel in vars(kernels).values() if isinstance(kernel, CPUDispatcher)]
    assert len(compiled) > 10
    assert all(kernel.targetoptions["nogil"] for kernel in compiled)
    assert all(kernel._cache.cache_path for kernel in compiled)

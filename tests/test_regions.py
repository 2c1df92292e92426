"""Rows in ranges, windows and bins against numpy; the pixel rule against Datashader itself."""

import datashader
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer import kernels, regions
from tests.plain_bits import bits, filled, located, mask_of
from tests.test_kernels import RNG, selections


def between(values, low, high):
    return filled(regions.between, values, float(low), float(high), rows=values.size)


def rows_between(values, low, high):
    return np.flatnonzero(mask_of(between(values, low, high), values.size)).tolist()


@settings(deadline=None)
@given(selections(), st.integers(1, 6))
def test_pieces_make_the_whole(drawn, pieces):
    mask, _, values = drawn
    x, y = values, values[::-1].copy()
    pixels, bins = np.empty(x.size, np.uint32), np.empty(x.size, np.uint16)
    for fill, arguments in (
        (regions.between, (x, -10.0, 20.0)),
        (regions.locate, (x, y, (-500.0, 500.0, -300.0, 600.0), 40, pixels)),
        (regions.divide, (x, -500.0, 500.0, 80, bins)),
    ):
        whole = filled(fill, *arguments, rows=mask.size)
        assert np.array_equal(filled(fill, *arguments, rows=mask.size, pieces=pieces), whole)


@settings(deadline=None)
@given(selections(), st.data())
def test_range_includes_its_ends_and_leaves_out_the_missing(drawn, data):
    _, _, values = drawn
    ends = st.one_of(
        st.integers(-4000, 4000).map(lambda quarter: quarter / 4), st.sampled_from((-np.inf, np.inf))
    )
    low, high = data.draw(ends), data.draw(ends)
    wide = values.astype(np.float64)
    assert np.array_equal(between(values, low, high), bits((wide >= low) & (wide <= high)))


def test_range_compares_the_stored_value_in_double_precision():
    values = np.array([0.1, 0.25, np.nan, np.inf, -np.inf], np.float32)
    assert rows_between(values, 0.0, 0.1) == []  # float32 0.1 lies above 0.1
    assert rows_between(values, 0.1, 0.25) == [0, 1]
    assert rows_between(values, -np.inf, np.inf) == [0, 1, 3, 4]


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
    pixels, words = located(x, y, window, 400)
    x0, x1, y0, y1 = np.float64(window)
    assert np.array_equal(words, bits((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)))

    rows = np.flatnonzero(mask_of(words, n))
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
    y = np.array([0.0, 0.0, 0.0, 14.0, 14.0, 5.0], np.float32)
    pixels, words = located(x, y, (0, 7, 0, 14), 7)
    assert pixels.tolist() == [0, 6, 6, 42, 48, 17]
    assert kernels.population(words) == 6


def test_window_as_narrow_as_numbers_allow():
    """Two neighbouring float64 numbers: every star still falls into the grid."""
    low, high = 1e15, np.nextafter(1e15, np.inf)
    x = np.array([low, high, low, high])
    pixels, words = located(x, x[::-1].copy(), (low, high, low, high), 400)
    assert kernels.population(words) == 4
    assert pixels.max() < 400 * 400


def binned(values, low, high, many):
    """Number of values in each bin."""
    bins = np.empty(values.size, np.uint16)
    inside = filled(regions.divide, values, low, high, many, bins, rows=values.size)
    assert np.array_equal(inside, bits((values >= low) & (values <= high)))
    return np.bincount(bins[mask_of(inside, values.size)], minlength=many)


@settings(deadline=None)
@given(selections(), st.sampled_from((1, 2, 64, 256)))
def test_bins_of_exact_numbers_are_numpys(drawn, many):
    """Quarters between powers of two, so that no border of a bin is rounded; values lie on borders too."""
    _, _, values = drawn
    low, high = -512.0, 512.0
    values[::7], values[3::7] = low, high
    expected, _ = np.histogram(values[np.isfinite(values)].astype(np.float64), many, (low, high))
    assert np.array_equal(binned(values, low, high, many), expected)


@settings(deadline=None, max_examples=30)
@given(RNG, st.integers(1, 200))
def test_bins_of_any_numbers_are_numpys(rng, many):
    values = rng.normal(0.1, 0.3, 3000)
    expected, _ = np.histogram(values, many, (-0.37, 0.71))
    found = binned(values, -0.37, 0.71, many)
    assert found.sum() == expected.sum()
    assert np.abs(found - expected).sum() <= 2  # a value within rounding of a border may change sides


@pytest.mark.parametrize("width", [5e-324, 1e-310, 1e308])
def test_ranges_too_narrow_or_wide_for_arithmetic_lead_nowhere_else(width):
    """Whatever the pixel or the bin, there is one."""
    values = np.array([0.0, width, width / 2, -width, np.nan, np.inf])
    pixels, words = located(values, values, (-width, width, -width, width), 400)
    assert mask_of(words, 6).tolist() == [True, True, True, True, False, False]
    assert pixels.max() < 400 * 400
    assert binned(values, -width, width, 80).sum() == 4

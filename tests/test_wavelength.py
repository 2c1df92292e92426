"""Wavelengths against published values and astropy, resampling against a slow version and closed forms."""

from itertools import pairwise

import numpy as np
import pytest
from astropy import constants, units
from numpy.polynomial import Polynomial

from model.wavelength import (
    SURVEY_GRID,
    air_to_vacuum,
    radial_velocity,
    resample,
    rest_frame,
    vacuum_to_air,
)

STEP = 1e-4 * np.log(10)
LAMOST = 10 ** (3.5682 + 1e-4 * np.arange(3909))
SIGMA = 2.41 / 2.3548
"""Width in pixels of a line that LAMOST does not resolve: lambda / 1800 is 2.41 pixels."""


def even_grid(first, last, pixels):
    """Centres of pixels of one width in ln(lambda) that fill the range between two logarithms."""
    return np.exp(first + (np.arange(pixels) + 0.5) * (last - first) / pixels)


def noisy(pixels, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(1, 0.3, pixels), rng.uniform(0.5, 2, pixels)


# air, vacuum, redshift


def test_the_survey_grid_is_lamosts_own_between_its_limits():
    assert SURVEY_GRID.size == 3583
    inside = LAMOST[(LAMOST > 3900) & (LAMOST < 8900)]
    np.testing.assert_allclose(SURVEY_GRID, inside, rtol=1e-13)
    with pytest.raises(ValueError):
        SURVEY_GRID[0] = 1


def test_air_is_as_the_full_equation_of_ciddor_has_it():
    # Published example of the package ref_index, which has NIST's form of the whole equation.
    published = [6328.2500476826874, 5498.4723175, 3998.8692724]
    np.testing.assert_allclose(vacuum_to_air([6330, 5500, 4000]), published, atol=1e-6)


def test_air_is_as_birch_and_downs_have_it():
    square = (1e4 / SURVEY_GRID) ** 2
    index = 1 + 8.34254e-5 + 2.406147e-2 / (130 - square) + 1.5998e-4 / (38.9 - square)  # Morton 2000, eq. 8
    np.testing.assert_allclose(vacuum_to_air(SURVEY_GRID), SURVEY_GRID / index, rtol=3e-8)


def test_lines_lie_where_laboratories_have_them():
    # Na D2 and Ca II K (NIST), H beta (example of the IDL Astronomy Library).
    air, vacuum = [5889.950954, 3933.6614, 4861.363], [5891.583264, 3934.7750, 4862.721]
    np.testing.assert_allclose(air_to_vacuum(air), vacuum, atol=6e-4)


def test_air_and_vacuum_are_inverse():
    wavelength = np.geomspace(2001, 1e5, 1000)
    np.testing.assert_allclose(air_to_vacuum(vacuum_to_air(wavelength)), wavelength, rtol=0, atol=1e-9)


@pytest.mark.parametrize("convert", [vacuum_to_air, air_to_vacuum])
@pytest.mark.parametrize("wavelength", [0.5, [5000, 1999], [5000, np.nan]])
def test_other_units_than_angstrom_are_refused(convert, wavelength):
    with pytest.raises(ValueError, match="expected 2000 A or more"):
        convert(wavelength)


@pytest.mark.parametrize("z", [-0.3, 0, 2e-4, 0.1])
def test_redshift_is_as_astropy_has_it(z):
    velocity = (z * constants.c).to(units.km / units.s)
    observed = velocity.to(units.AA, units.doppler_optical(5000 * units.AA)).value
    assert rest_frame(observed, z) == pytest.approx(5000, rel=1e-12)
    assert radial_velocity(z) == pytest.approx(velocity.value, rel=1e-12)


@pytest.mark.parametrize("z", [-9999, -1, np.nan, np.inf])
def test_a_missing_redshift_is_refused(z):
    with pytest.raises(ValueError, match="leave out spectra without a redshift"):
        rest_frame([5000.0], z)


# resampling


def slow_edge(flux, ivar, pixel, side):
    """Flux at an edge of a pixel, or None."""

    def usable(other):
        return 0 <= other < flux.size and ivar[other] > 0 and ivar[other] >= 0.1 * ivar[pixel]

    near, far, behind = pixel + side, pixel + 2 * side, pixel - side
    if not usable(near):
        return None
    if usable(far) and usable(behind):
        return 7 / 12 * (flux[pixel] + flux[near]) - (flux[behind] + flux[far]) / 12
    return (flux[pixel] + flux[near]) / 2


def slow_profile(flux, ivar, pixel):
    """Polynomial of the place in the pixel, 0 to 1."""
    mean = flux[pixel]
    left, right = (slow_edge(flux, ivar, pixel, side) for side in (-1, 1))
    if left is None and right is None:
        return Polynomial([mean])
    if left is None:
        left = 2 * mean - right
    if right is None:
        right = 2 * mean - left
    rows = [[1, 0, 0], [1, 1, 1], [1, 1 / 2, 1 / 3]]  # left edge, right edge, mean
    return Polynomial(np.linalg.solve(rows, [left, right, mean]))


def slow_edges(centres):
    logs = np.log(centres)
    between = [(a + b) / 2 for a, b in pairwise(logs)]
    return [2 * logs[0] - between[0], *between, 2 * logs[-1] - between[-1]]


def slow_resample(wavelength, flux, ivar, grid):
    """Pixel by pixel: how much of each old one lies in each new one, and the mean flux in that part."""
    old, new = slow_edges(wavelength), slow_edges(grid)
    fluxes, ivars = np.zeros(grid.size), np.zeros(grid.size)
    for j in range(grid.size):
        cover = 0.0
        for i in range(flux.size):
            first, last = max(old[i], new[j]), min(old[i + 1], new[j + 1])
            if ivar[i] <= 0 or last <= first:
                continue
            width = old[i + 1] - old[i]
            start, stop = (first - old[i]) / width, (last - old[i]) / width
            area = slow_profile(flux, ivar, i).integ()
            fluxes[j] += ivar[i] * (area(stop) - area(start))
            ivars[j] += ivar[i] * (stop - start)
            cover += (last - first) / (new[j + 1] - new[j])
        if cover < 0.5:
            ivars[j] = 0
        fluxes[j] = fluxes[j] / ivars[j] if ivars[j] > 0 else 0
    return fluxes, ivars


@pytest.mark.parametrize("seed", range(8))
def test_resampling_is_as_the_slow_version_has_it(seed):
    rng = np.random.default_rng(seed)
    wavelength = 4000 + np.cumsum(rng.uniform(0.7, 1.5, 60))
    grid = 3990 + np.cumsum(rng.uniform(0.3, 3, 50))
    flux, ivar = rng.normal(1, 0.5, 60), rng.uniform(0, 3, 60)
    ivar[rng.random(60) < 0.2] = 0
    fast = resample(wavelength, flux, ivar, grid)
    slow = slow_resample(wavelength, flux, ivar, grid)
    np.testing.assert_allclose(fast, slow, rtol=1e-9, atol=1e-9)
    assert (slow[1] > 0).any()
    assert (slow[1] == 0).any()


@pytest.mark.parametrize("pixels", [100, 257, 300, 391])
def test_ivar_and_flux_times_ivar_are_conserved(pixels):
    flux, ivar = noisy(300)
    flux_new, ivar_new = resample(even_grid(8.3, 8.4, 300), flux, ivar, even_grid(8.3, 8.4, pixels))
    assert ivar_new.sum() == pytest.approx(ivar.sum(), rel=1e-12)
    assert (flux_new * ivar_new).sum() == pytest.approx((flux * ivar).sum(), rel=1e-12)


@pytest.mark.parametrize("pixels", [100, 257, 300, 391])
def test_flux_is_conserved_where_ivar_is_constant(pixels):
    flux, _ = noisy(300)
    flux_new, _ = resample(even_grid(8.3, 8.4, 300), flux, np.ones(300), even_grid(8.3, 8.4, pixels))
    assert flux_new.mean() == pytest.approx(flux.mean(), rel=1e-12)


def test_three_pixels_merged_are_their_weighted_mean():
    flux, ivar = noisy(300)
    ivar[10] = 0
    flux_new, ivar_new = resample(even_grid(8.3, 8.4, 300), flux, ivar, even_grid(8.3, 8.4, 100))
    threes = (-1, 3)
    np.testing.assert_allclose(ivar_new, ivar.reshape(threes).sum(1))
    np.testing.assert_allclose(
        flux_new, np.average(flux.reshape(threes), axis=1, weights=ivar.reshape(threes))
    )


def test_the_same_grid_changes_nothing():
    flux, ivar = noisy(LAMOST.size)
    ivar[::7] = 0
    flux_new, ivar_new = resample(LAMOST, flux, ivar, SURVEY_GRID)
    inside = (LAMOST > 3900) & (LAMOST < 8900)
    np.testing.assert_allclose(ivar_new, ivar[inside], atol=1e-9)
    np.testing.assert_allclose(flux_new[ivar_new > 0], flux[inside & (ivar > 0)], atol=1e-9)
    assert (ivar_new == 0).sum() == (ivar[inside] == 0).sum()


@pytest.mark.parametrize("shift", [0.1, 0.37, 0.5, 0.9])
def test_parabolas_are_moved_exactly(shift):
    def mean_between(first, last):
        return (area(last) - area(first)) / (last - first)

    area = Polynomial([1, 0.2, -0.05]).integ()
    edges = np.arange(31.0) - 15
    moved = edges[3:-3] + shift
    flux, _ = resample(
        np.exp((edges[1:] + edges[:-1]) / 200),
        mean_between(edges[:-1], edges[1:]),
        np.ones(30),
        np.exp((moved[1:] + moved[:-1]) / 200),
    )
    np.testing.assert_allclose(flux, mean_between(moved[:-1], moved[1:]), rtol=1e-10)


@pytest.mark.parametrize("shift", [0.1, 0.25, 0.5])
def test_the_narrowest_line_keeps_its_shape(shift):
    pixels = np.arange(-20, 21.0)

    def line(centre):
        return 1 - np.exp(-0.5 * ((pixels - centre) / SIGMA) ** 2)

    ours = linear = 0.0
    for centre in np.linspace(-0.5, 0.5, 11):
        moved, _ = resample(np.exp(pixels * STEP), line(centre), np.ones(41), np.exp((pixels + shift) * STEP))
        ours = max(ours, np.abs(moved - line(centre - shift))[3:-3].max())
        straight = np.interp(pixels + shift, pixels, line(centre))
        linear = max(linear, np.abs(straight - line(centre - shift))[3:-3].max())
    assert ours < 0.03
    assert linear > 3 * ours


@pytest.mark.parametrize("garbage", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_masked_changes_nothing(garbage):
    flux, ivar = noisy(LAMOST.size)
    masked = np.random.default_rng(2).random(LAMOST.size) < 0.3
    ivar[masked] = 0
    rest = rest_frame(LAMOST, 3e-4)
    expected = resample(rest, flux, ivar, SURVEY_GRID)
    np.testing.assert_array_equal(
        resample(rest, np.where(masked, garbage, flux), ivar, SURVEY_GRID), expected
    )


def test_a_pixel_of_hardly_any_weight_hardly_counts():
    flux, ivar = noisy(300)
    grid = even_grid(8.3, 8.4, 300)
    between = even_grid(8.3 + 0.0001, 8.4 + 0.0001, 300)
    without = ivar.copy()
    without[100] = 0
    clean = resample(grid, flux, without, between)
    flux[100], ivar[100] = 1e6, 1e-20
    kept = clean[1] > 0
    np.testing.assert_allclose(resample(grid, flux, ivar, between)[0][kept], clean[0][kept], rtol=1e-12)


def test_less_than_half_a_pixel_is_missing():
    wavelength = even_grid(8.3, 8.4, 100)
    ivar = np.ones(100)
    ivar[50:] = 0
    for shift, kept in ((0.4, 50), (0.6, 49)):
        grid = wavelength * np.exp(shift * 0.001)
        flux_new, ivar_new = resample(wavelength, np.ones(100), ivar, grid)
        assert (ivar_new > 0).sum() == kept
        np.testing.assert_allclose(flux_new, ivar_new > 0)
        assert ivar_new[kept - 1] == pytest.approx(1 if kept == 49 else 0.6)


def test_scaling_scales():
    flux, ivar = noisy(300)
    grid = even_grid(8.31, 8.39, 200)
    plain = resample(even_grid(8.3, 8.4, 300), flux, ivar, grid)
    scaled = resample(even_grid(8.3, 8.4, 300), flux * 1e7, ivar / 1e14, grid)
    np.testing.assert_allclose(scaled[0], plain[0] * 1e7)
    np.testing.assert_allclose(scaled[1], plain[1] / 1e14)


def test_the_callers_arrays_stay_as_they_were():
    flux, ivar = noisy(300)
    flux[3], ivar[3] = np.nan, 0
    arrays = [even_grid(8.3, 8.4, 300), flux, ivar, even_grid(8.3, 8.4, 100)]
    copies = [array.copy() for array in arrays]
    resample(*arrays)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


GRID = np.arange(4000, 4005.0)
ONES = np.ones(5)


@pytest.mark.parametrize(
    ("spectrum", "problem"),
    [
        ((GRID, ONES, np.ones(4), GRID), r"ivar of shape \(4,\): expected \(5,\)"),
        ((GRID, np.ones((1, 5)), ONES, GRID), r"flux of shape \(1, 5\)"),
        ((GRID[::-1], ONES, ONES, GRID), "wavelength must increase strictly"),
        ((GRID, ONES, ONES, GRID * np.nan), "grid must increase strictly"),
        ((GRID, ONES, ONES, GRID - 4000), "grid must increase strictly from above 0"),
        ((GRID[:1], ONES[:1], ONES[:1], GRID), "expected one row of two pixels or more"),
        ((GRID, ONES, -ONES, GRID), "ivar is negative or not finite"),
        ((GRID, ONES, ONES * np.nan, GRID), "ivar is negative or not finite"),
        ((GRID, ONES * np.nan, ONES, GRID), "flux is not finite where ivar is positive"),
    ],
)
def test_what_cannot_be_resampled_is_refused(spectrum, problem):
    with pytest.raises(ValueError, match=problem):
        resample(*spectrum)

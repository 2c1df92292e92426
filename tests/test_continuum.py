"""The continuum against a dense, double-precision Gaussian, and what must not change it."""

import tracemalloc

import numpy as np
import pytest

from model.continuum import Continuum
from model.smoothing import ACCURACY, LANES, Cosines, Windows
from model.wavelength import SURVEY_GRID

PIXELS = SURVEY_GRID.size
SINGLE = 1e-6
"""Relative accuracy in single precision."""
DOUBLE = 1e-8
"""The same in double precision: cosines are a Gaussian no more accurately than that."""


@pytest.fixture(scope="module")
def continuum():
    return Continuum(SURVEY_GRID)


def spectra(stars, seed=1, kind=np.float64):
    """Spectra of some slope with lines and noise, 3 % of their pixels missing, and one whole arm."""
    rng = np.random.default_rng(seed)
    slope = rng.uniform(-1, 1, (stars, 1)) * (SURVEY_GRID / 6000 - 1)
    flux = 300 * (1 + slope) * (1 - 0.4 * (rng.random((stars, PIXELS)) < 0.05))
    ivar = rng.uniform(0.5, 2, (stars, PIXELS)) / 9
    flux += rng.normal(size=flux.shape) / np.sqrt(ivar)
    ivar[rng.random(ivar.shape) < 0.03] = 0
    ivar[0, :900] = 0
    return flux.astype(kind), ivar.astype(kind)


def dense(grid, flux, ivar, sigma, cut):
    """Continuum of one spectrum, pixel by pixel; NaN where there is none."""
    made = np.full(grid.size, np.nan)
    for j in range(grid.size):
        apart = grid - grid[j]
        near = (np.abs(apart) <= cut) & (ivar > 0)
        if near.any():
            weight = ivar[near] * np.exp(-(apart[near] ** 2) / (2 * sigma**2))
            made[j] = (weight * flux[near]).sum() / weight.sum()
    return made


@pytest.mark.parametrize(("kind", "close"), [(np.float32, SINGLE), (np.float64, DOUBLE)])
def test_continuum_is_as_the_dense_gaussian_has_it(continuum, kind, close):
    flux, ivar = spectra(2, kind=kind)
    normal, weight, made = continuum.normalise(flux, ivar)
    assert {normal.dtype, weight.dtype, made.dtype} == {np.dtype(kind)}
    for star in range(2):
        f, w = flux[star].astype(float), ivar[star].astype(float)
        expected = dense(SURVEY_GRID, f, w, 50, 150)
        there = np.isfinite(expected)
        np.testing.assert_allclose(made[star, there], expected[there], rtol=close)
        used = there & (w > 0)
        np.testing.assert_allclose(normal[star, used], (f / expected)[used], rtol=2 * close)
        np.testing.assert_allclose(weight[star, used], (w * expected**2)[used], rtol=3 * close)
        assert (made[star, ~there] == 0).all()
        assert (normal[star, ~used] == 1).all()
        assert (weight[star, ~used] == 0).all()
    assert not np.isfinite(dense(SURVEY_GRID, flux[0], ivar[0], 50, 150)).all()


@pytest.mark.parametrize(
    ("sigma", "cut", "close"),
    [
        (20, 60, 1e-7),
        (50, 30, 1e-7),
        (500, 5000, DOUBLE),
        (25, 150, 1e-12),
        (30, 300, 1e-12),
        (3, 150, 1e-12),
    ],
)
def test_any_grid_and_width_will_do(sigma, cut, close):
    """The last three are Gaussians that fall too far to be made of cosines; the last to 0."""
    rng = np.random.default_rng(3)
    grid = 4000 + np.cumsum(rng.uniform(0.3, 9, 150))
    flux, ivar = rng.normal(10, 1, 150), rng.uniform(0.1, 1, 150)
    made = Continuum(grid, sigma, cut).normalise(flux, ivar)[2]
    np.testing.assert_allclose(made, dense(grid, flux, ivar, sigma, cut), rtol=close)


def test_flat_spectra_are_one(continuum):
    _, ivar = spectra(3)
    normal, weight, made = continuum.normalise(np.full(ivar.shape, 7.0), ivar)
    np.testing.assert_allclose(normal, 1, rtol=1e-12)
    np.testing.assert_allclose(weight[:, 1000:], 49 * ivar[:, 1000:], rtol=1e-12)
    np.testing.assert_allclose(made[:, 1000:], 7, rtol=1e-12)


def test_pixels_at_the_cut_count():
    grid = np.array([5000.0, 5150.0, 5300.5])
    made = Continuum(grid).normalise([1.0, 2.0, 3.0], np.ones(3))[2]
    edge = np.exp(-4.5)
    np.testing.assert_allclose(made, [(1 + 2 * edge) / (1 + edge), (2 + edge) / (1 + edge), 3])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("garbage", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_masked_changes_nothing(continuum, kind, garbage):
    flux, ivar = spectra(4, kind=kind)
    expected = continuum.normalise(flux, ivar)
    dirty = np.where(ivar > 0, flux, kind(garbage))
    for ours, theirs in zip(continuum.normalise(dirty, ivar), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert np.isfinite(ours).all()


@pytest.mark.parametrize(("kind", "close"), [(np.float32, SINGLE), (np.float64, 1e-12)])
@pytest.mark.parametrize("scale", [3e-17, 0.1, 2.0**20, 7e8])
def test_scale_does_not_matter(continuum, kind, close, scale):
    flux, ivar = spectra(2, kind=kind)
    plain = continuum.normalise(flux, ivar)
    scaled = continuum.normalise(flux * kind(scale), ivar / kind(scale) / kind(scale))
    np.testing.assert_allclose(scaled[0], plain[0], rtol=3 * close)
    np.testing.assert_allclose(scaled[1], plain[1], rtol=5 * close)
    np.testing.assert_allclose(scaled[2], plain[2] * scale, rtol=3 * close)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_star_alone_is_as_among_others(continuum, kind):
    flux, ivar = spectra(100, kind=kind)
    order = np.random.default_rng(4).permutation(100)
    together, mixed = continuum.normalise(flux, ivar), continuum.normalise(flux[order], ivar[order])
    for ours, theirs in zip(mixed, together, strict=True):
        np.testing.assert_array_equal(ours, theirs[order])
    for star in (0, LANES - 1, LANES, 99):
        alone = continuum.normalise(flux[star], ivar[star])
        for ours, theirs in zip(alone, together, strict=True):
            assert ours.shape == (PIXELS,)
            np.testing.assert_array_equal(ours, theirs[star])


@pytest.mark.parametrize("sign", [1, -1])
def test_heavy_pixels_leave_nothing_behind(continuum, sign):
    """Weights and fluxes span dozens of decades, up or down the grid: what has left a window is forgotten."""
    flux, ivar = spectra(4, seed=6)
    stair = sign * np.floor((SURVEY_GRID - 6000) / 400)
    ivar[1] *= 10.0 ** (5 * stair)
    ivar[2] *= 10.0**stair
    flux[2] *= 10.0 ** (3 * stair)
    flux[3, 500::700] *= 1e25
    ivar[3, 900::700] *= 1e25
    ivar[3, 1000:1600] = 0
    made = continuum.normalise(flux, ivar)[2]
    for star in range(1, 4):
        expected = dense(SURVEY_GRID, flux[star], ivar[star], 50, 150)
        there = np.isfinite(expected)
        np.testing.assert_allclose(made[star, there], expected[there], rtol=2e-7)
        assert (made[star, ~there] == 0).all()


def test_windows_of_few_pixels_are_as_accurate_as_the_cosines(continuum):
    """One pixel in forty counts: a window has five of them, or one at its edge, or none."""
    rng = np.random.default_rng(8)
    flux, ivar = rng.uniform(1, 1000, (3, PIXELS)), 10.0 ** rng.uniform(-6, 6, (3, PIXELS))
    ivar[rng.random(ivar.shape) > 0.01] = 0
    made = continuum.normalise(flux, ivar)[2]
    for star in range(3):
        expected = dense(SURVEY_GRID, flux[star], ivar[star], 50, 150)
        np.testing.assert_allclose(made[star], np.nan_to_num(expected), rtol=2e-6)
        assert not np.isfinite(expected).all()


@pytest.mark.parametrize("reach", [0.0, 0.5, 1.5, 2.0, 3.0, 4.0, 5.0])
def test_cosines_are_a_gaussian(reach):
    cosines = Cosines.of(reach)
    x = np.linspace(-reach, reach, 2001)
    made = np.cos(np.outer(x, cosines.frequencies)) @ cosines.amplitudes
    np.testing.assert_allclose(made, np.exp(-(x**2) / 2), rtol=ACCURACY)
    assert (cosines.amplitudes > 0).all()


def test_no_cosines_are_a_gaussian_that_falls_too_far():
    assert Cosines.of(10.0).amplitudes.size == 0


@pytest.mark.parametrize("cut", [0.1, 0.7, 3.2, 50])
def test_steps_add_up_to_the_windows(cut):
    grid = np.cumsum(np.random.default_rng(2).uniform(0.05, 1, 41))
    windows = Windows.of(grid, cut / 3, cut)
    enter, leave, complete, first, last = windows.steps
    inside = np.zeros(grid.size + 1, int)
    seen = []
    for e in range(enter.size):
        inside[enter[e]] += 1
        inside[leave[e]] -= 1
        if complete[e] < grid.size:
            seen.append(complete[e])
            near = np.abs(grid - grid[complete[e]]) <= cut
            np.testing.assert_array_equal(inside[:-1], near)
            assert (first[e], last[e] - 1) == (np.flatnonzero(near)[0], np.flatnonzero(near)[-1])
    assert seen == list(range(grid.size))
    assert enter.size % 2 == 0


def test_other_layouts_of_memory_will_do(continuum):
    flux, ivar = spectra(3, kind=np.float32)
    plain = continuum.normalise(flux, ivar)
    strange = continuum.normalise(np.asfortranarray(flux), np.repeat(ivar, 2, axis=1)[:, ::2])
    swapped = continuum.normalise(flux.astype(">f4"), ivar.astype(">f4"))
    for ours, other, theirs in zip(strange, swapped, plain, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_allclose(other, theirs, rtol=3 * SINGLE)


def test_the_callers_arrays_stay_as_they_were(continuum):
    flux, ivar = spectra(3)
    flux[ivar == 0] = np.nan
    copies = flux.copy(), ivar.copy()
    results = continuum.normalise(flux, ivar)
    np.testing.assert_array_equal(flux, copies[0])
    np.testing.assert_array_equal(ivar, copies[1])
    assert not any(np.shares_memory(result, given) for result in results for given in (flux, ivar))


@pytest.mark.parametrize("shape", [(PIXELS,), (2, PIXELS)])
def test_nothing_known_is_no_nan(continuum, shape):
    normal, weight, made = continuum.normalise(np.full(shape, np.nan), np.zeros(shape))
    assert (normal == 1).all()
    assert (weight == 0).all()
    assert (made == 0).all()


def test_negative_spectra_have_no_continuum(continuum):
    flux = np.where(SURVEY_GRID < 6000, -1.0, 2.0)
    normal, weight, made = continuum.normalise(flux, np.ones(PIXELS))
    assert (weight[SURVEY_GRID < 5850] == 0).all()
    assert (normal[SURVEY_GRID < 5850] == 1).all()
    assert (made >= 0).all()
    np.testing.assert_allclose(weight[SURVEY_GRID > 6150], 4)


def test_no_stars_are_no_trouble(continuum):
    assert [a.shape for a in continuum.normalise(np.empty((0, PIXELS)), np.empty((0, PIXELS)))] == [
        (0, PIXELS)
    ] * 3


def test_memory_beside_the_results_is_bounded(continuum):
    flux = np.ones((2000, PIXELS), np.float32)
    continuum.normalise(flux[:2], flux[:2])
    tracemalloc.start()
    results = continuum.normalise(flux, flux)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - sum(result.nbytes for result in results) < 20e6


@pytest.mark.parametrize(
    ("flux", "ivar", "problem"),
    [
        (np.ones(PIXELS), np.ones(9), "expected both"),
        (np.ones(9), np.ones(9), rf"expected both \({PIXELS},\)"),
        (np.ones((1, 1, PIXELS)), np.ones((1, 1, PIXELS)), "expected both"),
        (np.ones(PIXELS), -np.ones(PIXELS), "ivar is negative"),
        (np.ones(PIXELS), np.full(PIXELS, np.nan), "ivar is negative or not finite"),
        (np.zeros(PIXELS), np.full(PIXELS, np.inf), "ivar is negative or not finite"),
        (np.full(PIXELS, np.nan), np.ones(PIXELS), "flux is not finite where ivar is positive"),
        (np.full(PIXELS, -np.inf), np.ones(PIXELS), "set ivar to 0"),
    ],
)
def test_what_cannot_be_normalised_is_refused(continuum, flux, ivar, problem):
    with pytest.raises(ValueError, match=problem):
        continuum.normalise(flux, ivar)


@pytest.mark.parametrize("grid", [[], [[1.0, 2.0]], [2.0, 1.0], [1.0, 1.0], [1.0, np.nan], [1.0, np.inf]])
def test_a_grid_must_increase(grid):
    with pytest.raises(ValueError, match="strictly increasing"):
        Continuum(np.array(grid))


@pytest.mark.parametrize(("sigma", "cut"), [(0, 150), (50, -1), (np.nan, 150), (50, np.inf)])
def test_widths_must_be_lengths(sigma, cut):
    with pytest.raises(ValueError, match="expected lengths above 0"):
        Continuum(SURVEY_GRID, sigma, cut)

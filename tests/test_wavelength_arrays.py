"""Compiled resampling against the same on whole arrays of numpy, on spectra of a survey's size."""

from typing import NamedTuple

import numpy as np
import pytest

from model.wavelength import SURVEY_GRID, resample, rest_frame

LAMOST = 10 ** (3.5682 + 1e-4 * np.arange(3909))


def resample_arrays(wavelength, flux, ivar, grid):
    old, new = edges_of(wavelength), edges_of(grid)
    values, weights = np.where(ivar > 0, flux, 0), ivar
    pieces = pieces_of(old, new, weights)
    information = weights[pieces.old] * (pieces.stop - pieces.start)
    means = means_of(values, weights, pieces)
    cover, total, weighted = (
        np.bincount(pieces.new, amount, new.size - 1)
        for amount in (pieces.share, information, information * means)
    )
    ivar_new = np.where(cover >= 0.5 - 1e-6, total, 0.0)
    flux_new = np.divide(weighted, ivar_new, out=np.zeros(new.size - 1), where=ivar_new > 0)
    return flux_new, ivar_new


def edges_of(centres):
    logs = np.log(centres)
    between = (logs[1:] + logs[:-1]) / 2
    return np.concatenate([[2 * logs[0] - between[0]], between, [2 * logs[-1] - between[-1]]])


class Pieces(NamedTuple):
    """Intervals that lie in one old and one new pixel each."""

    old: np.ndarray
    new: np.ndarray
    start: np.ndarray
    """Where they begin and stop in the old pixel, from 0 to 1."""
    stop: np.ndarray
    share: np.ndarray
    """Their fraction of the new pixel."""


def pieces_of(old, new, ivar):
    """Cut the common range at all edges, and keep what lies in pixels with ivar > 0."""
    first, last = max(old[0], new[0]), min(old[-1], new[-1])
    cuts = np.concatenate([old, new])
    order = np.argsort(cuts, kind="stable")
    cuts = cuts[order]
    left, right = cuts[:-1], cuts[1:]
    kept = (right > left) & (left >= first) & (right <= last)
    # An interval's pixel is the number of edges up to its left end: counting beats searching.
    edges = np.cumsum(order < old.size)
    in_old = edges[:-1][kept] - 1
    in_new = np.flatnonzero(kept) - edges[:-1][kept]
    good = ivar[in_old] > 0
    in_old, in_new, left, right = in_old[good], in_new[good], left[kept][good], right[kept][good]
    width = np.diff(old)[in_old]
    share = (right - left) / np.diff(new)[in_new]
    return Pieces(in_old, in_new, (left - old[in_old]) / width, (right - old[in_old]) / width, share)


def means_of(flux, ivar, pieces):
    """Mean flux of each piece under the parabola left + x (slope + bend (1 - x)) of its old pixel."""
    left, right = (edge_values(flux, ivar, side) for side in (-1, 1))
    left, right = (
        np.where(np.isfinite(left), left, np.where(np.isfinite(right), 2 * flux - right, flux)),
        np.where(np.isfinite(right), right, np.where(np.isfinite(left), 2 * flux - left, flux)),
    )
    bend = (6 * flux - 3 * (left + right))[pieces.old]
    slope = (right - left)[pieces.old]
    start, stop = pieces.start, pieces.stop
    squares = (start * start + start * stop + stop * stop) / 3
    return left[pieces.old] + (slope + bend) * (start + stop) / 2 - bend * squares


def edge_values(flux, ivar, side):
    """Flux at the left (-1) or right (1) edge of each pixel; NaN where the neighbour there is of no use."""
    pad = 2
    fluxes, ivars = np.pad(flux, pad), np.pad(ivar, pad)

    def neighbour(steps):
        place = slice(pad + steps * side, pad + steps * side + flux.size)
        return fluxes[place], (ivars[place] > 0) & (ivars[place] >= 0.1 * ivar)

    (near, has_near), (far, has_far), (behind, has_behind) = (neighbour(steps) for steps in (1, 2, -1))
    straight = np.where(has_near, (flux + near) / 2, np.nan)
    return np.where(has_near & has_far & has_behind, straight + (flux + near - behind - far) / 12, straight)


def gappy(pixels, seed):
    """A spectrum with single missing pixels, long gaps, weights of all sizes and runs at the ends."""
    rng = np.random.default_rng(seed)
    flux, ivar = rng.normal(100, 30, pixels), 10 ** rng.uniform(-3, 1, pixels)
    ivar[rng.random(pixels) < rng.uniform(0, 0.5)] = 0
    for start in rng.integers(0, pixels, 5):
        ivar[start : start + rng.integers(1, 200)] = 0
    first, last = rng.integers(0, 30, 2)
    ivar[:first], ivar[pixels - last :] = 0, 0
    return np.where(ivar > 0, flux, rng.choice([np.nan, 0, 1e30])), ivar


def assert_same(spectrum, grid):
    flux, ivar = resample(*spectrum, grid)
    expected_flux, expected_ivar = resample_arrays(*spectrum, grid)
    np.testing.assert_allclose(ivar, expected_ivar, rtol=1e-12, atol=0)
    np.testing.assert_allclose(flux, expected_flux, rtol=1e-12, atol=1e-10)
    assert (ivar > 0).any()
    assert (ivar == 0).any()


@pytest.mark.parametrize("z", [-0.3, -2e-3, 0, 1e-5, 3e-4, 2e-3, 0.4])
@pytest.mark.parametrize("seed", range(4))
def test_spectra_of_lamost_on_the_survey_grid(z, seed):
    assert_same((rest_frame(LAMOST, z), *gappy(LAMOST.size, seed)), SURVEY_GRID)


@pytest.mark.parametrize("seed", range(20))
def test_uneven_grids_one_finer_or_coarser_than_the_other(seed):
    rng = np.random.default_rng(seed)
    wavelength = 4000 + np.cumsum(rng.uniform(0.5, 1.5, 1500))
    step = rng.choice([0.1, 0.9, 1, 1.1, 3])
    grid = 3990 + np.cumsum(rng.uniform(0.5, 1.5, int(1600 / step)) * step)
    assert_same((wavelength, *gappy(1500, seed)), grid)


def test_grids_apart_share_nothing():
    for grid in (SURVEY_GRID / 10, SURVEY_GRID * 10):
        flux, ivar = resample(LAMOST, np.ones(LAMOST.size), np.ones(LAMOST.size), grid)
        assert not flux.any()
        assert not ivar.any()


def test_the_survey_grid_is_as_any_other():
    spectrum = (LAMOST, *gappy(LAMOST.size, 5))
    np.testing.assert_array_equal(resample(*spectrum, SURVEY_GRID), resample(*spectrum, SURVEY_GRID.copy()))

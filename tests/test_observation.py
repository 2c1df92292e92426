"""Measurements of Gaia and LAMOST: distances against the posterior itself, errors against their claims."""

import numpy as np
import pytest

from model.observation import (
    PRIOR_LENGTH,
    estimate_distance,
    measure_astrometry,
    measure_spectrum,
    parallax_error,
)

STARS = 50_000


@pytest.mark.parametrize("error", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("parallax", [-0.3, 0.0, 0.02, 0.1, 0.7, 8.0])
def test_distance_is_where_the_posterior_peaks(parallax, error):
    r = np.geomspace(0.01, 60, 400_001)
    log_posterior = 2 * np.log(r) - r / PRIOR_LENGTH - 0.5 * ((parallax - 1 / r) / error) ** 2
    distance = estimate_distance(np.array([parallax]), np.array([error]))[0][0]
    peaks = r[1:-1][(log_posterior[1:-1] > log_posterior[:-2]) & (log_posterior[1:-1] >= log_posterior[2:])]
    assert distance == pytest.approx(peaks[0], rel=1e-4)


def test_good_parallaxes_give_their_inverse_and_an_honest_interval():
    true = np.random.default_rng(1).uniform(0.2, 1.0, STARS)
    error = np.full(STARS, 0.03)
    parallax = 1 / true + error * np.random.default_rng(2).standard_normal(STARS)
    distance, low, high = estimate_distance(parallax, error)
    assert np.mean((low < true) & (true < high)) == pytest.approx(0.683, abs=0.01)
    assert np.all((low < distance) & (distance < high))


def test_bad_parallaxes_still_give_positive_distances():
    parallax = np.random.default_rng(3).normal(0.0, 0.3, STARS)
    for each in estimate_distance(parallax, np.full(STARS, 0.2)):
        assert np.all(np.isfinite(each) & (each > 0) & (each < 60))


def test_gaias_errors_grow_with_magnitude_and_are_what_they_claim():
    assert np.all(np.diff(parallax_error(np.arange(14.0, 19.0))) > 0)
    assert 0.02 < parallax_error(np.array(12.0)) < 0.035
    assert parallax_error(np.array(17.0)) == pytest.approx(0.07, abs=0.01)
    truth = np.full(STARS, 2.0), np.full(STARS, -5.0), np.full(STARS, 3.0)
    seen = measure_astrometry(
        *truth, np.random.default_rng(4).uniform(10, 17, STARS), np.random.default_rng(5)
    )
    for value, error, true in (
        (seen.parallax, seen.e_parallax, 0.5),
        (seen.pmra, seen.e_pmra, -5.0),
        (seen.pmdec, seen.e_pmdec, 3.0),
    ):
        assert np.std((value - true) / error) == pytest.approx(1, abs=0.02)
        assert np.mean(value) == pytest.approx(true, abs=0.002)
    assert 0.01 < np.mean(seen.ruwe > 1.4) < 0.04


def test_lamosts_errors_shrink_with_signal():
    depth = np.random.default_rng(6).uniform(0, 5, STARS)
    stellar = np.full(STARS, 5500.0), np.full(STARS, 4.4), np.full(STARS, -0.2)
    seen = measure_spectrum(np.full(STARS, 30.0), stellar, depth, np.random.default_rng(7))
    assert np.std((seen.rv - 30) / seen.e_rv) == pytest.approx(1, abs=0.02)
    assert np.corrcoef(depth, np.log(seen.snrg))[0, 1] > 0.9
    bright, faint = seen.snrg > 100, seen.snrg < 20
    for value, true in zip((seen.teff, seen.logg, seen.fe_h), (5500.0, 4.4, -0.2), strict=True):
        assert np.std(value[bright]) < 0.7 * np.std(value[faint])
        assert np.mean(value) == pytest.approx(true, rel=0.02)
    assert np.all(seen.snrz > seen.snrg * 0.8)

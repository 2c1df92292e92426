"""Brightness functions against direct sums over random stars of the same initial mass function."""

import numpy as np
import pytest

from model.galaxy import COMPONENTS
from model.luminosity import METALLICITIES, luminosities, preference, rows
from model.tracks import IMF_SLOPE, LIGHTEST, isochrone

OLD = 6


@pytest.fixture(scope="module")
def light():
    return luminosities()


def random_stars(fe_h, stars=200_000):
    """Masses drawn by inverting a fine table of the mass function over all phases."""
    age = sum(COMPONENTS[OLD].ages) / 2
    phase = np.linspace(0, 3.999, 40_001)
    full = isochrone(np.full(phase.shape, age), np.full(phase.shape, fe_h), phase)
    weight = np.abs(np.gradient(full.mass)) * full.mass**IMF_SLOPE * preference(full.teff, full.logg)
    which = np.random.default_rng(1).choice(phase.size, stars, p=weight / weight.sum())
    return full.absolute_g[which]


def test_share_brighter_than_a_magnitude(light):
    row = int(rows(np.array([OLD]), np.array([0.0]))[0])
    stars = random_stars(METALLICITIES[row % METALLICITIES.size])
    for magnitude in (0.0, 0.8, 3.0, 4.5, 6.0):
        share = light.share(np.array([row]), np.array([magnitude]))[0]
        assert share == pytest.approx(np.mean(stars < magnitude), abs=0.004)


def test_phase_and_share_are_each_others_inverse(light):
    row = np.full(2000, int(rows(np.array([OLD]), np.array([0.0]))[0]))
    share = np.linspace(0.001, 0.999, 2000)
    phase = light.phase(row, share, np.random.default_rng(0))
    age = np.full(2000, sum(COMPONENTS[OLD].ages) / 2)
    stars = isochrone(age, np.full(2000, METALLICITIES[row[0] % METALLICITIES.size]), phase)
    np.testing.assert_allclose(light.share(row, stars.absolute_g), share, atol=0.01)


def test_total_counts_stars_above_the_lightest_mass(light):
    """A young population keeps nearly all its stars; the integral of the mass function is known."""
    row = int(rows(np.array([0]), np.array([0.0]))[0])
    assert light.total[row] < LIGHTEST ** (1 + IMF_SLOPE) / -(1 + IMF_SLOPE)
    assert np.all(light.total > 0)


def test_rows_take_the_nearest_metallicity():
    chosen = rows(np.array([0, 1, 1]), np.array([-9.0, 0.04, 9.0]))
    assert METALLICITIES[chosen[1] - METALLICITIES.size] == pytest.approx(0.0, abs=1e-9)
    assert chosen[0] == 0
    assert chosen[2] == 2 * METALLICITIES.size - 1

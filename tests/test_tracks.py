"""Tracks against the Sun, textbook physics and the general course of isochrones."""

import astropy.constants
import numpy as np
import pytest

from model.tracks import BOLOMETRIC_SUN, bolometric_correction, isochrone, microturbulence

PHASES = np.linspace(0.001, 3.999, 800)


def along(age, fe_h, phase=PHASES):
    return isochrone(np.full(phase.shape, age), np.full(phase.shape, fe_h), phase)


def test_sun_is_the_sun():
    stars = along(4.57, 0.0, np.linspace(0, 1, 4001))
    sun = np.argmin(np.abs(stars.mass - 1))
    assert stars.teff[sun] == pytest.approx(5772, abs=60)
    assert stars.logg[sun] == pytest.approx(4.44, abs=0.04)
    assert stars.absolute_g[sun] == pytest.approx(4.67, abs=0.12)


def test_gravity_follows_from_mass_luminosity_and_temperature():
    stars = along(6.0, -0.3)
    luminosity = 10 ** (-0.4 * (stars.absolute_g + bolometric_correction(stars.teff) - BOLOMETRIC_SUN))
    constants = astropy.constants
    radius = np.sqrt(
        luminosity * constants.L_sun.value / (4 * np.pi * constants.sigma_sb.value * stars.teff**4)
    )
    gravity = 100 * constants.GM_sun.value * stars.mass / radius**2
    np.testing.assert_allclose(stars.logg, np.log10(gravity), atol=0.005)


@pytest.mark.parametrize("age", [0.2, 1.0, 4.0, 12.0])
@pytest.mark.parametrize("fe_h", [-2.0, -0.5, 0.3])
def test_stars_of_one_age_stand_in_order_of_mass(age, fe_h):
    assert np.all(np.diff(along(age, fe_h).mass) >= 0)


@pytest.mark.parametrize("seam", [1.0, 2.0])
def test_phases_join_without_a_gap(seam):
    age = np.repeat([0.5, 2.0, 5.0, 10.0], 2)
    stars = isochrone(age, np.zeros(8), np.tile([seam - 1e-7, seam], 4))
    for values, scale in ((stars.teff, 20.0), (stars.logg, 0.02), (stars.mass, 1e-4)):
        assert np.max(np.abs(values[1::2] - values[::2])) < scale


@pytest.mark.parametrize("fe_h", [-0.5, 0.0, 0.2])
def test_red_clump_is_where_red_clumps_are(fe_h):
    stars = along(5.0, fe_h, np.linspace(3.0, 3.85, 50))
    assert np.all((stars.teff > 4500) & (stars.teff < 5100))
    assert np.all((stars.logg > 2.25) & (stars.logg < 2.65))
    assert np.all((stars.absolute_g > 0.2) & (stars.absolute_g < 0.85))


def test_older_stars_turn_off_cooler_and_lighter():
    turnoff = [along(age, 0.0, np.linspace(0, 1, 500)) for age in (1.0, 3.0, 6.0, 10.0)]
    assert np.all(np.diff([stars.teff.max() for stars in turnoff]) < 0)
    assert np.all(np.diff([stars.mass.max() for stars in turnoff]) < 0)


def test_metal_poor_giants_are_warmer():
    phase = np.linspace(2.1, 2.9, 20)
    assert np.all(along(10.0, -1.5, phase).teff > along(10.0, 0.0, phase).teff + 100)


def test_bolometric_correction_of_the_sun_and_no_step_between_its_fits():
    assert bolometric_correction(np.array([5772.0]))[0] == pytest.approx(0.06)
    assert abs(np.diff(bolometric_correction(np.array([3999.999, 4000.0])))[0]) < 0.02


def test_microturbulence_grows_with_temperature_and_up_the_branch():
    dwarfs = microturbulence(np.array([4500.0, 5700.0, 6800.0]), np.full(3, 4.4))
    giants = microturbulence(np.full(3, 4500.0), np.array([3.0, 2.0, 1.0]))
    assert np.all(np.diff(dwarfs) > 0)
    assert np.all(np.diff(giants) > 0)

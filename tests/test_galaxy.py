"""The mock Galaxy: density laws by brute force, and the planted gradient and flare measured again."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import linregress

from model.galaxy import (
    ACCRETED,
    COMPONENTS,
    FE_H_GRADIENT,
    POPULATIONS,
    THIN,
    Disc,
    birth,
    birth_radius_of,
    gas_metallicity,
    populations,
    typical_metallicity,
)

THIN_DISC = [number for number, each in enumerate(COMPONENTS) if each.population == THIN]
DISCS = [each for each in COMPONENTS if isinstance(each, Disc)]


def born(number, R, age, seed=0):
    component = np.full(R.shape, number)
    return birth(component, R, np.full(R.shape, age), np.random.default_rng(seed))


@pytest.mark.parametrize("disc", DISCS)
def test_column_density_of_a_disc_is_its_surface_density(disc):
    column = 2 * quad(lambda z: disc.density(np.array(8.0), np.array(z)), 0, 60, points=[1.0])[0]
    assert column == pytest.approx(disc.surface, rel=1e-3)


def test_thin_disc_adds_up_to_one():
    assert sum(COMPONENTS[number].surface for number in THIN_DISC) == pytest.approx(1)


def test_older_thin_disc_is_thicker_and_all_of_it_flares():
    heights = np.array(
        [COMPONENTS[number].scale_height(np.array([6.0, 8.0, 11.0, 14.0])) for number in THIN_DISC]
    )
    assert np.all(np.diff(heights, axis=0) > 0)
    assert np.all(np.diff(heights, axis=1) > 0)


def test_halo_is_flattened_and_has_no_step_at_its_break():
    halo = next(each for each in COMPONENTS if each.population == ACCRETED)
    R = np.array([24.99999, 25.00001])
    inside, outside = halo.density(R, np.zeros(2))
    assert inside == pytest.approx(outside, rel=1e-4)
    assert halo.density(np.array(10.0), np.array(0.0)) == pytest.approx(
        halo.density(np.array(0.0), np.array(10.0 * halo.flattening)), rel=1e-12
    )


def test_gradient_of_birth_radii_is_the_planted_one():
    R = np.random.default_rng(1).uniform(7, 13, 20_000)
    radius, fe_h = born(THIN_DISC[3], R, 3.0)
    fit = linregress(radius, fe_h)
    assert abs(fit.slope - FE_H_GRADIENT) < 4 * fit.stderr + 1e-4


def test_migration_flattens_the_gradient_and_widens_with_age():
    R = np.random.default_rng(2).uniform(7, 13, 20_000)
    young, old = (born(number, R, age) for number, age in ((THIN_DISC[0], 0.3), (THIN_DISC[-1], 9.0)))
    assert np.std(R - old[0]) > 3 * np.std(R - young[0])
    assert np.mean(R - old[0]) > 0.5
    assert linregress(R, old[1]).slope > linregress(R, young[1]).slope
    assert linregress(R, young[1]).slope == pytest.approx(FE_H_GRADIENT, abs=0.01)


def test_typical_metallicity_is_the_mean_of_what_is_drawn():
    for number, each in enumerate(COMPONENTS):
        age = sum(each.ages) / 2
        for place in (7.0, 9.0, 12.0):
            drawn = born(number, np.full(20_000, place), age)[1].mean()
            assert typical_metallicity(number, np.array(place)) == pytest.approx(drawn, abs=0.05)


def test_birth_radius_inverts_the_gas():
    radius, age = np.array([3.0, 8.0, 12.0]), np.array([1.0, 5.0, 9.0])
    np.testing.assert_allclose(birth_radius_of(gas_metallicity(radius, age), age), radius)


def test_accreted_stars_were_born_elsewhere():
    component = np.arange(len(COMPONENTS))
    radius, _ = birth(
        component, np.full(component.shape, 9.0), np.full(component.shape, 9.0), np.random.default_rng()
    )
    np.testing.assert_array_equal(np.isnan(radius), populations(component) == POPULATIONS.index(ACCRETED))

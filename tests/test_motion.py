"""Velocities: the Jeans equation checked by finite differences, drift, halo and ridges measured again."""

import numpy as np
import pytest

from model.galaxy import ACCRETED, COMPONENTS, HEATED, THICK, THIN, Disc
from model.motion import (
    R_GRID,
    RIDGE_MAIN,
    RIDGE_SPACING,
    Z_GRID,
    asymmetric_drift,
    dispersion_table,
    velocities,
    vertical_dispersions,
)
from model.potential import circular_speed, vertical_force


@pytest.fixture(scope="module")
def table():
    return dispersion_table()


def moving(table, population, R, z, stars=40_000, seed=0):
    number = max(n for n, each in enumerate(COMPONENTS) if each.population == population)
    return velocities(
        table, np.full(stars, number), np.full(stars, R), np.full(stars, z), np.random.default_rng(seed)
    )


def test_dispersions_satisfy_the_jeans_equation():
    disc = next(each for each in COMPONENTS if isinstance(each, Disc) and each.population == THICK)
    sigma = vertical_dispersions(disc)
    density = disc.density(R_GRID[:, None], Z_GRID[None, :])
    pressure = density * sigma**2
    change = (pressure[:, 2:] - pressure[:, :-2]) / (Z_GRID[2:] - Z_GRID[:-2])
    pull = (density * vertical_force(R_GRID[:, None], Z_GRID[None, :]))[:, 1:-1]
    here = (R_GRID > 5) & (R_GRID < 15)
    np.testing.assert_allclose(change[here, 2:50], pull[here, 2:50], rtol=0.02)


def test_older_stars_move_faster_and_lag_more(table):
    local = table[:, np.argmin(np.abs(R_GRID - 8)), 0]
    thin = [number for number, each in enumerate(COMPONENTS) if each.population == THIN]
    assert np.all(np.diff(local[thin]) > 0)
    assert 6 < local[thin[0]] < 12
    assert 35 < local[thin[-1] + 1] < 50
    drift = asymmetric_drift(np.full(3, 8.0), np.array([20.0, 40.0, 70.0]), np.full(3, 2.6))
    assert np.all(np.diff(drift) > 0)


@pytest.mark.parametrize(("population", "mean", "spread"), [(ACCRETED, 0, 65), (HEATED, 45, 62)])
def test_halo_barely_turns(table, population, mean, spread):
    vT = moving(table, population, 9.0, 3.0).vT
    assert vT.mean() == pytest.approx(mean, abs=2)
    assert vT.std() == pytest.approx(spread, abs=2)


def test_inner_accreted_halo_is_retrograde(table):
    assert moving(table, ACCRETED, 4.0, 3.0).vT.mean() == pytest.approx(-45, abs=2)


def test_disc_turns_faster_than_100(table):
    for population in (THIN, THICK):
        assert np.mean(moving(table, population, 9.0, 0.3).vT > 100) > 0.9


def test_stars_gather_in_ridges_of_constant_angular_momentum(table):
    R = np.random.default_rng(3).uniform(8, 12, 200_000)
    motion = velocities(table, np.full(R.shape, 1), R, np.zeros(R.shape), np.random.default_rng(4))
    momentum = R * motion.vT
    phase = (momentum - RIDGE_MAIN + RIDGE_SPACING / 2) % RIDGE_SPACING
    counts = np.histogram(phase, 4, (0, RIDGE_SPACING))[0]
    assert min(counts[1:3]) > 1.4 * max(counts[[0, 3]])
    assert np.all(motion.ridge[np.abs(momentum - RIDGE_MAIN) < 10] > 0.9)
    assert np.all(motion.ridge[np.abs(momentum - RIDGE_MAIN) > RIDGE_SPACING / 2] < 0.03)


def test_circular_orbit_is_the_limit_of_cold_stars(table):
    young = velocities(
        table,
        np.zeros(40_000, dtype=np.int64),
        np.full(40_000, 9.1),
        np.zeros(40_000),
        np.random.default_rng(5),
    )
    assert young.vT.mean() == pytest.approx(circular_speed(np.array([9.1]))[0], abs=6)

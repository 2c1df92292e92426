"""How the stars of the mock Galaxy move: dispersions that hold the discs up, drift, and ridges.

The vertical dispersion of a disc component solves the one-dimensional Jeans equation in MWPotential2014. The
mean rotation lags by Stromberg's equation (Binney & Tremaine 2008, eq. 4.228). Axis ratios of the velocity
ellipsoid, the halo's dispersions and the ridges are ours; the paper's halo turns at 0 +- 50..100 km/s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from model.galaxy import ACCRETED, COMPONENTS, HEATED, POPULATIONS, THIN, Disc, populations
from model.potential import circular_speed, vertical_force

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

R_GRID = np.linspace(1.0, 26.0, 26)
Z_GRID = np.linspace(0.0, 8.0, 81)

RADIAL_TO_VERTICAL = 1.75
"""Ratio of dispersions in a disc."""
AZIMUTHAL_TO_RADIAL = 0.68
"""Ratio of dispersions in a disc; 0.71 for cold orbits in a flat rotation curve."""
SKEW = 0.12
"""How much the rotation leans towards slow stars."""
SPREAD_LENGTH = 7.5
"""Squared radial dispersions fall by e over this distance outwards, kpc."""

HALO_MOTION: Mapping[str, tuple[float, float, float, float]] = MappingProxyType(
    {HEATED: (45.0, 115.0, 62.0, 78.0), ACCRETED: (0.0, 160.0, 65.0, 85.0)}
)
"""Mean rotation and dispersions in R, phi, z of the halo populations, km/s."""

INNER_RETROGRADE, INNER_EDGE = 15.0, 7.0
"""Accreted stars inside this radius turn backwards by so many km/s per kpc, as the paper saw (5.4)."""

RIDGE_SPACING, RIDGE_MAIN, RIDGE_GRIP = 290.0, 2010.0, 0.55
"""Ridges run along lines of constant angular momentum: distance of neighbours and the longest one, kpc km/s,
and how strongly stars gather there (0 not at all, 1 all)."""
RIDGE_HOT = 45.0
"""Ridges fade where the radial dispersion is above this, km/s."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Velocities of stars.

    Attributes
    ----------
    vR, vT, vz : km/s, as in kinematics.PhaseSpace.
    ridge : 0 to 1, how much a star belongs to the main ridge.
    """

    vR: Floats
    vT: Floats
    vz: Floats
    ridge: Floats


def vertical_dispersions(component: Disc) -> Floats:
    """Dispersion of vz of a disc component that its own gravity field holds in shape.

    sigma^2 = 1/nu times the integral of nu |F_z| from z up.

    Returns
    -------
    km/s, at R_GRID and Z_GRID (rows are R).
    """
    heights = np.linspace(0.0, 16.0, 321)
    R, z = R_GRID[:, None], heights[None, :]
    density = component.density(R, z)
    pull = density * -vertical_force(R, z)
    slices = (pull[:, 1:] + pull[:, :-1]) / 2 * (heights[1] - heights[0])
    above = np.cumsum(slices[:, ::-1], axis=1)[:, ::-1]
    variance = above / density[:, :-1]
    return np.array([np.interp(Z_GRID, heights[:-1], np.sqrt(row)) for row in variance])


def dispersion_table() -> Floats:
    """Vertical dispersion of every component at R_GRID and Z_GRID, km/s: (components, R, z)."""
    flat = np.ones((R_GRID.size, Z_GRID.size))
    return np.array(
        [
            HALO_MOTION[each.population][3] * flat
            if not isinstance(each, Disc) or each.population in HALO_MOTION
            else vertical_dispersions(each)
            for each in COMPONENTS
        ]
    )


def asymmetric_drift(R: Floats, radial: Floats, length: Floats) -> Floats:
    """How much a population's rotation lags behind a circular orbit, km/s.

    Parameters
    ----------
    R : kpc.
    radial : dispersion of vR, km/s.
    length : scale length of the population, kpc.
    """
    steepness = AZIMUTHAL_TO_RADIAL**2 - 1 + R / length + R / SPREAD_LENGTH
    return radial**2 / (2 * circular_speed(R)) * steepness


def _gather(momentum: Floats, grip: Floats) -> Floats:
    """Angular momenta drawn towards the ridges."""
    turn = 2 * np.pi * (momentum - RIDGE_MAIN) / RIDGE_SPACING
    return momentum - grip * np.sin(turn) * RIDGE_SPACING / (2 * np.pi)


def velocities(
    table: Floats, component: Integers, R: Floats, z: Floats, random: np.random.Generator
) -> Motion:
    """Draw velocities of stars.

    Parameters
    ----------
    table : as dispersion_table gives.
    component : number in galaxy.COMPONENTS.
    R, z : kpc.
    random : source of random numbers.

    Returns
    -------
    Motion
    """
    place = (
        component.astype(np.float64),
        (np.clip(R, 1, 26) - R_GRID[0]) / (R_GRID[1] - R_GRID[0]),
        np.minimum(np.abs(z), 8) / (Z_GRID[1] - Z_GRID[0]),
    )
    vertical = map_coordinates(table, place, order=1, mode="nearest")
    population = populations(component)
    length = np.array([each.length if isinstance(each, Disc) else np.inf for each in COMPONENTS])[component]
    radial = RADIAL_TO_VERTICAL * vertical
    azimuthal = AZIMUTHAL_TO_RADIAL * radial
    mean = circular_speed(R) - asymmetric_drift(R, radial, length)
    for name, (turning, along, around, up) in HALO_MOTION.items():
        here = population == POPULATIONS.index(name)
        mean[here], radial[here], azimuthal[here], vertical[here] = turning, along, around, up
    mean -= INNER_RETROGRADE * np.clip(INNER_EDGE - R, 0, None) * (population == POPULATIONS.index(ACCRETED))
    first, second, third = random.standard_normal((3, *R.shape))
    disc = ~np.isin(population, [POPULATIONS.index(name) for name in HALO_MOTION])
    leaning = second - SKEW * disc * (second**2 - 1)
    vT = mean + azimuthal * leaning
    thin = population == POPULATIONS.index(THIN)
    grip = RIDGE_GRIP * thin / (1 + (radial / RIDGE_HOT) ** 4)
    momentum = _gather(R * vT, grip)
    ridge = thin * np.exp(-0.5 * ((momentum - RIDGE_MAIN) / (0.18 * RIDGE_SPACING)) ** 2)
    return Motion(radial * first, momentum / R, vertical * third, ridge)

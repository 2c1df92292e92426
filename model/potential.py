"""Forces of the mock Galaxy in closed form: MWPotential2014 (Bovy 2015, ApJS 216, 29, table 1).

Actions and energies use galpy; the mock only needs how fast circles turn and how strongly the plane pulls.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

Floats = NDArray[np.float64]

R_REFERENCE = 8.0
"""Where the parts are normalised, kpc."""
V_REFERENCE = 220.0
"""Circular speed there, km/s."""

BULGE_SHARE, BULGE_SLOPE, BULGE_CUTOFF = 0.05, 1.8, 1.9
DISC_SHARE, DISC_A, DISC_B = 0.60, 3.0, 0.28
HALO_SHARE, HALO_SCALE = 0.35, 16.0


def _bulge_mass(r: Floats) -> Floats:
    return np.asarray(gammainc(1.5 - BULGE_SLOPE / 2, (r / BULGE_CUTOFF) ** 2), dtype=np.float64)


def _halo_mass(r: Floats) -> Floats:
    x = r / HALO_SCALE
    mass: Floats = np.log1p(x) - x / (1 + x)
    return mass


def _spherical(R: Floats, z: Floats) -> Floats:
    """Inward pull of bulge and halo divided by r, (km/s)^2 / kpc^2."""
    r = np.sqrt(R * R + z * z)
    reference = np.array(R_REFERENCE)
    bulge = BULGE_SHARE * _bulge_mass(r) / _bulge_mass(reference)
    halo = HALO_SHARE * _halo_mass(r) / _halo_mass(reference)
    pull: Floats = V_REFERENCE**2 * R_REFERENCE * (bulge + halo) / r**3
    return pull


def _disc(R: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Pull of the Miyamoto-Nagai disc divided by R and by z, (km/s)^2 / kpc^2."""
    soft = np.sqrt(z * z + DISC_B**2)
    strength = DISC_SHARE * V_REFERENCE**2 / R_REFERENCE**2 * (R_REFERENCE**2 + (DISC_A + DISC_B) ** 2) ** 1.5
    radial = strength / (R * R + (DISC_A + soft) ** 2) ** 1.5
    return radial, radial * (DISC_A + soft) / soft


def circular_speed(R: Floats) -> Floats:
    """Speed of a circular orbit in the plane.

    Parameters
    ----------
    R : distance from the axis, kpc, above 0; any shape.

    Returns
    -------
    speed, km/s, same shape.
    """
    zero = np.zeros_like(R)
    speed: Floats = R * np.sqrt(_spherical(R, zero) + _disc(R, zero)[0])
    return speed


def vertical_force(R: Floats, z: Floats) -> Floats:
    """Pull towards the plane, -dPhi/dz.

    Parameters
    ----------
    R, z : kpc, shapes that broadcast; not both 0.

    Returns
    -------
    force, (km/s)^2 / kpc: negative above the plane.
    """
    force: Floats = -z * (_spherical(R, z) + _disc(R, z)[1])
    return force

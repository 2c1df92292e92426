"""Dust of the mock Galaxy: an exponential disc, thickest in the plane; ours, with usual numbers.

A_K / A_V is that of Cardelli, Clayton & Mathis (1989, ApJ 345, 245).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOCAL = 0.75
"""A_V per kpc at the Sun's radius in the plane, mag."""
LENGTH, HEIGHT = 4.2, 0.12
"""Scale length and height, kpc."""
K_PER_V, G_PER_V = 0.114, 0.86
"""A_K / A_V, and A_G / A_V for a star like the Sun."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


def opacity(R: Floats, z: Floats) -> Floats:
    """A_V per kpc; R and z in kpc."""
    dust: Floats = LOCAL * np.exp(-(R - 8.0) / LENGTH - np.abs(z) / HEIGHT)
    return dust


def extinction(longitude: Floats, latitude: Floats, distance: Floats, clumps: Floats) -> Floats:
    """A_V towards stars.

    Parameters
    ----------
    longitude, latitude : Galactic, degrees.
    distance : kpc.
    clumps : how much dustier than the smooth disc a sight line is.

    Returns
    -------
    A_V, mag, of the common shape.
    """
    flat, rise = np.cos(np.radians(latitude)), np.sin(np.radians(latitude))
    turn = np.cos(np.radians(longitude))
    reach = np.minimum(distance, 0.9 / np.maximum(np.abs(rise), 0.03))
    total = np.zeros(np.broadcast(longitude, latitude, distance).shape)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        along = reach * ((1 + node) / 2) ** 2
        beside = along * flat
        R = np.sqrt(64.0 - 16.0 * beside * turn + beside * beside)
        total += weight * (1 + node) / 2 * reach * opacity(R, 0.025 + along * rise)
    return clumps * total

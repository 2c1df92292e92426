"""Closed-form forces against galpy's MWPotential2014."""

import numpy as np
import pytest

from model.actions import POTENTIALS
from model.potential import circular_speed, vertical_force


@pytest.fixture(scope="module")
def galpy():
    """Call galpy after `model.actions` has tamed it."""
    import galpy.potential

    return galpy.potential


def test_circular_speed_is_galpys(galpy):
    R = np.array([0.5, 2.0, 5.0, 8.0, 12.0, 25.0])
    expected = 220 * galpy.vcirc(POTENTIALS["MWPotential2014"].potential, R / 8)
    np.testing.assert_allclose(circular_speed(R), expected, rtol=1e-9)


def test_vertical_force_is_galpys(galpy):
    R, z = (each.ravel() for each in np.meshgrid([1.0, 4.0, 8.0, 15.0], [-5.0, -0.3, 0.02, 1.0, 8.0]))
    expected = galpy.evaluatezforces(POTENTIALS["MWPotential2014"].potential, R / 8, z / 8) * 220**2 / 8
    np.testing.assert_allclose(vertical_force(R, z), expected, rtol=1e-9)


def test_vertical_force_is_even_in_size():
    R, z = np.full(3, 9.0), np.array([0.1, 1.0, 3.0])
    np.testing.assert_array_equal(vertical_force(R, z), -vertical_force(R, -z))

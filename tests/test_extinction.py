"""RJCE by hand, and its error against draws."""

import numpy as np
import pytest

from model.extinction import WISE_COLOUR, rjce


def test_extinction_by_hand():
    a_k, error = rjce([10.0, 10.0, 10.0], [9.0, 9.92, 10.5], [0.03] * 3, [0.04] * 3)
    assert a_k == pytest.approx([0.918 * 0.92, 0.0, 0.0])
    assert error == pytest.approx([0.918 * 0.05] * 3)


def test_other_constant_adds_the_difference():
    first, second = (rjce(10.0, 9.0, 0.0, 0.0, colour=colour)[0] for colour in (0.08, WISE_COLOUR))
    assert second - first == pytest.approx(0.918 * 0.03)


def test_error_is_the_scatter_of_draws():
    random = np.random.default_rng(1)
    h, w2 = random.normal(10, 0.02, 100_000), random.normal(9, 0.05, 100_000)
    a_k, error = rjce(h, w2, 0.02, 0.05)
    assert np.std(a_k) == pytest.approx(error[0], rel=0.02)


def test_missing_photometry_is_no_extinction():
    a_k, error = rjce([np.nan, 10, 10, 10], [9, np.nan, 9, 9], [0.1, 0.1, np.nan, 0.1], 0.1)
    assert np.isnan(a_k).tolist() == [True, True, False, False]
    assert np.isnan(error).tolist() == [True, True, True, False]

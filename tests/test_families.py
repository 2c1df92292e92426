"""Mean abundances against a plain loop, numpy's own average, and families made to order."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from model.families import ERROR_FLOOR, LEAST_CORRELATION, mean_abundance


def family(stars=4000, offsets=(0.2, -0.1, 0.05, 0.0), noise=0.04, seed=1):
    """True means, measured constituents and their errors, which differ from star to star."""
    random = np.random.default_rng(seed)
    true = random.normal(0.1, 0.1, stars)
    errors = noise * random.lognormal(0, 0.7, (stars, len(offsets)))
    return true, true[:, np.newaxis] + offsets + errors * random.standard_normal(errors.shape), errors


EVERY = np.ones(4000, dtype=bool)


def test_mean_is_numpys_weighted_average():
    _, x, e = family()
    found = mean_abundance(x, e, EVERY)
    for star in range(50):
        weights = 1 / (e[star] ** 2 + ERROR_FLOOR**2)
        value, total = np.average(x[star] - found.offsets, weights=weights, returned=True)
        assert found.value[star] == pytest.approx(value, abs=1e-12)
        assert found.error[star] == pytest.approx(total**-0.5)
    np.testing.assert_allclose(found.correlation, spearmanr(x).statistic, atol=1e-12)


def test_zero_points_come_back_and_add_no_scatter():
    offsets = np.array([0.2, -0.1, 0.05, 0.0])
    true, x, e = family()
    found = mean_abundance(x, e, EVERY)
    np.testing.assert_allclose(found.offsets, offsets - offsets.mean(), atol=0.003)
    assert found.offsets.mean() == pytest.approx(0, abs=1e-15)
    pulls = (found.value - true - offsets.mean()) / np.sqrt(1 / (1 / e**2).sum(axis=1))
    naive = np.sum(x / (e**2 + ERROR_FLOOR**2), axis=1) / np.sum(1 / (e**2 + ERROR_FLOOR**2), axis=1)
    assert np.std(found.value - true) < 0.75 * np.std(naive - true)
    assert 1 < np.std(pulls) < 1.3, "the floor costs a little, for these errors are exact"


def test_error_is_right_where_the_floor_is_real():
    random = np.random.default_rng(5)
    true, x, e = family(offsets=(0.0, 0.0))
    x += ERROR_FLOOR * random.standard_normal(x.shape)
    found = mean_abundance(x, e, EVERY)
    assert np.std((found.value - true) / found.error) == pytest.approx(1, abs=0.04)


def test_every_constituent_must_be_there():
    _, x, e = family()
    x[0, 1], e[1, 2], x[2, 0], e[3, 0] = np.nan, np.nan, np.inf, -0.1
    found = mean_abundance(x, e, EVERY)
    assert np.isnan(found.value[:5]).tolist() == np.isnan(found.error[:5]).tolist() == [True] * 4 + [False]
    assert np.isfinite(found.value[4:]).all()


def test_zero_points_are_the_training_sets():
    _, x, e = family()
    chosen = np.arange(4000) < 2000
    other = x.copy()
    other[~chosen, 0] += 7
    assert (mean_abundance(other, e, chosen).offsets == mean_abundance(x, e, chosen).offsets).all()
    np.testing.assert_array_equal(
        mean_abundance(other, e, chosen).correlation,
        mean_abundance(x[:2000], e[:2000], EVERY[:2000]).correlation,
    )


def test_outliers_do_not_hide_a_family():
    _, x, e = family()
    x[:40, 2] = np.random.default_rng(2).uniform(-50, 50, 40)
    assert mean_abundance(x, e, EVERY).correlation.min() > LEAST_CORRELATION


def test_strangers_are_refused():
    _, x, e = family()
    x[:, 1] = np.random.default_rng(2).normal(0, 0.1, 4000)
    with pytest.raises(ValueError, match=r"constituents \d and \d correlate by -?0\.0\d .* at least 0\.3"):
        mean_abundance(x, e, EVERY)
    assert np.isfinite(mean_abundance(x, e, EVERY, least_correlation=-1).value).all()
    x[:, 1] = 0.0
    with pytest.raises(ValueError, match="correlate by nan"):
        mean_abundance(x, e, EVERY)


def test_wrong_input_is_refused():
    _, x, e = family()
    with pytest.raises(ValueError, match="give at least 10"):
        mean_abundance(x, e, np.arange(4000) < 9)
    with pytest.raises(ValueError, match="stars, constituents"):
        mean_abundance(x, e[:, :2], EVERY)
    with pytest.raises(ValueError, match="two constituents or more"):
        mean_abundance(x[:, :1], e[:, :1], EVERY)
    with pytest.raises(ValueError, match="floor"):
        mean_abundance(x, e, EVERY, floor=0)

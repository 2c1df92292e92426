"""Published errors: known factors and floors come back, no others are likelier, pulls are 1."""

import numpy as np
import pytest
from scipy.stats import norm

from model.errors import ErrorModel, pulls
from model.spread import Spread, which_bin


def stars(n, a, b, seed=1):
    """Residuals of labels whose error is known; formal errors fall with S/N."""
    random = np.random.default_rng(seed)
    snr = random.lognormal(3.5, 0.7, n)
    formal = np.outer(1 / snr, np.ones(len(a))) * random.lognormal(0, 0.2, (n, len(a)))
    sigma = np.sqrt((np.asarray(a) * formal) ** 2 + np.asarray(b) ** 2)
    return sigma * random.standard_normal(formal.shape), formal, snr


def log_likelihood(residuals, formal, a, b):
    """Of one label, (N, 1), for factors and floors (G,)."""
    return norm.logpdf(residuals, scale=np.sqrt((a * formal) ** 2 + b**2)).sum(axis=0)


def test_known_factors_and_floors_come_back():
    residuals, formal, _ = stars(20_000, a=[1.0, 3.0, 1.5], b=[0.05, 0.02, 0.1])
    fit = ErrorModel.fit(residuals, formal)
    np.testing.assert_allclose(fit.a, [1.0, 3.0, 1.5], rtol=0.1)
    np.testing.assert_allclose(fit.b, [0.05, 0.02, 0.1], rtol=0.1)
    assert fit.n.tolist() == [20_000] * 3


@pytest.mark.parametrize(("a", "b"), [(2.0, 0.0), (0.0, 0.1), (1.2, 0.03), (5.0, 1e-4)])
def test_no_point_of_a_fine_grid_is_likelier(a, b):
    residuals, formal, _ = stars(300, a=[a], b=[b], seed=4)
    fit = ErrorModel.fit(residuals, formal)
    best = log_likelihood(residuals, formal, fit.a, fit.b)
    grid = np.meshgrid(np.linspace(0, 8, 81), np.linspace(0, 0.2, 81))
    assert best >= log_likelihood(residuals, formal, grid[0].ravel()[1:], grid[1].ravel()[1:]).max()
    for p, q in [(1.001, 1), (0.999, 1), (1, 1.001), (1, 0.999)]:
        assert best >= log_likelihood(residuals, formal, fit.a * p, fit.b * q)


def test_a_part_that_is_not_there_can_be_exactly_zero():
    """Residuals that grow faster, or slower, than any mix allows."""
    _, formal, _ = stars(500, a=[1.0], b=[1.0])
    signs = np.where(np.arange(500) % 2, 1.0, -1.0)[:, np.newaxis]
    fit = ErrorModel.fit(np.hstack([signs * formal**2, signs / formal]), np.hstack([formal, formal]))
    assert fit.b[0] == 0
    assert fit.a[1] == 0


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.1), (0.6, 0.05), (0.5, 0.0)])
def test_no_error_undercuts_the_noise_where_that_is_asked(a, b):
    residuals, formal, _ = stars(400, a=[a], b=[b], seed=5)
    fit = ErrorModel.fit(residuals, formal, least=1.0)
    assert fit.a[0] == 1
    grid = np.linspace(0, 0.3, 3001)
    likely = log_likelihood(residuals, formal, np.ones_like(grid), grid)
    assert abs(fit.b[0] - grid[likely.argmax()]) <= 2e-4
    assert (fit.sigma(10 * formal) >= 10 * formal).all()


def test_a_factor_that_is_large_enough_stays():
    residuals, formal, _ = stars(400, a=[3.0], b=[0.02])
    free, bound = ErrorModel.fit(residuals, formal), ErrorModel.fit(residuals, formal, least=1.0)
    assert (free.a, free.b) == (bound.a, bound.b)


def test_mean_squared_pull_is_one():
    """As every likelihood with a free scale has it, whatever the residuals."""
    residuals, formal, _ = stars(300, a=[1.0, 3.0], b=[0.05, 0.02])
    residuals[7] = 5.0
    fit = ErrorModel.fit(residuals, formal)
    np.testing.assert_allclose(np.mean((residuals / fit.sigma(formal)) ** 2, axis=0), 1, rtol=1e-9)


def test_units_do_not_matter():
    residuals, formal, _ = stars(500, a=[1.4], b=[0.04])
    fit, kelvin = ErrorModel.fit(residuals, formal), ErrorModel.fit(1000 * residuals, 1000 * formal)
    np.testing.assert_allclose(kelvin.a, fit.a, rtol=1e-6)
    np.testing.assert_allclose(kelvin.b, 1000 * fit.b, rtol=1e-6)


def test_missing_values_are_left_out():
    residuals, formal, _ = stars(300, a=[1.0, 1.0], b=[0.05, 0.05])
    expected = ErrorModel.fit(residuals[40:], formal[40:])
    residuals[:20], formal[20:40] = np.nan, np.nan
    fit = ErrorModel.fit(residuals, formal)
    np.testing.assert_array_equal(fit.a, expected.a)
    np.testing.assert_array_equal(fit.b, expected.b)
    assert fit.n.tolist() == [260, 260]


def test_pulls_are_one_in_every_bin_of_signal_to_noise():
    residuals, formal, snr = stars(20_000, a=[2.0, 1.0], b=[0.03, 0.1])
    edges = [0, 15, 25, 40, 70, 1000]
    fit = ErrorModel.fit(residuals, formal)
    found = pulls(residuals, fit.sigma(formal), snr, edges)
    assert found.n.sum() == 40_000
    assert np.all(np.abs(found.scatter - 1) < 0.07)
    assert np.all(np.abs(found.core - 1) < 0.07)
    assert np.all(np.abs(found.mean) < 5 / np.sqrt(found.n))
    unstretched = pulls(residuals, formal, snr, edges)
    assert np.all(unstretched.scatter[-1] > 2)


def test_errors_that_miss_a_trend_show_in_its_bins():
    residuals, formal, _ = stars(6000, a=[1.0], b=[0.05])
    teff = np.linspace(4000, 7000, 6000)
    residuals[teff > 6000] *= 3
    fit = ErrorModel.fit(residuals, formal)
    found = pulls(residuals, fit.sigma(formal), teff, [4000, 5000, 6000, 7000])
    assert np.all(found.scatter[:2] < 0.7)
    assert found.scatter[2, 0] > 1.3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r, f: (r[:, 0], f[:, 0]), "give .stars, labels. of both"),
        (lambda r, f: (r[:-1], f), "give .stars, labels. of both"),
        (lambda r, f: (r, f * np.array([1, 0])), "zero or negative"),
        (lambda r, f: (r, -f), "zero or negative"),
        (lambda r, f: (r[:9], f[:9]), "label 0 has 9 residuals"),
        (lambda r, f: (r * np.array([1, 0]), f), "label 1 has 50 residuals, or all are 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        ErrorModel.fit(*change(*stars(50, a=[1.0, 1.0], b=[0.1, 0.1])[:2]))


# spread in bins


def test_bins_are_numpys():
    random = np.random.default_rng(1)
    x = np.append(random.uniform(-1, 6, 500), [0, 1, 2.5, 5, -0.1, 5.1])
    edges = [0, 1, 2.5, 5]
    which = which_bin(x, edges)
    np.testing.assert_array_equal(np.bincount(which[which >= 0]), np.histogram(x, edges)[0])
    assert which_bin([0, 1, 2.5, 5, -0.1, 5.1, np.nan], edges).tolist() == [0, 1, 2, 2, -1, -1, -1]


def test_spread_of_gaussian_values():
    values = np.random.default_rng(2).normal([0.3, -2.0], [0.5, 7.0], (50_000, 2))
    spread = Spread.of(values)
    np.testing.assert_allclose(spread.mean, [[0.3, -2.0]], atol=0.15)
    np.testing.assert_allclose(spread.scatter, [[0.5, 7.0]], rtol=0.02)
    np.testing.assert_allclose(spread.core, [[0.5, 7.0]], rtol=0.02)


def test_outliers_move_the_scatter_and_not_the_core():
    values = np.random.default_rng(3).standard_normal((1000, 1))
    values[:5] = 1000
    spread = Spread.of(values)
    assert spread.scatter[0, 0] > 50
    assert spread.core[0, 0] == pytest.approx(1, abs=0.1)


def test_empty_bins_and_missing_values():
    values = np.array([[1.0, np.nan], [3.0, 5.0], [7.0, np.nan]])
    spread = Spread.of(values, [0, 0, 2], 4)
    assert spread.n.tolist() == [[2, 1], [0, 0], [1, 0], [0, 0]]
    np.testing.assert_array_equal(spread.mean, [[2, 5], [np.nan] * 2, [7, np.nan], [np.nan] * 2])
    np.testing.assert_allclose(spread.scatter[0], [np.sqrt(2), np.nan])
    assert np.isnan(spread.scatter[1:]).all()


@pytest.mark.parametrize("edges", [[1], [1, 1], [2, 1], [[0, 1]], [0, np.nan, 2]])
def test_edges_that_do_not_increase_are_refused(edges):
    with pytest.raises(ValueError, match="at least two, increasing"):
        which_bin([1.0], edges)


def test_bins_of_other_stars_are_refused():
    with pytest.raises(ValueError, match="stars, labels"):
        Spread.of(np.zeros((4, 2)), [0, 0, 0])

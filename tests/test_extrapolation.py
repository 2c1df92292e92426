"""Extrapolation limits: scipy's own density, a case solved by hand, and labels that saturate."""

import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.stats import gaussian_kde, norm

from model.extrapolation import Density, Limits, Resampled


def regressing(n, slope, scatter, seed=1):
    """True label N(0, 1); the model gives its slope's share plus scatter."""
    random = np.random.default_rng(seed)
    true = random.standard_normal(n)
    return true, slope * true + scatter * random.standard_normal(n)


def saturating(n, seed=1):
    """A model that follows the label above -1, and below it shows a third of every change."""
    random = np.random.default_rng(seed)
    true = random.uniform(-4, 4, n)
    return true, np.where(true > -1, true, -1 + (true + 1) / 3) + 0.1 * random.standard_normal(n)


def test_shares_are_those_of_scipys_density():
    true, inferred = regressing(150, 0.7, 0.3)
    density = Density.of(true, inferred)
    scipys = gaussian_kde([true, inferred], bw_method="silverman")
    np.testing.assert_allclose(density.bandwidth, scipys.covariance, rtol=1e-12)
    for x in (-2.5, -1.0, 0.0, 0.4, 1.9):
        below, above = (
            simpson(scipys([ts, np.full(ts.size, x)]), x=ts)
            for ts in (np.linspace(-12, x, 8001), np.linspace(x, 12, 8001))
        )
        assert density.below(x)[0] == pytest.approx(below / (below + above), abs=1e-7)


def test_shares_do_not_depend_on_unit_or_origin():
    true, inferred = regressing(200, 0.8, 0.3)
    x = np.linspace(-2, 2, 9)
    kelvin = Density.of(5000 + 700 * true, 5000 + 700 * inferred).below(5000 + 700 * x)
    np.testing.assert_allclose(kelvin, Density.of(true, inferred).below(x), rtol=1e-7, atol=1e-9)


def test_far_from_all_stars_shares_stay_shares():
    """The kernels' own regression decides there: true labels change faster, or slower, than inferred ones."""
    for slope, expected in ((0.8, [1, 0]), (1.2, [0, 1])):
        share = Density.of(*regressing(200, slope, 0.3)).below([-1e6, 1e6])
        np.testing.assert_allclose(share, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("slope", "scatter", "level"), [(0.5, 0.2, 0.9), (0.5, 0.2, 0.8), (0.5, 0.25, 0.9), (0.8, 0.1, 0.9)]
)
def test_limits_of_two_gaussians_are_where_algebra_has_them(slope, scatter, level):
    """P(true < x | inferred = x) = Phi(x (1 - beta) / tau), beta and tau those of true given inferred."""
    beta = slope / (slope**2 + scatter**2)
    tau = scatter / np.hypot(slope, scatter)
    expected = norm.ppf(level) * tau / (beta - 1)
    limits = Density.of(*regressing(20_000, slope, scatter)).limits(level)
    assert limits.low_reached
    assert limits.high_reached
    assert limits.low == pytest.approx(-expected, rel=0.08)
    assert limits.high == pytest.approx(expected, rel=0.08)


def test_limits_that_algebra_has_beyond_all_stars_are_not_reached():
    """With slope 0.7 and scatter 0.5 they lie 17 standard deviations out."""
    true, inferred = regressing(5000, 0.7, 0.5)
    limits = Density.of(true, inferred).limits()
    assert limits == Limits(inferred.min(), inferred.max(), low_reached=False, high_reached=False)


def test_one_side_that_saturates_is_found_by_counting():
    true, inferred = saturating(4_000_000, seed=2)
    edges = np.linspace(-1.6, -0.9, 71)
    middle = (edges[1:] + edges[:-1]) / 2
    total = np.histogram(inferred, edges)[0]
    below = np.histogram(inferred[true < inferred], edges)[0] / total
    counted = np.interp(0.9, below[::-1], middle[::-1])
    assert np.all(below[middle < counted - 0.05] > 0.9)
    assert np.all(below[middle > counted + 0.05] < 0.9)
    few = Density.of(*saturating(5000)).limits()
    assert few.low_reached
    assert few.low == pytest.approx(counted, abs=0.1)
    assert few.high > 3.8


def test_limits_are_the_innermost():
    """Between two failures on the same side, the one nearer to the middle counts."""
    density = Density.of(*regressing(3000, 0.5, 0.2))
    limits = density.limits()
    inside = np.linspace(limits.low, limits.high, 500)[1:-1]
    share = density.below(inside)
    assert np.all((share > 0.1) & (share < 0.9))
    for end in (limits.low, limits.high):
        assert np.abs(density.below(end)[0] - 0.5) == pytest.approx(0.4, abs=1e-9)


def test_a_model_that_is_off_everywhere_has_no_range():
    true, inferred = regressing(500, 0.9, 0.1)
    limits = Density.of(true, inferred + 3).limits()
    assert limits.low == limits.high == pytest.approx(np.median(inferred) + 3)
    assert limits.low_reached
    assert limits.high_reached


def test_flags_say_what_lies_beyond():
    limits = Limits(-1.0, 2.0, low_reached=True, high_reached=False)
    flags = limits.flags([[-1.1, -1.0, 0.0], [2.0, 2.1, np.nan]])
    assert flags.tolist() == [[1, 0, 0], [0, 1, -1]]
    assert flags.dtype == np.int8


def test_stars_without_a_label_are_left_out():
    true, inferred = regressing(300, 0.5, 0.2)
    expected = Density.of(true, inferred).limits()
    true, inferred = np.append(true, [np.nan, 4.0, 1.0]), np.append(inferred, [1.0, np.nan, np.inf])
    assert Density.of(true, inferred).limits() == expected


def test_bootstrap_errors_are_the_scatter_of_independent_sets():
    sets = [Density.of(*regressing(600, 0.5, 0.2, seed)).limits() for seed in range(60)]
    assert all(limits.low_reached and limits.high_reached for limits in sets)
    drawn = Resampled.of(*regressing(600, 0.5, 0.2), draws=60)
    assert drawn.reached == (1.0, 1.0)
    for error, name in zip(drawn.errors, ("low", "high"), strict=True):
        scatter = np.std([getattr(limits, name) for limits in sets])
        assert 0.6 < error / scatter < 1.6


def test_bootstrap_tells_limits_that_are_not_reached():
    drawn = Resampled.of(*regressing(300, 0.7, 0.5), draws=20)
    assert drawn.reached == (np.isfinite(drawn.low).mean(), np.isfinite(drawn.high).mean())
    assert max(drawn.reached) < 0.7
    never = Resampled(np.full(5, np.nan), np.array([1.0, 2.0, np.nan, 3.0, 2.0]))
    assert never.reached == (0.0, 0.8)
    assert np.isnan(never.errors[0])
    assert never.errors[1] == pytest.approx((2.52 - 1.48) / 2)


def test_bootstrap_follows_its_seed():
    stars = regressing(100, 0.5, 0.2)
    first, again, other = (Resampled.of(*stars, draws=5, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.low, again.low)
    assert not np.array_equal(first.low, other.low)


@pytest.mark.parametrize(
    ("true", "inferred", "words"),
    [
        (np.arange(9.0), np.arange(9.0) ** 2, "9 stars have a true and an inferred value"),
        (np.arange(20.0), np.arange(20.0), "on one line"),
        (np.zeros(20), np.arange(20.0), "on one line"),
        (np.arange(20.0), np.arange(19.0), "one value of each"),
        (np.zeros((20, 2)), np.zeros((20, 2)), "one value of each"),
    ],
)
def test_what_has_no_density_is_refused(true, inferred, words):
    with pytest.raises(ValueError, match=words):
        Density.of(true, inferred)

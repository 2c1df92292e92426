"""Profiles against sums star by star, and how often their intervals cover what was planted."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from model.profiles import LEAST, bins_of, bootstrapped, profile, sums_of

EDGES = np.array([7.0, 8.0, 9.5, 11.0, 15.0])
SLOPE = -0.05
SEEDS = 400


def stars(seed, n=400, slope=SLOPE):
    """Stars whose scatter grows outwards, most of them at small x."""
    random = np.random.default_rng(seed)
    x = 7 + 8 * random.random(n) ** 2
    y = 0.1 + slope * (x - 8) + (0.05 + 0.03 * (x - 7)) * random.standard_normal(n)
    return x, y, bins_of(x, EDGES)


def straight(x, y, bins, centre=(10.0, 0.0)):
    return profile(sums_of(x, y, bins, len(EDGES) - 1, centre), centre)


@given(st.lists(st.floats(5, 17) | st.sampled_from([*EDGES]) | st.just(math.nan), max_size=30))
def test_bins_are_those_of_a_histogram(values):
    values = np.array(values)
    bins = bins_of(values, EDGES)
    assert np.histogram(values[~np.isnan(values)], EDGES)[0].tolist() == [
        (bins == k).sum() for k in range(len(EDGES) - 1)
    ]
    for value, k in zip(values, bins, strict=True):
        assert k == -1 or EDGES[k] <= value <= EDGES[k + 1]


def test_a_profile_is_what_star_by_star_gives():
    x, y, bins = stars(1)
    found = straight(x, y, bins)
    for k in range(len(EDGES) - 1):
        own = bins == k
        assert found.stars[k] == own.sum()
        assert found.place[k] == pytest.approx(x[own].mean(), rel=1e-12)
        assert found.mean[k] == pytest.approx(y[own].mean(), rel=1e-9)
        error = stats.t.ppf(0.5 + 0.6827 / 2, own.sum() - 1) * stats.sem(y[own])
        assert found.high[k] - found.mean[k] == pytest.approx(error, rel=1e-9)
        assert found.mean[k] - found.low[k] == pytest.approx(error, rel=1e-9)
    line = stats.linregress(x, y)
    assert found.gradient.value == pytest.approx(line.slope, rel=1e-9)
    assert found.line(np.array([0.0, 10.0])) == pytest.approx(
        [line.intercept, line.intercept + 10 * line.slope]
    )
    off = [abs(y[bins == k].mean() - line.intercept - line.slope * x[bins == k].mean()) for k in range(4)]
    assert found.bend == pytest.approx(max(off), rel=1e-6)


def test_the_error_of_a_gradient_is_that_of_white():
    x, y, bins = stars(2)
    found = straight(x, y, bins)
    line = stats.linregress(x, y)
    residual = (y - line.intercept - line.slope * x) ** 2
    d = x - x.mean()
    error = math.sqrt((d**2 * residual).sum() * len(x) / (len(x) - 2)) / (d**2).sum()
    half = stats.t.ppf(0.975, len(x) - 2) * error
    assert found.gradient.high - found.gradient.value == pytest.approx(half, rel=1e-8)
    assert found.gradient.value - found.gradient.low == pytest.approx(half, rel=1e-8)


def test_sums_may_be_taken_about_any_centre():
    x, y, bins = stars(3)
    one, other = straight(x, y, bins, (0.0, 0.0)), straight(x, y, bins, (12.0, -3.0))
    assert one.gradient.value == pytest.approx(other.gradient.value, rel=1e-9)
    assert one.gradient.low == pytest.approx(other.gradient.low, rel=1e-7)
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-9)
    np.testing.assert_allclose(one.high, other.high, rtol=1e-7)


def test_a_bootstrap_is_that_of_stars_drawn_with_replacement():
    x, y, bins = stars(4, n=60)
    draws = 50
    found = bootstrapped(x, y, bins, 4, np.random.default_rng(9), draws)
    random = np.random.default_rng(9)
    slopes, means = [], []
    for _ in range(draws):
        chosen = (random.random(len(x)) * len(x)).astype(int)
        slopes.append(stats.linregress(x[chosen], y[chosen]).slope)
        drawn = [y[chosen][bins[chosen] == k] for k in range(4)]
        means.append([each.mean() if len(each) else math.nan for each in drawn])
    low, high = stats.mstats.mquantiles(slopes, [0.025, 0.975], alphap=0, betap=0)
    assert (found.gradient.low, found.gradient.high) == pytest.approx((low, high), rel=1e-9)
    ends = [0.5 - 0.6827 / 2, 0.5 + 0.6827 / 2]
    told = [np.array(each)[np.isfinite(each)] for each in zip(*means, strict=True)]
    low, high = np.array([stats.mstats.mquantiles(each, ends, alphap=0, betap=0) for each in told]).T
    np.testing.assert_allclose(found.low, low, rtol=1e-9)
    np.testing.assert_allclose(found.high, high, rtol=1e-9)
    assert found.draws == draws
    assert found.gradient.value == pytest.approx(straight(x, y, bins).gradient.value, rel=1e-9)


def covered(intervals, truth=SLOPE):
    """Whether the share of intervals that hold the truth may be 95 % by chance."""
    hits = sum(low <= truth <= high for low, high in intervals)
    return stats.binomtest(hits, len(intervals), 0.95).pvalue > 0.01


def test_analytic_intervals_cover_the_planted_gradient():
    found = [straight(*stars(seed)).gradient for seed in range(4 * SEEDS)]
    assert covered([(each.low, each.high) for each in found])


def test_bootstrapped_intervals_cover_the_planted_gradient():
    found = [
        bootstrapped(*stars(1000 + seed), 4, np.random.default_rng(seed), 200).gradient
        for seed in range(SEEDS // 2)
    ]
    assert covered([(each.low, each.high) for each in found])


def test_errors_that_ignore_the_growing_scatter_would_not_cover():
    intervals = []
    for seed in range(SEEDS):
        x, y, _ = stars(seed)
        line = stats.linregress(x, y)
        half = stats.t.ppf(0.975, len(x) - 2) * line.stderr
        intervals.append((line.slope - half, line.slope + half))
    assert not covered(intervals)


@pytest.mark.parametrize("n", [0, 1, LEAST - 1])
def test_few_stars_have_no_gradient(n):
    x, y, bins = stars(5, n=n)
    for found in (straight(x, y, bins), bootstrapped(x, y, bins, 4, np.random.default_rng(1), 5)):
        assert math.isnan(found.gradient.value)
        assert math.isnan(found.gradient.low)
        assert math.isnan(found.bend)
        assert found.stars.sum() == n
        assert np.isnan(found.low[found.stars < 2]).all()


def test_stars_of_one_bin_have_no_gradient():
    x, y, _ = stars(6)
    assert math.isnan(straight(x, y, np.zeros(len(x), np.int64)).gradient.value)
    assert math.isnan(straight(np.full(50, 8.0), y[:50], np.arange(50) % 2).gradient.value)
    close = straight(8 + 1e-3 * x, y, np.arange(len(x)) % 2, (500.0, 0.0))
    assert math.isnan(close.gradient.value)  # rounding would make its error
    assert math.isnan(close.gradient.low)


def test_a_bootstrap_tells_how_far_it_is_and_can_be_stopped():
    told = []

    def progress(done, total):
        told.append((done, total))
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bootstrapped(*stars(7), 4, np.random.default_rng(1), 10, progress)
    assert told == [(1, 10), (2, 10), (3, 10)]

"""Differences of labels: intervals of medians against exact ones, planted biases and slopes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from model.label_difference import GROUP, TOGETHER, Course, LabelDifference, mean_of_both, median_interval


def compared(one, other, against, seed=1, errors=None):
    nothing = np.full(len(one), np.nan)
    return LabelDifference.of(
        one, other, errors or (nothing, nothing), against, np.random.default_rng(seed), 200
    )


@pytest.mark.parametrize("many", [10, 11, 37, 400])
def test_interval_of_a_median_is_that_of_the_sign_test(many):
    """It holds just those values that a two-sided sign test at 5 % does not refuse."""
    values = np.random.default_rng(many).standard_normal(many)
    middle, low, high = median_interval(values)
    assert middle == np.median(values)
    between = np.sort(values)
    for value in (between[:-1] + between[1:]) / 2:
        kept = stats.binomtest(int((values > value).sum()), many, 0.5).pvalue > 0.05
        assert kept == (low < value < high)


def test_intervals_of_medians_hold_the_truth():
    random = np.random.default_rng(2)
    held = 0
    for _ in range(2000):
        _, low, high = median_interval(random.exponential(1, 25))
        held += low <= np.log(2) <= high
    assert held / 2000 == pytest.approx(1 - 2 * stats.binom.cdf(7, 25, 0.5), abs=0.02)


def test_few_values_have_no_interval():
    assert np.isnan(median_interval(np.arange(9.0))[1:]).all()
    assert np.isnan(median_interval(np.empty(0))).all()


@pytest.mark.parametrize("stars", [TOGETHER - 100, 5000])
def test_planted_bias_and_slopes_come_back(stars):
    random = np.random.default_rng(3)
    teff, snr = random.normal(5000, 400, stars), random.uniform(20, 200, stars)
    true = random.normal(0, 0.1, stars)
    one = true + 0.05 + 4e-5 * (teff - 5000) + 0.04 * random.standard_normal(stars)
    other = true + 0.03 * random.standard_normal(stars)
    one[3], other[4] = np.nan, np.nan
    found = compared(one, other, {"teff": teff, "snrz": snr})
    assert found.stars == stars - 2
    assert found.low < 0.05 < found.high
    assert found.slopes["teff"].low < 4e-5 < found.slopes["teff"].high
    assert found.slopes["teff"].excludes_zero
    assert found.slopes["snrz"].low < 0 < found.slopes["snrz"].high
    assert found.scatter == pytest.approx(np.hypot(np.hypot(0.04, 0.03), 4e-5 * 400), rel=0.1)
    assert np.isnan(found.expected)


def test_stars_far_off_count_little():
    random = np.random.default_rng(5)
    one = random.standard_normal(500) * 0.05
    one[:40] += 20
    found = compared(one, np.zeros(500), {})
    assert abs(found.bias) < 0.02
    assert found.scatter < 0.1


def test_stated_errors_make_the_scatter_that_is_expected():
    one, error = np.zeros(30), np.full(30, 0.03)
    found = compared(one, one, {}, errors=(error, np.full(30, 0.04)))
    assert found.expected == pytest.approx(0.05)


def test_errors_make_no_slope_against_the_mean_of_both():
    """Against one catalogue's own values they would."""
    random = np.random.default_rng(6)
    true = random.normal(0, 0.2, 2000)
    one, other = (true + 0.1 * random.standard_normal(2000) for _ in range(2))
    fair = compared(one, other, {"fe_h": mean_of_both(one, other)}).slopes["fe_h"]
    assert fair.low < 0 < fair.high
    assert compared(one, other, {"fe_h": one}).slopes["fe_h"].low > 0.1

    other_known = np.where(np.arange(2000) % 2, other, np.nan)
    some = compared(one, other, {"fe_h": mean_of_both(one, other_known)}).slopes["fe_h"]
    assert some.stars == 1000
    assert some.low < 0 < some.high
    mixed = np.where(np.isfinite(other_known), (one + other) / 2, one)
    assert compared(one, other, {"fe_h": mixed}).slopes["fe_h"].low > 0.05


values = st.lists(st.tuples(*[st.floats(-1e6, 1e6) | st.sampled_from([np.nan, np.inf, -np.inf])] * 2))


@given(values)
def test_mean_of_both_is_missing_where_either_is(pairs):
    one, other = np.array(pairs, np.float64).reshape(-1, 2).T
    expected = [(a + b) / 2 if math.isfinite(a) and math.isfinite(b) else np.nan for a, b in pairs]
    np.testing.assert_array_equal(mean_of_both(one, other), expected)


def test_without_stars_nothing_is_told():
    found = compared(np.full(4, np.nan), np.zeros(4), {"teff": np.arange(4.0)})
    assert found.stars == 0
    assert np.isnan([found.bias, found.low, found.scatter, found.slopes["teff"].value]).all()


def test_course_is_of_groups_of_neighbours():
    random = np.random.default_rng(3)
    x, y = random.standard_normal((2, 4 * GROUP + 7))
    x[0] = y[1] = np.nan
    course = Course.of(x, y)
    known = np.isfinite(x) & np.isfinite(y)
    pairs = sorted(zip(x[known], y[known], strict=True))
    groups = np.array_split(np.array(pairs), 4)
    assert course.x.tolist() == [np.median(group[:, 0]) for group in groups]
    assert course.middle.tolist() == [np.median(group[:, 1]) for group in groups]
    ends = 100 * stats.norm.cdf([-1, 1])
    for low, high, group in zip(course.low, course.high, groups, strict=True):
        assert (low, high) == pytest.approx(np.percentile(group[:, 1], ends))
    assert len(Course.of(x[: GROUP - 1], y[: GROUP - 1]).x) == 0

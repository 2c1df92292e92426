"""Slopes that outliers do not move: against scipy, against plain draws, and how often intervals hold."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from model.theil_sen import FEWEST, MOST_GROUPED, PairSlopes, Slope, slope_of

numbers = st.integers(-8, 8).map(float)
points = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=25)


def generator(seed=1):
    return np.random.default_rng(seed)


@given(points)
@example([(0.0, 0.0), (0.0, 0.0), (1.0, 0.0)])
def test_slope_is_that_of_scipy(drawn):
    x, y = np.array(drawn).T
    found = slope_of(x, y, generator(), 1)
    if np.ptp(x) == 0:
        assert np.isnan(found.value)
    else:
        with np.errstate(invalid="ignore"):  # of scipy's interval, where stars have the same x
            theirs = stats.theilslopes(y, x).slope
        assert found.value == pytest.approx(theirs)
        assert found.at_zero == pytest.approx(np.median(y - found.value * x))


@given(points, st.data())
def test_stars_drawn_several_times_count_so_often(drawn, data):
    x, y = np.array(drawn).T
    times = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(x), max_size=len(x))))
    again = np.repeat(np.arange(len(x)), times)
    slopes = [
        (y[b] - y[a]) / (x[b] - x[a])
        for place, a in enumerate(again) for b in again[place + 1 :] if x[b] != x[a]
    ]  # fmt: skip
    expected = np.median(slopes) if slopes else np.nan
    assert PairSlopes(x, y).median(times) == pytest.approx(expected, nan_ok=True)


def test_interval_is_that_of_plain_draws():
    random = generator(5)
    x, y = random.standard_normal((2, 40))
    found = slope_of(x, y, generator(3), 150)
    again = generator(3)
    slopes = []
    for _ in range(150):
        rows = again.integers(0, 40, 40)
        slopes.append(stats.theilslopes(y[rows], x[rows]).slope)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(slopes, [0.025, 0.975])))


@pytest.mark.parametrize("stars", [60, 700])
def test_intervals_hold_the_truth_as_often_as_they_say(stars):
    """Within 3.3 sigma of a binomial, with noise whose tails are long."""
    random = generator(7)
    times = 300
    held = 0
    for _ in range(times):
        x = random.normal(5500, 500, stars)
        y = 6e-5 * x + 0.05 * random.standard_t(3, stars)
        found = slope_of(x, y, random, 200, together=600)
        held += found.low <= 6e-5 <= found.high
    assert held / times >= 0.95 - 3.3 * np.sqrt(0.95 * 0.05 / times)
    assert held < times


def test_very_many_stars_are_told_by_a_part():
    random = generator(8)
    x = random.standard_normal(MOST_GROUPED + 5000)
    y = 0.5 * x + random.standard_normal(len(x))
    told = []
    found = slope_of(x, y, generator(), 1, lambda done, total: told.append((done, total)))
    assert told[-1] == (100, 100)
    assert found.low < 0.5 < found.high
    assert found.high - found.low < 6 / np.sqrt(MOST_GROUPED)
    assert found.stars == len(x)


def test_stars_far_off_do_not_move_it():
    random = generator(2)
    x = random.uniform(4500, 6500, 200)
    y = 5e-5 * x + 0.03 * random.standard_normal(200)
    before = slope_of(x, y, generator(), 100)
    y[:20] += 5 * (x[:20] > 5500)
    after = slope_of(x, y, generator(), 100)
    assert abs(after.value - 5e-5) < 2 * (before.high - before.low)
    assert abs(np.polyfit(x, y, 1)[0] - 5e-5) > 3 * abs(after.value - 5e-5)


def test_stars_without_a_value_are_left_out():
    x, y = generator().standard_normal((2, 30))
    lacking = np.concatenate([x, [np.nan, 1.0]]), np.concatenate([y, [0.0, np.nan]])
    assert slope_of(*lacking, generator(), 100) == slope_of(x, y, generator(), 100)


def test_few_stars_have_no_interval():
    x, y = generator().standard_normal((2, FEWEST - 1))
    found = slope_of(x, y, generator(), 100)
    assert np.isfinite(found.value)
    assert np.isnan([found.low, found.high]).all()
    assert not found.excludes_zero
    for none in (slope_of([], [], generator(), 10), slope_of([1.0], [2.0], generator(), 10)):
        assert np.isnan([none.value, none.low, none.at_zero]).all()


def test_zero_is_excluded_on_either_side():
    assert Slope(1, 0.5, 2, 0, 20).excludes_zero
    assert Slope(-1, -2, -0.5, 0, 20).excludes_zero
    assert not Slope(0.1, -0.5, 0.5, 0, 20).excludes_zero


def test_progress_is_told_and_may_stop_it():
    x, y = generator().standard_normal((2, 30))
    told = []
    slope_of(x, y, generator(), 5, lambda done, total: told.append((done, total)))
    assert told == [(done, 5) for done in range(1, 6)]

    def stop(*_done):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        slope_of(x, y, generator(), 5, stop)

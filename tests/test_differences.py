"""Differences place by place: against scipy's own tests, brute force, and mocks without any difference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import false_discovery_control, kstest, ttest_ind
from scipy.stats import t as student_t

from model.differences import Samples, differences, discovery_rates


def samples(parts):
    """Of some lists of values, one for each place."""
    with np.errstate(invalid="ignore"):
        return Samples(
            np.array([float(len(part)) for part in parts]),
            np.array([np.mean(part) if len(part) else np.nan for part in parts]),
            np.array([np.std(part, ddof=1) if len(part) > 1 else np.nan for part in parts]),
        )


def drawn(random, places, *, shift=0.0, sizes=(2, 60)):
    return [random.normal(shift, random.uniform(0.2, 2), random.integers(*sizes)) for _ in range(places)]


def plain_passing(p, rate):
    """Benjamini & Hochberg's own words: the largest k with p_(k) <= k q / m, and the k lowest pass."""
    tested = sorted(value for value in p if np.isfinite(value))
    lowest = max((value for k, value in enumerate(tested, 1) if value <= k * rate / len(tested)), default=-1)
    return [bool(value <= lowest) for value in p]


def test_each_place_is_welchs_test_and_students_where_that_is_more_careful():
    random = np.random.default_rng(1)
    first, second = drawn(random, 200, shift=0.3), drawn(random, 200)
    found = differences(samples(first), samples(second))
    for place, (one, other) in enumerate(zip(first, second, strict=True)):
        known = ttest_ind(one, other, equal_var=False)
        assert found.t[place] == pytest.approx(known.statistic)
        assert found.freedom[place] == pytest.approx(known.df)
        students = ttest_ind(one, other, equal_var=True).pvalue
        assert found.p[place] == pytest.approx(max(known.pvalue, students))
        assert found.difference[place] == pytest.approx(np.mean(one) - np.mean(other))
        squares = np.var(one, ddof=1) / len(one) + np.var(other, ddof=1) / len(other)
        assert found.error[place] == pytest.approx(np.sqrt(squares))
    assert found.q == pytest.approx(false_discovery_control(found.p))
    assert found.tested == 200


def test_places_with_few_stars_or_no_scatter_are_left_out():
    parts = [[1.0, 2, 3], [1.0, 2], [1.0], [], [1.0, 1, 1], [5.0, 6, 8]]
    others = [[1.0, 2, 4], [1.0, 2, 9], [1.0, 3, 4], [1.0, 2, 3], [2.0, 2, 2], [7.0, 7, 7]]
    found = differences(samples(parts), samples(others), least=3)
    assert np.isfinite(found.p).tolist() == [True, False, False, False, False, True]
    for values in (found.difference, found.error, found.t, found.freedom, found.q):
        assert (np.isfinite(values) == np.isfinite(found.p)).all()
    assert not found.passing(1.0)[1:5].any()
    assert found.tested == 2
    with pytest.raises(ValueError, match="2 values or more"):
        differences(samples(parts), samples(others), least=1)


def test_no_place_at_all():
    nothing = samples([[], []])
    found = differences(nothing, nothing)
    assert (found.tested, found.uncontrolled(0.05)) == (0, 0)
    assert not found.passing(1.0).any()


@settings(max_examples=150, deadline=None)
@given(
    p=arrays.arrays(float, st.integers(1, 40), elements=st.just(np.nan) | st.floats(0, 1)),
    rate=st.sampled_from([0.01, 0.05, 0.1, 0.5]),
)
def test_rates_pass_what_the_procedure_passes(p, rate):
    q = discovery_rates(p)
    assert (np.isnan(q) == np.isnan(p)).all()
    near = np.isclose(q, rate, rtol=1e-9)
    assert (((q <= rate) == plain_passing(p, rate)) | near).all()


def test_p_is_uniform_where_means_are_equal():
    values = np.random.default_rng(2).normal(0, 1, (2, 4000, 40)) * np.array([0.4, 2.0])[:, None, None]
    found = differences(*map(filled, values), least=10)
    p = found.p[np.isfinite(found.p)]
    assert p.size == 4000
    assert kstest(p, "uniform").pvalue > 0.01
    assert found.uncontrolled(0.05) == pytest.approx(0.05 * found.tested, abs=4 * np.sqrt(found.tested / 20))


DRAWS = {
    "normal": lambda random, shape: random.normal(0, 1, shape),
    "lognormal": lambda random, shape: random.lognormal(0, 1, shape) - np.exp(0.5),
    "exponential": lambda random, shape: random.exponential(1, shape) - 1,
}


def filled(values):
    """Samples of as many values, (places, n), in every place."""
    n = np.full(len(values), float(values.shape[1]))
    return Samples(n, values.mean(axis=1), values.std(axis=1, ddof=1))


def false_skies(kind, numbers, wider=1.0, skies=40, rate=0.05):
    """Shares of skies of 200 pixels without any difference in which a pixel passes: ours, Welch's alone."""
    random, ours, welch = np.random.default_rng(7), 0, 0
    for _ in range(skies):
        first, second = (filled(DRAWS[kind](random, (200, n))) for n in numbers)
        first = Samples(first.n, wider * first.mean, wider * first.scatter)
        found = differences(first, second, least=10)
        ours += found.passing(rate).any()
        alone = 2 * student_t.sf(np.abs(found.t), found.freedom)
        welch += (false_discovery_control(alone) <= rate).any()
    return ours / skies, welch / skies


@pytest.mark.parametrize("numbers", [(10, 300), (30, 300), (300, 30), (30, 3000)])
@pytest.mark.parametrize("kind", DRAWS)
def test_no_more_skies_than_the_rate_have_a_false_pixel_where_numbers_are_unequal(kind, numbers):
    ours, welch = false_skies(kind, numbers)
    assert ours <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 40)
    if kind != "normal":
        assert welch > 0.2  # what it would be without the care


def test_few_that_are_skewed_and_scatter_far_more_still_break_the_rate_as_the_page_says():
    ours, _ = false_skies("lognormal", (30, 300), wider=3.0)
    assert ours > 0.5


def test_what_differs_is_found_of_skewed_values_too():
    random = np.random.default_rng(8)
    first, second = (filled(DRAWS["lognormal"](random, (400, n))) for n in (30, 300))
    differs = np.arange(400) < 80
    shifted = Samples(first.n, first.mean + 2 * differs, first.scatter)
    passing = differences(shifted, second).passing(0.05)
    assert passing[differs].mean() > 0.8
    assert (passing & ~differs).sum() <= 0.05 * passing.sum()


def test_the_rate_of_false_discoveries_is_held():
    """A fifth of 400 places differs; over 200 skies the mean share of false ones is at most q."""
    random, rate, shares, found_true = np.random.default_rng(3), 0.1, [], 0
    differs = np.arange(400) < 80
    for _ in range(200):
        n = np.full(400, 30.0)
        values = random.normal(0, 1, (2, 400, 30))
        values[0, differs] += 1.0
        first, second = (Samples(n, each.mean(axis=1), each.std(axis=1, ddof=1)) for each in values)
        passing = differences(first, second).passing(rate)
        shares.append((passing & ~differs).sum() / max(passing.sum(), 1))
        found_true += (passing & differs).sum()
    error = np.std(shares) / np.sqrt(len(shares))
    assert np.mean(shares) < rate * 0.8 + 4 * error  # held at q times the share of places without any
    assert np.mean(shares) > rate * 0.8 - 4 * error
    assert found_true > 0.8 * 80 * 200

"""Where a number stands among others, against scipy and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import percentileofscore

from explorer import standing
from explorer.standing import Standing

numbers = st.floats(0, 100).map(round)


@given(st.lists(numbers, min_size=1, max_size=60), numbers)
def test_percentile_is_scipys(values, value):
    found = Standing.of(value, np.array(values, float))
    assert found.percentile == pytest.approx(percentileofscore(values, value, "mean"))
    assert found.lower + found.higher + values.count(value) == found.count == len(values)


def test_missing_values_and_others_than_the_chosen_do_not_count(monkeypatch):
    monkeypatch.setattr(standing, "_AT_ONCE", 7)
    rng = np.random.default_rng(1)
    values = np.where(rng.random(100) < 0.2, np.nan, rng.normal(size=100))
    values[:3] = np.inf, -np.inf, np.nan
    chosen = rng.random(100) < 0.5
    kept = values[chosen & np.isfinite(values)]
    found = Standing.of(0.1, values, chosen)
    assert (found.lower, found.higher, found.count) == ((kept < 0.1).sum(), (kept > 0.1).sum(), kept.size)


def test_a_star_equals_itself_in_single_precision():
    values = np.linspace(0.1, 30.1, 31).astype(np.float32)
    found = Standing.of(0.1 + 7, values)
    assert (found.lower, found.higher) == (7, 23)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (970.5, "higher than 97 % of the giants"),
        (500.5, "higher than 50 % of the giants"),
        (30.5, "lower than 97 % of the giants"),
        (994.5, "higher than 99.4 % of the giants"),
        (996.0, "higher than 99.5 % of the giants"),
        (2000.0, "the highest of 1,000 giants"),
        (1000.0, "the highest of 1,000 giants"),
        (0.0, "the lowest of 1,000 giants"),
        (np.nan, "there is no value to compare"),
    ],
)
def test_it_is_said_in_words(value, words):
    assert Standing.of(value, np.arange(1.0, 1001)).words("giants") == words


def test_shares_never_round_up_to_all():
    assert Standing.of(1, np.r_[np.zeros(99_996), 1, 2, 2, 2]).words() == "higher than 99.99 % of the stars"


def test_the_second_of_many_is_not_the_first():
    others = np.arange(100.0)
    assert Standing.of(98.5, others).words() == "higher than 99.0 % of the stars"
    assert Standing.of(0.5, others).words() == "lower than 99.0 % of the stars"
    assert Standing.of(1.0, np.ones(100)).words() == "as that of all 100 stars"


def test_few_stars_are_no_population():
    assert (
        Standing.of(1.0, np.arange(19.0)).words("giants")
        == "only 19 of the giants have one: too few to compare"
    )
    assert Standing.of(1.0, np.zeros(0)).words() == "only 0 of the stars have one: too few to compare"
    assert np.isnan(Standing.of(1.0, np.full(30, np.nan)).percentile)
    assert np.isnan(Standing.of(np.nan, np.arange(30.0)).percentile)


@pytest.mark.parametrize(("values", "chosen"), [(np.zeros((3, 2)), None), (np.zeros(3), np.ones(2, bool))])
def test_shapes_must_fit(values, chosen):
    with pytest.raises(ValueError, match="one row of each"):
        Standing.of(1.0, values, chosen)

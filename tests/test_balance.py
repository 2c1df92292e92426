"""Balance of matched samples: closed forms, scipy's distance, weights."""

import numpy as np
import pytest
from scipy import stats

from model.balance import balance

NAN = np.nan


def test_means_and_the_standardised_difference_are_those_by_hand():
    found = balance("teff", [1.0, 3.0], [2.0, 6.0])
    assert (found.binaries, found.field) == (2.0, 4.0)
    assert found.difference == pytest.approx(2 / np.sqrt((1 + 4) / 2))
    assert found.distance == 0.5
    assert not found.balanced


def test_the_distance_is_that_of_scipy():
    random = np.random.default_rng(3)
    own, others = random.normal(size=80), np.round(random.normal(0.2, 1.2, 300), 1)
    own[:30] = others[:30]  # ties
    assert balance("a", own, others).distance == pytest.approx(stats.ks_2samp(own, others).statistic)


def test_a_weight_is_a_number_of_copies():
    random = np.random.default_rng(4)
    own, others, times = random.normal(size=20), random.normal(size=(10, 3)), random.integers(0, 4, (10, 3))
    weighted = balance("a", own, others, times)
    copied = balance("a", own, np.repeat(others.ravel(), times.ravel()))
    for name in ("binaries", "field", "difference", "distance"):
        assert getattr(weighted, name) == pytest.approx(getattr(copied, name))


def test_a_sample_is_balanced_with_itself_and_missing_values_do_not_count():
    values = np.random.default_rng(5).normal(size=50)
    assert balance("a", values, values).balanced
    assert balance("a", [*values, NAN], [*values, NAN]) == balance("a", values, values)
    assert balance("a", [1.0, 1.0], [1.0]).balanced
    assert not balance("a", [1.0, 1.0], [2.0]).balanced


def test_without_values_nothing_is_said():
    found = balance("a", [NAN], [1.0])
    assert np.isnan([found.binaries, found.difference, found.distance]).all()
    assert found.field == 1.0
    assert not found.balanced

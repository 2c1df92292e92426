"""Projected separations against astropy's own, and the trend with its interval."""

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from scipy import stats

from model.separation import Trend, projected_separation


def test_separations_are_those_of_astropy():
    rng = np.random.default_rng(1)
    ra, dec, distance = rng.uniform(0, 360, 200), rng.uniform(-89, 89, 200), rng.uniform(0.05, 2, 200)
    other = ra + rng.normal(0, 0.01, 200), dec + rng.normal(0, 0.01, 200)
    one, two = SkyCoord(ra, dec, unit="deg"), SkyCoord(*other, unit="deg")
    angle = one.separation(two).to(units.rad)
    expected = (angle.value * distance * units.kpc).to(units.AU).value
    np.testing.assert_allclose(projected_separation(ra, dec, *other, distance), expected, rtol=1e-9)
    assert np.isnan(projected_separation([1.0], [np.nan], [1.0], [2.0], [1.0])).all()


def test_ten_arcsec_at_100_parsec_are_a_thousand_au():
    found = projected_separation([10.0], [0.0], [10.0 + 10 / 3600], [0.0], [0.1])
    assert found == pytest.approx([1000.0], rel=1e-6)


def test_a_trend_is_spearmans_and_leaves_out_what_is_missing():
    rng = np.random.default_rng(2)
    x = rng.normal(size=60)
    y = x + rng.normal(size=60)
    y[:5] = np.nan
    found = Trend.of(np.exp(x), y)
    assert found.pairs == 55
    assert found.rho == pytest.approx(stats.spearmanr(x[5:], y[5:]).statistic)
    assert found.low < found.rho < found.high


def test_too_few_or_equal_values_have_no_trend():
    for x, y in ((np.arange(9.0), np.arange(9.0)), (np.ones(20), np.arange(20.0))):
        found = Trend.of(x, y)
        assert np.isnan([found.rho, found.low, found.high]).all()
    assert Trend.of(np.arange(20.0), np.arange(20.0)).rho == 1


def test_its_interval_covers_no_correlation_as_often_as_it_says():
    rng = np.random.default_rng(3)
    trends = [Trend.of(*rng.normal(size=(2, 40))) for _ in range(1000)]
    covered = sum(each.low <= 0 <= each.high for each in trends)
    low, high = stats.binom.interval(0.999, 1000, 0.95)
    assert low <= covered <= high

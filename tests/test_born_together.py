"""Groups of stars born together, and how far their contrasts reach in T_eff."""

import numpy as np
import pytest

from model.born_together import (
    LEAST_BRIDGES,
    LEAST_STARS,
    STEP,
    BornTogether,
    TooFewError,
    reach_of,
    supported,
)


def test_stars_that_lack_a_number_or_are_alone_are_left_out() -> None:
    group = np.array([7, 7, -1, -1, 3, 3, 9, 9, 9])
    teff = np.array([5000, 5100, 5000, 5200, 5000, np.nan, 5300, 5400, 5500.0])
    label = np.array([0.1, 0.2, 0.0, 0.0, 0.3, 0.3, np.nan, 0.5, 0.7])
    stars = BornTogether.of(group, teff, label)
    np.testing.assert_array_equal(stars.star, [0, 1, 7, 8])
    np.testing.assert_array_equal(stars.group, [0, 0, 1, 1])
    assert stars.groups == 2
    assert stars.part(np.array([True, True, True, False])).groups == 1


def test_contrasts_are_as_wide_as_errors() -> None:
    random = np.random.default_rng(1)
    group = np.repeat(np.arange(20_000), random.integers(2, 5, 20_000))
    own = random.normal(0, 3, 20_000)[group]
    label = own + random.normal(0, 0.1, len(group))
    stars = BornTogether.of(group, np.full(len(group), 5000.0), label)
    contrasts = stars.contrasts(stars.label)
    for one in (0, 7, 19_999):
        mine = label[group == one]
        expected = (mine - mine.mean()) * np.sqrt(len(mine) / (len(mine) - 1))
        np.testing.assert_allclose(contrasts[group == one], expected, atol=1e-12)
    assert contrasts.std() == pytest.approx(0.1, rel=0.01)


def _pairs(low: float, high: float, number: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, (number, 2))


def _stars(*pairs: np.ndarray) -> BornTogether:
    teff = np.concatenate(pairs)
    group = np.repeat(np.arange(len(teff)), 2)
    return BornTogether.of(group, teff.ravel(), np.zeros(teff.size))


def test_no_contrast_reaches_over_a_gap() -> None:
    cool, warm = _pairs(4500, 5300, 200, 1), _pairs(5500, 6500, 200, 2)
    apart = reach_of(_stars(cool, warm), 5772.0)
    assert apart.anchor == 5772.0
    assert (apart.low, apart.high) == (warm.min(), warm.max())
    assert reach_of(_stars(cool, warm), 4900.0).high == cool.max()
    full = _pairs(5290, 5510, 200, 3)
    assert reach_of(_stars(cool, warm, full), 5772.0).low == min(cool.min(), full.min())


def test_stars_on_both_sides_are_not_enough_without_groups_that_join_them() -> None:
    cool, warm = _pairs(5000, 5600, 200, 1), _pairs(5600.001, 6200, 200, 2)
    assert reach_of(_stars(cool, warm), 5772.0).low >= 5600
    few = np.tile([5450.0, 5750.0], (LEAST_BRIDGES - 1, 1))
    assert reach_of(_stars(cool, warm, few), 5772.0).low >= 5600
    enough = np.tile([5450.0, 5750.0], (LEAST_BRIDGES, 1))
    assert reach_of(_stars(cool, warm, enough), 5772.0).low < 5100


def test_an_anchor_that_is_not_reached_gives_way_to_the_median() -> None:
    cool = _pairs(4000, 5000, 300, 1)
    stars = _stars(cool)
    assert reach_of(stars, 5772.0) == reach_of(stars, None)
    assert reach_of(stars, None).anchor == np.median(stars.teff)
    sparse = _stars(np.array([[4000.0 + 2 * STEP * k, 4000.0 + 2 * STEP * k] for k in range(LEAST_STARS)]))
    with pytest.raises(TooFewError, match="at no Teff"):
        reach_of(sparse, None)
    with pytest.raises(TooFewError, match="no two stars"):
        reach_of(_stars(np.empty((0, 2))), None)


def test_stars_without_a_companion_in_reach_do_not_widen_it() -> None:
    """Of pairs from 5900 to 6100 K all second stars lie beyond a gap: what is told ends at 5900 K."""
    near = _pairs(5000, 5900, 300, 1)
    lone = np.stack([np.linspace(5800, 6100, 100), np.linspace(6600, 6900, 100)], axis=1)
    wide = np.tile([5880.0, 5920.0], (LEAST_BRIDGES, 1))
    stars = _stars(near, lone, wide)
    assert reach_of(stars, 5772.0).high > 6050
    within, reach = supported(stars, 5772.0)
    assert reach.high == within.teff.max() < 5930
    assert reach_of(within, 5772.0) == reach
    assert np.bincount(within.group).min() >= 2

"""Slope of one quantity against another that a few stars far off do not move, and what it may be by chance.

The slope is the median of those of all pairs of stars (Theil 1950, Indag. Math. 12, 85; Sen 1968, JASA 63,
1379). Its interval is that of the percentiles of draws of stars with replacement (Efron & Tibshirani 1993, An
Introduction to the Bootstrap, ch. 13), each draw with the slopes of its own pairs. Of many stars the slope is
the mean of those of random groups, and the interval that of Student's t for such a mean, as no two groups
share a star; of very many a random part is taken.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Progress = Callable[[int, int], None]
"""Told how many draws are done, of how many; it may raise to stop them."""

FEWEST = 10
"""Stars below which no interval is told."""
LEVEL = 0.95
MOST_TOGETHER = 2000
"""Stars whose pairs are all looked at."""
GROUP, FEWEST_GROUPS = 500, 20
"""Most stars of a group, where there are more, and fewest groups."""
MOST_GROUPED = 50_000
"""Stars that groups are made of."""


@dataclass(frozen=True)
class Slope:
    """A slope, in units of y over those of x; NaN where it can't be told.

    Attributes
    ----------
    value : the slope.
    low, high : ends of its 95 % interval.
    at_zero : y where x is 0, by the median of what the slope leaves.
    stars : that have both quantities.
    """

    value: float
    low: float
    high: float
    at_zero: float
    stars: int

    @property
    def excludes_zero(self) -> bool:
        """Whether 0 lies outside the interval."""
        return self.low > 0 or self.high < 0


class PairSlopes:
    """Slopes of all pairs of N stars with different x, in order."""

    def __init__(self, x: Floats, y: Floats) -> None:
        first, second, slopes = _slopes(x, y)
        order = np.argsort(slopes, kind="stable")
        self._slopes = slopes[order]
        self._first, self._second = first[order], second[order]

    def median(self, times: Integers | None = None) -> float:
        """Median over all pairs, where each star is there so many times, (N,); NaN where no pair is."""
        if times is None:
            return float(np.median(self._slopes)) if len(self._slopes) else np.nan
        counted = np.cumsum(times[self._first] * times[self._second])
        total = int(counted[-1]) if len(counted) else 0
        if not total:
            return np.nan
        middle = np.searchsorted(counted, [(total - 1) // 2, total // 2], side="right")
        return float(self._slopes[middle].mean())


def slope_of(
    x: ArrayLike,
    y: ArrayLike,
    random: np.random.Generator,
    draws: int,
    progress: Progress | None = None,
    together: int = MOST_TOGETHER,
) -> Slope:
    """Find the slope of y against x; stars that lack one (NaN) are left out.

    Parameters
    ----------
    x, y : (N,) of the stars.
    random : source of random numbers.
    draws : of stars, for the interval, where there are no groups.
    progress : told after each draw or group.
    together : stars above which groups are made, from 2 FEWEST_GROUPS on.
    """
    known = np.isfinite(np.asarray(x, np.float64)) & np.isfinite(np.asarray(y, np.float64))
    across, up = np.asarray(x, np.float64)[known], np.asarray(y, np.float64)[known]
    if len(across) < 2 or np.ptp(across) == 0:
        return Slope(np.nan, np.nan, np.nan, np.nan, len(across))
    if len(across) > together:
        value, low, high = _grouped(across, up, random, progress)
    else:
        value, low, high = _together(across, up, random, draws, progress)
    return Slope(value, low, high, float(np.median(up - value * across)), len(across))


def _slopes(x: Floats, y: Floats) -> tuple[Integers, Integers, Floats]:
    """Both stars of all pairs with different x, and their slopes."""
    first, second = np.triu_indices(len(x), 1)
    run = x[second] - x[first]
    apart = run != 0
    first, second = first[apart], second[apart]
    return first, second, (y[second] - y[first]) / run[apart]


def _median(x: Floats, y: Floats) -> float:
    slopes = _slopes(x, y)[2]
    return float(np.median(slopes)) if len(slopes) else np.nan


def _together(
    x: Floats, y: Floats, random: np.random.Generator, draws: int, progress: Progress | None
) -> tuple[float, float, float]:
    pairs, stars = PairSlopes(x, y), len(x)
    value = pairs.median()
    if stars < FEWEST:
        return value, np.nan, np.nan
    drawn = np.empty(draws)
    for draw in range(draws):
        drawn[draw] = pairs.median(np.bincount(random.integers(0, stars, stars), minlength=stars))
        if progress is not None:
            progress(draw + 1, draws)
    told = drawn[np.isfinite(drawn)]
    if not len(told):
        return value, np.nan, np.nan
    low, high = np.quantile(told, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return value, float(low), float(high)


def _grouped(
    x: Floats, y: Floats, random: np.random.Generator, progress: Progress | None
) -> tuple[float, float, float]:
    """Mean of the slopes of random groups of equal size, and the interval of that mean."""
    stars = random.permutation(len(x))[:MOST_GROUPED]
    groups = np.array_split(stars, max(FEWEST_GROUPS, -(-len(stars) // GROUP)))
    slopes = np.empty(len(groups))
    for number, group in enumerate(groups):
        slopes[number] = _median(x[group], y[group])
        if progress is not None:
            progress(number + 1, len(groups))
    told = slopes[np.isfinite(slopes)]
    if len(told) < 2:
        return float(told.mean()) if len(told) else np.nan, np.nan, np.nan
    half = stats.t.ppf((1 + LEVEL) / 2, len(told) - 1) * told.std(ddof=1) / np.sqrt(len(told))
    return float(told.mean()), float(told.mean() - half), float(told.mean() + half)

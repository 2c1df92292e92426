"""How a label of the same stars differs between two catalogues: bias, scatter, and slopes against others.

The bias is the median difference, its interval that of order statistics, which holds whatever the
distribution (Conover 1999, Practical Nonparametric Statistics, section 3.2). Differences are set against the
mean of both catalogues' values: against one of them, its own errors would make a slope (Bland & Altman 1986,
Lancet 327, 307), of a part of the stars as of all. Where errors of the two are of different size, some of
that is left.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from model.spread import Spread
from model.theil_sen import FEWEST, LEVEL, Slope, slope_of

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
TOGETHER = 600
"""Stars whose pairs are all looked at for a slope; of more, groups are made."""
GROUP, MOST_GROUPS = 30, 20
"""Fewest stars of a group whose median is drawn, and most groups."""
CENTRAL = (15.865525393145708, 84.13447460685429)
"""Percentiles of the central 68 %."""


def median_interval(values: Floats) -> tuple[float, float, float]:
    """Median of N finite values and the ends of its 95 % interval; NaN where there are too few.

    The ends are values themselves: the r-th and the (N + 1 - r)-th in order, with r the largest for which the
    interval holds the median in at least 95 % of samples.
    """
    if not len(values):
        return np.nan, np.nan, np.nan
    middle = float(np.median(values))
    below = int(stats.binom.ppf((1 - LEVEL) / 2, len(values), 0.5))
    if len(values) < FEWEST or below < 1:
        return middle, np.nan, np.nan
    ordered = np.partition(values, [below - 1, len(values) - below])
    return middle, float(ordered[below - 1]), float(ordered[len(values) - below])


@dataclass(frozen=True)
class LabelDifference:
    """Differences of a label, first catalogue minus second.

    Attributes
    ----------
    stars : that have the label in both.
    bias, low, high : median difference and its 95 % interval.
    scatter : half the central 68 % of the differences.
    expected : median of the scatter that stated errors of both make; NaN where one states none.
    slopes : against each quantity, by name.
    """

    stars: int
    bias: float
    low: float
    high: float
    scatter: float
    expected: float
    slopes: Mapping[str, Slope]

    @classmethod
    def of(
        cls,
        one: ArrayLike,
        other: ArrayLike,
        errors: tuple[ArrayLike, ArrayLike],
        against: Mapping[str, ArrayLike],
        random: np.random.Generator,
        draws: int,
        progress: Progress | None = None,
    ) -> "LabelDifference":
        """Compare; stars that lack the label in either (NaN) are left out.

        Parameters
        ----------
        one, other : (K,) the label in both catalogues.
        errors : (K,) stated errors of both; NaN where there is none.
        against : (K,) each, what differences are set against, by name.
        random : source of random numbers.
        draws : of stars, for intervals of slopes.
        progress : told after each draw, by `slope_of`.
        """
        difference = np.asarray(one, np.float64) - np.asarray(other, np.float64)
        known = np.isfinite(difference)
        values = difference[known]
        bias, low, high = median_interval(values)
        stated = np.hypot(*(np.asarray(each, np.float64)[known] for each in errors))
        told = stated[np.isfinite(stated)]
        slopes = {
            name: slope_of(each, difference, random, draws, progress, TOGETHER)
            for name, each in against.items()
        }
        return cls(
            stars=len(values),
            bias=bias,
            low=low,
            high=high,
            scatter=float(Spread.of(values[:, np.newaxis]).core[0, 0]),
            expected=float(np.median(told)) if len(told) else np.nan,
            slopes=MappingProxyType(slopes),
        )


@dataclass(frozen=True, eq=False)
class Course:
    """How differences go with a quantity: in B groups of as many stars each, in order of it.

    Attributes
    ----------
    x : (B,) median of the quantity.
    low, middle, high : (B,) ends of the central 68 % of the differences, and their median.
    """

    x: Floats
    low: Floats
    middle: Floats
    high: Floats

    @classmethod
    def of(cls, x: ArrayLike, difference: ArrayLike) -> "Course":
        """Find it; stars that lack either (NaN) are left out, and below GROUP stars there is no group."""
        across, up = np.asarray(x, np.float64), np.asarray(difference, np.float64)
        known = np.isfinite(across) & np.isfinite(up)
        order = np.argsort(across[known], kind="stable")
        groups = min(int(known.sum()) // GROUP, MOST_GROUPS)
        if not groups:
            return cls(*np.empty((4, 0)))
        parts = [
            (np.median(one), *np.percentile(two, (*CENTRAL, 50.0)))
            for one, two in zip(
                np.array_split(across[known][order], groups),
                np.array_split(up[known][order], groups),
                strict=True,
            )
        ]
        middle, low, high, median = np.array(parts).T
        return cls(middle, low, median, high)


def mean_of_both(one: ArrayLike, other: ArrayLike) -> Floats:
    """Mean of the values of two catalogues, (K,); NaN where either has none, never that of one alone."""
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    known = np.isfinite(first) & np.isfinite(second)
    return np.where(known, np.where(known, first, 0.0) + np.where(known, second, 0.0), np.nan) / 2

"""The mean of a label along a quantity and its straight gradient, with intervals, of stars as a survey saw.

Nothing here is corrected for which stars the survey chose. Sums are taken bin by bin, so that they can be
found in one pass over millions of stars; a bootstrap draws stars, with replacement.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from model.plate_bootstrap import Range

Floats = NDArray[np.float64]
Bins = NDArray[np.uint8]
Progress = Callable[[int, int], None]
"""Told how many draws are done, of how many; it may raise to stop them."""

N, X, Y, XX, XY, YY, XXX, XXY, XYY, XXXX, XXXY, XXYY = range(12)
"""Sums of a bin: stars, x, y and products of these, about a centre. The first six give means and a line."""
SUMS, OF_A_LINE = 12, 6

FEWEST = 10
"""How far the mean of a bin of fewer stars lies off the line is not told."""
LEAST = 50
"""No gradient is given of fewer stars, whose intervals would be too narrow, nor in fewer than two bins."""
LEVEL, BAR = 0.95, 0.6827
"""Of the intervals of gradients, and of the bars of means."""
NARROWEST = 1e-4
"""Mean square of x about its mean, over that about the centre: below it, rounding would show in errors."""


@dataclass(frozen=True, eq=False)
class Profile:
    """One profile: B bins of x.

    Attributes
    ----------
    stars : (B,) in each bin.
    place : (B,) mean x of its stars; NaN where there is none.
    mean : (B,) mean y of its stars; NaN where there is none.
    low, high : (B,) ends of the 68 % bar; NaN where there are fewer than two stars.
    gradient : dy/dx of the straight line through the stars, with its 95 % interval; NaN where there are too
        few.
    centre : (x, y), the means of all stars: the line goes through them.
    bend : how far the mean of a bin lies off the line at most, of bins with FEWEST stars; NaN without.
    draws : of the bootstrap that gave bars and interval; 0 where they are analytic.
    """

    stars: NDArray[np.int64]
    place: Floats
    mean: Floats
    low: Floats
    high: Floats
    gradient: Range
    centre: tuple[float, float]
    bend: float
    draws: int = 0

    def line(self, x: Floats) -> Floats:
        """Give y of the straight line at some x."""
        return self.centre[1] + self.gradient.value * (x - self.centre[0])


def bins_of(values: Floats, edges: Floats) -> NDArray[np.int64]:
    """Bin of each value between ascending edges, -1 where it is in none; the last bin has both its edges."""
    found = np.searchsorted(edges, values, side="right") - 1
    found = np.where(values == edges[-1], len(edges) - 2, found)
    return np.where(np.isnan(values) | (found > len(edges) - 2), -1, found)


def sums_of(x: Floats, y: Floats, bins: NDArray[np.int64], many: int, centre: tuple[float, float]) -> Floats:
    """Give the sums of stars in `many` bins, (many, SUMS), about a centre; no number may be missing."""
    dx, dy = x - centre[0], y - centre[1]
    xx, xy, yy = dx * dx, dx * dy, dy * dy
    terms = (np.ones_like(dx), dx, dy, xx, xy, yy, xx * dx, xx * dy, xy * dy, xx * xx, xx * xy, xy * xy)
    return np.stack([np.bincount(bins, term, many) for term in terms], axis=1)


def profile(sums: Floats, centre: tuple[float, float]) -> Profile:
    """Find a profile from the sums of its bins.

    The line is of least squares over stars, each of one weight. Its error allows for a scatter that changes
    along x, and for a mean that is not straight (White 1980, Econometrica 48, 817, eq. 1, times
    N / (N - 2)); intervals and bars are Student's.

    Parameters
    ----------
    sums : (B, SUMS) as of `sums_of`.
    centre : that they were taken about.
    """
    stars = sums[:, N].astype(np.int64)
    place, mean = (_over(sums[:, each], sums[:, N]) for each in (X, Y))
    spread = np.maximum(_over(sums[:, YY], sums[:, N]) - mean**2, 0.0)
    error = _quantile(BAR, stars - 1) * np.sqrt(_over(spread, sums[:, N] - 1.0))
    middle, slope, lever = _line(sums)
    reach = float(_quantile(LEVEL, stars.sum() - 2)) * _deviation(sums.sum(axis=0), middle, slope, lever)
    full = stars >= FEWEST
    off = np.abs(mean - middle[1] - slope * (place - middle[0]))[full]
    return Profile(
        stars=stars,
        place=place + centre[0],
        mean=mean + centre[1],
        low=mean + centre[1] - error,
        high=mean + centre[1] + error,
        gradient=Range(slope, slope - reach, slope + reach),
        centre=(middle[0] + centre[0], middle[1] + centre[1]),
        bend=float(off.max()) if len(off) and math.isfinite(slope) else math.nan,
    )


def bootstrapped(
    x: Floats,
    y: Floats,
    bins: NDArray[np.int64],
    many: int,
    random: np.random.Generator,
    draws: int,
    progress: Progress | None = None,
) -> Profile:
    """Find a profile whose bars and interval are percentiles of a bootstrap over its stars.

    Every draw takes as many stars as there are, with replacement, from all bins together (Efron & Tibshirani
    1993, An Introduction to the Bootstrap, ch. 13). A bin that is empty in a draw has no mean in it. Bars of
    bins with a handful of stars come out short, as percentiles of so few do.

    Parameters
    ----------
    x, y : (N,) of the stars, none missing.
    bins : (N,) of each, from 0.
    many : bins there are, at most 255.
    random : source of random numbers.
    draws : how many.
    progress : told after each.
    """
    centre = (float(x.mean()), float(y.mean())) if len(x) else (0.0, 0.0)
    seen = profile(sums_of(x, y, bins, many, centre), centre)
    if not len(x):
        return seen
    points = np.stack([x - centre[0], y - centre[1]], axis=1)
    small = bins.astype(np.uint8)
    slopes, means = np.full(draws, np.nan), np.full((draws, many), np.nan)
    for draw in range(draws):
        sums = _draw(points, small, many, random)
        slopes[draw] = _line(sums)[1]
        means[draw] = _over(sums[:, Y], sums[:, N]) + centre[1]
        if progress is not None:
            progress(draw + 1, draws)
    bars = np.array([_percentiles(means[:, k], BAR) for k in range(many)])
    bars[seen.stars < 2] = np.nan
    gradient = seen.gradient
    if math.isfinite(gradient.value):
        gradient = Range(gradient.value, *_percentiles(slopes, LEVEL))
    return replace(seen, low=bars[:, 0], high=bars[:, 1], gradient=gradient, draws=draws)


def _drawn_sums(points: Floats, bins: Bins, many: int, random: np.random.Generator) -> Floats:
    """Sums, (many, OF_A_LINE), of as many stars as there are, drawn with replacement."""
    sums = np.zeros((many, OF_A_LINE))
    n = len(points)
    for _ in range(n):
        i = int(random.random() * n)
        x, y, k = points[i, 0], points[i, 1], bins[i]
        sums[k, 0] += 1.0
        sums[k, 1] += x
        sums[k, 2] += y
        sums[k, 3] += x * x
        sums[k, 4] += x * y
        sums[k, 5] += y * y
    return sums


_draw = numba.njit(nogil=True, cache=True)(_drawn_sums)


def _line(sums: Floats) -> tuple[tuple[float, float], float, float]:
    """Mean x and y, slope, and the sum of squares of x about its mean; NaN with too few stars or bins."""
    n = float(sums[:, N].sum())
    if n < LEAST or (sums[:, N] > 0).sum() < 2:
        return (math.nan, math.nan), math.nan, math.nan
    all_x, all_y, all_xx, all_xy = (float(sums[:, each].sum()) for each in (X, Y, XX, XY))
    x, y = all_x / n, all_y / n
    lever = all_xx - x * all_x
    if not lever > NARROWEST * all_xx:
        return (x, y), math.nan, math.nan
    return (x, y), (all_xy - x * all_y) / lever, lever


def _deviation(s: Floats, middle: tuple[float, float], slope: float, lever: float) -> float:
    """Error of a slope, from the sums of all stars, (SUMS,), taken to the means of x and y."""
    if not math.isfinite(slope):
        return math.nan
    x, y = middle
    xxxx = s[XXXX] - 4 * x * s[XXX] + 6 * x**2 * s[XX] - 4 * x**3 * s[X] + x**4 * s[N]
    xxx = s[XXX] - 3 * x * s[XX] + 3 * x**2 * s[X] - x**3 * s[N]
    xxxy = s[XXXY] - 3 * x * s[XXY] + 3 * x**2 * s[XY] - x**3 * s[Y] - y * xxx
    yy = s[YY] - 2 * y * s[Y] + y**2 * s[N]
    xyy = s[XYY] - 2 * y * s[XY] + y**2 * s[X]
    xxyy = s[XXYY] - 2 * y * s[XXY] + y**2 * s[XX] - 2 * x * xyy + x**2 * yy
    square = max(float(xxyy - 2 * slope * xxxy + slope**2 * xxxx), 0.0)
    return math.sqrt(square * s[N] / (s[N] - 2)) / lever


def _percentiles(draws: Floats, level: float) -> tuple[float, float]:
    """Ends of an interval, from draws that may be NaN; so placed that few draws don't make it short."""
    told = draws[np.isfinite(draws)]
    if not len(told):
        return math.nan, math.nan
    low, high = np.quantile(told, [(1 - level) / 2, (1 + level) / 2], method="weibull")
    return float(low), float(high)


def _over(above: Floats, below: Floats) -> Floats:
    """Divide; NaN where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0))


def _quantile(level: float, freedom: int | NDArray[np.int64]) -> Floats:
    """How many errors an interval of Student's reaches; NaN with no degree of freedom."""
    above = np.asarray(freedom) > 0
    return np.where(above, stdtrit(np.where(above, freedom, 1), (1 + level) / 2), np.nan)

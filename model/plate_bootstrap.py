"""What a map, its variance and its slopes may be by chance: whole plates are drawn with replacement.

Each draw fits f and g anew. Intervals are the percentiles of the draws (Efron & Tibshirani 1993, An
Introduction to the Bootstrap, ch. 13). The mean of a pixel that few plates make varies too little over them,
by 1 - sum(share^2) of the plates' shares in it: errors and the draws of slopes are stretched by as much.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.plate_sums import PlateSums
from model.within_pixels import Fit, Variances, fit, plate_errors, shares, variances

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Progress = Callable[[int, int], None]
"""Told how many draws are done, of how many; it may raise to stop them."""

LEVEL = 0.95


@dataclass(frozen=True)
class Range:
    """A number with the ends of its interval; NaN where it can't be told."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, draws: Floats, level: float = LEVEL) -> "Range":
        """Take the percentiles of draws, which may be NaN."""
        told = draws[np.isfinite(draws)]
        if not len(told):
            return cls(value, np.nan, np.nan)
        low, high = np.quantile(told, [(1 - level) / 2, (1 + level) / 2])
        return cls(value, float(low), float(high))


@dataclass(frozen=True, eq=False)
class Drawn:
    """The map as it is, and in D draws.

    Attributes
    ----------
    raw, corrected : (1 + D,) variances between pixels less noise, the observed one first.
    raw_slopes, slopes : (1 + D, 2) along the axes.
    raw_error, error : (P,) of each pixel, from its deviation over the draws; NaN where one plate makes it.
    used : how many pixels the observed variances stand on.
    """

    raw: Floats
    corrected: Floats
    raw_slopes: Floats
    slopes: Floats
    raw_error: Floats
    error: Floats
    used: int


def draw_plates(
    sums: PlateSums,
    fitted: Fit,
    judged: Flags,
    centres: Floats,
    random: np.random.Generator,
    draws: int,
    progress: Progress | None = None,
) -> Drawn:
    """Draw plates.

    Parameters
    ----------
    sums, fitted : of the stars, every plate once.
    judged : (P,) pixels whose variance and slopes are wanted.
    centres : (P, 2) of the pixels.
    random : source of random numbers.
    draws : how many.
    progress : told after each.
    """
    errors = plate_errors(sums, fitted, judged)
    first = variances(sums, fitted, errors, judged)
    spread = np.full((2, 1 + draws), np.nan)
    slopes = np.full((2, 1 + draws, 2), np.nan)
    spread[:, 0] = first.raw, first.corrected
    slopes[:, 0] = _slopes(fitted, first, centres)
    tally = _Tally(sums.pixels, np.stack([fitted.raw, fitted.corrected]))
    for draw in range(1, 1 + draws):
        plates = random.integers(0, sums.plates, sums.plates)
        times = np.bincount(plates, minlength=sums.plates).astype(np.float64)
        again = fit(sums, fitted.kiel, times)
        found = variances(sums, again, errors, judged, times)
        spread[:, draw] = found.raw, found.corrected
        slopes[:, draw] = _slopes(again, found, centres)
        tally.add(np.stack([again.raw, again.corrected]))
        if progress is not None:
            progress(draw, draws)
    squared = np.bincount(sums.pixel, shares(sums) ** 2, sums.pixels)
    varied = tally.deviation()
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(squared < 1, varied / np.sqrt(1 - squared), np.nan)
    for one, was, now in zip(slopes, varied, error, strict=True):
        one[1:] = one[0] + (one[1:] - one[0]) * _stretch(
            centres[first.used], was[first.used], now[first.used]
        )
    used = int(first.used.sum())
    return Drawn(spread[0], spread[1], slopes[0], slopes[1], error[0], error[1], used)


def _slopes(fitted: Fit, found: Variances, centres: Floats) -> Floats:
    """Slopes of the raw and the corrected map along both axes, (2, 2), each pixel counting the same."""
    places = centres[found.used]
    if len(places) < 3:
        return np.full((2, 2), np.nan)
    design = places - places.mean(axis=0)
    maps = np.stack([fitted.raw[found.used], fitted.corrected[found.used]], axis=1)
    slopes: Floats = np.linalg.lstsq(design, maps - maps.mean(axis=0), rcond=None)[0].T
    return slopes


def _stretch(places: Floats, was: Floats, now: Floats) -> Floats:
    """By how much slopes along both axes vary more, (2,), where pixels vary by `now` instead of `was`."""
    if len(places) < 3:
        return np.ones(2)
    weight = np.linalg.pinv(places - places.mean(axis=0)) ** 2
    stretch: Floats = np.sqrt((weight @ now**2) / (weight @ was**2))
    return stretch


class _Tally:
    """Sums from which standard deviations follow, taken about the observed maps."""

    def __init__(self, pixels: int, about: Floats) -> None:
        self._about = about
        self._count = np.zeros(pixels)
        self._sums = np.zeros((2, 2, pixels))

    def add(self, maps: Floats) -> None:
        """Add a draw; pixels without stars in it are NaN."""
        there = np.isfinite(maps[0])
        apart = np.where(there, maps - self._about, 0.0)
        self._count += there
        self._sums += [apart, apart * apart]

    def deviation(self) -> Floats:
        """(2, P) standard deviations."""
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = (self._sums[1] - self._sums[0] ** 2 / self._count) / (self._count - 1)
        return np.sqrt(np.where(self._count > 1, np.maximum(variance, 0), np.nan))

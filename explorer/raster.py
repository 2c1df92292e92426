"""Stars in a window of a diagram to a grid of one statistic. Pure: no widgets, no colours.

Sums are taken on a fine grid and then added up to coarser cells, so that the cell size can follow the
number of stars without going through the stars again. The pixel rule is Datashader's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from explorer import kernels

FINE = 400
"""Pixels along each side of the grid on which stars are counted."""

COARSENINGS = (1, 2, 4, 5, 8, 10, 16)
"""Fine pixels along the side of a drawn cell: 400, 200, 100, 80, 50, 40 or 25 cells a side."""

STARS_PER_CELL = 5
"""The grid is as fine as it can be with this many stars in a cell on average."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """Part of a diagram's plane, in the units of its columns; both ends belong to it."""

    x0: float
    x1: float
    y0: float
    y1: float

    def __post_init__(self) -> None:
        ends = (self.x0, self.x1, self.y0, self.y1)
        if not (np.isfinite(ends).all() and self.x0 < self.x1 and self.y0 < self.y1):
            raise ValueError(f"a window needs finite x0 < x1 and y0 < y1; it was given {ends}")


@dataclass(frozen=True)
class Statistic:
    """What a cell shows of the label's values in it.

    `cells` turns (words, pixels, values, coarsening) into (n finite, statistic), each (cells, cells); the
    statistic is NaN where it does not exist.
    """

    name: str
    cells: Callable[[kernels.Words, kernels.Pixels, kernels.Values, int], tuple[Array, Array]]


@dataclass(frozen=True)
class Grid:
    """What a map shows.

    Attributes
    ----------
    window, coarsening : where and how finely.
    n : (cells, cells) number of stars with a finite label in each cell (of a count: of all), row 0 lowest.
    values : (cells, cells) the statistic; NaN where fewer stars than asked for.
    inside : number of selected stars in the window, with or without a finite label.
    """

    window: Window
    coarsening: int
    n: Array
    values: Array
    inside: int

    @property
    def cells(self) -> int:
        """Cells along a side."""
        return len(self.n)

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the cell at a position, or None outside the window."""
        w = self.window
        if not (w.x0 <= x <= w.x1 and w.y0 <= y <= w.y1):
            return None
        column = int((x - w.x0) / (w.x1 - w.x0) * self.cells)
        row = int((y - w.y0) / (w.y1 - w.y0) * self.cells)
        return min(row, self.cells - 1), min(column, self.cells - 1)


def coarsen(fine: NDArray[np.generic], factor: int) -> Array:
    """Sum of a (FINE * FINE,) accumulator in square cells of `factor` pixels."""
    side = FINE // factor
    blocks = fine.reshape(side, factor, side, factor)
    return np.asarray(blocks.sum(axis=(1, 3)), dtype=np.float64)


def cell_numbers(pixels: kernels.Pixels, factor: int) -> kernels.Pixels:
    """Cell number of each row from its fine pixel number."""
    if factor == 1:
        return pixels
    side = FINE // factor
    row, column = np.divmod(np.arange(FINE * FINE), FINE)
    table = ((row // factor) * side + column // factor).astype(np.uint32)
    return np.asarray(table[pixels])


def _divide(total: Array, n: Array) -> Array:
    return np.divide(total, n, out=np.full_like(total, np.nan), where=n >= 1)


def _count(
    words: kernels.Words, pixels: kernels.Pixels, _values: kernels.Values, factor: int
) -> tuple[Array, Array]:
    n = coarsen(kernels.counts(words, pixels, FINE * FINE), factor)
    return n, n


def _mean(
    words: kernels.Words, pixels: kernels.Pixels, values: kernels.Values, factor: int
) -> tuple[Array, Array]:
    sums = kernels.sums(words, pixels, values, FINE * FINE)
    n = coarsen(sums[:, 0], factor)
    return n, _divide(coarsen(sums[:, 1], factor), n)


def _deviation(
    words: kernels.Words, pixels: kernels.Pixels, values: kernels.Values, factor: int
) -> tuple[Array, Array]:
    """Sample standard deviation (n - 1), from sums about a typical value."""
    sample = values[:: max(1, values.size // 10000)]
    finite = sample[np.isfinite(sample)]
    centre = float(finite.mean(dtype=np.float64)) if finite.size else 0.0
    sums = kernels.moments(words, pixels, values, FINE * FINE, centre)
    n, first, second = (coarsen(sums[:, k], factor) for k in range(3))
    spread = np.maximum(second - first * _divide(first, np.maximum(n, 1)), 0.0)
    return n, np.sqrt(_divide(spread, n - 1))


def _standard_error(
    words: kernels.Words, pixels: kernels.Pixels, values: kernels.Values, factor: int
) -> tuple[Array, Array]:
    n, deviation = _deviation(words, pixels, values, factor)
    return n, deviation / np.sqrt(np.maximum(n, 1))


def _median(
    words: kernels.Words, pixels: kernels.Pixels, values: kernels.Values, factor: int
) -> tuple[Array, Array]:
    side = FINE // factor
    found = kernels.medians(words, cell_numbers(pixels, factor), values, side * side)
    n = found[:, 0].reshape(side, side)
    return n, np.where(n > 0, found[:, 1].reshape(side, side), np.nan)


STATISTICS: Mapping[str, Statistic] = MappingProxyType(
    {
        statistic.name: statistic
        for statistic in (
            Statistic("mean", _mean),
            Statistic("median", _median),
            Statistic("standard deviation", _deviation),
            Statistic("standard error", _standard_error),
            Statistic("count", _count),
        )
    }
)


def suitable_coarsening(inside: int) -> int:
    """Finest coarsening that leaves STARS_PER_CELL stars in a cell on average; the coarsest if none does."""
    for factor in COARSENINGS:
        if inside >= STARS_PER_CELL * (FINE // factor) ** 2:
            return factor
    return COARSENINGS[-1]


def rasterise(
    words: kernels.Words,
    pixels: kernels.Pixels,
    values: kernels.Values,
    window: Window,
    statistic: str = "mean",
    min_stars: int = 1,
    coarsening: int | None = None,
) -> Grid:
    """Grid of a statistic of `values` over the selected rows.

    Parameters
    ----------
    words : bitset of the selected rows, all of them inside `window`.
    pixels : fine pixel number of every row.
    values : (N,) the label; NaN where missing. Not looked at for counts.
    min_stars : cells with fewer finite values are left empty.
    coarsening : fine pixels a cell; by default chosen from the number of stars inside.
    """
    number = int(kernels.population(words))
    factor = coarsening or suitable_coarsening(number)
    recipe = STATISTICS[statistic]
    n, result = recipe.cells(words, pixels, values, factor)
    least = 1 if statistic == "count" else min_stars
    return Grid(window, factor, n, np.where(n >= least, result, np.nan), number)

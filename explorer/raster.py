"""Stars in a window of a diagram to a grid of one statistic. Pure: no widgets, no colours.

Sums are taken on a fine grid and then added up to coarser cells, so that the cell size can follow the
number of stars without going through the stars again. The pixel rule is Datashader's.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import cells, kernels
from explorer.codes import Coded

FINE = 400
"""Pixels along each side of the grid on which stars are counted."""

COARSENINGS = (1, 2, 4, 5, 8, 10, 16)
"""Fine pixels along the side of a drawn cell: 400, 200, 100, 80, 50, 40 or 25 cells a side."""

STARS_PER_CELL = 5
"""The grid is as fine as it can be with this many stars in a cell on average."""

Array = NDArray[np.float64]
Label = kernels.Values | Coded


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

    Attributes
    ----------
    name : how a person calls it.
    cells : turns (words, pixels, label, coarsening) into (n finite, statistic), each (cells, cells); the
        statistic is NaN where it does not exist.
    takes_codes : whether the label may be codes.
    """

    name: str
    cells: Callable[[kernels.Words, kernels.Pixels, Label, int], tuple[Array, Array]]
    takes_codes: bool = True


@dataclass(frozen=True)
class Lattice:
    """Where the cells of a map lie.

    Attributes
    ----------
    window, coarsening : where and how finely.
    inside : number of selected stars in the window, with or without a finite label.
    """

    window: Window
    coarsening: int
    inside: int

    @property
    def cells(self) -> int:
        """Cells along a side."""
        return FINE // self.coarsening

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the cell at a position, or None outside the window."""
        w = self.window
        if not (w.x0 <= x <= w.x1 and w.y0 <= y <= w.y1):
            return None
        column = int((x - w.x0) / (w.x1 - w.x0) * self.cells)
        row = int((y - w.y0) / (w.y1 - w.y0) * self.cells)
        return min(row, self.cells - 1), min(column, self.cells - 1)


@dataclass(frozen=True)
class Grid(Lattice):
    """What a map shows.

    Attributes
    ----------
    n : (cells, cells) number of stars with a finite label in each cell (of a count: of all), row 0 lowest.
    values : (cells, cells) the statistic; NaN where fewer stars than asked for.
    """

    n: Array
    values: Array

    @property
    def lattice(self) -> Lattice:
        """Where its cells lie, without what is in them."""
        return Lattice(self.window, self.coarsening, self.inside)


def coarsen(fine: NDArray[np.int64], factor: int) -> Array:
    """Sum of a (FINE * FINE,) accumulator in square cells of `factor` pixels."""
    side = FINE // factor
    return np.asarray(cells.fold(fine.reshape(-1, 1), FINE, factor).reshape(side, side), dtype=np.float64)


def cell_numbers(pixels: kernels.Pixels, factor: int) -> kernels.Pixels:
    """Cell number of each row from its fine pixel number."""
    if factor == 1:
        return pixels
    side = FINE // factor
    row, column = np.divmod(np.arange(FINE * FINE), FINE)
    table = ((row // factor) * side + column // factor).astype(np.uint32)
    return np.asarray(table[pixels])


def _squared(grids: tuple[Array, Array]) -> tuple[Array, Array]:
    """Two grids of cells, from their cells in a row."""
    side = math.isqrt(len(grids[0]))
    return grids[0].reshape(side, side), grids[1].reshape(side, side)


def _runs(words: kernels.Words, pixels: kernels.Pixels, codes: kernels.Codes) -> Iterator[tuple[Any, ...]]:
    """Words, pixel numbers and codes of as many rows at a time as may be packed."""
    for first in range(0, len(words), kernels.RUN):
        rows = slice(64 * first, 64 * (first + kernels.RUN))
        yield words[first : first + kernels.RUN], pixels[rows], codes[rows]


def _count(words: kernels.Words, pixels: kernels.Pixels, _label: Label, factor: int) -> tuple[Array, Array]:
    n = coarsen(kernels.counts(words, pixels, FINE * FINE), factor)
    return n, n


def _mean(words: kernels.Words, pixels: kernels.Pixels, label: Label, factor: int) -> tuple[Array, Array]:
    if not isinstance(label, Coded):
        sums = kernels.sums(words, pixels, label, FINE * FINE)
        return _squared(cells.means(cells.fold(sums, FINE, factor), 0.0, 1.0))
    totals = np.zeros(((FINE // factor) ** 2, 2), np.int64)
    for run in _runs(words & label.known, pixels, label.codes):
        kernels.unpack(kernels.packed(*run, FINE * FINE), FINE, factor, totals)
    return _squared(cells.means(totals, label.low + 0.5 * label.step, label.step))


def centre_of(values: kernels.Values) -> float:
    """A typical value: sums about it keep the difference of squares exact enough."""
    sample = values[:: max(1, values.size // 10_000)]
    finite = sample[np.isfinite(sample)]
    return float(finite.mean(dtype=np.float64)) if finite.size else 0.0


def moments(
    words: kernels.Words, pixels: kernels.Pixels, label: Label, factor: int
) -> tuple[Array, Array, Array]:
    """Number, mean and sample standard deviation (n - 1) of the finite values in each cell, in one pass.

    Of codes exact, of values from sums about a typical value. Each is (cells, cells), row 0 lowest; NaN where
    it does not exist.
    """
    side = FINE // factor
    if not isinstance(label, Coded):
        centre = centre_of(label)
        folded = cells.fold(kernels.moments(words, pixels, label, FINE * FINE, centre), FINE, factor)
        (n, mean), (_, deviation) = cells.means(folded, centre, 1.0), cells.deviations(folded)
    else:
        totals = np.zeros((side * side, 3), np.int64)
        for run in _runs(words & label.known, pixels, label.codes):
            kernels.unpack_squares(kernels.packed_squares(*run, FINE * FINE), FINE, factor, totals)
        n, mean = cells.means(totals, label.low + 0.5 * label.step, label.step)
        _, deviation = cells.exact_deviations(totals, label.step)
    return n.reshape(side, side), mean.reshape(side, side), deviation.reshape(side, side)


def _deviation(
    words: kernels.Words, pixels: kernels.Pixels, label: Label, factor: int
) -> tuple[Array, Array]:
    n, _, deviation = moments(words, pixels, label, factor)
    return n, deviation


def _standard_error(
    words: kernels.Words, pixels: kernels.Pixels, label: Label, factor: int
) -> tuple[Array, Array]:
    n, deviation = _deviation(words, pixels, label, factor)
    return n, deviation / np.sqrt(np.maximum(n, 1))


def _median(words: kernels.Words, pixels: kernels.Pixels, label: Label, factor: int) -> tuple[Array, Array]:
    if isinstance(label, Coded):
        raise TypeError("a median is taken of values, not of codes")
    side = FINE // factor
    found = kernels.medians(words, cell_numbers(pixels, factor), label, side * side)
    n = found[:, 0].reshape(side, side)
    return n, np.where(n > 0, found[:, 1].reshape(side, side), np.nan)


STATISTICS: Mapping[str, Statistic] = MappingProxyType(
    {
        statistic.name: statistic
        for statistic in (
            Statistic("mean", _mean),
            Statistic("median", _median, takes_codes=False),
            Statistic("standard deviation", _deviation),
            Statistic("standard error", _standard_error),
            Statistic("count", _count, takes_codes=False),
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
    label: Label,
    window: Window,
    statistic: str = "mean",
    min_stars: int = 1,
    coarsening: int | None = None,
) -> Grid:
    """Grid of a statistic of a label over the selected rows.

    Parameters
    ----------
    words : bitset of the selected rows, all of them inside `window`.
    pixels : fine pixel number of every row.
    label : (N,) its values, NaN where missing; or its codes. Not looked at for counts.
    min_stars : cells with fewer finite values are left empty.
    coarsening : fine pixels a cell; by default chosen from the number of stars inside.
    """
    number = int(kernels.population(words))
    factor = coarsening or suitable_coarsening(number)
    recipe = STATISTICS[statistic]
    n, result = recipe.cells(words, pixels, label, factor)
    shown = result.copy() if result is n else result
    cells.leave_out(n, shown, 1 if statistic == "count" else min_stars)
    return Grid(window, factor, number, n, shown)

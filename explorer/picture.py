"""From (stars, state) to the picture of one view: pure functions, run in threads."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer import kernels, palette, raster
from explorer.atlas import Diagram
from explorer.palette import Bytes, Scale
from explorer.raster import Window
from explorer.session import Bars, Colouring, State
from explorer.stars import Stars

BINS = 80


@dataclass(frozen=True)
class Picture:
    """A painted map: its grid, how its values became colours, and the bytes for the browser."""

    grid: raster.Grid
    colouring: Colouring
    scale: Scale
    image: Bytes


@dataclass(frozen=True)
class Histogram:
    """Numbers of stars in equal bins of a column: of all, and of the `total` selected that have a value."""

    column: str
    edges: NDArray[np.float64]
    everyone: NDArray[np.int64]
    selected: NDArray[np.int64]
    total: int

    @property
    def note(self) -> str:
        """How many stars lie off its axis."""
        if self.total == 0:
            return "no selected star has a value"
        off = self.total - int(self.selected.sum())
        return f"{off:,} off the axis" if off else ""


@dataclass(frozen=True)
class Cell:
    """What there is to say about one cell of a map: `n` stars, `finite` of them with a label."""

    n: int
    finite: int
    mean: float
    standard_error: float
    median: float


def colouring_of(diagram: Diagram, state: State) -> Colouring:
    """Colours of a diagram; those that always show numbers of stars do."""
    if diagram.counts:
        return Colouring(label=diagram.x, statistic="count", log=True, min_stars=1)
    return state.colouring_of(diagram.key)


def columns_of(diagram: Diagram, state: State) -> tuple[str, str]:
    """The quantities on the axes of a diagram."""
    return diagram.x, state.view(diagram.key).y or diagram.y


def window_of(stars: Stars, diagram: Diagram, state: State) -> Window:
    """The present window of a diagram; at first its own, or that of its chosen vertical column."""
    chosen = state.view(diagram.key)
    if chosen.window is not None or chosen.y is None:
        return chosen.window or diagram.window
    column = stars.describe(chosen.y, state.derived)
    return replace(diagram.window, y0=column.low, y1=column.high)


def grid_of(stars: Stars, diagram: Diagram, state: State) -> raster.Grid:
    """What a diagram shows, before colours."""
    colouring = colouring_of(diagram, state)
    window = window_of(stars, diagram, state)
    place = stars.place(*columns_of(diagram, state), window)
    words = stars.select(state.selection.for_view(diagram.key)) & place.inside
    told = words if colouring.statistic == "count" else words & stars.known(colouring.label)
    return raster.rasterise(
        words,
        place.pixels,
        stars.values(colouring.label),
        window,
        colouring.statistic,
        colouring.min_stars,
        raster.suitable_coarsening(int(kernels.population(told))),
    )


def paint(stars: Stars, diagram: Diagram, state: State, grid: raster.Grid, scale: Scale) -> Picture:
    """A grid in colours, over the ghost of all stars."""
    colouring = colouring_of(diagram, state)
    ghost = stars.ghost(*columns_of(diagram, state), grid.window, grid.coarsening)
    return Picture(grid, colouring, scale, palette.over(scale.levels(grid.values), ghost))


def fit(grids: Iterable[raster.Grid], colouring: Colouring, kind: str) -> Scale:
    """The range that suits what is drawn."""
    drawn = [grid.values[np.isfinite(grid.values)] for grid in grids]
    values = np.concatenate(drawn) if drawn else np.empty(0)
    symmetric = palette.kind_shown(kind, colouring.statistic) == "diverging" and not colouring.log
    return palette.robust_range(values, log=colouring.log, symmetric=symmetric)


def histogram(stars: Stars, bars: Bars, low: float, high: float, state: State) -> Histogram:
    """Numbers of stars over [low, high] of the histogram's column."""
    values = stars.values(bars.column)
    words = stars.select(state.selection.for_view("histogram"))
    everyone = kernels.histogram(stars.everything, values, low, high, BINS)
    selected = kernels.histogram(words, values, low, high, BINS)
    total = int(kernels.population(words & stars.known(bars.column)))
    return Histogram(bars.column, np.linspace(low, high, BINS + 1), everyone, selected, total)


def examine(
    stars: Stars, diagram: Diagram, state: State, grid: raster.Grid, x: float, y: float
) -> Cell | None:
    """The stars of the grid's cell under a position; None outside its window."""
    cell = grid.cell(x, y)
    if cell is None:
        return None
    place = stars.place(*columns_of(diagram, state), grid.window)
    words = stars.select(state.selection.for_view(diagram.key)) & place.inside
    row, column = (grid.coarsening * k for k in cell)
    rows = kernels.rows_in_cell(words, place.pixels, raster.FINE, row, column, grid.coarsening)
    label = np.asarray(stars.values(colouring_of(diagram, state).label)[rows], dtype=np.float64)
    return _describe(label)


def _describe(label: NDArray[np.float64]) -> Cell:
    finite = label[np.isfinite(label)]
    n = finite.size
    return Cell(
        n=label.size,
        finite=n,
        mean=float(finite.mean()) if n else np.nan,
        standard_error=float(finite.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan,
        median=float(np.median(finite)) if n else np.nan,
    )

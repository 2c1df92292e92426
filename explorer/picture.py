"""From (stars, state) to the picture of one view: pure functions, run in threads."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer import algebra, kernels, palette, raster, tints
from explorer.atlas import HISTOGRAM, Diagram
from explorer.bitsets import Each
from explorer.palette import Bytes, Scale
from explorer.raster import Window
from explorer.session import Bars, Colouring, State
from explorer.stars import Stars

BINS = 80

FLOOR = 0.5
"""Where bars stand on a logarithmic axis: half a star."""


@dataclass(frozen=True)
class Picture:
    """A painted map. A visitor's page keeps it, so that it holds no more than it takes to speak of it.

    Attributes
    ----------
    lattice : where its cells lie; of a tinted map also how many stars of each subset they hold.
    known : selected stars in the window that have a label (of a count: all).
    ends : lowest and highest value that is drawn; NaN if none is.
    colouring, scale : how values became colours.
    image : the bytes for the browser.
    """

    lattice: raster.Lattice
    known: int
    ends: tuple[float, float]
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


def floor_of(*, log: bool) -> float:
    """Where bars stand."""
    return float(np.log10(FLOOR)) if log else 0.0


def heights(n: NDArray[np.int64], *, log: bool) -> NDArray[np.float64]:
    """How high bars of n stars are."""
    return np.log10(np.maximum(n, FLOOR)) if log else n.astype(np.float64)


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
    return _own_label(diagram, state) if diagram.label else state.colouring_of(diagram.key)


def _own_label(diagram: Diagram, state: State) -> Colouring:
    """The shared colouring of a label that always is the diagram's; its range too where that is meant for it.

    Logarithms are for what cannot be negative.
    """
    shared = state.colouring
    log = shared.log and shared.statistic not in ("mean", "median")
    scale = shared.scale if shared.label == diagram.label else None
    if state.gallery.shared and diagram.is_ratio:
        scale = state.gallery.scale
    held = scale if scale is not None and scale.log == log else None
    return replace(shared, label=diagram.label, log=log, scale=held)


def columns_of(diagram: Diagram, state: State) -> tuple[str, str]:
    """The quantities on the axes of a diagram."""
    return diagram.x, state.view(diagram.home).y or diagram.y


def window_of(stars: Stars, diagram: Diagram, state: State) -> Window:
    """The present window of a diagram; at first its own, or that of its chosen vertical column."""
    chosen = state.view(diagram.home)
    if chosen.window is not None or chosen.y is None:
        return chosen.window or diagram.window
    column = stars.describe(chosen.y, state.derived)
    return replace(diagram.window, y0=column.low, y1=column.high)


def essence(diagram: Diagram, state: State) -> Hashable:
    """Everything that its picture depends on: a view is out of date where this differs."""
    if tints.tinted(diagram, state):
        return columns_of(diagram, state), state.view(diagram.home).window, algebra.shown(state)
    return (
        state.selection.for_view(diagram.source),
        columns_of(diagram, state),
        state.view(diagram.home).window,
        colouring_of(diagram, state),
        diagram.is_ratio and state.gallery.shared,
    )


def label_of(stars: Stars, colouring: Colouring, each: Each = map) -> raster.Label:
    """What a map's statistic is taken of."""
    coded = raster.STATISTICS[colouring.statistic].takes_codes
    return stars.label(colouring.label, each) if coded else stars.values(colouring.label, each)


def grid_of(stars: Stars, diagram: Diagram, state: State, each: Each = map) -> raster.Grid:
    """What a diagram shows, before colours."""
    colouring = colouring_of(diagram, state)
    window = window_of(stars, diagram, state)
    place = stars.place(*columns_of(diagram, state), window)
    if tints.tinted(diagram, state):
        return tints.grid(stars, place, window, algebra.shown(state))
    words = stars.select(state.selection.for_view(diagram.source), each) & place.inside
    told = words if colouring.statistic == "count" else words & stars.known(colouring.label)
    return raster.rasterise(
        words,
        place.pixels,
        label_of(stars, colouring),
        window,
        colouring.statistic,
        colouring.min_stars,
        raster.suitable_coarsening(int(kernels.population(told))),
    )


def paint(stars: Stars, diagram: Diagram, state: State, grid: raster.Grid, scale: Scale) -> Picture:
    """A grid in colours, over the ghost of all stars."""
    colouring = colouring_of(diagram, state)
    ghost = stars.ghost(*columns_of(diagram, state), grid.window, grid.coarsening)
    known = int(grid.n.sum())
    ends = float(np.fmin.reduce(grid.values, axis=None)), float(np.fmax.reduce(grid.values, axis=None))
    if isinstance(grid, tints.Tints):
        return Picture(grid, known, ends, colouring, scale, tints.levels(grid.numbers, ghost))
    return Picture(grid.lattice, known, ends, colouring, scale, scale.levels(grid.values, ghost))


def fit(grids: Iterable[raster.Grid], colouring: Colouring, kind: str) -> Scale:
    """The range that suits what is drawn."""
    drawn = [grid.values[np.isfinite(grid.values)] for grid in grids]
    values = np.concatenate(drawn) if drawn else np.empty(0)
    symmetric = palette.kind_shown(kind, colouring.statistic) == "diverging" and not colouring.log
    return palette.robust_range(values, log=colouring.log, symmetric=symmetric)


def histogram(stars: Stars, bars: Bars, low: float, high: float, state: State, each: Each = map) -> Histogram:
    """Numbers of stars over [low, high] of the histogram's column."""
    words = stars.select(state.selection.for_view(HISTOGRAM), each)
    place = stars.bins(bars.column, low, high, BINS)
    everyone = stars.everyone(bars.column, low, high, BINS)
    selected = kernels.tally(words & place.inside, place.pixels, BINS)
    total = int(kernels.population(words & stars.known(bars.column)))
    return Histogram(bars.column, np.linspace(low, high, BINS + 1), everyone, selected, total)


def examine(
    stars: Stars, diagram: Diagram, state: State, lattice: raster.Lattice, x: float, y: float
) -> Cell | None:
    """The stars of the cell under a position; None outside the window."""
    cell = lattice.cell(x, y)
    if cell is None:
        return None
    place = stars.place(*columns_of(diagram, state), lattice.window)
    words = stars.select(state.selection.for_view(diagram.source)) & place.inside
    row, column = (lattice.coarsening * k for k in cell)
    rows = kernels.rows_in_cell(words, place.pixels, raster.FINE, row, column, lattice.coarsening)
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

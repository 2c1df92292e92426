"""The compiled test of rows against a polygon, quick however many corners it has.

A grid is laid over the polygon. In a cell that no edge comes near, one answer holds for all points; a point
in any other cell is held against the edges at its height, by the formula of `data.functions.inside` and in
its arithmetic. So the answer is that of the formula over all edges, to the last bit.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.kernels import Values, Words
from explorer.regions import Ends

CELLS = 256
"""Cells along each side of the grid."""

BEYOND = CELLS * CELLS
"""Number of the cell that stands for what is not on the grid."""

OUTSIDE, INSIDE, EDGE = 0, 1, 2
"""What holds for the points of a cell; EDGE: that has to be seen."""

SLACK = 1e-6
"""How far an edge is taken to reach beyond itself, in cells: far more than rounding moves a point."""

ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""The same as a part of the largest coordinate."""

TAME = 1e-100, 1e100
"""Lengths between which no product overflows, or loses digits near zero; others are tested without a grid."""

ANYWHERE: Ends = (-np.inf, np.inf, -np.inf, np.inf)
"""The grid of what has none: all is in its first cell, on which an edge is."""

Coordinates = NDArray[np.float64]
Places = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Outline:
    """A polygon made ready: its edges run from each corner's predecessor to the corner.

    Attributes
    ----------
    x, y : (V,) its corners.
    ends : x0, x1, y0, y1 of its grid; beyond is outside.
    scale : cells per unit of x and of y.
    cells : (BEYOND + 1,) what holds in each cell, row by row from the lowest, and beyond the grid.
    edges, starts : numbers of the edges that reach into each row of cells, and where each row's begin;
        (E,) and (CELLS + 1,).
    """

    x: Coordinates
    y: Coordinates
    ends: Ends
    scale: tuple[float, float]
    cells: NDArray[np.uint8]
    edges: Places
    starts: Places

    @classmethod
    def of(cls, x: ArrayLike, y: ArrayLike) -> "Outline":
        """Lay the grid over a polygon with these corners, (V,) each and finite."""
        across, up = (np.array(corners, np.float64) for corners in (x, y))
        if not _tame(across, up):
            cells = np.zeros(BEYOND + 1, np.uint8)
            cells[0] = EDGE
            starts = np.full(CELLS + 1, len(up), np.int32)
            starts[0] = 0
            return cls(across, up, ANYWHERE, (0.0, 0.0), cells, np.arange(len(up), dtype=np.int32), starts)
        (x0, x1, sx, slack_x), (y0, y1, sy, slack_y) = _side(across), _side(up)
        ends, scale = (x0, x1, y0, y1), (sx, sy)
        edges, starts, cells = _lay(across, up, ends, scale, (slack_x, slack_y))
        return cls(across, up, ends, scale, cells, edges, starts)

    def test(self, x: Values, y: Values, words: Words, first: int, last: int) -> None:
        """Fill words of a bitset: which points are inside, by the even-odd rule; none that lacks a number."""
        grid = self.ends, self.scale, self.cells, self.edges, self.starts
        _inside(x, y, self.x, self.y, *grid, words, first, last)


def _side(corners: Coordinates) -> tuple[float, float, float, float]:
    """Ends, scale and slack of the grid along one axis."""
    largest = float(np.abs(corners).max())
    margin = SLACK * float(np.ptp(corners)) + ROUNDING * largest
    low, high = float(corners.min()) - margin, float(corners.max()) + margin
    scale = CELLS / (high - low)
    return low, high, scale, SLACK + ROUNDING * largest * scale


def _tame(x: Coordinates, y: Coordinates) -> bool:
    """Whether rounding is what it usually is: nothing is too large or small, no edge too nearly level."""
    if max(np.abs(x).max(), np.abs(y).max()) > TAME[1]:
        return False
    rise = np.abs(y - np.roll(y, 1))
    return bool(min(np.ptp(x), np.ptp(y)) >= TAME[0] and np.all((rise == 0) | (rise >= TAME[0])))


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _odd(
    x: float, y: float, corners_x: Coordinates, corners_y: Coordinates, edges: Places, first: int, last: int
) -> bool:
    """Whether a ray to the right crosses an odd number of some edges."""
    odd = False
    for k in range(first, last):
        i = edges[k]
        xi, yi = corners_x[i], corners_y[i]
        xj, yj = corners_x[i - 1], corners_y[i - 1]
        if (yi > y) != (yj > y) and x < (xj - xi) * (y - yi) / (yj - yi) + xi:
            odd = not odd
    return odd


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _cell(place: float) -> int:
    """Number of the cell at a place along one side; the last for whatever is not before it."""
    return int(place) if place < CELLS else CELLS - 1


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _rows(i: int, corners_y: Coordinates, y0: float, sy: float, slack: float) -> tuple[int, int]:
    """First and last row of cells that an edge reaches into."""
    one, other = (corners_y[i] - y0) * sy, (corners_y[i - 1] - y0) * sy
    return _cell(max(min(one, other) - slack, 0.0)), _cell(max(one, other) + slack)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _lay(
    x: Coordinates, y: Coordinates, ends: Ends, scale: tuple[float, float], slack: tuple[float, float]
) -> tuple[Places, Places, NDArray[np.uint8]]:
    """Edges of each row of cells, where each row's begin, and what holds in each cell."""
    starts = np.zeros(CELLS + 1, np.int32)
    for i in range(x.size):
        low, high = _rows(i, y, ends[2], scale[1], slack[1])
        for row in range(low, high + 1):
            starts[row + 1] += 1
    for row in range(CELLS):
        starts[row + 1] += starts[row]
    edges = np.empty(starts[CELLS], np.int32)
    cells = np.zeros(BEYOND + 1, np.uint8)
    fill = starts.copy()
    for i in range(x.size):
        low, high = _rows(i, y, ends[2], scale[1], slack[1])
        for row in range(low, high + 1):
            edges[fill[row]] = i
            fill[row] += 1
            left, right = _reach(i, row, x, y, ends, scale, slack)
            for column in range(left, right + 1):
                cells[row * CELLS + column] = EDGE
    _fill(x, y, ends, scale, cells, edges, starts)
    return edges, starts, cells


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _reach(
    i: int, row: int, x: Coordinates, y: Coordinates, ends: Ends, scale: tuple[float, float],
    slack: tuple[float, float],
) -> tuple[int, int]:  # fmt: skip
    """First and last cell of a row that an edge comes near."""
    xi, xj = (x[i] - ends[0]) * scale[0], (x[i - 1] - ends[0]) * scale[0]
    yi, yj = (y[i] - ends[2]) * scale[1], (y[i - 1] - ends[2]) * scale[1]
    enters, leaves = 0.0, 1.0
    if yi != yj:
        enters = min(max((row - slack[1] - yi) / (yj - yi), 0.0), 1.0)
        leaves = min(max((row + 1 + slack[1] - yi) / (yj - yi), 0.0), 1.0)
    one, other = xi + enters * (xj - xi), xi + leaves * (xj - xi)
    return _cell(max(min(one, other) - slack[0], 0.0)), _cell(max(one, other) + slack[0])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _fill(
    x: Coordinates, y: Coordinates, ends: Ends, scale: tuple[float, float], cells: NDArray[np.uint8],
    edges: Places, starts: Places,
) -> None:  # fmt: skip
    """Say what holds in each cell without an edge: the same as to its left, if there is none either."""
    for row in range(CELLS):
        middle = ends[2] + (row + 0.5) / scale[1]
        for column in range(CELLS):
            cell = row * CELLS + column
            if cells[cell] == EDGE:
                continue
            if column > 0 and cells[cell - 1] != EDGE:
                cells[cell] = cells[cell - 1]
                continue
            centre = ends[0] + (column + 0.5) / scale[0]
            cells[cell] = _odd(centre, middle, x, y, edges, starts[row], starts[row + 1])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _inside(
    x: Values, y: Values, corners_x: Coordinates, corners_y: Coordinates, ends: Ends,
    scale: tuple[float, float], cells: NDArray[np.uint8], edges: Places, starts: Places, words: Words,
    first: int, last: int,
) -> None:  # fmt: skip
    x0, x1, y0, y1 = ends
    sx, sy = scale
    gridded = sx > 0
    most = np.float64(CELLS - 1)
    here = np.empty(64, np.int32)
    for w in range(first, last):
        xs = x[64 * w : 64 * w + 64]
        ys = y[64 * w : 64 * w + 64]
        for i in range(xs.size):
            xi, yi = np.float64(xs[i]), np.float64(ys[i])
            within = (xi >= x0) & (xi <= x1) & (yi >= y0) & (yi <= y1)
            column = min((xi - x0) * sx, most) if within & gridded else 0.0
            row = min((yi - y0) * sy, most) if within & gridded else 0.0
            cell = np.int32(row) * np.int32(CELLS) + np.int32(column)
            here[i] = cell if within else np.int32(BEYOND)
        word, unsure = np.uint64(0), np.uint64(0)
        for i in range(xs.size):
            cell = cells[here[i]]
            word |= np.uint64(cell == INSIDE) << np.uint64(i)
            unsure |= np.uint64(cell == EDGE) << np.uint64(i)
        for i in range(xs.size if unsure else 0):
            if (unsure >> np.uint64(i)) & np.uint64(1):
                row = here[i] // CELLS
                odd = _odd(xs[i], ys[i], corners_x, corners_y, edges, starts[row], starts[row + 1])
                word |= np.uint64(odd) << np.uint64(i)
        words[w] = word

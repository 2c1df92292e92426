"""Lines that enclose most stars of a subset in a window, and the outline of its histogram. Pure.

A line at 60 % runs where the smoothed number of stars in a cell has the value above which 60 % of the
subset's stars in the window lie.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from explorer.raster import Window

FRACTIONS = (0.3, 0.6, 0.9)
"""Of the stars in the window: what the lines enclose, innermost first."""

COARSENING = 4
"""Fine pixels along the side of a cell: 100 cells a side."""

FEWEST = 20
"""Fewer stars in a window have no lines."""

REACH = 12.0
"""Smoothing length in cells over the sixth root of the number of stars (Scott's rule in two dimensions)."""

LEAST, MOST = 1.0, 6.0
"""Bounds of the smoothing length, in cells."""

Array = NDArray[np.float64]
Line = NDArray[np.float32]


@dataclass(frozen=True)
class Polyline:
    """Points of one line; NaN parts its pieces."""

    x: Line
    y: Line


NOTHING = Polyline(np.empty(0, np.float32), np.empty(0, np.float32))


def smoothed(n: Array) -> Array:
    """(cells, cells) numbers of stars, smoothed by a Gaussian that is wider where stars are few.

    What would leave over an edge is reflected there, so that the sum stays.
    """
    width = np.clip(REACH * max(float(n.sum()), 1.0) ** (-1 / 6), LEAST, MOST)
    return np.asarray(gaussian_filter(np.asarray(n, np.float64), float(width), mode="reflect"))


def levels(n: Array, density: Array, fractions: Iterable[float] = FRACTIONS) -> list[float]:
    """The densities above which these fractions of the n stars lie."""
    order = np.argsort(density, axis=None)[::-1]
    enclosed = np.cumsum(n.ravel()[order])
    sorted_density = np.append(density.ravel()[order], 0.0)
    places = np.searchsorted(enclosed, np.array([*fractions]) * enclosed[-1])
    return [float((sorted_density[k] + sorted_density[k + 1]) / 2) for k in places]


def lines(n: Array, window: Window) -> list[Polyline]:
    """A line for each of FRACTIONS around the stars counted in cells of a window, row 0 lowest.

    Lines that would leave the window run out over its edge. None where there are fewer than FEWEST stars.
    """
    if n.sum() < FEWEST:
        return [NOTHING] * len(FRACTIONS)
    density = smoothed(n)
    side = len(n)
    centres = (np.arange(-1, side + 1) + 0.5) / side
    found = contour_generator(
        window.x0 + centres * (window.x1 - window.x0),
        window.y0 + centres * (window.y1 - window.y0),
        np.pad(density, 1, mode="edge"),
        line_type=LineType.ChunkCombinedNan,
    )
    return [_polyline(found.lines(level)[0][0]) for level in levels(n, density)]


def _polyline(points: NDArray[np.float64] | None) -> Polyline:
    if points is None:
        return NOTHING
    return Polyline(points[:, 0].astype(np.float32), points[:, 1].astype(np.float32))


def steps(edges: Array, heights: Array, floor: float) -> Polyline:
    """The outline of a histogram that stands on a floor."""
    y = np.concatenate([[floor], np.repeat(heights, 2), [floor]])
    return Polyline(np.repeat(edges, 2).astype(np.float32), y.astype(np.float32))

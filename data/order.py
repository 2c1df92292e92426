"""The order of rows in an opened catalogue: neighbours on a map lie near each other in memory."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

CELLS = 256
"""Cells of the grid along each axis; their numbers just fit 16 bits, which sort fastest."""


def morton_order(x: ArrayLike, y: ArrayLike) -> NDArray[np.int64]:
    """Give the rows along a Morton (Z-order) curve through a 256 x 256 grid.

    The grid spans the 0.5 to 99.5 percentiles of the finite points; what lies outside counts to its edge.
    Rows of one cell keep their order, rows without a position come last.

    Parameters
    ----------
    x, y : (N,) positions.

    Returns
    -------
    (N,) row numbers.
    """
    columns = [np.asarray(values, dtype=np.float64) for values in (x, y)]
    placed = np.isfinite(columns[0]) & np.isfinite(columns[1])
    code = np.zeros(len(placed), np.uint16)
    for shift, values in enumerate(columns):
        code |= _spread(_cells(values, placed)) << np.uint16(shift)
    code[~placed] = np.iinfo(np.uint16).max
    return np.argsort(code, kind="stable").astype(np.int64, copy=False)


def _cells(values: NDArray[np.float64], placed: NDArray[np.bool_]) -> NDArray[np.uint16]:
    if not placed.any():
        return np.zeros(len(values), np.uint16)
    low, high = np.percentile(values[placed], (0.5, 99.5))
    step = (high - low) / CELLS or 1.0
    inside = np.where(placed, values, low)
    cells: NDArray[np.uint16] = np.clip((inside - low) / step, 0, CELLS - 1).astype(np.uint16)
    return cells


def _spread(cells: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Put a zero between every two of 8 bits."""
    spread: NDArray[np.uint16] = cells
    for shift, mask in ((4, 0x0F0F), (2, 0x3333), (1, 0x5555)):
        spread = (spread | (spread << np.uint16(shift))) & np.uint16(mask)
    return spread


def inverse(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the place that each row has in an order."""
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return places

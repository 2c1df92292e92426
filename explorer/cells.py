"""The compiled steps from sums of pixels to what each cell shows: a square of pixels makes a cell.

Accumulators have one row for each pixel of a grid with `side` pixels a side, row by row from the lowest;
totals one row for each cell.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def fold(fine: NDArray[np.generic], side: int, factor: int) -> NDArray[np.generic]:
    """Sums of the columns of an accumulator, (side * side, K), in cells of `factor` pixels a side."""
    across = side // factor
    totals = np.zeros((across * across, fine.shape[1]), fine.dtype)
    for row in range(across):
        for column in range(across):
            first = (row * side + column) * factor
            for beside in range(factor):
                for pixel in range(first + beside * side, first + beside * side + factor):
                    for k in range(fine.shape[1]):
                        totals[row * across + column, k] += fine[pixel, k]
    return totals


@numba.njit(nogil=True, cache=True, error_model="numpy")
def means(totals: NDArray[np.generic], origin: float, unit: float) -> tuple[Array, Array]:
    """Number and mean of each cell from (n, sum), in units of `unit` from `origin`; (C,) each."""
    n = np.empty(len(totals), np.float64)
    mean = np.empty(len(totals), np.float64)
    for cell in range(len(totals)):
        n[cell] = totals[cell, 0]
        mean[cell] = origin + unit * (totals[cell, 1] / n[cell]) if n[cell] > 0 else np.nan
    return n, mean


@numba.njit(nogil=True, cache=True, error_model="numpy")
def deviations(totals: Array) -> tuple[Array, Array]:
    """Number and sample standard deviation (n - 1) of each cell from (n, sum, sum of squares)."""
    n = np.empty(len(totals), np.float64)
    deviation = np.empty(len(totals), np.float64)
    for cell in range(len(totals)):
        n[cell] = totals[cell, 0]
        deviation[cell] = np.nan
        if n[cell] > 1:
            spread = totals[cell, 2] - totals[cell, 1] * (totals[cell, 1] / n[cell])
            deviation[cell] = np.sqrt(max(spread, 0.0) / (n[cell] - 1))
    return n, deviation


@numba.njit(nogil=True, cache=True, error_model="numpy")
def exact_deviations(totals: Whole, unit: float) -> tuple[Array, Array]:
    """As `deviations`, from sums of codes: exact, for squares are taken about the whole part of the mean."""
    n = np.empty(len(totals), np.float64)
    deviation = np.empty(len(totals), np.float64)
    for cell in range(len(totals)):
        number, first = totals[cell, 0], totals[cell, 1]
        n[cell] = number
        deviation[cell] = np.nan
        if number > 1:
            mean = first // number
            rest = np.float64(first - number * mean)
            spread = np.float64(totals[cell, 2] - 2 * mean * first + number * mean * mean)
            deviation[cell] = unit * np.sqrt((spread - rest * (rest / n[cell])) / (n[cell] - 1))
    return n, deviation


@numba.njit(nogil=True, cache=True, error_model="numpy")
def leave_out(n: Array, values: Array, least: float) -> None:
    """Empty the cells, (C, C), that have fewer than `least`."""
    for row in range(n.shape[0]):
        for column in range(n.shape[1]):
            if n[row, column] < least:
                values[row, column] = np.nan

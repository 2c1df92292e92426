"""The compiled tests of rows against ranges and windows: values in, bitsets out.

Each fills the words `first` to `last` of a bitset, so that several threads may share one. As for all
kernels: no interpreter lock, and those that call each other in one file.
"""

import numba
import numpy as np

from explorer.kernels import Bins, Pixels, Values, Words

Ends = tuple[float, float, float, float]


@numba.njit(nogil=True, cache=True)
def between(values: Values, low: float, high: float, words: Words, first: int, last: int) -> None:
    """Where low <= value <= high; a missing value (NaN) is outside."""
    for w in range(first, last):
        part = values[64 * w : 64 * w + 64]
        word = np.uint64(0)
        for i in range(part.size):
            value = np.float64(part[i])
            word |= np.uint64((value >= low) & (value <= high)) << np.uint64(i)
        words[w] = word


@numba.njit(nogil=True, cache=True)
def locate(
    x: Values, y: Values, window: Ends, side: int, pixels: Pixels, words: Words, first: int, last: int
) -> None:
    """Pixel number of each row in a window, row by row from its lower left, and which rows are inside it.

    Datashader's own rule and arithmetic: both ends belong to the window, `int(x * s - x0 * s)`.
    The pixel number of a row outside means nothing.

    Parameters
    ----------
    window : x0, x1, y0, y1.
    side : pixels along each side.
    """
    x0, x1, y0, y1 = window
    sx = side / (x1 - x0)
    sy = side / (y1 - y0)
    tx = -x0 * sx
    ty = -y0 * sy
    most = side - 1.0
    for w in range(first, last):
        xs = x[64 * w : 64 * w + 64]
        ys = y[64 * w : 64 * w + 64]
        part = pixels[64 * w : 64 * w + 64]
        word = np.uint64(0)
        for i in range(xs.size):
            xi = np.float64(xs[i])
            yi = np.float64(ys[i])
            inside = (xi >= x0) & (xi <= x1) & (yi >= y0) & (yi <= y1)
            right, up = xi * sx + tx, yi * sy + ty
            column = min(right, most) if inside & (right > 0) else 0.0
            row = min(up, most) if inside & (up > 0) else 0.0
            part[i] = np.uint32(np.int32(row) * np.int32(side) + np.int32(column))
            word |= np.uint64(inside) << np.uint64(i)
        words[w] = word


@numba.njit(nogil=True, cache=True)
def divide(
    values: Values, low: float, high: float, many: int, bins: Bins, words: Words, first: int, last: int
) -> None:
    """Bin of each row among `many` equal ones of [low, high], both ends included, and which rows are in one.

    The bin of a row outside means nothing.
    """
    scale = many / (high - low)
    most = many - 1.0
    for w in range(first, last):
        values_here = values[64 * w : 64 * w + 64]
        part = bins[64 * w : 64 * w + 64]
        word = np.uint64(0)
        for i in range(part.size):
            value = np.float64(values_here[i])
            inside = (value >= low) & (value <= high)
            number = (value - low) * scale
            part[i] = np.uint16(np.int32(min(number, most) if inside & (number > 0) else 0.0))
            word |= np.uint64(inside) << np.uint64(i)
        words[w] = word

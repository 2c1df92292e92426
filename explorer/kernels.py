"""The compiled inner loops: stars in, pixels out. In one file, since numba's cache looks at one only.

Every kernel releases the interpreter lock, so that views run side by side in threads. A selection is a
bitset: row i is bit i % 64 of word i // 64. Rows are walked by counting trailing zeros, which costs in
proportion to the number of selected stars.
"""

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Pixels = NDArray[np.uint32]
Values = NDArray[np.float32] | NDArray[np.float64]

FEW = 48
"""Up to this many values an insertion sort is the fastest."""


@intrinsic
def _trailing_zeros(_context: Any, _word: Any) -> Any:
    """Number of zero bits below the lowest set bit of a word that is not zero."""

    def emit(context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], context.get_constant(types.boolean, True))

    return types.uint64(types.uint64), emit


@numba.njit(nogil=True, cache=True)
def pack(mask: NDArray[np.bool_]) -> Words:
    """Bitset of a boolean array."""
    words = np.zeros((mask.size + 63) // 64, np.uint64)
    for w in range(words.size):
        word = np.uint64(0)
        for i in range(64 * w, min(64 * w + 64, mask.size)):
            word |= np.uint64(mask[i]) << np.uint64(i - 64 * w)
        words[w] = word
    return words


@numba.njit(nogil=True, cache=True)
def pack_range(values: Values, low: float, high: float) -> Words:
    """Bitset of low <= value <= high; a missing value (NaN) is outside."""
    words = np.zeros((values.size + 63) // 64, np.uint64)
    for w in range(words.size):
        word = np.uint64(0)
        for i in range(64 * w, min(64 * w + 64, values.size)):
            inside = (values[i] >= low) & (values[i] <= high)
            word |= np.uint64(inside) << np.uint64(i - 64 * w)
        words[w] = word
    return words


@numba.njit(nogil=True, cache=True)
def population(words: Words) -> np.int64:
    """Number of set bits."""
    total = np.int64(0)
    for word in words:
        total += _ones(word)
    return total


@numba.njit(nogil=True, cache=True)
def _ones(word: np.uint64) -> np.int64:
    """Set bits of one word, by Hamming weight."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@numba.njit(nogil=True, cache=True)
def rows_of(words: Words) -> NDArray[np.int64]:
    """Row numbers of the set bits, in order."""
    rows = np.empty(population(words), np.int64)
    k = 0
    for w in range(words.size):
        word = words[w]
        while word != 0:
            rows[k] = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            k += 1
    return rows


@numba.njit(nogil=True, cache=True)
def locate(
    x: Values, y: Values, x0: float, x1: float, y0: float, y1: float, nx: int, ny: int
) -> tuple[Pixels, Words]:
    """Pixel number of each row in a window, row by row from its lower left, and the bitset of rows inside it.

    Datashader's own rule and arithmetic: both ends belong to the window, `int(x * s - x0 * s)`.
    The pixel number of a row outside means nothing.
    """
    pixels = np.zeros(x.size, np.uint32)
    words = np.zeros((x.size + 63) // 64, np.uint64)
    sx = nx / (x1 - x0)
    sy = ny / (y1 - y0)
    tx = -x0 * sx
    ty = -y0 * sy
    for i in range(x.size):
        xi = np.float64(x[i])
        yi = np.float64(y[i])
        if x0 <= xi <= x1 and y0 <= yi <= y1:
            pixels[i] = min(int(yi * sy + ty), ny - 1) * nx + min(int(xi * sx + tx), nx - 1)
            words[i // 64] |= np.uint64(1) << np.uint64(i % 64)
    return pixels, words


@numba.njit(nogil=True, cache=True)
def rows_in_cell(
    words: Words, pixels: Pixels, nx: int, row: int, column: int, side: int
) -> NDArray[np.int64]:
    """Selected rows in the square of `side` pixels whose lower left pixel is (row, column)."""
    found = np.empty(256, np.int64)
    first = row * nx + column
    span = (side - 1) * nx + side
    n = 0
    for w in range(words.size):
        word = words[w]
        while word != 0:
            i = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            beyond = np.int64(pixels[i]) - first
            if 0 <= beyond < span and beyond % nx < side:
                if n == found.size:
                    found = np.append(found, np.empty(n, np.int64))
                found[n] = i
                n += 1
    return found[:n]


@numba.njit(nogil=True, cache=True)
def counts(words: Words, pixels: Pixels, size: int) -> NDArray[np.int64]:
    """Number of selected rows in each pixel; selected rows lie inside the grid, here and below."""
    out = np.zeros(size, np.int64)
    for w in range(words.size):
        word = words[w]
        while word != 0:
            i = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            out[pixels[i]] += 1
    return out


@numba.njit(nogil=True, cache=True)
def sums(words: Words, pixels: Pixels, values: Values, size: int) -> NDArray[np.float64]:
    """Per pixel (n, sum) of the finite values of selected rows; shape (size, 2)."""
    out = np.zeros((size, 2), np.float64)
    for w in range(words.size):
        word = words[w]
        while word != 0:
            i = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            value = np.float64(values[i])
            if np.isfinite(value):
                out[pixels[i], 0] += 1.0
                out[pixels[i], 1] += value
    return out


@numba.njit(nogil=True, cache=True)
def moments(words: Words, pixels: Pixels, values: Values, size: int, centre: float) -> NDArray[np.float64]:
    """Per pixel (n, sum of d, sum of d^2), d = value - centre, of finite values; shape (size, 3).

    A centre near the values keeps the difference of squares exact enough (shifted-data variance).
    """
    out = np.zeros((size, 3), np.float64)
    for w in range(words.size):
        word = words[w]
        while word != 0:
            i = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            value = np.float64(values[i])
            if np.isfinite(value):
                d = value - centre
                out[pixels[i], 0] += 1.0
                out[pixels[i], 1] += d
                out[pixels[i], 2] += d * d
    return out


@numba.njit(nogil=True, cache=True)
def medians(words: Words, pixels: Pixels, values: Values, size: int) -> NDArray[np.float64]:
    """Per pixel (n, median) of the finite values of selected rows; shape (size, 2).

    A counting sort gathers each pixel's values, then each pixel is sorted on its own: exact.
    """
    out = np.zeros((size, 2), np.float64)
    for w in range(words.size):
        word = words[w]
        while word != 0:
            i = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            if np.isfinite(values[i]):
                out[pixels[i], 0] += 1.0
    ends = np.cumsum(out[:, 0]).astype(np.int64)
    fill = ends - out[:, 0].astype(np.int64)
    gathered = np.empty(ends[size - 1], values.dtype)
    for w in range(words.size):
        word = words[w]
        while word != 0:
            i = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            if np.isfinite(values[i]):
                gathered[fill[pixels[i]]] = values[i]
                fill[pixels[i]] += 1
    for p in range(size):
        n = int(out[p, 0])
        if n:
            own = gathered[ends[p] - n : ends[p]]
            _sort(own)
            out[p, 1] = 0.5 * (np.float64(own[(n - 1) // 2]) + np.float64(own[n // 2]))
    return out


@numba.njit(nogil=True, cache=True)
def _sort(values: Values) -> None:
    """Sort in place: by insertion where there are few, as there are in most pixels."""
    if values.size > FEW:
        values.sort()
        return
    for i in range(1, values.size):
        value = values[i]
        k = i
        while k > 0 and values[k - 1] > value:
            values[k] = values[k - 1]
            k -= 1
        values[k] = value


@numba.njit(nogil=True, cache=True)
def histogram(words: Words, values: Values, low: float, high: float, bins: int) -> NDArray[np.int64]:
    """Number of selected rows in each of `bins` equal bins of [low, high], both ends included."""
    out = np.zeros(bins, np.int64)
    scale = bins / (high - low)
    for w in range(words.size):
        word = words[w]
        while word != 0:
            i = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            value = np.float64(values[i])
            if low <= value <= high:
                out[min(int((value - low) * scale), bins - 1)] += 1
    return out

"""The compiled inner loops over selected rows. In one file, since numba's cache looks at one only.

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
Bins = NDArray[np.uint16]
Codes = NDArray[np.uint16]
Values = NDArray[np.float32] | NDArray[np.float64]

FEW = 48
"""Up to this many values an insertion sort is the fastest."""

SHIFT = 40
"""A packed number holds a number of rows above this bit and the sum of their codes below it."""

RUN = (1 << 18) - 1
"""Words that may be packed at once: with fewer than 2^24 rows neither part of a number overflows."""

LANES = 4
"""Copies of few bins that take turns, so that a row need not wait for its neighbour in the same bin."""


@intrinsic
def _trailing_zeros(_context: Any, _word: Any) -> Any:
    """Number of zero bits below the lowest set bit of a word that is not zero."""

    def emit(context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], context.get_constant(types.boolean, True))

    return types.uint64(types.uint64), emit


@intrinsic
def _ones(_context: Any, _word: Any) -> Any:
    """Number of set bits of a word."""

    def emit(_context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), emit


@numba.njit(nogil=True, cache=True)
def pack(mask: NDArray[np.bool_]) -> Words:
    """Bitset of a boolean array."""
    words = np.zeros((mask.size + 63) // 64, np.uint64)
    for w in range(words.size):
        part = mask[64 * w : 64 * w + 64]
        word = np.uint64(0)
        for i in range(part.size):
            word |= np.uint64(part[i]) << np.uint64(i)
        words[w] = word
    return words


@numba.njit(nogil=True, cache=True)
def population(words: Words) -> np.int64:
    """Number of set bits."""
    total = np.int64(0)
    for word in words:
        total += np.int64(_ones(word))
    return total


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
def tally(words: Words, bins: Bins, size: int) -> NDArray[np.int64]:
    """Number of selected rows in each of few bins."""
    lanes = np.zeros((LANES, size), np.int64)
    for w in range(words.size):
        word = words[w]
        lane = 0
        while word != 0:
            i = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            lanes[lane % LANES, bins[i]] += 1
            lane += 1
    out = np.zeros(size, np.int64)
    for lane in range(LANES):
        out += lanes[lane]
    return out


@numba.njit(nogil=True, cache=True)
def packed(words: Words, pixels: Pixels, codes: Codes, size: int) -> NDArray[np.uint64]:
    """Per pixel the number of selected rows (from bit SHIFT) and the sum of their codes (below it).

    Exact whatever the order of the rows. None of them may lack a code, and words are at most RUN.
    """
    out = np.zeros(size, np.uint64)
    for w in range(words.size):
        word = words[w]
        while word != 0:
            i = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            out[pixels[i]] += np.uint64(1 << SHIFT) + np.uint64(codes[i])
    return out


@numba.njit(nogil=True, cache=True)
def packed_squares(words: Words, pixels: Pixels, codes: Codes, size: int) -> NDArray[np.uint64]:
    """As `packed`, and beside it the sum of the squares of the codes; shape (size, 2)."""
    out = np.zeros((size, 2), np.uint64)
    for w in range(words.size):
        word = words[w]
        while word != 0:
            i = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            code = np.uint64(codes[i])
            out[pixels[i], 0] += np.uint64(1 << SHIFT) + code
            out[pixels[i], 1] += code * code
    return out


@numba.njit(nogil=True, cache=True)
def unpack(fine: NDArray[np.uint64], side: int, factor: int, totals: NDArray[np.int64]) -> None:
    """Add packed numbers of rows and sums of codes to the totals (C, 2) of cells, `factor` pixels a side.

    Pixels, `side` of them a side, and cells go row by row from the lowest.
    """
    across = side // factor
    for row in range(across):
        for column in range(across):
            first = (row * side + column) * factor
            number = np.uint64(0)
            for beside in range(factor):
                for pixel in range(first + beside * side, first + beside * side + factor):
                    number += fine[pixel]
            cell = row * across + column
            totals[cell, 0] += np.int64(number >> np.uint64(SHIFT))
            totals[cell, 1] += np.int64(number & np.uint64((1 << SHIFT) - 1))


@numba.njit(nogil=True, cache=True)
def unpack_squares(fine: NDArray[np.uint64], side: int, factor: int, totals: NDArray[np.int64]) -> None:
    """As `unpack`, with the sums of squares too: totals (C, 3)."""
    across = side // factor
    for row in range(across):
        for column in range(across):
            first = (row * side + column) * factor
            number, squares = np.uint64(0), np.uint64(0)
            for beside in range(factor):
                for pixel in range(first + beside * side, first + beside * side + factor):
                    number += fine[pixel, 0]
                    squares += fine[pixel, 1]
            cell = row * across + column
            totals[cell, 0] += np.int64(number >> np.uint64(SHIFT))
            totals[cell, 1] += np.int64(number & np.uint64((1 << SHIFT) - 1))
            totals[cell, 2] += np.int64(squares)


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
def totals(words: Words, values: Values, centre: float) -> tuple[float, float, float]:
    """(n, sum of d, sum of d^2), d = value - centre, over the finite values of selected rows."""
    n = 0.0
    first = 0.0
    second = 0.0
    for w in range(words.size):
        word = words[w]
        while word != 0:
            i = 64 * w + _trailing_zeros(word)
            word &= word - np.uint64(1)
            value = np.float64(values[i])
            if np.isfinite(value):
                d = value - centre
                n += 1.0
                first += d
                second += d * d
    return n, first, second


@numba.njit(nogil=True, cache=True)
def medians(words: Words, pixels: Pixels, values: Values, size: int) -> NDArray[np.float64]:
    """Per pixel (n, median) of the finite values of selected rows; shape (size, 2).

    A counting sort gathers each pixel's values, then the middle of each is found on its own: exact.
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
            out[p, 1] = _middle(gathered[ends[p] - n : ends[p]])
    return out


@numba.njit(nogil=True, cache=True)
def _middle(values: Values) -> float:
    """Median of one or more finite values, which it moves about, by Hoare's selection.

    Few are sorted by insertion, as they are in most pixels. Pivots come from a fixed sequence without a
    pattern: no order of the values makes it slow.
    """
    half = values.size // 2
    low, high = 0, values.size - 1
    if values.size <= FEW:
        _insert(values)
        high = low
    place = np.uint64(1)
    while low < high:
        place = place * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        beyond = ((place >> np.uint64(32)) * np.uint64(high - low + 1)) >> np.uint64(32)
        pivot = values[low + np.int64(beyond)]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if half <= j:
            high = j
        elif half >= i:
            low = i
        else:
            break
    upper = np.float64(values[half])
    if values.size % 2:
        return upper
    return 0.5 * (np.float64(values[:half].max()) + upper)


@numba.njit(nogil=True, cache=True)
def _insert(values: Values) -> None:
    """Sort in place by insertion."""
    for i in range(1, values.size):
        value = values[i]
        k = i
        while k > 0 and values[k - 1] > value:
            values[k] = values[k - 1]
            k -= 1
        values[k] = value

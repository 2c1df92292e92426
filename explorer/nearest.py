"""The compiled searches for one star: the nearest to a place, and its neighbours in an order.

As for all kernels: no interpreter lock, and those that call each other in one file.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from explorer.kernels import Pixels, Values, Words

Block = tuple[int, int, int, int]
"""Lowest row and column of a rectangle of pixels, and how many of each."""


@numba.njit(nogil=True, cache=True)
def nearest(
    words: Words,
    pixels: Pixels,
    x: Values,
    y: Values,
    side: int,
    block: Block,
    place: tuple[float, float],
    scale: tuple[float, float],
    reach: float,
    tie: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Selected rows at most `tie` farther from a place than the nearest of them, if that is within `reach`.

    Parameters
    ----------
    words : bitset of the selected rows, all inside the window of the pixels.
    pixels : pixel number of each row, of `side` pixels a row.
    block : only rows in these pixels are looked at.
    place, scale : where, in units of x and y, and how much distance a unit of each is.

    Returns
    -------
    (n,) rows, in their order, and the squares of their distances.
    """
    bottom, left, height, width = block
    first = np.uint32(bottom * side + left)
    span = np.uint32((height - 1) * side + width)
    rows, squares = np.empty(64, np.int64), np.empty(64, np.float64)
    limit, n = reach * reach, 0
    for w in range(words.size):
        word = words[w]
        if word == 0:
            continue
        part = pixels[64 * w : 64 * w + 64]
        for k in range(part.size):
            if not (_inside(part[k], first, span, side, width) and (word >> np.uint64(k)) & np.uint64(1)):
                continue
            i = 64 * w + k
            right = (np.float64(x[i]) - place[0]) * scale[0]
            up = (np.float64(y[i]) - place[1]) * scale[1]
            square = right * right + up * up
            if square > limit:
                continue
            limit = min(limit, (np.sqrt(square) + tie) ** 2)
            if n == rows.size:
                rows = np.append(rows, np.empty_like(rows))
                squares = np.append(squares, np.empty_like(squares))
            rows[n], squares[n] = i, square
            n += 1
    kept = squares[:n] <= limit
    return rows[:n][kept], squares[:n][kept]


@numba.njit(nogil=True, cache=True)
def _inside(pixel: int, first: int, span: int, side: int, width: int) -> bool:
    """Whether a pixel is in a block `width` wide, of `span` pixels from its first to its last."""
    beyond = np.uint32(pixel - first)
    return bool(beyond < span and beyond % np.uint32(side) < width)


@numba.njit(nogil=True, cache=True)
def beside(words: Words, order: NDArray[np.int64], place: int) -> tuple[int, int]:
    """The selected rows next after and next before a place in an order, from its end on at its beginning.

    Parameters
    ----------
    order : (N,) place of each row, none twice.

    Returns
    -------
    The two rows; -1 where no row is selected. The row at the place comes only where it is alone.
    """
    after, first, before, last = -1, -1, -1, -1
    for w in range(words.size):
        word = words[w]
        if word == 0:
            continue
        part = order[64 * w : 64 * w + 64]
        for k in range(part.size):
            if not (word >> np.uint64(k)) & np.uint64(1):
                continue
            i, here = 64 * w + k, part[k]
            if here > place and (after < 0 or here < order[after]):
                after = i
            if here < place and (before < 0 or here > order[before]):
                before = i
            if first < 0 or here < order[first]:
                first = i
            if last < 0 or here > order[last]:
                last = i
    return after if after >= 0 else first, before if before >= 0 else last

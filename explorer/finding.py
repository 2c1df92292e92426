"""Which star is meant: the one at a place on a map, the neighbour of another, or that of a link.

A star is a row of the catalogue here; what names it in a state and in a link is a `Star`, which another
catalogue may have too.
"""

from functools import reduce

import numpy as np

from data.predicate import Where
from data.problem import DataError
from explorer import algebra, kernels, picture, tints
from explorer.atlas import Diagram
from explorer.nearest import Block, beside, nearest
from explorer.raster import FINE, Window
from explorer.session import Star, State
from explorer.stars import Stars

REACH = 12.0
"""A star farther from the pointer than this, in CSS pixels, is not meant."""

CLOSE = 3.0
"""Where stars are many, the nearest are within this, and only so few are looked at."""

TIE = 1.0
"""Stars at most so much farther than the nearest, in CSS pixels, can't be told from it by pointing."""

MOST_TIED = 50
"""So many of them take turns."""

ROW = "source_row"
NAMES = ("obsid", "source_id", ROW)
"""What may name a star in a link, the best first."""

# by pointing


def near(
    stars: Stars, diagram: Diagram, state: State, place: tuple[float, float], scale: tuple[float, float]
) -> tuple[int, ...]:
    """Rows of the stars a person may mean who points at a place of a diagram.

    Parameters
    ----------
    place : in units of the axes.
    scale : how many pixels a unit of each axis takes, whichever way it grows.

    Returns
    -------
    The nearest of the stars that are shown, and those that can't be told from it, by distance and then by
    row, MOST_TIED at most; empty where none is within REACH pixels.
    """
    window, columns = picture.window_of(stars, diagram, state), picture.columns_of(diagram, state)
    located = stars.place(*columns, window)
    words = _shown(stars, diagram, state) & located.inside
    x, y = (stars.values(column) for column in columns)
    for reach in (CLOSE, REACH):
        block = _block(window, place, (reach / scale[0], reach / scale[1]))
        if block is not None:
            rows, squares = nearest(words, located.pixels, x, y, FINE, block, place, scale, reach, TIE)
            if rows.size and (reach == REACH or np.sqrt(squares.min()) + TIE <= reach):
                return tuple(rows[np.lexsort((rows, squares))][:MOST_TIED].tolist())
    return ()


def _shown(stars: Stars, diagram: Diagram, state: State) -> kernels.Words:
    """Bitset of the stars that a diagram shows in colour."""
    if tints.tinted(diagram, state):
        bits = (stars.bits(Where(subset.condition)) for subset in algebra.shown(state))
        return reduce(np.bitwise_or, bits)
    return stars.select(state.selection.for_view(diagram.source))


def _block(window: Window, place: tuple[float, float], reach: tuple[float, float]) -> Block | None:
    """The pixels of a window within reach of a place, and one more on each side; None if there is none."""
    ends = []
    for low, high, at, far in zip(
        (window.y0, window.x0), (window.y1, window.x1), place[::-1], reach[::-1], strict=True
    ):
        step = (high - low) / FINE
        if not low - far <= at <= high + far:
            return None
        first = int(np.floor(max((at - far - low) / step, 0.0))) - 1
        last = int(np.floor(min((at + far - low) / step, float(FINE)))) + 1
        first, last = max(first, 0), min(last, FINE - 1)
        ends.append((first, last - first + 1))
    (bottom, height), (left, width) = ends
    return bottom, left, height, width


# in a state


def star_of(stars: Stars, row: int) -> Star:
    """What names a row, in a link too: its obsid or source_id if no other row has it, else its place."""
    catalogue = stars.catalogue
    for name in NAMES[:-1]:
        if name in catalogue and catalogue[name][row] != catalogue.described[name].missing:
            number = int(catalogue[name][row])
            if np.count_nonzero(catalogue[name] == number) == 1:
                return Star(name, number)
    return Star(ROW, int(catalogue.source_row[row]))


def row_of(stars: Stars, star: Star) -> int:
    """The row that a name is of.

    Raises
    ------
    DataError
        Where this catalogue has no such star, or several.
    """
    catalogue = stars.catalogue
    fits = 0 <= star.number <= np.iinfo(np.int64).max
    if fits and star.name == ROW and star.number < len(stars):
        return int(catalogue.row_of_source[star.number])
    if fits and star.name in NAMES[:-1] and star.name in catalogue:
        rows = np.flatnonzero(catalogue[star.name] == star.number)
        if rows.size == 1:
            return int(rows[0])
    raise DataError(
        f"the star with {star.name} {star.number} is not in this catalogue: open that which the link is of"
    )


def beyond(stars: Stars, state: State, row: int, step: int) -> int | None:
    """The next selected row (step 1) or the one before (-1) in the order of the file, round its ends.

    None where no row is selected.
    """
    words = stars.select(state.selection.for_view(None))
    after, before = beside(words, stars.catalogue.source_row, int(stars.catalogue.source_row[row]))
    found = after if step > 0 else before
    return found if found >= 0 else None

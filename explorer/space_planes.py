"""Abundance planes in bins of R and |z| (the paper's Figs. 13 and 14): the stars of each panel."""

import math
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from data.predicate import Box, Predicate, Range
from data.problem import DataError
from data.selection import Clause, Selection
from explorer.edges import Edges
from explorer.kernels import Values, Words
from explorer.overtaking import Overtaken, attend, attentive
from explorer.raster import Window
from explorer.stars import Stars

MOST_ACROSS, MOST_UP = 8, 6
"""Panels of a grid."""
MOST_SHOWN = 700
"""Stars drawn in a panel: as many as in the paper's."""
FEWEST_CELLS, MOST_CELLS, STARS_PER_CELL = 16, 48, 5
"""Along each side of a panel's map: as many as the fullest panel has stars for."""
LEAST = 3
"""Stars in a cell that has a mean."""
NEEDS = ("R", "z", "fe_h")
AXES = ("R", "abs(z)")
PLACE, HEIGHT, HOT, BOX = SOURCES = ("planes.R", "planes.z", "planes.teff", "planes.box")
"""Sources of the cuts that are made here; the grid ignores them itself, as a map does its own brush."""

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Asked:
    """What a grid is asked for.

    Attributes
    ----------
    label : on the vertical axes; [Fe/H] is on the horizontal ones.
    colour : quantity that colours tell.
    shows : "stars", "mean" or "number": some stars of each panel, or a map of all.
    across, up : edges of the panels in R and |z|, kpc; the last edge belongs to the last panel.
    teff : ends of T_eff, K, both included; None for all stars.
    predicates : all of them hold.
    seed : of the choice of stars.
    window : of every panel.
    ends : of the colours; None for those usual with the quantity.
    """

    label: str
    colour: str
    shows: str
    across: Edges
    up: Edges
    teff: tuple[float, float] | None
    predicates: tuple[Predicate, ...]
    seed: int
    window: Window
    ends: tuple[float, float] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Panels up and across."""
        return len(self.up) - 1, len(self.across) - 1


@dataclass(frozen=True, eq=False)
class Planes:
    """A grid of P panels, from the lowest row, each from left to right.

    Attributes
    ----------
    asked : what was asked for.
    stars : (P,) stars with both abundances in each.
    inside : (P,) those of them within the window.
    panel : (K,) panel of each star that is drawn; none where a map is.
    x, y, colour : (K,) of it; colour is NaN where it is missing.
    number, mean : (P, cells, cells) stars, and the mean colour, of the cells of a map, lowest row
        first; the mean is NaN where there are fewer than LEAST. No panels where stars are drawn.
    """

    asked: Asked
    stars: Rows
    inside: Rows
    panel: Rows
    x: Floats
    y: Floats
    colour: Floats
    number: Floats
    mean: Floats


def check(stars: Stars, asked: Asked) -> None:
    """Refuse, as DataError in words, what the catalogue does not have."""
    for quantity in (*NEEDS, asked.label, asked.colour):
        if not stars.has(quantity):
            raise DataError(f"the catalogue has no '{quantity[:40]}': choose another quantity")
    if asked.teff is not None and not stars.has("teff"):
        raise DataError("the catalogue has no teff: leave the field of Teff empty")
    if asked.label == "fe_h":
        raise DataError("[Fe/H] is on the other axis: choose an abundance relative to iron")


def planes(stars: Stars, asked: Asked, overtaken: Overtaken) -> Planes:
    """Find the stars of a grid. For the workers; OvertakenError where nobody waits any more."""
    x, y, colour = (stars.values(each) for each in ("fe_h", asked.label, asked.colour))
    cuts = asked.predicates if asked.teff is None else (*asked.predicates, Range("teff", *asked.teff))
    words = stars.select(cuts, attentive(map, overtaken))
    edges = np.array(asked.across), np.array(asked.up)
    rows, ends = by_panel(words, stars.values("R"), stars.values("z"), x, y, *edges)
    attend(overtaken)
    w = asked.window
    window = w.x0, w.x1, w.y0, w.y1
    number, total, known = cells(rows, ends, x, y, colour, window, cells_for(np.diff(ends)))
    attend(overtaken)
    inside = number.sum(axis=(1, 2)).astype(np.int64)
    panel, chosen = np.empty(0, np.int64), np.empty(0, np.int64)
    if asked.shows == "stars":
        source = np.asarray(stars.catalogue.source_row)
        parts = [
            few(rows[ends[k] : ends[k + 1]], source, MOST_SHOWN, asked.seed) for k in range(len(ends) - 1)
        ]
        panel, chosen = np.repeat(np.arange(len(parts)), [len(each) for each in parts]), np.concatenate(parts)
        number, total, known = number[:0], total[:0], known[:0]
    mean = np.divide(total, known, out=np.full(total.shape, np.nan), where=known >= LEAST)
    x, y, colour = (np.asarray(each[chosen], np.float64) for each in (x, y, colour))
    return Planes(asked, np.diff(ends), inside, panel, x, y, colour, number, mean)


def cells_for(stars: Rows) -> int:
    """Cells along a side, for the numbers of stars of the panels."""
    return min(max(math.isqrt(int(stars.max()) // STARS_PER_CELL), FEWEST_CELLS), MOST_CELLS)


def few(rows: Rows, source: Rows, most: int, seed: int) -> Rows:
    """At most so many of some rows, by lot, ascending.

    Every star of a file has a lot that the seed decides, and the lowest are taken: under a brush, stars that
    are still selected stay drawn.
    """
    if len(rows) <= most:
        return np.sort(rows)
    lots = _lots(np.asarray(source[rows]), seed)
    return np.sort(rows[np.argpartition(lots, most - 1)[:most]])


def _lots(numbers: Rows, seed: int) -> NDArray[np.uint64]:
    """Random numbers of whole numbers: SplitMix64 (Steele, Lea & Flood 2014, OOPSLA)."""
    with np.errstate(over="ignore"):
        lot = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed) * np.uint64(
            0xD1342543DE82EF95
        )
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            lot = (lot ^ (lot >> np.uint64(shift))) * np.uint64(factor)
        return np.asarray(lot ^ (lot >> np.uint64(31)))


def with_panel(selection: Selection, asked: Asked, row: int, column: int) -> Selection:
    """The selection cut to a panel, its R, |z| and T_eff a cut each; without them if it is so already."""
    cuts = panel_cuts(asked, row, column)
    if chosen_panel(selection, asked) == (row, column):
        return selection.without(*SOURCES)
    made = selection.without(HOT, BOX)
    for clause in cuts:
        made = made.with_(clause)
    return made


def with_box(
    selection: Selection, asked: Asked, row: int, column: int, box: tuple[float, float, float, float]
) -> Selection:
    """The selection cut to a panel and to a box in it, of [Fe/H] and the label: x0, x1, y0, y1."""
    made = selection.without(HOT)
    x0, x1, y0, y1 = box
    region = Box(Range("fe_h", x0, x1), Range(asked.label, y0, y1))
    for clause in (*panel_cuts(asked, row, column), Clause(BOX, region)):
        made = made.with_(clause)
    return made


def panel_cuts(asked: Asked, row: int, column: int) -> tuple[Clause, ...]:
    """The cuts that a panel stands for: its R and |z|, and the window of T_eff if there is one."""
    ranges = (
        Range(AXES[0], *asked.across[column : column + 2]),
        Range(AXES[1], *asked.up[row : row + 2]),
    )
    made = tuple(Clause(source, each) for source, each in zip((PLACE, HEIGHT), ranges, strict=True))
    return made if asked.teff is None else (*made, Clause(HOT, Range("teff", *asked.teff)))


def chosen_panel(selection: Selection, asked: Asked) -> tuple[int, int] | None:
    """Row and column of the panel that a selection is cut to, if it is one of the grid."""
    for row in range(asked.shape[0]):
        for column in range(asked.shape[1]):
            cuts = panel_cuts(asked, row, column)
            if all(each.source in selection and selection[each.source] == each for each in cuts):
                return row, column
    return None


def chosen_box(selection: Selection, asked: Asked) -> tuple[float, float, float, float] | None:
    """Ends x0, x1, y0, y1 of the box that a selection is cut to, if it is one of [Fe/H] and the label."""
    box = selection[BOX].predicate if BOX in selection else None
    if not isinstance(box, Box) or box.quantities != ("fe_h", asked.label):
        return None
    x0, x1, y0, y1 = box.x.low, box.x.high, box.y.low, box.y.high
    return None if x0 is None or x1 is None or y0 is None or y1 is None else (x0, x1, y0, y1)


def others(selection: Selection) -> tuple[Predicate, ...]:
    """What a selection asks of stars in every view, but for the cuts made here."""
    return tuple(
        clause.effective for clause in selection if clause.holds_in(None) and clause.source not in SOURCES
    )


@numba.njit(nogil=True, cache=True)
def by_panel(
    words: Words, along: Values, z: Values, x: Values, y: Values, across: Floats, up: Floats
) -> tuple[Rows, Rows]:
    """Selected rows with both abundances, panel by panel, and where each panel begins and the last ends."""
    columns, lines = len(across) - 1, len(up) - 1
    none = columns * lines
    panel = np.full(len(along), none, np.uint8)
    ends = np.zeros(none + 1, np.int64)
    for w in range(words.size):
        word = words[w]
        if word == 0:
            continue
        for i in range(64 * w, min(64 * w + 64, len(along))):
            if not (word >> np.uint64(i - 64 * w)) & np.uint64(1):
                continue
            place, height = np.float64(along[i]), abs(np.float64(z[i]))
            inside = (
                (place >= across[0]) & (place <= across[columns]) & (height >= up[0]) & (height <= up[lines])
            )
            if not (inside & np.isfinite(x[i]) & np.isfinite(y[i])):
                continue
            k, j = 0, 0
            while k < columns - 1 and place >= across[k + 1]:
                k += 1
            while j < lines - 1 and height >= up[j + 1]:
                j += 1
            panel[i] = j * columns + k
            ends[panel[i] + 1] += 1
    ends = np.cumsum(ends)
    place_of = ends[:-1].copy()
    rows = np.empty(ends[none], np.int64)
    for i in range(len(panel)):
        own = panel[i]
        if own != none:
            rows[place_of[own]] = i
            place_of[own] += 1
    return rows, ends


@numba.njit(nogil=True, cache=True)
def cells(
    rows: Rows, ends: Rows, x: Values, y: Values, colour: Values, window: tuple[float, float, float, float],
    side: int,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Stars, the sum of their colours, and how many have one, in the cells of each panel."""
    x0, x1, y0, y1 = window
    number = np.zeros((len(ends) - 1, side, side))
    total, known = np.zeros_like(number), np.zeros_like(number)
    for p in range(len(ends) - 1):
        for r in range(ends[p], ends[p + 1]):
            xi, yi = np.float64(x[rows[r]]), np.float64(y[rows[r]])
            if not ((xi >= x0) & (xi <= x1) & (yi >= y0) & (yi <= y1)):
                continue
            k = min(int((xi - x0) / (x1 - x0) * side), side - 1)
            j = min(int((yi - y0) / (y1 - y0) * side), side - 1)
            number[p, j, k] += 1.0
            value = np.float64(colour[rows[r]])
            if np.isfinite(value):
                total[p, j, k] += value
                known[p, j, k] += 1.0
    return number, total, known

"""Where stars of one pixel can be compared with those of others at the same T_eff and log g.

Effects of pixels and of cells of the Kiel diagram are told apart only within connected parts of the graph
that joins a pixel to each cell in which it has stars (Abowd, Creecy & Kramarz 2002, Census Bureau
TP-2002-06); elsewhere, and where a cell belongs to one pixel alone, a smooth function would be extrapolated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

TEFF_STEP, LOGG_STEP = 150.0, 0.25
"""Sides of a cell, K and dex."""
OTHER_STARS, OTHER_PIXELS = 20, 3
"""Stars of other pixels, and such pixels, that a cell needs for those of a pixel to be compared."""
LEAST_SHARE = 0.8
"""Of a pixel's stars that can be compared; the others are left out."""
LEAST_STARS = 20
"""That can be compared, in a pixel."""

SHOWN, FEW_STARS, ALONE, APART = range(4)
REASONS = (
    "",
    f"fewer than {LEAST_STARS} stars",
    "its T_eff and log g are rare in other pixels",
    "no chain of pixels with T_eff and log g in common joins it to most others",
)
"""Why a pixel is blank, by number."""


@dataclass(frozen=True, eq=False)
class Support:
    """What can be compared.

    Attributes
    ----------
    stars : (N,) those that can be.
    share : (P,) of each pixel's stars; NaN without any.
    reason : (P,) number in REASONS.
    """

    stars: Flags
    share: Floats
    reason: Integers


def common_support(pixel: Integers, teff: Floats, logg: Floats, pixels: int) -> Support:
    """Find stars and pixels that can be compared with others.

    Parameters
    ----------
    pixel : (N,) number of each star's pixel, from 0 to `pixels` - 1.
    teff, logg : (N,) K and dex, finite.
    pixels : how many there are.
    """
    cells = np.stack([np.floor(teff / TEFF_STEP), np.floor(logg / LOGG_STEP)]).astype(np.int64)
    cell = np.unique(cells, axis=1, return_inverse=True)[1].reshape(-1)
    width = int(cell.max(initial=-1)) + 1
    pairs, pair_of, count = np.unique(pixel * max(width, 1) + cell, return_inverse=True, return_counts=True)
    where, what = np.divmod(pairs, max(width, 1))
    total = np.bincount(where, count, pixels)
    reason = np.where(total >= LEAST_STARS, SHOWN, FEW_STARS)
    while True:
        used = _comparable(what, count * (reason[where] == SHOWN), width)
        kept = np.bincount(where, count * used, pixels)
        short = (reason == SHOWN) & ((kept < LEAST_SHARE * total) | (kept < LEAST_STARS))
        if not short.any():
            break
        reason[short] = ALONE
    chosen = used & (reason[where] == SHOWN)
    reason[(reason == SHOWN) & ~_joined(where[chosen], what[chosen], count[chosen], pixels, width)] = APART
    chosen &= reason[where] == SHOWN
    with np.errstate(invalid="ignore"):
        share = np.bincount(where, count * used, pixels) / total
    return Support(chosen[pair_of.reshape(-1)], share, reason)


def _comparable(cell: Integers, count: Integers, cells: int) -> Flags:
    """Which pairs of a pixel and a cell have enough stars of enough other pixels in the cell."""
    here = np.bincount(cell, count, cells)[cell]
    sharing = np.bincount(cell, count > 0, cells)[cell]
    enough: Flags = (here - count >= OTHER_STARS) & (sharing - (count > 0) >= OTHER_PIXELS)
    return enough


def _joined(pixel: Integers, cell: Integers, count: Integers, pixels: int, cells: int) -> Flags:
    """Which pixels are in the connected part that has most stars."""
    size = pixels + cells
    graph = coo_array((np.ones(len(pixel)), (pixel, pixels + cell)), shape=(size, size))
    part = connected_components(graph, directed=False)[1][:pixels]
    stars = np.bincount(pixel, count, pixels)
    largest = int(np.bincount(part, stars).argmax()) if pixels else 0
    joined: Flags = (part == largest) & (stars > 0)
    return joined

"""Maps tinted by subsets: a cell has the colour of the subset with most stars in it, strong where many.

The colours of a map's bytes are split into one band for each subset, from faint to full by the logarithm of
the number of stars.
"""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from data.predicate import Where
from explorer import algebra, kernels, palette
from explorer.atlas import Diagram
from explorer.palette import GHOST, LEVELS, Bytes
from explorer.raster import FINE, Array, Grid, Window, coarsen, suitable_coarsening
from explorer.session import State, Subset
from explorer.stars import Place, Stars

FAINTEST = 72
"""Opacity, of 255, of a cell with one star."""


@dataclass(frozen=True)
class Tints(Grid):
    """What a tinted map shows: `n` is the number of stars of the winning subset in each cell.

    Attributes
    ----------
    subsets : the subsets, in the order of the bands.
    numbers : (subsets, cells, cells) stars of each.
    """

    subsets: tuple[Subset, ...]
    numbers: Array

    @property
    def note(self) -> str:
        """What its colours mean, for the heading of its card."""
        return f"up to {self.n.max():,.0f} stars a cell"

    def words(self, x: float, y: float) -> str:
        """How many stars of each subset lie in the cell at a position, as HTML; empty outside the map."""
        cell = self.cell(x, y)
        if cell is None:
            return ""
        counted = zip(self.subsets, self.numbers[:, cell[0], cell[1]], strict=True)
        return "<br>".join(f"{html.escape(subset.name)}: <b>{n:,.0f}</b>" for subset, n in counted)


def tinted(diagram: Diagram, state: State) -> bool:
    """Whether a map shows subsets and no label; those of the gallery are there for their labels."""
    return state.subsets_as == "tints" and bool(algebra.shown(state)) and not diagram.label


def grid(stars: Stars, place: Place[kernels.Pixels], window: Window, subsets: Sequence[Subset]) -> Tints:
    """Numbers of stars of subsets in a window, whatever is selected."""
    words = [stars.bits(Where(subset.condition)) & place.inside for subset in subsets]
    inside = int(kernels.population(np.bitwise_or.reduce(words)))
    factor = suitable_coarsening(inside)
    numbers = np.array([coarsen(kernels.counts(each, place.pixels, FINE * FINE), factor) for each in words])
    most = numbers.max(axis=0)
    return Tints(window, factor, inside, most, np.full_like(most, np.nan), tuple(subsets), numbers)


def levels(numbers: Array, below: Bytes) -> Bytes:
    """(cells, cells) bytes of (subsets, cells, cells) numbers of stars; those of `below` where there is none.

    Of subsets with as many stars the first wins.
    """
    most = numbers.max(axis=0)
    band = LEVELS // len(numbers)
    strength = np.log(np.maximum(most, 1)) / np.log(max(float(most.max()), 2.0))
    level = GHOST + 1 + numbers.argmax(axis=0) * band + (strength * (band - 1)).astype(np.int64)
    return np.where(most > 0, level.astype(np.uint8), below)


def colours(shown: Iterable[str]) -> list[str]:
    """256 colours with alpha for the bytes of a tinted map: nothing, the ghost's greys, a band for each."""
    tones = [*shown]
    band = LEVELS // len(tones)
    opacity = np.linspace(FAINTEST, 255, band).round().astype(int)
    bands = [f"{tone}{alpha:02x}" for tone in tones for alpha in opacity]
    below = palette.ghostly()
    return [*below, *bands, *["#00000000"] * (256 - len(below) - len(bands))]

"""A map in words, for those who hear the page: number of stars, range of what is shown, and its brush."""

import numpy as np

from data.schema import Column
from explorer.picture import Picture
from explorer.tints import Tints
from explorer.words import number


def in_words(title: str, picture: Picture, label: Column, brush: str = "") -> str:
    """What a map shows, in one line.

    Parameters
    ----------
    title, brush : as plain text; no brush is empty.
    label : what the colours tell of.
    """
    said = f"{title}: {_shown(picture, label)}"
    return f"{said}; brush {brush}" if brush else said


def _shown(picture: Picture, label: Column) -> str:
    lattice, statistic, (low, high) = picture.lattice, picture.colouring.statistic, picture.ends
    if isinstance(lattice, Tints):
        return f"{lattice.note}, each cell in the colour of the subset with most stars in it"
    stars = f"{lattice.inside:,} stars"
    if np.isnan(low):
        return f"{stars}, no cell is drawn"
    if statistic == "count":
        return f"{stars}, from {low:,.0f} to {high:,.0f} in a cell"
    unit = f" {label.unit}" if label.unit else ""
    ends = [number(float(f"{end:.3g}")) for end in (low, high)]
    return f"{stars}, {statistic} {label.plain} from {ends[0]} to {ends[1]}{unit}"

"""Where lines are marked over a spectrum, and which of their names have room."""

from collections.abc import Sequence
from dataclasses import dataclass

from data.schema import ELEMENTS
from model.lines import LAMOST_WINDOWS, Window

ROOM = 0.025
"""A name takes this part of the axis."""

_BALMER = {"Hα": 6564.61, "Hβ": 4862.68, "H\N{GREEK SMALL LETTER GAMMA}": 4341.68, "Hδ": 4102.89}
"""Vacuum, A: Ritz wavelengths of NIST, from air 6562.80, 4861.33, 4340.46, 4101.74."""


@dataclass(frozen=True)
class LineMark:
    """A line: its name, centre and window, A in vacuum at rest."""

    name: str
    centre: float
    low: float
    high: float


def symbol_of(element: str) -> str:
    """How an element of the windows is written."""
    return (
        "Fe" if element == "fe_h" else ELEMENTS[element][0] if element in ELEMENTS else element.capitalize()
    )


def marks_of(column: str) -> tuple[LineMark, ...]:
    """The lines of an element's abundance, such as mg_fe; none for other labels."""
    element = column if column == "fe_h" else column.removesuffix("_fe")
    name = {"alpha": "α"}.get(element, symbol_of(element))
    return tuple(_mark(name, window) for window in LAMOST_WINDOWS.get(element, ()))


def _mark(name: str, window: Window) -> LineMark:
    return LineMark(name, (window.low + window.high) / 2, window.low, window.high)


def every_mark() -> tuple[LineMark, ...]:
    """Those of all single elements and of hydrogen, by wavelength; no bands."""
    families = {"alpha", "s"}
    found = [
        _mark(symbol_of(element), window)
        for element, windows in LAMOST_WINDOWS.items()
        if element not in families
        for window in windows
        if not window.band
    ]
    found += [LineMark(name, centre, centre, centre) for name, centre in _BALMER.items()]
    return tuple(sorted(found, key=lambda mark: mark.centre))


def named(marks: Sequence[LineMark], centres: Sequence[float], low: float, high: float) -> list[str]:
    """Names of marks whose `centres` are shown between two ends; "" for one that has no room.

    Where lines of one element follow each other closely, the first stands for them.
    """
    least = ROOM * (high - low)
    edge = 0.3 * least
    names: list[str] = []
    last = -float("inf")
    for mark, centre in zip(marks, centres, strict=True):
        if low + edge <= centre <= high - edge and centre - last >= least:
            names.append(mark.name)
            last = centre
        else:
            names.append("")
    return names

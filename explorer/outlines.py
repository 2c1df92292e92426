"""The lines of subsets over the figures of a page: one Bokeh data source, and glyphs that draw from it."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, MultiLine

from explorer import columns, contours
from explorer.algebra import MOST_SHOWN
from explorer.overlays import ROWS, Lines
from explorer.session import Subset
from explorer.template import Models

WIDTHS = (2.4, 1.8, 1.2)
"""Of the lines, innermost first: the thickest encloses fewest stars."""

EDGE = 2.0
"""So much wider is the edge of light or dark below each line, in CSS pixels: it reads on any ground."""

LIGHT, DARK = "#ffffff", "#14181d"


def edge_of(colour: str) -> str:
    """What sets a colour off: white around a dark one, black around a light one."""
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    light = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return DARK if light > 0.3 else LIGHT


def source_of_outlines(figures: Iterable[str]) -> ColumnDataSource:
    """The source, with no line in it yet."""
    nothing: list[Any] = [np.empty(0, np.float32)] * ROWS
    places = {f"{figure}_{axis}": nothing for figure in figures for axis in ("xs", "ys")}
    return ColumnDataSource(data={**places, **_looks(())}, name="contours")


def _looks(shown: Iterable[Subset]) -> dict[str, list[Any]]:
    """Colours and widths of the rows."""
    colours = [subset.colour for subset in shown]
    colours += [LIGHT] * (MOST_SHOWN - len(colours))
    rows = [(colour, width) for colour in colours for width in WIDTHS]
    return {
        "colour": [colour for colour, _ in rows],
        "edge": [edge_of(colour) for colour, _ in rows],
        "width": [width for _, width in rows],
        "edge_width": [width + EDGE for _, width in rows],
    }


def outline(figure: Any, source: ColumnDataSource) -> None:
    """Have a figure draw its lines from the source."""
    places: dict[str, Any] = {"xs": f"{figure.name}_xs", "ys": f"{figure.name}_ys", "line_join": "round"}
    for look in (
        {"line_color": "edge", "line_width": "edge_width", "line_alpha": 0.85},
        {"line_color": "colour", "line_width": "width"},
    ):
        glyph = MultiLine(**places, **look)
        figure.add_glyph(source, glyph, selection_glyph=None, nonselection_glyph=None,
                         hover_glyph=None, muted_glyph=None)  # fmt: skip


class Outlines:
    """One visitor's lines."""

    def __init__(self, models: Models) -> None:
        self.source = models["contours"]

    def push(self, lines: Mapping[str, Lines], shown: Iterable[Subset]) -> None:
        """Send new lines to the browser in one message."""
        places = {
            f"{key}_{axis}": [getattr(line, axis[0]) for line in rows]
            for key, rows in lines.items()
            for axis in ("xs", "ys")
        }
        if places:
            columns.push(self.source, {**places, **_looks(shown)})


LINES_SAY = (
    f"Lines enclose {', '.join(f'{100 * each:.0f}' for each in contours.FRACTIONS[:-1])} and "
    f"{100 * contours.FRACTIONS[-1]:.0f} % of a subset's stars in the window"
)
"""What the lines mean, for the page."""

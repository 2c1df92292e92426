"""The mark of the star a visitor looks at: one Bokeh data source, and a ring in each figure drawn from it."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Scatter, VSpan

from explorer import columns
from explorer.atlas import HISTOGRAM
from explorer.outlines import DARK, LIGHT
from explorer.template import Models

SIZE = 13
"""Diameter in CSS pixels: the star's cell can be seen within."""

WIDTHS = (4.5, 1.8)
"""Of the light ring and of the dark one upon it: together they read on any ground."""

Place = tuple[float, float]

NOWHERE: Place = (np.nan, np.nan)
"""Of a star that is not there; equal to itself, which a number of it is not."""


def rings_of(sheet: str) -> str:
    """Name of the source of the rings over the maps of a sheet."""
    return sheet.replace("sheet", "rings")


def source_of_rings(figures: Iterable[str], name: str) -> ColumnDataSource:
    """The source, with no star in it yet."""
    looks = {"line": [LIGHT, DARK], "width": [*WIDTHS]}
    return ColumnDataSource(data={**_columns(dict.fromkeys(figures, NOWHERE)), **looks}, name=name)


def _columns(places: Mapping[str, Place]) -> dict[str, Any]:
    return {
        f"{figure}_{axis}": np.full(len(WIDTHS), value)
        for figure, place in places.items()
        for axis, value in zip("xy", place, strict=True)
    }


def ring(figure: Any, source: ColumnDataSource) -> None:
    """Have a figure mark its place of the star; the histogram's is a line."""
    looks: dict[str, Any] = {"x": f"{figure.name}_x", "line_color": "line", "line_width": "width"}
    if figure.name == HISTOGRAM:
        glyph = VSpan(**looks)
    else:
        glyph = Scatter(**looks, y=f"{figure.name}_y", marker="circle", size=SIZE, fill_color=None)
    figure.add_glyph(source, glyph, selection_glyph=None, nonselection_glyph=None,
                     hover_glyph=None, muted_glyph=None)  # fmt: skip


class Rings:
    """One visitor's rings over the maps of a sheet."""

    def __init__(self, models: Models, sheet: str) -> None:
        self.source = models[rings_of(sheet)]
        self._marked: dict[str, Place] = {}

    def push(self, places: Mapping[str, Place]) -> None:
        """Mark these places, NaN where there is none, in one message."""
        news = {key: place for key, place in places.items() if place != self._marked.get(key, NOWHERE)}
        self._marked |= news
        columns.push(self.source, _columns(news))

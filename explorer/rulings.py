"""Landmarks on figures: lines with a light edge, which are there from the first and shown or hidden."""

from collections.abc import Collection
from typing import Any

from bokeh.models import ColumnDataSource, MultiLine, Text

from explorer.landmarks import over
from explorer.marks import HALO, INK

_PART = "_landmark_"
EDGE, LINE = 3.5, 1.4
"""Widths of the light edge and of the dashed line upon it, CSS pixels."""


def rule(figure: Any, x: str, y: str, shown: Collection[str]) -> None:
    """Draw all landmarks of a plane on a figure that has a name; those that are not shown are hidden."""
    for key, landmark in over(x, y).items():
        drawn = landmark.planes[x, y]()
        name = f"{figure.name}{_PART}{key}"
        lines = {"xs": [line[:, 0] for line in drawn.lines], "ys": [line[:, 1] for line in drawn.lines]}
        source = ColumnDataSource(data=lines, name=f"{name}_lines")
        glyphs: list[tuple[ColumnDataSource, Any]] = [
            (source, MultiLine(xs="xs", ys="ys", line_color=HALO, line_width=EDGE)),
            (source, MultiLine(xs="xs", ys="ys", line_color=INK, line_width=LINE, line_dash="dashed")),
        ]
        if drawn.words:
            columns = dict(zip(("x", "y", "text"), map(list, zip(*drawn.words, strict=True)), strict=True))
            words = Text(
                x="x", y="y", text="text", text_color=INK, text_align="center", text_baseline="middle",
                text_font_size="8pt", background_fill_color=HALO, background_fill_alpha=0.8, padding=1,
            )  # fmt: skip
            glyphs.append((ColumnDataSource(data=columns, name=f"{name}_words"), words))
        for number, (held, glyph) in enumerate(glyphs):
            renderer = figure.add_glyph(
                held, glyph, selection_glyph=None, nonselection_glyph=None, hover_glyph=None, muted_glyph=None
            )
            renderer.update(name=f"{name}_{number}", visible=key in shown)


def show(figure: Any, shown: Collection[str]) -> None:
    """Have a figure show some of its landmarks, and no others."""
    start = f"{figure.name}{_PART}"
    for renderer in figure.renderers:
        if renderer.name and renderer.name.startswith(start):
            visible = renderer.name.removeprefix(start).rpartition("_")[0] in shown
            if renderer.visible != visible:
                renderer.visible = visible

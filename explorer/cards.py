"""A card of the page: the heading of one view, its plot, or why it can't be drawn."""

import html
import re
from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.events import RangesUpdate
from bokeh.models import CustomJS

from data.schema import Column
from explorer import look
from explorer.atlas import Diagram
from explorer.notation import to_html, with_unit
from explorer.picture import Picture, columns_of, window_of
from explorer.raster import Window
from explorer.session import State
from explorer.sheet import Sheet
from explorer.stars import Stars
from explorer.text import text

PLOT_HEIGHT = 264
"""Height of a plot's frame in CSS pixels: two rows of cards fit on a 1440x900 screen."""

FOOTPRINT_HEIGHT = 330
"""The same on the page of the footprint, whose plots are fewer."""

CARD_WIDTH, CARD_CHROME = 384, 104
"""Least width of a card, and what it needs above and below its plot's frame."""


def title_html(title: str) -> str:
    """A title with mathematics between dollar signs as HTML."""
    parts = title.split("$")
    return "".join(to_html(part) if k % 2 else html.escape(part) for k, part in enumerate(parts))


def plain_title(title: str) -> str:
    """A title in plain letters, for names that a screen reader says."""
    return html.unescape(re.sub("<[^>]*>", "", title_html(title)))


def lacking(stars: Stars, columns: tuple[str, ...]) -> str:
    """Which of the columns the catalogue lacks, and why, as HTML; empty if it has them all."""
    why = stars.catalogue.missing
    absent = {name: why.get(name, "the file has no such column") for name in columns if not stars.has(name)}
    reasons = [
        f"<li><b>{html.escape(name)}</b>: {html.escape(reason)}</li>" for name, reason in absent.items()
    ]
    return (
        f"<p>This view needs columns that the catalogue lacks:</p><ul>{''.join(reasons)}</ul>"
        if reasons
        else ""
    )


_REPAINT = """
const label = cb_obj.axis_label
if (label.endsWith('{}$$')) cb_obj.axis_label = label.slice(0, -4) + '$$'
else if (label.endsWith('$$')) cb_obj.axis_label = label.slice(0, -2) + '{}$$'
"""


def follow_theme(figure: Any) -> None:
    """Have a figure's mathematics drawn anew when the theme changes its colour; Bokeh keeps the old image."""
    for axis in (*figure.xaxis, *figure.yaxis):
        axis.js_on_change("axis_label_text_color", CustomJS(code=_REPAINT))


class Card:
    """One view on the page."""

    def __init__(
        self,
        key: str,
        title: str,
        plot: Any,
        *controls: Any,
        width: int = CARD_WIDTH,
        height: int = PLOT_HEIGHT,
    ) -> None:
        self._key = key
        self._title = title
        self.heading = text("heading", title_html(title))
        self.view = pn.Column(
            pn.Row(self.heading, *controls, margin=0, sizing_mode="stretch_width"),
            plot,
            margin=0,
            width=width,
            height=height + CARD_CHROME,
            styles=look.CARD,
        )

    def say(self, note: str, title: str | None = None) -> None:
        """Show a note beside the title."""
        self.heading.object = (
            f"<b>{title_html(title or self._title)}</b> <span class='note'>{html.escape(note)}</span>"
        )


class MapCard(Card):
    """A diagram's card: zooming its plot calls `on_window`, its button `on_settings`."""

    def __init__(
        self,
        diagram: Diagram,
        stars: Stars,
        sheet: Sheet,
        state: State,
        on_window: Callable[[str, Window], None],
        on_settings: Callable[[str], None],
    ) -> None:
        self.diagram = diagram
        self.figure: Any = None
        height = PLOT_HEIGHT if diagram.group == "maps" else FOOTPRINT_HEIGHT
        columns = columns_of(diagram, state)
        missing = lacking(stars, columns)
        if missing:
            super().__init__(diagram.key, diagram.title, text("lacking", missing))
            self.say("not in this catalogue")
            return
        x, y = (stars.describe(name, state.derived) for name in columns)
        self.figure = sheet.figure(diagram, window_of(stars, diagram, state), x, y, height)
        follow_theme(self.figure)
        self.figure.on_event(RangesUpdate, lambda event: on_window(diagram.key, _window(event)))
        button = pmui.IconButton(
            icon="tune",
            size="small",
            icon_size="16px",
            margin=0,
            description=f"Settings of {plain_title(diagram.title)}",
            on_click=lambda _: on_settings(diagram.key),
        )
        width = CARD_WIDTH if diagram.group == "maps" else self.figure.frame_width + 104
        plot = pn.pane.Bokeh(self.figure, margin=0)
        super().__init__(diagram.key, diagram.title, plot, button, width=width, height=height)

    def move(self, window: Window) -> None:
        """Move the plot's axes; its own event then tells the window."""
        shown = self._in_scale(window) if self.diagram.equal else window
        x, y = (shown.x0, shown.x1), (shown.y0, shown.y1)
        x0, x1 = reversed(x) if self.diagram.flip_x else x
        y0, y1 = reversed(y) if self.diagram.flip_y else y
        self.figure.x_range.update(start=x0, end=x1)
        self.figure.y_range.update(start=y0, end=y1)

    def _in_scale(self, window: Window) -> Window:
        """The window, widened on one axis so that both keep one scale."""
        sides = self.figure.frame_width, self.figure.frame_height
        spans = window.x1 - window.x0, window.y1 - window.y0
        scale = max(span / side for span, side in zip(spans, sides, strict=True))
        half_x, half_y = (scale * side / 2 for side in sides)
        x, y = (window.x0 + window.x1) / 2, (window.y0 + window.y1) / 2
        return Window(x - half_x, x + half_x, y - half_y, y + half_y)

    def turn(self, column: Column, window: Window) -> None:
        """Put another column on the vertical axis."""
        self.figure.yaxis[0].axis_label = with_unit(column.tex, column.unit)
        self.figure.y_range.update(reset_start=window.y0, reset_end=window.y1)
        self.move(window)

    def show(self, picture: Picture, title: str) -> None:
        """Say how many stars the picture is made of."""
        self.say(f"{picture.grid.inside:,} stars", title)


def _window(event: RangesUpdate) -> Window:
    x0, x1 = sorted((event.x0, event.x1))
    y0, y1 = sorted((event.y0, event.y1))
    return Window(x0, x1, y0, y1)

"""Cards of the page: the heading of one view, its plot, or why it can't be drawn; and the board they lie on.

To the browser's layout each stands alone: a change in one does not have the others measured anew.
"""

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import param
from bokeh.events import RangesUpdate
from bokeh.models import Pane, layouts
from panel.custom import Child, Children, JSComponent

from data.schema import Column
from explorer.atlas import Diagram
from explorer.figures import HEIGHTS
from explorer.notation import to_html, with_unit
from explorer.picture import Picture, columns_of
from explorer.raster import Window
from explorer.session import State
from explorer.sheet import Sheet
from explorer.stars import Stars
from explorer.text import text

HERE = Path(__file__).parent

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


def alone(figure: Any) -> Any:
    """A figure in a pane that the layout around it does not look into: it is measured on its own account.

    Without the pane each widget that finds its place has all figures of the page measured anew.
    """
    return pn.pane.Bokeh(layouts.Column(children=[Pane(elements=[figure])]), margin=0)


class Board(JSComponent):
    """Cards that flow into as many columns as there is room for."""

    cards = Children()

    _esm = HERE / "board.js"
    _stylesheets: ClassVar[list[str]] = [".cards { display: flex; flex-wrap: wrap; gap: 8px; }"]


class Card(JSComponent):
    """One view: `heading` is HTML, `settings` the name of the button that calls `on_settings`."""

    heading = param.String(default="")
    settings = param.String(default="")
    controls = Children()
    plot = Child()

    _esm = HERE / "card.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "card.css").read_text()]

    def __init__(self, title: str, on_settings: Callable[[], None] | None = None, **params: Any) -> None:
        params.setdefault("width", CARD_WIDTH)
        super().__init__(margin=0, **params)
        self._title = title
        self._on_settings = on_settings
        self.say("")

    def say(self, note: str, title: str | None = None) -> None:
        """Show a note beside the title."""
        self.heading = (
            f"<b>{title_html(title or self._title)}</b> <span class='note'>{html.escape(note)}</span>"
        )

    def _handle_msg(self, data: Any) -> None:
        if self._on_settings is not None and data == {"settings": True}:
            self._on_settings()


class MapCard:
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
        height = HEIGHTS[diagram.group] + CARD_CHROME
        missing = lacking(stars, columns_of(diagram, state))
        if missing:
            self.view = Card(diagram.title, plot=text("lacking", missing), height=height)
            self.view.say("not in this catalogue")
            return
        self.figure = sheet.figure(diagram.key)
        self.figure.on_event(RangesUpdate, lambda event: on_window(diagram.key, _window(event)))
        self.view = Card(
            diagram.title,
            lambda: on_settings(diagram.key),
            settings=f"Settings of {plain_title(diagram.title)}",
            plot=alone(self.figure),
            width=CARD_WIDTH if diagram.group == "maps" else self.figure.frame_width + CARD_CHROME,
            height=height,
        )

    def move(self, window: Window) -> Window:
        """Move the plot's axes, and give the window they now have: wider on one of them to keep one scale."""
        shown = self._in_scale(window) if self.diagram.equal else window
        x, y = (shown.x0, shown.x1), (shown.y0, shown.y1)
        x0, x1 = reversed(x) if self.diagram.flip_x else x
        y0, y1 = reversed(y) if self.diagram.flip_y else y
        self.figure.x_range.update(start=x0, end=x1)
        self.figure.y_range.update(start=y0, end=y1)
        return shown

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

    def show(self, picture: Picture, title: str, label: Column) -> None:
        """Say how many stars the picture is made of, and what its colours mean if no bar beside it does."""
        number, known = picture.grid.inside, int(picture.grid.n.sum())
        note = f"{number:,} stars"
        if known < number:
            note += f", {f'{known:,}' if known else 'none'} with {label.plain}"
        if self.diagram.counts:
            least, most = picture.scale.low, picture.scale.high
            note += f" · from {least:,.0f} (dark) to {most:,.0f} a cell, logarithmic"
        self.view.say(note, title)


def _window(event: RangesUpdate) -> Window:
    x0, x1 = sorted((event.x0, event.x1))
    y0, y1 = sorted((event.y0, event.y1))
    return Window(x0, x1, y0, y1)

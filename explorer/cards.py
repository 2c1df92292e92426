"""Cards of the page: the heading of one view, its plot, or why it can't be drawn; and the board they lie on.

To the browser's layout each stands alone: a change in one does not have the others measured anew.
"""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import panel as pn
import param
from bokeh.events import RangesUpdate
from bokeh.models import Pane, layouts
from panel.custom import Child, Children, JSComponent

from data.schema import Column
from explorer import rulings
from explorer.atlas import Diagram
from explorer.component import Component
from explorer.controls import colours_of
from explorer.figures import HEIGHTS
from explorer.landmarks import shown_over
from explorer.notation import plain, to_html, with_unit
from explorer.picture import Picture, columns_of
from explorer.raster import Window
from explorer.session import State
from explorer.sheet import Sheet
from explorer.stars import Stars
from explorer.text import text
from explorer.tints import Tints

HERE = Path(__file__).parent

CARD_WIDTHS: Mapping[str, int] = {"maps": 384, "gallery": 228}
"""Of the cards of a page, where it is one for all."""

CARD_CHROME, CARD_SIDES, LEGEND = 104, 120, 22
"""What a card needs above and below its plot's frame, beside it, and for a legend."""

ROUNDING, NEAR = 0.01, 1e-6
"""Scales of two axes that differ by less are one; ends that differ by less of their axis are the same."""


def title_html(title: str) -> str:
    """A title with mathematics between dollar signs as HTML."""
    parts = title.split("$")
    return "".join(to_html(part) if k % 2 else html.escape(part) for k, part in enumerate(parts))


def plain_title(title: str) -> str:
    """A title in plain letters, for names that a screen reader says."""
    return plain(title_html(title))


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


class Card(Component):
    """One view.

    `heading` and `legend` are HTML, `spoken` says what the plot shows to those who don't see it, `settings`
    is the name of the button that calls `on_settings`. If it is `movable`, its buttons tell the board
    around it what to do with it. One that is `largest` fills the page.
    """

    heading = param.String(default="")
    legend = param.String(default="")
    spoken = param.String(default="")
    settings = param.String(default="")
    plain_name = param.String(default="")
    movable = param.Boolean(default=False)
    largest = param.Boolean(default=False)
    returned = param.Integer(default=0, doc="how often the keyboard came back to the settings' button")
    controls = Children()
    plot = Child()

    _esm = HERE / "card.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "card.css").read_text()]

    def __init__(
        self, title: str, on_settings: Callable[[], None] | None = None, *, named: bool = True, **params: Any
    ) -> None:
        params.setdefault("width", CARD_WIDTHS["maps"])
        super().__init__(margin=0, plain_name=plain_title(title), **params)
        self._title = title
        self._named = named
        self._on_settings = on_settings
        self.say("")

    def say(self, note: str, title: str | None = None) -> None:
        """Show a note beside the title; one that is not `named` has its title for screen readers alone."""
        shown = "" if self._named else " class='unseen'"
        name = f"<b{shown}>{title_html(title or self._title)}</b>"
        self.tell(heading=f"{name} <span class='note'>{html.escape(note)}</span>")

    def take_focus(self) -> None:
        """Have the keyboard come back to the button of the settings, once they are put away."""
        self.tell(returned=self.returned + 1)

    def speak(self, words: str) -> None:
        """Say what the plot shows to those who don't see it."""
        self.tell(spoken=words)

    def _handle_msg(self, data: Any) -> None:
        if self._on_settings is not None and data == {"settings": True}:
            self._on_settings()


@dataclass(frozen=True)
class Placed:
    """A card that can have any size, and the figure in it that has to follow.

    Attributes
    ----------
    card : the card.
    figure : its figure, if it has one.
    equal : whether both axes have one scale, so that the frame keeps its shape.
    """

    card: Card
    figure: Any = None
    equal: bool = False

    def fit(self, width: int, height: int) -> None:
        """Give the card a size, in CSS pixels."""
        self.card.param.update(width=width, height=height)
        if self.figure is None:
            return
        sides = self.figure.frame_width, self.figure.frame_height
        frame = frame_in(width - CARD_SIDES, height - CARD_CHROME, sides if self.equal else None)
        self.figure.update(frame_width=frame[0], frame_height=frame[1])


def frame_in(width: int, height: int, shape: tuple[int, int] | None) -> tuple[int, int]:
    """The largest frame in so much room; of one shape if it has to keep it."""
    if shape is None:
        return width, height
    factor = min(width / shape[0], height / shape[1])
    return round(factor * shape[0]), round(factor * shape[1])


def legend_of(picture: Picture, label: Column) -> str:
    """A small colour bar with its ends and unit, as HTML."""
    low, high = (f"{end:.4g}".replace("-", "−") for end in (picture.scale.low, picture.scale.high))
    unit = "stars" if picture.colouring.statistic == "count" else html.escape(label.unit)
    stops = ", ".join(colours_of(picture.colouring, label))
    bar = f"<i style='background: linear-gradient(to right, {stops})'></i>"
    return f"<span>{low}</span>{bar}<span>{high} {unit}{', log' if picture.scale.log else ''}</span>"


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
        self.sheet = sheet
        self.figure: Any = None
        height = HEIGHTS[diagram.group] + CARD_CHROME + (LEGEND if diagram.label else 0)
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
            settings="" if diagram.label else f"Settings of {plain_title(diagram.title)}",
            plot=alone(self.figure),
            width=CARD_WIDTHS.get(diagram.group) or self.figure.frame_width + CARD_CHROME,
            height=height,
        )

    @property
    def placed(self) -> Placed:
        """The card where cards may have any size."""
        return Placed(self.view, self.figure, self.diagram.equal)

    def follow(self, window: Window) -> None:
        """Move the plot's axes to a window that the state has, unless they are there."""
        x, y = self.figure.x_range, self.figure.y_range
        now = np.array([*sorted((x.start, x.end)), *sorted((y.start, y.end))])
        then = np.array([window.x0, window.x1, window.y0, window.y1])
        spans = np.repeat(np.abs(now[1::2] - now[::2]), 2)
        if (np.abs(now - then) > NEAR * spans).any():
            self.move(window)

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
        scales = [span / side for span, side in zip(spans, sides, strict=True)]
        scale = max(scales)
        if scale <= (1 + ROUNDING) * min(scales):
            return window
        half_x, half_y = (scale * side / 2 for side in sides)
        x, y = (window.x0 + window.x1) / 2, (window.y0 + window.y1) / 2
        return Window(x - half_x, x + half_x, y - half_y, y + half_y)

    def rule(self, state: State) -> None:
        """Show the landmarks that a state has over the diagram."""
        rulings.show(self.figure, shown_over(self.diagram, state.view(self.diagram.home).landmarks))

    def turn(self, column: Column, window: Window) -> None:
        """Put another column on the vertical axis."""
        self.figure.yaxis[0].axis_label = with_unit(column.tex, column.unit)
        self.figure.y_range.update(reset_start=window.y0, reset_end=window.y1)
        self.move(window)

    def show(self, picture: Picture, title: str, label: Column) -> None:
        """Say how many stars the picture is made of, and what its colours mean if no bar beside it does."""
        if isinstance(picture.lattice, Tints):
            self.view.say(picture.lattice.note, title)
            return
        number, known = picture.lattice.inside, picture.known
        if self.diagram.label:
            self.view.tell(legend=legend_of(picture, label))
            self.view.say(f"{known:,} stars", title)
            return
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

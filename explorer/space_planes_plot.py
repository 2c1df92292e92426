"""Abundance planes in space as one figure: panels side by side on axes that repeat."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import panel as pn
from bokeh.core.properties import value
from bokeh.events import SelectionGeometry, Tap
from bokeh.models import (
    BasicTicker,
    BoxSelectTool,
    ColorBar,
    ColumnDataSource,
    FixedTicker,
    Image,
    LinearColorMapper,
    Pane,
    Quad,
    Scatter,
    Text,
    Title,
    layouts,
)

from data.schema import Column
from explorer import look
from explorer.columns import push
from explorer.edges import written
from explorer.notation import with_unit
from explorer.palette import COLOUR_MAPS, DEFAULT_MAP, kind_shown
from explorer.plain_figure import PLAIN, plain_figure
from explorer.space_planes import Asked, Planes

HEIGHT, MARGIN = 160, 100
"""Of a row of panels, and of what lies around them, CSS pixels."""
GAP, STRIP, HEAD, SIDE = 0.025, 0.13, 0.14, 0.14
"""Around a frame, over it where its stars are counted, over the grid and beside it, as parts of a panel."""
ACROSS, UP = (GAP, 1 - GAP), (GAP, 1 - STRIP)
"""Where in its panel a frame lies."""
INK, CHOSEN = "#787f87", "#d98200"
"""Frames and words read on light and on dark ground; the panel that the selection is cut to stands out."""
STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
TICKS = 4
"""Steps between ticks, and how many of them a panel has at most."""

OnPanel = Callable[[int, int], None]
OnBox = Callable[[int, int, tuple[float, float, float, float]], None]


class SpacePlanesPlot:
    """One visitor's figure, made once and filled anew.

    Parameters
    ----------
    on_panel : called with row and column of a panel that is clicked.
    on_box : called with those and the ends x0, x1, y0, y1 of a box that is drawn in one.
    """

    def __init__(self, on_panel: OnPanel, on_box: OnBox) -> None:
        self._on_panel, self._on_box = on_panel, on_box
        self._asked: Asked | None = None
        self.stars = ColumnDataSource(data={"x": [], "y": [], "colour": []}, name="planes.stars")
        self.cells = ColumnDataSource(
            data={"image": [], "x": [], "y": [], "w": [], "h": []}, name="planes.cells"
        )
        self.panels = ColumnDataSource(data={name: [] for name in PANELS}, name="planes.panels")
        self.words = ColumnDataSource(data={name: [] for name in WORDS}, name="planes.words")
        self._dots = LinearColorMapper(palette=["#000000"], nan_color="rgba(138, 138, 138, 0.5)")
        self._tiles = LinearColorMapper(palette=["#000000"], nan_color="rgba(0, 0, 0, 0)")
        self._bar = ColorBar(
            color_mapper=self._tiles, width=10, padding=6, ticker=BasicTicker(desired_num_ticks=6), **look.BAR
        )
        self._told = Title(
            text=" ", align="center", text_font=look.AXIS["axis_label_text_font"], text_font_size="1em",
            text_font_style="normal",
        )  # fmt: skip
        self.figure = self._figure()
        stack = layouts.Column(children=[Pane(elements=[self.figure])], sizing_mode="stretch_width")
        self.view = pn.pane.Bokeh(stack, margin=(4, 0), sizing_mode="stretch_width")

    def _figure(self) -> Any:
        drawn = plain_figure(
            name="planes", height=3 * HEIGHT + MARGIN, sizing_mode="stretch_width", x_axis_label=" ",
            y_axis_label=" ", tools="save",
        )  # fmt: skip
        frame = Quad(
            left="left", right="right", bottom="bottom", top="top", fill_alpha=0, line_color="line",
            line_width="width",
        )  # fmt: skip
        image = Image(image="image", x="x", y="y", dw="w", dh="h", color_mapper=self._tiles)
        colour = {"field": "colour", "transform": self._dots}
        dot = Scatter(x="x", y="y", size=3.2, fill_color=colour, line_color=None, fill_alpha=0.9)
        said = Text(
            x="x", y="y", text="text", angle="angle", text_align="align", text_baseline="middle",
            text_color=INK, text_font_size="11px", text_font=value(look.AXIS["axis_label_text_font"]),
        )  # fmt: skip
        for source, glyph in (
            (self.cells, image), (self.stars, dot), (self.panels, frame), (self.words, said),
        ):  # fmt: skip
            drawn.add_glyph(source, glyph, **PLAIN)
        box = BoxSelectTool(renderers=[])
        drawn.add_tools(box)
        drawn.toolbar.active_drag = box
        for beside in (self._bar, self._told):
            drawn.add_layout(beside, "right")
        drawn.on_event(Tap, self._tapped)
        drawn.on_event(SelectionGeometry, self._boxed)
        return drawn

    # what a person does

    def _tapped(self, event: Any) -> None:
        """The browser tells where: anything but a place in a panel is dropped."""
        found = self._panel_at(event.x, event.y)
        if found is not None:
            self._on_panel(*found)

    def _boxed(self, event: Any) -> None:
        """The browser tells of a box: the panel that holds its middle is meant."""
        ends = [event.geometry.get(end) for end in ("x0", "x1", "y0", "y1")]
        if self._asked is None or not event.final or not all(map(_is_number, ends)):
            return
        x0, x1, y0, y1 = ends
        found = self._panel_at(0.5 * (x0 + x1), 0.5 * (y0 + y1))
        if found is None:
            return
        row, column = found
        w = self._asked.window
        across = [_value(end - column, w.x0, w.x1, ACROSS) for end in sorted((x0, x1))]
        up = [_value(end - row, w.y0, w.y1, UP) for end in sorted((y0, y1))]
        if across[0] < across[1] and up[0] < up[1]:
            self._on_box(row, column, (across[0], across[1], up[0], up[1]))

    def _panel_at(self, x: object, y: object) -> tuple[int, int] | None:
        if self._asked is None or not (_is_number(x) and _is_number(y)):
            return None
        row, column = math.floor(float(str(y))), math.floor(float(str(x)))
        rows, columns = self._asked.shape
        return (row, column) if 0 <= row < rows and 0 <= column < columns else None

    # what is shown

    def show(self, found: Planes, label: Column, fe_h: Column, colour: Column) -> None:
        """Draw a grid."""
        asked = found.asked
        if self._asked is None or (self._asked.shape, self._asked.window) != (asked.shape, asked.window):
            self._lay(asked)
        self._asked = asked
        self.figure.xaxis[0].axis_label = with_unit(fe_h.tex, fe_h.unit)
        self.figure.yaxis[0].axis_label = with_unit(label.tex, label.unit)
        self._colour(found, colour)
        row, column = np.divmod(found.panel, asked.shape[1])
        w = asked.window
        inside = (found.x >= w.x0) & (found.x <= w.x1) & (found.y >= w.y0) & (found.y <= w.y1)
        dots = {
            "x": column + _part(found.x, w.x0, w.x1, ACROSS),
            "y": row + _part(found.y, w.y0, w.y1, UP),
            "colour": found.colour,
        }
        push(self.stars, {name: values[inside] for name, values in dots.items()})
        push(self.cells, _images(found))
        push(self.words, _words(found))

    def mark(
        self, asked: Asked, chosen: tuple[int, int] | None, box: tuple[float, float, float, float] | None
    ) -> None:
        """Frame the panels; the one that the selection is cut to stands out, and the box in it."""
        rows, columns = asked.shape
        places = [(row, column) for row in range(rows) for column in range(columns)]
        frames = [(*(k + end for end in ACROSS), *(j + end for end in UP)) for j, k in places]
        lines = [(CHOSEN, 2.5) if each == chosen else (INK, 0.75) for each in places]
        if chosen and box:
            w, (row, column) = asked.window, chosen
            x = column + _part(np.array(box[:2]), w.x0, w.x1, ACROSS)
            frames.append((*x, *(row + _part(np.array(box[2:]), w.y0, w.y1, UP))))
            lines.append((CHOSEN, 1.5))
        ends = np.array(frames, np.float64).T
        colours, widths = map(list, zip(*lines, strict=True))
        push(self.panels, dict(zip(PANELS, (*ends, colours, widths), strict=True)))

    def _lay(self, asked: Asked) -> None:
        """Fit the figure and its axes to a grid."""
        rows, columns = asked.shape
        self.figure.height = rows * HEIGHT + MARGIN
        w = asked.window
        for shown, axis, many, room, ends, frame in (
            (self.figure.x_range, self.figure.xaxis[0], columns, SIDE, (w.x0, w.x1), ACROSS),
            (self.figure.y_range, self.figure.yaxis[0], rows, HEAD, (w.y0, w.y1), UP),
        ):
            shown.update(start=0, end=many + room)
            at = {
                round(k + float(_part(np.array(tick), *ends, frame)), 6): f"{tick:.6g}".replace("-", "−")
                for k in range(many)
                for tick in _ticks(*ends)
            }
            axis.update(ticker=FixedTicker(ticks=[*at]), major_label_overrides=at)

    def _colour(self, found: Planes, colour: Column) -> None:
        if found.asked.shows == "number":
            most = max(float(found.number.max(initial=0)), 10.0)
            kind, low, high, title = "count", 0.0, math.log10(most), "log10 of number in a cell"
        else:
            kind, (low, high) = kind_shown(colour.kind, "mean"), found.asked.ends or (colour.low, colour.high)
            title = f"{colour.plain} [{colour.unit}]" if colour.unit else colour.plain
        palette = list(COLOUR_MAPS[DEFAULT_MAP[kind]].colours)
        for mapper in (self._dots, self._tiles):
            mapper.update(palette=palette, low=low, high=high)
        self._told.text = title


PANELS = ("left", "right", "bottom", "top", "line", "width")
WORDS = ("x", "y", "text", "angle", "align")


def _images(found: Planes) -> Mapping[str, Any]:
    shown = found.mean if found.asked.shows == "mean" else _log(found.number)
    row, column = np.divmod(np.arange(len(shown)), found.asked.shape[1])
    wide, high = (np.full(len(shown), end - start) for start, end in (ACROSS, UP))
    return {
        "image": [each.astype(np.float32) for each in shown], "x": column + GAP, "y": row + GAP, "w": wide,
        "h": high,
    }  # fmt: skip


def _log(number: Any) -> Any:
    return np.log10(number, out=np.full(number.shape, np.nan), where=number > 0)


def _words(found: Planes) -> Mapping[str, Any]:
    """How many stars a panel has and shows, and over and beside the grid where its panels are."""
    asked = found.asked
    rows, columns = asked.shape
    drawn = np.bincount(found.panel, minlength=len(found.stars))
    said: list[tuple[float, float, str, float, str]] = []
    for k, stars in enumerate(found.stars.tolist()):
        row, column = divmod(k, columns)
        shown = f"{drawn[k]:,} of {stars:,}" if asked.shows == "stars" and stars else f"{stars:,}"
        said.append((column + GAP, row + 1 - 0.5 * STRIP, shown, 0.0, "left"))
    for column in range(columns):
        ends = f"R {written(asked.across[column : column + 2])} kpc".replace(", ", "\N{EN DASH}")
        said.append((column + 0.5, rows + 0.5 * HEAD, ends, 0.0, "center"))
    for row in range(rows):
        ends = f"|z| {written(asked.up[row : row + 2])} kpc".replace(", ", "\N{EN DASH}")
        said.append((columns + 0.4 * SIDE, row + 0.5 * sum(UP), ends, -math.pi / 2, "center"))
    return dict(zip(WORDS, map(list, zip(*said, strict=True)), strict=True))


def _part(values: Any, low: float, high: float, frame: tuple[float, float]) -> Any:
    """Where values lie in a panel that is one wide."""
    return frame[0] + (values - low) / (high - low) * (frame[1] - frame[0])


def _value(part: float, low: float, high: float, frame: tuple[float, float]) -> float:
    """The value at a place of a panel, no further than the ends of its frame, to three decimals."""
    share = min(max((part - frame[0]) / (frame[1] - frame[0]), 0.0), 1.0)
    return round(low + share * (high - low), 3)


def _ticks(low: float, high: float) -> list[float]:
    """Round values within a panel."""
    step = next((each for each in STEPS if (high - low) / each <= TICKS + 0.01), (high - low) / TICKS)
    return [k * step for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(float(str(value)))

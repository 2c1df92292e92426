"""Differences, their standard errors and significance as three maps of one plane side by side."""

import html
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, LinearColorMapper, Range1d
from bokeh.plotting import figure

from data.schema import Column
from explorer import columns, look, rulings
from explorer.atlas import Diagram
from explorer.cards import CARD_CHROME, LEGEND, Card, alone
from explorer.difference_map import Compared
from explorer.notation import plain, to_html
from explorer.palette import COLOUR_MAPS, robust_range
from explorer.raster import Array, Window

PANELS: Mapping[str, tuple[str, str]] = {
    "difference": ("A minus B", "blue to red"),
    "error": ("standard error", "blue to yellow"),
    "t": ("difference over error (Welch's t)", "blue to red"),
}
"""What is drawn: title and colours."""
FAINT = 0.22
"""Opacity of pixels that do not pass."""
FRAME, NARROWEST, SIDES = 280, 60, 96
"""Longer side of a frame, shortest side of any, and what a card needs beside it, CSS pixels."""
TIPS = (
    ("A minus B", "@difference{0.0000} ± @error{0.0000}"),
    ("t", "@t{0.00}, @freedom{0.0} degrees of freedom"),
    ("p, q", "@p{0.0e+0}, @q{0.0e+0}"),
    ("stars", "A @n_a{0,0}, B @n_b{0,0}"),
)


class DifferencePlots:
    """One visitor's maps of one plane, made once and filled anew.

    Attributes
    ----------
    source : the images, and where they lie.
    mappers : colours of each panel.
    figures : by panel.
    view : what is laid out.
    """

    def __init__(self, diagram: Diagram, axes: tuple[Column, Column], window: Window) -> None:
        self._diagram = diagram
        self._question: object = None
        self.source = ColumnDataSource(data=_empty(window), name=f"differences.{diagram.key}")
        self.mappers = {key: _mapper(colours) for key, (_, colours) in PANELS.items()}
        self._ranges: dict[str, Any] = {"x_range": Range1d(0, 1), "y_range": Range1d(0, 1)}
        self.figures = {key: self._figure(key, window) for key in PANELS}
        self.name_axes(axes)
        width, height = frame_of(window, equal=diagram.equal)
        self._cards = {
            key: Card(
                PANELS[key][0], plot=alone(plot), width=width + SIDES, height=height + CARD_CHROME + LEGEND
            )
            for key, plot in self.figures.items()
        }
        self.view = pn.FlexBox(*self._cards.values(), margin=0, gap="8px")

    def _figure(self, key: str, window: Window) -> Any:
        diagram = self._diagram
        width, height = frame_of(window, equal=diagram.equal)
        plot = figure(
            frame_width=width, frame_height=height, tools="", toolbar_location=None,
            name=f"differences.{diagram.key}.{key}",
            **self._ranges,
        )  # fmt: skip
        plot.grid.visible = False
        plot.update(**look.FIGURE)
        for axis in (*plot.xaxis, *plot.yaxis):
            axis.update(**look.AXIS)
        mapper = self.mappers[key]
        place: dict[str, Any] = {"x": "x", "y": "y", "dw": "w", "dh": "h", "source": self.source}
        whole = plot.image(image=key, color_mapper=mapper, **place)
        whole.glyph.global_alpha = 1.0 if key == "error" else FAINT
        if key != "error":
            plot.image(image=f"{key}_passing", color_mapper=mapper, **place)
        plot.add_tools(HoverTool(renderers=[whole], tooltips=[*TIPS]))
        rulings.rule(plot, diagram.x, diagram.y, ())
        return plot

    def _size(self, window: Window) -> None:
        """Give frames and cards the shape of a window."""
        width, height = frame_of(window, equal=self._diagram.equal)
        for key, plot in self.figures.items():
            plot.update(frame_width=width, frame_height=height)
            self._cards[key].param.update(width=width + SIDES, height=height + CARD_CHROME + LEGEND)

    def name_axes(self, axes: tuple[Column, Column]) -> None:
        """Write what the axes show."""
        for plot in self.figures.values():
            for axis, column in zip((plot.xaxis[0], plot.yaxis[0]), axes, strict=True):
                name = plain(to_html(column.tex))
                axis.axis_label = f"{name} [{column.unit}]" if column.unit not in ("", "dex") else name

    def rule(self, shown: Collection[str]) -> None:
        """Show these landmarks."""
        for plot in self.figures.values():
            rulings.show(plot, shown)

    def show(self, done: Compared, unit: str, *, fade: bool, fit: bool) -> None:
        """Fill the maps; their colours stay unless they are to fit.

        Parameters
        ----------
        done : what was found.
        unit : of the label.
        fade : whether pixels that do not pass are faint.
        fit : whether colours are to fit what is drawn.
        """
        window, found = done.question.window, done.found
        passing = found.passing(done.question.asked.rate) if fade else np.ones(found.t.shape, bool)
        if fit:
            self.fit(done)
        self._size(window)
        self._move(window)
        for key, card in self._cards.items():
            card.tell(legend=self._legend(key, "" if key == "t" else unit))
        images = {
            "difference": found.difference, "error": found.error, "t": found.t, "freedom": found.freedom,
            "p": found.p, "q": found.q, "n_a": done.first.n, "n_b": done.second.n,
            "difference_passing": np.where(passing, found.difference, np.nan),
            "t_passing": np.where(passing, found.t, np.nan),
        }  # fmt: skip
        told = {name: [image.astype(np.float32)] for name, image in images.items()}
        columns.push(self.source, {**told, **_place(window)})

    def fit(self, done: Compared) -> None:
        """Fit the colours to what was found: of differences and t symmetric about zero."""
        for key, values in (("difference", done.found.difference), ("t", done.found.t)):
            scale = robust_range(values.ravel(), log=False, symmetric=True)
            self.mappers[key].update(low=scale.low, high=scale.high)
        scale = robust_range(done.found.error.ravel(), log=False)
        self.mappers["error"].update(low=scale.low, high=scale.high)

    def _legend(self, key: str, unit: str) -> str:
        """A small bar of a panel's colours with its ends and unit, as HTML."""
        mapper = self.mappers[key]
        low, high = (f"{end:.4g}".replace("-", "−") for end in (mapper.low, mapper.high))
        stops = ", ".join(mapper.palette[::8])
        bar = f"<i style='background: linear-gradient(to right, {stops})'></i>"
        return f"<span>{low}</span>{bar}<span>{high} {html.escape(unit)}</span>"

    def _move(self, w: Window) -> None:
        x, y = ((w.x0, w.x1), (w.y0, w.y1))
        x0, x1 = reversed(x) if self._diagram.flip_x else x
        y0, y1 = reversed(y) if self._diagram.flip_y else y
        self._ranges["x_range"].update(start=x0, end=x1)
        self._ranges["y_range"].update(start=y0, end=y1)


def frame_of(w: Window, *, equal: bool) -> tuple[int, int]:
    """Width and height of a frame; of a window too long and thin for one scale the short side is wider."""
    shape = (w.x1 - w.x0) / (w.y1 - w.y0) if equal else 1.0
    short = max(NARROWEST, round(FRAME / shape if shape > 1 else FRAME * shape))
    return (FRAME, short) if shape > 1 else (short, FRAME)


def _place(w: Window) -> dict[str, list[float]]:
    return {"x": [w.x0], "y": [w.y0], "w": [w.x1 - w.x0], "h": [w.y1 - w.y0]}


def _empty(window: Window) -> dict[str, Any]:
    names = ("difference", "error", "t", "freedom", "p", "q", "n_a", "n_b", "difference_passing", "t_passing")
    nothing: Array = np.full((1, 1), np.nan, np.float32)
    return {**{name: [nothing] for name in names}, **_place(window)}


def _mapper(colours: str) -> LinearColorMapper:
    palette = list(COLOUR_MAPS[colours].colours)
    return LinearColorMapper(palette=palette, nan_color="rgba(0, 0, 0, 0)", low=-1, high=1)

"""Profiles as figures: one for each slice, all on the same axes, groups of stars by colour."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, MultiLine, Range1d, Scatter, Segment
from numpy.typing import NDArray

from data.schema import Column
from explorer.cards import alone
from explorer.columns import push
from explorer.notation import with_unit
from explorer.plain_figure import PLAIN, plain_figure, turn
from explorer.profile_sums import MOST_SLICES, Asked, Profiles
from explorer.profile_words import SELECTED_COLOUR, caption, unit_of
from explorer.text import text

WIDTH, HEIGHT, SIDES, HEAD = 208, 190, 76, 54
"""Of a frame, of what stands beside it, and of the words above, CSS pixels."""
LEAST = 5
"""A bin of fewer stars has no point."""
ROOM = 0.08
"""Beside the outermost points, as a part of what they span."""

Columns = dict[str, Any]


class ProfilePlots:
    """One visitor's figures, made once and filled anew."""

    def __init__(self) -> None:
        self._x, self._y = Range1d(0, 1), Range1d(0, 1)
        self._axes: tuple[Any, ...] = ()
        self.points = [_source("points", k, POINTS) for k in range(MOST_SLICES)]
        self.lines = [_source("lines", k, LINES) for k in range(MOST_SLICES)]
        self.figures = [self._figure(k) for k in range(MOST_SLICES)]
        fixed: dict[str, Any] = {"width": WIDTH + SIDES, "sizing_mode": None}
        words = {**fixed, "width": WIDTH + SIDES - 8, "min_height": HEAD}
        self._words = [text("note-block", **words) for _ in range(MOST_SLICES)]
        self._cards = [
            pmui.Column(words, alone(each), margin=(0, 8, 8, 0), visible=False, **fixed)
            for words, each in zip(self._words, self.figures, strict=True)
        ]
        self.view = pn.FlexBox(*self._cards, margin=0, align_items="flex-start")

    def _figure(self, number: int) -> Any:
        drawn = plain_figure(
            5, name=f"profiles.{number}", frame_width=WIDTH, frame_height=HEIGHT, x_range=self._x,
            y_range=self._y, x_axis_label=" ", y_axis_label=" ", tools="pan,wheel_zoom,reset,save",
        )  # fmt: skip
        drawn.toolbar_inner = True
        lines, points = self.lines[number], self.points[number]
        through = MultiLine(
            xs="xs", ys="ys", line_color="colour", line_width="width", line_dash="dash", line_alpha=0.85
        )
        bars = Segment(x0="x", x1="x", y0="low", y1="high", line_color="colour", line_width=1.5)
        dots = Scatter(x="x", y="mean", size=5, fill_color="colour", line_color="colour")
        drawn.add_glyph(lines, through, **PLAIN)
        drawn.add_glyph(points, bars, **PLAIN)
        drawn.add_glyph(points, dots, **PLAIN)
        return drawn

    def show(self, asked: Asked, found: Profiles, slices: Sequence[str], label: Column, x: Column) -> None:
        """Draw profiles; figures without a slice are hidden."""
        drawn = [_columns(asked, found, k) for k in range(len(slices))]
        self._turn(asked, [points for points, _ in drawn])
        for k, card in enumerate(self._cards):
            card.visible = k < len(slices)
            if k >= len(slices):
                continue
            points, lines = drawn[k]
            self._words[k].object = caption(slices[k], found[0, k], unit_of(label, x))
            self.figures[k].xaxis[0].axis_label = with_unit(x.tex, x.unit)
            self.figures[k].yaxis[0].axis_label = with_unit(f"\\langle {label.tex} \\rangle", label.unit)
            push(self.points[k], points)
            push(self.lines[k], lines)

    def _turn(self, asked: Asked, points: Sequence[Columns]) -> None:
        """Fit the axes where others are asked for, or points lie beyond; else they stay put."""
        low = _least(min, [each["low"] for each in points])
        high = _least(max, [each["high"] for each in points])
        axes = (asked.label, asked.x, asked.x_edges)
        if not (math.isfinite(low) and math.isfinite(high)):
            low, high = 0.0, 1.0
        elif axes == self._axes and self._y.start <= low and high <= self._y.end:
            return
        self._axes = axes
        room = ROOM * ((high - low) or abs(high) or 1.0)
        for shown, start, end in (
            (self._x, asked.x_edges[0], asked.x_edges[-1]),
            (self._y, low - room, high + room),
        ):
            turn(shown, start, end)


POINTS = ("x", "mean", "low", "high", "stars", "colour", "group")
LINES = ("xs", "ys", "colour", "width", "dash")


def _source(what: str, number: int, columns: tuple[str, ...]) -> ColumnDataSource:
    return ColumnDataSource(data={name: [] for name in columns}, name=f"profiles.{what}.{number}")


def _least(of: Any, arrays: Sequence[NDArray[np.float64]]) -> float:
    values = np.concatenate([*arrays, np.empty(0)])
    finite = values[np.isfinite(values)]
    return float(of(finite)) if len(finite) else math.nan


def _columns(asked: Asked, found: Profiles, k: int) -> tuple[Columns, Columns]:
    """Points and lines of one slice: the subsets over the selected stars."""
    points: dict[str, list[Any]] = {name: [] for name in POINTS}
    lines: Columns = {name: [] for name in LINES}
    for number, group in enumerate(asked.groups):
        one, colour = found[number, k], group.colour or SELECTED_COLOUR
        shown = one.stars >= LEAST
        for name, values in (
            ("x", one.place), ("mean", one.mean), ("low", one.low), ("high", one.high), ("stars", one.stars),
        ):  # fmt: skip
            points[name].append(np.asarray(values[shown], np.float64))
        points["colour"] += [colour] * int(shown.sum())
        points["group"] += [group.name] * int(shown.sum())
        ends = one.place[shown][[0, -1]] if shown.any() else np.empty(0)
        for xs, ys, width, dash in (
            (one.place[shown], one.mean[shown], 1.0, "solid"),
            (ends, one.line(ends), 1.5, "dashed"),
        ):
            if len(xs) and np.isfinite(ys).all():
                for name, value in zip(LINES, (xs, ys, colour, width, dash), strict=True):
                    lines[name].append(value)
    joined = {
        name: np.concatenate(parts) if name not in ("colour", "group") else parts
        for name, parts in points.items()
    }
    return joined, lines

"""How a study of wide binaries is drawn: distances and differences as steps, distance against separation."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    FixedTicker,
    Line,
    NumeralTickFormatter,
    Scatter,
    TapTool,
)
from numpy.typing import NDArray

from explorer.binaries import BinaryResult
from explorer.columns import push
from explorer.plain_figure import PLAIN, plain_figure, turn_window

Floats = NDArray[np.float64]

BINARIES, FIELD = "#3b7cc4", "#8a8a8a"
"""Colours that read on light and on dark ground; the field's line is dashed, too."""
LEGEND = (
    f"<span style='color:{BINARIES}'>\N{HORIZONTAL BAR}\N{HORIZONTAL BAR}</span> binaries &nbsp; "
    f"<span style='color:{FIELD}'>\N{EN DASH} \N{EN DASH}</span> field pairs"
)
WIDE, HIGH = 380, 230
SMALL_WIDE, SMALL_HIGH = 180, 120
BINS, SMALL_BINS = 24, 14
TICKS = [float(digit * 10**power) for power in range(8) for digit in (1, 3)]
"""Of separations, AU."""
BEYOND = 99.0
"""Histograms end at this percentile of both samples; what lies beyond is in their norm."""


def steps(result: BinaryResult, own: Floats, field: Floats, bins: int) -> Mapping[str, Floats]:
    """Give normalised histograms of binaries and of field pairs as the corners of a line.

    Parameters
    ----------
    result : has the weights of field pairs.
    own, field : (B,) and (B, K) values, 0 or above; NaN where there is no pair.
    bins : how many, from 0 to where nearly all values of both lie.

    Returns
    -------
    x, binaries, field : (2 bins + 2,), densities whose areas are 1 with what lies beyond the last bin.
    """
    there = result.weight > 0
    values, weight = field[there], result.weight[there]
    last = float(max(np.percentile(own, BEYOND), np.percentile(values, BEYOND))) or 1.0
    edges = np.linspace(0, last, bins + 1)
    heights = {
        name: np.histogram(each, edges, weights=counts)[0] / (counts.sum() * np.diff(edges))
        for name, each, counts in (("binaries", own, np.ones(len(own))), ("field", values, weight))
    }
    corners = {name: np.concatenate([[0.0], np.repeat(height, 2), [0.0]]) for name, height in heights.items()}
    return {"x": np.repeat(edges, 2), **corners}


class StepPlot:
    """Two histograms over one axis, drawn from a source that is named for tests and screen readers.

    Attributes
    ----------
    figure, source : of Bokeh.
    """

    def __init__(self, name: str, label: str, *, small: bool = False) -> None:
        self._bins = SMALL_BINS if small else BINS
        width, height = (SMALL_WIDE, SMALL_HIGH) if small else (WIDE, HIGH)
        nothing = np.empty(0)
        self.source = ColumnDataSource(
            data={"x": nothing, "binaries": nothing, "field": nothing}, name=f"binaries.{name}"
        )
        self.figure = _figure(f"binaries.{name}.figure", label, "density", width, height)
        for what, colour, dash in (("field", FIELD, "dashed"), ("binaries", BINARIES, "solid")):
            line = Line(x="x", y=what, line_color=colour, line_width=2, line_dash=dash)
            self.figure.add_glyph(self.source, line, **PLAIN)

    def show(self, result: BinaryResult, own: Floats, field: Floats) -> None:
        """Draw both samples."""
        columns = steps(result, own, field, self._bins)
        top = 1.08 * max(float(columns["binaries"].max()), float(columns["field"].max()))
        turn_window(self.figure, (0.0, float(columns["x"][-1])), (0.0, top))
        push(self.source, columns)


class SeparationPlot:
    """Distance against separation, a point for each binary.

    Parameters
    ----------
    on_pair : called with the number of the binary that a person clicks.
    """

    def __init__(self, on_pair: Callable[[int], None]) -> None:
        self._on_pair = on_pair
        self.source = ColumnDataSource(
            data={"separation": np.empty(0), "distance": np.empty(0)}, name="binaries.separation"
        )
        self.figure = _figure(
            "binaries.separation.figure",
            "separation [AU]",
            "chemical distance",
            WIDE,
            HIGH,
            x_axis_type="log",
        )
        point = Scatter(
            x="separation", y="distance", size=7, fill_color=BINARIES, fill_alpha=0.7, line_color=None
        )
        chosen = Scatter(
            x="separation", y="distance", size=11, fill_color="#f2b134", line_color="#14181d", line_width=1.5
        )
        self.figure.add_glyph(self.source, point, **{**PLAIN, "selection_glyph": chosen})
        self.figure.xaxis[0].update(
            ticker=FixedTicker(ticks=TICKS), formatter=NumeralTickFormatter(format="0,0")
        )
        self.figure.add_tools(TapTool())
        self.source.selected.on_change("indices", self._chosen)

    def _chosen(self, _attr: str, _old: Any, new: Any) -> None:
        """The browser tells what was clicked: only the number of a point is believed."""
        if isinstance(new, list) and new and type(new[0]) is int:
            self._on_pair(new[0])

    def show(self, result: BinaryResult) -> None:
        """Draw the binaries; those of no known separation are nowhere."""
        self.source.selected.indices = []
        separation = np.where(result.separation > 0, result.separation, np.nan)
        known = separation[np.isfinite(separation)]
        ends = (float(known.min()) / 1.3, float(known.max()) * 1.3) if known.size else (1.0, 1e4)
        turn_window(self.figure, ends, (0.0, 1.05 * float(result.binaries.distance.max())))
        push(self.source, {"separation": separation, "distance": result.binaries.distance})


def _figure(name: str, x: str, y: str, width: int, height: int, **more: Any) -> Any:
    """An empty figure in the page's look."""
    return plain_figure(
        4 if width < WIDE else 6, name=name, frame_width=width, frame_height=height, x_axis_label=x,
        y_axis_label=y, tools="pan,wheel_zoom,reset,save", **more,
    )  # fmt: skip

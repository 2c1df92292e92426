"""The histogram of any column: the selected stars before the ghost of all."""

from typing import Any

import holoviews as hv
import numpy as np
from bokeh.models import ColumnDataSource, CustomJSTickFormatter
from numpy.typing import NDArray

from data.schema import Column
from explorer.notation import with_unit
from explorer.picture import BINS, Histogram

GHOST_COLOUR = "#8a8a8a"
ACCENT = "#3b7cc4"
FLOOR = 0.5
"""Where bars stand on a logarithmic axis: half a star."""

_SHORT = """
const n = log ? 10 ** tick : tick
if (log && n < 0.9) return ''
const [size, unit] = n >= 1e6 ? [n / 1e6, 'M'] : n >= 1e4 ? [n / 1e3, 'k'] : [n, '']
return `${Number(size.toPrecision(3))}${unit}`
"""
"""Numbers of stars in few signs, from the axis's own numbers or from their powers of ten."""


class BarChart:
    """One visitor's histogram: a figure and the source its bars are drawn from."""

    def __init__(self, height: int) -> None:
        zeros = np.zeros(BINS)
        self.source = ColumnDataSource(
            data={"left": zeros, "right": zeros, "everyone": zeros, "selected": zeros, "floor": zeros},
            name="bars",
        )
        bars = [self._bars("everyone", GHOST_COLOUR, 0.35), self._bars("selected", ACCENT, 0.9)]
        overlay = hv.Overlay(bars).opts(
            frame_width=round(1.1 * height), frame_height=height, show_legend=False, shared_axes=False,
            toolbar=None, default_tools=[], xlim=(0, 1), ylim=(0, 1), ylabel="stars",
        )  # fmt: skip
        self.figure = hv.renderer("bokeh").get_plot(overlay).state
        self.figure.sizing_mode = None
        self.figure.styles = {"font-size": "12px"}
        self.figure.output_backend = "canvas"
        self.figure.name = "histogram"
        self.figure.yaxis[0].formatter = CustomJSTickFormatter(code=_SHORT, args={"log": False})

    def _bars(self, top: str, colour: str, alpha: float) -> Any:
        def attach(plot: Any, _element: Any) -> None:
            renderer = plot.handles["glyph_renderer"]
            renderer.data_source = self.source
            glyph = renderer.glyph
            glyph.left, glyph.right, glyph.top, glyph.bottom = "left", "right", top, "floor"
            renderer.selection_glyph = renderer.nonselection_glyph = None
            renderer.hover_glyph = renderer.muted_glyph = None

        drawn = hv.Histogram((np.linspace(0, 1, BINS + 1), np.zeros(BINS)))
        return drawn.opts(color=colour, alpha=alpha, line_color=None, hooks=[attach])

    def show(self, histogram: Histogram, column: Column, *, log: bool) -> None:
        """Draw a histogram, with numbers of stars on a linear or logarithmic axis."""
        floor = np.log10(FLOOR) if log else 0.0
        everyone, selected = (_heights(n, log=log) for n in (histogram.everyone, histogram.selected))
        edges = histogram.edges
        figure = self.figure
        figure.x_range.update(start=float(edges[0]), end=float(edges[-1]))
        top = float(everyone.max(initial=floor))
        figure.y_range.update(start=floor, end=top + 0.05 * max(top - floor, 1.0))
        figure.xaxis[0].axis_label = with_unit(column.tex, column.unit)
        figure.yaxis[0].formatter.args = {"log": log}
        self.source.data.update(
            left=edges[:-1], right=edges[1:], everyone=everyone, selected=selected, floor=np.full(BINS, floor)
        )


def _heights(n: NDArray[np.int64], *, log: bool) -> NDArray[np.float64]:
    return np.log10(np.maximum(n, FLOOR)) if log else n.astype(np.float64)

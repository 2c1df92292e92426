"""How a label of a cluster's members is drawn: against T_eff, with its running median and its slope."""

import numpy as np
from bokeh.models import ColumnDataSource, Line, Scatter
from numpy.typing import NDArray

from data.schema import Column
from explorer.cluster_words import slope_words
from explorer.columns import push
from explorer.plain_figure import PLAIN, plain_figure, turn_to
from model.clusters import Drift

Floats = NDArray[np.float64]

MEMBER, MEDIAN, SLOPE = "#3b7cc4", "#c4513b", "#8a8a8a"
"""Colours that read on light and on dark ground; the slope is dashed, too."""
LEGEND = (
    f"<span style='color:{MEMBER}'>\N{BLACK CIRCLE}</span> members &nbsp; "
    f"<span style='color:{MEDIAN}'>\N{HORIZONTAL BAR}\N{HORIZONTAL BAR}</span> running median &nbsp; "
    f"<span style='color:{SLOPE}'>\N{EN DASH} \N{EN DASH}</span> slope &nbsp; "
    "(half a percent of stars at either end of a label is outside: the wheel zooms out)"
)
WIDE, HIGH = 270, 180
INSIDE = (0.5, 99.5)
"""Percentiles of the label between which an axis ends; zooming out shows the others."""


class DriftPlot:
    """One label, drawn from sources that are named for tests and screen readers.

    Attributes
    ----------
    figure : of Bokeh.
    """

    def __init__(self, label: Column) -> None:
        name = f"clusters.{label.name}"
        unit = f" [{label.unit}]" if label.unit else ""
        self.figure = plain_figure(
            5, name=f"{name}.figure", frame_width=WIDE, frame_height=HIGH,
            x_axis_label="Teff [K]", y_axis_label=f"{label.plain}{unit}",
            tools="pan,wheel_zoom,reset,save",
        )  # fmt: skip
        self.figure.title.update(text="", text_font_style="normal", text_font_size="12px")
        self._members, self._median, self._slope = (
            _source(f"{name}{part}") for part in ("", ".median", ".slope")
        )
        for source, glyph in (
            (
                self._members,
                Scatter(x="x", y="y", size=5, fill_color=MEMBER, fill_alpha=0.6, line_color=None),
            ),
            (self._slope, Line(x="x", y="y", line_color=SLOPE, line_width=2, line_dash="dashed")),
            (self._median, Line(x="x", y="y", line_color=MEDIAN, line_width=2.5)),
        ):
            self.figure.add_glyph(source, glyph, **PLAIN)

    def show(self, teff: Floats, label: Floats, drift: Drift) -> None:
        """Draw members, (M,) each; those without the label are nowhere."""
        known = np.isfinite(teff) & np.isfinite(label)
        x, y = teff[known], label[known]
        ends = np.array([x.min(), x.max()])
        turn_to(self.figure.x_range, ends)
        turn_to(self.figure.y_range, np.percentile(y, INSIDE))
        self.figure.title.text = slope_words(drift)
        push(self._members, {"x": x, "y": y})
        push(self._median, {"x": drift.line[0], "y": drift.line[1]})
        push(self._slope, {"x": ends, "y": drift.slope.at_zero + drift.slope.value * ends})


def _source(name: str) -> ColumnDataSource:
    return ColumnDataSource(data={"x": np.empty(0), "y": np.empty(0)}, name=name)

"""How a correction is drawn: contrasts of stars born together, and the course with T_eff that they tell."""

import numpy as np
from bokeh.models import ColumnDataSource, Line, Scatter, VArea
from numpy.typing import NDArray

from data.schema import Column
from explorer.columns import push
from explorer.plain_figure import PLAIN, plain_figure, turn_to
from model.teff_correction import TeffCorrection

Floats = NDArray[np.float64]

STAR, COURSE = "#3b7cc4", "#c4513b"
LEGEND = (
    f"<span style='color:{STAR}'>\N{BLACK CIRCLE}</span> stars: f(Teff) and how far each lies from its group"
    f" &nbsp; <span style='color:{COURSE}'>\N{HORIZONTAL BAR}\N{HORIZONTAL BAR}</span> f(Teff) with its 95 % "
    "interval, each Teff by itself"
)
WIDE, HIGH = 270, 190
INSIDE = (0.5, 99.5)
"""Percentiles of the stars between which the upright axis ends; zooming out shows the others."""
GRID = 120
MOST = 4000
"""Stars that are drawn; of more, a part."""


class CoursePlot:
    """One label, drawn from sources that are named for tests.

    Attributes
    ----------
    figure : of Bokeh.
    """

    def __init__(self, label: Column) -> None:
        name = f"calibration.{label.name}"
        self.figure = plain_figure(
            5, name=f"{name}.figure", frame_width=WIDE, frame_height=HIGH,
            x_axis_label="Teff [K]", y_axis_label=f"f of {label.plain} [dex]",
            tools="pan,wheel_zoom,reset,save",
        )  # fmt: skip
        self._stars = ColumnDataSource(data={"x": [], "y": []}, name=name)
        self._band = ColumnDataSource(data={"x": [], "low": [], "high": []}, name=f"{name}.band")
        self._course = ColumnDataSource(data={"x": [], "y": []}, name=f"{name}.course")
        for source, glyph in (
            (self._stars, Scatter(x="x", y="y", size=4, fill_color=STAR, fill_alpha=0.35, line_color=None)),
            (self._band, VArea(x="x", y1="low", y2="high", fill_color=COURSE, fill_alpha=0.3)),
            (self._course, Line(x="x", y="y", line_color=COURSE, line_width=2.5)),
        ):
            self.figure.add_glyph(source, glyph, **PLAIN)

    def show(self, found: TeffCorrection) -> None:
        """Draw a correction."""
        x, y = drawn(found)
        reach = found.course.support
        grid = np.linspace(reach.low, reach.high, GRID)
        low, high = found.band(grid)
        turn_to(self.figure.x_range, np.array([reach.low, reach.high]))
        turn_to(self.figure.y_range, np.percentile(y, INSIDE))
        push(self._stars, {"x": x, "y": y})
        push(self._band, {"x": grid, "low": low, "high": high})
        push(self._course, {"x": grid, "y": found.course(grid)})


def drawn(found: TeffCorrection) -> tuple[Floats, Floats]:
    """T_eff of the stars, and f there with how far each lies from its group when f is taken off."""
    stars = found.stars
    course = found.course(stars.teff)
    left = stars.label - course
    mean = np.bincount(stars.group, left, stars.groups) / np.bincount(stars.group, minlength=stars.groups)
    step = max(1, -(-len(left) // MOST))
    return stars.teff[::step], (course + left - mean[stars.group])[::step]

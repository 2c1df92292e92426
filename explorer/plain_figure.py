"""Figures of pages of science: empty ones in the page's look, and the windows that they show."""

from typing import Any

from bokeh.models import Range1d
from bokeh.plotting import figure
from numpy.typing import NDArray

from explorer import look

PLAIN: dict[str, Any] = dict.fromkeys(("selection_glyph", "nonselection_glyph", "hover_glyph", "muted_glyph"))
"""Glyphs that are always drawn alike."""
MARGIN = 0.04
"""Of what an axis shows, on either side of it."""


def plain_figure(ticks: int | None = None, **given: Any) -> Any:
    """An empty figure, with about so many ticks on each axis, and what Bokeh is given."""
    window = {"x_range": Range1d(0, 1), "y_range": Range1d(0, 1)}
    styled = {"output_backend": "canvas", "styles": {"font-size": "12px"}, **look.FIGURE}
    drawn = figure(**{**window, **styled, **given})
    drawn.toolbar.update(autohide=True, logo=None)
    drawn.grid.visible = False
    for axis in (*drawn.xaxis, *drawn.yaxis):
        axis.update(**{**look.AXIS, "axis_label_standoff": 4})
        if ticks is not None:
            axis.ticker.desired_num_ticks = ticks
    return drawn


def turn(shown: Any, start: float, end: float) -> None:
    """Have an axis show a range, also after its reset."""
    shown.update(start=start, end=end, reset_start=start, reset_end=end)


def turn_window(drawn: Any, x: tuple[float, float], y: tuple[float, float]) -> None:
    """Have a figure show a window, also after its reset."""
    turn(drawn.x_range, *x)
    turn(drawn.y_range, *y)


def turn_to(shown: Any, ends: NDArray[Any]) -> None:
    """Have an axis show two ends (2,) and a margin beyond, also after its reset."""
    margin = MARGIN * (float(ends[1] - ends[0]) or 1.0)
    turn(shown, float(ends[0]) - margin, float(ends[1]) + margin)

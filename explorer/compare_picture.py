"""Differences of labels between two catalogues as a picture: a page of its own, with the numbers."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.embed import components
from bokeh.layouts import gridplot
from bokeh.models import ColumnDataSource, GridPlot, Line, Range1d, Scatter, Span, VArea
from bokeh.plotting import figure
from bokeh.resources import Resources
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.draft import draft
from data.problem import DataError
from explorer import look
from explorer.binary_options import KINDS
from explorer.compare_report import (
    BIAS_HEADINGS,
    CAUTION,
    across_words,
    bias_row,
    headline,
    reading,
    slope_cell,
)
from explorer.label_table import label_name, label_table
from explorer.shared_labels import AGAINST, Rows, SharedLabels, against, values
from model.label_difference import Course, LabelDifference

Floats = NDArray[np.float64]

STARS, MEDIAN, BIAS = "#3b7cc4", "#c4513b", "#8a8a8a"
MOST = 1500
"""Stars of a kind that are drawn: a random part of more. Medians are of all."""
INSIDE = (0.5, 99.5)
"""Percentiles between which axes end; zooming out shows the others."""
FEW = 200
"""Stars that are all inside, and are drawn larger."""
MARGIN = 0.04
NARROWEST = {"K": 10.0}
"""Least height of a panel, in the label's unit; FLAT in others: smaller differences are those of rounding."""
FLAT = 0.01
WIDE, HIGH = 215, 150
DRAWN = (
    f"Blue: stars, at most {MOST:,} of a kind, taken at random. Red: median of all, in groups of as many "
    "stars each, with the central 68 % as a band. Dashed: bias. Above each panel: its slope with the 95 % "
    "interval, * where that excludes 0. Of many stars half a percent at either end of an axis is left out: "
    "the wheel zooms out."
)
STYLE = """
<style>
  body { color-scheme: light; background: #fff; color: #222; }
  body { font: 14px/1.45 Roboto, Helvetica, Arial, sans-serif; }
  main { max-width: 1220px; margin: 0 auto; padding: 16px 24px 40px; }
  h1 { font-size: 21px; } h2 { font-size: 17px; margin: 28px 0 6px; }
  table { border-collapse: collapse; margin: 6px 0 16px; }
  th, td { padding: 2px 14px 2px 0; text-align: right; font-variant-numeric: tabular-nums; }
  th:first-child { text-align: left; font-weight: 400; } thead th { color: #666; font-weight: 400; }
  thead tr { border-bottom: 1px solid #bbb; }
  .wide { overflow-x: auto; } .note { color: #555; } dt { color: #666; } dd { margin: 0 0 4px 16px; }
  dd { overflow-wrap: anywhere; }
</style>
"""
LIBRARY = Resources(mode="inline", components=["bokeh"])
"""Of it what is in the file: what else is loaded in this process would be asked of the web."""
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>{style}{library}</head>
<body><main><h1>{title}</h1>{notes}{kinds}<h2>Where this is from</h2><dl>{origin}</dl></main>{script}</body>
</html>
"""


def check_ending(out: Path) -> None:
    """Refuse, with a DataError, a name that no browser would take for a page."""
    if out.suffix.lower() not in (".html", ".htm"):
        raise DataError(f"{out.name[:60]} is no name of a picture that a browser shows: let it end in .html")


def write_picture(
    out: Path, one: Catalogue, other: Catalogue, done: SharedLabels, facts: Mapping[str, str]
) -> None:
    """Write what was found as a page of its own, which needs nothing from the web.

    Parameters
    ----------
    out : its place; it appears when it is complete, in place of what is there.
    one, other, done : the catalogues, and what was found.
    facts : where it is from, by name.

    Raises
    ------
    DataError
        If no star has a label in both, or the file can't be written.
    """
    grids, headings = [], []
    for kind, labels in done.found.items():
        told = {name: found for name, found in labels.items() if found.stars}
        if told:
            grids.append(_grid(one, other, done.rows[kind], told, done.seed))
            headings.append(f"<h2>{html.escape(KINDS[kind])}</h2>{_table(one, told)}")
    if not grids:
        raise DataError("no star has a label in both catalogues: there is nothing to draw")
    title = headline(one, other, done)
    lines = (str(done.stars), reading(one, other), DRAWN, CAUTION)
    notes = "".join(f"<p class='note'>{html.escape(line)}</p>" for line in lines)
    origin = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(told)}</dd>" for name, told in facts.items()
    )
    script, places = components(tuple(grids))
    page = PAGE.format(
        title=html.escape(title),
        style=STYLE,
        library="".join(f"<script>{each}</script>" for each in LIBRARY.js_raw),
        notes=notes,
        kinds="".join(
            f"{heading}<div class='wide'>{place}</div>"
            for heading, place in zip(headings, places, strict=True)
        ),
        origin=origin,
        script=script,
    )
    with draft(out) as part:
        part.write_text(page, encoding="utf-8")


def _table(one: Catalogue, labels: Mapping[str, LabelDifference]) -> str:
    rows = (
        (f"{label_name(one.described[name])}{_unit(one, name)}", bias_row(one, name, found)[1:])
        for name, found in labels.items()
    )
    return label_table(BIAS_HEADINGS, rows)


def _unit(one: Catalogue, name: str) -> str:
    unit = one.described[name].unit
    return f" [{html.escape(unit)}]" if unit else ""


def _grid(
    one: Catalogue, other: Catalogue, rows: Rows, labels: Mapping[str, LabelDifference], seed: int
) -> GridPlot:
    """A row of panels for each label, one for each quantity; axes of a row or a column move together."""
    part = np.sort(np.random.default_rng(seed).permutation(len(rows[0]))[:MOST])
    across = {name: against(one, other, name, rows) for name in next(iter(labels.values())).slopes}
    across = {name: each for name, each in across.items() if np.isfinite(each).any()}
    ranges = {name: _range(each) for name, each in across.items()}
    shown = {f"x_{name}": each[part] for name, each in across.items()}
    ups = {}
    for name in labels:
        first, second = values(one, other, name, rows)
        ups[name] = first - second
        shown[f"y_{name}"] = ups[name][part]
    source = ColumnDataSource(shown)
    words = {name: _with_unit(one, name, across_words(one, other, name)) for name in across}
    panels = []
    for name, found in labels.items():
        height = _range(ups[name], NARROWEST.get(one.described[name].unit, FLAT))
        panels.append(
            [
                _panel(
                    one,
                    (quantity, name),
                    words[quantity],
                    source,
                    (ranges[quantity], height),
                    found,
                    Course.of(x, ups[name]),
                )
                for quantity, x in across.items()
            ]
        )
    return gridplot(panels, merge_tools=True, toolbar_location="right", toolbar_options={"logo": None})


def _range(of: Floats, least: float = 0.0) -> Range1d:
    few = np.isfinite(of).sum() <= FEW
    low, high = map(float, np.nanpercentile(of, (0, 100) if few else INSIDE))
    wide = max(high - low, least) or 1.0
    half = (0.5 + MARGIN) * wide
    return Range1d((low + high) / 2 - half, (low + high) / 2 + half)


def _panel(
    one: Catalogue,
    names: tuple[str, str],
    across: str,
    stars: ColumnDataSource,
    ranges: tuple[Range1d, Range1d],
    found: LabelDifference,
    course: Course,
) -> Any:
    """Differences of a label against a quantity."""
    quantity, name = names
    drawn = figure(
        name=f"{name} {quantity}", frame_width=WIDE, frame_height=HIGH, x_range=ranges[0], y_range=ranges[1],
        x_axis_label=across,
        y_axis_label=f"\N{GREEK CAPITAL LETTER DELTA} {_with_unit(one, name, one.described[name].plain)}",
        title=f"{slope_cell(one, name, quantity, found)} per {AGAINST[quantity][1]}",
        min_border_left=56, min_border_right=8, tools="pan,wheel_zoom,box_zoom,reset,save",
        styles={"font-size": "12px"}, **look.FIGURE,
    )  # fmt: skip
    drawn.title.update(text_font_size="10px", text_font_style="normal", text_color="#555")
    drawn.grid.visible = False
    for axis in (*drawn.xaxis, *drawn.yaxis):
        axis.update(
            **{**look.AXIS, "axis_label_standoff": 4, "axis_line_alpha": 1, "major_tick_line_alpha": 1}
        )
        axis.ticker.desired_num_ticks = 4
    drawn.add_layout(Span(location=0, dimension="width", line_color="#bbb"))
    drawn.add_layout(
        Span(location=found.bias, dimension="width", line_color=BIAS, line_width=1.5, line_dash="dashed")
    )
    lines = ColumnDataSource({"x": course.x, "low": course.low, "middle": course.middle, "high": course.high})
    size, alpha = (5, 0.8) if found.stars <= FEW else (3, 0.35)
    points = Scatter(
        x=f"x_{quantity}", y=f"y_{name}", size=size, fill_color=STARS, fill_alpha=alpha, line_color=None
    )
    for source, glyph in (
        (stars, points),
        (lines, VArea(x="x", y1="low", y2="high", fill_color=MEDIAN, fill_alpha=0.18)),
        (lines, Line(x="x", y="middle", line_color=MEDIAN, line_width=2)),
    ):
        drawn.add_glyph(source, glyph)
    return drawn


def _with_unit(one: Catalogue, name: str, words: str) -> str:
    unit = one.described[name].unit
    return f"{words} [{unit}]" if unit else words

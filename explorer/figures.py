"""The figures of a page, drawn by HoloViews once for a server; visitors get copies.

Each map's glyph draws from one shared data source, into which pictures are pushed. Position and size of an
image are columns beside its bytes, so that a zoomed picture and its place arrive together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import holoviews as hv
import numpy as np
from bokeh.models import (
    BoxAnnotation,
    BoxSelectTool,
    BoxZoomTool,
    ColumnDataSource,
    CustomJS,
    CustomJSTickFormatter,
    LassoSelectTool,
    LinearColorMapper,
    PolyAnnotation,
    PolySelectTool,
)
from numpy.typing import NDArray

from data.schema import Column
from explorer import look, marks, rulings
from explorer.atlas import DIAGRAMS, Diagram
from explorer.landmarks import shown_over
from explorer.notation import with_unit
from explorer.outlines import outline, source_of_outlines
from explorer.picture import BINS, columns_of, window_of
from explorer.raster import Window
from explorer.rings import ring, rings_of, source_of_rings
from explorer.session import State
from explorer.stars import Stars
from explorer.template import Template

hv.extension("bokeh", logo=False)

HEIGHTS: Mapping[str, int] = {"maps": 264, "footprint": 330, "gallery": 136}
"""Height of a plot's frame in CSS pixels on each page: two rows of maps fit on a 1440x900 screen."""

ANY = "any"
"""Stands for the key of a small map, of which there are many alike."""

FEW_TICKS = 4
"""As many numbers as a small map's axis has room for."""

BLANK = np.zeros((1, 1), np.uint8)
GHOST_COLOUR, ACCENT = "#8a8a8a", "#3b7cc4"

OVERLAY: Mapping[str, Any] = {
    "syncable": False, "level": "overlay", "visible": False, "editable": True, "line_width": 1.5,
}  # fmt: skip
"""Of a brush in the browser, which tells of it by its own messages; its colours follow the page's theme."""

_SHORT = """
const n = log ? 10 ** tick : tick
if (log && n < 0.9) return ''
const [size, unit] = n >= 1e6 ? [n / 1e6, 'M'] : n >= 1e4 ? [n / 1e3, 'k'] : [n, '']
return `${Number(size.toPrecision(3))}${unit}`
"""
"""Numbers of stars in few signs, from the axis's own numbers or from their powers of ten."""

_REPAINT = """
const label = cb_obj.axis_label
if (label.endsWith('{}$$')) cb_obj.axis_label = label.slice(0, -4) + '$$'
else if (label.endsWith('$$')) cb_obj.axis_label = label.slice(0, -2) + '{}$$'
"""
"""Has mathematics drawn anew when the theme changes its colour; Bokeh keeps the old image."""


def template_of(stars: Stars, state: State) -> Template:
    """Every figure a page can show, as a state has them."""
    drawn = [diagram for diagram in DIAGRAMS.values() if drawable(stars, diagram, state)]
    sheet = ColumnDataSource(data=_blank(drawn), name="sheet")
    figures = [map_of(stars, diagram, state, sheet) for diagram in drawn]
    figures.append(bars_figure(HEIGHTS["maps"]))
    contours = source_of_outlines(figure.name for figure in figures)
    rings = source_of_rings((figure.name for figure in figures), rings_of(sheet.name))
    for figure in figures:
        outline(figure, contours)
        ring(figure, rings)
    return Template([sheet, contours, rings, *figures])


def gallery_sheet(plane: str) -> str:
    """Name of the source that the small maps of a plane are drawn from."""
    return f"{plane}.sheet"


def gallery_template(stars: Stars, diagrams: Iterable[Diagram], state: State) -> Template:
    """Small maps of one plane, whose axes move as one. One is drawn; the others are copies of it."""
    drawn = [*diagrams]
    sheet = ColumnDataSource(data=_blank(drawn), name=gallery_sheet(drawn[0].plane))
    rings = source_of_rings((diagram.key for diagram in drawn), rings_of(sheet.name))
    any_map = replace(drawn[0], key=ANY)
    figure = map_of(stars, any_map, state, ColumnDataSource(data=_blank([any_map])))
    ring(figure, source_of_rings([ANY], f"{ANY}_rings"))
    figure.toolbar_inner = True
    for axis in (*figure.xaxis, *figure.yaxis):
        axis.ticker.desired_num_ticks = FEW_TICKS
        axis.axis_label_standoff = 2
    template = Template([figure])
    maps = [template.copy(ANY, diagram.key)[diagram.key] for diagram in drawn]
    for diagram, figure in zip(drawn, maps, strict=True):
        figure.update(x_range=maps[0].x_range, y_range=maps[0].y_range)
        for renderer in figure.renderers:
            if diagram.key in renderer.data_source.data:
                renderer.data_source = sheet
            elif renderer.data_source.name == f"{diagram.key}_rings":
                renderer.data_source = rings
    return Template([sheet, rings, *maps])


def drawable(stars: Stars, diagram: Diagram, state: State) -> bool:
    """Whether the catalogue has the columns of a diagram."""
    labels = (diagram.label,) if diagram.label else ()
    return all(stars.has(column) for column in (*columns_of(diagram, state), *labels))


def image_columns(key: str, window: Window, image: NDArray[np.uint8]) -> dict[str, list[Any]]:
    """What the shared source holds for one map."""
    return {
        key: [image],
        f"{key}_x": [window.x0],
        f"{key}_y": [window.y0],
        f"{key}_w": [window.x1 - window.x0],
        f"{key}_h": [window.y1 - window.y0],
    }


def _blank(diagrams: list[Diagram]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for diagram in diagrams:
        columns |= image_columns(diagram.key, diagram.window, BLANK)
    return columns


def map_of(stars: Stars, diagram: Diagram, state: State, sheet: ColumnDataSource) -> Any:
    """A diagram's figure at the window a state has."""
    x, y = (stars.describe(name, state.derived) for name in columns_of(diagram, state))
    return map_figure(diagram, window_of(stars, diagram, state), x, y, sheet)


def map_figure(diagram: Diagram, w: Window, x: Column, y: Column, sheet: ColumnDataSource) -> Any:
    """A diagram as a Bokeh figure that opens on a window and draws its image from the shared source."""
    height = HEIGHTS[diagram.group]
    width = round(height * (w.x1 - w.x0) / (w.y1 - w.y0)) if diagram.equal else height

    def attach(plot: Any, _element: Any) -> None:
        renderer = _point_at(plot, sheet)
        key = diagram.key
        renderer.glyph.update(image=key, x=f"{key}_x", y=f"{key}_y", dw=f"{key}_w", dh=f"{key}_h")
        renderer.glyph.color_mapper = LinearColorMapper(
            palette=["#00000000"], low=0, high=256, name=f"{key}_colours"
        )

    image = hv.Image(BLANK, bounds=(w.x0, w.y0, w.x1, w.y1), kdims=["x", "y"], vdims=["level"])
    drawn = hv.Overlay([image, *(marks.MARKS[name](w) for name in diagram.marks)]).opts(
        hv.opts.Image(hooks=[attach], colorbar=False),
        hv.opts.Overlay(
            frame_width=width,
            frame_height=height,
            xlim=(w.x0, w.x1),
            ylim=(w.y0, w.y1),
            invert_xaxis=diagram.flip_x,
            invert_yaxis=diagram.flip_y,
            xlabel=with_unit(x.tex, x.unit),
            ylabel=with_unit(y.tex, y.unit),
            shared_axes=False,
            show_legend=False,
            default_tools=["pan", "wheel_zoom", "reset", "save"],
            active_tools=["wheel_zoom"],
            toolbar="right",
        ),
    )
    figure = _settle(drawn, diagram.key)
    rulings.rule(figure, diagram.x, diagram.y, shown_over(diagram, None))
    figure.min_border_top = 10
    figure.toolbar.autohide = True
    figure.toolbar.logo = None
    brushable(figure, box_tool(), *polygon_tools())
    return figure


def brushable(figure: Any, drag: Any, *others: Any) -> None:
    """Give a figure the tools that draw brushes; the first is at hand when a person drags."""
    kept = [tool for tool in figure.tools if not isinstance(tool, BoxZoomTool)]
    figure.tools = [drag, *others, *kept]
    figure.toolbar.update(active_drag=drag, active_tap=None)


def box_tool(**how: Any) -> Any:
    """A tool that draws a box; nothing is looked up in the browser, where only colours are."""
    units = {"top_units": "screen", "bottom_units": "screen"} if how else {}
    overlay = BoxAnnotation(**OVERLAY, **units, left=np.nan, right=np.nan, top=np.nan, bottom=np.nan)
    return BoxSelectTool(renderers=[], persistent=True, overlay=overlay, **how)


def polygon_tools() -> list[Any]:
    """Tools that draw a lasso, and a polygon corner by corner."""
    return [
        tool(renderers=[], persistent=True, continuous=False, overlay=PolyAnnotation(**OVERLAY))
        for tool in (LassoSelectTool, PolySelectTool)
    ]


def bars_figure(height: int) -> Any:
    """The histogram's figure: bars of the selected stars before the ghost of all."""
    names = ("left", "right", "everyone", "selected", "floor")
    source = ColumnDataSource(data=dict.fromkeys(names, np.zeros(BINS)), name="bars")
    bars = [_bars(source, "everyone", GHOST_COLOUR, 0.35), _bars(source, "selected", ACCENT, 0.9)]
    drawn = hv.Overlay(bars).opts(
        frame_width=height, frame_height=height, show_legend=False, shared_axes=False,
        toolbar=None, default_tools=[], active_tools=[], xlim=(0, 1), ylim=(0, 1), ylabel="stars",
    )  # fmt: skip
    figure = _settle(drawn, "histogram")
    figure.yaxis[0].formatter = CustomJSTickFormatter(code=_SHORT, args={"log": False})
    figure.tools = []
    brushable(figure, box_tool(dimensions="width"))
    return figure


def _bars(source: ColumnDataSource, top: str, colour: str, alpha: float) -> Any:
    def attach(plot: Any, _element: Any) -> None:
        _point_at(plot, source).glyph.update(left="left", right="right", top=top, bottom="floor")

    drawn = hv.Histogram((np.linspace(0, 1, BINS + 1), np.zeros(BINS)))
    return drawn.opts(color=colour, alpha=alpha, line_color=None, hooks=[attach])


def _point_at(plot: Any, source: ColumnDataSource) -> Any:
    """Have a plot's glyph draw from a source of ours."""
    renderer = plot.handles["glyph_renderer"]
    renderer.data_source = source
    return renderer


def _settle(drawn: Any, name: str) -> Any:
    figure = hv.renderer("bokeh").get_plot(drawn).state
    figure.update(name=name, sizing_mode=None, output_backend="canvas", styles={"font-size": "12px"})
    figure.update(**look.FIGURE)
    for renderer in figure.renderers:
        renderer.update(selection_glyph=None, nonselection_glyph=None, hover_glyph=None, muted_glyph=None)
    for axis in (*figure.xaxis, *figure.yaxis):
        axis.update(**look.AXIS)
        axis.js_on_change("axis_label_text_color", CustomJS(code=_REPAINT))
    return figure

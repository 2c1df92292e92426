"""The sheet all maps of a page are drawn on: one Bokeh data source, into which new pictures are pushed.

The views are HoloViews elements; a hook points their glyphs at this source, so that a change of the selection
costs one message and no re-rendering. Position and size of an image are columns beside its bytes, so that a
zoomed picture and its place arrive together.
"""

from collections.abc import Mapping
from typing import Any

import holoviews as hv
import numpy as np
from bokeh.models import BoxZoomTool, ColumnDataSource, LinearColorMapper

from data.schema import Column
from explorer import marks
from explorer.atlas import Diagram
from explorer.notation import with_unit
from explorer.palette import Bytes, palette
from explorer.raster import Window

hv.extension("bokeh", logo=False)

BLANK = np.zeros((1, 1), np.uint8)

Columns = dict[str, list[Any]]


def columns_of(key: str, window: Window, image: Bytes) -> Columns:
    """What the source holds for one map."""
    return {
        key: [image],
        f"{key}_x": [window.x0],
        f"{key}_y": [window.y0],
        f"{key}_w": [window.x1 - window.x0],
        f"{key}_h": [window.y1 - window.y0],
    }


class Sheet:
    """One visitor's maps: their shared data source and each map's colours."""

    def __init__(self, diagrams: Mapping[str, Diagram]) -> None:
        data: Columns = {}
        for key, diagram in diagrams.items():
            data |= columns_of(key, diagram.window, BLANK)
        self.source = ColumnDataSource(data=data, name="sheet")
        self.colours = {key: LinearColorMapper(palette=["#00000000"], low=0, high=256) for key in diagrams}

    def push(self, pictures: Mapping[str, tuple[Window, Bytes]]) -> None:
        """Send new pictures to the browser in one message."""
        changed: Columns = {}
        for key, (window, image) in pictures.items():
            changed |= columns_of(key, window, image)
        self.source.data.update(changed)

    def paint(self, key: str, colour_map: str) -> None:
        """Change one map's colours."""
        colours = palette(colour_map)
        if self.colours[key].palette != colours:
            self.colours[key].palette = colours

    def figure(self, diagram: Diagram, w: Window, x: Column, y: Column, height: int) -> Any:
        """The diagram as a Bokeh figure that opens on a window and whose image is drawn from this sheet."""
        width = round(height * (w.x1 - w.x0) / (w.y1 - w.y0)) if diagram.equal else round(1.1 * height)
        image = hv.Image(BLANK, bounds=(w.x0, w.y0, w.x1, w.y1), kdims=["x", "y"], vdims=["level"])
        overlay = hv.Overlay([image, *(marks.MARKS[name]() for name in diagram.marks)])
        drawn = overlay.opts(
            hv.opts.Image(hooks=[lambda plot, _element: self._attach(plot, diagram.key)], colorbar=False),
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
                default_tools=["pan", "wheel_zoom", "box_zoom", "reset", "save"],
                active_tools=["pan", "wheel_zoom"],
                toolbar="right",
            ),
        )
        figure = hv.renderer("bokeh").get_plot(drawn).state
        figure.sizing_mode = None
        figure.min_border_top = 10
        figure.styles = {"font-size": "12px"}
        figure.name = diagram.key
        figure.output_backend = "canvas"
        figure.toolbar.autohide = True
        if diagram.equal:
            figure.select_one(BoxZoomTool).match_aspect = True
        figure.toolbar.logo = None
        return figure

    def _attach(self, plot: Any, key: str) -> None:
        renderer = plot.handles["glyph_renderer"]
        renderer.data_source = self.source
        renderer.view.filter = renderer.view.filter
        glyph = renderer.glyph
        glyph.image, glyph.x, glyph.y, glyph.dw, glyph.dh = (
            key,
            f"{key}_x",
            f"{key}_y",
            f"{key}_w",
            f"{key}_h",
        )
        glyph.color_mapper = self.colours[key]
        renderer.selection_glyph = renderer.nonselection_glyph = None
        renderer.hover_glyph = renderer.muted_glyph = None

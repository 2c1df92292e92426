"""The stock way to link views: six `rasterize`d mean maps under `hv.link_selections`, nothing of ours."""

import sys
from pathlib import Path
from typing import Any

import holoviews as hv
import numpy as np
import pandas as pd
import panel as pn
from datashader import mean
from holoviews.operation.datashader import rasterize

from data.catalogue import open_catalogue
from explorer.atlas import DIAGRAMS, Diagram
from explorer.derive import derivations
from explorer.figures import HEIGHTS
from explorer.raster import FINE
from tests.browser import MAPS

LABEL = "fe_h"
COLUMNS = 40
"""Of the table: a small part of what our own page shows."""


def table(path: Path) -> pd.DataFrame:
    """What the six maps need of a catalogue, and others of its numbers up to COLUMNS, in memory."""
    catalogue = open_catalogue(path, derivations=derivations())
    needed = [LABEL, *(name for key in MAPS for name in (DIAGRAMS[key].x, DIAGRAMS[key].y))]
    numbers = [name for name, values in catalogue.columns.items() if values.dtype == np.float32]
    names = [*dict.fromkeys([*needed, *numbers])][:COLUMNS]
    return pd.DataFrame({name: np.array(catalogue[name]) for name in names})


def mapped(diagram: Diagram, stars: pd.DataFrame) -> Any:
    """The mean of the label over a diagram's window, as HoloViews and Datashader draw it."""
    w, side = diagram.window, HEIGHTS["maps"]
    points = hv.Points(stars, [diagram.x, diagram.y])
    drawn = rasterize(
        points,
        aggregator=mean(LABEL),
        width=FINE,
        height=FINE,
        dynamic=True,
        x_range=(w.x0, w.x1),
        y_range=(w.y0, w.y1),
    )
    return drawn.opts(
        frame_width=side,
        frame_height=side,
        xlim=(w.x0, w.x1),
        ylim=(w.y0, w.y1),
        invert_xaxis=diagram.flip_x,
        invert_yaxis=diagram.flip_y,
        shared_axes=False,
        tools=["box_select", "lasso_select"],
        active_tools=["box_select"],
    )


def main(path: Path, port: int) -> None:
    """Serve the page until interrupted."""
    pn.extension()
    hv.extension("bokeh")
    stars = table(path)

    def page() -> Any:
        linked = hv.link_selections.instance()
        maps = hv.Layout([mapped(DIAGRAMS[key], stars) for key in MAPS]).opts(shared_axes=False)
        return pn.pane.HoloViews(linked(maps.cols(3)))

    pn.serve({"/": page}, port=port, address="127.0.0.1", show=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""The floor of a first page: the same template with six static images, and nothing computed."""

import sys
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from data.schema import COLUMNS
from explorer import look
from explorer.atlas import DIAGRAMS
from explorer.raster import FINE
from explorer.sheet import Sheet

SIX = ("rz", "xy", "rv", "kiel", "plane", "edge")


def page() -> Any:
    """Six maps of noise in the page's own template."""
    sheet = Sheet(DIAGRAMS)
    noise = np.random.default_rng(1).integers(0, 255, (FINE, FINE), dtype=np.uint8)
    figures = []
    for key in SIX:
        diagram = DIAGRAMS[key]
        x, y = COLUMNS[diagram.x], COLUMNS[diagram.y]
        figures.append(pn.pane.Bokeh(sheet.figure(diagram, diagram.window, x, y, 264)))
        sheet.paint(key, "plum to gold")
    sheet.push({key: (DIAGRAMS[key].window, noise) for key in SIX})
    return pmui.Page(title="floor", main=[pn.FlexBox(*figures)], theme_config=look.THEME)


if __name__ == "__main__":
    pn.extension("mathjax")
    pn.serve({"/": page}, port=int(sys.argv[1]), address="127.0.0.1", show=False)

"""The floor of a first page: the same template with six static images, and nothing computed."""

import sys
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource

from data.schema import COLUMNS
from explorer import look
from explorer.atlas import DIAGRAMS
from explorer.cards import Board, alone
from explorer.figures import map_figure
from explorer.raster import FINE
from explorer.rings import rings_of, source_of_rings
from explorer.sheet import Sheet
from explorer.template import Template

SIX = ("rz", "xy", "rv", "kiel", "plane", "edge")


def template() -> Template:
    """Six maps without stars."""
    sheet = ColumnDataSource(data={}, name="sheet")
    figures = [
        map_figure(diagram, diagram.window, COLUMNS[diagram.x], COLUMNS[diagram.y], sheet)
        for diagram in (DIAGRAMS[key] for key in SIX)
    ]
    return Template([sheet, source_of_rings(SIX, rings_of(sheet.name)), *figures])


MAPS_TEMPLATE = template()


def page() -> Any:
    """Six maps of noise in the page's own template."""
    sheet = Sheet(MAPS_TEMPLATE.copy())
    noise = np.random.default_rng(1).integers(0, 255, (FINE, FINE), dtype=np.uint8)
    for key in SIX:
        sheet.paint(key, "plum to gold")
    sheet.push({key: (DIAGRAMS[key].window, noise) for key in SIX})
    cards = [alone(sheet.figure(key)) for key in SIX]
    return pmui.Page(title="floor", main=[Board(cards=cards)], theme_config=look.THEME)


if __name__ == "__main__":
    pn.extension("mathjax")
    pn.serve({"/": page}, port=int(sys.argv[1]), address="127.0.0.1", show=False)

"""Maps with T_eff and log g taken out, as figures side by side: one range of colours for the label's maps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import BasicTicker, ColorBar, ColumnDataSource, HoverTool, LinearColorMapper, Range1d
from bokeh.plotting import figure

from data.catalogue import Catalogue
from data.schema import Column
from explorer.cards import alone
from explorer.giant_map import Array
from explorer.palette import COLOUR_MAPS, robust_range
from explorer.systematics_table import Controlled

LABELS, DIFFERENCES = "plum to gold", "blue to red"
"""Colours of a label, and of what is taken off it."""
WIDTH, HEIGHT, BAR = 262, 214, 62
"""Of a figure's frame with its axes, and of a colour bar with its numbers, CSS pixels."""
KIEL_CELLS = 60
LEAST = 5
"""Giants of a pixel in the maps that stand beside."""


@dataclass(frozen=True)
class Panel:
    """One map.

    Attributes
    ----------
    title : plain words.
    x, y : axes.
    window : (2, 2) lower and upper ends.
    values : (rows, columns) NaN where blank.
    differs : whether it shows what is taken off, not the label.
    """

    title: str
    x: Column
    y: Column
    window: Array
    values: Array
    differs: bool = False


def panels_of(catalogue: Catalogue, done: Controlled) -> tuple[Panel, ...]:
    """Give the maps in the order in which they are read; suspects, of other units, are not among them."""
    made, found = done.made, done.control
    x, y = (catalogue.described[name] for name in (made.asked.x, made.asked.y))
    half = made.sides / 2
    window = np.stack([made.giants.centres[0] - half, made.giants.centres[-1] + half])
    side = made.asked.cells
    maps = [
        ("as it is", found.raw, False),
        ("T_eff and log g taken out", found.corrected, False),
        ("what was taken out", found.raw - found.corrected, True),
    ]
    beside = [
        (one.column.plain.split(", ", 1)[1], np.where(one.stars >= LEAST, one.mean, np.nan), False)
        for one in done.beside
        if one.column.name.startswith(made.asked.label)
    ]
    panels = [
        Panel(title, x, y, window, values.reshape(side, side), differs)
        for title, values, differs in (*maps, *beside)
    ]
    return (*panels[:3], _kiel(catalogue, done), *panels[3:])


def _kiel(catalogue: Catalogue, done: Controlled) -> Panel:
    """Make the map of f over the Kiel diagram, where the giants are."""
    rows = done.control.support.stars
    teff, logg = done.made.giants.teff[rows], done.made.giants.logg[rows]
    ends = np.stack([np.quantile(each, [0.001, 0.999]) for each in (teff, logg)], axis=1)
    stars, _, _ = np.histogram2d(logg, teff, bins=KIEL_CELLS, range=[ends[:, 1], ends[:, 0]])
    middle = ends[0] + (np.arange(KIEL_CELLS)[:, None] + 0.5) / KIEL_CELLS * (ends[1] - ends[0])
    hot, dense = np.meshgrid(middle[:, 0], middle[:, 1])
    f = done.control.surface(hot.ravel(), dense.ravel()).reshape(hot.shape)
    axes = catalogue.described["teff"], catalogue.described["logg"]
    return Panel("f(T_eff, log g)", *axes, ends, np.where(stars > 0, f, np.nan), differs=True)


class SystematicsPlots:
    """One visitor's figures, made once and filled anew."""

    def __init__(self, count: int = 8) -> None:
        self.mappers: Mapping[bool, LinearColorMapper] = {
            differs: LinearColorMapper(
                palette=list(COLOUR_MAPS[name].colours), nan_color="rgba(0, 0, 0, 0)", low=0, high=1
            )
            for differs, name in ((False, LABELS), (True, DIFFERENCES))
        }
        self.sources = [
            ColumnDataSource(
                data={"image": [], "x": [], "y": [], "w": [], "h": []}, name=f"systematics_{number}"
            )
            for number in range(count)
        ]
        self.figures = [self._figure(source) for source in self.sources]
        self.view = pn.FlexBox(*(alone(each) for each in self.figures), margin=0, visible=False)

    def _figure(self, source: ColumnDataSource) -> Any:
        plot = figure(
            width=WIDTH + BAR, height=HEIGHT, tools="pan,wheel_zoom,box_zoom,reset,save",
            x_range=Range1d(0, 1), y_range=Range1d(0, 1), name=source.name, toolbar_location="above",
        )  # fmt: skip
        plot.toolbar.logo = None
        plot.grid.visible = False
        image = plot.image(
            image="image", x="x", y="y", dw="w", dh="h", source=source, color_mapper=self.mappers[False]
        )
        plot.add_layout(
            ColorBar(
                color_mapper=self.mappers[False], width=10, padding=4, ticker=BasicTicker(desired_num_ticks=5)
            ),
            "right",
        )
        plot.add_tools(HoverTool(tooltips=[("value", "@image{0.000} dex")], renderers=[image]))
        return plot

    def show(self, panels: Sequence[Panel]) -> None:
        """Fill the figures; those without a map are hidden."""
        for differs, mapper in self.mappers.items():
            values = np.concatenate([one.values.ravel() for one in panels if one.differs == differs])
            scale = robust_range(values, log=False, symmetric=differs)
            mapper.update(low=scale.low, high=scale.high)
        for plot, source, one in zip(self.figures, self.sources, panels, strict=False):
            self._fill(plot, source, one)
        self.view.visible = True

    def _fill(self, plot: Any, source: ColumnDataSource, one: Panel) -> None:
        low, high = one.window
        mapper = self.mappers[one.differs]
        plot.renderers[0].glyph.color_mapper = mapper
        plot.right[0].color_mapper = mapper
        plot.title.text = one.title
        turned = one.x.name == "teff"
        plot.x_range.update(start=high[0] if turned else low[0], end=low[0] if turned else high[0])
        plot.y_range.update(start=high[1] if turned else low[1], end=low[1] if turned else high[1])
        for axis, column in ((plot.xaxis[0], one.x), (plot.yaxis[0], one.y)):
            axis.axis_label = f"{column.plain} [{column.unit}]" if column.unit else column.plain
        source.data = {
            "image": [one.values.astype(np.float32)],
            "x": [low[0]], "y": [low[1]], "w": [high[0] - low[0]], "h": [high[1] - low[1]],
        }  # fmt: skip

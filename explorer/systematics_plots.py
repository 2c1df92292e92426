"""Maps with T_eff and log g taken out, as figures side by side: one range of colours for the label's maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import BasicTicker, ColorBar, ColumnDataSource, HoverTool, LinearColorMapper, Range1d
from bokeh.plotting import figure

from data.catalogue import Catalogue
from data.schema import Column
from explorer.cards import alone
from explorer.giant_map import SLICES, SUSPECTS, Array
from explorer.palette import COLOUR_MAPS, robust_range
from explorer.systematics_table import Controlled

LABEL, DIFFERENCE, SUSPECT = range(3)
COLOURS = ("plum to gold", "blue to red", "blue to yellow")
"""Of a label, of what is taken off it, and of other quantities."""
SHOWS = (LABEL, LABEL, DIFFERENCE, DIFFERENCE, *(LABEL,) * (1 + len(SLICES)), *(SUSPECT,) * len(SUSPECTS))
"""What the figures are for, in order; labels share one range, differences another."""
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
    unit : of the values.
    """

    title: str
    x: Column
    y: Column
    window: Array
    values: Array
    unit: str


def panels_of(catalogue: Catalogue, done: Controlled) -> tuple[Panel, ...]:
    """Give the maps in the order of SHOWS; of suspects those that there are."""
    made, found = done.made, done.control
    x, y = (catalogue.described[name] for name in (made.asked.x, made.asked.y))
    half = made.sides / 2
    window = np.stack([made.giants.centres[0] - half, made.giants.centres[-1] + half])
    side = made.asked.cells

    def panel(title: str, values: Array, unit: str = "dex") -> Panel:
        return Panel(title, x, y, window, values.reshape(side, side), unit)

    return (
        panel("as it is", found.raw),
        panel("Teff and log g taken out", found.corrected),
        panel("what was taken out", found.raw - found.corrected),
        _kiel(catalogue, done),
        *(
            panel(
                one.column.plain.rsplit(", ", 1)[-1],
                np.where(one.stars >= LEAST, one.mean, np.nan),
                one.column.unit,
            )
            for one in done.beside
        ),
    )


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
    return Panel("f(Teff, log g)", *axes, ends, np.where(stars > 0, f, np.nan), "dex")


class SystematicsPlots:
    """One visitor's figures, made once and filled anew."""

    def __init__(self) -> None:
        mappers = [_mapper(LABEL), _mapper(DIFFERENCE)]
        self.mappers = [mappers[shows] if shows < SUSPECT else _mapper(shows) for shows in SHOWS]
        self.sources = [
            ColumnDataSource(
                data={"image": [], "x": [], "y": [], "w": [], "h": []}, name=f"systematics_{number}"
            )
            for number in range(len(SHOWS))
        ]
        self.figures = list(map(_figure, self.sources, self.mappers))
        self.view = pn.FlexBox(*(alone(each) for each in self.figures), margin=0, visible=False)

    def show(self, panels: Sequence[Panel]) -> None:
        """Fill the figures; those without a map are hidden."""
        values: dict[Any, list[Array]] = {}
        for mapper, one in zip(self.mappers, panels, strict=False):
            values.setdefault(mapper, []).append(one.values.ravel())
        for mapper, parts in values.items():
            symmetric = mapper is self.mappers[SHOWS.index(DIFFERENCE)]
            scale = robust_range(np.concatenate(parts), log=False, symmetric=symmetric)
            mapper.update(low=scale.low, high=scale.high)
        for number, plot in enumerate(self.figures):
            plot.visible = number < len(panels)
            if plot.visible:
                self._fill(plot, self.sources[number], panels[number])
        self.view.visible = True

    def _fill(self, plot: Any, source: ColumnDataSource, one: Panel) -> None:
        low, high = one.window
        plot.title.text = one.title
        turned = one.x.name == "teff"
        plot.x_range.update(start=high[0] if turned else low[0], end=low[0] if turned else high[0])
        plot.y_range.update(start=high[1] if turned else low[1], end=low[1] if turned else high[1])
        for axis, column in ((plot.xaxis[0], one.x), (plot.yaxis[0], one.y)):
            axis.axis_label = f"{column.plain} [{column.unit}]" if column.unit else column.plain
        plot.tools[0].tooltips = [("", f"@image{{0.00[0]}} {one.unit}")]
        source.data = {
            "image": [one.values.astype(np.float32)],
            "x": [low[0]], "y": [low[1]], "w": [high[0] - low[0]], "h": [high[1] - low[1]],
        }  # fmt: skip


def _mapper(shows: int) -> LinearColorMapper:
    colours = list(COLOUR_MAPS[COLOURS[shows]].colours)
    return LinearColorMapper(palette=colours, nan_color="rgba(0, 0, 0, 0)", low=0, high=1)


def _figure(source: ColumnDataSource, mapper: LinearColorMapper) -> Any:
    plot = figure(
        width=WIDTH + BAR, height=HEIGHT, tools="", x_range=Range1d(0, 1), y_range=Range1d(0, 1),
        name=source.name, toolbar_location=None,
    )  # fmt: skip
    plot.grid.visible = False
    image = plot.image(image="image", x="x", y="y", dw="w", dh="h", source=source, color_mapper=mapper)
    ticker = BasicTicker(desired_num_ticks=5)
    plot.add_layout(ColorBar(color_mapper=mapper, width=10, padding=4, ticker=ticker), "right")
    plot.add_tools(HoverTool(renderers=[image]))
    return plot

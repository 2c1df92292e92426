"""The histogram of any column: the selected stars before the ghost of all."""

import numpy as np

from data.schema import Column
from explorer import columns
from explorer.notation import with_unit
from explorer.picture import BINS, Histogram, floor_of, heights
from explorer.template import Models


class BarChart:
    """One visitor's histogram: a figure and the source its bars are drawn from."""

    def __init__(self, models: Models) -> None:
        self.figure, self.source = models["histogram"], models["bars"]

    def show(self, histogram: Histogram, column: Column, *, log: bool) -> None:
        """Draw a histogram, with numbers of stars on a linear or logarithmic axis."""
        floor = floor_of(log=log)
        everyone, selected = (heights(n, log=log) for n in (histogram.everyone, histogram.selected))
        edges = histogram.edges
        figure = self.figure
        figure.x_range.update(start=float(edges[0]), end=float(edges[-1]))
        top = float(everyone.max(initial=floor))
        figure.y_range.update(start=floor, end=top + 0.05 * max(top - floor, 1.0))
        figure.xaxis[0].axis_label = with_unit(column.tex, column.unit)
        figure.yaxis[0].formatter.args = {"log": log}
        ends = {"left": edges[:-1], "right": edges[1:], "floor": np.full(BINS, floor)}
        columns.push(self.source, {**ends, "everyone": everyone, "selected": selected})

"""What is drawn over a map to read it by: the Sun, centre and rotation."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from explorer.raster import Window

INK = "#39434f"
HALO = "#f4f6f8"
"""Drawn around the ink, so that it reads on any colour."""
Point = tuple[float, float]

SUN: Point = (8.0, 0.0)


ARROWS = (((0.13, 0.944), (0.044, 0.944), "centre"), ((0.044, 0.14), (0.044, 0.056), "rotation"))
"""Tail, head and word of the arrows over a face-on map, in fractions of its window."""

BARB, GAP = 0.03, 0.04
"""Length of an arrow's barbs and distance of its word, likewise."""


def _sun(_window: Window) -> Any:
    return hv.Points([SUN]).opts(marker="circle_dot", size=11, color=HALO, line_color=INK, line_width=1.5)


def _compass(w: Window) -> Any:
    def place(at: NDArray[np.float64]) -> Point:
        return w.x0 + at[0] * (w.x1 - w.x0), w.y0 + at[1] * (w.y1 - w.y0)

    lines = [[place(at) for at in line] for tail, head, _ in ARROWS for line in _arrow(tail, head)]
    places = [
        (*place(np.array([max(tail[0], head[0]) + GAP, (tail[1] + head[1]) / 2])), word)
        for tail, head, word in ARROWS
    ]
    words = hv.Labels(places).opts(
        text_color=INK, text_align="left", text_baseline="middle", text_font_size="8pt", hooks=[_on_paper]
    )
    return hv.Path(lines).opts(color=HALO, line_width=4) * hv.Path(lines).opts(color=INK) * words


def _on_paper(plot: Any, _element: Any) -> None:
    plot.handles["glyph"].update(background_fill_color=HALO, background_fill_alpha=0.8, padding=2)


def _arrow(tail: Point, head: Point) -> list[list[NDArray[np.float64]]]:
    start, end = np.array(tail), np.array(head)
    along = (end - start) / np.hypot(*(end - start))
    across = np.array([-along[1], along[0]])
    left, right = (end - BARB * along + side * 0.6 * BARB * across for side in (1, -1))
    return [[start, end], [left, end, right]]


MARKS: Mapping[str, Callable[[Window], Any]] = MappingProxyType({"sun": _sun, "compass": _compass})

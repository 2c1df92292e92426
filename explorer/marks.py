"""What is drawn over a map to read it by: the Sun, centre and rotation, the line of eq. 1."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import holoviews as hv
import numpy as np

from model.chemistry import kiel_split

INK = "#39434f"
HALO = "#f4f6f8"
"""Drawn around the ink, so that it reads on any colour."""
Point = tuple[float, float]

SUN: Point = (8.0, 0.0)


ARROWS = (((7.0, 3.55), (6.35, 3.55), "centre"), ((6.35, -2.9), (6.35, -3.55), "rotation"))
"""Tail, head and word of the arrows over a face-on map, in kpc."""


def _sun() -> Any:
    return hv.Points([SUN]).opts(marker="circle_dot", size=11, color=HALO, line_color=INK, line_width=1.5)


def _compass() -> Any:
    lines = [line for tail, head, _ in ARROWS for line in _arrow(tail, head)]
    places = [(max(tail[0], head[0]) + 0.15, (tail[1] + head[1]) / 2, word) for tail, head, word in ARROWS]
    words = hv.Labels(places).opts(
        text_color=INK, text_align="left", text_baseline="middle", text_font_size="8pt", hooks=[_on_paper]
    )
    return hv.Path(lines).opts(color=HALO, line_width=4) * hv.Path(lines).opts(color=INK) * words


def _on_paper(plot: Any, _element: Any) -> None:
    plot.handles["glyph"].update(background_fill_color=HALO, background_fill_alpha=0.8, padding=2)


def _arrow(tail: Point, head: Point) -> list[list[Point]]:
    along = np.subtract(head, tail)
    across = np.array([-along[1], along[0]])
    left, right = (tuple(head - 0.3 * along + side * 0.2 * across) for side in (1, -1))
    return [[tail, head], [left, head, right]]


def _eq1() -> Any:
    teff = np.array([3000.0, 5200.0, 5200.0001, 9000.0])
    line = hv.Curve((teff, kiel_split(teff)))
    return line.opts(color=HALO, line_width=4) * line.clone().opts(
        color=INK, line_width=1.5, line_dash="dashed"
    )


MARKS: Mapping[str, Callable[[], Any]] = MappingProxyType({"sun": _sun, "compass": _compass, "eq1": _eq1})

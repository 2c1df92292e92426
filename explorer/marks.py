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
SUN = (8.0, 0.0)


def _sun() -> Any:
    halo = hv.Points([SUN]).opts(marker="circle", size=12, color=HALO, line_color=None)
    ring = hv.Points([SUN]).opts(marker="circle", size=9, color=HALO, line_color=INK, line_width=1.5)
    return halo * ring * hv.Points([SUN]).opts(marker="circle", size=2.5, color=INK)


def _centre() -> Any:
    tail, head = (7.0, 3.55), (6.35, 3.55)
    return _arrow(tail, head) * _words(7.1, 3.55, "centre")


def _rotation() -> Any:
    tail, head = (6.35, -2.9), (6.35, -3.55)
    return _arrow(tail, head) * _words(6.5, -3.25, "rotation")


def _words(x: float, y: float, words: str) -> Any:
    def paper(plot: Any, _element: Any) -> None:
        plot.handles["glyph"].update(background_fill_color=HALO, background_fill_alpha=0.8, padding=2)

    return hv.Text(x, y, words, halign="left", valign="center", fontsize=8).opts(color=INK, hooks=[paper])


def _arrow(tail: tuple[float, float], head: tuple[float, float]) -> Any:
    along = np.subtract(head, tail)
    across = np.array([-along[1], along[0]])
    barbs = [tuple(head - 0.3 * along + side * 0.2 * across) for side in (1, -1)]
    lines = [[tail, head], [barbs[0], head, barbs[1]]]
    return hv.Path(lines).opts(color=HALO, line_width=4) * hv.Path(lines).opts(color=INK, line_width=1.5)


def _eq1() -> Any:
    teff = np.array([3000.0, 5200.0, 5200.0001, 9000.0])
    line = hv.Curve((teff, kiel_split(teff)))
    return line.opts(color=HALO, line_width=4) * line.clone().opts(
        color=INK, line_width=1.5, line_dash="dashed"
    )


MARKS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {"sun": _sun, "centre": _centre, "rotation": _rotation, "eq1": _eq1}
)

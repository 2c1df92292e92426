"""How long the server takes to answer a brush: `python -m benchmarks.answers CATALOGUE [--quick]`.

From a state with a new selection to the pictures of six maps and the histogram, ready to be sent, in this
process and without a browser. Every brush is a new one. The maps show the mean of a label that all stars
have, and no cut is there but the brush.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Barrier

import numpy as np

from benchmarks.findings import Findings, Times
from data.catalogue import Catalogue, open_catalogue
from data.predicate import Box, Polygon, Predicate, Range
from data.selection import Clause, Selection
from explorer import choices
from explorer.atlas import GALLERY, HISTOGRAM, VIEWS
from explorer.derive import derivations
from explorer.figures import drawable
from explorer.painter import Easel
from explorer.session import State
from explorer.stars import Stars
from tests.browser import MAPS

LABEL = "fe_h"
SHARES = 1, 25, 42, 100
"""Per cent of all stars that brushes select."""
ELSEWHERE = "elsewhere"
"""Source of a brush in none of the six views, so that all of them answer it."""
SIX = frozenset({*MAPS, HISTOGRAM})
"""The views of the page that opens."""
NINE = frozenset([key for key, view in GALLERY.items() if view.plane == "rz"][:9])
"""Views of a gallery."""
SAMPLE = 50_000
CROWDS = 2, 10
"""Visitors who brush at once."""

Brushes = Iterator[Predicate]


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("catalogue", type=Path)
    arguments.add_argument("--quick", action="store_true", help="fewer repeats")
    asked = arguments.parse_args()
    found = Findings()
    measure(open_catalogue(asked.catalogue, derivations=derivations()), 12 if asked.quick else 60, found)
    print(found.line)


def measure(catalogue: Catalogue, repeats: int, found: Findings) -> None:
    """Times of boxes, lassos and sliders, of one visitor and of several at once."""
    studio, hand = Studio.of(catalogue), Hand(catalogue)
    for share in SHARES:
        boxes = hand.boxes(share / 100)
        words = f"{share} % of {len(catalogue):,} stars in a box, all six maps and the histogram"
        found.spread(f"server_{share}", studio.answers(boxes, repeats), words)
        found.figures[f"server_p95_ms_{share}"] = found.figures[f"server_{share}_p95_ms"]
    words = "a box in one of the six views, which does not answer it itself, 42 %"
    found.spread("server_crossfilter", studio.answers(hand.boxes(0.42), repeats, "rz"), words)
    words = f"a lasso of {CORNERS} corners around about 40 %, all six maps and the histogram"
    found.spread("server_lasso", studio.answers(hand.lassos(), repeats), words)
    words = "one end of a cut moved, all six maps and the histogram"
    slider = found.spread("server_slider", studio.answers(hand.cuts(), repeats), words)
    found.figures["slider_server_ms"] = slider
    words = "a box of 42 %, nine labels over one plane"
    found.spread("server_gallery", studio.answers(hand.boxes(0.42), repeats, views=NINE), words)
    for crowd in CROWDS:
        words = f"{crowd} visitors at once, each a box of 42 %: from the moment all asked"
        found.spread(f"server_crowd_{crowd}", studio.crowd(hand, crowd, max(3, repeats // crowd)), words)


@dataclass(frozen=True)
class Studio:
    """The stars, and what it takes to paint them for any number of visitors."""

    stars: Stars
    state: State
    views: ThreadPoolExecutor

    @classmethod
    def of(cls, catalogue: Catalogue) -> "Studio":
        """A page's stars in the state in which brushes are timed."""
        stars = Stars(catalogue)
        opened = choices.opening(stars, Selection())
        state = replace(opened, colouring=replace(opened.colouring, label=LABEL))
        return cls(stars, state, ThreadPoolExecutor(os.cpu_count() or 2))

    def easel(self) -> Easel:
        """A visitor's, with its colour ranges fitted."""
        easel = Easel(self.stars, VIEWS, self.views)
        easel.paint(self.state, {*SIX, *NINE} & self._drawable)
        return easel

    def brushed(self, predicate: Predicate, source: str = ELSEWHERE) -> State:
        """The state with one brush."""
        return replace(self.state, selection=Selection((Clause(source, predicate),)))

    @property
    def _drawable(self) -> set[str]:
        """Views the catalogue has the columns of."""
        drawn = {key for key, view in VIEWS.items() if drawable(self.stars, view, self.state)}
        return drawn | {HISTOGRAM}

    def answers(
        self, brushes: Brushes, repeats: int, source: str = ELSEWHERE, views: frozenset[str] = SIX
    ) -> Times:
        """Milliseconds to answer each of so many brushes, after two that are not counted."""
        easel, views = self.easel(), views - {source}
        return [self._answer(easel, next(brushes), views, source) for _ in range(2 + repeats)][2:]

    def _answer(
        self, easel: Easel, brush: Predicate, views: frozenset[str], source: str = ELSEWHERE
    ) -> float:
        begun = time.perf_counter()
        easel.paint(self.brushed(brush, source), views)
        return 1000 * (time.perf_counter() - begun)

    def crowd(self, hand: "Hand", visitors: int, rounds: int) -> Times:
        """Milliseconds until each of several visitors is answered who brush at the same moment."""
        barrier = Barrier(visitors)
        easels = [self.easel() for _ in range(visitors)]
        boxes = hand.boxes(0.42)
        plans = [[next(boxes) for _ in range(rounds)] for _ in easels]

        def visit(easel: Easel, plan: list[Predicate]) -> Times:
            times = []
            for box in plan:
                barrier.wait()
                times.append(self._answer(easel, box, SIX))
            return times

        with ThreadPoolExecutor(visitors) as crews:
            return [time for times in crews.map(visit, easels, plans) for time in times]


CORNERS = 60
"""Of a lasso."""


class Hand:
    """Draws brushes in (R, z), no two alike."""

    def __init__(self, catalogue: Catalogue) -> None:
        step = max(1, len(catalogue) // SAMPLE)
        self._r, self._z = (np.asarray(catalogue[name][::step], np.float64) for name in ("R", "z"))
        self._chi2 = np.asarray(catalogue["chi2"][::step], np.float64)
        self._rng = np.random.default_rng(1)

    def boxes(self, share: float) -> Brushes:
        """Boxes anywhere, of any shape, that hold a share of all stars."""
        while True:
            (u, v), lean = self._rng.random(2), self._rng.uniform(0.3, 0.7)
            if share == 1:
                yield self._box(0, 0, 1, 1, beyond=self._rng.random())
            else:
                size = bisect(lambda size, *at: self._share(self._around(*at, size)), share, u, v, lean)
                yield self._around(u, v, lean, size)

    def _around(self, u: float, v: float, lean: float, size: float) -> Box:
        """A box of so many ranks about a star's ranks in R and z."""
        wide, high = size**lean, size ** (1 - lean)
        u, v = (min(max(rank, half), 1 - half) for rank, half in ((u, wide / 2), (v, high / 2)))
        return self._box(u - wide / 2, v - high / 2, u + wide / 2, v + high / 2)

    def _box(self, u0: float, v0: float, u1: float, v1: float, beyond: float = 0) -> Box:
        """A box by ranks from 0 to 1, and so far beyond the stars."""
        r, z = np.nanquantile(self._r, (u0, u1)), np.nanquantile(self._z, (v0, v1))
        far = 1000 * beyond
        return Box(Range("R", r[0] - far, r[1] + far), Range("z", z[0] - far, z[1] + far))

    def _share(self, box: Box) -> float:
        return float(np.mean(box.mask({"R": self._r, "z": self._z})))

    def lassos(self) -> Brushes:
        """Uneven rings about the middle of the disc."""
        turn = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
        middle = np.median(self._r), np.median(self._z)
        reach = np.diff(np.percentile(self._r, (16, 84)))[0], np.diff(np.percentile(self._z, (16, 84)))[0]
        while True:
            radius = self._rng.uniform(0.6, 0.8) + 0.1 * np.sin(3 * turn + 6 * self._rng.random())
            x = middle[0] + reach[0] * radius * np.cos(turn)
            y = middle[1] + reach[1] * radius * np.sin(turn)
            yield Polygon("R", "z", tuple(zip(x.tolist(), y.tolist(), strict=True)))

    def cuts(self) -> Brushes:
        """Upper ends of chi2, as its slider gives them."""
        while True:
            yield Range("chi2", None, float(np.nanquantile(self._chi2, self._rng.uniform(0.5, 1))))


def bisect(rising: Callable[..., float], wanted: float, *words: float) -> float:
    """Where in [0, 1] a rising function of (size, *words) has a value, to 1 part in 4000."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle, *words) < wanted else (low, middle)
    return (low + high) / 2


if __name__ == "__main__":
    main()

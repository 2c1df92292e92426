"""What is drawn of subsets over the views, and how many stars they have: asked for as views of their own.

A subset is what it is, whatever is selected: its lines are drawn anew when it, a window or an axis changes,
never while a brush is dragged.
"""

from collections.abc import Hashable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

import numpy as np

from data.expression import Expression
from data.predicate import Where
from explorer import algebra, contours, kernels, picture
from explorer.atlas import HISTOGRAM, Diagram
from explorer.bitsets import Each
from explorer.contours import Polyline
from explorer.raster import FINE, coarsen
from explorer.session import State, Subset
from explorer.stars import Stars

LINES = "lines:"
"""Begins the name under which the lines over a view are asked for."""

SIZES = "subsets"
"""The name under which the numbers of stars of all subsets are asked for."""

ROWS = algebra.MOST_SHOWN * len(contours.FRACTIONS)
"""Lines over a view: for each subset that is shown one for each fraction, innermost first."""

Lines = tuple[Polyline, ...]


@dataclass(frozen=True)
class Overlays:
    """What was drawn of subsets: ROWS lines for each view, and the number of stars of each condition."""

    lines: Mapping[str, Lines] = field(default_factory=lambda: MappingProxyType({}))
    numbers: Mapping[Expression, int] = field(default_factory=lambda: MappingProxyType({}))


def wanted(state: State, views: Iterable[Diagram], *, bars: bool) -> dict[str, Hashable]:
    """What there is to draw of subsets over the views that can be seen, each with what it depends on."""
    looks = tuple((subset.condition, subset.colour) for subset in algebra.shown(state))
    lines = looks if state.subsets_as == "contours" else ()
    asked: dict[str, Hashable] = {
        LINES + view.key: (lines, picture.columns_of(view, state), state.view(view.home).window)
        if lines
        else ()
        for view in views
    }
    if bars:
        asked[LINES + HISTOGRAM] = (looks, state.bars) if looks else ()
    return asked | {SIZES: algebra.conditions(state.subsets)}


def prepare(stars: Stars, state: State, each: Each = map) -> None:
    """Find out which stars the shown subsets are, once, before several threads ask for them."""
    for subset in algebra.shown(state):
        stars.bits(Where(subset.condition), each)


def draw(
    stars: Stars,
    diagrams: Mapping[str, Diagram],
    threads: Executor,
    state: State,
    views: Iterable[str],
    each: Each = map,
) -> Overlays:
    """Draw those of the views that are ours."""
    asked = [*views]
    keys = sorted(view.removeprefix(LINES) for view in asked if view.startswith(LINES))
    drawn = threads.map(partial(_lines, stars, diagrams, state), keys)
    numbers = {
        condition: stars.number([Where(condition)], each)
        for condition in (algebra.conditions(state.subsets) if SIZES in asked else ())
    }
    return Overlays(MappingProxyType(dict(zip(keys, drawn, strict=True))), MappingProxyType(numbers))


def _lines(stars: Stars, diagrams: Mapping[str, Diagram], state: State, key: str) -> Lines:
    shown = algebra.shown(state)
    if key in diagrams and state.subsets_as == "contours":
        drawn = [line for subset in shown for line in _contours(stars, diagrams[key], state, subset)]
    elif key == HISTOGRAM:
        nothing = [contours.NOTHING] * (len(contours.FRACTIONS) - 1)
        drawn = [line for subset in shown for line in (*nothing, _outline(stars, state, subset))]
    else:
        drawn = []
    return (*drawn, *[contours.NOTHING] * (ROWS - len(drawn)))


def _contours(stars: Stars, diagram: Diagram, state: State, subset: Subset) -> list[Polyline]:
    window = picture.window_of(stars, diagram, state)
    place = stars.place(*picture.columns_of(diagram, state), window)
    words = stars.bits(Where(subset.condition)) & place.inside
    n = coarsen(kernels.counts(words, place.pixels, FINE * FINE), contours.COARSENING)
    return contours.lines(n, window)


def _outline(stars: Stars, state: State, subset: Subset) -> Polyline:
    bars = state.bars
    column = stars.describe(bars.column, state.derived)
    place = stars.bins(bars.column, column.low, column.high, picture.BINS)
    n = kernels.tally(stars.bits(Where(subset.condition)) & place.inside, place.pixels, picture.BINS)
    heights = picture.heights(n, log=bars.log)
    edges = np.linspace(column.low, column.high, picture.BINS + 1)
    return contours.steps(edges, heights, picture.floor_of(log=bars.log))

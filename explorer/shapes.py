"""The regions a visitor draws on views: as the browser tells of them, and as conditions."""

from dataclasses import replace
from itertools import chain, count
from typing import Any

from data.functions import MOST_VERTICES
from data.parser import LARGEST
from data.predicate import Box, Polygon, Predicate, Range
from data.problem import DataError
from data.selection import Clause, Selection
from explorer import picture
from explorer.atlas import HISTOGRAM, VIEWS
from explorer.session import State

Shape = dict[str, Any]
"""Such as `{"box": [x0, x1, y0, y1]}`, `{"range": [x0, x1]}`, `{"polygon": [x, y, x, y, ...]}`.

An open end is None.
"""


def axes_of(view: str, state: State) -> tuple[str, ...]:
    """The quantities a view is drawn over: two of a map, one of the histogram."""
    return (state.bars.column,) if view == HISTOGRAM else picture.columns_of(VIEWS[view], state)


def source_of(view: str) -> str:
    """Whose clause of the selection a view's brush is."""
    return HISTOGRAM if view == HISTOGRAM else VIEWS[view].source


def predicate_of(shape: object, axes: tuple[str, ...]) -> Predicate:
    """The condition that a drawn region stands for; DataError where it is no region of such a view."""
    if not isinstance(shape, dict) or len(shape) != 1:
        raise DataError(f"a brush is one region, not {shape!r:.60}")
    [(kind, numbers)] = shape.items()
    ends = _numbers(numbers)
    if kind == "range" and len(axes) == 1 and len(ends) == 2:
        return Range(axes[0], *sorted(ends))
    if kind == "box" and len(axes) == 2 and len(ends) == 4:
        return Box(*(Range(axis, *sorted(ends[k : k + 2])) for axis, k in zip(axes, (0, 2), strict=True)))
    if kind == "polygon" and len(axes) == 2 and len(ends) % 2 == 0:
        return Polygon(*axes, tuple(zip(ends[::2], ends[1::2], strict=True)))
    raise DataError(f"a view over {' and '.join(axes)} has no brush such as {shape!r:.60}")


def _numbers(numbers: object) -> list[float]:
    if not isinstance(numbers, list) or not 2 <= len(numbers) <= 2 * MOST_VERTICES:
        raise DataError(f"a brush needs a list of at most {2 * MOST_VERTICES} numbers, not {numbers!r:.60}")
    if not all(type(number) in (int, float) and abs(number) <= LARGEST for number in numbers):
        raise DataError("the ends and corners of a brush are finite numbers")
    return [float(number) for number in numbers]


def shape_of(predicate: Predicate, axes: tuple[str, ...]) -> Shape | None:
    """A condition as a region of a view over those quantities; None where it can't be drawn there."""
    if isinstance(predicate, Range) and axes == (predicate.column,):
        return {"range": [predicate.low, predicate.high]}
    if isinstance(predicate, Range) and predicate.column in axes:
        open_side: list[float | None] = [None, None]
        sides = {predicate.column: [predicate.low, predicate.high]}
        return {"box": [end for axis in axes for end in sides.get(axis, open_side)]}
    if isinstance(predicate, Box) and axes == (predicate.x.column, predicate.y.column):
        return {"box": [end for side in (predicate.x, predicate.y) for end in (side.low, side.high)]}
    if isinstance(predicate, Polygon) and axes == (predicate.column_x, predicate.column_y):
        return {"polygon": predicate.ends}
    return None


def drawn(view: str, state: State) -> Shape | None:
    """The brush that a view shows in a state, marked where it is switched off."""
    source = source_of(view)
    if source not in state.selection:
        return None
    clause = state.selection[source]
    shape = shape_of(clause.predicate, axes_of(view, state))
    return shape if shape is None or clause.enabled else {**shape, "off": True}


def is_brush(source: str) -> bool:
    """Whether a clause of this source is the brush of a view."""
    return source == HISTOGRAM or source in VIEWS


def brushed(selection: Selection, view: str, predicate: Predicate | None, *, edited: bool) -> Selection:
    """The selection with a view's brush drawn anew, changed, or let go of.

    One that is changed stays as it is else, inverted or switched off, as it does when its numbers are typed.
    """
    source = source_of(view)
    if predicate is None:
        return selection.without(source)
    if edited and source in selection:
        return selection.with_(replace(selection[source], predicate=predicate))
    return selection.with_(Clause(source, predicate))


def without_brushes(selection: Selection) -> Selection:
    """The selection with its cuts alone."""
    return Selection(tuple(clause for clause in selection if not is_brush(clause.source)))


def at_home(state: State) -> State:
    """The state with every brush that its view can't draw turned into a cut.

    That happens when the view is given another axis: it no longer is the view that made the brush, and so
    has no reason to ignore it.
    """
    clauses = state.selection.clauses
    strays = [
        clause
        for clause in clauses
        if is_brush(clause.source) and shape_of(clause.predicate, axes_of(clause.source, state)) is None
    ]
    if not strays:
        return state
    taken = {clause.source for clause in clauses}
    names = {clause.source: _free(clause, taken) for clause in strays}
    renamed = (replace(clause, source=names.get(clause.source, clause.source)) for clause in clauses)
    return replace(state, selection=Selection(tuple(renamed)))


def _free(clause: Clause, taken: set[str]) -> str:
    """A name for the cut that a brush becomes."""
    names = chain([f"cut:{clause.source}"], (f"cut:{clause.source} {k}" for k in count(2)))
    free = next(name for name in names if name not in taken)
    taken.add(free)
    return free

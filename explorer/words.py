"""Conditions in words, as HTML for chips: with the names and units a person knows."""

import html
from collections.abc import Callable

from data.predicate import Box, OneOf, Polygon, Predicate, Range
from data.schema import Column
from explorer.atlas import DIAGRAMS, HISTOGRAM
from explorer.cards import title_html
from explorer.notation import to_html

Describe = Callable[[str], Column]
"""What a column, or a quantity computed from columns, is."""


def brush_name(source: str) -> str:
    """Where a brush was drawn, as HTML; empty for what is no brush of a view."""
    if source == HISTOGRAM:
        return "histogram"
    return title_html(DIAGRAMS[source].title) if source in DIAGRAMS else ""


def condition(predicate: Predicate, describe: Describe, where: str = "") -> str:
    """A condition as HTML; `where` names the view it was drawn in, if it was."""
    if isinstance(predicate, Range):
        named = f"{where}: " if where else ""
        return named + _range(predicate, describe(predicate.column))
    if isinstance(predicate, Box):
        sides = ", ".join(_range(side, describe(side.column)) for side in (predicate.x, predicate.y))
        return f"box {where}: {sides}".replace(" :", ":")
    if isinstance(predicate, Polygon):
        return f"lasso {where}: {_extent(predicate, describe)}".replace(" :", ":")
    if isinstance(predicate, OneOf):
        return _values(predicate, describe(predicate.column))
    return f"<code>{html.escape(predicate.text)}</code>"


def number(value: float) -> str:
    """A number with a proper minus sign, to six digits."""
    return f"{value:.6g}".replace("-", "−")


def _unit(column: Column) -> str:
    """Kept together with its number where a line breaks."""
    unit = f" {column.unit}" if column.unit not in ("", "dex") else ""
    return html.escape(unit.replace(" ", "\N{NO-BREAK SPACE}"))


def _range(predicate: Range, column: Column) -> str:
    name, unit = to_html(column.tex), _unit(column)
    if predicate.low is None:
        return f"{name} ≤ {number(predicate.high or 0.0)}{unit}"
    if predicate.high is None:
        return f"{name} ≥ {number(predicate.low)}{unit}"
    return f"{number(predicate.low)} ≤ {name} ≤ {number(predicate.high)}{unit}"


def _extent(polygon: Polygon, describe: Describe) -> str:
    """How many corners, and how far they reach."""
    reaches = []
    corners = polygon.vertices
    for name, ends in zip(polygon.quantities, zip(*corners, strict=True), strict=True):
        column = describe(name)
        reaches.append(f"{to_html(column.tex)} {number(min(ends))} to {number(max(ends))}{_unit(column)}")
    return f"{len(corners)} corners, {', '.join(reaches)}"


def _values(predicate: OneOf, column: Column) -> str:
    name = to_html(column.tex)
    if column.kind == "flag":
        return name if predicate.values == (1,) else f"not {name}"
    return f"{name}: {html.escape(', '.join(map(str, predicate.values)))}"

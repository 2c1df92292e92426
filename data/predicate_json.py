"""Conditions read back from what their `to_json` gave, which may be anybody's: each part is checked."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import cast

from data.parser import LARGEST
from data.predicate import Box, OneOf, Outside, Plain, Polygon, Predicate, Range, Where
from data.problem import DataError, UnknownColumnError
from data.schema import COLUMNS, Column


def _range(plain: Plain, _: Mapping[str, Column]) -> Range:
    ends = [plain.get(end) for end in ("low", "high")]
    if any(isinstance(end, bool) or not isinstance(end, int | float | None) for end in ends):
        raise DataError(f"the ends of a range must be numbers, not {ends!r:.80}")
    if any(end is not None and not abs(end) <= LARGEST for end in ends) or not isinstance(
        plain["range"], str
    ):
        raise DataError(f"a range needs a column and finite ends, not {plain!r:.80}")
    return Range(plain["range"], *(None if end is None else float(end) for end in ends))


def _box(plain: Plain, described: Mapping[str, Column]) -> Predicate:
    ranges = plain["box"]
    if not isinstance(ranges, list) or [_kind(each) for each in ranges] != ["range", "range"]:
        raise DataError(f"a box is a list of two ranges, not {ranges!r:.80}")
    x, y = (_range(each, described) for each in ranges)
    return Box(x, y)


def _polygon(plain: Plain, _: Mapping[str, Column]) -> Predicate:
    columns, ends = plain["polygon"], plain.get("corners")
    if not isinstance(columns, list) or list(map(type, columns)) != [str, str]:
        raise DataError(f"a polygon needs two columns, not {columns!r:.80}")
    if not isinstance(ends, list) or len(ends) % 2 or {*map(type, ends)} - {int, float}:
        raise DataError(f"the corners of a polygon are numbers x1, y1, x2, y2, ..., not {ends!r:.80}")
    if not all(abs(end) <= LARGEST for end in ends):
        raise DataError(f"the corners of a polygon must be finite numbers, not {ends!r:.80}")
    x, y = columns
    return Polygon(x, y, tuple(zip(ends[::2], ends[1::2], strict=True)))


def _one_of(plain: Plain, described: Mapping[str, Column]) -> Predicate:
    values = plain.get("texts", plain.get("whole"))
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise DataError(f"the values of a list must be texts, not {values!r:.80}")
    if "texts" in plain:
        return OneOf(_name(plain["one_of"], described), tuple(values))
    if not all(value.removeprefix("-").isdecimal() and len(value) < 20 for value in values):
        raise DataError(f"the values of a list must be whole numbers, not {values!r:.80}")
    return OneOf(_name(plain["one_of"], described), tuple(int(value) for value in values))


def _where(plain: Plain, described: Mapping[str, Column]) -> Predicate:
    if not isinstance(plain["where"], str):
        raise DataError(f"an expression must be a text, not {plain['where']!r:.80}")
    return Where.parse(plain["where"], described)


def _outside(plain: Plain, described: Mapping[str, Column]) -> Predicate:
    if _kind(plain["outside"]) == "outside":
        raise DataError("the outside of an outside is the condition itself: write that")
    return Outside(predicate_from_json(plain["outside"], described))


def _name(name: object, described: Mapping[str, Column]) -> str:
    if not isinstance(name, str):
        raise DataError(f"the name of a column must be a text, not {name!r:.80}")
    if name not in described:
        raise UnknownColumnError(
            f"no column {name!r:.80}: see 'explorer info' for the columns there are", name
        )
    return name


READERS: Mapping[str, Callable[[Plain, Mapping[str, Column]], Predicate]] = MappingProxyType(
    {
        "range": _range,
        "box": _box,
        "polygon": _polygon,
        "one_of": _one_of,
        "where": _where,
        "outside": _outside,
    }
)
"""How each kind of predicate is read back, by the key that tells it."""


def predicate_from_json(plain: object, described: Mapping[str, Column] = COLUMNS) -> Predicate:
    """Read what `Predicate.to_json` gave, and check it against the columns there are; else `DataError`."""
    kind = _kind(plain)
    if kind is None:
        raise DataError(f"a condition must be one of {', '.join(READERS)}, not {plain!r:.80}")
    predicate = READERS[kind](cast("Plain", plain), described)
    if not isinstance(predicate, Where | Outside):  # these are of what has been checked
        few_corners(predicate).expression.check(described)
    return predicate


def few_corners(predicate: Predicate) -> Predicate:
    """The condition, or for a polygon one of three corners: enough to look at what it is over."""
    if isinstance(predicate, Polygon):
        return Polygon(predicate.column_x, predicate.column_y, predicate.vertices[:3])
    return predicate


def _kind(plain: object) -> str | None:
    kinds = [kind for kind in READERS if isinstance(plain, Mapping) and kind in plain]
    return kinds[0] if len(kinds) == 1 else None

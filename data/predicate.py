"""One condition on the columns of a row: a range, a list of values, an expression.

Each is an expression at heart, so that its text selects exactly the rows that it selects. A new shape of
brush (a polygon) is a new class here, a new function of the language, and a new line in `READERS`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from data.expression import Columns, Expression
from data.parser import LARGEST, parse
from data.problem import DataError
from data.schema import COLUMNS, Column
from data.syntax import Compare, In, Name, Node, Not, Number, Text

Plain = Mapping[str, Any]
"""What JSON can hold: texts, numbers, lists and maps of them."""


class Predicate(ABC):
    """A condition on the columns of a row. Immutable and hashable: masks may be cached by it."""

    @property
    @abstractmethod
    def expression(self) -> Expression:
        """The condition in the expression language."""

    @abstractmethod
    def to_json(self) -> Plain:
        """Give what `predicate_from_json` reads; whole numbers as texts, which JavaScript leaves alone."""

    @property
    def text(self) -> str:
        """The text that selects exactly these rows."""
        return self.expression.text

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns it needs."""
        return self.expression.columns

    def mask(self, columns: Columns) -> NDArray[np.bool_]:
        """Tell for each row whether it passes; unknown (missing) does not."""
        return self.expression.evaluate(columns)


@dataclass(frozen=True)
class Range(Predicate):
    """Rows whose number lies between two ends, both included. Missing never passes.

    Attributes
    ----------
    column : a column, or a number computed from columns (`eu_fe - ba_fe`).
    low, high : the ends; one of them may be None, an open end.
    """

    column: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        ends = [end for end in (self.low, self.high) if end is not None]
        if not ends or not all(math.isfinite(end) for end in ends):
            raise DataError(
                f"a range of {self.column} needs one or two finite ends, not {self.low} and {self.high}"
            )
        if ends != sorted(ends):
            raise DataError(
                f"the lower end {self.low} of {self.column} lies above the upper end {self.high}: swap them"
            )
        parse(self.column)

    @cached_property
    def expression(self) -> Expression:
        """`low <= column <= high`, or the half of it."""
        terms: list[Node] = [parse(self.column)]
        if self.low is not None:
            terms.insert(0, Number(float(self.low)))
        if self.high is not None:
            terms.append(Number(float(self.high)))
        return _condition(Compare(tuple(terms), ("<=",) * (len(terms) - 1)))

    def to_json(self) -> Plain:
        """Give the ends that are there."""
        ends = {"low": self.low, "high": self.high}
        return {"range": self.column} | {end: value for end, value in ends.items() if value is not None}


@dataclass(frozen=True)
class OneOf(Predicate):
    """Rows whose flag, identifier or text is one of some values, in any order."""

    column: str
    values: tuple[int, ...] | tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.values or len({type(value) for value in self.values}) > 1:
            raise DataError(f"{self.column} needs one or more values of one type, not {self.values!r:.80}")
        if any(isinstance(value, str) and not value.isprintable() for value in self.values):
            raise DataError(f"a value of {self.column} holds control characters: leave them out")
        object.__setattr__(self, "values", tuple(sorted(set(self.values))))

    @cached_property
    def expression(self) -> Expression:
        """`column in (...)`."""
        literals = (Text(value) if isinstance(value, str) else Number(value) for value in self.values)
        return _condition(In(Name(self.column), tuple(literals)))

    def to_json(self) -> Plain:
        """Give whole numbers and texts apart, both written as texts."""
        kind = "texts" if isinstance(self.values[0], str) else "whole"
        return {"one_of": self.column, kind: [str(value) for value in self.values]}


@dataclass(frozen=True)
class Where(Predicate):
    """Rows for which a person's expression holds."""

    condition: Expression

    @classmethod
    def parse(
        cls,
        text: str,
        described: Mapping[str, Column] = COLUMNS,
        definitions: Mapping[str, Expression] = MappingProxyType({}),
    ) -> "Where":
        """Read a condition as `Expression.parse` does; a number instead is a `DataError`."""
        expression = Expression.parse(text, described, definitions)
        if not expression.is_condition:
            raise DataError(
                f"{text[:80]!r} is a number, not a condition: compare it with something, as in fe_h > 0"
            )
        return cls(expression)

    @property
    def expression(self) -> Expression:
        """The condition itself."""
        return self.condition

    def to_json(self) -> Plain:
        """Give its text."""
        return {"where": self.text}


@dataclass(frozen=True)
class Outside(Predicate):
    """Rows that another condition certainly rejects: where it is unknown, neither of them passes."""

    inner: Predicate

    @cached_property
    def expression(self) -> Expression:
        """`not (...)`."""
        return _condition(Not(self.inner.expression.tree))

    def to_json(self) -> Plain:
        """Give the condition it is the outside of."""
        return {"outside": self.inner.to_json()}


def _condition(tree: Node) -> Expression:
    return Expression(tree, is_condition=True)


def _range(plain: Plain, _: Mapping[str, Column]) -> Predicate:
    ends = [plain.get(end) for end in ("low", "high")]
    if any(isinstance(end, bool) or not isinstance(end, int | float | None) for end in ends):
        raise DataError(f"the ends of a range must be numbers, not {ends!r:.80}")
    if any(end is not None and not abs(end) <= LARGEST for end in ends) or not isinstance(
        plain["range"], str
    ):
        raise DataError(f"a range needs a column and finite ends, not {plain!r:.80}")
    return Range(plain["range"], *(None if end is None else float(end) for end in ends))


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
    inner = predicate_from_json(plain["outside"], described)
    if isinstance(inner, Outside):
        raise DataError("the outside of an outside is the condition itself: write that")
    return Outside(inner)


def _name(name: object, described: Mapping[str, Column]) -> str:
    if not isinstance(name, str) or name not in described:
        raise DataError(f"no column {name!r:.80}: see 'explorer info' for the columns there are")
    return name


READERS: Mapping[str, Callable[[Plain, Mapping[str, Column]], Predicate]] = MappingProxyType(
    {"range": _range, "one_of": _one_of, "where": _where, "outside": _outside}
)
"""How each kind of predicate is read back, by the key that tells it."""


def predicate_from_json(plain: object, described: Mapping[str, Column] = COLUMNS) -> Predicate:
    """Read what `Predicate.to_json` gave, and check it against the columns there are; else `DataError`."""
    kinds = [kind for kind in READERS if isinstance(plain, Mapping) and kind in plain]
    if len(kinds) != 1:
        raise DataError(f"a condition must be one of {', '.join(READERS)}, not {plain!r:.80}")
    predicate = READERS[kinds[0]](cast("Plain", plain), described)
    predicate.expression.check(described)
    return predicate

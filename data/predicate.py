"""One condition on the columns of a row: a range, a box, a polygon, a list of values, an expression.

Each is an expression at heart, so that its text selects exactly the rows that it selects. A new shape of
brush is a new class here, a function of the language if it needs one, and a line in `data.predicate_json`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from data.expression import Columns, Expression
from data.functions import MOST_VERTICES
from data.parser import LARGEST, parse
from data.problem import DataError
from data.schema import COLUMNS, Column
from data.syntax import Call, Compare, In, Name, Node, Not, Number, Text, junction

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

    @property
    def quantities(self) -> tuple[str, ...]:
        """What it names as a number to lie somewhere: columns, or expressions over columns."""
        return ()

    def mask(self, columns: Columns) -> NDArray[np.bool_]:
        """Tell for each row whether it passes; unknown (missing) does not."""
        return self.expression.evaluate(columns)


@dataclass(frozen=True)
class Range(Predicate):
    """Rows whose number lies between two ends, both included. Missing never passes.

    Attributes
    ----------
    column : a column, or a number computed from columns (`eu_fe - ba_fe`).
    low, high : the ends, of size LARGEST at most; one of them may be None, an open end.
    """

    column: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        ends = [end for end in (self.low, self.high) if end is not None]
        if not ends or not all(abs(end) <= LARGEST for end in ends):
            raise DataError(
                f"a range of {self.column} needs one or two finite ends of size {LARGEST} at most, "
                f"not {self.low} and {self.high}"
            )
        if ends != sorted(ends):
            raise DataError(
                f"the lower end {self.low} of {self.column} lies above the upper end {self.high}: swap them"
            )
        parse(self.column)

    @property
    def quantities(self) -> tuple[str, ...]:
        """The one."""
        return (self.column,)

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
        """Give the ends that are there; equal ranges are written alike."""
        ends = {"low": self.low, "high": self.high}
        written = {end: float(value) + 0.0 for end, value in ends.items() if value is not None}
        return {"range": self.column} | written


@dataclass(frozen=True)
class Box(Predicate):
    """Rows within two ranges at once. One that certainly misses either of them is outside."""

    x: Range
    y: Range

    @property
    def quantities(self) -> tuple[str, ...]:
        """Those of both ranges."""
        return self.x.column, self.y.column

    @cached_property
    def expression(self) -> Expression:
        """Both ranges."""
        return _condition(junction("and", (self.x.expression.tree, self.y.expression.tree)))

    def to_json(self) -> Plain:
        """Give both ranges."""
        return {"box": [self.x.to_json(), self.y.to_json()]}


@dataclass(frozen=True, init=False)
class Polygon(Predicate):
    """Rows whose point lies in a polygon, by the even-odd rule of `data.functions.inside`.

    A row without x or y is neither inside nor outside. Many of them are remembered, so the corners are kept
    as bytes, and the expression is made anew each time.

    Attributes
    ----------
    column_x, column_y : columns, or numbers computed from columns.
    packed : the corners x1, y1, x2, y2, ... as float64; never -0.0, so equal polygons are equal bytes.
    """

    column_x: str
    column_y: str
    packed: bytes = field(repr=False)

    def __init__(self, column_x: str, column_y: str, vertices: Iterable[tuple[float, float]]) -> None:
        """Take 3 to 500 finite corners (x, y), in turn."""
        corners = [(float(x) + 0.0, float(y) + 0.0) for x, y in vertices]
        if not 3 <= len(corners) <= MOST_VERTICES:
            raise DataError(f"a polygon has 3 to {MOST_VERTICES} corners, not {len(corners)}")
        if not all(abs(end) <= LARGEST for corner in corners for end in corner):
            raise DataError(f"the corners of a polygon need finite numbers of size {LARGEST} at most")
        parse(column_x)
        parse(column_y)
        for name, value in (
            ("column_x", column_x),
            ("column_y", column_y),
            ("packed", np.array(corners, np.float64).tobytes()),
        ):
            object.__setattr__(self, name, value)

    @property
    def ends(self) -> list[float]:
        """The corners as x1, y1, x2, y2, ..."""
        return cast("list[float]", np.frombuffer(self.packed).tolist())

    @property
    def vertices(self) -> tuple[tuple[float, float], ...]:
        """The corners (x, y), in turn."""
        ends = self.ends
        return tuple(zip(ends[::2], ends[1::2], strict=True))

    @property
    def quantities(self) -> tuple[str, ...]:
        """Both."""
        return self.column_x, self.column_y

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns it needs."""
        return parse(self.column_x).names | parse(self.column_y).names

    @property
    def expression(self) -> Expression:
        """`inside(x, y, x1, y1, ...)`."""
        ends = (Number(end) for end in self.ends)
        return _condition(Call("inside", (parse(self.column_x), parse(self.column_y), *ends)))

    def to_json(self) -> Plain:
        """Give the two columns, and the corners as one list of numbers."""
        return {"polygon": [self.column_x, self.column_y], "corners": self.ends}


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

    @property
    def quantities(self) -> tuple[str, ...]:
        """Those of the inner one."""
        return self.inner.quantities

    @property
    def expression(self) -> Expression:
        """`not (...)`."""
        return _condition(Not(self.inner.expression.tree))

    def to_json(self) -> Plain:
        """Give the condition it is the outside of."""
        return {"outside": self.inner.to_json()}


def _condition(tree: Node) -> Expression:
    return Expression(tree, is_condition=True)

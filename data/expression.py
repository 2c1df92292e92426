"""A condition or a number computed from columns, written by a person: `chi2 < 7000 and [Eu/Ba] > 0.3`.

The language is in `data.parser`, its functions in `data.functions`. What its terms mean:

- Numbers are float64, whatever the column's own precision: a stored float32 value counts as it is, so
  that 0.1 stored as float32 is not 0.1. Division by zero and overflow give infinity, as in numpy.
- Identifiers (int64) are compared as integers and never pass through a float.
- Flags are conditions (`giantmodel`) and also the numbers 1 and 0.
- Missing values (NaN, -1 in flags and identifiers, the empty text) are unknown, as NULL is in SQL: a
  comparison with them is unknown, also under !=, and so is its opposite; `and` and `or` follow Kleene's
  logic. In the end unknown does not pass: a row with missing x passes neither `x > 3` nor `not (x > 3)`.
  Only `missing(x)` and `isfinite(x)` are never unknown. A point without x or y is neither inside a
  polygon nor outside it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.comparison import OPPOSITE, chained, is_known
from data.functions import FUNCTIONS, inside
from data.kinds import Checker, unit
from data.parser import parse, ratio, written_out
from data.problem import DataError
from data.schema import ALIASES, COLUMNS, MISSING_INT, Column
from data.syntax import Arithmetic, Call, Compare, In, Junction, Name, Negative, Node, Not, Number, Term, Text

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_NAME = re.compile(r"[A-Za-z0-9_\[(][A-Za-z0-9_ /+\-.,:()\[\]]{0,63}(?<! )")
CHUNK = 65_536
"""Rows computed at a time: temporaries stay in the processor's cache."""

Columns = Mapping[str, NDArray[Any]]

_ARITHMETIC: Mapping[str, Callable[..., NDArray[Any]]] = MappingProxyType(
    {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power}
)


@dataclass(frozen=True)
class Expression:
    """An immutable condition or number; equal where its tree is.

    Attributes
    ----------
    tree : its terms.
    is_condition : whether it gives true or false for each row, or a number.
    """

    tree: Node
    is_condition: bool

    @classmethod
    def parse(
        cls,
        text: str,
        described: Mapping[str, Column] = COLUMNS,
        definitions: Mapping[str, "Expression"] = _NOTHING,
    ) -> "Expression":
        """Read an expression over columns.

        Parameters
        ----------
        text : what a person wrote.
        described : the columns that exist.
        definitions : further names and what they stand for, as `define` gives them; they are written out.

        Raises
        ------
        DataError
            Where it cannot be read, names a column or function that does not exist, or mixes numbers,
            texts, identifiers and conditions; says at which character. Where it grows too large.
        """
        tree = parse(text)
        named = {name: known.describe(name, described) for name, known in definitions.items()}
        kind = Checker(text, {**described, **named}).kind(tree)
        terms = {name: known.term for name, known in definitions.items()}
        expression = cls(written_out(tree, terms), is_condition=kind in ("condition", "flag"))
        if kind in ("text", "identifier"):
            raise DataError(
                f"expression {text[:80]!r} is neither a condition nor a number: compare it with something"
            )
        if not expression.columns:
            raise DataError(f"expression {text[:80]!r} names no column: it would be the same for every row")
        return expression

    @property
    def text(self) -> str:
        """The canonical text, which reads back as this expression."""
        return str(self.tree)

    @property
    def term(self) -> Term:
        """What to write in its place: a condition counts as 1 or 0 among numbers, as flags do."""
        if self.is_condition and not isinstance(self.tree, Name):
            return Term(self.tree, Call("where", (self.tree, Number(1), Number(0))))
        return Term(self.tree, self.tree)

    @cached_property
    def columns(self) -> frozenset[str]:
        """Names of the columns it needs."""
        return self.tree.names

    def check(self, described: Mapping[str, Column]) -> None:
        """Raise `DataError` where it makes no sense for these columns, as `parse` does."""
        Expression.parse(self.text, described)

    def evaluate(self, columns: Columns, length: int | None = None) -> NDArray[Any]:
        """Compute it.

        Parameters
        ----------
        columns : at least `self.columns`, as stored in a catalogue, all of one length.
        length : how many rows there are; needed only for what names no column, as a part of a condition may.

        Returns
        -------
        One value per row: bool for a condition (unknown is False), else float64 (missing is NaN).

        Raises
        ------
        DataError
            Where a column is lacking, or nothing tells how many rows there are.
        """
        if self.is_condition:
            return self._chunks(columns, np.dtype(bool), lambda rows: rows.truth(self.tree).yes(), length)
        return self._chunks(columns, np.dtype(np.float64), lambda rows: rows.number(self.tree), length)

    def values(self, columns: Columns) -> NDArray[Any]:
        """Compute it as a column is stored: float64, or for a condition int8 with -1 where unknown."""
        if self.is_condition:
            return self._chunks(columns, np.dtype(np.int8), lambda rows: rows.flag(self.tree))
        return self.evaluate(columns)

    def describe(
        self, name: str, described: Mapping[str, Column] = COLUMNS, *, low: float = 0.0, high: float = 1.0
    ) -> Column:
        """Describe the column that holds its `values` under a new name.

        Parameters
        ----------
        name : up to 64 plain signs; not yet taken, not even in other case (FITS ignores case).
        described : the columns it is computed from, of which its unit follows.
        low, high : sensible display range.
        """
        if not _NAME.fullmatch(name):
            raise DataError(
                f"{name[:80]!r} cannot name a column: write up to 64 plain signs, as in eu_ba or [Eu/Ba]"
            )
        taken = next((known for known in (*described, *ALIASES) if known.lower() == name.lower()), None)
        if taken is not None:
            raise DataError(f"the column name {name} is taken by {taken}: choose another")
        meant = ratio(name[1:-1]) if name.startswith("[") and name.endswith("]") else None
        if meant not in (None, self.tree):
            raise DataError(
                f"{name} means {meant} wherever it is written: choose another name for {self.text[:60]}"
            )
        meaning = f"Computed as {self.text}."
        if self.is_condition:
            return Column(name, "int8", "", rf"\mathrm{{{name}}}", name, meaning, "expression", 0, 1, "flag")
        own_unit = unit(self.tree, described) or ""
        return Column(
            name, "float64", own_unit, rf"\mathrm{{{name}}}", name, meaning, "expression", low, high
        )

    def _chunks(
        self,
        columns: Columns,
        dtype: np.dtype[Any],
        compute: "Callable[[_Rows], NDArray[Any]]",
        length: int | None = None,
    ) -> NDArray[Any]:
        if lacking := sorted(self.columns - columns.keys()):
            raise DataError(f"'{self.text[:80]}' needs {', '.join(lacking)}, which the catalogue lacks")
        needed = {name: np.asarray(columns[name]) for name in self.columns}
        length = next((len(values) for values in needed.values()), length)
        if length is None:
            raise DataError(f"'{self.text[:80]}' names no column: it would be the same for every row")
        result = np.empty(length, dtype)
        with np.errstate(all="ignore"):
            for start in range(0, length, CHUNK):
                rows = _Rows({name: values[start : start + CHUNK] for name, values in needed.items()})
                result[start : start + CHUNK] = compute(rows)
        return result


def define(
    texts: Mapping[str, Expression | str], described: Mapping[str, Column] = COLUMNS
) -> dict[str, Expression]:
    """Read names that stand for expressions; each may use those before it.

    Parameters
    ----------
    texts : names, in the order in which they were given, and what they stand for.
    described : the columns that exist; their names are taken.

    Returns
    -------
    By name, each expression over columns alone.

    Raises
    ------
    DataError
        Where a name will not do, one uses itself or a later one, or as `Expression.parse`.
    """
    found: dict[str, Expression] = {}
    known = dict(described)
    for name, given in texts.items():
        text = given.text if isinstance(given, Expression) else given
        for other in sorted(parse(text).names & texts.keys() - known.keys()):
            when = "that is itself" if other == name else "which is defined after it"
            raise DataError(
                f"{name[:64]} is computed from {other[:64]}, {when}: use columns and what stands before it"
            )
        found[name] = Expression.parse(text, described, found)
        known[name] = found[name].describe(name, known)
    return found


class _Truth(NamedTuple):
    """Where a condition is certainly true and where certainly false, an unknown one being neither.

    Each is worked out when asked for, both from the same numbers: nested conditions stay linear in cost.
    """

    yes: Callable[[], NDArray[np.bool_]]
    no: Callable[[], NDArray[np.bool_]]


@dataclass(frozen=True)
class _Rows:
    """Some rows of columns, and what terms are worth there. Literals stay scalars."""

    columns: Columns

    def number(self, node: Node) -> NDArray[np.float64]:
        match node:
            case Number(value):
                return np.asarray(value, np.float64)
            case Name(name):
                return _as_float(name, self.columns[name])
            case Negative(operand):
                return -self.number(operand)
            case Arithmetic(sign, left, right):
                return _ARITHMETIC[sign](self.number(left), self.number(right))
            case Call("where", (condition, yes, no)):
                truth = self.truth(condition)
                return np.where(truth.yes(), self.number(yes), np.where(truth.no(), self.number(no), np.nan))
            case Call(name, arguments) if compute := FUNCTIONS[name].compute:
                return compute(*(self.number(argument) for argument in arguments))
        raise DataError(f"'{node}' is not a number: check the expression against the columns first")

    def truth(self, node: Node) -> _Truth:
        match node:
            case Not(operand):
                yes, no = self.truth(operand)
                return _Truth(no, yes)
            case Junction(word, conditions):
                parts = [self.truth(part) for part in conditions]
                joins = (np.logical_and, np.logical_or) if word == "and" else (np.logical_or, np.logical_and)
                return _Truth(
                    lambda: reduce(joins[0], (part.yes() for part in parts)),
                    lambda: reduce(joins[1], (part.no() for part in parts)),
                )
            case Compare(operands, signs):
                sides = [self._operand(operand) for operand in operands]
                opposites = tuple(OPPOSITE[sign] for sign in signs)
                return _Truth(
                    partial(chained, np.logical_and, sides, signs),
                    partial(chained, np.logical_or, sides, opposites),
                )
            case In(operand, values):
                return self._member(operand, values)
            case Call(name) if FUNCTIONS[name].is_condition:
                return self._tested(node)
            case Name(name):
                flags = self.columns[name]
                return _Truth(partial(np.equal, flags, 1), partial(np.equal, flags, 0))
        raise DataError(f"'{node}' is not a condition: check the expression against the columns first")

    def flag(self, node: Node) -> NDArray[np.int8]:
        truth = self.truth(node)
        unknown = np.where(truth.no(), np.int8(0), np.int8(MISSING_INT["int8"]))
        return np.where(truth.yes(), np.int8(1), unknown)

    def _operand(self, node: Node) -> Any:
        """Give one side of a comparison: a column as stored, a literal as written, else a number."""
        match node:
            case Name(name):
                return self.columns[name]
            case Number(value):
                return value
            case Text(value):
                return np.bytes_(value.encode())
        return self.number(node)

    def _member(self, operand: Node, values: tuple[Number | Text, ...]) -> _Truth:
        stored = self._operand(operand)
        literals: list[Any] = [self._operand(value) for value in values]
        if getattr(stored, "dtype", None) == np.int8 or not isinstance(operand, Name):
            stored = self.number(operand)
        wide: Any = {"S": None, "i": np.int64, "f": np.float64}[stored.dtype.kind]
        found = np.isin(stored, np.array(literals, wide))
        return _Truth(lambda: found, lambda: ~found & is_known(stored))

    def _tested(self, call: Call) -> _Truth:
        match call:
            case Call("inside", (x, y, *corners)):
                across, up = self.number(x), self.number(y)
                found = inside(across, up, np.reshape([self.number(end) for end in corners], (-1, 2)))
                return _Truth(lambda: found, lambda: ~found & is_known(across) & is_known(up))
            case Call("isfinite", (argument,)):
                passes = np.isfinite(self.number(argument))
            case Call(_, (argument, *_)):
                passes = ~is_known(self._operand(argument))
        return _Truth(lambda: passes, lambda: ~passes)


def _as_float(name: str, stored: NDArray[Any]) -> NDArray[np.float64]:
    if stored.dtype == np.int8:
        return np.where(stored == MISSING_INT["int8"], np.nan, stored)
    if stored.dtype.kind != "f":
        raise DataError(f"{name} is not a number: compare it, do not compute with it")
    return stored.astype(np.float64, copy=False)

"""Which rows: an immutable map from what made a condition (a filter, a view) to that condition.

Cross-filtering is one rule: for a view, the clause that the view made itself is left out.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.expression import Columns, Expression
from data.predicate import Outside, Plain, Predicate
from data.predicate_json import predicate_from_json
from data.problem import DataError
from data.schema import COLUMNS, Column
from data.syntax import junction

VERSION = 1
MOST_CLAUSES = 100
MOST_LETTERS = 100
"""Of the source of a clause."""


def named(kind: str, text: str) -> str:
    """A source for the clause of a text; a long one keeps its beginning, and a checksum of the whole."""
    source = f"{kind}:{text}"
    short = source[: MOST_LETTERS - 9]
    return source if len(source) <= MOST_LETTERS else f"{short} {zlib.crc32(source.encode()):08x}"


@dataclass(frozen=True)
class Clause:
    """A condition and where it holds.

    Attributes
    ----------
    source : the filter or view that made it; a selection has one clause of each source.
    predicate : the condition.
    views : the views it holds in; None is everywhere.
    enabled : whether it holds at all.
    inverted : whether the rows outside it are meant (missing values are neither inside nor outside).
    """

    source: str
    predicate: Predicate
    views: frozenset[str] | None = None
    enabled: bool = True
    inverted: bool = False

    @property
    def effective(self) -> Predicate:
        """The condition that rows have to meet."""
        return Outside(self.predicate) if self.inverted else self.predicate

    def holds_in(self, view: str | None) -> bool:
        """Whether it restricts a view; None asks for what restricts every view."""
        return self.enabled and self.source != view and (self.views is None or view in self.views)

    def to_json(self) -> Plain:
        """Give what `Selection.from_json` reads, without what has its usual value."""
        plain: dict[str, Any] = {"source": self.source, "if": self.predicate.to_json()}
        if self.views is not None:
            plain["views"] = sorted(self.views)
        if not self.enabled:
            plain["enabled"] = False
        if self.inverted:
            plain["inverted"] = True
        return plain


@dataclass(frozen=True)
class Selection:
    """Clauses in the order in which their sources first came, one per source. Equal by value; never changes.

    Attributes
    ----------
    clauses : one for each source.
    """

    clauses: tuple[Clause, ...] = ()

    def __post_init__(self) -> None:
        sources = [clause.source for clause in self.clauses]
        if len(set(sources)) < len(sources):
            raise DataError(f"two clauses of one source among {', '.join(sources)[:80]}: give each its own")

    def __iter__(self) -> Iterator[Clause]:
        return iter(self.clauses)

    def __len__(self) -> int:
        return len(self.clauses)

    def __getitem__(self, source: str) -> Clause:
        return {clause.source: clause for clause in self.clauses}[source]

    def __contains__(self, source: object) -> bool:
        return any(clause.source == source for clause in self.clauses)

    def with_(self, clause: Clause) -> "Selection":
        """Give the selection with this clause, in the place of its source's former one or at the end."""
        if clause.source not in self:
            return Selection((*self.clauses, clause))
        return Selection(tuple(clause if old.source == clause.source else old for old in self.clauses))

    def without(self, *sources: str) -> "Selection":
        """Give the selection without some sources' clauses; the same where it has none of them."""
        return Selection(tuple(clause for clause in self.clauses if clause.source not in sources))

    def switched(
        self, source: str, *, enabled: bool | None = None, inverted: bool | None = None
    ) -> "Selection":
        """Give the selection with a source's clause switched, in its place; None leaves a switch as it is."""
        clause = self[source]
        return self.with_(
            replace(
                clause,
                enabled=clause.enabled if enabled is None else enabled,
                inverted=clause.inverted if inverted is None else inverted,
            )
        )

    def for_view(self, view: str | None) -> tuple[Predicate, ...]:
        """List what restricts a view: not the clause it made itself. None: what restricts every view."""
        return tuple(clause.effective for clause in self.clauses if clause.holds_in(view))

    def expression(self, view: str | None = None) -> Expression | None:
        """Join what restricts a view (None: every view); None where nothing does."""
        trees = tuple(predicate.expression.tree for predicate in self.for_view(view))
        return Expression(junction("and", trees), is_condition=True) if trees else None

    @property
    def text(self) -> str:
        """The condition of the rows shown everywhere, "" for all rows."""
        expression = self.expression()
        return "" if expression is None else expression.text

    def mask(self, columns: Columns, view: str | None = None) -> NDArray[np.bool_]:
        """Tell for each row whether it passes what restricts a view (None: every view)."""
        expression = self.expression(view)
        if expression is None:
            return np.ones(len(next(iter(columns.values()))), bool)
        return expression.evaluate(columns)

    def to_json(self) -> Plain:
        """Give a plain form for the page's address."""
        return {"version": VERSION, "clauses": [clause.to_json() for clause in self.clauses]}

    @classmethod
    def from_json(cls, plain: object, described: Mapping[str, Column] = COLUMNS) -> "Selection":
        """Read what `to_json` gave.

        Parameters
        ----------
        plain : whatever a person's address held.
        described : the columns of the catalogue it is for.

        Raises
        ------
        DataError
            Where the shape, the version, a column or a value is wrong.
        """
        if not isinstance(plain, Mapping) or plain.get("version") != VERSION:
            raise DataError(
                f"this link was made by another version (expected {VERSION}): choose the rows anew"
            )
        clauses = plain.get("clauses")
        if not isinstance(clauses, list) or len(clauses) > MOST_CLAUSES:
            raise DataError(
                f"a selection holds a list of at most {MOST_CLAUSES} clauses, not {clauses!r:.80}"
            )
        return cls(tuple(_clause(clause, described) for clause in clauses))


def _clause(plain: object, described: Mapping[str, Column]) -> Clause:
    if not isinstance(plain, Mapping) or plain.keys() - {"source", "if", "views", "enabled", "inverted"}:
        raise DataError(f"a clause holds source, if, views, enabled and inverted, not {plain!r:.80}")
    source, views = plain.get("source"), plain.get("views")
    if not isinstance(source, str) or not 0 < len(source) <= MOST_LETTERS or not source.isprintable():
        raise DataError(f"the source of a clause must be a short text, not {source!r:.80}")
    if views is not None and not (isinstance(views, list) and all(isinstance(view, str) for view in views)):
        raise DataError(f"the views of a clause must be a list of texts, not {views!r:.80}")
    switches = {name: plain[name] for name in ("enabled", "inverted") if name in plain}
    if not all(isinstance(value, bool) for value in switches.values()):
        raise DataError(f"a clause is enabled or inverted by true or false, not {switches!r:.80}")
    predicate = predicate_from_json(plain.get("if"), described)
    return Clause(source, predicate, None if views is None else frozenset(views), **switches)

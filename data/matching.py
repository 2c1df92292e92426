"""A mapping applied to one file: which of its columns fills which of ours, and by what factor."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.convert import unit_factor
from data.mapping import CatalogueMapping, Filling, find_column
from data.problem import DataError
from data.table import Chunk, Sort, Table

_MANY = 12


@dataclass(frozen=True)
class Fill:
    """How one of our columns is filled from this very file; `added` holds columns by their signed factor."""

    filling: Filling
    theirs: str
    added: Mapping[float, str]
    factor: float

    def values(self, chunk: Chunk) -> NDArray[Any]:
        """Make our values from a chunk of the file."""
        added = {factor: chunk[name] for factor, name in self.added.items()}
        return self.filling.values(chunk[self.theirs], self.factor, added)


@dataclass(frozen=True)
class Match:
    """A file matched to our columns.

    Attributes
    ----------
    fills : by name of our column.
    missing : our columns that the mapping promised -> why they are not there.
    notes : what was odd about units.
    """

    fills: Mapping[str, Fill]
    missing: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def wanted(self) -> dict[str, Sort]:
        """Columns of the file to read, and as what; text where two of ours want different things."""
        wanted: dict[str, Sort] = {}
        for fill in self.fills.values():
            for name in (fill.theirs, *fill.added.values()):
                sort = fill.filling.sort
                wanted[name] = sort if wanted.get(name, sort) == sort else "text"
        return wanted

    @property
    def marks(self) -> frozenset[str]:
        """Texts that mean "missing"."""
        marks = (mark for fill in self.fills.values() for mark in fill.filling.sentinels)
        return frozenset(mark for mark in marks if isinstance(mark, str))


def match(mapping: CatalogueMapping, table: Table, path: Path) -> Match:
    """Find the columns of a file that fill ours.

    Raises
    ------
    DataError
        If there is none, if a person's own mapping names one that is absent, or if a unit does not convert.
    """
    fills: dict[str, Fill] = {}
    missing: dict[str, str] = {}
    notes: list[str] = []
    for name, filling in mapping.fillings_of(table.names).items():
        choices = {0: filling.names, 1: (filling.plus,), -1: (filling.minus,)}
        sought = {sign: names for sign, names in choices.items() if any(names)}
        found = {sign: find_column(names, table.names, str(path)) for sign, names in sought.items()}
        present = {sign: column for sign, column in found.items() if column is not None}
        if len(present) < len(sought):
            absent = " or ".join(next(names for sign, names in sought.items() if sign not in present))
            if mapping.strict:
                raise DataError(_no_such_column(mapping.name, name, absent, table.names, path))
            missing[name] = f"the file has no column {absent}"
            continue
        unit = table.units.get(present[0], "")
        factors = {}
        for sign, theirs in present.items():
            factors[sign], note = _factor(filling, table.units.get(theirs, unit), theirs, path)
            notes += [note] if note else []
        added = {sign * factors[sign]: theirs for sign, theirs in present.items() if sign}
        fills[name] = Fill(filling, present[0], added, factors[0])
    if not fills:
        raise DataError(
            f"{path} has no column of the mapping {mapping.name}: found {', '.join(table.names[:_MANY])}; "
            f"choose another mapping"
        )
    return Match(fills, missing, tuple(dict.fromkeys(notes)))


def _no_such_column(mapping: str, name: str, sought: str, names: Iterable[str], path: Path) -> str:
    close = difflib.get_close_matches(sought, names, 1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else "correct the name or drop that entry"
    return f"the mapping {mapping} fills {name} from {sought!r}, which {path} does not have: {hint}"


def _factor(filling: Filling, declared: str, theirs: str, path: Path) -> tuple[float, str]:
    """Find the factor into our unit: a mapping's unit counts before the file's, the file's before ours."""
    column = filling.column
    if column.dtype not in ("float32", "float64"):
        return 1.0, ""
    if filling.unit is not None:
        return unit_factor(filling.unit, column.unit), _disagreement(
            filling.unit, declared, column.unit, theirs
        )
    if not declared:
        return 1.0, ""
    try:
        return unit_factor(declared, column.unit), ""
    except DataError as error:
        if column.unit in ("", "dex"):
            return 1.0, f"{theirs} says its unit is {declared!r}; taken as {column.unit or 'a plain number'}"
        raise DataError(
            f"column {theirs!r} of {path}: {error}; say what it is in a mapping "
            f"({column.name} = {{from = {theirs!r}, unit = {column.unit!r}}})"
        ) from error


def _disagreement(unit: str, declared: str, ours: str, theirs: str) -> str:
    if not declared:
        return ""
    try:
        same = bool(np.isclose(unit_factor(declared, ours), unit_factor(unit, ours)))
    except DataError:
        same = ours in ("", "dex")
    return "" if same else f"{theirs} says its unit is {declared!r}; the mapping says {unit!r}, which counts"

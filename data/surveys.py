"""Tables of surveys as plain columns under our names: LAMOST, GALAH, Gaia, distances, photometry.

Which of their columns fills which of ours are TOML files in mappings/surveys/, one for each kind of table.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.mapping import CatalogueMapping, find_column
from data.mapping_file import load_mapping, parse_mapping
from data.matching import Match, match
from data.problem import DataError
from data.schema import Column
from data.table import Table
from data.tables import open_table

_FOLDER = Path(__file__).parent / "mappings" / "surveys"
_EPOCH = "ref_epoch"
_SAME_EPOCH = 0.01
_MANY = 12
_GROWTH, _MOST_BELIEVED = 1 << 20, 1 << 26


@dataclass(frozen=True, eq=False)
class SurveyTable:
    """A survey's table, as far as it was asked for. Its arrays, of N rows, are read-only.

    Attributes
    ----------
    path : the file.
    kind : what table it is: a name of `shipped_surveys`, or that of a person's own mapping.
    mapping : name of the mapping that filled it.
    rows : N.
    columns : by our name, in our units; missing is NaN, -1 or the empty text.
    described : what each of them is.
    absent : columns the mapping knows and the file lacks -> why.
    gaia_release : what its source_id are of, such as "DR2"; "" where not known or without any.
    epoch : Julian year its positions are of, where no column ref_epoch tells; NaN where not known.
    notes : what its users must know.
    """

    path: Path
    kind: str
    mapping: str
    rows: int
    columns: Mapping[str, NDArray[Any]]
    described: Mapping[str, Column]
    absent: Mapping[str, str]
    gaia_release: str
    epoch: float
    notes: tuple[str, ...]

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Give a column. Raises DataError, saying why, where it was not read."""
        if name in self.columns:
            return self.columns[name]
        why = self.absent.get(name, "it was not asked for, or is none of this kind of table")
        raise DataError(f"{self.path} gives no {name} ({why}): it gives {_listed(tuple(self.columns))}")

    def __contains__(self, name: object) -> bool:
        return name in self.columns


@cache
def shipped_surveys() -> Mapping[str, CatalogueMapping]:
    """Load the mappings of survey tables that come with the program, by kind."""
    files = sorted(_FOLDER.glob("*.toml"))
    loaded = (parse_mapping(file.read_text(encoding="utf-8"), file.name) for file in files)
    return MappingProxyType({mapping.name: mapping for mapping in loaded})


def read_survey(
    path: Path,
    kind: str | None,
    *,
    mapping: Path | None = None,
    columns: Sequence[str] | None = None,
    gaia_release: str | None = None,
) -> SurveyTable:
    """Read a survey's table of any format the explorer reads, chunk by chunk.

    Only what is asked for is held, once.

    Parameters
    ----------
    path : the table.
    kind : a name of `shipped_surveys`; None if the mapping says all.
    mapping : a person's own TOML file (docs/catalogues.md), whose columns count before those of the kind.
    columns : of ours, those wanted; None for all that the mapping knows. What the file lacks is `absent`.
    gaia_release : what its source_id are of, where the mapping does not say or is wrong.

    Raises
    ------
    DataError
        If the kind, a column or the mapping is not known or fits the file not, or the file can't be read.
    """
    rules, own = _rules(kind, mapping)
    return read_mapped(path, rules, kind=kind, own=own, columns=columns, gaia_release=gaia_release)


def read_mapped(
    path: Path,
    rules: CatalogueMapping,
    *,
    kind: str | None = None,
    own: CatalogueMapping | None = None,
    columns: Sequence[str] | None = None,
    gaia_release: str | None = None,
) -> SurveyTable:
    """Read a table by a mapping, as `read_survey` does.

    Parameters
    ----------
    rules : the mapping.
    kind : what table it is; the mapping's name if None.
    own : a person's part of the mapping, every column of which must be there.
    path, columns, gaia_release : as of `read_survey`.

    Raises
    ------
    DataError
        As `read_survey`.
    """
    _check_known(columns, rules)
    with TemporaryDirectory() as scratch, open_table(path, Path(scratch)) as table:
        if own is None:
            _check_kind(rules, table, path)
        else:
            match(own, table, path)  # a column that a person names must be there
        matched = match(rules, table, path)
        wanted = [name for name in matched.fills if columns is None or name in columns]
        if not wanted:
            raise DataError(
                f"{path} has none of the columns asked for ({_listed(tuple(columns or ()))}): it has "
                f"{_listed(tuple(matched.fills))}"
            )
        read = _read(path, table, matched, wanted, rules)
    return SurveyTable(
        path=path,
        kind=rules.name if kind is None else kind,
        mapping=rules.name,
        rows=len(read[wanted[0]]),
        columns=MappingProxyType(read),
        described=MappingProxyType({name: matched.fills[name].filling.column for name in wanted}),
        absent=MappingProxyType(
            {name: why for name, why in matched.missing.items() if columns is None or name in columns}
        ),
        gaia_release=rules.gaia_release if gaia_release is None else gaia_release,
        epoch=np.nan if rules.epoch is None else rules.epoch,
        notes=(*rules.notes, *matched.notes),
    )


def _rules(kind: str | None, mapping: Path | None) -> tuple[CatalogueMapping, CatalogueMapping | None]:
    """Give the mapping to read by, and a person's own part of it."""
    own = None if mapping is None else load_mapping(mapping)
    if kind is None:
        if own is None:
            raise DataError(f"no kind of table is given: choose one of {', '.join(shipped_surveys())}")
        return own, own
    shipped = shipped_surveys().get(kind)
    if shipped is None:
        close = difflib.get_close_matches(kind, shipped_surveys(), 1)
        hint = f"did you mean {close[0]!r}?" if close else f"choose one of {', '.join(shipped_surveys())}"
        raise DataError(f"there is no kind of table {kind!r}: {hint}")
    if own is None:
        return shipped, None
    merged = replace(
        shipped,
        name=own.name,
        gaia_release=own.gaia_release or shipped.gaia_release,
        epoch=shipped.epoch if own.epoch is None else own.epoch,
        notes=(*shipped.notes, *own.notes),
        fillings=MappingProxyType({**shipped.fillings, **own.fillings}),
        own_names=own.own_names,
    )
    return merged, own


def _check_known(columns: Sequence[str] | None, rules: CatalogueMapping) -> None:
    for name in columns or ():
        if name not in rules.fillings and not rules.own_names:
            close = difflib.get_close_matches(name, rules.fillings, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"it fills {_listed(tuple(rules.fillings))}"
            raise DataError(f"the mapping {rules.name} fills no column {name!r}: {hint}")


def _check_kind(rules: CatalogueMapping, table: Table, path: Path) -> None:
    """Raise DataError for a file that is another table than it was said to be."""
    lacking = [choice for choice in rules.requires if not find_column(choice, table.names, str(path))]
    if lacking:
        names = ", ".join(" or ".join(choice) for choice in lacking)
        raise DataError(
            f"{path} is no table of kind {rules.name}, for it lacks {names}: it has {_listed(table.names)}; "
            "give another kind, or a mapping that names its columns"
        )


def _read(
    path: Path, table: Table, matched: Match, wanted: Sequence[str], rules: CatalogueMapping
) -> dict[str, NDArray[Any]]:
    """Read columns to the end, and put each together."""
    growing: dict[str, _Growing] = {}
    for ours in _chunks(path, table, matched, wanted, rules):
        for name in wanted:
            if name not in growing:
                growing[name] = _Growing(ours[name].dtype, table.rows or 0)
            growing[name].append(ours[name])
    if not growing:
        raise DataError(f"{path} has columns but no rows: expected at least one")
    return {name: growing[name].whole() for name in wanted}


def _chunks(
    path: Path, table: Table, matched: Match, wanted: Sequence[str], rules: CatalogueMapping
) -> Iterator[dict[str, NDArray[Any]]]:
    """Give chunks of our columns, with the epoch, if the file has one, checked against the kind's."""
    names = {*wanted, _EPOCH} if _EPOCH in matched.fills and rules.epoch is not None else set(wanted)
    needed = replace(matched, fills={name: matched.fills[name] for name in matched.fills if name in names})
    for chunk in table.chunks(needed.wanted, needed.marks):
        try:
            ours = {name: fill.values(chunk) for name, fill in needed.fills.items()}
        except DataError as problem:
            raise DataError(f"{path}: {problem}") from problem
        if _EPOCH in names:
            _check_epoch(path, ours[_EPOCH], rules)
        if len(ours[wanted[0]]):
            yield ours


def _check_epoch(path: Path, epochs: NDArray[np.float64], rules: CatalogueMapping) -> None:
    """Raise DataError for a table of another Gaia release, whose positions are of another year."""
    wrong = np.isfinite(epochs) & (np.abs(epochs - (rules.epoch or 0)) > _SAME_EPOCH)
    if wrong.any():
        year = float(epochs[np.argmax(wrong)])
        others = [
            name
            for name, each in shipped_surveys().items()
            if _EPOCH in each.fillings and each.epoch is not None and abs(each.epoch - year) < _SAME_EPOCH
        ]
        advice = f"read it as {others[0]}" if others else "say which epoch is right in a mapping (epoch)"
        raise DataError(
            f"{path} has positions of the year {year:g}, but those of {rules.name} are of {rules.epoch:g}, "
            f"so its identifiers are of another release: {advice}"
        )


class _Growing:
    """A column that grows in place, chunk by chunk: parts kept to be joined would need twice the memory.

    Room is made at once where the file says its number of rows, as far as that is to be believed.
    """

    def __init__(self, dtype: np.dtype[Any], rows: int) -> None:
        self._values = np.empty(min(rows, _MOST_BELIEVED), dtype)
        self._used = 0

    def append(self, chunk: NDArray[Any]) -> None:
        if chunk.dtype.itemsize > self._values.itemsize:
            self._values = self._values.astype(chunk.dtype)
        end = self._used + len(chunk)
        if end > len(self._values):
            self._values.resize(end + _GROWTH, refcheck=False)
        self._values[self._used : end] = chunk
        self._used = end

    def whole(self) -> NDArray[Any]:
        """Give all of it, read-only."""
        self._values.resize(self._used, refcheck=False)
        self._values.flags.writeable = False
        return self._values


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_MANY]) + (", ..." if len(names) > _MANY else "")

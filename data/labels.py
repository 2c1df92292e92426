"""Tables of stars with known labels, by the obsid or the file name of their spectra."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from data.table import Chunk, Sort, Table
from data.tables import open_table

DEFAULT_LABELS = ("teff", "logg", "fe_h")
"""What is read where nobody says otherwise."""

_OTHER_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"teff": ("t_eff",), "logg": ("log_g",), "fe_h": ("feh", "[fe/h]")}
)
_KEYS = ("obsid", "filename", "file_name", "file", "key", "spectrum")
_ENDING = re.compile(r"(\.fits?)?(\.gz)?$", re.IGNORECASE)
_WHOLE = re.compile(r"(\d+)\.0*")
_NAME = re.compile(r"[A-Za-z]\w*")
_MISSING = -999
"""Labels up to this are marks for missing ones, such as LAMOST's -9999."""
_NO_MARKS: frozenset[str] = frozenset()
_MANY = 12


@dataclass(frozen=True, eq=False)
class LabelTable:
    """Labels of N spectra.

    Attributes
    ----------
    path : the file.
    names : of the L labels.
    columns : of the file, which hold them.
    keys : columns of the file that name spectra.
    values : (N, L), NaN where a label is missing.
    errors : (N, L), standard errors of them, NaN where one is missing; 0 for labels taken as exact.
    rows : obsid or file name, as `spectrum_name` gives it -> row.
    """

    path: Path
    names: tuple[str, ...]
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    rows: Mapping[str, int]

    def row(self, obsid: int, file: str) -> int | None:
        """Row of a spectrum, by its obsid (-1: it has none) or else by its file's name; None if not there."""
        found = self.rows.get(str(obsid)) if obsid >= 0 else None
        return self.rows.get(spectrum_name(file)) if found is None else found


def read_labels(
    path: Path,
    *,
    labels: Sequence[str] = DEFAULT_LABELS,
    errors: Sequence[str] = (),
    key: str | None = None,
    option: str = "--labels",
) -> LabelTable:
    """Read the labels of spectra from a table of any format the explorer reads.

    Parameters
    ----------
    path : the table. Numbers up to -999 stand for missing labels.
    labels : their names, or NAME=COLUMN where a column has another name. Names count without their case, and
        feh and [Fe/H] are fe_h.
    errors : labels whose errors count, from the column e_NAME; or NAME=COLUMN.
    key : the column of obsids or file names; if not given, all of those called obsid, filename, file, key or
        spectrum.
    option : of the command line that names labels, for messages; "" where none may.

    Raises
    ------
    DataError
        If the file can't be read, lacks a column or has no row, holds an error below 0, or names a spectrum
        twice, with labels that differ.
    """
    with TemporaryDirectory() as scratch, open_table(path, Path(scratch)) as table:
        names, columns = _label_columns(path, table, labels, option)
        beside = _error_columns(path, table, errors, names, option and "--label-errors")
        keys = _key_columns(path, table, key, option and "--key")
        wanted: dict[str, Sort] = dict.fromkeys(keys, "text")
        wanted |= dict.fromkeys((*columns, *beside.values()), "number")
        chunks = list(table.chunks(wanted, _NO_MARKS))
    if not sum(len(chunk[keys[0]]) for chunk in chunks):
        raise DataError(f"{path} has column names and no rows: give a table of stars with labels")
    values = np.stack([_numbers(path, chunks, column) for column in columns], axis=1)
    spread = np.zeros(values.shape)
    for name, column in beside.items():
        spread[:, names.index(name)] = _errors(path, chunks, column)
    texts = [[text for chunk in chunks for text in _texts(chunk[name])] for name in keys]
    rows = _rows(path, np.hstack([values, spread]), dict(zip(keys, texts, strict=True)))
    return LabelTable(path, names, columns, keys, values, spread, MappingProxyType(rows))


def spectrum_name(file: str) -> str:
    """What names a spectrum: its file's name without folders and endings, or its obsid."""
    name = PureWindowsPath(file.strip()).name
    whole = _WHOLE.fullmatch(name)
    return whole[1] if whole else _ENDING.sub("", name)


def _label_columns(
    path: Path, table: Table, labels: Sequence[str], option: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found: dict[str, str] = {}
    for text in labels:
        name, column = _told(text, found)
        others = (column,) if column else (name, *_OTHER_NAMES.get(name, ()))
        found[name] = _column(path, table, others, f"label {name}", option and f"{option} NAME=COLUMN")
    if not found or len(set(found.values())) < len(found):
        raise DataError(
            f"labels {', '.join(labels)[:80]!r} are none, or two share a column: give each its own"
        )
    return tuple(found), tuple(found.values())


def _error_columns(
    path: Path, table: Table, errors: Sequence[str], names: Sequence[str], option: str
) -> dict[str, str]:
    """Column of the errors of each label that has some."""
    found: dict[str, str] = {}
    for text in errors:
        name, column = _told(text, found)
        if name not in names:
            raise DataError(f"--label-errors names {name}, which is no label: they are {', '.join(names)}")
        what = f"errors of {name}"
        found[name] = _column(path, table, (column or f"e_{name}",), what, option and f"{option} NAME=COLUMN")
    return found


def _told(text: str, found: Mapping[str, str]) -> tuple[str, str]:
    """Name and column of NAME or NAME=COLUMN; the column is "" if not given."""
    name, told, column = (part.strip() for part in text.partition("="))
    if not _NAME.fullmatch(name) or (told and not column):
        raise DataError(f"'{text[:60]}' is no label: give a name of letters, digits and _, or NAME=COLUMN")
    if name in found:
        raise DataError(f"the label {name} is given twice: give each once")
    return name, column


def _key_columns(path: Path, table: Table, key: str | None, option: str) -> tuple[str, ...]:
    if key is not None:
        return (_column(path, table, (key,), "key", option),)
    found = tuple(name for name in table.names if name.lower() in _KEYS)
    if not found:
        raise DataError(
            f"{path} has no column of obsids or file names ({', '.join(_KEYS)}): {_advice(option)}; "
            f"it has {_listed(table.names)}"
        )
    return found


def _column(path: Path, table: Table, names: Sequence[str], what: str, option: str) -> str:
    """The column of that name, case counting only if it must."""
    for name in names:
        if name in table.names:
            return name
        alike = [column for column in table.names if column.lower() == name.lower()]
        if len(alike) == 1:
            return alike[0]
    raise DataError(
        f"{path} has no column {names[0]!r} for the {what}: {_advice(option)}; it has {_listed(table.names)}"
    )


def _advice(option: str) -> str:
    return f"name another with {option}" if option else "give the table that the model was trained on"


def _listed(names: Sequence[str]) -> str:
    named = [name for name in names if name]
    return ", ".join(named[:_MANY]) + (", ..." if len(named) > _MANY else "")


def _numbers(path: Path, chunks: Sequence[Chunk], column: str) -> NDArray[np.float64]:
    if any(chunk[column].dtype.kind not in "fiub" for chunk in chunks):
        raise DataError(f"column {column!r} of {path} holds text: a label needs numbers")
    parts = [np.ma.filled(np.ma.asarray(chunk[column], dtype=np.float64), np.nan) for chunk in chunks]
    values = np.concatenate(parts)
    return np.where(np.isfinite(values) & (values > _MISSING), values, np.nan)


def _errors(path: Path, chunks: Sequence[Chunk], column: str) -> NDArray[np.float64]:
    errors = _numbers(path, chunks, column)
    if (errors < 0).any():
        row = int(np.argmax(errors < 0))
        raise DataError(
            f"column {column!r} of {path} holds the error {errors[row]:g} in row {row + 1}: expected 0 or "
            f"more, or {_MISSING} and less where it is missing"
        )
    return errors


def _texts(values: NDArray[Any]) -> list[str]:
    """Keys as texts; the empty one where there is none."""
    if values.dtype.kind == "S":
        return [spectrum_name(value.decode("utf-8", "replace")) for value in values.tolist()]
    return ["" if value is None else spectrum_name(str(value)) for value in np.ma.asarray(values).tolist()]


def _rows(path: Path, values: NDArray[np.float64], keys: Mapping[str, Sequence[str]]) -> dict[str, int]:
    rows: dict[str, int] = {}
    for column, texts in keys.items():
        for row, name in enumerate(texts):
            if not name:
                continue
            first = rows.setdefault(name, row)
            if first != row and not np.array_equal(values[first], values[row], equal_nan=True):
                raise DataError(
                    f"{path} names the spectrum {name[:60]} twice, in rows {first + 1} and {row + 1} with "
                    f"labels that differ: keep one of them, if {column!r} is the column of obsids or file "
                    "names"
                )
    return rows

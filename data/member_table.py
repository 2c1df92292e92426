"""Tables of members of star clusters: a Gaia identifier and the name of a cluster in each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from data.table import Chunk, Sort, Table
from data.tables import open_table

NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "identifier": ("source_id", "source", "gaia_source_id", "gaiadr3", "gaiadr2"),
        "cluster": ("cluster", "cluster_name", "name"),
    }
)
"""What both columns may be called, in small letters; the first that is there counts."""
RELEASES: Mapping[str, str] = MappingProxyType({"gaiadr2": "DR2", "gaiadr3": "DR3"})
"""Columns whose name tells the release."""
LONGEST = 60
"""Letters of a cluster's name."""
_DIGITS = 19
"""Of the largest 64-bit integer."""
_MARKS = frozenset({"", "-", "--", "null", "nan", "None"})
_MANY = 12


@dataclass(frozen=True, eq=False)
class MemberTable:
    """M members of clusters.

    Attributes
    ----------
    path : the file.
    source_id : (M,) Gaia identifiers.
    release : Gaia release of these, where the column's name tells it; else empty.
    cluster : (M,) number of each one's cluster.
    names : of the clusters.
    """

    path: Path
    source_id: NDArray[np.int64]
    release: str
    cluster: NDArray[np.int64]
    names: tuple[str, ...]


def read_members(path: Path, release: str = "") -> MemberTable:
    """Read members of clusters from a table of any format the explorer reads.

    Rows that lack the identifier or the cluster are left out.

    Parameters
    ----------
    path : the table.
    release : Gaia release whose identifiers are taken where it has those of several, such as DR2.

    Raises
    ------
    DataError
        If the file can't be read, lacks a column, has no row, or puts a star into two clusters.
    """
    with TemporaryDirectory() as scratch, open_table(path, Path(scratch)) as table:
        own = f"gaia{release.lower().removeprefix('gaia').strip().replace('edr3', 'dr3')}"
        identifier, cluster = (_column(path, table, what, own) for what in NAMES)
        wanted: dict[str, Sort] = {identifier: "whole", cluster: "text"}
        chunks = list(table.chunks(wanted, _MARKS))
    ids = _identifiers(path, identifier, chunks)
    names = [name for chunk in chunks for name in _texts(chunk[cluster])]
    known = np.array([one > 0 and name not in _MARKS for one, name in zip(ids, names, strict=True)], np.bool_)
    if not known.any():
        raise DataError(f"{path} has no row with an identifier and a cluster: give a table of members")
    listed, number = np.unique(np.array(names)[known], return_inverse=True)
    stars, first, stars_number = np.unique(ids[known], return_index=True, return_inverse=True)
    elsewhere = np.flatnonzero(number != number[first][stars_number])
    if len(elsewhere):
        row = elsewhere[0]
        raise DataError(
            f"{path} has the star {ids[known][row]} in {listed[number[row]][:40]} and in "
            f"{listed[number[first[stars_number[row]]]][:40]}: keep one of them"
        )
    odd = [name for name in listed.tolist() if not name.isprintable() or len(name) > LONGEST]
    if odd:
        raise DataError(
            f"{path} has a cluster called {odd[0][:40]!r}: names are of up to {LONGEST} letters that can be "
            "shown"
        )
    told = RELEASES.get(identifier.lower(), "")
    return MemberTable(path, stars, told, number[first].astype(np.int64), tuple(listed.tolist()))


def _column(path: Path, table: Table, what: str, first: str) -> str:
    for name in (first, *NAMES[what]):
        alike = [column for column in table.names if column.lower() == name]
        if alike:
            return alike[0]
    raise DataError(
        f"{path} has no column of the {what}: call it {NAMES[what][0]}; it has "
        f"{', '.join(table.names[:_MANY])}"
    )


def _identifiers(path: Path, column: str, chunks: Sequence[Chunk]) -> NDArray[np.int64]:
    parts = [np.asarray(_whole(path, column, chunk[column]), np.int64) for chunk in chunks]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _whole(path: Path, column: str, values: NDArray[Any]) -> NDArray[np.int64]:
    if values.dtype.kind in "iu":
        return np.ma.filled(np.ma.asarray(values), 0).astype(np.int64)
    texts = _texts(values)
    wrong = [text for text in texts if text not in _MARKS and not _is_whole(text)]
    if wrong:
        raise DataError(
            f"column {column!r} of {path} holds {wrong[0][:30]!r}: a Gaia identifier is a whole "
            "number, which a column of decimal numbers can't hold exactly"
        )
    return np.array([0 if text in _MARKS else int(text) for text in texts], np.int64)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) < 2**63


def _texts(values: NDArray[Any]) -> list[str]:
    if values.dtype.kind == "S":
        return [value.decode("utf-8", "replace").strip() for value in values.tolist()]
    return ["" if value is None else str(value).strip() for value in np.ma.asarray(values).tolist()]

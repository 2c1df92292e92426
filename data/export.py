"""Rows of a catalogue to a file: whole or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.catalogue import Catalogue
from data.draft import draft
from data.expression import Expression
from data.extract import Extract
from data.formats import format_of
from data.problem import DataError
from data.selection import Selection


@dataclass(frozen=True)
class Exported:
    """What was written: the file, its number of rows (0 is a valid, empty table) and of bytes."""

    path: Path
    rows: int
    size: int


def export(
    catalogue: Catalogue,
    out: Path,
    *,
    where: Selection | str | None = None,
    columns: Sequence[str] | None = None,
    derived: Mapping[str, Expression | str] | None = None,
    form: str | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write the rows that pass, in the order of the source, with their provenance.

    Parameters
    ----------
    catalogue : where the rows come from.
    out : the file; appears only when it is complete.
    where : a selection, or a condition in the expression language; None or "" for all rows.
    columns : names, in the order wanted; None for all.
    derived : names and expressions of columns to compute.
    form : "csv", "fits" or "parquet"; None to tell it from the name of the file.
    overwrite : whether an existing file may be replaced.

    Raises
    ------
    DataError
        Where the request is wrong, the file exists, or it cannot be written. Nothing is left behind.
    """
    extract = Extract.of(catalogue, form or format_of(out), where=where, columns=columns, derived=derived)
    check_place(catalogue, out, overwrite=overwrite)
    rows, pieces = extract.stream(out.name)
    with draft(out) as part:
        size = _write(part, pieces)
    return Exported(out, rows, size)


def check_place(catalogue: Catalogue, out: Path, *, overwrite: bool) -> None:
    """Refuse, with a DataError, a place where nothing made from a catalogue can or may be written."""
    if not out.parent.is_dir():
        raise DataError(f"the folder {out.parent} does not exist: make it first, or choose another")
    if out.is_dir():
        raise DataError(f"{out} is a folder: give the name of a file in it")
    if out.exists() and not overwrite:
        raise DataError(f"{out} exists already: choose another name, or allow it to be overwritten")
    if out.exists() and catalogue.source.exists() and out.samefile(catalogue.source):
        raise DataError(f"{out} is the catalogue itself: choose another name")


def _write(part: Path, pieces: Iterator[bytes]) -> int:
    with part.open("xb") as file:
        return sum(file.write(piece) for piece in pieces)

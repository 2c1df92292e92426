"""Spectra that were left out, as a table: which, why, and what else there is to say."""

from collections.abc import Sequence
from pathlib import Path

from data.rows import write_rows
from data.schema import Column
from explorer.reading import LeftOut
from explorer.results import FILE, Columns


def write_left_out(out: Path, left_out: Sequence[LeftOut]) -> None:
    """Write them, each a row, also where there are none; the file's ending says the format.

    Raises
    ------
    DataError
        If the ending says no format, or the file can't be written.
    """
    columns = Columns()
    columns.add(FILE.name, [one.file.encode() for one in left_out], described=FILE)
    for name, meaning in (
        ("reason", "Why the spectrum is left out."),
        ("detail", "What there is to say of this one."),
    ):
        described = Column(
            name, "str", "", rf"\mathrm{{{name}}}", name, meaning, "explorer", 0, 1, "category"
        )
        columns.add(name, [getattr(one, name).encode() for one in left_out], described=described)
    write_rows(out, columns.described, columns.values, {"description": "Spectra left out"})

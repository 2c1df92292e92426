"""Where on the spectrum a label may act: intervals of wavelength by label, read from a table."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from data.problem import DataError
from data.table import Sort
from data.tables import open_table

_COLUMNS: dict[str, Sort] = {"label": "text", "low": "number", "high": "number"}


class Span(NamedTuple):
    """An interval of wavelength, A, ends included, in which a label may act."""

    label: str
    low: float
    high: float


def read_spans(path: Path) -> tuple[Span, ...]:
    """Read a table of the columns label, low and high: of any format the explorer reads, such as CSV.

    Raises
    ------
    DataError
        If it can't be read, lacks one of the columns or has no row, or an interval is none.
    """
    with TemporaryDirectory() as scratch, open_table(path, Path(scratch)) as table:
        lacking = [name for name in _COLUMNS if name not in table.names]
        if lacking:
            raise DataError(
                f"{path} lacks the column {lacking[0]}: expected a table of label, low and high "
                "(vacuum wavelengths, A)"
            )
        chunks = list(table.chunks(_COLUMNS, frozenset()))
    rows = [row for chunk in chunks for row in zip(*(chunk[name].tolist() for name in _COLUMNS), strict=True)]
    if not rows:
        raise DataError(f"{path} has column names and no rows: give the intervals in which a label may act")
    return tuple(_span(path, number, *row) for number, row in enumerate(rows, start=1))


def _span(path: Path, row: int, label: str | bytes | None, low: object, high: object) -> Span:
    name = label.decode("utf-8", "replace") if isinstance(label, bytes) else label or ""
    ends = [float(end) if isinstance(end, int | float) else np.nan for end in (low, high)]
    if not (name.strip() and 0 < ends[0] < ends[1] < np.inf):
        raise DataError(
            f"row {row} of {path} is no interval: expected a label and wavelengths in A with low < high"
        )
    return Span(name.strip(), *ends)

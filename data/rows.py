"""Results as a table of stars: to CSV, FITS or Parquet, whole or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.draft import draft
from data.formats import FORMATS, Content, format_of
from data.schema import Column


def write_rows(
    out: Path, columns: Sequence[Column], values: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]
) -> None:
    """Write a table, which takes the place of an older one when complete.

    Parameters
    ----------
    out : the file; its ending says the format.
    columns : what each column is, in order.
    values : (N,) each, by name; missing ones as `data.schema` says.
    metadata : what the file says of itself.

    Raises
    ------
    DataError
        If the ending says no format, or the file can't be written. Nothing is left behind then.
    """
    stored = {column.name: _stored(values[column.name], column) for column in columns}
    length = len(next(iter(stored.values())))

    def chunks(size: int) -> Iterator[Mapping[str, NDArray[Any]]]:
        for start in range(0, length, size):
            yield {name: column[start : start + size] for name, column in stored.items()}

    dtypes = {name: column.dtype for name, column in stored.items()}
    write_content(out, Content(tuple(columns), dtypes, length, metadata, chunks))


def write_content(out: Path, content: Content) -> None:
    """Write a table that gives its rows piece by piece, which takes the place of an older one when complete.

    Raises
    ------
    DataError
        If the ending of `out` says no format, or the file can't be written. Nothing is left behind then.
    """
    form = FORMATS[format_of(out)]
    with draft(out) as part, part.open("xb") as file:
        for piece in form.write(content):
            file.write(piece)


def _stored(values: NDArray[Any], column: Column) -> NDArray[Any]:
    return np.asarray(values, "S" if column.dtype == "str" else column.dtype)

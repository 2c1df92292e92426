"""CSV, ECSV and white-space tables by chunks of rows.

Whole numbers are read as text, so that no 64-bit identifier ever passes through a float.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from astropy.table import meta
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from data.binary_tables import from_arrow
from data.description import KEY, LONGEST
from data.problem import DataError
from data.table import CHUNK_ROWS, Chunk, Sort, Table

_MISSING = frozenset({"", "NA", "N/A", "nan", "NaN", "NAN", "null", "NULL", "None", "--", "---", "-", "..."})
_DELIMITERS = (",", "\t", ";", "|")
_BLOCK = 8 << 20
_SAYING = re.compile(r"#\s*([A-Za-z]\w*)\s*:\s+(\S.*)")
_LONGEST_SAYING = 2000
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?")


@dataclass(frozen=True)
class Layout:
    """How a text table is laid out: delimiter (None for white space), columns, lines before the data."""

    delimiter: str | None
    names: tuple[str, ...]
    skip: int


@contextmanager
def open_text(path: Path, head: bytes) -> Iterator[Table]:
    """Open a text table, whichever of the three it is. Raises DataError if it has no line of column names."""
    units: dict[str, str] = {}
    metadata: dict[str, str] = {}
    if head.removeprefix(b"\xef\xbb\xbf").startswith(b"# %ECSV"):
        layout, units, metadata = _ecsv_layout(path)
        kind = "ECSV"
    else:
        lines = head.decode("utf-8-sig", errors="replace").splitlines()
        layout = _layout(path, lines)
        metadata = _sayings(lines[: layout.skip])
        kind = "CSV" if layout.delimiter else "white-space table"
    read = _delimited_chunks if layout.delimiter else _white_space_chunks
    yield Table(
        kind, layout.names, units, metadata, None, lambda w, marks: read(path, layout, w, marks | _MISSING)
    )


def _layout(path: Path, lines: list[str]) -> Layout:
    data = [place for place, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
    if not data:
        raise DataError(f"{path} holds no rows: expected a line of column names and rows below it")
    first = lines[data[0]]
    delimiter = max(_DELIMITERS, key=first.count) if any(mark in first for mark in _DELIMITERS) else None
    fields = _split(first, delimiter)
    if not any(_NUMBER.fullmatch(field) for field in fields):
        return Layout(delimiter, fields, data[0] + 1)
    for line in reversed(lines[: data[0]]):
        names = _split(line.lstrip(" #"), delimiter)
        if len(names) == len(fields):
            return Layout(delimiter, names, data[0])
    raise DataError(
        f"{path} has no line of column names (its first row is {first[:60]!r}): "
        f"add one on top, such as 'obsid,ra,dec' or '# obsid ra dec'"
    )


def _sayings(lines: list[str]) -> dict[str, str]:
    """What comments of the form '# key: value' above the data say of the table."""
    found = (_SAYING.fullmatch(line.strip()) for line in lines)
    sayings = {saying[1]: saying[2] for saying in found if saying}
    return {
        key: value
        for key, value in sayings.items()
        if len(value) <= (LONGEST if key == KEY else _LONGEST_SAYING)
    }


def _split(line: str, delimiter: str | None) -> tuple[str, ...]:
    if delimiter is None:
        return tuple(line.split())
    return tuple(field.strip() for field in next(csv.reader([line], delimiter=delimiter), []))


def _ecsv_layout(path: Path) -> tuple[Layout, dict[str, str], dict[str, str]]:
    comments, names = [], ""
    with path.open(encoding="utf-8-sig") as stream:
        for line in stream:
            if not line.startswith("#"):
                names = line
                break
            comments.append(line[2:].rstrip("\n"))
    try:
        header = meta.get_header_from_yaml(comments[1:])
    except meta.YamlParseError as error:
        raise DataError(f"the ECSV header of {path} is damaged: copy or download the file again") from error
    delimiter = header.get("delimiter", " ")
    units = {column["name"]: str(column["unit"]) for column in header["datatype"] if column.get("unit")}
    metadata = {str(key): str(value) for key, value in dict(header.get("meta") or {}).items()}
    return Layout(delimiter, _split(names, delimiter), len(comments) + 1), units, metadata


def _delimited_chunks(
    path: Path, layout: Layout, wanted: Mapping[str, Sort], marks: frozenset[str]
) -> Iterator[Chunk]:
    names = [
        name if layout.names.count(name) == 1 else f"#{place}" for place, name in enumerate(layout.names)
    ]
    types = {name: pa.float64() if sort == "number" else pa.binary() for name, sort in wanted.items()}
    convert = arrow_csv.ConvertOptions(
        include_columns=list(wanted),
        column_types=types,
        null_values=sorted(marks),
        strings_can_be_null=True,
    )
    read = arrow_csv.ReadOptions(block_size=_BLOCK, skip_rows=layout.skip, column_names=names)
    try:
        batches = arrow_csv.open_csv(path, read, arrow_csv.ParseOptions(delimiter=layout.delimiter), convert)
        for batch in batches:
            yield {name: from_arrow(batch.column(name)) for name in wanted}
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return
        raise DataError(_irregular(path, error, names, layout)) from error


def _irregular(path: Path, error: Exception, names: list[str], layout: Layout) -> str:
    found = re.search(r"column #(\d+).*?: CSV conversion error to double: (.*)", str(error))
    if found:
        column = int(found[1])
        return _not_a_number(path, names[column], found[2] + _place(path, layout, column, found[2]))
    reason = str(error).splitlines()[0]
    return f"{path} is no regular table ({reason}): every row needs as many fields as there are column names"


def _place(path: Path, layout: Layout, column: int, problem: str) -> str:
    """In which row a delimited file holds the value that a problem quotes."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        lines = islice(stream, layout.skip, None)
        rows = (fields for fields in csv.reader(lines, delimiter=layout.delimiter or ",") if fields)
        for number, fields in enumerate(rows, start=1):
            if len(fields) > column and problem.endswith(f"'{fields[column]}'"):
                return f" in row {number}"
    return ""


def _not_a_number(path: Path, name: str, what: str) -> str:
    return (
        f"column {name!r} of {path} must hold numbers but has {what}: correct that row, or leave the field "
        "empty; for a catalogue, a mapping may name the text as a missing-value mark (sentinels)"
    )


def _white_space_chunks(
    path: Path, layout: Layout, wanted: Mapping[str, Sort], marks: frozenset[str]
) -> Iterator[Chunk]:
    places = {name: layout.names.index(name) for name in wanted}
    kinds: dict[int, Any] = {
        places[name]: float if sort == "number" else str for name, sort in wanted.items()
    }
    try:
        for frame in _frames(path, layout, kinds, marks):
            yield {name: _plain(frame[place]) for name, place in places.items()}
    except ValueError as error:
        raise DataError(
            _wrong_word(path, layout, kinds, marks) or _irregular(path, error, [], layout)
        ) from error


def _frames(
    path: Path, layout: Layout, kinds: Mapping[int, Any], marks: frozenset[str]
) -> Iterator["pd.DataFrame"]:
    frames = pd.read_csv(
        path, sep=r"\s+", header=None, skiprows=layout.skip, comment="#", chunksize=CHUNK_ROWS,
        dtype=dict(kinds), usecols=sorted(kinds), na_values=sorted(marks), keep_default_na=False,
        index_col=False,
    )  # fmt: skip
    with frames:
        yield from frames


def _plain(values: "pd.Series[Any]") -> NDArray[Any]:
    if values.dtype == np.float64:
        return values.to_numpy()
    return np.array([value.encode() for value in values.fillna("")], dtype="S")


def _wrong_word(path: Path, layout: Layout, kinds: Mapping[int, Any], marks: frozenset[str]) -> str:
    """Read again, all as text, to tell which column holds a word where a number must stand."""
    for frame in _frames(path, layout, dict.fromkeys(kinds, str), marks):
        for place in (place for place, kind in kinds.items() if kind is float):
            wrong = frame[place].notna() & pd.to_numeric(frame[place], errors="coerce").isna()
            if wrong.any():
                return _not_a_number(path, layout.names[place], repr(frame[place][wrong].iloc[0]))
    return ""

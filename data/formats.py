"""How a table of stars is written: CSV, FITS, Parquet. A new one is one function and one line in `FORMATS`.

Each turns a `Content` into pieces of bytes, a bounded number of rows at a time. Missing values are empty
fields in CSV, nulls in Parquet, and in FITS NaN, the column's TNULL or the empty text. Identifiers are
64-bit integers everywhere. Flags are booleans in Parquet and FITS, where byte 0 is one that is undefined; in
CSV they are 1 and 0, for astropy reads words there as text, which is never false. Nothing written depends on
the time or the machine.
"""

import io
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
from astropy import units
from astropy.io import fits
from numpy.typing import NDArray
from pyarrow import csv, parquet

from data.description import describe
from data.problem import DataError
from data.schema import MISSING_INT, Column, DType

TEXT_ROWS = 16_384
BINARY_ROWS = 65_536
"""Rows on their way at a time: 100 columns of them are 20 MB of text or 26 MB of numbers."""
FITS_BLOCK = 2880
_ARROW: Mapping[DType, pa.DataType] = MappingProxyType(
    {
        "float32": pa.float32(), "float64": pa.float64(), "int64": pa.int64(), "int8": pa.bool_(),
        "str": pa.string(),
    }
)  # fmt: skip
_PANDAS: Mapping[DType, str] = MappingProxyType({"int64": "Int64", "int8": "boolean"})
FITS_FLAGS = np.frombuffer(b"FT\0", np.uint8)
"""How FITS stores a flag of 0, 1 and -1 (missing): FITS 4.0, section 7.3.3.1."""


@dataclass(frozen=True)
class Content:
    """A table to be written.

    Attributes
    ----------
    columns : what each column is, in order.
    dtypes : how each is stored, by name.
    length : number of rows.
    metadata : what the file says about itself, one line each.
    chunks : gives the rows, so many at a time, as arrays by name.
    """

    columns: tuple[Column, ...]
    dtypes: Mapping[str, np.dtype[Any]]
    length: int
    metadata: Mapping[str, str]
    chunks: Callable[[int], Iterator[Mapping[str, NDArray[Any]]]]

    @property
    def says(self) -> Mapping[str, str]:
        """Metadata, and what they must say of columns that the schema does not know."""
        return {**self.metadata, **describe({column.name: column for column in self.columns})}


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes
    ----------
    suffix : how names of its files end.
    media_type : what a browser is told.
    write : content to pieces of bytes.
    """

    suffix: str
    media_type: str
    write: Callable[[Content], Generator[bytes, None, None]]


def _csv(content: Content) -> Generator[bytes, None, None]:
    lines = [f"{key}: {value}" for key, value in content.says.items()]
    nullable = {column.name: _PANDAS[column.dtype] for column in content.columns if column.dtype in _PANDAS}
    lines.append(f"read with: pandas.read_csv(file, comment='#', dtype={nullable})")
    lines += [f"column {column.name} [{column.unit}]: {column.meaning}" for column in content.columns]
    comments = "".join(f"# {_one_line(line)}\n" for line in lines)
    schema = pa.schema(map(_text_field, content.columns))
    yield comments.encode() + _csv_text(schema.empty_table(), header=True)
    for chunk in content.chunks(TEXT_ROWS):
        yield _csv_text(_arrow_table(schema, chunk), header=False)


def _csv_text(table: pa.Table, *, header: bool) -> bytes:
    sink = io.BytesIO()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=header))
    return sink.getvalue()


def _parquet(content: Content) -> Generator[bytes, None, None]:
    schema = pa.schema(map(arrow_field, content.columns), dict(content.says))
    sink = _Sink()
    repeating = [column.name for column in content.columns if column.dtype in ("str", "int8")]
    with parquet.ParquetWriter(sink, schema, compression="zstd", use_dictionary=repeating) as writer:
        for chunk in content.chunks(BINARY_ROWS):
            writer.write_table(_arrow_table(schema, chunk))
            yield sink.drain()
    yield sink.drain()


class _Sink(io.RawIOBase):
    """Keeps what is written to it until it is drained."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        self._position += len(self._pieces[-1])
        return len(self._pieces[-1])

    def drain(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def arrow_field(column: Column) -> pa.Field:
    """Describe a column as Parquet files have it."""
    return pa.field(
        column.name, _ARROW[column.dtype], metadata={"unit": column.unit, "meaning": column.meaning}
    )


def _text_field(column: Column) -> pa.Field:
    return pa.field(column.name, pa.int8()) if column.dtype == "int8" else arrow_field(column)


def _arrow_table(schema: pa.Schema, chunk: Mapping[str, NDArray[Any]]) -> pa.Table:
    return pa.table([_arrow_array(field, chunk[field.name]) for field in schema], schema=schema)


def _arrow_array(field: pa.Field, values: NDArray[Any]) -> pa.Array:
    if values.dtype.kind == "f":
        return pa.array(values, field.type, mask=np.isnan(values))
    missing = values == (b"" if values.dtype.kind == "S" else MISSING_INT[values.dtype.name])
    if values.dtype.kind != "S":
        stored = values != 0 if pa.types.is_boolean(field.type) else values
        return pa.array(stored, field.type, mask=missing)
    try:
        return pa.array(values, pa.binary(), mask=missing).cast(pa.string())
    except pa.ArrowInvalid as error:
        raise DataError(f"column {field.name} holds text that is not UTF-8: export without it") from error


def _fits(content: Content) -> Generator[bytes, None, None]:
    layout = np.dtype([(column.name, _fits_type(content.dtypes[column.name])) for column in content.columns])
    primary = fits.PrimaryHDU().header
    yield (primary.tostring() + _fits_header(content, layout).tostring()).encode("ascii")
    for chunk in content.chunks(BINARY_ROWS):
        rows = np.empty(len(next(iter(chunk.values()))), layout)
        for column in content.columns:
            values = chunk[column.name]
            rows[column.name] = FITS_FLAGS[values] if column.dtype == "int8" else values
        yield rows.tobytes()
    yield b"\0" * (-content.length * layout.itemsize % FITS_BLOCK)


def _fits_type(dtype: np.dtype[Any]) -> str:
    return "u1" if dtype == np.int8 else dtype.newbyteorder(">").str


def _fits_header(content: Content, layout: np.dtype[Any]) -> fits.Header:
    codes = {">f4": "E", ">f8": "D", ">i8": "K", "|u1": "L"}
    names = _fits_names(content.columns)
    columns = []
    for name, column in zip(names, content.columns, strict=True):
        written = layout[column.name]
        code = codes.get(written.str, f"{written.itemsize}A")
        null = MISSING_INT["int64"] if column.dtype == "int64" else None
        columns.append(fits.Column(name, code, unit=_fits_unit(column.unit), null=null))
    header = fits.BinTableHDU.from_columns(columns, nrows=0, name="STARS").header
    header["NAXIS2"] = content.length
    for place, (name, column) in enumerate(zip(names, content.columns, strict=True), start=1):
        title = "" if name == column.name else f"{column.name}: "
        unit = "" if _fits_unit(column.unit) or not column.unit else f" Unit: {column.unit}."
        header.set(f"TCOMM{place}", _ascii(title + column.meaning + unit), after=f"TFORM{place}")
    described = describe(dict(zip(names, content.columns, strict=True)))
    for key, value in {**content.metadata, **described}.items():
        header[key.upper() if len(key) <= 8 else f"HIERARCH {key}"] = _ascii(value)
    return header


def _fits_names(columns: tuple[Column, ...]) -> list[str]:
    """Give names of letters, digits and underscores, which differ also where case does not count."""
    taken: dict[str, str] = {}
    for column in columns:
        plain = name = re.sub(r"\W+", "_", column.name, flags=re.ASCII).strip("_") or "column"
        number = 2
        while name.lower() in taken:
            name, number = f"{plain}_{number}", number + 1
        taken[name.lower()] = name
    return list(taken.values())


def _fits_unit(unit: str) -> str | None:
    """Give the unit as the FITS standard writes it; None where it has none, as for dex."""
    try:
        return str(units.Unit(unit).to_string("fits")) or None
    except ValueError:
        return None


def _ascii(text: str) -> str:
    return _one_line(text).encode("ascii", "backslashreplace").decode()


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "csv": Format(".csv", "text/csv; charset=utf-8", _csv),
        "fits": Format(".fits", "application/fits", _fits),
        "parquet": Format(".parquet", "application/vnd.apache.parquet", _parquet),
    }
)
"""The formats by name."""


def format_of(out: Path) -> str:
    """Name of the format that the ending of a file's name says; DataError if it says none."""
    for name, form in FORMATS.items():
        if out.name.lower().endswith(form.suffix):
            return name
    suffixes = ", ".join(form.suffix for form in FORMATS.values())
    raise DataError(f"cannot tell a format from the name '{out.name}': end it with one of {suffixes}")

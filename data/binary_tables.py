"""FITS, Parquet and VOTable by chunks of rows, each through its own library, without a copy of the whole."""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits
from astropy.io.votable import parse_single_table
from astropy.utils.exceptions import AstropyWarning
from astropy.utils.xml.iterparser import get_xml_iterator
from numpy.typing import NDArray

from data.description import KEY, LONGEST
from data.problem import DataError
from data.table import CHUNK_ROWS, Chunk, Sort, Table

_STRUCTURE = re.compile(
    r"|COMMENT|HISTORY|SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|[PG]COUNT|TFIELDS|CHECKSUM|DATASUM|THEAP"
    r"|T(TYPE|FORM|UNIT|DISP|NULL|SCAL|ZERO|DIM|COMM|UCD|UTYP|BCOL)\d+"
)
"""Cards that say how a FITS table is laid out, or that come in many."""
_ARROW_STRUCTURE = ("ARROW:schema", "pandas")
_LONGEST_METADATA = 2000
_ARROW_NUMBERS = (
    pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null,
)  # fmt: skip
_ARROW_TEXTS = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view,
    pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view,
)  # fmt: skip


def damaged(path: Path, error: Exception) -> DataError:
    """Say in one line what a format's library raised on a file."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return DataError(
        f"{path} is damaged or incomplete ({reason}): copy or download it again, or convert it to Parquet"
    )


@contextmanager
def open_fits(path: Path) -> Iterator[Table]:
    """Open the first table extension of a FITS file. Raises DataError if it has none or breaks off."""
    with _without_advice():
        file = fits.open(path, mode="readonly", memmap=True, character_as_bytes=True)
    with file:
        with _without_advice():
            tables = (hdu for hdu in file if isinstance(hdu, fits.BinTableHDU | fits.TableHDU))
            hdu = next(tables, None)
            if hdu is None:
                raise DataError(f"{path} holds images but no table: expected a FITS table extension")
            _refuse_truncated(path, hdu)
            # Only texts of the columns: astropy copies, as the file closes, each column still referred to.
            columns = [
                (column.name, column.unit)
                for column in hdu.columns
                if _is_plain_fits(column, hdu.columns.dtype)
            ]
        cards = {**file[0].header, **hdu.header}
        metadata = {str(key): str(value) for key, value in cards.items() if not _STRUCTURE.fullmatch(key)}
        names = tuple(name for name, _ in columns)
        units = {name: unit for name, unit in columns if unit}
        vectors = tuple(name for name in hdu.columns.names if name not in names)
        rows = hdu.header["NAXIS2"]
        yield Table("FITS", names, units, metadata, rows, lambda w, _: _fits_chunks(hdu, w), vectors)


@contextmanager
def _without_advice() -> Iterator[None]:
    """Silence what astropy says of names and units against the standards; damage is found without it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)
        yield


def _refuse_truncated(path: Path, hdu: Any) -> None:
    rows, row_bytes = hdu.header["NAXIS2"], hdu.header["NAXIS1"]
    needed, present = hdu.fileinfo()["datLoc"] + rows * row_bytes, path.stat().st_size
    if needed > present:
        raise DataError(
            f"{path} breaks off: its header promises {rows:,} rows, that is {needed:,} bytes, but it has "
            f"{present:,}; copy or download it again"
        )


def _is_plain_fits(column: Any, dtype: Any) -> bool:
    return dtype[column.name].subdtype is None and not set("PQ") & set(str(column.format))


def _fits_chunks(hdu: Any, wanted: Mapping[str, Sort]) -> Iterator[Chunk]:
    nulls = {name: hdu.columns[name].null for name in wanted}
    logical = {name for name in wanted if isinstance(hdu, fits.BinTableHDU) and _is_logical(hdu, name)}
    for start in range(0, hdu.header["NAXIS2"], CHUNK_ROWS):
        with _without_advice():
            part = hdu.data[start : start + CHUNK_ROWS]
        stored = np.asarray(part)
        yield {
            name: _flags(stored[name])
            if name in logical
            else _plain_fits(np.asarray(part.field(name)), stored[name], nulls[name])
            for name in wanted
        }


def _flags(stored: NDArray[np.int8]) -> NDArray[Any]:
    """Read logical values from their bytes: the library takes undefined ones for false."""
    true = stored == ord("T")
    return np.ma.MaskedArray(true, mask=~true & (stored != ord("F")))


def _is_logical(hdu: Any, name: str) -> bool:
    return str(hdu.columns[name].format).lstrip("1") == "L"


def _plain_fits(values: NDArray[Any], stored: NDArray[Any], null: Any) -> NDArray[Any]:
    """Mask what is null: the mark is one of the whole numbers as stored, before they are scaled."""
    if values.dtype.kind == "U":
        return np.char.encode(values, "utf-8")
    if stored.dtype.kind not in "iu" or not isinstance(null, int):
        return values
    return np.ma.MaskedArray(values, mask=stored == null)


@contextmanager
def open_parquet(parts: Sequence[Path]) -> Iterator[Table]:
    """Open Parquet parts as one table, in the order given. Raises DataError where a part lacks a column."""
    with _part(parts[0]) as first:
        schema = first.schema_arrow
    fields = [field for field in schema if _is_plain_arrow(field.type)]
    declared = {field.name: (field.metadata or {}).get(b"unit", b"").decode() for field in fields}
    pairs = ((key.decode(), value.decode(errors="replace")) for key, value in (schema.metadata or {}).items())
    metadata = {
        key: value
        for key, value in pairs
        if len(value) <= (LONGEST if key == KEY else _LONGEST_METADATA) and key not in _ARROW_STRUCTURE
    }
    rows = 0
    for part in parts:
        with _part(part) as file:
            rows += file.metadata.num_rows
            lacking = {field.name for field in fields} - set(file.schema_arrow.names)
        if lacking:
            raise DataError(
                f"{part} lacks the column {min(lacking)!r} of {parts[0].name}: expected parts of one table; "
                "give the folder of one table (of a build, its folder catalogue)"
            )
    names = tuple(field.name for field in fields)
    units = {name: unit for name, unit in declared.items() if unit}
    vectors = tuple(name for name in schema.names if name not in declared)
    yield Table("Parquet", names, units, metadata, rows, lambda w, _: _parquet_chunks(parts, w), vectors)


@contextmanager
def _part(path: Path) -> Iterator[pq.ParquetFile]:
    """Open one Parquet file, which is named where it is damaged."""
    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error


def _is_plain_arrow(kind: Any) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(test(inner) for test in _ARROW_NUMBERS + _ARROW_TEXTS)


def _parquet_chunks(parts: Sequence[Path], wanted: Mapping[str, Sort]) -> Iterator[Chunk]:
    for part in parts:
        with _part(part) as file:
            for batch in file.iter_batches(CHUNK_ROWS, columns=list(wanted)):
                yield {name: from_arrow(batch.column(name)) for name in wanted}


def read_parquet(path: Path, names: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
    """Read columns of a Parquet file that we wrote: those of the names that are there, or all.

    Flags are int8. What is missing is NaN, -1 or the empty text. Raises DataError where the file is damaged.
    """
    with _part(path) as file:
        return _plain(file.read(columns=_present(file, names)))


def read_group(path: Path, number: int, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Read columns of one group of rows, as `read_parquet` does."""
    with _part(path) as file:
        return _plain(file.read_row_group(number, columns=_present(file, names)))


def _present(file: pq.ParquetFile, names: Sequence[str] | None) -> list[str]:
    return [name for name in file.schema_arrow.names if names is None or name in names]


def _plain(table: pa.Table) -> dict[str, NDArray[Any]]:
    columns = {name: from_arrow(table[name].combine_chunks()) for name in table.column_names}
    return {name: _filled(values) for name, values in columns.items()}


def _filled(values: NDArray[Any]) -> NDArray[Any]:
    whole = values.astype(np.int8) if values.dtype == np.bool_ else values
    return np.ma.filled(whole, -1)


def from_arrow(array: Any) -> NDArray[Any]:
    """Turn an Arrow array into numpy: text into bytes, missing integers masked, missing floats NaN."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if any(test(array.type) for test in _ARROW_TEXTS):
        filled = array.cast(pa.large_binary()).fill_null(b"")
        return np.asarray(filled.to_numpy(zero_copy_only=False), dtype="S")
    if pa.types.is_decimal(array.type) or pa.types.is_null(array.type):
        array = array.cast(pa.float64())
    if array.null_count and not pa.types.is_floating(array.type):
        missing = array.is_null().to_numpy(zero_copy_only=False)
        filler = pa.scalar(0).cast(array.type)
        return np.ma.MaskedArray(array.fill_null(filler).to_numpy(zero_copy_only=False), mask=missing)
    return np.asarray(array.to_numpy(zero_copy_only=False))


@contextmanager
def open_votable(path: Path) -> Iterator[Table]:
    """Open the first table of a VOTable. Its wanted columns are held in memory."""
    names: list[str] = []
    plain: dict[str, int] = {}
    units: dict[str, str] = {}
    metadata: dict[str, str] = {}
    rows = None
    with get_xml_iterator(str(path)) as elements:
        for start, tag, data, _ in elements:
            if start and tag == "TABLE" and "nrows" in data:
                rows = int(data["nrows"])
            elif start and tag in ("PARAM", "INFO"):
                metadata[data.get("name", "")] = data.get("value", "")
            elif start and tag == "FIELD":
                name = data.get("name") or data["ID"]
                if data["datatype"] in ("char", "unicodeChar") or data.get("arraysize", "1") == "1":
                    plain[name] = len(names)
                    units |= {name: data["unit"]} if "unit" in data else {}
                names.append(name)
            elif start and tag == "DATA":
                break
    listed = tuple(name for name in names if name in plain)
    vectors = tuple(name for name in names if name not in plain)
    yield Table(
        "VOTable", listed, units, metadata, rows, lambda w, _: _votable_chunks(path, plain, w), vectors
    )


def _votable_chunks(path: Path, places: Mapping[str, int], wanted: Mapping[str, Sort]) -> Iterator[Chunk]:
    numbers = sorted(places[name] for name in wanted)
    with _without_advice():
        array = parse_single_table(str(path), columns=numbers, verify="ignore").array
    identifiers = dict(zip(numbers, array.dtype.names, strict=True))
    for start in range(0, len(array), CHUNK_ROWS):
        part = array[start : start + CHUNK_ROWS]
        yield {name: _plain_votable(part[identifiers[places[name]]]) for name in wanted}


def _plain_votable(values: Any) -> NDArray[Any]:
    if values.dtype.kind in "OU":
        return np.array([_as_bytes(value) for value in values.filled("")], dtype="S")
    if values.dtype.kind == "f":
        return np.asarray(values.filled(np.nan))
    return np.ma.MaskedArray(values) if np.any(values.mask) else np.asarray(values.data)


def _as_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()

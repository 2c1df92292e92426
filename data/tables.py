"""Table files of any kind: told apart by their first bytes, never by name alone, and opened.

A compressed file is unpacked to a scratch folder first, within bounds.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from xml.parsers.expat import ExpatError

import pyarrow as pa

from data.binary_tables import damaged, open_fits, open_parquet, open_votable
from data.compression import FULL_DISK, compression, decompress
from data.problem import DataError
from data.table import Chunk, Sort, Table
from data.text_tables import open_text

FORMATS = "FITS, Parquet (a file or a folder of parts), VOTable, CSV, ECSV or a white-space table"
_HEAD_BYTES = 1 << 18
_DAMAGE = (pa.ArrowException, OSError, EOFError, ValueError, TypeError, KeyError, IndexError, ExpatError)
_OTHERS = {b"\x89HDF": "an HDF5 file", b"PK\x03\x04": "a zip archive", b"%PDF": "a PDF", b"ARROW1": "Arrow"}


@contextmanager
def open_table(path: Path, scratch: Path) -> Iterator[Table]:
    """Open a table file, or a folder of Parquet parts.

    Parameters
    ----------
    path : the file or folder.
    scratch : an existing folder where a compressed file may be unpacked; its owner removes it.

    Raises
    ------
    DataError
        If the path is absent, empty, unreadable, damaged, or no table we read; also while chunks are read.
    """
    parts = source_parts(path)
    with ExitStack() as stack:
        file = path
        with _reading(path):
            packing = None if path.is_dir() else compression(_head(path))
            file = decompress(path, packing, scratch) if packing else path
        with _reading(path, file):
            table = stack.enter_context(open_parquet(parts)) if path.is_dir() else _open_file(file, stack)
        yield replace(table, chunks=_guarded(path, file, table.chunks))


def source_parts(path: Path) -> tuple[Path, ...]:
    """List the files a source consists of: itself, or the Parquet parts below a folder, by their paths.

    In a HATS catalogue only the partitions count, not its thumbnail. Raises DataError where there is none.
    """
    try:
        if not path.exists():
            raise DataError(f"{path} does not exist: give the path of a table ({FORMATS})")
        if path.is_dir():
            return _folder_parts(path)
        if not path.is_file():
            raise DataError(f"{path} is neither a file nor a folder: give the path of a table ({FORMATS})")
        if path.stat().st_size == 0:
            raise DataError(f"{path} is empty (0 bytes): copy or download it again")
        with path.open("rb"):
            return (path,)
    except PermissionError as error:
        raise DataError(
            f"{error.filename} may not be read: ask its owner for permission (chmod +r)"
        ) from error


def _folder_parts(folder: Path) -> tuple[Path, ...]:
    parts = tuple(file for file in sorted(folder.rglob("*")) if _is_part(file.relative_to(folder), file))
    if not parts:
        raise DataError(f"{folder} is a folder without Parquet files: expected parts such as part-0.parquet")
    partitions = tuple(part for part in parts if any(name.startswith("Norder=") for name in part.parts))
    return partitions or parts


def _is_part(place: Path, file: Path) -> bool:
    if any(name.startswith(("_", ".")) for name in place.parts) or not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD_BYTES)


def _open_file(file: Path, stack: ExitStack) -> Table:
    """Open a file by its first bytes."""
    head = _head(file)
    if head.startswith(b"PAR1"):
        return stack.enter_context(open_parquet((file,)))
    if head.startswith(b"SIMPLE  ="):
        return stack.enter_context(open_fits(file))
    if b"<VOTABLE" in head[:65536]:
        return stack.enter_context(open_votable(file))
    _refuse_others(file, head)
    return stack.enter_context(open_text(file, head))


def _refuse_others(path: Path, head: bytes) -> None:
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise DataError(
            f"{path} is a web page (HTML), not a table: the download gave a page, perhaps a login or an "
            f"error; open it in a browser to see which, then download the table itself"
        )
    for magic, what in _OTHERS.items():
        if head.startswith(magic):
            raise DataError(
                f"{path} is {what}, not a table we read: expected {FORMATS}; convert or unpack it"
            )
    if b"\x00" in head:
        raise DataError(f"{path} is binary and of no known format: expected {FORMATS}")


def _guarded(
    path: Path, file: Path, chunks: Callable[[Mapping[str, Sort], frozenset[str]], Iterator[Chunk]]
) -> Callable[[Mapping[str, Sort], frozenset[str]], Iterator[Chunk]]:
    """Wrap only the reading of chunks, so that no mistake of their user is taken for a damaged file."""

    def read(wanted: Mapping[str, Sort], marks: frozenset[str]) -> Iterator[Chunk]:
        source = chunks(wanted, marks)
        while True:
            with _reading(path, file):
                chunk = next(source, None)
            if chunk is None:
                return
            yield chunk

    return read


@contextmanager
def _reading(path: Path, file: Path | None = None) -> Iterator[None]:
    """Say in one line what the format libraries raise on a damaged file; a full disk keeps its own error.

    What is said of `file`, an unpacked copy, is said of `path`, which a person gave.
    """
    try:
        yield
    except DataError as error:
        if file in (None, path):
            raise
        raise DataError(str(error).replace(str(file), str(path))) from error
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno in FULL_DISK:
            raise
        raise damaged(path, error) from error

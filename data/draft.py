"""A file that is written beside its place and takes it when complete: whole, or not there at all."""

import errno
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from data.problem import DataError

REASONS: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOSPC: "the disk is full; free some space or choose another folder",
        errno.EDQUOT: "your quota is used up; free some space or choose another folder",
        errno.EACCES: "you may not write in this folder; choose another",
        errno.EROFS: "the folder is read-only; choose another",
        errno.EFBIG: "files there may not grow that large; choose another folder or fewer rows",
    }
)
"""Why writing can fail, in words that say what to do."""


@contextmanager
def draft(out: Path) -> Iterator[Path]:
    """Give a name to write to: the file takes the place of `out` in the end, or vanishes on failure.

    Raises
    ------
    DataError
        Where the system does not let it be written.
    """
    part = out.with_name(f".{out.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        yield part
        sync(part)
        part.replace(out)
        sync(out.parent)
    except OSError as error:
        raise refused(out, error) from error
    finally:
        part.unlink(missing_ok=True)


def sync(place: Path) -> None:
    """See that a file, or the names in a folder, outlast a power failure."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refused(out: Path, error: OSError) -> DataError:
    """What to tell a person whose file the system does not let be written."""
    reason = REASONS.get(error.errno or 0, f"{error.strerror or error}; choose another place")
    return DataError(f"cannot write {out}: {reason}")

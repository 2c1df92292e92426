"""The bytes of a small file, compressed or not, within a bound."""

import errno
import gzip
import zlib
from io import BytesIO
from pathlib import Path

from astropy.io import fits

from data.problem import DataError, UnreachableError

DAMAGE = (
    OSError, EOFError, zlib.error, ValueError, TypeError, IndexError, KeyError, fits.VerifyError,
    AttributeError, AssertionError, ArithmeticError, MemoryError,
)  # fmt: skip
"""What reading a file that is no FITS file, only part of one, or damaged may raise."""
_FOR_GOOD = frozenset({errno.EACCES, errno.EPERM, errno.EISDIR})
"""What the system says of a file that it won't give at another time either."""
_GZIP = b"\x1f\x8b"


def read_bytes(path: Path, largest: int) -> bytes:
    """Content of a file as it is; one byte more than `largest` where it is larger.

    Raises
    ------
    UnreachableError
        If the system does not give it now.
    DataError
        If it never will.
    """
    try:
        with path.open("rb") as file:
            return file.read(min(path.stat().st_size, largest) + 1)
    except OSError as error:
        told = f"{path} can't be read ({error.strerror or error}): see that it is there and may be read"
        raise (DataError if error.errno in _FOR_GOOD else UnreachableError)(told) from error


def unpacked(packed: bytes, path: Path, largest: int) -> bytes:
    """Content, unpacked at once if it is compressed: that spares readers many small steps.

    Raises
    ------
    DataError
        If it is damaged, or more than `largest` bytes; `path` says of which file.
    """
    try:
        content = _unpacked(packed, largest) if packed.startswith(_GZIP) else packed
    except DAMAGE as error:
        raise unreadable(path, error) from error
    if len(content) > largest:
        raise DataError(
            f"{path} holds more than {largest >> 20} MiB: expected a single LAMOST spectrum, of 0.1 MiB"
        )
    return content


def unreadable(path: Path, error: Exception) -> DataError:
    """What to tell of a file that is damaged, or no spectrum."""
    problem = " ".join((str(error) or type(error).__name__).split())
    return DataError(
        f"{path} can't be read: expected a FITS file of a LAMOST spectrum, and all of it; if it is one, copy "
        f"or download it again ({problem[:160]})"
    )


def _unpacked(packed: bytes, largest: int) -> bytes:
    """At most one byte more than a file may have."""
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    content = member.decompress(packed, largest + 1)
    if len(content) > largest or (member.eof and not member.unused_data):
        return content
    # Of several members, padded, or cut off.
    return gzip.GzipFile(fileobj=BytesIO(packed)).read(largest + 1)

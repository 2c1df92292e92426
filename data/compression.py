"""Compressed files, unpacked within bounds: a bomb of a few megabytes must not fill the disk."""

import bz2
import errno
import gzip
import lzma
import os
import shutil
import zlib
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from data.problem import DataError

LIMIT_VARIABLE = "EXPLORER_UNPACKED_GIB"
FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system answers where there is no room for more."""
_DEFAULT_LIMIT_GIB = 32.0
_PLAUSIBLE_RATIO = 200
_ALWAYS_ALLOWED = 1 << 30
_BLOCK = 1 << 20
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"(\xb5/\xfd": "zstd"}
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, pa.ArrowException)


def compression(head: bytes) -> str | None:
    """Tell the compression from a file's first bytes; None if there is none."""
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


def decompress(path: Path, packing: str, scratch: Path) -> Path:
    """Unpack a file into the scratch folder and return the new file's path.

    Bounds: the number of GiB in the environment variable EXPLORER_UNPACKED_GIB (32 if unset), 200 times the
    packed size (though 1 GiB is always allowed), and half the free space of the disk.

    Raises
    ------
    DataError
        If the file breaks off, is damaged, or would grow beyond the bounds.
    """
    packed = path.stat().st_size
    free = shutil.disk_usage(scratch).free // 2
    plausible = max(_ALWAYS_ALLOWED, _PLAUSIBLE_RATIO * packed)
    bound = min(gibibytes(LIMIT_VARIABLE, _DEFAULT_LIMIT_GIB), free, plausible)
    target = scratch / "unpacked"
    written = 0
    try:
        with _stream(path, packing) as source, target.open("wb") as out:
            while block := source.read(_BLOCK):
                written += len(block)
                if written > bound:
                    raise DataError(
                        f"{path} ({readable_bytes(packed)}) unpacks to more than {readable_bytes(bound)}, "
                        f"too much for a table of its size or for the disk: if you trust it, unpack it "
                        f"yourself, free space, or raise {LIMIT_VARIABLE}"
                    )
                out.write(block)
    except _DAMAGE as error:
        raise DataError(f"{path} breaks off or is damaged ({packing}: {error}): download it again") from error
    if written == 0:
        raise DataError(f"{path} unpacks to nothing ({packing}): copy or download it again")
    return target


def _stream(path: Path, packing: str) -> IO[bytes] | Any:
    if packing == "gzip":
        return gzip.open(path, "rb")
    if packing == "bzip2":
        return bz2.open(path, "rb")
    if packing == "xz":
        return lzma.open(path, "rb")
    return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")


def gibibytes(variable: str, default: float) -> int:
    """Read how many bytes a variable allows, in GiB. Raises DataError unless it is a positive number."""
    text = os.environ.get(variable, "")
    try:
        number = int(float(text or default) * (1 << 30))
    except (ValueError, OverflowError):
        number = 0
    if number <= 0:
        raise DataError(f"{variable} is {text!r}: expected a positive number of GiB such as {default:g}")
    return number


def readable_bytes(number: float) -> str:
    """Write a number of bytes for people, such as 1.5 GiB."""
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"

"""A value in a text fit for an address: its version, the value as compressed JSON, and a checksum.

What comes back may be anybody's: its size is bounded before and after it is unpacked, and nothing is run.
"""

import base64
import binascii
import json
import re
import zlib
from typing import Any, NoReturn

from data.problem import DataError

LONGEST = 16_000
"""Characters of a text at most."""

MOST_BYTES = 128_000
"""Bytes of JSON at most: more than sixteen thousand characters can hold of numbers."""

DEEPEST = 16
"""Lists and maps within each other at most."""

_FORM = re.compile(r"([1-9][0-9]{0,5})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{6})")


def seal(value: Any, version: int) -> str:
    """Write a value; equal values give equal texts.

    Parameters
    ----------
    value : what JSON can hold, numbers finite; these come back to the last bit.
    version : tells what the value's parts mean.

    Raises
    ------
    DataError
        Where it is longer than a text may be.
    """
    written = json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()
    body = _letters(zlib.compress(written, 9))
    text = f"{version}.{body}.{_check(body)}"
    if len(text) > LONGEST or len(written) > MOST_BYTES:
        raise DataError(
            f"this view is too long for a link ({len(text):,} characters of at most {LONGEST:,}): "
            "remove what has many corners, a long condition or a long list"
        )
    return text


def open_sealed(text: str, version: int) -> Any:
    """Read what `seal` wrote.

    Raises
    ------
    DataError
        Where it is too long, damaged, or of another version.
    """
    if len(text) > LONGEST:
        raise DataError(f"This link is too long ({len(text):,} characters of at most {LONGEST:,})")
    form = _FORM.fullmatch(text)
    if form is None or form[3] != _check(form[2]):
        raise DataError("This link is damaged or cut short: copy the whole of it again")
    if int(form[1]) != version:
        raise DataError(
            f"This link was made by another version of the explorer (its form is {form[1]}, "
            f"and {version} is read here): choose anew what it showed"
        )
    return _value(_unpacked(form[2]))


def _letters(packed: bytes) -> str:
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _check(body: str) -> str:
    return _letters(zlib.crc32(body.encode()).to_bytes(4, "big"))


def _unpacked(body: str) -> bytes:
    """The bytes of a body, never more than MOST_BYTES of them."""
    try:
        packed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        unpacking = zlib.decompressobj()
        written = unpacking.decompress(packed, MOST_BYTES + 1)
    except (binascii.Error, zlib.error):
        raise DataError("This link is damaged: copy the whole of it again") from None
    if not unpacking.eof or unpacking.unused_data or len(written) > MOST_BYTES:
        raise DataError(f"This link is damaged, or holds more than {MOST_BYTES:,} bytes")
    return written


def _value(written: bytes) -> Any:
    try:
        value = json.loads(written.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise DataError("This link is damaged: it holds no readable values") from None
    if _too_deep(value):
        raise DataError(f"This link is damaged: its values are nested more than {DEEPEST} deep")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [part for each in level for part in _parts(each)]
    return bool(level)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []

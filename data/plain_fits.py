"""FITS files of the plainest kinds, an image or one row of a table, read in a tenth of a library's time."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Value = str | bool | int | float

_BLOCK, _CARD, _KEYWORD = 2880, 80, 8
_VALUE = re.compile(
    r"= +(?:'(?P<text>[^']*)'|(?P<flag>[TF])|(?P<whole>[+-]?\d+)|(?P<real>[+-]?\d*\.?\d*(?:[ED][+-]?\d+)?))"
    r" *(?:/.*)?",
    re.ASCII,
)
"""What follows a keyword, but for quotes within texts."""
_VECTOR = re.compile(r"(\d+)([EDJI])", re.ASCII)
_KINDS = {kind: np.dtype(code) for kind, code in (("E", ">f4"), ("D", ">f8"), ("J", ">i4"), ("I", ">i2"))}
_ODD_CARDS = {"END", "CONTINUE", "HIERARCH"}
_ODD_IMAGE = {"BSCALE", "BZERO", "BLANK", "GROUPS", "PCOUNT", "GCOUNT", "XTENSION"}
_TABLE = {
    "XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS2": 1, "PCOUNT": 0, "GCOUNT": 1,
}  # fmt: skip
_USUAL_COLUMN = re.compile(r"TFIELDS|(TTYPE|TFORM|TUNIT|TDISP)\d+", re.ASCII)


@dataclass(frozen=True, eq=False)
class Contents:
    """What a FITS file holds.

    Attributes
    ----------
    names : of its units, in capitals; "" or PRIMARY for none.
    cards : values of the primary header.
    image : of the primary unit, None where that has none.
    columns : of the table, by their names in capitals, with a row each of its rows; None without a table.
    """

    names: tuple[str, ...]
    cards: Mapping[str, Any]
    image: NDArray[Any] | None
    columns: Mapping[str, NDArray[Any]] | None


class _OddError(Exception):
    """The file is not plain, or not sound."""


def read_plain(content: bytes, keys: Collection[str], table: str) -> Contents | None:
    """Read a file that is of a plain kind and sound; None for every other.

    Plain are files of an image of float32 numbers in two dimensions and no other unit, and those of no image
    and one table, of a single row of vectors of numbers. What is odd in any way, is cut off, or goes on
    beyond its end is left to a library. The format is FITS 4.0 (Pence et al. 2010, A&A 524, A42), sections
    4.1, 4.2, 4.4.1 and 7.3.

    Parameters
    ----------
    content : the whole file.
    keys : keywords of the primary header that are asked for, in capitals.
    table : name of the table that is asked for, in capitals.
    """
    try:
        cards, start = _header(content, 0)
        values = {key: _value(cards, key) for key in keys if key in cards}
        _refuse(cards)
        if _whole(cards, "NAXIS"):
            return Contents((_name(cards),), values, _image(content, cards, start), None)
        extension, start = _header(content, start)
        if _name(extension) != table:
            return None
        return Contents((_name(cards), table), values, None, dict(_columns(content, extension, start)))
    except _OddError:
        return None


def _refuse(primary: Mapping[str, str]) -> None:
    """Refuse a file whose first header, apart from its sizes, is none."""
    sound = _value(primary, "SIMPLE") is True and isinstance(_value(primary, "BITPIX"), int)
    if not sound or ("EXTEND" in primary and not isinstance(_value(primary, "EXTEND"), bool)):
        raise _OddError


def _header(content: bytes, start: int) -> tuple[dict[str, str], int]:
    """What follows each keyword, where it is first, and where the header ends."""
    cards: dict[str, str] = {}
    while start + _BLOCK <= len(content):
        text = content[start : start + _BLOCK].decode("latin1")
        start += _BLOCK
        if not (text.isascii() and text.isprintable()):
            break
        for at in range(0, _BLOCK, _CARD):
            key = text[at : at + _KEYWORD].strip().upper()
            rest = text[at + _KEYWORD : at + _CARD]
            if key == "END" and rest.isspace():
                return cards, start
            if key in _ODD_CARDS or "=" in key:
                raise _OddError
            cards.setdefault(key, rest)
    raise _OddError


def _value(cards: Mapping[str, str], key: str) -> Value:
    found = _VALUE.fullmatch(cards.get(key, ""))
    if found is None:
        raise _OddError
    kind, text = found.lastgroup, found[found.lastgroup or 0]
    if kind == "text":
        return text.rstrip()
    if kind == "flag":
        return text == "T"
    try:
        return int(text) if kind == "whole" else float(text.replace("D", "E"))
    except ValueError as error:
        raise _OddError from error


def _whole(cards: Mapping[str, str], key: str) -> int:
    value = _value(cards, key)
    if type(value) is not int or value < 0:
        raise _OddError
    return value


def _name(cards: Mapping[str, str]) -> str:
    return str(_value(cards, "EXTNAME")).upper() if "EXTNAME" in cards else ""


def _image(content: bytes, cards: Mapping[str, str], start: int) -> NDArray[Any]:
    pixels, rows = _whole(cards, "NAXIS1"), _whole(cards, "NAXIS2")
    if _value(cards, "BITPIX") != -32 or _value(cards, "NAXIS") != 2 or _ODD_IMAGE & cards.keys():
        raise _OddError
    _end_of(content, start, rows * pixels * 4)
    return np.frombuffer(content, ">f4", rows * pixels, start).reshape(rows, pixels)


def _columns(content: bytes, cards: Mapping[str, str], start: int) -> Iterator[tuple[str, NDArray[Any]]]:
    odd = any(key.startswith("T") and not _USUAL_COLUMN.fullmatch(key) for key in cards)
    if odd or any(_value(cards, key) != value for key, value in _TABLE.items()):
        raise _OddError
    names, vectors = [], []
    for number in range(1, _whole(cards, "TFIELDS") + 1):
        vector = _VECTOR.fullmatch(str(_value(cards, f"TFORM{number}")))
        if vector is None or int(vector[1]) < 2:
            raise _OddError
        names.append(str(_value(cards, f"TTYPE{number}")).upper())
        vectors.append((int(vector[1]), _KINDS[vector[2]]))
    size = sum(pixels * kind.itemsize for pixels, kind in vectors)
    if size != _whole(cards, "NAXIS1") or len(set(names)) < len(names):
        raise _OddError
    _end_of(content, start, size)
    for name, (pixels, kind) in zip(names, vectors, strict=True):
        yield name, np.frombuffer(content, kind, pixels, start)[None]
        start += pixels * kind.itemsize


def _end_of(content: bytes, start: int, size: int) -> None:
    """Refuse a file that does not end with the block in which its numbers do."""
    blocks = -(-size // _BLOCK)
    if not size or start + blocks * _BLOCK != len(content):
        raise _OddError

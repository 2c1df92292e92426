"""Named arrays with their provenance in one file: whole or not at all, and unchanged when read again.

Layout, all numbers little-endian: 8 bytes of signature; the layout's number (uint32), the header's length
(uint32) and the whole file's (uint64); the header, JSON in UTF-8: kind, version, provenance, and each array's
dtype and shape; the arrays in that order, row by row, each from the next multiple of 64 bytes on; and the
SHA-256 of everything before it. Nothing in it is ever executed.
"""

import hashlib
import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.compression import readable_bytes
from data.draft import draft
from data.problem import DataError

LIMIT = 1 << 32
"""Bytes that a file may have, written or read: a thousand times what a trained model needs."""

_SIGNATURE = b"\x93ENRICH\n"
_LAYOUT = 1
_PREAMBLE = struct.Struct("<8sIIQ")
_ALIGNMENT = 64
_DIGEST = hashlib.sha256().digest_size
_KINDS = frozenset("biufcSU")
_MEANINGLESS = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, eq=False)
class Stored:
    """What a file holds.

    Attributes
    ----------
    arrays : by name, read-only.
    version : of this kind of content, as it was saved; an older one is for the caller to translate.
    provenance : how the arrays came about.
    checksum : SHA-256 of the file but for its last 32 bytes, hexadecimal: it names the content.
    """

    arrays: Mapping[str, NDArray[Any]]
    version: int
    provenance: Mapping[str, Any]
    checksum: str


def save(
    path: Path, arrays: Mapping[str, NDArray[Any]], *, kind: str, version: int, provenance: Mapping[str, Any]
) -> str:
    """Write arrays to a file, which takes the place of an older one when it is complete.

    Parameters
    ----------
    path : the file.
    arrays : numbers, booleans or fixed-width text, of any shape.
    kind : what they are together, such as "cannon".
    version : of this kind's names and meanings, counted from 1.
    provenance : how they came about, as JSON can hold it. The same content makes the same bytes.

    Returns
    -------
    str
        The checksum, as `load` gives it.

    Raises
    ------
    DataError
        If something cannot be stored or the file cannot be written. Nothing is left behind then.
    """
    plain = {name: _storable(name, values) for name, values in arrays.items()}
    content = _preamble_and_header(path, plain, kind, version, provenance)
    for values in plain.values():
        content += bytes(-len(content) % _ALIGNMENT)
        content += values.tobytes()
    digest = hashlib.sha256(content)
    content += digest.digest()
    with draft(path) as part:
        part.write_bytes(content)
    return digest.hexdigest()


def load(path: Path, *, kind: str, version: int) -> Stored:
    """Read a file that `save` wrote.

    Parameters
    ----------
    path : the file.
    kind : what it must hold.
    version : the newest version of that kind which the caller understands.

    Raises
    ------
    DataError
        If the file cannot be read, is not ours, was cut short or damaged, holds another kind, or is of a
        newer version. Memory is bounded by the file's own size, and that by `LIMIT`.
    """
    content, header_size = _content(path)
    digest = hashlib.sha256(content[:-_DIGEST].data)
    if digest.digest() != content[-_DIGEST:].tobytes():
        raise DataError(f"{path} is damaged (its checksum does not fit): copy it again, or make it anew")
    start = _PREAMBLE.size + header_size
    try:
        body = json.loads(content[_PREAMBLE.size : start].tobytes())
        held, theirs, provenance = str(body["kind"]), int(body["version"]), dict(body["provenance"])
        if held == kind and theirs <= version:
            arrays = _arrays(content[:-_DIGEST], start, body["arrays"])
    except _MEANINGLESS as error:
        raise DataError(f"{path} does not describe its content properly ({error}): make it anew") from error
    if held != kind:
        raise DataError(f"{path} holds a {held}, expected a {kind}: give a file of that kind")
    if theirs > version:
        raise DataError(
            f"{path} is a {kind} of version {theirs}, and this program reads up to {version}: update it"
        )
    return Stored(MappingProxyType(arrays), theirs, MappingProxyType(provenance), digest.hexdigest())


def is_stored(path: Path) -> bool:
    """Whether a file begins as those that `save` wrote; not, where it can't be read."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(_SIGNATURE)) == _SIGNATURE
    except OSError:
        return False


def _storable(name: str, values: NDArray[Any]) -> NDArray[Any]:
    values = np.asarray(values)
    if values.dtype.kind not in _KINDS:
        raise DataError(
            f"the array '{name}' is of type {values.dtype}: store numbers, booleans or fixed-width text"
        )
    return values.astype(values.dtype.newbyteorder("<"), copy=False)


def _preamble_and_header(
    path: Path, arrays: Mapping[str, NDArray[Any]], kind: str, version: int, provenance: Mapping[str, Any]
) -> bytearray:
    described = {name: {"dtype": values.dtype.str, "shape": values.shape} for name, values in arrays.items()}
    body = {"kind": kind, "version": version, "provenance": dict(provenance), "arrays": described}
    try:
        header = json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(
            f"the provenance of {path.name} cannot be stored ({error}): "
            "give text, finite numbers, lists and mappings"
        ) from error
    size = _PREAMBLE.size + len(header)
    for values in arrays.values():
        size += -size % _ALIGNMENT + values.nbytes
    size += _DIGEST
    if size > LIMIT:
        raise DataError(
            f"{path.name} would take {readable_bytes(size)}, and {readable_bytes(LIMIT)} is the most: "
            "store fewer or smaller arrays"
        )
    return bytearray(_PREAMBLE.pack(_SIGNATURE, _LAYOUT, len(header), size) + header)


def _content(path: Path) -> tuple[NDArray[np.uint8], int]:
    """Read a whole file of ours, and tell the length of its header."""
    if path.exists() and not path.is_file():
        raise DataError(f"{path} is no ordinary file: give the path of a stored file")
    try:
        with path.open("rb") as file:
            start = file.read(_PREAMBLE.size)
            actual = file.seek(0, os.SEEK_END)
            header, size = _lengths(path, start)
            if actual != size:
                what = "breaks off" if actual < size else "was added to"
                raise DataError(
                    f"{path} {what}: it has {actual} bytes instead of {size}; copy it again, or make it anew"
                )
            file.seek(0)
            return np.fromfile(file, np.uint8), header
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; give a stored file") from error


def _lengths(path: Path, start: bytes) -> tuple[int, int]:
    """Lengths of header and file, as its first bytes state them."""
    if not start.startswith(_SIGNATURE):
        raise DataError(f"{path} was not written by this program: give a file that it stored")
    if len(start) < _PREAMBLE.size:
        raise DataError(f"{path} breaks off after {len(start)} bytes: copy it again, or make it anew")
    _, layout, header, size = _PREAMBLE.unpack(start)
    if layout != _LAYOUT:
        raise DataError(f"{path} has layout {layout}, and this program reads {_LAYOUT}: update it")
    if size > LIMIT or _PREAMBLE.size + header + _DIGEST > size:
        raise DataError(f"{path} is damaged (impossible lengths): copy it again, or make it anew")
    return header, size


def _arrays(content: NDArray[np.uint8], start: int, described: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Views of the content, as the header describes it. Raises ValueError where it cannot be so."""
    content.setflags(write=False)
    arrays = {}
    for name, facts in described.items():
        dtype, shape = np.dtype(str(facts["dtype"])), [int(length) for length in facts["shape"]]
        if dtype.kind not in _KINDS or min(shape, default=0) < 0:
            raise ValueError(f"the array '{name}' is of type {facts['dtype']} and shape {shape}")
        begin = start + -start % _ALIGNMENT
        start = begin + math.prod(shape) * dtype.itemsize
        if start > len(content):
            raise ValueError(f"the array '{name}' goes beyond the end")
        arrays[name] = content[begin:start].view(dtype).reshape(shape)
    if start != len(content):
        raise ValueError(f"{len(content) - start} bytes belong to no array")
    return arrays

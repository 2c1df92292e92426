"""An opened catalogue: named columns that never change, memory-mapped, and all there is to say of them."""

import hashlib
import json
import os
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.cache import Cache, Entry
from data.derivation import Derivation
from data.ingest import ROW_OF_SOURCE, SOURCE_ROW, Progress, Request, ingest
from data.problem import DataError
from data.recognition import named_mapping, shipped_mappings
from data.schema import COLUMNS, Column
from data.summary import Summary
from data.tables import FORMATS, source_parts

_FORMAT = 3
"""Grows when what is kept of an opened catalogue changes."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """A catalogue of stars, one per row.

    Attributes
    ----------
    name : its short name, from the file's.
    source : the file or folder it was read from.
    checksum : SHA-256 of the source.
    mapping_name, mapping_notes : how its columns were told, and what to know about them.
    columns : (N,) read-only arrays by name. Neighbouring rows are neighbours in (R, z): a Morton curve.
    described : what each column is.
    source_row : (N,) row number in the source, from 0, of each row here.
    row_of_source : (N,) the inverse: row here of each row in the source.
    found, derived : columns that the source has, and those computed from them.
    unread : columns of the source that nothing here is made of.
    missing : columns we know that are neither -> why.
    mock : whether it is a mock survey.
    metadata : the source's own key-value metadata, and above it what the mapping says of its origin.
    notes : findings, such as odd units or a mirrored azimuth.
    summaries : contents of each column in a few numbers.
    options : words of a command line that open it like this again.
    """

    name: str
    source: Path
    checksum: str
    mapping_name: str
    mapping_notes: tuple[str, ...]
    columns: Mapping[str, NDArray[Any]]
    described: Mapping[str, Column]
    source_row: NDArray[np.int64]
    row_of_source: NDArray[np.int64]
    found: tuple[str, ...]
    derived: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    mock: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    summaries: Mapping[str, Summary] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.source_row)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    @property
    def nbytes(self) -> int:
        """Bytes of all columns; they are mapped from disk, so that only those in use take memory."""
        return sum(values.nbytes for values in self.columns.values())


def open_catalogue(
    path: str | Path,
    *,
    derivations: Sequence[Derivation] = (),
    mapping: str | Path | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
    options: Sequence[str] = (),
) -> Catalogue:
    """Open any table of stars: FITS, Parquet (a file or a folder), VOTable, CSV, ECSV or white space.

    The first time it is read, sorted and kept in the cache; afterwards it opens at once, until the source,
    the mappings or the derivations change.

    Parameters
    ----------
    path : a file, compressed or not, or a folder.
    derivations : functions that fill columns which the file lacks, in the order in which they run.
    mapping : name of a shipped mapping or path of a TOML file; None recognises the catalogue by its columns.
    cache : folder of the cache; None takes that of the variable EXPLORER_CACHE, else the user's own.
    progress : told (done, total or None, of what) while the file is read.
    options : words of a command line that ask for this mapping and these derivations; kept for exports.

    Raises
    ------
    DataError
        If the file or mapping cannot be used, changes meanwhile, or the disk is full.
    """
    if path == "":
        raise DataError(f"the path of the catalogue is empty: give that of a table ({FORMATS})")
    path = Path(path).expanduser().absolute()
    key = _key(path, mapping, derivations)
    request = Request(path, mapping, tuple(derivations), progress or _silent)
    kept = Cache(cache)
    entry = kept.open(key)
    if entry is None:
        entry = kept.build(key, partial(ingest, request))
        if _key(path, mapping, derivations) != key:
            raise DataError(f"{path} changed while it was read: open it again when it is complete")
    return _from_entry(path, entry, tuple(options))


def _silent(done: int, total: int | None, what: str) -> None:
    """Report nothing."""


def _key(path: Path, mapping: str | Path | None, derivations: Sequence[Derivation]) -> str:
    """Name of the cache entry: whatever would change the opened catalogue changes it."""
    parts = [(str(part), part.stat()) for part in source_parts(path)]
    chosen = [named_mapping(mapping)] if mapping else shipped_mappings().values()
    told = {
        "format": _FORMAT,
        "source": [(name, status.st_size, status.st_mtime_ns) for name, status in parts],
        "mappings": [(chosen_one.name, chosen_one.content) for chosen_one in chosen],
        "given": mapping is not None,
        "derivations": [(d.name, d.version, d.needs, d.gives) for d in derivations],
        "schema": repr(tuple(COLUMNS.values())),
    }
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _from_entry(path: Path, entry: Entry, options: tuple[str, ...]) -> Catalogue:
    body, about = entry.body, entry.body["mapping"]
    described = {name: Column(**fields) for name, fields in body["described"].items()}
    origin = {
        "mapping": about["name"],
        "description": about["description"],
        "column_list": about["source"],
        "published": about["published"],
        "citation": about["citation"],
        "gaia_release": about["gaia_release"],
        "file_format": body["format"],
    }
    versions = {f"derived {name}": version for name, version in body["versions"].items()}
    catalogue = Catalogue(
        name=path.name.split(".")[0],
        source=path,
        checksum=body["checksum"],
        mapping_name=about["name"],
        mapping_notes=tuple(about["notes"]),
        columns=MappingProxyType({name: entry.arrays[name] for name in described}),
        described=MappingProxyType(described),
        source_row=entry.arrays[SOURCE_ROW],
        row_of_source=entry.arrays[ROW_OF_SOURCE],
        found=tuple(body["found"]),
        unread=tuple(body["unread"]),
        derived=tuple(body["derived"]),
        missing=MappingProxyType(body["missing"]),
        mock=body["mock"],
        metadata=MappingProxyType({**body["metadata"], **{k: v for k, v in origin.items() if v}, **versions}),
        notes=tuple(body["notes"]),
        summaries=MappingProxyType({name: Summary(**known) for name, known in body["summaries"].items()}),
        options=options,
    )
    weakref.finalize(catalogue, os.close, entry.lease)
    return catalogue

"""A table read into a cache entry: columns under our names, derived ones added, rows sorted and summed up."""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.derivation import Derivation, Step, plan
from data.description import undescribed
from data.mapping import CatalogueMapping
from data.matching import Fill, Match, match
from data.order import inverse, morton_order
from data.problem import DataError
from data.recognition import is_mock, named_mapping, recognise
from data.schema import COLUMNS, MOCK, Column
from data.spool import Spool, spooling, write_npy
from data.summary import Summary, summarise
from data.table import Table
from data.tables import open_table, source_parts

Progress = Callable[[int, int | None, str], None]
"""Told how many of how many are done (None: unknown), and of what."""

SOURCE_ROW, ROW_OF_SOURCE = "source-row", "row-of-source"
"""Files of the order of rows, under names that no column can have."""
_PLACES = (("R", "z"), ("l", "b"), ("ra", "dec"))
_SUSPICIOUS = (-9999.0, -9999.99, -999.0, -99.0, 99.0, 99.99, 999.0, 9999.0, 9999.99)
_BLOCK = 1 << 22
_MANY = 12


@dataclass(frozen=True)
class Request:
    """What is to be opened: the source, the mapping given (None: recognise it), what to derive."""

    path: Path
    mapping: str | Path | None
    derivations: Sequence[Derivation]
    progress: Progress


def ingest(request: Request, folder: Path) -> dict[str, Any]:
    """Read a table into .npy files of a folder.

    Parameters
    ----------
    request : what to open.
    folder : an empty folder, which gets one file per column, sorted, and the order of rows both ways.

    Returns
    -------
    What else there is to know, fit for JSON.

    Raises
    ------
    DataError
        If the file cannot be used.
    """
    scratch = folder / "scratch"
    scratch.mkdir()
    with open_table(request.path, scratch) as table, spooling(scratch) as spool:
        mapping = named_mapping(request.mapping) if request.mapping else recognise(table, request.path)
        matched = match(mapping, table, request.path)
        steps, reasons = plan(request.derivations, matched.fills)
        checksum = _checksum(request)
        _read(table, matched, steps, spool, request)
        derived = [name for step in steps for name in step.fills]
        described = {name: fill.filling.column for name, fill in matched.fills.items()}
        described |= {name: COLUMNS[name] for name in derived}
        summaries = _write_sorted(spool, described, folder, request.progress)
    shutil.rmtree(scratch)
    mock = is_mock(table.metadata, table.names)
    why = dict.fromkeys(COLUMNS, "not in the file") | dict(matched.missing) | dict(reasons)
    unasked = set(described) | (set() if mock else {column.name for column in MOCK})
    remarks = _remarks(request.path, matched.fills, summaries, spool.rows)
    return {
        "checksum": checksum,
        "format": table.format,
        "mapping": _about(mapping),
        "described": {name: asdict(column) for name, column in described.items()},
        "found": list(matched.fills),
        "unread": [name for name in (*table.names, *table.vectors) if name not in matched.wanted],
        "derived": derived,
        "missing": {name: reason for name, reason in why.items() if name not in unasked},
        "mock": mock,
        "metadata": undescribed(table.metadata),
        "versions": {step.derivation.name: step.derivation.version for step in steps},
        "summaries": {name: asdict(summary) for name, summary in summaries.items()},
        "notes": [*matched.notes, *remarks, *_checks(request.derivations, matched.fills, folder)],
    }


def _about(mapping: CatalogueMapping) -> dict[str, Any]:
    keys = ("name", "description", "source", "published", "citation", "gaia_release", "notes")
    return {key: getattr(mapping, key) for key in keys}


def _checksum(request: Request) -> str:
    """SHA-256 of a file; of a folder, that of its parts' names and checksums."""
    parts = source_parts(request.path)
    total = sum(part.stat().st_size for part in parts)
    done, sums = 0, []
    for part in parts:
        digest = hashlib.sha256()
        with part.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                done += len(block)
                request.progress(done, total, "bytes summed")
        sums.append((part.relative_to(request.path).as_posix(), digest.hexdigest()))
    return hashlib.sha256(repr(sums).encode()).hexdigest() if request.path.is_dir() else sums[0][1]


def _read(table: Table, matched: Match, steps: Sequence[Step], spool: Spool, request: Request) -> None:
    for chunk in table.chunks(matched.wanted, matched.marks):
        try:
            ours = {name: fill.values(chunk) for name, fill in matched.fills.items()}
        except DataError as problem:
            raise DataError(f"{request.path}: {problem}") from problem
        if not len(next(iter(ours.values()))):
            continue
        for step in steps:
            ours |= step.run(ours)
        spool.append(ours)
        request.progress(spool.rows, table.rows, "rows read")
    if spool.rows == 0:
        raise DataError(f"{request.path} has columns but no rows: expected at least one star")


def _write_sorted(
    spool: Spool, described: Mapping[str, Column], folder: Path, progress: Progress
) -> dict[str, Summary]:
    whole = {name: spool.take(name) for pair in _PLACES for name in pair if name in described}
    placed = [
        pair for pair in _PLACES if set(pair) <= set(whole) and _any_placed(*(whole[name] for name in pair))
    ]
    order = morton_order(*(whole[name] for name in placed[0])) if placed else np.arange(spool.rows)
    summaries = {}
    for done, (name, column) in enumerate(described.items(), start=1):
        values = (whole.pop(name) if name in whole else spool.take(name))[order]
        summaries[name] = summarise(values, column)
        write_npy(folder / f"{name}.npy", values)
        progress(done, len(described), "columns sorted")
    write_npy(folder / f"{SOURCE_ROW}.npy", order)
    write_npy(folder / f"{ROW_OF_SOURCE}.npy", inverse(order))
    return summaries


def _any_placed(first: NDArray[Any], second: NDArray[Any]) -> bool:
    return bool(np.any(np.isfinite(first) & np.isfinite(second)))


def _remarks(path: Path, fills: Mapping[str, Fill], summaries: Mapping[str, Summary], rows: int) -> list[str]:
    """Point out empty columns, and values that look like marks for "missing"."""
    empty = [name for name in fills if summaries[name].missing == rows]
    if len(empty) == len(fills):
        names = ", ".join(empty[:_MANY]) + (", ..." if len(empty) > _MANY else "")
        raise DataError(
            f"{path} has no value that is not missing (in {names}): expected at least one; if the mapping "
            "takes values for missing-value marks, correct its sentinels"
        )
    remarks = [f"without any value: {', '.join(empty)}"] if empty else []
    for name, fill in fills.items():
        ends = (summaries[name].low, summaries[name].high)
        odd = [end for end in ends if np.any(np.isclose(end, _SUSPICIOUS, rtol=1e-6, atol=0))]
        if odd and fill.filling.column.kind != "flag":
            remarks.append(
                f"{name} reaches {odd[0]:g}, perhaps a mark for missing values: see sentinels in mappings"
            )
    return remarks


def _checks(derivations: Sequence[Derivation], fills: Mapping[str, Fill], folder: Path) -> list[str]:
    own = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in fills}
    return [note for derivation in derivations for note in derivation.check(own)]

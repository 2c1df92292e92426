"""Binaries and their field pairs with their distances, as a table."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.export import check_place
from data.extract import Extract
from data.formats import format_of
from data.rows import write_rows
from data.schema import Column
from explorer.binaries import BinaryResult, PairGroup
from explorer.binary_words import chance, headline
from explorer.results import Columns

_ORIGIN = "study of wide binaries"
_NAMED = ("source_id", "obsid", "designation", "teff", "logg", "fe_h", "snrz")
"""Columns of both stars that are written, where the catalogue has them."""


def write_pairs(
    out: Path,
    catalogue: Catalogue,
    result: BinaryResult,
    command: tuple[str, ...],
    *,
    where: str,
    overwrite: bool,
) -> int:
    """Write a table of pairs, binaries first; it takes the place of an older one when complete.

    Parameters
    ----------
    out : the file; its ending says the format.
    catalogue, result : of the study.
    command : words that make it again, but for the file's name.
    where : condition on the stars.
    overwrite : whether an older table may be replaced.

    Returns
    -------
    How many pairs were written.

    Raises
    ------
    DataError
        If the ending says no format, the file exists, or it can't be written. Nothing is left behind then.
    """
    extract = Extract.of(catalogue, format_of(out), where=where)
    check_place(catalogue, out, overwrite=overwrite)
    columns = pair_columns(catalogue, result)
    number = len(columns.values["distance"])
    metadata = {**extract.metadata(number, out.name), **_facts(catalogue, result)}
    del metadata["out_of"]  # rows are of pairs
    metadata["command"] = shlex.join([*command, "--out", out.name])
    write_rows(out, columns.described, columns.values, metadata)
    return number


def pair_columns(catalogue: Catalogue, result: BinaryResult) -> Columns:
    """Columns of the table: what a pair is, both stars, differences and distance."""
    columns = Columns()
    there = result.field.first >= 0
    binaries = len(result.binaries.first)
    field = int(there.sum())
    whose = np.concatenate([np.arange(binaries), np.nonzero(there)[0]])
    first, second, distance = (_both(result, name, there) for name in ("first", "second", "distance"))
    columns.add_all(
        [
            (
                _column("is_binary", "int8", "1 for a binary, 0 for a field pair.", "flag"),
                np.arange(binaries + field) < binaries,
            ),
            (
                _column("binary", "int64", "Number of the binary it is, or is matched to.", "identifier"),
                whose,
            ),
            (_column("distance", "float64", "Chemical distance, eq. 6."), distance),
            (
                _column("weight", "float64", "By which a pair counts: field pairs of a binary share 1."),
                np.concatenate([np.ones(binaries), result.weight[there]]),
            ),
            (
                _column(
                    "separation",
                    "float64",
                    f"Of the two stars of a binary; {result.separation_meaning}.",
                    unit="AU",
                ),
                np.concatenate([result.separation, np.full(field, np.nan)]),
            ),
        ]
    )
    for place, name in enumerate(result.abundances):
        delta = np.concatenate([result.binaries.delta[place], result.field.delta[place][there]])
        meaning = f"{name} of the first star minus that of the second."
        columns.add(
            f"delta_{name}",
            delta,
            described=_column(f"delta_{name}", "float64", meaning, "diverging", unit="dex"),
        )
    for number, rows in ((1, first), (2, second)):
        for described, values in _of_stars(catalogue, rows, number).items():
            columns.add(described.name, values, described=described)
    return columns


def _of_stars(catalogue: Catalogue, rows: NDArray[np.int64], number: int) -> dict[Column, NDArray[Any]]:
    found: dict[Column, NDArray[Any]] = {}
    for name in (name for name in _NAMED if name in catalogue):
        known = catalogue.described[name]
        described = _column(
            f"{name}_{number}", known.dtype, f"{known.meaning} Star {number}.", known.kind, known.unit
        )
        found[described] = np.asarray(catalogue[name][rows])
    row = _column(
        f"source_row_{number}",
        "int64",
        f"Row of star {number} in the catalogue's file, from 0.",
        "identifier",
    )
    found[row] = catalogue.source_row[rows]
    return found


def _both(result: BinaryResult, name: str, there: NDArray[np.bool_]) -> NDArray[Any]:
    def of(group: PairGroup) -> NDArray[Any]:
        return np.asarray(getattr(group, name))

    return np.concatenate([of(result.binaries), of(result.field)[there]])


def _column(name: str, dtype: Any, meaning: str, kind: Any = "sequential", unit: str = "") -> Column:
    tex = rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"
    return Column(name, dtype, unit, tex, name, meaning, _ORIGIN, 0, 1, kind)


def _facts(catalogue: Catalogue, result: BinaryResult) -> Mapping[str, str]:
    """What the file says of the study."""
    mock = "MOCK catalogue, no observed stars: " if catalogue.mock else ""
    options = asdict(replace(result.options, sigma={}))
    scatter = {name: [each.dex, each.origin] for name, each in result.scatter.items()}
    return {
        "title": f"{mock}wide binaries of {catalogue.name} and field pairs matched to them",
        "pairs": result.pairs_name,
        "options": json.dumps(options),
        "sigma": json.dumps(scatter),
        "left": json.dumps(list(result.left)),
        "result": headline(result),
        "auc": json.dumps(asdict(result.auc)),
        "permutations": chance(result),
        "notes_of_study": " | ".join(result.notes),
    }

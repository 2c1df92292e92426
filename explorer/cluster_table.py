"""Members of a cluster with their labels as a table, and what was found of these beside it."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from data.catalogue import Catalogue
from data.export import check_place
from data.extract import Extract
from data.formats import format_of
from data.rows import write_rows
from explorer.cluster_study import ClusterStudy
from explorer.cluster_words import CAUTIONS, source, steps, title
from explorer.results import Columns

NAMED = (
    "source_id", "obsid", "designation", "ra", "dec", "pmra", "pmdec", "distance", "teff", "logg", "snrz",
)  # fmt: skip
"""Columns of members that are written, where the catalogue has them; their labels follow."""


def check_table(catalogue: Catalogue, out: Path, *, where: str, overwrite: bool) -> None:
    """Refuse, with a DataError, a place where the table can't be written."""
    Extract.of(catalogue, format_of(out), where=where)
    check_place(catalogue, out, overwrite=overwrite)


def write_members(
    out: Path, catalogue: Catalogue, study: ClusterStudy, command: tuple[str, ...], *, where: str
) -> int:
    """Write the members, in the order of the source; gives how many.

    Parameters
    ----------
    out : CSV, FITS or Parquet; it appears when it is complete.
    catalogue, study : of the members.
    command : words that make it again, but for the file's name.
    where : condition on the stars.

    Raises
    ------
    DataError
        If the table can't be written.
    """
    order = np.argsort(catalogue.source_row[study.rows], kind="stable")
    columns = Columns()
    for name in NAMED:
        if name in catalogue:
            values = np.asarray(catalogue[name])[study.rows[order]]
            columns.add(name, values, described=catalogue.described[name])
    for name, labels in study.values.items():
        columns.add(name, labels[order], described=catalogue.described[name])
    facts = Extract.of(catalogue, format_of(out), where=where).metadata(len(order), out.name)
    write_rows(out, columns.described, columns.values, {**facts, **_facts(catalogue, study, command, out)})
    return len(order)


def _facts(
    catalogue: Catalogue, study: ClusterStudy, command: tuple[str, ...], out: Path
) -> Mapping[str, str]:
    options = study.options
    kind = "MOCK catalogue, no observed stars: " if catalogue.mock else ""
    found = {
        "title": f"{kind}members of an open cluster. {title(catalogue, study)}",
        "cluster": study.name,
        "members": steps(study),
        "cut": "" if options.cut is None else json.dumps(_finite(asdict(options.cut))),
        "cut_from": source(study),
        "drifts": json.dumps(
            {name: _finite(asdict(drift.slope)) for name, drift in study.drifts.items()}
        ),
        "drifts_are": "slopes against teff, dex per K, with 95 % intervals from draws of members",
        "draws": str(options.draws),
        "seed": str(options.seed),
        "caution": " ".join(CAUTIONS),
        "study_notes": " | ".join(study.notes),
        "command": shlex.join([*command, "--out", out.name]),
    }  # fmt: skip
    return {key: value for key, value in found.items() if value}


def _finite(numbers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Numbers as JSON knows them: None for what is infinite or missing."""
    return {
        name: value if not isinstance(value, float) or np.isfinite(value) else None
        for name, value in numbers.items()
    }

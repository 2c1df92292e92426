"""A catalogue with its calibrated labels beside it: new columns, never in place of the old ones."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.export import check_place
from data.extract import Extract
from data.formats import Content, format_of
from data.rows import write_content
from data.schema import Column
from explorer.abundance_scatter import CALIBRATED
from explorer.calibration import CALIBRATOR, Calibration, Corrected
from explorer.calibration_words import CAUTIONS, lines, title
from explorer.headway import Progress
from explorer.notation import upright

ORIGIN = "The Cannon on the LAMOST spectrum, less f(Teff) learned from stars born together"
KNOTS = 50
"""Values of T_eff at which a correction is written."""


def check_table(catalogue: Catalogue, out: Path, *, overwrite: bool) -> None:
    """Refuse, with a DataError, a place where the catalogue can't be written."""
    format_of(out)
    check_place(catalogue, out, overwrite=overwrite)


def write_calibrated(
    out: Path,
    catalogue: Catalogue,
    found: Calibration,
    command: tuple[str, ...],
    progress: Progress,
    *,
    where: str,
) -> Mapping[str, int]:
    """Write all stars, with three kinds of columns more: cal_NAME, e_cal_NAME and calibrator.

    Parameters
    ----------
    out : CSV, FITS or Parquet; it appears when it is complete.
    catalogue, found : of the stars.
    command : words that make it again, but for the file's name.
    progress : told how far it is; it may raise to stop.
    where : condition on the stars that were learned from.

    Returns
    -------
    How many stars have each calibrated label.

    Raises
    ------
    DataError
        If the file can't be written.
    """
    extract = Extract.of(catalogue, format_of(out))
    rows, used = extract.rows(), found.used(catalogue)
    corrected = {name: Corrected.of(catalogue, found, name) for name in found.useful}
    counts = dict.fromkeys(found.useful, 0)

    def chunks(size: int) -> Iterator[Mapping[str, NDArray[Any]]]:
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            chunk = {column.name: np.asarray(catalogue[column.name][part]) for column in extract.columns}
            for name, label in corrected.items():
                value, error = label.rows(part)
                chunk[f"{CALIBRATED}{name}"] = value.astype(np.float32)
                chunk[f"e_{CALIBRATED}{name}"] = error.astype(np.float32)
                counts[name] += int(np.isfinite(value).sum())
            chunk[CALIBRATOR] = used[part].astype(np.int8)
            progress(start + len(part), len(rows), "rows written")
            yield chunk

    columns = (*extract.columns, *new_columns(catalogue, found))
    own = {column.name: catalogue[column.name].dtype for column in extract.columns}
    dtypes = own | {column.name: np.dtype(column.dtype) for column in columns[len(own) :]}
    facts = {**extract.metadata(len(rows), out.name), **_facts(catalogue, found, where)}
    facts["command"] = shlex.join([*command, "--out", out.name])
    write_content(out, Content(columns, dtypes, len(rows), facts, chunks))
    return counts


def new_columns(catalogue: Catalogue, found: Calibration) -> tuple[Column, ...]:
    """Describe what is added."""
    columns = []
    for name in found.useful:
        label, reach = catalogue.described[name], found.corrections[name].course.support
        plain = f"{label.plain} calibrated"
        cal = replace(
            label, name=f"{CALIBRATED}{name}", dtype="float32", plain=plain, origin=ORIGIN,
            tex=rf"{label.tex}_\mathrm{{cal}}",
            meaning=f"{label.plain} less its trend with Teff among stars born together, from "
            f"{reach.low:.0f} to {reach.high:.0f} K.",
        )  # fmt: skip
        error = replace(
            cal, name=f"e_{CALIBRATED}{name}", plain=f"error of {plain}", tex=rf"\sigma({cal.tex})", low=0.0,
            high=0.1 * (label.high - label.low), kind="sequential",
            meaning=f"One-sigma error of {plain}: the stated one and that of the correction.",
        )  # fmt: skip
        columns += [cal, error]
    flag = Column(
        CALIBRATOR, "int8", "", upright(CALIBRATOR), "calibrator",
        "True of stars that the calibration was learned from; they must not judge it.", ORIGIN, 0, 1, "flag",
    )  # fmt: skip
    return (*columns, flag)


def _facts(catalogue: Catalogue, found: Calibration, where: str) -> Mapping[str, str]:
    """What the file says of the calibration, with the corrections themselves."""
    courses = {}
    for name in found.useful:
        one = found.corrections[name]
        teff = np.linspace(one.course.support.low, one.course.support.high, KNOTS)
        courses[name] = {
            "anchor": round(one.course.support.anchor, 1),
            "teff": np.round(teff, 1).tolist(),
            "f": np.round(one.course(teff), 5).tolist(),
            "error": np.round(one.error(teff), 5).tolist(),
            "scatter": asdict(one.scatter),
        }
    stars = found.calibrators
    options = {**asdict(found.options), "where": where}
    whole = f"All rows of {catalogue.name}, with calibrated labels beside them"
    return {
        "title": f"{title(catalogue, found)}. {whole}",
        "errors_of_teff": f"{found.of_errors:.4f} of the variance of Teff within groups",
        "calibration": " | ".join(lines(catalogue, found)),
        "calibration_options": json.dumps(options),
        "calibration_groups": json.dumps([*stars.sources]),
        "calibration_limits": json.dumps({name: dict(found.limits[name]) for name in found.useful}),
        "calibration_courses": json.dumps(courses),
        "caution": " ".join(CAUTIONS),
    }

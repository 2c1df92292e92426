"""What is left when all pieces are done: one FITS file of the catalogue, and a manifest of everything."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data.binary_tables import read_parquet
from data.draft import draft
from data.formats import FORMATS, Content
from data.problem import DataError
from explorer.build_columns import column_named
from explorer.cannon_file import load_model
from explorer.spectra import Progress
from explorer.survey_models import TOLD
from explorer.workplace import (
    CATALOGUE,
    MANIFEST,
    MODELS,
    OBSERVATIONS,
    PARTS,
    PLAN,
    REJECTS,
    Workplace,
    checksum,
    write_text,
)

FITS = "catalogue.fits"


def finish(place: Workplace, progress: Progress) -> None:
    """Write what is left. The manifest is last: with it the work is done."""
    parts = {name: place.parts(name) for name in PARTS}
    rows = {name: sum(pq.read_metadata(file).num_rows for file in parts[name]) for name in PARTS}
    if (there := rows[OBSERVATIONS] + rows[REJECTS]) != (wanted := place.plan["spectra"]):
        raise DataError(
            f"{place.folder} has lost parts: {there:,} of {wanted:,} spectra are there; remove its folders "
            f"{OBSERVATIONS}, {REJECTS} and {CATALOGUE}, and give the same command again"
        )
    if not (place.folder / FITS).exists():
        _write_fits(place, parts[CATALOGUE])
    files = [place.folder / PLAN, place.folder / FITS, *sorted((place.folder / MODELS).iterdir())]
    files += [file for name in PARTS for file in parts[name]]
    sums = {}
    for done, file in enumerate(files):
        sums[str(file.relative_to(place.folder))] = checksum(file)
        progress(done + 1, len(files), "files sealed")
    place.sweep()
    manifest = {"files": sums, "rows": rows, "notes": [*place.notes, *_of_models(place)], **place.about}
    write_text(place.folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def _of_models(place: Workplace) -> list[str]:
    """How the models came about."""
    models = sorted((place.folder / MODELS).iterdir())
    return [line for model in models for line in load_model(model).history.get(TOLD, ())]


def _write_fits(place: Workplace, parts: tuple[Path, ...]) -> None:
    dtypes = _dtypes(parts)
    rows = sum(pq.read_metadata(part).num_rows for part in parts)

    def chunks(_size: int) -> Iterator[Mapping[str, NDArray[Any]]]:
        for part in parts:
            held = read_parquet(part)
            yield {name: held[name].astype(dtype) for name, dtype in dtypes.items()}

    content = Content(tuple(column_named(name) for name in dtypes), dtypes, rows, place.about, chunks)
    with draft(place.folder / FITS) as unfinished, unfinished.open("xb") as file:
        for piece in FORMATS["fits"].write(content):
            file.write(piece)


def _dtypes(parts: tuple[Path, ...]) -> dict[str, np.dtype[Any]]:
    """How columns are stored: texts as wide as the longest of any part."""
    dtypes: dict[str, np.dtype[Any]] = {}
    for part in parts:
        for name, values in read_parquet(part).items():
            dtypes[name] = max(dtypes.get(name, values.dtype), values.dtype, key=lambda kind: kind.itemsize)
    return dtypes

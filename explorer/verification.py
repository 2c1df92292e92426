"""Whether a built catalogue is whole and right: its files, its columns, its numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from astropy.io import fits
from numpy.typing import NDArray

from data.binary_tables import read_parquet
from data.formats import arrow_field
from data.problem import DataError
from explorer.average_check import check_averages
from explorer.build_columns import column_named
from explorer.cannon_file import load_model
from explorer.finishing import FITS
from explorer.observations import flag_of
from explorer.spectra import Progress
from explorer.workplace import CATALOGUE, MANIFEST, MODELS, OBSERVATIONS, REJECTS, Workplace, checksum

Arrays = dict[str, NDArray[Any]]

PAPER = (
    "source_id", "designation", "giantmodel", "chi2", "snrz", "ra", "dec", "R", "phi", "z", "vR", "vT", "vz",
    "JR", "Jphi", "Jz",
)  # fmt: skip
"""Columns of Table 1 that every catalogue has; labels and their flags are those of its models."""


def verify(folder: Path, progress: Progress) -> tuple[str, ...]:
    """Check a catalogue; gives what was found, a line each.

    Raises
    ------
    DataError
        If something is wrong: says what, and what to do.
    """
    place = Workplace(folder)
    if not place.done:
        raise DataError(f"{folder} holds no {MANIFEST}: its build is not done, or it is no built catalogue")
    manifest = place.manifest
    if not {"files", "rows"} <= set(manifest):
        raise DataError(f"{folder / MANIFEST} is damaged: remove the folder, build anew")
    _check_files(folder, manifest["files"], progress)
    for name in (CATALOGUE, OBSERVATIONS, REJECTS):
        _check_columns(place.parts(name))
        _check_told(place, place.parts(name))
    labels = _labels(place)
    wanted = (*PAPER, *labels, *(f"e_{label}" for label in labels), *(flag_of(label) for label in labels))
    lacking = [name for name in wanted if name not in pq.read_schema(place.parts(CATALOGUE)[0]).names]
    if lacking:
        raise DataError(f"{folder} lacks columns of the paper's Table 1: {', '.join(lacking)}")
    rows = manifest["rows"]
    _check_rows(place, rows)
    repeated = check_averages(place, labels)
    _check_fits(place)
    return (
        f"{len(manifest['files'])} files are as they were written (SHA-256)",
        "columns, units and types are as described, those of the paper's Table 1 among them",
        f"{rows[OBSERVATIONS]:,} spectra with labels and {rows[REJECTS]:,} set aside are all there were",
        f"all {rows[CATALOGUE]:,} stars are there once, averages of their spectra; {repeated:,} have several",
        f"{FITS} holds the same rows",
    )


def _check_files(folder: Path, files: dict[str, str], progress: Progress) -> None:
    for done, (name, known) in enumerate(files.items()):
        place = folder / name
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise DataError(
                f"{folder / MANIFEST} names {name[:80]}, outside the folder: remove it, and build anew"
            )
        if not place.is_file():
            raise DataError(f"{place} is gone: remove the folder, build anew")
        if checksum(place) != known:
            raise DataError(
                f"{place} was changed or damaged: copy it again, or remove the folder, build anew"
            )
        progress(done + 1, len(files), "files")


def _check_columns(parts: tuple[Path, ...]) -> None:
    """Every part has the same described columns."""
    first = pq.read_schema(parts[0])
    for part in parts:
        schema = pq.read_schema(part)
        if schema.names != first.names:
            raise DataError(f"{part} has other columns than {parts[0]}: remove the folder, build anew")
        for field in schema:
            column = column_named(field.name)
            expected = arrow_field(column).type
            unit = (field.metadata or {}).get(b"unit", b"").decode()
            if field.type != expected or unit != column.unit:
                raise DataError(
                    f"{part}: column {field.name} is {field.type} in {unit or 'no unit'}, expected "
                    f"{expected} in {column.unit or 'no unit'}: remove the folder, build anew"
                )


def _read(place: Workplace, name: str, columns: tuple[str, ...]) -> Arrays:
    parts = [read_parquet(part, columns) for part in place.parts(name)]
    return {column: np.concatenate([part[column] for part in parts]) for column in columns}


def _check_rows(place: Workplace, rows: dict[str, int]) -> None:
    """Every spectrum of the survey has labels or is set aside, and once; every star is there once."""
    seen = [_read(place, name, ("row",))["row"] for name in (OBSERVATIONS, REJECTS)]
    both = np.sort(np.concatenate(seen))
    if not np.array_equal(both, np.arange(place.plan["spectra"])):
        raise DataError(
            f"{place.folder} does not account for every spectrum once: remove the folder, build anew"
        )
    stars = _read(place, CATALOGUE, ("star", "n_obs"))
    if len(np.unique(stars["star"])) != rows[CATALOGUE] or stars["n_obs"].sum() != rows[OBSERVATIONS]:
        raise DataError(
            f"{place.folder} has stars twice, or observations of none: remove the folder, build anew"
        )


def _check_told(place: Workplace, parts: tuple[Path, ...]) -> None:
    """Every part was made by the folder's plan."""
    known = {key: place.about[key] for key in ("survey", "inputs", "software")}
    for part in parts:
        said = {key.decode(): value.decode() for key, value in (pq.read_schema(part).metadata or {}).items()}
        differs = [key for key, value in known.items() if said.get(key) != value]
        if differs:
            raise DataError(
                f"{part} was made by another plan ({', '.join(differs)}): remove the folder, build anew"
            )


def _labels(place: Workplace) -> tuple[str, ...]:
    """Labels of any of the catalogue's models."""
    models = [load_model(file).model for file in sorted((place.folder / MODELS).iterdir())]
    return tuple(dict.fromkeys(name for model in models for name in model.label_names))


def _check_fits(place: Workplace) -> None:
    """The FITS file holds the rows of the parts, value by value."""
    with fits.open(place.folder / FITS, memmap=True, logical_as_bytes=True) as file:
        table, start = file[1].data, 0
        for part in place.parts(CATALOGUE):
            held = read_parquet(part)
            rows = len(held["star"])
            for name, values in held.items():
                if not _same(np.asarray(table[name][start : start + rows]), values):
                    raise DataError(
                        f"{FITS} has another {name} than {part.name}: remove the folder, build anew"
                    )
            start += rows
        if start != len(table):
            raise DataError(f"{FITS} holds other rows than the parts: remove the folder, build anew")


def _same(written: NDArray[Any], values: NDArray[Any]) -> bool:
    """Whether values of a FITS column are those of a part; flags are T, F, or 0 where missing."""
    if values.dtype.kind == "S":
        return bool((written.astype("U") == np.char.decode(values)).all())
    if values.dtype == np.int8:
        expected = np.array([b"T", b"F", b"\0"])[np.where(values < 0, 2, 1 - values)]
        return bool((written.view("S1") == expected.astype("S1")).all())
    return bool(np.array_equal(written, values, equal_nan=values.dtype.kind == "f"))

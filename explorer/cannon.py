"""The Cannon on files: spectra and labels to a model, its validation, and labels of other spectra."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from hashlib import file_digest
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.labels import LabelTable, read_labels
from data.problem import DataError
from data.rows import write_rows
from explorer.cannon_file import CannonFile, Trained, Validated
from explorer.results import BESIDE_LABELS, Columns, inferred_columns, validation_columns
from explorer.spectra import About, Batch, LeftOut, Progress, SpectrumReader, find_spectra
from explorer.training import Recipe, Stars, counted, gather, refusal, train
from model.inference import Inference
from model.validation import CrossValidation, cross_validate

_SOFTWARE = ("enrichment-explorer", "numpy", "scipy", "astropy")


@dataclass(frozen=True, eq=False)
class Validation:
    """A validated model.

    Attributes
    ----------
    content : what is to be kept of it.
    validated : the part of it that is new.
    found : the cross-validation.
    stars : its stars.
    columns : the result of each star.
    """

    content: CannonFile
    validated: Validated
    found: CrossValidation
    stars: Stars
    columns: Columns


@dataclass(frozen=True, eq=False)
class Inferred:
    """Labels of spectra.

    Attributes
    ----------
    columns : the result of each star.
    stars : number of stars.
    converged : how many of them have labels that are a minimum of chi2.
    left_out : the spectra that are not used.
    """

    columns: Columns
    stars: int
    converged: int
    left_out: tuple[LeftOut, ...]


def train_model(
    spectra: Path, labels: Path, recipe: Recipe, *, workers: int, progress: Progress
) -> tuple[CannonFile, tuple[LeftOut, ...]]:
    """Train a model of the spectra that have labels; also which spectra are left out.

    Raises
    ------
    DataError
        If files can't be read, or the stars can't train a model.
    """
    table = read_labels(labels, labels=recipe.labels, key=recipe.key)
    for name, column in zip(table.names, table.columns, strict=True):
        if name in BESIDE_LABELS:
            raise DataError(
                f"'{name}' is a column of results: call the label otherwise, as in "
                f"--labels my_{name}={column}"
            )
    stars = gather(find_spectra(spectra), table, recipe, workers=workers, progress=progress)
    history = {
        "trained_on": spectra.name,
        "label_table": labels.name,
        "label_columns": ", ".join(table.columns),
        "label_table_sha256": _checksum(labels),
        "spectra_used": len(stars.about),
        "spectra_left_out": counted(stars.left_out),
        "software": ", ".join(f"{name} {_version(name)}" for name in _SOFTWARE),
    }
    return CannonFile(train(stars), recipe, Trained.of(stars), None, history), stars.left_out


def validate_model(
    content: CannonFile,
    spectra: Path,
    labels: Path,
    *,
    folds: int,
    seed: int,
    workers: int,
    progress: Progress,
) -> Validation:
    """Cross-validate a model on the stars it was trained on; spectra of one star share a fold.

    Raises
    ------
    DataError
        If the spectra and labels are not those of the model, or too few for the folds.
    """
    recipe = content.recipe
    table = read_labels(labels, labels=recipe.labels, key=recipe.key)
    stars = gather(find_spectra(spectra), table, recipe, workers=workers, progress=progress)
    _refuse_others(content, stars, table)
    try:
        found = cross_validate(
            stars.labels, stars.flux, stars.ivar, label_names=stars.names, wavelength=stars.wavelength,
            folds=folds, seed=seed, groups=stars.groups, progress=progress,
        )  # fmt: skip
        validated = Validated.of(found)
    except ValueError as error:
        raise refusal(error, stars) from error
    whole = content.with_validation(validated, {"folds": folds, "seed": seed})
    return Validation(whole, validated, found, stars, validation_columns(stars.about, whole, validated))


def infer_labels(
    content: CannonFile, spectra: Path, *, min_snr: float, starts: int, workers: int, progress: Progress
) -> Inferred:
    """Labels of spectra, some hundred at a time.

    Raises
    ------
    DataError
        If there are no spectra, or none that can be used.
    """
    reader = SpectrumReader(content.model.wavelength, workers)
    about: list[About] = []
    snr: list[NDArray[np.float64]] = []
    parts: list[Inference] = []
    left_out: list[LeftOut] = []
    for whole in reader.batches(find_spectra(spectra), progress):
        batch = _bright(whole, min_snr)
        left_out += batch.left_out
        if batch.about:
            about += batch.about
            snr.append(batch.snr)
            parts.append(content.model.infer(batch.flux, batch.ivar, starts=starts))
    if not parts:
        raise DataError(f"{spectra} has no spectrum that can be used ({counted(left_out)})")
    found = _joined(parts)
    columns = inferred_columns(about, np.concatenate(snr), found, content)
    return Inferred(columns, len(about), int(found.converged.sum()), tuple(left_out))


def write_results(out: Path, columns: Columns, content: CannonFile, model: str) -> None:
    """Write a table of results, which says what model is behind it."""
    told = {"model": model, "model_sha256": content.checksum, **content.recipe.as_json(), **content.history}
    facts = {key: _as_text(value) for key, value in told.items()}
    write_rows(out, columns.described, columns.values, facts)


def _as_text(value: Any) -> str:
    return (
        ", ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    )


def _bright(batch: Batch, min_snr: float) -> Batch:
    return batch.where(
        batch.snr >= min_snr, lambda star: LeftOut(batch.about[star].file, f"S/N below {min_snr:g}")
    )


def _joined(parts: Sequence[Inference]) -> Inference:
    return Inference(
        **{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Inference)}
    )


def _refuse_others(content: CannonFile, stars: Stars, table: LabelTable) -> None:
    trained = content.trained
    now = [one.file.encode() for one in stars.about]
    if now != trained.file.tolist():
        different = len(set(now) ^ set(trained.file.tolist()))
        raise DataError(
            f"the spectra are not those of the model: {different} of {len(trained.file)} are new, gone or in "
            "another order; give the folder and the labels it was trained on, or train it again"
        )
    if not np.array_equal(stars.labels, trained.labels):
        raise DataError(f"{table.path} has other labels than the model was trained on: train it again")


def _checksum(path: Path) -> str:
    """SHA-256 of a file; "" of a folder."""
    if path.is_dir():
        return ""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"

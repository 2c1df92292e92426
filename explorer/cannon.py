"""The Cannon on files: spectra and labels to a model, and its validation."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from data.labels import LabelTable, read_labels
from data.problem import DataError
from data.rows import write_rows
from explorer.cannon_file import CannonFile, Trained, Validated
from explorer.elements import Elements
from explorer.reading import LeftOut
from explorer.recipe import Recipe
from explorer.results import Columns, is_beside_labels, validation_columns
from explorer.spectra import Progress, find_spectra, holds_spectra
from explorer.training import Stars, counted, gather, refusal, train, training
from model.validation import CrossValidation, cross_validate

_SOFTWARE = ("enrichment-explorer", "numpy", "scipy", "astropy")
_NONE: Mapping[str, str] = MappingProxyType({})


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
    elements : near whose lines the fit was looked at.
    """

    content: CannonFile
    validated: Validated
    found: CrossValidation
    stars: Stars
    columns: Columns
    elements: Elements


def train_model(
    spectra: Path, labels: Path, recipe: Recipe, *, workers: int, progress: Progress
) -> tuple[CannonFile, tuple[LeftOut, ...]]:
    """Train a model of the spectra that have labels; also which spectra are left out.

    Raises
    ------
    DataError
        If files can't be read, or the stars can't train a model.
    """
    table = _table(labels, recipe)
    for name, column in zip(table.names, table.columns, strict=True):
        if is_beside_labels(name):
            raise DataError(
                f"'{name}' is a column of results: call the label otherwise, as in "
                f"--labels my_{name}={column}"
            )
    stars = gather(find_spectra(spectra), table, recipe, workers=workers, progress=progress)
    model = train(stars, recipe)
    history = {
        "trained_on": spectra.name,
        "label_table": labels.name,
        "label_columns": ", ".join(table.columns),
        "label_table_sha256": _checksum(labels),
        "spectra_used": len(stars.about),
        "spectra_left_out": counted(stars.left_out),
        "software": ", ".join(f"{name} {_version(name)}" for name in _SOFTWARE),
    }
    return CannonFile(model, recipe, Trained.of(stars), None, history), stars.left_out


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
    table = _table(labels, recipe, option="")
    stars = gather(find_spectra(spectra), table, recipe, workers=workers, progress=progress)
    _refuse_others(content, stars, table)
    elements = Elements.on(stars.wavelength)
    try:
        found = cross_validate(
            stars.labels, stars.flux, stars.ivar, **training(stars, recipe), folds=folds, seed=seed,
            groups=stars.groups, progress=progress, windows=elements.windows,
        )  # fmt: skip
        validated = Validated.of(found)
    except ValueError as error:
        raise refusal(error, stars) from error
    whole = content.with_validation(validated, {"folds": folds, "seed": seed})
    columns = validation_columns(stars.about, whole, validated)
    if found.near is not None:
        columns.add_all(elements.columns(found.near))
    return Validation(whole, validated, found, stars, columns, elements)


def write_results(
    out: Path, columns: Columns, content: CannonFile, model: str, facts: Mapping[str, str] = _NONE
) -> None:
    """Write a table of results, which says what model is behind it, and further facts."""
    recipe = content.recipe.as_json()
    told = {"model": model, "model_sha256": content.checksum, **recipe, **content.history, **facts}
    texts = {key: _as_text(value) for key, value in told.items()}
    write_rows(out, columns.described, columns.values, texts)


def _as_text(value: Any, between: str = ", ") -> str:
    if isinstance(value, list | tuple):
        return between.join(_as_text(part, " ") for part in value)
    return "" if value is None else str(value)


def _table(labels: Path, recipe: Recipe, option: str = "--labels") -> LabelTable:
    if holds_spectra(labels):
        raise DataError(
            f"{labels} is a folder of spectra, not a table of labels: give SPECTRA first, then LABELS"
        )
    return read_labels(
        labels, labels=recipe.labels, errors=recipe.label_errors, key=recipe.key, option=option
    )


def _refuse_others(content: CannonFile, stars: Stars, table: LabelTable) -> None:
    trained = content.trained
    files, before = [one.file.encode() for one in stars.about], trained.file.tolist()
    if files != before:
        gone, new = len(set(before) - set(files)), len(set(files) - set(before))
        raise DataError(
            f"the spectra are not those of the model: {gone} of its {len(before)} gone, {new} new"
            f"{'' if gone or new else ', but their order differs'}; give the spectra and the labels it was "
            "trained on, or train it again"
        )
    for now, before in ((stars.labels, trained.labels), (stars.errors, trained.errors)):
        if not np.array_equal(now, before, equal_nan=True):
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

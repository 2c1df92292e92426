"""A trained model with its stars, its validation and how it came about: a file and back."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from data.store import Stored, is_stored, load, save
from explorer.recipe import Recipe
from explorer.sources import MOCK_FILE
from explorer.training import Stars
from model.cannon import Cannon
from model.correlation import from_the_others
from model.errors import ErrorModel
from model.extrapolation import Density, Limits, Resampled
from model.spread import Spread
from model.validation import CrossValidation

KIND = "trained Cannon"
VERSION = 2
DRAWS = 50
"""Sets of stars drawn to tell how well limits are known."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trained:
    """On what a model was trained: N spectra.

    Attributes
    ----------
    file : their names, (N,) bytes.
    obsid : (N,); -1 where there is none.
    labels, errors : (N, L), see `LabelTable`.
    snr : (N,).
    """

    file: NDArray[np.bytes_]
    obsid: Integers
    labels: Floats
    errors: Floats
    snr: Floats

    @property
    def mock(self) -> bool:
        """Whether any of them was made, not observed."""
        return bool(np.char.startswith(self.file, MOCK_FILE.encode()).any())

    @classmethod
    def of(cls, stars: Stars) -> "Trained":
        """What is kept of the stars."""
        files = np.array([one.file.encode() for one in stars.about])
        obsid = np.array([one.obsid for one in stars.about], np.int64)
        return cls(files, obsid, stars.labels, stars.errors, stars.snr)


@dataclass(frozen=True, eq=False)
class Validated:
    """What cross-validation found of those N spectra, and what follows from it for others.

    Attributes
    ----------
    inferred, formal : (N, L), labels by models trained without the star, and their formal errors.
    chi2, dof, converged, fold : (N,).
    a, b, n : (L,), see `ErrorModel`.
    low, high : (L,), see `Limits`.
    reached : (L, 2), whether the low and the high end is a limit.
    end_errors : (L, 2), errors of the low and the high end, from stars drawn anew DRAWS times.
    others : (L,), scatter of predicting the label from the star's other labels alone; NaN if it has none,
        or too few stars have all of them.
    """

    inferred: Floats
    formal: Floats
    chi2: Floats
    dof: Integers
    converged: NDArray[np.bool_]
    fold: Integers
    a: Floats
    b: Floats
    n: Integers
    low: Floats
    high: Floats
    reached: NDArray[np.bool_]
    end_errors: Floats
    others: Floats

    @classmethod
    def of(cls, found: CrossValidation) -> "Validated":
        """Published errors and limits from a cross-validation.

        Raises
        ------
        ValueError
            If the stars are too few for them.
        """
        errors = ErrorModel.fit(found.residuals, found.formal, least=1.0)
        pairs = list(zip(found.true.T, found.inferred.T, strict=True))
        limits = [Density.of(true, inferred).limits() for true, inferred in pairs]
        drawn = [Resampled.of(true, inferred, draws=DRAWS).errors for true, inferred in pairs]
        kept = ("inferred", "formal", "chi2", "dof", "converged", "fold")
        return cls(
            **{name: getattr(found, name) for name in kept},
            a=errors.a,
            b=errors.b,
            n=errors.n,
            low=np.array([one.low for one in limits]),
            high=np.array([one.high for one in limits]),
            reached=np.array([(one.low_reached, one.high_reached) for one in limits]),
            end_errors=np.array(drawn),
            others=Spread.of(from_the_others(found.true, found.true, found.fold) - found.true).scatter[0]
            if len(limits) > 1
            else np.full(1, np.nan),
        )

    @property
    def errors(self) -> ErrorModel:
        """How published errors follow from formal ones."""
        return ErrorModel(self.a, self.b, self.n)

    @property
    def limits(self) -> tuple[Limits, ...]:
        """Of each label."""
        ends = zip(self.low.tolist(), self.high.tolist(), self.reached.tolist(), strict=True)
        return tuple(Limits(low, high, *reached) for low, high, reached in ends)


@dataclass(frozen=True, eq=False)
class CannonFile:
    """What a model file holds.

    Attributes
    ----------
    model : the model; its pixels are some of the survey's grid.
    recipe : the choices that made it.
    trained : its stars.
    validated : what cross-validation found; None if there was none.
    history : how it came about, for people: versions, tables, numbers of spectra left out.
    checksum : of the file it was read from; "" if it was not.
    """

    model: Cannon
    recipe: Recipe
    trained: Trained
    validated: Validated | None
    history: Mapping[str, Any]
    checksum: str = ""

    @property
    def ranges(self) -> Mapping[str, tuple[float, float]]:
        """Lowest and highest value of each label among the training stars."""
        labels = self.trained.labels
        ends = zip(np.nanmin(labels, 0).tolist(), np.nanmax(labels, 0).tolist(), strict=True)
        return dict(zip(self.model.label_names, ends, strict=True))

    def with_validation(self, validated: Validated, history: Mapping[str, Any]) -> "CannonFile":
        """The same model, validated."""
        return replace(self, validated=validated, history={**self.history, **history})


def save_model(path: Path, content: CannonFile) -> str:
    """Write a model file, which takes the place of an older one when complete; gives its checksum."""
    model = content.model
    arrays = {
        "label_names": np.array([name.encode() for name in model.label_names]),
        "n_train": np.array(model.n_train),
        **{name: getattr(model, name) for name in ("theta", "s", "offset", "scale", "terms", "wavelength")},
        **({} if model.mask is None else {"mask": model.mask}),
        **_named("trained", content.trained),
        **({} if content.validated is None else _named("validated", content.validated)),
    }
    provenance = {"recipe": content.recipe.as_json(), "history": dict(content.history)}
    return save(path, arrays, kind=KIND, version=VERSION, provenance=provenance)


def load_model(path: Path) -> CannonFile:
    """Read a model file.

    Raises
    ------
    DataError
        If it can't be read, is damaged, cut short, of another version, or lacks a part.
    """
    if path.is_file() and os.access(path, os.R_OK) and not is_stored(path):
        raise DataError(f"{path} is no model: give one that 'explorer train' wrote")
    stored = load(path, kind=KIND, version=VERSION)
    if stored.version < VERSION:
        raise DataError(
            f"{path} is a {KIND} of version {stored.version}, by an older explorer; this one reads version "
            f"{VERSION}: train it again with 'explorer train'"
        )
    try:
        content = CannonFile(
            model=_model(stored),
            recipe=Recipe.from_json(stored.provenance["recipe"]),
            trained=_taken("trained", Trained, stored),
            validated=_taken("validated", Validated, stored)
            if "validated.inferred" in stored.arrays
            else None,
            history=stored.provenance["history"],
            checksum=stored.checksum,
        )
    except (KeyError, IndexError, AttributeError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} lacks a part of a model ({error}): train it again with 'explorer train'"
        ) from error
    return content


def _model(stored: Stored) -> Cannon:
    arrays = stored.arrays
    return Cannon(
        **{name: arrays[name] for name in ("theta", "s", "offset", "scale", "terms", "wavelength")},
        label_names=tuple(name.decode() for name in arrays["label_names"].tolist()),
        mask=arrays.get("mask"),
        n_train=int(arrays["n_train"]),
    )


def _named(prefix: str, part: Trained | Validated) -> dict[str, NDArray[Any]]:
    return {f"{prefix}.{one.name}": getattr(part, one.name) for one in fields(part)}


def _taken(prefix: str, kind: Any, stored: Stored) -> Any:
    return kind(**{one.name: stored.arrays[f"{prefix}.{one.name}"] for one in fields(kind)})

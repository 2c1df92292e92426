"""The Cannon's results as columns of a table: what was inferred of each star, or what validation found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.schema import COLUMNS, SPECTRUM, Column, DType
from explorer.cannon_file import CannonFile, Validated
from explorer.spectra import About
from model.inference import Inference

_OF_STARS = ("ra", "dec", "rv", "snrg")
BESIDE_LABELS = frozenset(
    {
        "file", "obsid", "designation", *_OF_STARS, "snr", "chi2", "dof", "converged", "iterations", "start",
        "chi2_runner_up", "fold",
    }
)  # fmt: skip
"""Columns of results that are no labels."""


@dataclass
class Columns:
    """Columns on their way to a table.

    Attributes
    ----------
    described : what each is, in order.
    values : (N,) each, by name.
    """

    described: list[Column] = field(default_factory=list)
    values: dict[str, NDArray[Any]] = field(default_factory=dict)

    def add(
        self, name: str, values: NDArray[Any] | Sequence[Any], *, described: Column | None = None
    ) -> None:
        """Add a column, which is described here or in the schema."""
        self.described.append(described or COLUMNS[name])
        self.values[name] = np.asarray(values)


def inferred_columns(
    about: Sequence[About], snr: NDArray[np.float64], found: Inference, content: CannonFile
) -> Columns:
    """What a model infers of M stars, the stars first, then label by label."""
    columns = _identity(about, snr)
    formal = np.sqrt(found.covariance.diagonal(axis1=1, axis2=2))
    validated = content.validated
    published = None if validated is None else validated.errors.sigma(formal)
    for label, name in enumerate(content.model.label_names):
        known = _label(name)
        columns.add(name, found.labels[:, label], described=known)
        columns.add(f"e_{name}_formal", formal[:, label], described=_formal(known))
        if published is None or validated is None:
            continue
        columns.add(f"e_{name}", published[:, label], described=_published(known))
        flags = validated.limits[label].flags(found.labels[:, label])
        columns.add(f"{name}_extrap", flags, described=_extrapolated(known))
    columns.add("chi2", found.chi2)
    columns.add("dof", found.dof, described=_own("dof", "int64", "Pixels used less labels inferred."))
    columns.add(
        "converged",
        found.converged,
        described=_flag("converged", "True where the labels are a minimum of chi2."),
    )
    for name, values, meaning in (
        ("iterations", found.iterations, "Newton steps from the start that won."),
        ("start", found.start, "Number of the start that won; 0 is the mean of the training stars."),
    ):
        columns.add(name, values, described=_own(name, "int64", meaning))
    meaning = "chi2 of the best other minimum that a start led to."
    columns.add("chi2_runner_up", found.runner_up_chi2, described=_own("chi2_runner_up", "float32", meaning))
    return columns


def validation_columns(about: Sequence[About], content: CannonFile, validated: Validated) -> Columns:
    """What cross-validation found of the N training stars."""
    trained = content.trained
    columns = _identity(about, trained.snr)
    for label, name in enumerate(content.model.label_names):
        known = _label(name)
        columns.add(name, validated.inferred[:, label], described=known)
        columns.add(
            f"reference_{name}",
            trained.labels[:, label],
            described=_beside(known, "reference", f"Reference value of {known.plain}.", "the label table"),
        )
        columns.add(f"e_{name}_formal", validated.formal[:, label], described=_formal(known))
    columns.add("chi2", validated.chi2)
    columns.add("dof", validated.dof, described=_own("dof", "int64", "Pixels used less labels inferred."))
    columns.add(
        "converged",
        validated.converged,
        described=_flag("converged", "True where the labels are a minimum of chi2."),
    )
    columns.add(
        "fold",
        validated.fold,
        described=_own("fold", "int64", "Fold whose model, trained without it, tells the star's labels."),
    )
    return columns


def _identity(about: Sequence[About], snr: NDArray[np.float64]) -> Columns:
    columns = Columns()
    columns.add(
        "file",
        [one.file.encode() for one in about],
        described=Column(
            "file",
            "str",
            "",
            r"\mathrm{file}",
            "file",
            "File of the spectrum.",
            "LAMOST pipeline",
            0,
            1,
            "identifier",
        ),
    )
    columns.add("obsid", np.array([one.obsid for one in about], np.int64))
    columns.add("designation", [one.designation.encode() for one in about])
    for name in _OF_STARS:
        columns.add(name, np.array([getattr(one, name) for one in about], np.float64))
    meaning = "Median signal-to-noise ratio of the pixels the model uses."
    columns.add("snr", snr, described=_own("snr", "float32", meaning))
    return columns


def _label(name: str) -> Column:
    known = COLUMNS.get(name)
    if known is not None and known.dtype == "float32":
        return known
    return _own(name, "float32", f"Label {name}, as the model was trained on it.")


def _own(name: str, dtype: DType, meaning: str) -> Column:
    """A column of results that catalogues do not have."""
    return Column(name, dtype, "", rf"\mathrm{{{name}}}", name, meaning, SPECTRUM, 0, 100, "count")


def _flag(name: str, meaning: str) -> Column:
    return Column(name, "int8", "", rf"\mathrm{{{name}}}", name, meaning, SPECTRUM, 0, 1, "flag")


def _beside(label: Column, name: str, meaning: str, origin: str) -> Column:
    return Column(
        f"{name}_{label.name}", "float32", label.unit, label.tex, f"{name} {label.plain}", meaning, origin,
        label.low, label.high,
    )  # fmt: skip


def _error(label: Column, name: str, meaning: str) -> Column:
    return Column(
        name, "float32", label.unit, rf"\sigma({label.tex})", name, meaning, SPECTRUM, 0,
        0.1 * (label.high - label.low),
    )  # fmt: skip


def _formal(label: Column) -> Column:
    meaning = f"Formal error of {label.plain}: photon noise and the model's scatter, not noise in the model."
    return _error(label, f"e_{label.name}_formal", meaning)


def _published(label: Column) -> Column:
    meaning = f"Error of {label.plain} that cross-validation shows; reference labels' own errors are in it."
    return _error(label, f"e_{label.name}", meaning)


def _extrapolated(label: Column) -> Column:
    return COLUMNS.get(f"{label.name}_extrap") or _flag(
        f"{label.name}_extrap", f"True where {label.plain} lies where the model fails to extrapolate."
    )

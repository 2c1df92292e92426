"""The Cannon's results as columns of a table: what was inferred of each star, or what validation found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.schema import COLUMNS, SPECTRUM, Column
from explorer.cannon_file import CannonFile, Validated
from explorer.notation import upright
from explorer.reading import About
from model.inference import Inference

FILE = Column(
    "file", "str", "", r"\mathrm{file}", "file", "File of the spectrum.", "LAMOST pipeline", 0, 1,
    "identifier",
)  # fmt: skip
_OF_STARS = ("ra", "dec", "rv", "snrg")
BESIDE_LABELS = frozenset(
    {
        "file", "obsid", "designation", *_OF_STARS, "snr", "chi2", "dof", "converged", "iterations", "start",
        "chi2_runner_up", "fold",
    }
)  # fmt: skip
"""Columns of results that are no labels."""
_BEFORE, _AFTER = ("e_", "chi2_", "pixels_", "residual_", "reference_"), ("_extrap", "_formal")


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
        column = described or COLUMNS[name]
        self.described.append(column)
        self.values[name] = np.asarray(values, "S" if column.dtype == "str" else column.dtype)

    def add_all(self, columns: Sequence[tuple[Column, NDArray[Any]]]) -> None:
        """Add described columns."""
        for described, values in columns:
            self.add(described.name, values, described=described)

    @classmethod
    def joined(cls, parts: Sequence["Columns"]) -> "Columns":
        """Rows of several tables of the same columns, one after the other."""
        values = {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values}
        return cls(parts[0].described, values)


def is_beside_labels(name: str) -> bool:
    """Whether results may have a column of this name that is no label."""
    return name in BESIDE_LABELS or name.startswith(_BEFORE) or name.endswith(_AFTER)


def inferred_columns(
    about: Sequence[About],
    snr: NDArray[np.float64],
    found: Inference,
    content: CannonFile,
    *,
    frozen: Collection[str],
    validated: Validated | None,
) -> Columns:
    """What a model infers of M stars, the stars first, then label by label.

    Parameters
    ----------
    about, snr : of the stars.
    found : their labels.
    content : the model.
    frozen : labels that were given.
    validated : what tells of errors; None if nothing does.
    """
    columns = _identity(about, snr)
    formal = np.sqrt(found.covariance.diagonal(axis1=1, axis2=2))
    published = None if validated is None else validated.errors.sigma(formal)
    for label, name in enumerate(content.model.label_names):
        known = _label(name)
        given = name in frozen
        columns.add(name, found.labels[:, label], described=_given(known) if given else known)
        error = _no_error(known) if given else formal_error(known)
        columns.add(error.name, formal[:, label], described=error)
        if published is None or validated is None:
            continue
        columns.add(f"e_{name}", published[:, label], described=_published(known))
        flags = validated.limits[label].flags(found.labels[:, label])
        columns.add(f"{name}_extrap", flags, described=_extrapolated(known))
    columns.add("chi2", found.chi2)
    columns.add("dof", found.dof, described=_own("dof", "Pixels used less labels inferred."))
    columns.add(
        "converged",
        found.converged,
        described=_flag("converged", "True where the labels are a minimum of chi2."),
    )
    for name, values, meaning in (
        ("iterations", found.iterations, "Newton steps from the start that won."),
        ("start", found.start, "Number of the start that won; 0 is the mean of the training stars."),
    ):
        columns.add(name, values, described=_own(name, meaning))
    meaning = "chi2 of the best other minimum that a start led to."
    columns.add("chi2_runner_up", found.runner_up_chi2, described=_own("chi2_runner_up", meaning))
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
        columns.add(f"e_{name}_formal", validated.formal[:, label], described=formal_error(known))
    columns.add("chi2", validated.chi2)
    columns.add("dof", validated.dof, described=_own("dof", "Pixels used less labels inferred."))
    columns.add(
        "converged",
        validated.converged,
        described=_flag("converged", "True where the labels are a minimum of chi2."),
    )
    columns.add(
        "fold",
        validated.fold,
        described=_own("fold", "Fold whose model, trained without it, tells the star's labels."),
    )
    return columns


def _identity(about: Sequence[About], snr: NDArray[np.float64]) -> Columns:
    columns = Columns()
    columns.add(FILE.name, [one.file.encode() for one in about], described=FILE)
    columns.add("obsid", np.array([one.obsid for one in about], np.int64))
    columns.add("designation", [one.designation.encode() for one in about])
    for name in _OF_STARS:
        columns.add(name, np.array([getattr(one, name) for one in about], np.float64))
    meaning = "Median signal-to-noise ratio of the pixels used."
    columns.add("snr", snr, described=_own("snr", meaning))
    return columns


def _label(name: str) -> Column:
    known = COLUMNS.get(name)
    if known is not None and known.dtype == "float32":
        return known
    return _own(name, f"Label {name}, as the model was trained on it.")


def _given(label: Column) -> Column:
    """A label that was frozen."""
    meaning = f"{label.meaning.removesuffix('.')}; frozen at this value, not inferred."
    return replace(label, meaning=meaning, origin="given by --freeze")


def _no_error(label: Column) -> Column:
    """Its formal error."""
    return replace(
        formal_error(label), meaning=f"0, for {label.plain} is frozen.", origin="given by --freeze"
    )


def _own(name: str, meaning: str) -> Column:
    """A column of results that catalogues do not have."""
    return Column(name, "float32", "", upright(name), name, meaning, SPECTRUM, 0, 100, "count")


def _flag(name: str, meaning: str) -> Column:
    return Column(name, "int8", "", upright(name), name, meaning, SPECTRUM, 0, 1, "flag")


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


def formal_error(label: Column) -> Column:
    """Describe the formal error of a label."""
    meaning = f"Formal error of {label.plain}: photon noise and the model's scatter, not noise in the model."
    known = _error(label, f"e_{label.name}_formal", meaning)
    return replace(
        known, plain=f"formal error of {label.plain}", tex=rf"\sigma_\mathrm{{formal}}({label.tex})"
    )


def _published(label: Column) -> Column:
    meaning = f"Error of {label.plain} that cross-validation shows; reference labels' own errors are in it."
    return _error(label, f"e_{label.name}", meaning)


def _extrapolated(label: Column) -> Column:
    name = f"{label.name}_extrap"
    meaning = (
        f"True where {label.plain} is beyond the values to trust: there cross-validation failed, "
        "or had no stars."
    )
    own = replace(
        _flag(name, meaning),
        plain=f"{label.plain} extrapolated",
        tex=rf"{label.tex}\ \mathrm{{extrapolated}}",
    )
    return replace(COLUMNS.get(name, own), meaning=meaning)

"""Spectra to rows of the per-observation table: each star's labels by the model that it calls for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.cannon_file import CannonFile
from explorer.spectra import pixels_of
from model.inference import Inference
from model.lines import LAMOST_WINDOWS
from model.windows import WindowFit, WindowPixels

Floats = NDArray[np.float64]
Spectra = NDArray[np.float32]

EVERY_FIT: Mapping[str, tuple[Any, Any]] = {
    "chi2": (np.float64, np.nan), "dof": (np.int64, -1), "converged": (np.int8, -1),
    "chi2_runner_up": (np.float64, np.nan),
}  # fmt: skip
"""What every model says of its fit: dtype, and what stands for no fit."""


@dataclass(frozen=True, eq=False)
class Labeller:
    """Models of a survey, ready to be used.

    Attributes
    ----------
    models : by number.
    """

    models: tuple[CannonFile, ...]
    _pixels: tuple[NDArray[np.int64], ...] = field(init=False, repr=False)
    _windows: tuple[WindowPixels, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        grids = [one.model.wavelength for one in self.models]
        object.__setattr__(self, "_pixels", tuple(pixels_of(grid) for grid in grids))
        object.__setattr__(self, "_windows", tuple(WindowPixels.of(grid, LAMOST_WINDOWS) for grid in grids))

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of any of the models."""
        return tuple(dict.fromkeys(name for one in self.models for name in one.model.label_names))

    def error_model(self, label: str) -> tuple[Floats, Floats]:
        """Factor on formal errors and floor of a label in the first and in the last model, (2,) each."""
        found = [_errors(self.models[place], label) for place in (0, -1)]
        factor, floor = np.array(found).T
        return factor, floor

    def label(self, which: NDArray[np.int64], flux: Spectra, ivar: Spectra) -> dict[str, NDArray[Any]]:
        """Infer labels.

        Parameters
        ----------
        which : number of each star's model, (M,).
        flux, ivar : normalised spectra on the survey's grid, (M, P).

        Returns
        -------
        Columns (M,), by name: each label X with e_X, e_X_formal, chi2_X and X_extrap, and EVERY_FIT; NaN, or
        -1, for what a star's model lacks. X_extrap of T_eff and log g are one, kiel_extrap.
        """
        columns = self._empty(len(which))
        for number, content in enumerate(self.models):
            mine = np.flatnonzero(which == number)
            if mine.size:
                pixels = np.ix_(mine, self._pixels[number])
                for name, values in self._by_one(number, content, flux[pixels], ivar[pixels]).items():
                    columns[name][mine] = values
        return columns

    def _empty(self, stars: int) -> dict[str, NDArray[Any]]:
        columns: dict[str, NDArray[Any]] = {}
        for name in self.labels:
            for column in (name, f"e_{name}", f"e_{name}_formal"):
                columns[column] = np.full(stars, np.nan)
            columns[flag_of(name)] = np.full(stars, -1, np.int8)
            if _element(name) in LAMOST_WINDOWS:
                columns[f"chi2_{name}"] = np.full(stars, np.nan)
        return columns | {name: np.full(stars, missing, kind) for name, (kind, missing) in EVERY_FIT.items()}

    def _by_one(
        self, number: int, content: CannonFile, flux: Spectra, ivar: Spectra
    ) -> dict[str, NDArray[Any]]:
        found = content.model.infer(flux, ivar)
        near = self._windows[number].fit(flux, ivar, content.model.predict(found.labels), content.model.s)
        columns = _labels(content, found) | _near_lines(content, self._windows[number].names, near)
        columns |= {
            "chi2": found.chi2,
            "dof": found.dof,
            "converged": found.converged.astype(np.int8),
            "chi2_runner_up": found.runner_up_chi2,
        }
        return columns


def _labels(content: CannonFile, found: Inference) -> dict[str, NDArray[Any]]:
    columns: dict[str, NDArray[Any]] = {}
    formal = np.sqrt(found.covariance.diagonal(axis1=1, axis2=2))
    validated = content.validated
    published = None if validated is None else validated.errors.sigma(formal)
    for label, name in enumerate(content.model.label_names):
        columns[name] = found.labels[:, label]
        columns[f"e_{name}_formal"] = formal[:, label]
        if validated is not None and published is not None:
            columns[f"e_{name}"] = published[:, label]
            beyond = validated.limits[label].flags(found.labels[:, label]).astype(np.int8)
            flag = flag_of(name)
            columns[flag] = np.maximum(columns[flag], beyond) if flag in columns else beyond
    return columns


def _errors(content: CannonFile, label: str) -> tuple[float, float]:
    if content.validated is None or label not in content.model.label_names:
        return np.nan, np.nan
    place = content.model.label_names.index(label)
    return float(content.validated.a[place]), float(content.validated.b[place])


def _near_lines(content: CannonFile, elements: Sequence[str], near: WindowFit) -> dict[str, NDArray[Any]]:
    own = {_element(name): name for name in content.model.label_names}
    return {
        f"chi2_{own[element]}": near.chi2[:, place]
        for place, element in enumerate(elements)
        if element in own
    }


def flag_of(label: str) -> str:
    """Name of a label's flag; T_eff and log g share one, of the Kiel diagram."""
    return "kiel_extrap" if label in ("teff", "logg") else f"{label}_extrap"


def _element(label: str) -> str:
    """Name of a label's windows: "mg" of mg_fe, and "fe_h"."""
    return label if label == "fe_h" else label.removesuffix("_fe")

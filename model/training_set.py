"""Stars to train on: labels and spectra that have been looked at, so that training need not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.terms import checked_terms, quadratic_terms

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


def real(values: ArrayLike, name: str) -> NDArray[Any]:
    """An array of real numbers, or ValueError."""
    given = np.asarray(values)
    if given.dtype.kind not in "iuf":
        raise ValueError(f"{name} is of {given.dtype}; expected real numbers")
    return given


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """N stars with L labels and P pixels.

    Attributes
    ----------
    labels : (N, L), NaN where missing.
    flux, ivar : (N, P).
    errors : (N, L), standard errors of the labels, 0 for exact ones.
    names : of the labels.
    wavelength : (P,), Angstrom.
    """

    labels: Floats
    flux: NDArray[np.floating]
    ivar: NDArray[np.floating]
    errors: Floats
    names: tuple[str, ...]
    wavelength: Floats

    @classmethod
    def of(
        cls,
        labels: ArrayLike,
        flux: ArrayLike,
        ivar: ArrayLike,
        names: Sequence[str],
        wavelength: ArrayLike,
        *,
        missing: bool,
        errors: ArrayLike | None,
    ) -> "TrainingSet":
        """Check them; ValueError says what is wrong."""
        given = np.asarray(labels, np.float64)
        stars = cls(
            given,
            real(flux, "flux"),
            real(ivar, "ivar"),
            np.zeros(given.shape) if errors is None else np.asarray(errors, np.float64),
            tuple(names),
            np.asarray(wavelength, np.float64),
        )
        stars._check_shapes()
        stars._check_labels(missing)
        stars._check_spectra()
        return stars

    def _check_shapes(self) -> None:
        if self.labels.ndim != 2 or self.labels.shape[1] != len(self.names):
            raise ValueError(
                f"labels has shape {self.labels.shape}; expected one row a star with "
                f"{len(self.names)} columns, one for each of {', '.join(self.names)}"
            )
        if len(set(self.names)) < len(self.names) or not self.names:
            raise ValueError(f"label_names is {list(self.names)}; expected at least one name, each once")
        if self.flux.ndim != 2 or len(self.flux) != len(self.labels):
            raise ValueError(
                f"flux has shape {self.flux.shape}; expected one row for each of "
                f"the {len(self.labels)} stars of labels"
            )
        if self.ivar.shape != self.flux.shape:
            raise ValueError(f"ivar has shape {self.ivar.shape}; expected that of flux, {self.flux.shape}")
        if self.wavelength.shape != self.flux.shape[1:]:
            raise ValueError(
                f"wavelength has shape {self.wavelength.shape}; expected one for each of flux's "
                f"{self.flux.shape[1]} pixels"
            )
        if not (np.isfinite(self.wavelength).all() and (np.diff(self.wavelength) > 0).all()):
            raise ValueError(
                "wavelength does not increase from pixel to pixel; sort it, and flux and ivar with it"
            )

    def _check_labels(self, missing: bool) -> None:
        absent = np.isnan(self.labels)
        if np.isinf(self.labels).any():
            raise ValueError(
                f"labels holds an infinite {self._first(np.isinf(self.labels))}; leave such stars out"
            )
        if absent.any() and not missing:
            raise ValueError(
                f"labels lacks {self._first(absent)}, {absent.any(1).sum()} stars lack some; "
                "leave them out, or train with missing_labels=True"
            )
        for name, column in zip(self.names, self.labels.T, strict=True):
            known = column[~np.isnan(column)]
            if len(known) < 2:
                raise ValueError(
                    f"label {name} is known of {len(known)} stars, so nothing can be learned of it; leave it "
                    "out"
                )
            if np.ptp(known) <= 1e-12 * np.abs(known).max():
                raise ValueError(
                    f"label {name} is the same for all stars, so nothing can be learned of it; leave it out"
                )

        if self.errors.shape != self.labels.shape:
            raise ValueError(
                f"label_errors has shape {self.errors.shape}; expected that of labels, {self.labels.shape}"
            )
        if not ((self.errors >= 0) & (self.errors < np.inf) | absent).all():
            raise ValueError(
                "label_errors is negative or not finite somewhere; give 0 for exact "
                "labels, and NaN in labels for missing ones"
            )
        self._check_scatter()

    def _check_scatter(self) -> None:
        """Labels without an exact value vary by more than their errors, by Cochran's Q (1954, Biometrics)."""
        for name, column, error in zip(self.names, self.labels.T, self.errors.T, strict=True):
            known = ~np.isnan(column)
            if not error[known].all():
                continue
            weight, value = error[known] ** -2, column[known]
            apart = value - np.average(value, weights=weight)
            if np.sum(weight * apart**2) <= known.sum() - 1:
                raise ValueError(
                    f"label {name} scatters no more than its label_errors have it, so nothing can be learned "
                    "of it; leave it out, or give smaller errors if these are too large"
                )

    @property
    def uncertain(self) -> bool:
        """Whether any label is missing or has an error."""
        return bool(np.isnan(self.labels).any() or self.errors.any())

    def _first(self, wrong: Flags) -> str:
        star, label = np.argwhere(wrong)[0]
        return f"{self.names[label]} of star {star}"

    def _check_spectra(self) -> None:
        if not ((self.ivar >= 0) & (self.ivar < np.inf)).all():
            raise ValueError("ivar is negative or not finite somewhere; give 0 where a pixel is bad")
        good = self.ivar > 0
        empty = np.flatnonzero(~good.any(1))
        if len(empty):
            raise ValueError(
                f"star {empty[0]} has no pixel with ivar above 0 ({len(empty)} such stars); leave it out"
            )
        wild = ~np.isfinite(self.flux) & good
        if wild.any():
            star, pixel = np.argwhere(wild)[0]
            raise ValueError(
                f"flux of star {star} is not finite at pixel {pixel}, where ivar is above 0; give it ivar 0"
            )

    def terms(self, given: ArrayLike | None) -> Integers:
        """Exponents (T, L), all up to second order if not given; ValueError if the stars are too few."""
        names = self.names
        terms = quadratic_terms(len(names)) if given is None else checked_terms(np.asarray(given), names)
        if len(self.labels) <= len(terms):
            raise ValueError(
                f"{len(self.labels)} stars cannot fix {len(terms)} terms of each pixel; give more stars than "
                "terms, or fewer labels or terms"
            )
        return terms

    def centre(self, given: ArrayLike | None) -> Floats:
        """Mean of each label, if not given."""
        mean: Floats = np.nanmean(self.labels, 0) if given is None else self._per_label(given, "offset")
        return mean

    def dispersion(self, given: ArrayLike | None) -> Floats:
        """Standard deviation of each label, if not given."""
        spread: Floats = np.nanstd(self.labels, 0) if given is None else self._per_label(given, "scale")
        return spread

    def _per_label(self, values: ArrayLike, name: str) -> Floats:
        """One finite number a label, above 0 if it is a scale, or ValueError."""
        given = np.asarray(values, np.float64)
        if given.shape != (len(self.names),) or not np.isfinite(given).all():
            raise ValueError(
                f"{name} is {given.tolist()}; expected a finite number for each of {', '.join(self.names)}"
            )
        if name == "scale" and not (given > 0).all():
            raise ValueError(f"scale is {given.tolist()}; expected numbers above 0")
        return given

    def mask(self, values: ArrayLike | None) -> Flags | None:
        """Where which label may act, (P, L), or ValueError."""
        if values is None:
            return None
        given = np.asarray(values)
        shape = (len(self.wavelength), len(self.names))
        if given.shape != shape or given.dtype != np.bool_:
            raise ValueError(
                f"mask has shape {given.shape} of {given.dtype}; expected {shape}, True where a label may act"
            )
        return given

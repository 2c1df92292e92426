"""What a spectrum can say of each label under a model, and which pixels say it: Fisher information.

A pixel knows of labels by its flux's slopes g with them, and by w = 1 / (1 / ivar + s^2), the weight it has
in chi2. F = sum of w g g^T over pixels is the information, and its inverse the least covariance that an
unbiased estimate can have (Cramer and Rao; for spectra, Ting et al. 2017, ApJ 843, 32). It is that of
`Cannon.infer` where the spectrum is the model's.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.cannon import Cannon

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Information:
    """Information of one spectrum about L labels.

    Attributes
    ----------
    gradient : (P, L), slope of the flux with each label; 0 at pixels that do not count.
    weight : (P,), 0 there too.
    scale : (L,), typical size of each label, which keeps the numbers comparable.
    free : (L,), False for labels that are held.
    """

    gradient: Floats
    weight: Floats
    scale: Floats
    free: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        model: Cannon,
        labels: ArrayLike,
        ivar: ArrayLike,
        *,
        held: Collection[str] = (),
        pixels: ArrayLike | None = None,
    ) -> "Information":
        """Information of a spectrum with the noise of `ivar` about labels near the given ones.

        Parameters
        ----------
        model : the model.
        labels : (L,).
        ivar : (P,), inverse variance of the normalised flux; 0 where it is missing.
        held : names of labels that are known: they take no information from the others.
        pixels : (P,), True where they count; all if not given.

        Raises
        ------
        ValueError
            If shapes do not fit, a number is not finite or an ivar negative, or a name is no label.
        """
        at, inverse = np.asarray(labels, np.float64), np.asarray(ivar, np.float64)
        counts = np.ones(inverse.shape, np.bool_) if pixels is None else np.asarray(pixels)
        if at.shape != model.offset.shape or not np.isfinite(at).all():
            raise ValueError(f"labels has shape {at.shape}; expected {len(model.offset)} finite numbers")
        if inverse.shape != model.s.shape or counts.shape != model.s.shape or counts.dtype != np.bool_:
            raise ValueError(
                f"ivar has shape {inverse.shape}, pixels {counts.shape}; expected {model.s.shape} of both, "
                "pixels True where they count"
            )
        if not ((inverse >= 0) & (inverse < np.inf)).all():
            raise ValueError("ivar is negative or not finite; give 0 where a pixel is bad")
        unknown = set(held) - set(model.label_names)
        if unknown:
            raise ValueError(
                f"held names {', '.join(sorted(unknown))}; the labels are {', '.join(model.label_names)}"
            )
        good = counts & np.isfinite(model.s) & (inverse > 0)
        weight = np.where(good, inverse / (1 + inverse * np.where(good, model.s, 0.0) ** 2), 0.0)
        gradient = np.where(good[:, None], model.gradient(at), 0.0)
        free = np.array([name not in held for name in model.label_names])
        return cls(gradient, weight, model.scale, free)

    @property
    def alone(self) -> Floats:
        """(P, L): information of each pixel about each label, were the others known; per unit squared."""
        found: Floats = self.weight[:, None] * self.gradient**2
        return found

    @property
    def matrix(self) -> Floats:
        """(L, L): Fisher information of the whole spectrum, held labels included."""
        found: Floats = self.gradient.T @ (self.weight[:, None] * self.gradient)
        return found

    @property
    def covariance(self) -> Floats:
        """(L, L): least covariance of the labels; zero for held ones, NaN where free ones are not fixed."""
        free = np.flatnonzero(self.free)
        scaled = (self.matrix * np.multiply.outer(self.scale, self.scale))[np.ix_(free, free)]
        found = np.zeros((len(self.scale), len(self.scale)))
        found[np.ix_(free, free)] = _inverse(scaled)
        found *= np.multiply.outer(self.scale, self.scale)
        return found

    @property
    def errors(self) -> Floats:
        """(L,): least errors of the labels."""
        found: Floats = np.sqrt(np.diag(self.covariance))
        return found

    @property
    def correlation(self) -> Floats:
        """(L, L): correlations of the labels' errors; NaN for those that are held or not fixed."""
        return correlation(self.covariance)

    @property
    def remaining(self) -> Floats:
        """(P, L): information of each pixel about a label that the other free labels leave.

        It is w r^2, with r what is left of the label's gradient after a weighted regression on the others':
        the pixels where nothing else looks like this label. Its sum over pixels is 1 / error^2. Zero for held
        labels, NaN where the spectrum does not fix them.
        """
        covariance = self.covariance
        own = np.diag(covariance)
        with np.errstate(divide="ignore", invalid="ignore"):
            left = np.where(self.free, self.gradient @ covariance / own, 0.0)
        found: Floats = self.weight[:, None] * left**2
        return found


def correlation(covariance: ArrayLike) -> Floats:
    """Correlations (L, L) of a covariance (L, L); NaN where a variance is zero or unknown."""
    given = np.asarray(covariance, np.float64)
    variances = np.diag(given)
    errors = np.sqrt(np.where(variances > 0, variances, np.nan))
    found: Floats = given / np.multiply.outer(errors, errors)
    return found


def _inverse(matrix: Floats) -> Floats:
    """Inverse of a positive matrix; all NaN where it has none to double precision."""
    sizes = np.sqrt(np.diag(matrix))
    if not (sizes > 0).all():
        return np.full(matrix.shape, np.nan)
    even = matrix / np.multiply.outer(sizes, sizes)
    values, vectors = np.linalg.eigh(even)
    if not values.min(initial=1.0) > len(values) * np.finfo(np.float64).eps * values.max(initial=1.0):
        return np.full(matrix.shape, np.nan)
    found: Floats = (vectors / values) @ vectors.T / np.multiply.outer(sizes, sizes)
    return found

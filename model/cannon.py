"""The Cannon: flux as a polynomial in labels, trained on stars with known ones, then used to infer them.

Ness et al. (2015, ApJ 808, 16), as in the paper, section 3: in each pixel flux is theta . eta(labels),
with errors and a scatter s of the model's own (eqs. 2-5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.belief import Evidence
from model.inference import Inference, Objective, Precision, infer
from model.latent import Latent, fit_latent
from model.terms import expand, slopes
from model.training import Design, Spectra
from model.training_set import TrainingSet, real

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

STARTS = 8
"""Starts of each star's inference."""


@dataclass(frozen=True, eq=False)
class Cannon:
    """A trained model.

    Attributes
    ----------
    theta : (P, T), coefficients of the terms in scaled labels; NaN at pixels that could not be trained.
    s : (P,), scatter of the model in flux; NaN at pixels that could not be trained.
    offset, scale : (L,), scaled label = (label - offset) / scale.
    terms : (T, L), exponents of the labels in each term.
    label_names : the L labels.
    wavelength : (P,), Angstrom, increasing.
    mask : (P, L), True where a label may act, or None if all may everywhere.
    n_train : stars it was trained on.

    Raises
    ------
    ValueError
        if they cannot be those of a model; says why.
    """

    theta: Floats
    s: Floats
    offset: Floats
    scale: Floats
    terms: Integers
    label_names: tuple[str, ...]
    wavelength: Floats
    mask: Flags | None
    n_train: int

    def __post_init__(self) -> None:
        pixels, terms, labels = len(self.wavelength), len(self.terms), len(self.label_names)
        shapes = {
            "theta": (pixels, terms), "s": (pixels,), "offset": (labels,), "scale": (labels,),
            "terms": (terms, labels), "wavelength": (pixels,), "mask": (pixels, labels),
        }  # fmt: skip
        for name, shape in shapes.items():
            value = getattr(self, name)
            if value is not None:
                value = np.array(value, {"terms": np.int64, "mask": np.bool_}.get(name, np.float64))
                if value.shape != shape:
                    raise ValueError(
                        f"{name} of a model has shape {value.shape}; the rest of it asks for {shape}"
                    )
                value.flags.writeable = False
                object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        """ValueError if no training gives such numbers."""
        known = ~np.isnan(self.s)
        distinct = len(np.unique(self.terms, axis=0)) == len(self.terms)
        for wrong, words in (
            (len(set(self.label_names)) < len(self.label_names), "label_names holds a name twice"),
            (not (np.diff(self.wavelength) > 0).all(), "wavelength does not increase from pixel to pixel"),
            ((self.terms < 0).any() or not distinct, "terms holds one twice, or exponents below 0"),
            (not np.isfinite(self.offset).all(), "offset is not finite for all labels"),
            (not ((self.scale > 0) & (self.scale < np.inf)).all(), "scale is not above 0 and finite"),
            (not ((self.s >= 0) & (self.s < np.inf))[known].all(), "s is negative or infinite somewhere"),
            (not np.isfinite(self.theta[known]).all(), "theta is not finite at a pixel where s is a number"),
        ):
            if wrong:
                raise ValueError(f"{words}, as in no trained model; give the arrays of one")

    @classmethod
    def train(
        cls,
        labels: ArrayLike,
        flux: ArrayLike,
        ivar: ArrayLike,
        *,
        label_names: Sequence[str],
        wavelength: ArrayLike,
        terms: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        scale: ArrayLike | None = None,
        mask: ArrayLike | None = None,
        dof_correction: bool = False,
        label_errors: ArrayLike | None = None,
        missing_labels: bool = False,
        begin: "Cannon | None" = None,
    ) -> "Cannon":
        """A model of maximum likelihood, where the likelihood of a pixel has one maximum in s.

        It has with many more stars than terms; with few the maximum found may be one of several.

        Parameters
        ----------
        labels : (N, L).
        flux, ivar : (N, P), normalised flux and its inverse variance; where ivar is 0 flux is not looked at.
        label_names : L names.
        wavelength : (P,), Angstrom, increasing.
        terms : (T, L), exponents; all up to second order if not given.
        offset, scale : (L,), mean and dispersion of the labels if not given.
        mask : (P, L), True where a label may act; a term acts where all its labels may.
        dof_correction : whether to take squared residuals N / (N - T) times, since s of maximum likelihood
            is too small when the number of terms T is not small against the number of stars N.
        label_errors : (N, L), standard errors of the labels, which are then marginalised; 0 for exact ones.
            What the labels leave open is taken from the spectra, whose errors are believed: where residuals
            go together from pixel to pixel (continuum, calibration), labels can follow these instead. So
            cross-validate with and without them.
        missing_labels : whether labels may be NaN; they are then marginalised. It beats leaving such stars
            out if they are many: in a mock of 200 stars that lack one of four labels, errors fall to 0.76 of
            those of the complete stars where 80 % lack it, 0.91 where 60 % do, 0.97 where 30 % do, and not at
            all where 10 % do. This holds for labels missing at random, given the spectrum and the other
            labels. It fails for lines too weak to be detected (Eu, say): their labels are missing because
            they are low, and come out too high, though less so than with such stars left out.
        begin : a model of nearly the same stars, from whose s the search starts. It saves time. It changes
            nothing else where the likelihood has one maximum in s, as it has with many more stars than terms.

        Raises
        ------
        ValueError
            if the stars cannot train a model; says why. So if a label scatters no more than its errors have
            it, since the spectra would then say what it is, or if uncertain labels have not settled.
        """
        _refuse_masks(labels=labels, flux=flux, ivar=ivar, label_errors=label_errors)
        stars = TrainingSet.of(
            labels, flux, ivar, label_names, wavelength, missing=missing_labels, errors=label_errors
        )
        exponents = stars.terms(terms)
        middle, width = stars.centre(offset), stars.dispersion(scale)
        acting = stars.mask(mask)
        if begin is not None and not np.array_equal(begin.wavelength, stars.wavelength):
            raise ValueError("begin is a model of other wavelengths; give one of the same, or none")
        start = np.zeros(len(stars.wavelength)) if begin is None else np.nan_to_num(begin.s**2)
        scaled = replace(stars, labels=(stars.labels - middle) / width, errors=stars.errors / width)
        theta, s = _fit(scaled, exponents, acting, start, dof_correction=dof_correction)
        return cls(
            theta, s, middle, width, exponents, stars.names, stars.wavelength, acting, len(stars.labels)
        )

    def predict(self, labels: ArrayLike) -> Floats:
        """Flux of the model: (M, P) for labels (M, L), (P,) for labels (L,); NaN where it was not trained."""
        scaled = self._scaled(labels)
        flux: Floats = expand(np.atleast_2d(scaled), self.terms) @ self.theta.T
        return flux if scaled.ndim == 2 else flux[0]

    def gradient(self, labels: ArrayLike) -> Floats:
        """Derivative of flux by each label, per unit of the label: (M, P, L), or (P, L) for labels (L,)."""
        scaled = self._scaled(labels)
        steep: Floats = np.einsum(
            "pt,mtl->mpl", self.theta, slopes(np.atleast_2d(scaled), self.terms), optimize=True
        )
        steep /= self.scale
        return steep if scaled.ndim == 2 else steep[0]

    def infer(
        self,
        flux: ArrayLike,
        ivar: ArrayLike,
        *,
        frozen: Mapping[str, ArrayLike] | None = None,
        starts: int | ArrayLike = STARTS,
        pixels: ArrayLike | None = None,
        precision: Precision = "float32",
    ) -> Inference:
        """Labels of stars, each the best minimum of chi2 that several starts lead to.

        Parameters
        ----------
        flux, ivar : (M, P), or (P,) for one star; where ivar is 0 flux is not looked at.
        frozen : labels that are known: by name, one value, or one for each star.
        starts : how many, or (S, L) labels to start from. The first of a number is the training mean, the
            others lie around it, always the same.
        pixels : (P,), True where they count; all if not given.
        precision : of the large matrix product; what single precision loses is put right afterwards.

        Raises
        ------
        ValueError
            if the spectra do not fit the model, or hold what no spectrum can.
        """
        _refuse_masks(flux=flux, ivar=ivar, **{f"frozen {name}": of for name, of in (frozen or {}).items()})
        spectra, errors = self._spectra(flux, "flux"), self._spectra(ivar, "ivar")
        if spectra.shape != errors.shape:
            raise ValueError(f"ivar has shape {errors.shape}; expected that of flux, {spectra.shape}")
        if precision not in get_args(Precision):
            raise ValueError(f"precision is {precision!r}; expected one of {', '.join(get_args(Precision))}")
        objective = self._objective(precision)
        objective = replace(objective, used=objective.used & self._used(pixels))
        known = self._known(frozen, len(spectra))
        fixed = (known - self.offset) / self.scale
        scaled = infer(objective, spectra, errors, self._starts(starts), fixed)
        covariance = scaled.covariance
        covariance *= np.multiply.outer(self.scale, self.scale)
        labels = np.where(np.isnan(known), scaled.labels * self.scale + self.offset, known)
        return replace(scaled, labels=labels)

    def _objective(self, precision: Precision) -> Objective:
        """chi2 under this model, put together when first asked for."""
        if precision not in self._objectives:
            self._objectives[precision] = Objective.of(self.theta, self.s, self.terms, precision)
        return self._objectives[precision]

    @cached_property
    def _objectives(self) -> dict[Precision, Objective]:
        return {}

    def _scaled(self, labels: ArrayLike) -> Floats:
        """Labels as the terms take them."""
        given = np.asarray(labels, np.float64)
        if given.ndim not in (1, 2) or given.shape[-1] != len(self.label_names):
            raise ValueError(
                f"labels has shape {given.shape}; expected {len(self.label_names)} for each star: "
                f"{', '.join(self.label_names)}"
            )
        return (given - self.offset) / self.scale

    def _spectra(self, values: ArrayLike, name: str) -> NDArray[Any]:
        """Spectra (M, P)."""
        given = real(values, name)
        if given.ndim not in (1, 2) or given.shape[-1] != len(self.s) or given.size == 0:
            raise ValueError(f"{name} has shape {given.shape}; expected {len(self.s)} pixels for each star")
        return np.atleast_2d(given)

    def _used(self, pixels: ArrayLike | None) -> Flags:
        """Pixels that count (P,)."""
        used = np.ones(len(self.s), np.bool_) if pixels is None else np.asarray(pixels)
        if used.shape != self.s.shape or used.dtype != np.bool_:
            raise ValueError(
                f"pixels has shape {used.shape} of {used.dtype}; expected {self.s.shape}, True where used"
            )
        return used

    def _starts(self, starts: int | ArrayLike) -> Floats:
        """Scaled labels to start from (S, L)."""
        given = np.asarray(starts)
        if given.ndim == 0:
            if given.dtype.kind not in "iu" or given < 1:
                raise ValueError(f"starts is {starts!r}; expected a whole number of at least 1, or labels")
            drawn = np.random.default_rng(1).normal(size=(int(given), len(self.label_names)))
            drawn[0] = 0
            return drawn
        scaled = np.atleast_2d(self._scaled(given))
        if not np.isfinite(scaled).all() or not len(scaled):
            raise ValueError("starts holds labels that are not finite; expected one row of numbers a start")
        return scaled

    def _known(self, frozen: Mapping[str, ArrayLike] | None, stars: int) -> Floats:
        """Values of frozen labels, NaN for others (M, L)."""
        known = np.full((stars, len(self.label_names)), np.nan)
        for name, value in (frozen or {}).items():
            if name not in self.label_names:
                raise ValueError(
                    f"frozen names {name!r}; the model's labels are {', '.join(self.label_names)}"
                )
            given = np.asarray(value, np.float64)
            if given.shape not in ((), (stars,)) or not np.isfinite(given).all():
                raise ValueError(
                    f"frozen {name} has to be one finite number, or one for each of {stars} stars"
                )
            known[:, self.label_names.index(name)] = given
        return known


def _fit(
    stars: TrainingSet, exponents: Integers, acting: Flags | None, start: Floats, *, dof_correction: bool
) -> tuple[Floats, Floats]:
    """Coefficients (P, T) and scatter (P,), of stars with scaled labels, from squares of it to start from."""
    active = np.ones((len(stars.wavelength), len(exponents)), np.bool_)
    if acting is not None:
        active = ((exponents == 0) | acting[:, None, :]).all(2)
    spectra = stars.flux, stars.ivar
    if stars.uncertain:
        latent = Latent(Evidence.of(stars.labels, stars.errors), *spectra, exponents, active)
        fitted = fit_latent(latent, dof_correction=dof_correction, begin=start)
        return fitted.theta, fitted.s
    known = Spectra(Design.of(stars.labels, exponents), *spectra, active)
    return known.fit(start, dof_correction=dof_correction)


def _refuse_masks(**given: ArrayLike | None) -> None:
    """ValueError if an array has a mask, which numpy would lose."""
    for name, values in given.items():
        if np.ma.isMaskedArray(values):
            raise ValueError(
                f"{name} is a masked array; give a plain one, with ivar 0 where a pixel is masked and NaN "
                "for a missing label"
            )

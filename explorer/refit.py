"""The fit of one star made anew under a person's conditions: labels, errors, chi2, and what changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from explorer.cannon_file import CannonFile
from explorer.conditions import Conditions, label_values
from explorer.elements import Elements
from explorer.labelling import FEWEST_PIXELS
from explorer.trust import Trust, trust_of
from model.inference import Inference
from model.information import Information
from model.windows import WindowFit

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NO_CONDITIONS = Conditions()
AS_A_GUIDE = (
    "Published errors are those that validation showed for fits of all labels to all pixels: "
    "under conditions they are a guide."
)
NOT_VALIDATED = "This model was not validated, so that only formal errors are known."


@dataclass(frozen=True)
class FittedLabel:
    """A label of a star.

    Attributes
    ----------
    name : the label.
    value : in its unit.
    formal : formal error, 0 where held; NaN where the spectrum does not fix it.
    published : error that validation shows, 0 where held; NaN where the model was not validated.
    held : whether it was given, not fitted.
    beyond : 1 where it is beyond the values to trust, 0, or -1 where it is not known.
    words : what is the matter with it; "" if nothing is. Not escaped.
    """

    name: str
    value: float
    formal: float
    published: float
    held: bool
    beyond: int
    words: str


@dataclass(frozen=True)
class NearLines:
    """The fit near an element's strong lines; see `WindowFit`.

    Attributes
    ----------
    name : column of the element's abundance, such as mg_fe.
    pixels : good pixels that were not left out.
    chi2, residual, depth : NaN where there are fewer than 3, the last two where there are only bands.
    """

    name: str
    pixels: int
    chi2: float
    residual: float
    depth: float


@dataclass(frozen=True)
class Change:
    """How a label differs from a former fit.

    Attributes
    ----------
    name : the label.
    by : new less old value.
    errors : that over the larger of the two formal errors; NaN where both are 0.
    """

    name: str
    by: float
    errors: float


@dataclass(frozen=True)
class Changes:
    """How a fit differs from a former one.

    Attributes
    ----------
    labels : in the model's order.
    chi2 : new less old.
    dof : likewise; chi2 compares only where pixels are the same.
    same_pixels : whether they are.
    """

    labels: tuple[Change, ...]
    chi2: float
    dof: int
    same_pixels: bool


@dataclass(frozen=True, eq=False)
class Refit:
    """A fit; arrays of P pixels are on the model's.

    Attributes
    ----------
    conditions : that it was made under.
    labels : in the model's order.
    covariance : (L, L), formal; zero for held labels.
    chi2, dof : over the pixels used.
    runner_up : chi2 of the best other minimum; NaN if there is none.
    converged : whether the labels are a minimum of chi2.
    near : the fit near the lines of each element.
    flux, s : (P,), of the model, with its own scatter; NaN where it was not trained.
    used : (P,), pixels that count.
    residual : (P,), flux less the model's over the error of both; NaN at pixels that do not count.
    errors_in_words : what is to be said of published errors; "" if nothing is.
    """

    conditions: Conditions
    labels: tuple[FittedLabel, ...]
    covariance: Floats
    chi2: float
    dof: int
    runner_up: float
    converged: bool
    near: tuple[NearLines, ...]
    flux: Floats
    s: Floats
    used: Flags
    residual: Floats
    errors_in_words: str

    @property
    def reduced(self) -> float:
        """chi2 over degrees of freedom; NaN where there are none."""
        return self.chi2 / self.dof if self.dof > 0 else np.nan

    @property
    def values(self) -> Mapping[str, float]:
        """Labels by name."""
        return {label.name: label.value for label in self.labels}

    def against(self, former: "Refit") -> Changes:
        """What changed since a former fit by the same model. ValueError if its labels are others."""
        if list(self.values) != list(former.values):
            raise ValueError("the former fit has other labels: compare fits by one model")
        pairs = zip(self.labels, former.labels, strict=True)
        return Changes(
            labels=tuple(_change(new, old) for new, old in pairs),
            chi2=self.chi2 - former.chi2,
            dof=self.dof - former.dof,
            same_pixels=bool(np.array_equal(self.used, former.used)),
        )


@dataclass(frozen=True, eq=False)
class Refitter:
    """A model ready to fit one star after the other.

    Attributes
    ----------
    content : the model, with what validation found.
    elements : whose lines are looked at.
    trust : of each label.
    """

    content: CannonFile
    elements: Elements
    trust: Mapping[str, Trust]

    @classmethod
    def of(cls, content: CannonFile) -> "Refitter":
        """Make a model ready; the first fit takes no longer than others then."""
        ready = cls(content, Elements.on(content.model.wavelength), trust_of(content))
        flat = np.ones(content.model.s.shape, np.float32)
        ready.fit(flat, flat)
        return ready

    def conditions(
        self, held: Mapping[str, object] | None = None, excluded: Collection[object] = ()
    ) -> Conditions:
        """What a person asks, checked against the model; see `Conditions.of`.

        DataError also where a range that is left out holds no pixel of the model.
        """
        asked = Conditions.of(self.content.ranges, held, excluded)
        wavelength = self.content.model.wavelength
        for low, high in asked.excluded:
            if not ((wavelength >= low) & (wavelength <= high)).any():
                raise DataError(
                    f"{low:g} to {high:g} A holds no pixel of the model, which has them from "
                    f"{wavelength[0]:.0f} to {wavelength[-1]:.0f} A: leave out wavelengths among these"
                )
        return asked

    def fit(self, flux: NDArray[Any], ivar: NDArray[Any], conditions: Conditions = NO_CONDITIONS) -> Refit:
        """Fit a spectrum.

        Parameters
        ----------
        flux, ivar : (P,), over the continuum, on the model's pixels; what flux holds where ivar is 0, and
            both where wavelengths are left out, is never looked at.
        conditions : checked ones.

        Raises
        ------
        DataError
            If they leave hardly a pixel, or the spectrum is none.
        """
        model = self.content.model
        if np.shape(flux) != model.s.shape or np.shape(ivar) != model.s.shape:
            raise DataError(
                f"the spectrum has {np.size(flux)} pixels and {np.size(ivar)} errors: give both on the "
                f"{len(model.s)} pixels of the model"
            )
        counts = conditions.pixels(model.wavelength) & np.isfinite(model.s)
        weight = np.where(counts, ivar, 0)
        used = weight > 0
        if np.count_nonzero(used) < FEWEST_PIXELS:
            raise DataError(
                f"{np.count_nonzero(used)} good pixels are left: leave out less of the spectrum, so that at "
                f"least {FEWEST_PIXELS} are"
            )
        clean = np.where(used, flux, 1)
        try:
            found = model.infer(clean, weight, frozen=dict(conditions.held))
        except ValueError as error:
            raise DataError(str(error).replace("star 0", "the spectrum", 1)) from error
        return self._told(found, clean, weight, used, conditions)

    def predicted(self, labels: Mapping[str, object]) -> Floats:
        """Flux (P,) of the model for a value of each label. Raises DataError if one lacks or is absurd."""
        ranges = self.content.ranges
        lacking = [name for name in ranges if name not in labels]
        if lacking:
            raise DataError(f"no value of {', '.join(lacking)}: give one of each label")
        values = label_values(labels, ranges)
        return self.content.model.predict([values[name] for name in ranges])

    def information(self, fit: Refit, ivar: NDArray[Any]) -> Information:
        """What a spectrum of this `ivar` (P,) can say of each label, near a fit and under its conditions."""
        weight = np.where(fit.used, ivar, 0)
        return Information.of(
            self.content.model, list(fit.values.values()), weight, held=fit.conditions.names
        )

    def _told(
        self, found: Inference, flux: NDArray[Any], ivar: NDArray[Any], used: Flags, conditions: Conditions
    ) -> Refit:
        model = self.content.model
        predicted = model.predict(found.labels)
        near = self.elements.windows.fit(flux[None], ivar[None], predicted, model.s)
        weight = np.where(used, ivar / (1 + ivar * np.nan_to_num(model.s) ** 2), 0.0)
        residual = np.where(used, np.sqrt(weight) * (flux - predicted[0]), np.nan)
        return Refit(
            conditions=conditions,
            labels=self._labels(found, conditions),
            covariance=found.covariance[0],
            chi2=float(found.chi2[0]),
            dof=int(found.dof[0]),
            runner_up=float(found.runner_up_chi2[0]),
            converged=bool(found.converged[0]),
            near=_near(self.elements.windows.names, near),
            flux=predicted[0],
            s=model.s,
            used=used,
            residual=residual,
            errors_in_words=self._errors_in_words(conditions),
        )

    def _labels(self, found: Inference, conditions: Conditions) -> tuple[FittedLabel, ...]:
        formal = np.sqrt(found.covariance[0].diagonal())
        validated = self.content.validated
        published = np.full(formal.shape, np.nan) if validated is None else validated.errors.sigma(formal)
        return tuple(
            FittedLabel(
                name=name,
                value=value,
                formal=own,
                published=0.0 if name in conditions.names else shown,
                held=name in conditions.names,
                beyond=self.trust[name].flag(value),
                words=self.trust[name].words(value),
            )
            for name, value, own, shown in zip(
                self.trust, found.labels[0].tolist(), formal.tolist(), published.tolist(), strict=True
            )
        )

    def _errors_in_words(self, conditions: Conditions) -> str:
        if self.content.validated is None:
            return NOT_VALIDATED
        return "" if conditions.are_none else AS_A_GUIDE


def _near(names: tuple[str, ...], fit: WindowFit) -> tuple[NearLines, ...]:
    columns = (fit.pixels[0], fit.chi2[0], fit.residual[0], fit.depth[0])
    rows = zip(names, *(column.tolist() for column in columns), strict=True)
    return tuple(NearLines(*row) for row in rows)


def _change(new: FittedLabel, old: FittedLabel) -> Change:
    by, error = new.value - old.value, max(new.formal, old.formal)
    return Change(new.name, by, by / error if error > 0 else np.nan)

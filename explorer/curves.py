"""What the plots of a spectrum draw: the spectrum, the model, what is left between them, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.case import Case
from explorer.ready_spectrum import ReadySpectrum
from explorer.refit import Refitter
from explorer.spectra import pixels_of
from model.information import Information
from model.wavelength import SURVEY_GRID, vacuum_to_air

Floats = NDArray[np.float64]
Below = Literal["residual", "gradient", "information"]


@dataclass(frozen=True)
class Manner:
    """How a visitor wants a spectrum drawn.

    Attributes
    ----------
    observed : in the observed frame, not at rest.
    air : wavelengths in air, not in vacuum.
    raw : flux and continuum, not their ratio.
    below : what the lower plot shows: the residual, or of one label the slope of the model's flux with it,
        or the information of each pixel on it.
    label : that label.
    """

    observed: bool = False
    air: bool = False
    raw: bool = False
    below: Below = "residual"
    label: str = ""

    @property
    def asked(self) -> str:
        """The label whose information is shown; "" where none is."""
        return self.label if self.below == "information" else ""

    def wavelength(self, at_rest: Floats, z: float) -> Floats:
        """Wavelengths (vacuum, at rest, A) as they are to be shown."""
        shifted = at_rest * (1 + z) if self.observed and np.isfinite(z) else at_rest
        return vacuum_to_air(shifted) if self.air else shifted

    @property
    def axis(self) -> str:
        """What is on the axis."""
        frame = "observed (heliocentric)" if self.observed else "at rest"
        return f"Wavelength in {'air' if self.air else 'vacuum'}, {frame} [Å]"


@dataclass(frozen=True, eq=False)
class Curves:
    """Arrays of P pixels on the survey's grid; NaN where there is nothing to draw.

    Attributes
    ----------
    wavelength : (P,), as the manner asks, A.
    flux, sigma : (P,), of the spectrum.
    model, s : (P,), of the model, with its own scatter; in the same unit as flux.
    lower : (P,), what the lower plot shows.
    """

    wavelength: Floats
    flux: Floats
    sigma: Floats
    model: Floats
    s: Floats
    continuum: Floats
    lower: Floats

    @classmethod
    def of(cls, case: Case, manner: Manner) -> "Curves":
        """What is to be drawn of a star."""
        spectrum, refitter, labels = case.spectrum, case.refitter, case.labels
        nothing = np.full(SURVEY_GRID.shape, np.nan)
        wavelength = manner.wavelength(SURVEY_GRID, spectrum.z if spectrum else np.nan)
        flux, sigma = _seen(spectrum) if spectrum else (nothing, nothing)
        model, s, lower = nothing, nothing, nothing
        if refitter is not None and labels is not None:
            model = on_grid(refitter, refitter.predicted(labels))
            s = on_grid(refitter, refitter.content.model.s)
            lower = _lower(case, refitter, labels, manner)
        unit = np.ones(SURVEY_GRID.shape)
        if spectrum is not None and manner.raw:
            unit = np.where(spectrum.continuum > 0, spectrum.continuum.astype(np.float64), np.nan)
        return cls(
            wavelength, flux * unit, sigma * unit, model * unit, s * unit,
            unit if manner.raw else nothing, lower,
        )  # fmt: skip

    def trial(self, case: Case, labels: Mapping[str, float]) -> Floats:
        """The model's flux (P,) for other labels, in the unit of this."""
        if case.refitter is None:
            return np.full(SURVEY_GRID.shape, np.nan)
        return on_grid(case.refitter, case.refitter.predicted(labels)) * np.where(
            np.isnan(self.continuum), 1, self.continuum
        )


def on_grid(refitter: Refitter, values: NDArray[Any]) -> Floats:
    """Values on a model's pixels as values on the survey's grid, NaN elsewhere."""
    found = np.full(SURVEY_GRID.shape, np.nan)
    found[pixels_of(refitter.content.model.wavelength)] = values
    return found


def _seen(spectrum: ReadySpectrum) -> tuple[Floats, Floats]:
    """Flux and its error, NaN in gaps."""
    good = spectrum.ivar > 0
    sigma = 1 / np.sqrt(np.where(good, spectrum.ivar, 1).astype(np.float64))
    return np.where(good, spectrum.flux, np.nan), np.where(good, sigma, np.nan)


def _lower(case: Case, refitter: Refitter, labels: Mapping[str, float], manner: Manner) -> Floats:
    if manner.below == "residual" or manner.label not in labels:
        return (
            on_grid(refitter, case.fit.residual)
            if case.fit is not None
            else np.full(SURVEY_GRID.shape, np.nan)
        )
    place = [*labels].index(manner.label)
    told = information(case, refitter, labels)
    column = told.gradient if manner.below == "gradient" else told.remaining
    return on_grid(refitter, column[:, place])


def information(case: Case, refitter: Refitter, labels: Mapping[str, float]) -> Information:
    """What the spectrum can say of each label; without a spectrum, one of S/N 100 a pixel."""
    if case.fit is not None and case.spectrum is not None:
        return refitter.information(case.fit, Case.on_pixels(refitter, case.spectrum)[1])
    model = refitter.content.model
    return Information.of(model, [*labels.values()], np.full(model.s.shape, 1e4))


def runs(wavelength: Floats, low: Floats, high: Floats) -> tuple[list[Floats], list[Floats]]:
    """Outlines of the band between two curves, one for each unbroken stretch."""
    whole = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    if not whole.size:
        return [], []
    stretches = np.split(whole, np.flatnonzero(np.diff(whole) > 1) + 1)
    kept = [one for one in stretches if one.size > 1]
    xs = [np.concatenate((wavelength[one], wavelength[one[::-1]])) for one in kept]
    ys = [np.concatenate((low[one], high[one[::-1]])) for one in kept]
    return xs, ys

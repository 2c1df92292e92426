"""One star under study: its spectra, the fit of the one that is looked at, and what a visitor asks of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.observation_name import Star
from data.problem import DataError
from data.spectra import Observation, Sources
from explorer.conditions import Conditions, label_values
from explorer.ready_spectrum import ReadySpectrum, apart
from explorer.refit import NO_CONDITIONS, Refit, Refitter
from explorer.spectra import pixels_of

STACKED = -1
"""Number of the observation that is all of them together."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Wish:
    """What a visitor wants to see of a star.

    Attributes
    ----------
    observation : number of the observation, or STACKED.
    model : name of the model; "" for the one that its labels are from.
    conditions : of the fit.
    """

    observation: int = 0
    model: str = ""
    conditions: Conditions = NO_CONDITIONS


@dataclass(frozen=True, eq=False)
class Case:
    """A star with the fit that a wish asks for.

    Attributes
    ----------
    spectra : those that can be used, the one asked for first.
    reasons : why others can't be, or are not there; not escaped.
    known : values of labels that are published of the star; NaN where there is none.
    wish : what is shown.
    refitter : the model; None where there is none.
    plain : the fit of all labels to all pixels; None where there is no spectrum, or no model.
    fit : the fit under the wish's conditions: `plain` where there are none.
    repeats : that of each of several spectra by itself, where it was asked for; None of what can't be fitted.
    missing : the name of the spectrum that was asked for, where others of the star are at hand but not it.
    unfitted : why there is no fit, though there is a spectrum; "" where nothing went wrong.
    """

    spectra: tuple[ReadySpectrum, ...]
    reasons: tuple[str, ...]
    known: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    wish: Wish = field(default_factory=Wish)
    refitter: Refitter | None = None
    plain: Refit | None = None
    fit: Refit | None = None
    repeats: tuple[Refit | None, ...] = ()
    missing: str = ""
    unfitted: str = ""

    @classmethod
    def of_star(cls, sources: Sources, star: Star, known: Mapping[str, float]) -> "Case":
        """The spectra of a star of a catalogue. Nothing is fitted yet: see `with_fit`."""
        found = sources.find(star)
        made = cls._made(found.observations, found.reasons, known)
        at_hand = [name for one in made.spectra for name in (seen.name for seen in one.observations)]
        asked_for = not at_hand or any(map(star.is_asked_for, at_hand))
        return made if asked_for else replace(made, missing=str(star.names[0]))

    @classmethod
    def of_spectrum(cls, observation: Observation) -> "Case":
        """A spectrum that a visitor brought. DataError if it can't be used."""
        return cls((ReadySpectrum.of(observation),), ())

    @classmethod
    def _made(
        cls, observations: Sequence[Observation], reasons: Sequence[str], known: Mapping[str, float]
    ) -> "Case":
        ready: list[ReadySpectrum] = []
        said = [*reasons]
        for one in apart(observations):
            try:
                ready.append(ReadySpectrum.of(one))
            except DataError as problem:
                said.append(str(problem))
        return cls(tuple(ready), tuple(said), MappingProxyType(dict(known)))

    @property
    def spectrum(self) -> ReadySpectrum | None:
        """The one that is looked at."""
        if not self.spectra:
            return None
        if self.wish.observation == STACKED:
            return ReadySpectrum.stacked(self.spectra)
        return self.spectra[min(self.wish.observation, len(self.spectra) - 1)]

    @property
    def labels(self) -> Mapping[str, float] | None:
        """A value for each label of the model: of the fit, else the published ones.

        None where some are not known, or lie so far beyond the model's stars that it says nothing.
        """
        if self.refitter is None:
            return None
        if self.fit is not None:
            return self.fit.values
        names = self.refitter.content.model.label_names
        values = {name: self.known.get(name, np.nan) for name in names}
        try:
            label_values(values, self.refitter.content.ranges)
        except DataError:
            return None
        return values

    def with_fit(self, refitter: Refitter | None, wish: Wish) -> "Case":
        """The star with what a wish asks for.

        Raises
        ------
        DataError
            If its conditions leave nothing to fit.
        """
        asked = replace(self, wish=wish, refitter=refitter)
        spectrum = asked.spectrum
        if refitter is None or spectrum is None:
            return replace(asked, plain=None, fit=None, repeats=(), unfitted="")
        repeats = self.repeats if wish.model == self.wish.model else ()
        same = (wish.model, wish.observation) == (self.wish.model, self.wish.observation)
        arrays = self.on_pixels(refitter, spectrum)
        plain = self.plain if same and self.plain is not None else refitter.fit(*arrays)
        fit = plain if wish.conditions.are_none else refitter.fit(*arrays, wish.conditions)
        return replace(asked, plain=plain, fit=fit, repeats=repeats, unfitted="")

    def without_fit(self, refitter: Refitter | None, wish: Wish, why: DataError) -> "Case":
        """The star as far as it can be shown, where its fit failed."""
        return replace(
            self, wish=wish, refitter=refitter, plain=None, fit=None, repeats=(), unfitted=str(why)
        )

    def with_repeats(self) -> "Case":
        """The star with each of its spectra fitted by itself, if there are several and a model."""
        refitter = self.refitter
        if self.repeats or refitter is None or len(self.spectra) < 2:
            return self
        return replace(self, repeats=tuple(self._alone(refitter, one) for one in self.spectra))

    @classmethod
    def _alone(cls, refitter: Refitter, spectrum: ReadySpectrum) -> Refit | None:
        try:
            return refitter.fit(*cls.on_pixels(refitter, spectrum))
        except DataError:
            return None

    @staticmethod
    def on_pixels(refitter: Refitter, spectrum: ReadySpectrum) -> tuple[Any, Any]:
        """Flux and ivar of a spectrum on a model's pixels."""
        used = pixels_of(refitter.content.model.wavelength)
        return spectrum.flux[used], spectrum.ivar[used]

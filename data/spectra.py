"""Where spectra come from: places that are asked one after the other, and what they answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from data.lamost import LamostSpectrum
from data.observation_name import ObservationName, Star
from data.problem import DataError


@dataclass(frozen=True, eq=False)
class Observation:
    """One spectrum of a star, as observed, with where it is from.

    Attributes
    ----------
    spectrum : its pixels, and what its header says: file (path), plate (planid), day (lmjd), signal-to-noise
        ratios, and the redshift by which it is brought to rest; NaN where LAMOST measured none.
    origin : the place, in words for a person.
    mock : whether it was made, not observed.
    """

    spectrum: LamostSpectrum
    origin: str
    mock: bool = False

    @property
    def name(self) -> ObservationName:
        """What the spectrum says that it is: two of one obsid, or one exposure, are not to be added up."""
        return ObservationName.of(self.spectrum)


@dataclass(frozen=True, eq=False)
class Found:
    """What a place has of a star.

    Attributes
    ----------
    observations : those it has, the ones asked for first; two of one obsid are one exposure, reduced twice.
    reasons : one line for each that it should have and has not, and why.
    """

    observations: tuple[Observation, ...] = ()
    reasons: tuple[str, ...] = ()


class SpectrumSource(Protocol):
    """A place of spectra; several threads may ask it at a time."""

    def find(self, star: Star) -> Found:
        """Spectra of a star. Raises DataError where the place is of no use at all just now."""


@dataclass(frozen=True)
class Sources:
    """Places in the order in which they are asked.

    Attributes
    ----------
    places : the places.
    """

    places: Sequence[SpectrumSource] = ()

    def find(self, star: Star) -> Found:
        """Spectra of a star from the places up to the first that has the one asked for, which comes first.

        Reasons are those of the places that were asked.
        """
        reasons: list[str] = []
        others: tuple[Observation, ...] = ()
        for place in self.places:
            try:
                found = place.find(star)
            except DataError as problem:
                reasons.append(str(problem))
                continue
            reasons += found.reasons
            others = (*found.observations, *others)
            asked_for = [one for one in others if star.is_asked_for(one.name)]
            if asked_for:
                rest = [one for one in others if not star.is_asked_for(one.name)]
                return Found((*asked_for, *rest), tuple(reasons))
        if not self.places:
            reasons.append("no folder or archive of spectra was named")
        return Found(others, tuple(reasons))

"""Spectra of one star made ready to be seen: at rest, on the survey's grid, over their continuum."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from data.spectra import Observation
from explorer.reading import LeftOut, rest
from model.continuum import Continuum
from model.wavelength import SURVEY_GRID

_CONTINUUM = Continuum(SURVEY_GRID)

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ReadySpectrum:
    """What The Cannon sees of one observation, or of several stacked; arrays of P pixels on SURVEY_GRID.

    Attributes
    ----------
    observations : what it is made of.
    flux, ivar : (P,), over the continuum; flux is 1 where ivar is 0.
    continuum : (P,), in units of the spectrum's typical flux; 0 where there is none.
    """

    observations: tuple[Observation, ...]
    flux: Floats
    ivar: Floats
    continuum: Floats

    @classmethod
    def of(cls, observation: Observation) -> "ReadySpectrum":
        """Make one observation ready, as for an inference.

        Raises
        ------
        DataError
            If it can't be used: says why.
        """
        found = rest(observation.spectrum)
        if isinstance(found, LeftOut):
            detail = f": {found.detail}" if found.detail else ""
            raise DataError(f"{found.file} can't be fitted, for it has {_as_words(found.reason)}{detail}")
        return cls((observation,), *_CONTINUUM.normalise(found.flux, found.ivar))

    @classmethod
    def stacked(cls, spectra: Sequence["ReadySpectrum"]) -> "ReadySpectrum":
        """Several of one star as one: means weighted by ivar, and the mean continuum of those that have one.

        Parameters
        ----------
        spectra : one or more, each of another exposure: `apart` chooses them.
        """
        if len(spectra) == 1:
            return spectra[0]
        weights = np.array([one.ivar for one in spectra], np.float64)
        fluxes = np.array([one.flux for one in spectra], np.float64)
        total = weights.sum(axis=0)
        mean = np.where(total > 0, (weights * fluxes).sum(axis=0) / np.where(total > 0, total, 1), 1)
        continua = np.array([one.continuum for one in spectra], np.float64)
        there = (continua > 0).sum(axis=0)
        continuum = np.where(continua > 0, continua, 0).sum(axis=0) / np.maximum(there, 1)
        arrays = (np.asarray(array, np.float32) for array in (mean, total, continuum))
        return cls(tuple(seen for one in spectra for seen in one.observations), *arrays)

    @property
    def z(self) -> float:
        """Redshift by which it was brought to rest; of several, that of the first."""
        return float(self.observations[0].spectrum.z)

    @property
    def mock(self) -> bool:
        """Whether some of it was made, not observed."""
        return any(one.mock for one in self.observations)


def apart(observations: Sequence[Observation]) -> tuple[Observation, ...]:
    """Those of different exposures: of two reductions of one, the first."""
    kept: dict[str, Observation] = {}
    for one in observations:
        name = one.name
        kept.setdefault(name.exposure or str(name), one)
    return tuple(kept.values())


def _as_words(reason: str) -> str:
    return reason if reason.startswith(("no ", "too ")) else f"a flaw ({reason})"

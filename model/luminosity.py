"""How bright the stars of each part of the Galaxy are that the survey takes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.galaxy import COMPONENTS
from model.tracks import IMF_SLOPE, isochrone

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

METALLICITIES = np.arange(-2.6, 0.61, 0.2)
MAGNITUDES = np.arange(-5.0, 11.0, 0.02)
COOLEST, HOTTEST = 3850.0, 8200.0
"""No star outside is taken, K."""

_PHASE_EDGES = np.concatenate(
    (
        np.linspace(0.0, 1.0, 400, endpoint=False),
        np.linspace(1.0, 2.0, 80, endpoint=False),
        2 + (1 - (1 - np.linspace(0.0, 1.0, 160, endpoint=False)) ** 2.5),
        np.linspace(3.0, 3.999, 101),
    )
)


@dataclass(frozen=True, eq=False)
class Luminosities:
    """Brightness functions, one row for each component and [Fe/H] of METALLICITIES.

    Attributes
    ----------
    total : stars taken per star formed, one per row.
    below : share of a row's stars brighter than each of MAGNITUDES, (rows, magnitudes).
    ladder : the same per narrow step of phase, bright steps first, plus the row's number: one rising array.
    low, high : phase where each step of the ladder begins and ends.
    """

    total: Floats
    below: Floats
    ladder: Floats
    low: Floats
    high: Floats

    def share(self, row: Integers, magnitude: Floats) -> Floats:
        """Part of the stars of a row that is brighter than an absolute magnitude."""
        place = (magnitude - MAGNITUDES[0]) / (MAGNITUDES[1] - MAGNITUDES[0])
        step = np.clip(place.astype(np.int64), 0, MAGNITUDES.size - 2)
        beyond = np.clip(place - step, 0, 1)
        first = self.below[row, step]
        share: Floats = first + beyond * (self.below[row, step + 1] - first)
        return share

    def phase(self, row: Integers, share: Floats, random: np.random.Generator) -> Floats:
        """Phase of the star that has a given part of its row's stars above it in brightness."""
        rung = np.searchsorted(self.ladder, row + np.minimum(share, 1 - 1e-12), side="right")
        rung = np.minimum(rung, self.ladder.size - 1)
        phase: Floats = self.low[rung] + random.random(rung.shape) * (self.high[rung] - self.low[rung])
        return phase


def rows(component: Integers, fe_h: Floats) -> Integers:
    """Row of each star in Luminosities."""
    step = METALLICITIES[1] - METALLICITIES[0]
    nearest = np.rint((fe_h - METALLICITIES[0]) / step).astype(np.int64)
    row: Integers = component * METALLICITIES.size + np.clip(nearest, 0, METALLICITIES.size - 1)
    return row


def preference(teff: Floats, logg: Floats) -> Floats:
    """How readily a star is taken, whatever its magnitude: hot stars and cool dwarfs fade out."""
    hot = 1 / (1 + np.exp((teff - 7300.0) / 180.0))
    cool = 1 / (1 + np.exp((np.where(logg > 3.6, 4100.0, 3900.0) - teff) / 60.0))
    return hot * cool


def luminosities() -> Luminosities:
    """Brightness functions of all components, from their isochrones at middle age."""
    ages = np.array([sum(each.ages) / 2 for each in COMPONENTS])
    age, fe_h = (each.ravel()[:, None] for each in np.meshgrid(ages, METALLICITIES, indexing="ij"))
    stars = isochrone(age, fe_h, (_PHASE_EDGES[1:] + _PHASE_EDGES[:-1])[None, :] / 2)
    edges = isochrone(age, fe_h, _PHASE_EDGES[None, :]).mass
    formed = np.abs(np.diff(edges, axis=1)) * stars.mass**IMF_SLOPE
    weight = formed * preference(stars.teff, stars.logg)
    order = np.argsort(stars.absolute_g, axis=1)
    magnitude = np.take_along_axis(stars.absolute_g, order, axis=1)
    total = weight.sum(axis=1)
    ladder = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1) / total[:, None]
    below = np.array([np.interp(MAGNITUDES, m, c, left=0.0) for m, c in zip(magnitude, ladder, strict=True)])
    return Luminosities(
        total=total,
        below=below,
        ladder=(ladder + np.arange(len(total))[:, None]).ravel(),
        low=_PHASE_EDGES[:-1][order].ravel(),
        high=_PHASE_EDGES[1:][order].ravel(),
    )

"""The orbit of one star of a catalogue, with what its errors leave open."""

from collections.abc import Sequence

import numpy as np

from data.catalogue import Catalogue
from data.problem import DataError
from explorer.orbit_errors import OBSERVED, Drawing, observed_arrays
from model.kinematics import PhaseSpace, galactocentric
from model.orbit import Orbit, orbit
from model.uncertainty import Observed

SEEN = ("ra", "dec", "distance", "pmra", "pmdec", "rv")
PLACE = ("R", "phi", "z", "vR", "vT", "vz")


def star_orbit(catalogue: Catalogue, row: int, drawing: Drawing, *, gyr: float = 5.0) -> Orbit:
    """Orbit of the star in a row.

    It starts from what is seen of the star, in the frame of `drawing`, so that it goes with the draws; where
    a part of that is missing, from the catalogue's own phase space, without draws.

    Parameters
    ----------
    catalogue : where the star is.
    row : its row.
    drawing : how errors are drawn, if there are to be draws, in which frame and potential.
    gyr : how long the star is followed; negative to go into the past.

    Raises
    ------
    DataError
        The catalogue has neither, or the potential, time or draws will not do.
    """
    star = _seen(catalogue, row, drawing)
    observed = None
    if drawing.draws and star is not None and all(name in catalogue for name in OBSERVED):
        observed = Observed(**observed_arrays(catalogue, np.array([row])))
    return _followed(_own(catalogue, row) if star is None else star, observed, drawing, gyr)


def sky_orbit(seen: Sequence[float], drawing: Drawing, *, gyr: float = 5.0) -> Orbit:
    """Orbit of a star from what is seen of it, SEEN, in degrees, kpc, mas/yr and km/s. DataError as above."""
    return _followed(galactocentric(*seen, frame=drawing.frame), None, drawing, gyr)


def _followed(star: PhaseSpace, observed: Observed | None, drawing: Drawing, gyr: float) -> Orbit:
    try:
        return orbit(
            star,
            observed,
            gyr=gyr,
            draws=drawing.draws,
            seed=drawing.seed,
            centre=drawing.centre,
            frame=drawing.frame,
            potential=drawing.potential,
            delta=drawing.delta,
        )
    except ValueError as error:
        raise DataError(f"the orbit cannot be told: {error}") from error


def _seen(catalogue: Catalogue, row: int, drawing: Drawing) -> PhaseSpace | None:
    """Phase space from what is seen of a star; None where a part of it is missing."""
    if not all(name in catalogue for name in SEEN):
        return None
    seen = [float(catalogue[name][row]) for name in SEEN]
    return galactocentric(*seen, frame=drawing.frame) if np.isfinite(seen).all() else None


def _own(catalogue: Catalogue, row: int) -> PhaseSpace:
    """A catalogue's own phase space."""
    lacking = [name for name in PLACE if name not in catalogue]
    if lacking:
        raise DataError(
            f"{catalogue.source.name} lacks what an orbit starts from: {', '.join(lacking)}; a mapping can "
            f"name its columns for these, or for {', '.join(SEEN)}"
        )
    return PhaseSpace(*(np.asarray(catalogue[name][row], np.float64) for name in PLACE))

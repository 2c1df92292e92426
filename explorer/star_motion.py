"""How one star moves: its orbit and its actions. Only who asks for them waits for galpy to be imported."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from data.catalogue import Catalogue
from explorer.conventions import Conventions
from model.kinematics import PhaseSpace

if TYPE_CHECKING:
    from model.orbit import Orbit

SEED = 1
"""Of draws within a star's errors: the same star has the same orbit again."""


def orbit_of(catalogue: Catalogue, row: int, conventions: Conventions, draws: int) -> "Orbit":
    """Orbit of a star of a catalogue, with so many draws within its errors.

    Raises
    ------
    DataError
        As `star_orbit`.
    """
    from explorer.orbit_errors import Drawing, centre_of
    from explorer.star_orbit import star_orbit

    how = conventions.frame, conventions.potential, conventions.delta
    return star_orbit(catalogue, row, Drawing(draws, SEED, centre_of(catalogue), *how))


def orbit_from(place: Mapping[str, float], conventions: Conventions) -> "Orbit":
    """Orbit, without errors, from where a star is seen, by the names of SEEN. DataError as `star_orbit`."""
    from explorer.orbit_errors import Drawing
    from explorer.star_orbit import SEEN, sky_orbit

    how = conventions.frame, conventions.potential, conventions.delta
    return sky_orbit([place[name] for name in SEEN], Drawing(0, SEED, "median", *how))


def actions_of(star: PhaseSpace, conventions: Conventions) -> dict[str, float]:
    """JR, Jphi and Jz of one star, kpc km/s; NaN where it has none."""
    from model.actions import staeckel_actions

    one = PhaseSpace(*(np.atleast_1d(part) for part in (star.R, star.phi, star.z, star.vR, star.vT, star.vz)))
    found = staeckel_actions(one, potential=conventions.potential, delta=conventions.delta)
    return {"JR": float(found.J_R[0]), "Jphi": float(found.J_phi[0]), "Jz": float(found.J_z[0])}

"""Positions at another epoch, by proper motions."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_RADIANS_PER_MAS = np.pi / (180 * 3600 * 1000)


def propagate(
    ra: ArrayLike,
    dec: ArrayLike,
    pmra: ArrayLike,
    pmdec: ArrayLike,
    from_epoch: ArrayLike,
    to_epoch: ArrayLike,
) -> tuple[Floats, Floats]:
    """Move positions along great circles, as stars of constant velocity and no radial velocity do.

    With r the unit vector of a star, p and q those towards east and north there, and t the time, the star is
    then in the direction of r + (pmra p + pmdec q) t: The Hipparcos and Tycho Catalogues (ESA SP-1200),
    vol. 1, section 1.5.5, with no radial velocity.

    Parameters
    ----------
    ra, dec : (N,) degrees, ICRS.
    pmra, pmdec : (N,) mas/yr; pmra includes cos(dec), as Gaia's does.
    from_epoch, to_epoch : Julian years, (N,) or one for all.

    Returns
    -------
    ra, dec
        (N,) degrees, ra from 0 to 360. Where a proper motion or an epoch is missing (NaN), the position is
        returned as it was given.
    """
    ra, dec = np.asarray(ra, dtype=np.float64), np.asarray(dec, dtype=np.float64)
    years = np.asarray(to_epoch, dtype=np.float64) - np.asarray(from_epoch, dtype=np.float64)
    east, north = (np.asarray(pm, dtype=np.float64) * _RADIANS_PER_MAS * years for pm in (pmra, pmdec))
    alpha, delta = np.radians(ra), np.radians(dec)
    # In the meridian's frame r is (cos d, 0, sin d), p is (0, 1, 0) and q is (-sin d, 0, cos d).
    outward = np.cos(delta) - north * np.sin(delta)
    up = np.sin(delta) + north * np.cos(delta)
    moved_ra = np.degrees(alpha + np.arctan2(east, outward)) % 360
    moved_ra = np.where(moved_ra == 360, 0, moved_ra)  # what is left of a tiny negative number
    moved_dec = np.degrees(np.arctan2(up, np.hypot(outward, east)))
    known = np.isfinite(moved_ra)  # it needs all that is given
    return np.where(known, moved_ra, ra), np.where(known, moved_dec, dec)

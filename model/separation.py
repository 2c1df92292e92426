"""Projected separations of pairs of stars, and whether wider pairs differ more (paper, section 5.2)."""

from dataclasses import dataclass

import numpy as np
from astropy.coordinates import angular_separation
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]

AU_PER_KPC_RADIAN = 206_264_806.24709636
"""Astronomical units in a kiloparsec (IAU 2015 Resolution B2): an angle of one radian at that distance."""
_FEWEST = 10


def projected_separation(
    ra_1: ArrayLike, dec_1: ArrayLike, ra_2: ArrayLike, dec_2: ArrayLike, distance: ArrayLike
) -> Floats:
    """Give the separations of P pairs across the line of sight, the angle times the distance.

    Parameters
    ----------
    ra_1, dec_1, ra_2, dec_2 : (P,) degrees.
    distance : (P,) of the pair, kpc.

    Returns
    -------
    (P,) AU; NaN where anything is missing.
    """
    places = (np.radians(np.asarray(angle, dtype=np.float64)) for angle in (ra_1, dec_1, ra_2, dec_2))
    angle: Floats = np.asarray(angular_separation(*places), dtype=np.float64)
    return angle * np.asarray(distance, dtype=np.float64) * AU_PER_KPC_RADIAN


@dataclass(frozen=True)
class Trend:
    """Spearman's rank correlation of two quantities.

    Attributes
    ----------
    rho : the correlation; NaN below 10 pairs, or where one quantity is the same for all.
    low, high : 95 % interval, by Fisher's transformation with the variance of Bonett & Wright (2000,
        Psychometrika 65, 23).
    pairs : that have both quantities.
    """

    rho: float
    low: float
    high: float
    pairs: int

    @classmethod
    def of(cls, one: ArrayLike, other: ArrayLike) -> "Trend":
        """Of two quantities, (P,) each; pairs that lack one (NaN) are left out."""
        x, y = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
        known = np.isfinite(x) & np.isfinite(y)
        x, y = x[known], y[known]
        if len(x) < _FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
            return cls(np.nan, np.nan, np.nan, len(x))
        rho = float(stats.spearmanr(x, y).statistic)
        centre = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
        half = stats.norm.ppf(0.975) * np.sqrt((1 + rho**2 / 2) / (len(x) - 3))
        return cls(rho, float(np.tanh(centre - half)), float(np.tanh(centre + half)), len(x))

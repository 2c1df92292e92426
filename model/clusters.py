"""Open clusters: who their members are, and how a label of theirs drifts with T_eff (paper, Fig. 17).

Stars of a cluster were born with the same abundances, to well within what can be measured, so that a course
of a label with T_eff among its members is an error of the label; but for diffusion in the stars' atmospheres,
which the paper names (section 5.1).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from astropy.coordinates import angular_separation
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from model.spread import Spread
from model.theil_sen import Slope, slope_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Progress = Callable[[int, int], None]

NARROWEST, WIDEST = 11, 101
"""Members in a window of the running median."""
SHARE = 6
"""A window holds this part of the members, within those bounds."""


@dataclass(frozen=True)
class ClusterCut:
    """A cone on the sky, and limits on proper motion and distance; infinite where there is no limit.

    Attributes
    ----------
    ra, dec : of the centre, degrees.
    radius : of the cone, degrees.
    pmra, pmdec : of the cluster, mas/yr; pmra times cos(dec).
    pm_radius : largest difference from that, mas/yr.
    distance : kpc.
    depth : largest difference from that, kpc.
    """

    ra: float
    dec: float
    radius: float
    pmra: float = 0.0
    pmdec: float = 0.0
    pm_radius: float = np.inf
    distance: float = 0.0
    depth: float = np.inf

    def steps(
        self, ra: ArrayLike, dec: ArrayLike, pmra: ArrayLike, pmdec: ArrayLike, distance: ArrayLike
    ) -> tuple[Flags, Flags, Flags]:
        """Tell which of N stars pass the cone, the limit on proper motion and that on distance, (N,) each.

        A star that lacks what a limit asks for (NaN) does not pass it; where there is no limit, all do.
        """
        places = (np.radians(np.asarray(each, np.float64)) for each in (ra, dec, self.ra, self.dec))
        alpha, delta, centre, height = places
        with np.errstate(invalid="ignore"):
            cone = np.degrees(angular_separation(alpha, delta, centre, height)) <= self.radius
            apart = np.hypot(
                np.asarray(pmra, np.float64) - self.pmra, np.asarray(pmdec, np.float64) - self.pmdec
            )
            away = np.abs(np.asarray(distance, np.float64) - self.distance)
            moving = (apart <= self.pm_radius) | np.isinf(self.pm_radius)
            placed = (away <= self.depth) | np.isinf(self.depth)
        return cone, moving, placed


def running_median(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Medians of x and y over windows of stars that are neighbours in x, one star further each time.

    Parameters
    ----------
    x, y : (N,) finite.

    Returns
    -------
    Medians, (N - W + 1,) each, with W members in a window; none where there are fewer than NARROWEST.
    """
    window = int(np.clip(len(x) // SHARE, NARROWEST, WIDEST))
    if len(x) < window:
        return np.empty(0), np.empty(0)
    order = np.argsort(x, kind="stable")
    medians = [np.median(sliding_window_view(each[order], window), axis=1) for each in (x, y)]
    return medians[0], medians[1]


@dataclass(frozen=True, eq=False)
class Drift:
    """How a label of M members goes with T_eff.

    Attributes
    ----------
    slope : of the label against T_eff, per K.
    scatter, core : of the label: standard deviation, and half the central 68 %.
    about : half the central 68 % of what the slope leaves.
    line : T_eff and label of the running median.
    """

    slope: Slope
    scatter: float
    core: float
    about: float
    line: tuple[Floats, Floats]

    @classmethod
    def of(
        cls,
        teff: Floats,
        label: Floats,
        random: np.random.Generator,
        draws: int,
        progress: Progress | None = None,
    ) -> "Drift":
        """Find it; members that lack the label (NaN) are left out.

        Parameters
        ----------
        teff, label : (M,) K and dex.
        random : source of random numbers.
        draws : of members, for the interval of the slope.
        progress : told after each draw.
        """
        known = np.isfinite(teff) & np.isfinite(label)
        x, y = teff[known], label[known]
        slope = slope_of(x, y, random, draws, progress)
        spread = Spread.of(np.stack([y, y - slope.value * x], axis=1))
        return cls(
            slope,
            float(spread.scatter[0, 0]),
            float(spread.core[0, 0]),
            float(spread.core[0, 1]),
            running_median(x, y),
        )

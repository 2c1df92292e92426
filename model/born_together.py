"""Stars that were born together, in groups, and where their contrasts tell of a course with T_eff.

Stars of an open cluster or a wide binary have the same abundances, to well within what can be measured
(paper, sections 5.1 and 5.2), so that differences within a group are errors of the labels, or diffusion in
the stars' atmospheres.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STEP = 100.0
"""K: width of the bins in which it is looked at whether there are stars enough."""
LEAST_STARS = 10
"""Of a bin."""
LEAST_BRIDGES = 5
"""Groups with stars on both sides of an edge between two bins: without these no contrast reaches over it."""


@dataclass(frozen=True, eq=False)
class BornTogether:
    """N stars of G groups, each group of two or more.

    Attributes
    ----------
    star : (N,) place of each in what they were chosen from.
    group : (N,) from 0 to G - 1.
    teff : (N,) K.
    label : (N,) dex.
    """

    star: Integers
    group: Integers
    teff: Floats
    label: Floats

    @staticmethod
    def of(group: ArrayLike, teff: ArrayLike, label: ArrayLike) -> "BornTogether":
        """Leave out stars that lack a number or a group (below 0), and those that are alone then.

        Parameters
        ----------
        group, teff, label : (M,) of all stars.
        """
        group, teff, label = np.asarray(group, np.int64), _floats(teff), _floats(label)
        star = np.flatnonzero((group >= 0) & np.isfinite(teff) & np.isfinite(label))
        return _together(star, group[star], teff[star], label[star])

    def part(self, kept: NDArray[np.bool_]) -> "BornTogether":
        """Those of its stars, (N,), that are kept and not alone."""
        return _together(self.star[kept], self.group[kept], self.teff[kept], self.label[kept])

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return int(self.group.max()) + 1 if len(self.group) else 0

    def contrasts(self, values: Floats) -> Floats:
        """Values, (N,), less the mean of their group, times sqrt(n / (n - 1)): as wide as single errors."""
        stars = np.bincount(self.group, minlength=self.groups)
        mean = np.bincount(self.group, values, self.groups) / stars
        contrasts: Floats = (values - mean[self.group]) * np.sqrt(stars / (stars - 1.0))[self.group]
        return contrasts


@dataclass(frozen=True)
class Support:
    """Where a course with T_eff is known; it is never extrapolated.

    Attributes
    ----------
    low, high : ends in T_eff, K.
    anchor : T_eff at which it is 0, K.
    """

    low: float
    high: float
    anchor: float

    def holds(self, teff: Floats) -> NDArray[np.bool_]:
        """Which of (N,) T_eff are within."""
        return (teff >= self.low) & (teff <= self.high)


class TooFewError(ValueError):
    """There are not enough stars born together to learn from; says why."""


def supported(stars: BornTogether, anchor: float | None) -> tuple[BornTogether, Support]:
    """Stars whose T_eff are within reach of each other, and that reach; see `reach_of`.

    Stars whose companions lie beyond it tell nothing, so that it is found anew without them until all are in.

    Raises
    ------
    TooFewError
        No T_eff is reached.
    """
    while True:
        reach = reach_of(stars, anchor)
        within = stars.part(reach.holds(stars.teff))
        if len(within.star) == len(stars.star):
            return stars, reach
        stars = within


def reach_of(stars: BornTogether, anchor: float | None) -> Support:
    """Find the T_eff about an anchor which contrasts within groups reach, step by step.

    Bins of STEP count where they have LEAST_STARS; an edge between two counts where LEAST_BRIDGES groups
    have stars on both sides of it.

    Parameters
    ----------
    stars : that are to tell the course.
    anchor : K; where it is not reached, or None, the median T_eff of the stars takes its place.

    Raises
    ------
    TooFewError
        Not even the bin of the median is reached.
    """
    if not len(stars.teff):
        raise TooFewError("no two stars that were born together have the label and Teff")
    bins = np.floor(stars.teff / STEP).astype(np.int64)
    first = int(bins.min())
    many = np.bincount(bins - first) >= LEAST_STARS
    lowest, highest = np.full(stars.groups, np.inf), np.full(stars.groups, -np.inf)
    np.minimum.at(lowest, stars.group, stars.teff)
    np.maximum.at(highest, stars.group, stars.teff)
    edges = (first + np.arange(1, len(many))) * STEP
    bridged = np.array([np.sum((lowest < edge) & (highest >= edge)) >= LEAST_BRIDGES for edge in edges])
    for start in (anchor, float(np.median(stars.teff))):
        place = -1 if start is None else int(start // STEP) - first
        if start is None or not (0 <= place < len(many) and many[place]):
            continue
        low = high = place
        while low > 0 and many[low - 1] and bridged[low - 1]:
            low -= 1
        while high < len(many) - 1 and many[high + 1] and bridged[high]:
            high += 1
        inside = stars.teff[(bins - first >= low) & (bins - first <= high)]
        ends = float(inside.min()), float(inside.max())
        return Support(*ends, float(np.clip(start, *ends)))
    raise TooFewError(
        f"at no Teff are there {LEAST_STARS} stars within {STEP:.0f} K that were born together with others"
    )


def _together(star: Integers, group: Integers, teff: Floats, label: Floats) -> BornTogether:
    """Leave out stars that are alone in their group, and number the groups from 0 on."""
    _, number, stars = np.unique(group, return_inverse=True, return_counts=True)
    kept = stars[number] > 1
    numbered = np.unique(number[kept], return_inverse=True)[1].astype(np.int64)
    return BornTogether(star[kept], numbered, teff[kept], label[kept])


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, np.float64)

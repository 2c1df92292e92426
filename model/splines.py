"""Smooth functions of T_eff and log g, and of [Fe/H], as sums of cubic B-splines.

B-splines are those of de Boor (1978, A Practical Guide to Splines). Their knots lie at quantiles of the
stars, so that each has stars to tell it. Beyond the outer ones functions stay as they are there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline

Floats = NDArray[np.float64]

DEGREE = 3
TAIL = 0.001
"""Share of the stars beyond each outer knot."""
ALONG, ACROSS, IRON = 5, 3, 3
"""Pieces of the functions along and across the giant branch, and in [Fe/H]."""


@dataclass(frozen=True, eq=False)
class Splines:
    """B-splines of one quantity, which add up to 1 everywhere.

    Attributes
    ----------
    knots : (S + DEGREE + 1,) with the outer ones repeated.
    """

    knots: Floats

    @classmethod
    def over(cls, values: Floats, pieces: int) -> "Splines":
        """Splines with about as many stars in each piece.

        Parameters
        ----------
        values : (N,) finite.
        pieces : between knots.

        Raises
        ------
        ValueError
            All values are alike, or there are none.
        """
        shares = np.array([TAIL, *np.linspace(0, 1, pieces + 1)[1:-1], 1 - TAIL])
        low, *inner, high = np.quantile(values, shares) if len(values) else np.zeros(len(shares))
        if not low < high:
            raise ValueError("no smooth function of a quantity that is the same for all stars")
        between = np.unique(inner)
        between = between[(between > low) & (between < high)]
        ends = np.ones(DEGREE + 1)
        return cls(np.concatenate([low * ends, between, high * ends]))

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.knots) - DEGREE - 1

    def columns(self, values: Floats) -> Floats:
        """Their values, (N, size), at (N,) values."""
        within = np.clip(values, self.knots[0], self.knots[-1])
        columns: Floats = BSpline.design_matrix(within, self.knots, DEGREE).toarray()
        return columns


@dataclass(frozen=True, eq=False)
class Basis:
    """Columns that f(T_eff, log g) and g([Fe/H]) are sums of; constants, which pixels have, are left out.

    Both quantities of f are scaled to the same spread, and their sum and difference taken: along and across
    the giant branch, for a grid in T_eff and log g themselves would be empty for the greater part.

    Attributes
    ----------
    centre, spread : (2,) means and standard deviations of T_eff (K) and log g (dex).
    along, across, iron : splines.
    """

    centre: Floats
    spread: Floats
    along: Splines
    across: Splines
    iron: Splines

    @classmethod
    def of(cls, teff: Floats, logg: Floats, fe_h: Floats) -> "Basis":
        """Make the basis for (N,) stars: T_eff in K, log g and [Fe/H] in dex, all finite.

        Raises
        ------
        ValueError
            A quantity is the same for all stars.
        """
        centre = np.array([np.mean(teff), np.mean(logg)]) if len(teff) else np.zeros(2)
        spread = np.array([np.std(teff), np.std(logg)]) if len(teff) else np.zeros(2)
        if not spread.all():
            raise ValueError("no smooth function of a quantity that is the same for all stars")
        along, across = _turned(teff, logg, centre, spread)
        return cls(
            centre,
            spread,
            Splines.over(along, ALONG),
            Splines.over(across, ACROSS),
            Splines.over(fe_h, IRON),
        )

    @property
    def kiel(self) -> int:
        """How many columns are those of f; they come first."""
        return self.along.size * self.across.size - 1

    @property
    def size(self) -> int:
        """How many columns there are."""
        return self.kiel + self.iron.size - 1

    def kiel_columns(self, teff: Floats, logg: Floats) -> Floats:
        """Give the columns of f, (N, kiel)."""
        along, across = _turned(teff, logg, self.centre, self.spread)
        products = self.along.columns(along)[:, :, None] * self.across.columns(across)[:, None, :]
        return products.reshape(len(along), -1)[:, 1:]

    def columns(self, teff: Floats, logg: Floats, fe_h: Floats) -> Floats:
        """Give all columns, (N, size)."""
        return np.hstack([self.kiel_columns(teff, logg), self.iron.columns(fe_h)[:, 1:]])


def _turned(teff: Floats, logg: Floats, centre: Floats, spread: Floats) -> tuple[Floats, Floats]:
    hot, dense = (teff - centre[0]) / spread[0], (logg - centre[1]) / spread[1]
    return hot + dense, hot - dense

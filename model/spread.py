"""How residuals, or residuals over errors, spread: per label, and in bins of another quantity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_ONE_SIGMA = (15.865525393145708, 84.13447460685429)


@dataclass(frozen=True, eq=False)
class Spread:
    """What is said of values in B bins and L labels; every array is (B, L), NaN where there are too few.

    Attributes
    ----------
    n : number of values.
    mean : bias, or mean pull.
    scatter : standard deviation about the mean; from 2 values on.
    core : half the central 68.27 %, which outliers do not move: of Gaussian values the same as the scatter.
    """

    n: NDArray[np.int64]
    mean: Floats
    scatter: Floats
    core: Floats

    @classmethod
    def of(cls, values: ArrayLike, which: ArrayLike | None = None, bins: int = 1) -> "Spread":
        """Collect it.

        Parameters
        ----------
        values : (N, L); those that are missing (NaN) are left out.
        which : number of each star's bin, (N,), as `which_bin` gives it; None puts all into one.
        bins : how many there are.

        Raises
        ------
        ValueError
            If the shapes do not fit.
        """
        v = np.asarray(values, dtype=np.float64)
        chosen = np.zeros(len(v), dtype=np.int64) if which is None else np.asarray(which)
        if v.ndim != 2 or chosen.shape != v.shape[:1]:
            raise ValueError(
                f"values are {v.shape} and bins {chosen.shape}: give (stars, labels) and (stars,)"
            )
        parts = [[_of_one(column[chosen == one]) for column in v.T] for one in range(bins)]
        n, mean, scatter, core = np.moveaxis(np.array(parts, dtype=np.float64).reshape(bins, -1, 4), -1, 0)
        return cls(n.astype(np.int64), mean, scatter, core)


def which_bin(by: ArrayLike, edges: ArrayLike) -> NDArray[np.int64]:
    """Number of the bin that each value is in, (N,): -1 outside and where it is missing.

    Parameters
    ----------
    by : such as S/N or T_eff, (N,).
    edges : increasing, (B + 1,). A bin holds its lower edge; the last one also its upper.

    Raises
    ------
    ValueError
        If there are fewer than two edges, or they do not increase.
    """
    x, limits = np.asarray(by, dtype=np.float64), np.asarray(edges, dtype=np.float64)
    if limits.ndim != 1 or limits.size < 2 or not np.all(np.diff(limits) > 0):
        raise ValueError(f"the bins' edges are {limits.tolist()}: give at least two, increasing")
    number = np.searchsorted(limits, x, side="right") - 1
    number = np.where(x == limits[-1], limits.size - 2, number)
    inside = (x >= limits[0]) & (x <= limits[-1])
    return np.where(inside, number, -1).astype(np.int64)


def _of_one(values: Floats) -> tuple[float, float, float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return 0, np.nan, np.nan, np.nan
    low, high = np.percentile(known, _ONE_SIGMA)
    several = known.size > 1
    return (
        known.size,
        float(known.mean()),
        float(known.std(ddof=1)) if several else np.nan,
        float(high - low) / 2 if several else np.nan,
    )

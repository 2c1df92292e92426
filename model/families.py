"""Elements of one nucleosynthetic family, averaged into one label (section 2.2): see `chemistry.FAMILIES`.

The mean is weighted by errors, of stars that have every constituent. As weights differ from star to star,
constituents that lie higher than others would make it scatter: their zero points are taken out before.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ERROR_FLOOR = 0.03
"""Added to each error in quadrature, dex, so that a tiny error does not take all weight; ours."""

LEAST_CORRELATION = 0.3
"""Least rank correlation of any two constituents; ours, for the paper says only "strongly correlated"."""

_FEWEST = 10


@dataclass(frozen=True, eq=False)
class MeanAbundance:
    """Mean abundance of N stars from E constituents.

    Attributes
    ----------
    value, error : the mean and its error, dex, (N,); NaN where a constituent, or its error, is missing.
    offsets : zero point of each constituent, which was taken from it, dex, (E,); their mean is 0.
    correlation : Spearman's rank correlation of the constituents in the training set, (E, E).
    """

    value: Floats
    error: Floats
    offsets: Floats
    correlation: Floats


def mean_abundance(
    x_fe: ArrayLike,
    e_x_fe: ArrayLike,
    training: ArrayLike,
    *,
    floor: float = ERROR_FLOOR,
    least_correlation: float = LEAST_CORRELATION,
) -> MeanAbundance:
    """Average a family of elements.

    Parameters
    ----------
    x_fe, e_x_fe : [X/Fe] of the constituents and their errors, dex, (N, E).
    training : whether a star is in the training set, (N,), from which zero points and correlations are taken:
        the median of each constituent's distance from a star's plain mean.
    floor : of the errors, dex: sigma^2 = e^2 + floor^2.
    least_correlation : least rank correlation of any two constituents in the training set. Noise lowers
        it: of two constituents with as much noise as signal it is 0.5 at best.

    Raises
    ------
    ValueError
        If shapes do not fit, the floor is not positive, fewer than 10 stars of the training set are complete,
        or two constituents do not correlate: they are then no family, and their mean no label.
    """
    x, e, chosen = _checked(x_fe, e_x_fe, training, floor)
    complete: Flags = np.all(np.isfinite(x) & np.isfinite(e) & (e >= 0), axis=1)
    known = x[complete & chosen]
    if len(known) < _FEWEST:
        raise ValueError(
            f"{len(known)} stars of the training set have every constituent: give at least {_FEWEST}"
        )
    correlation = _correlation(known)
    _refuse_strangers(correlation, least_correlation)
    offsets = np.median(known - known.mean(axis=1, keepdims=True), axis=0)
    offsets -= offsets.mean()
    weight = 1 / (np.where(complete[:, np.newaxis], e, np.nan) ** 2 + floor**2)
    total = weight.sum(axis=1)
    value = np.sum(weight * np.where(complete[:, np.newaxis], x - offsets, np.nan), axis=1) / total
    return MeanAbundance(value, 1 / np.sqrt(total), offsets, correlation)


def _checked(
    x_fe: ArrayLike, e_x_fe: ArrayLike, training: ArrayLike, floor: float
) -> tuple[Floats, Floats, Flags]:
    x, e = np.asarray(x_fe, dtype=np.float64), np.asarray(e_x_fe, dtype=np.float64)
    chosen = np.asarray(training, dtype=np.bool_)
    if x.ndim != 2 or x.shape[1] < 2 or e.shape != x.shape or chosen.shape != x.shape[:1]:
        raise ValueError(
            f"abundances are {x.shape}, errors {e.shape}, training {chosen.shape}: give (stars, "
            "constituents), two constituents or more, of the first two and (stars,) of the last"
        )
    if not 0 < floor < np.inf:
        raise ValueError(f"floor = {floor} is no error: give a positive number of dex, as {ERROR_FLOOR}")
    return x, e, chosen


def _correlation(known: Floats) -> Floats:
    """Rank correlation of columns; NaN with one that is constant."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.atleast_2d(np.corrcoef(rankdata(known, axis=0), rowvar=False))


def _refuse_strangers(correlation: Floats, least: float) -> None:
    pairs = np.transpose(np.triu_indices(len(correlation), 1))
    found = np.array([correlation[i, j] for i, j in pairs])
    worst = int(np.argmin(np.where(np.isnan(found), -np.inf, found)))
    if not found[worst] >= least:
        i, j = pairs[worst]
        raise ValueError(
            f"constituents {i} and {j} correlate by {found[worst]:.2f} in the training set, and at least "
            f"{least:g} is asked: leave one out, or give a lower least_correlation"
        )

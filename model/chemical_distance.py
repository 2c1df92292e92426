"""How far two stars lie apart in their abundances (paper, eq. 6).

The distance of a pair is sqrt(sum_i (Delta[X_i/Fe] / sigma_i)^2), sigma_i the cross-validated scatter of
[X_i/Fe]. A pair that lacks any of the abundances chosen has no distance (NaN): over fewer abundances the sum
would be smaller, and the pair would seem closer. So all distances that are compared are over the same
abundances.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def differences(values: ArrayLike, first: ArrayLike, second: ArrayLike) -> Floats:
    """Give what the first star of each pair has more than the second.

    Parameters
    ----------
    values : (N,) or (N, L), such as L abundances of N stars; NaN where one is missing.
    first, second : (P,) rows of the two stars.

    Returns
    -------
    (P,) or (P, L); NaN where either star's is missing.
    """
    known = np.asarray(values)
    difference: Floats = known[np.asarray(first)].astype(np.float64) - known[np.asarray(second)]
    return difference


def chemical_distances(delta: ArrayLike, sigma: ArrayLike) -> Floats:
    """Give the precision-scaled distances of P pairs (eq. 6).

    Parameters
    ----------
    delta : (P, L) differences in the L abundances chosen, dex.
    sigma : (L,) their cross-validated scatter, dex; (P, L) where it is not the same for all pairs.

    Returns
    -------
    (P,) distances; NaN for a pair that lacks an abundance.

    Raises
    ------
    ValueError
        If shapes differ, no abundance is chosen, or a sigma is not above 0 and finite.
    """
    distances: Floats = np.sqrt(_squares(delta, sigma).sum(axis=1))
    return distances


def distances_without_each(delta: ArrayLike, sigma: ArrayLike) -> Floats:
    """Give the distances with each abundance left out in turn.

    Parameters
    ----------
    delta, sigma : as of `chemical_distances`, of two abundances or more.

    Returns
    -------
    (L, P): row i is without abundance i. A pair that lacks any abundance is NaN in all rows, the one it lacks
    too, so that every row is of the same pairs.

    Raises
    ------
    ValueError
        As `chemical_distances`, and if there is only one abundance.
    """
    squares = _squares(delta, sigma)
    number = squares.shape[1]
    if number < 2:
        raise ValueError(
            "there is one abundance only: with it left out there is no distance; choose two or more"
        )
    others = np.array([squares[:, np.arange(number) != one].sum(axis=1) for one in range(number)])
    others[:, np.isnan(squares).any(axis=1)] = np.nan
    distances: Floats = np.sqrt(others)
    return distances


def _squares(delta: ArrayLike, sigma: ArrayLike) -> Floats:
    """Terms of eq. 6, (P, L)."""
    apart, error = np.asarray(delta, dtype=np.float64), np.asarray(sigma, dtype=np.float64)
    if apart.ndim != 2 or not apart.shape[1]:
        raise ValueError(
            f"differences have the shape {apart.shape}: expected (pairs, abundances), one or more"
        )
    if error.shape not in (apart.shape[1:], apart.shape):
        raise ValueError(
            f"there are {error.shape} sigmas for {apart.shape} differences: expected one an abundance"
        )
    if not (np.isfinite(error) & (error > 0)).all():
        raise ValueError("a cross-validated scatter is not above 0: leave out abundances that have none")
    squares: Floats = (apart / error) ** 2
    return squares

"""What is thought of training labels that are uncertain, and what has been measured of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

LEAST = 1e-6
"""Added to the variance of scaled labels among stars, so that it has an inverse."""


@dataclass(frozen=True, eq=False)
class Belief:
    """What is thought of the scaled labels of N stars: means (N, L) and covariances (N, L, L)."""

    mean: Floats
    covariance: Floats

    def __getitem__(self, which: Integers) -> "Belief":
        """That of some stars."""
        return Belief(self.mean[which], self.covariance[which])

    def moments(self) -> Floats:
        """Expectation (N, 1 + L, 1 + L) of (1, labels) times (1, labels)."""
        with_one = np.pad(self.mean, ((0, 0), (1, 0)), constant_values=1.0)
        return with_one[:, :, None] * with_one[:, None, :] + np.pad(self.covariance, ((0, 0), (1, 0), (1, 0)))


@dataclass(frozen=True, eq=False)
class Evidence:
    """What has been measured of the scaled labels of N stars.

    Attributes
    ----------
    value : (N, L), NaN where missing.
    precision : (N, L), inverse variances; inf if exact, 0 if missing.
    """

    value: Floats
    precision: Floats

    @classmethod
    def of(cls, labels: Floats, errors: Floats) -> "Evidence":
        """Evidence of labels (N, L) with errors (N, L) that are 0 if exact."""
        with np.errstate(divide="ignore"):
            return cls(labels, np.where(np.isnan(labels), 0.0, 1 / errors**2))

    @property
    def fixed(self) -> Floats:
        """(N, L): labels that are exact, else NaN."""
        return np.where(np.isinf(self.precision), self.value, np.nan)

    @property
    def own(self) -> Floats:
        """(N, L): precision of labels that have errors, else 0."""
        return np.where(np.isinf(self.precision), 0.0, self.precision)

    def among(self, population: Belief) -> tuple[Floats, Floats]:
        """Precision matrices (N, L, L) of uncertain labels, and those times the means (N, L)."""
        inverse = np.linalg.inv(population.covariance[0])
        linear = population.mean @ inverse + self.own * np.nan_to_num(self.value)
        return inverse + self.own[:, :, None] * np.eye(len(inverse)), linear

    def misfit(self, belief: Belief) -> float:
        """Expected squares of measured less true labels, in their errors, summed over all with errors."""
        apart = np.nan_to_num(self.value) - belief.mean
        squares = apart**2 + np.einsum("nll->nl", belief.covariance)
        return float(np.sum(self.own * squares))

    def guess(self) -> Belief:
        """Uncertain labels from the other labels alone, as a Gaussian population has them."""
        stars, labels = self.value.shape
        belief = Belief(np.nan_to_num(self.value, nan=0.0), np.zeros((stars, labels, labels)))
        belief.covariance[:, np.arange(labels), np.arange(labels)] = np.isnan(self.value)
        for _ in range(50):
            belief = self._given(population_of(belief))
        return belief

    def _given(self, population: Belief) -> Belief:
        """Labels without a look at the spectra."""
        free = np.isnan(self.fixed)
        precision, linear = self.among(population)
        known = np.nan_to_num(self.fixed)
        linear = linear - np.einsum("nab,nb->na", precision, known)
        covariance = free_inverse(precision, free)
        return Belief(known + np.einsum("nab,nb->na", covariance, linear), covariance)

    def aligned(self, belief: Belief) -> Belief:
        """The belief moved by the linear map of labels that fits best what was measured.

        A model of all terms up to an order holds any such map of its labels, and so do spectra: only
        measured labels fix it, and steps of EM that leave it as it is are small. This is the expanded
        parameter of PX-EM (Liu, Rubin & Wu 1998, Biometrika 85, 755). A label that is exact for some
        star stays.
        """
        labels = self.value.shape[1]
        map_, moments = np.eye(1 + labels), belief.moments()
        for label in np.flatnonzero(~np.isinf(self.precision).any(0)):
            weight = self.own[:, label]
            normal = np.einsum("n,nab->ab", weight, moments)
            right = (weight * np.nan_to_num(self.value[:, label])) @ moments[:, 0]
            if np.count_nonzero(weight) > 1 + labels and np.linalg.cond(normal) < 1e12:
                map_[1 + label] = np.linalg.solve(normal, right)
        shift, turn = map_[1:, 0], map_[1:, 1:]
        return Belief(belief.mean @ turn.T + shift, turn @ belief.covariance @ turn.T)


def population_of(belief: Belief) -> Belief:
    """Mean (1, L) and covariance (1, L, L) of the training stars."""
    mean = belief.mean.mean(0)
    apart = belief.mean - mean
    covariance = apart.T @ apart / len(apart) + belief.covariance.mean(0)
    return Belief(mean[None], (covariance + LEAST * np.eye(len(mean)))[None])


def free_inverse(matrix: Floats, free: Flags) -> Floats:
    """Inverses (N, L, L) of the block of free labels (N, L), 0 for others."""
    both = free[:, :, None] & free[:, None, :]
    inverse: Floats = np.where(both, np.linalg.inv(np.where(both, matrix, np.eye(free.shape[1]))), 0.0)
    return inverse


def log_volume(covariance: Floats, free: Flags) -> Floats:
    """Logarithm of the determinant (N,) of the block of free labels."""
    both = free[:, :, None] & free[:, None, :]
    sign, log = np.linalg.slogdet(np.where(both, covariance, np.eye(free.shape[1])))
    return np.where(sign > 0, log, -np.inf)

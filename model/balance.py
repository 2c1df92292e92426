"""Whether field pairs are like the pairs they are matched to, quantity by quantity.

The standardised difference is that of the means over the root mean of both variances; up to 0.1 counts as
balanced (Austin 2009, Stat. Med. 28, 3083). It does not see shapes, so the largest distance of the two
cumulative distributions (Kolmogorov-Smirnov) stands beside it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

BALANCED = 0.1
"""Largest standardised difference that is called balanced."""


@dataclass(frozen=True)
class Balance:
    """One quantity in both samples.

    Attributes
    ----------
    name : of the quantity.
    binaries, field : weighted means; NaN without values.
    difference : standardised difference of the means, field minus binaries; NaN without scatter in both.
    distance : largest difference of the cumulative distributions, 0 to 1; NaN without values.
    """

    name: str
    binaries: float
    field: float
    difference: float
    distance: float

    @property
    def balanced(self) -> bool:
        """Whether the means differ by no more than BALANCED."""
        return bool(abs(self.difference) <= BALANCED) or (self.binaries == self.field and self.distance == 0)


def balance(name: str, binaries: ArrayLike, field: ArrayLike, weight: ArrayLike | None = None) -> Balance:
    """Compare a quantity of B binaries with that of their field pairs.

    Parameters
    ----------
    name : of the quantity.
    binaries : (B,) values; NaN is left out.
    field : (F,) values, or (B, K) as `matched_pairs` gives rows.
    weight : of the field pairs, in the same shape; 1 each if None. Those of weight 0 are left out.
    """
    own, others = np.asarray(binaries, dtype=np.float64).ravel(), np.asarray(field, dtype=np.float64).ravel()
    counts = np.ones(len(others)) if weight is None else np.asarray(weight, dtype=np.float64).ravel()
    own, kept = own[np.isfinite(own)], np.isfinite(others) & (counts > 0)
    others, counts = others[kept], counts[kept]
    if not len(own) or not len(others):
        means = [float(each.mean()) if len(each) else np.nan for each in (own, others)]
        return Balance(name, means[0], means[1], np.nan, np.nan)
    ones = np.ones(len(own))
    (mean, variance), (other_mean, other_variance) = _moments(own, ones), _moments(others, counts)
    scatter = np.sqrt((variance + other_variance) / 2)
    difference = (other_mean - mean) / scatter if scatter > 0 else np.nan
    at = np.concatenate([own, others])
    distance = float(np.abs(_cumulative(own, ones, at) - _cumulative(others, counts, at)).max())
    return Balance(name, mean, other_mean, float(difference), distance)


def _moments(values: Floats, weight: Floats) -> tuple[float, float]:
    """Weighted mean and variance."""
    mean = float(np.average(values, weights=weight))
    return mean, float(np.average((values - mean) ** 2, weights=weight))


def _cumulative(values: Floats, weight: Floats, at: Floats) -> Floats:
    """Share of the weight that lies at or below each place."""
    order = np.argsort(values)
    share = np.concatenate([[0.0], np.cumsum(weight[order])]) / weight.sum()
    below: Floats = share[np.searchsorted(values[order], at, side="right")]
    return below

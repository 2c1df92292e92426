"""How far two samples lie apart, in units of their scatter and in units of its error.

The effect size is Hedges' g (Hedges 1981, J. Educ. Stat. 6, 107), by the formulas of Borenstein et al. 2009,
"Introduction to Meta-Analysis", eqs. 4.18 to 4.24: d is the difference of the means over the pooled scatter,
J = 1 - 3 / (4 (n1 + n2 - 2) - 1) takes out its bias in small samples, g = J d, and
var(g) = J^2 [(n1 + n2) / (n1 n2) + d^2 / (2 (n1 + n2))]. The significance grows with the
samples, the effect size does not.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sample:
    """What is known of one sample of a label.

    Attributes
    ----------
    n : number of finite values.
    mean : their mean; NaN where there is none.
    scatter : their sample standard deviation (n - 1); NaN below two.
    """

    n: int
    mean: float
    scatter: float

    @property
    def standard_error(self) -> float:
        """Of the mean: scatter / sqrt(n)."""
        return self.scatter / float(np.sqrt(self.n)) if self.n else np.nan

    @classmethod
    def of_sums(cls, n: float, first: float, second: float, centre: float) -> "Sample":
        """A sample from n, the sum of d and the sum of d^2, where d = value - centre."""
        if n < 1:
            return cls(0, np.nan, np.nan)
        spread = max(second - first * first / n, 0.0)
        return cls(int(n), centre + first / n, float(np.sqrt(spread / (n - 1))) if n > 1 else np.nan)


@dataclass(frozen=True)
class Effect:
    """How the mean of one sample differs from that of another.

    Attributes
    ----------
    difference, difference_error : first mean minus second, and its standard error (scatters may differ).
    size, size_error : Hedges' g and its standard error; NaN where there is no scatter to compare with.
    """

    difference: float
    difference_error: float
    size: float
    size_error: float

    @property
    def significance(self) -> float:
        """Difference over its standard error, in sigma; NaN without one."""
        return self.difference / self.difference_error if self.difference_error > 0 else np.nan


def effect(first: Sample, second: Sample) -> Effect:
    """Compare two samples; NaN where either has fewer than two values."""
    if min(first.n, second.n) < 2:
        return Effect(first.mean - second.mean, np.nan, np.nan, np.nan)
    n, freedom = first.n + second.n, first.n + second.n - 2
    pooled = np.sqrt(((first.n - 1) * first.scatter**2 + (second.n - 1) * second.scatter**2) / freedom)
    difference = first.mean - second.mean
    error = float(np.hypot(first.standard_error, second.standard_error))
    if not pooled > 0:
        return Effect(difference, error, np.nan, np.nan)
    unbiased = 1 - 3 / (4 * freedom - 1)
    d = difference / pooled
    variance = n / (first.n * second.n) + d**2 / (2 * n)
    return Effect(difference, error, float(unbiased * d), float(unbiased * np.sqrt(variance)))

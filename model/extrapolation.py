"""Beyond which inferred values a model fails to extrapolate: the paper's section 4 and its flags.

The density of true and inferred label is a sum of Gaussian kernels at the cross-validated stars. Their
covariance is n^(-1/3) times the stars' own: Silverman's rule in two dimensions (Silverman 1986, eq. 4.14).
A model extrapolates where it predicts too low, or too high, for 90 % of the stars it gives that value.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

Floats = NDArray[np.float64]

_FEWEST = 10
_STEPS_PER_BANDWIDTH = 5


@dataclass(frozen=True)
class Limits:
    """The range of inferred values in which a label can be trusted.

    Attributes
    ----------
    low, high : its ends. Where no limit was reached, the lowest or highest value that cross-validation
        inferred, for beyond that nothing is known.
    low_reached, high_reached : whether the end is a limit at which the model fails.
    """

    low: float
    high: float
    low_reached: bool
    high_reached: bool

    def flags(self, inferred: ArrayLike) -> NDArray[np.int8]:
        """Whether values lie beyond: 1, 0, or -1 where they are missing (NaN); of the shape of `inferred`."""
        inferred = np.asarray(inferred, dtype=np.float64)
        beyond = ((inferred < self.low) | (inferred > self.high)).astype(np.int8)
        return np.where(np.isnan(inferred), np.int8(-1), beyond)


@dataclass(frozen=True, eq=False)
class Density:
    """Kernel-density estimate of true and inferred values of one label.

    Attributes
    ----------
    true, inferred : the stars, (N,).
    bandwidth : covariance of each kernel, (2, 2), in the order true, inferred.
    """

    true: Floats
    inferred: Floats
    bandwidth: Floats

    @classmethod
    def of(cls, true: ArrayLike, inferred: ArrayLike) -> "Density":
        """Estimate it from stars; those that lack either value are left out.

        Parameters
        ----------
        true, inferred : reference and cross-validated label, (N,).

        Raises
        ------
        ValueError
            If shapes differ, fewer than 10 stars have both values, or these lie on one line.
        """
        stars = np.asarray(true, dtype=np.float64), np.asarray(inferred, dtype=np.float64)
        if stars[0].shape != stars[1].shape or stars[0].ndim != 1:
            raise ValueError(
                f"true has shape {stars[0].shape}, inferred {stars[1].shape}: give one value of each per star"
            )
        both = np.stack(stars)
        both = both[:, np.isfinite(both).all(axis=0)]
        n = both.shape[1]
        if n < _FEWEST:
            raise ValueError(f"{n} stars have a true and an inferred value: give at least {_FEWEST}")
        covariance = np.cov(both)
        if not np.linalg.det(covariance) > 1e-12 * covariance[0, 0] * covariance[1, 1]:
            raise ValueError(
                "true and inferred values lie on one line: give labels that vary, and not as one"
            )
        return cls(both[0], both[1], n ** (-1 / 3) * covariance)

    def below(self, at: ArrayLike) -> Floats:
        """P(true < x | inferred = x) at values x, (K,) -> (K,)."""
        x = np.atleast_1d(np.asarray(at, dtype=np.float64))[:, np.newaxis]
        (true_width, slope), (_, width) = self.bandwidth
        slope /= width
        distance = x - self.inferred
        exponent = -0.5 * distance**2 / width
        weight = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        shares = ndtr((x - self.true - slope * distance) / np.sqrt(true_width - slope**2 * width))
        result: Floats = np.sum(weight * shares, axis=1) / np.sum(weight, axis=1)
        return result

    def limits(self, level: float = 0.9) -> Limits:
        """Find where the model fails.

        From the median inferred value outwards, the first on either side where P(true < x | inferred = x)
        is not within 1 - level and level. Where it is not so at the median, both limits are there.
        """
        centre = float(np.median(self.inferred))
        low, low_reached = self._first_failure(centre, float(self.inferred.min()), level)
        high, high_reached = self._first_failure(centre, float(self.inferred.max()), level)
        return Limits(low, high, low_reached, high_reached)

    def _first_failure(self, start: float, end: float, level: float) -> tuple[float, bool]:
        """Walk from start to end in steps finer than the kernels, then refine the first step that fails."""
        steps = 2 + int(_STEPS_PER_BANDWIDTH * abs(end - start) / np.sqrt(self.bandwidth[1, 1]))
        path = np.linspace(start, end, steps)
        excess = np.abs(self.below(path) - 0.5) - (level - 0.5)
        fails = np.flatnonzero(excess > 0)
        if not fails.size:
            return end, False
        first = int(fails[0])
        if first == 0:
            return start, True
        root = brentq(
            lambda x: float(abs(self.below(x)[0] - 0.5)) - (level - 0.5), path[first - 1], path[first]
        )
        return float(root), True


@dataclass(frozen=True, eq=False)
class Resampled:
    """Limits of sets of stars drawn from one set with replacement: how well the limits are known.

    Attributes
    ----------
    low, high : one per draw, (B,); NaN where a draw reached none.
    """

    low: Floats
    high: Floats

    @classmethod
    def of(
        cls, true: ArrayLike, inferred: ArrayLike, *, draws: int = 200, seed: int = 1, level: float = 0.9
    ) -> "Resampled":
        """Draw and find the limits of each draw. Parameters and errors as those of `Density.of`."""
        stars = Density.of(true, inferred)
        random = np.random.default_rng(seed)
        found = []
        for _ in range(draws):
            drawn = random.integers(len(stars.true), size=len(stars.true))
            one = Density.of(stars.true[drawn], stars.inferred[drawn]).limits(level)
            found.append((one.low if one.low_reached else np.nan, one.high if one.high_reached else np.nan))
        low, high = np.array(found).T
        return cls(low, high)

    @property
    def reached(self) -> tuple[float, float]:
        """Share of draws that reached the low and the high limit."""
        return float(np.mean(np.isfinite(self.low))), float(np.mean(np.isfinite(self.high)))

    @property
    def errors(self) -> tuple[float, float]:
        """One-sigma error of the low and the high limit: half the central 68 % of the draws."""
        return _half_width(self.low), _half_width(self.high)


def _half_width(drawn: Floats) -> float:
    """Half the central 68 %; NaN where nothing was drawn."""
    found = drawn[np.isfinite(drawn)]
    if not found.size:
        return np.nan
    low, high = np.percentile(found, [16, 84])
    return float(high - low) / 2

"""What is expected of a polynomial in labels that are Gaussian: its mean, slope and curvature."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from model.terms import Form, Powers

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def expected_products(exponents: Iterable[Iterable[int]], mean: Floats, covariance: Floats) -> Floats:
    """Expectation (N, M) of monomials, exponents (M, L), if labels are Gaussian, by Stein's lemma."""
    known: dict[Powers, Floats] = {(0,) * mean.shape[1]: np.ones(len(mean))}

    def expectation(powers: Powers) -> Floats:
        if powers not in known:
            label = next(index for index, power in enumerate(powers) if power)
            lower = _less(powers, label)
            total = mean[:, label] * expectation(lower)
            for other, power in enumerate(lower):
                if power:
                    total = total + covariance[:, label, other] * power * expectation(_less(lower, other))
            known[powers] = total
        return known[powers]

    return np.stack([expectation(tuple(int(power) for power in powers)) for powers in exponents], 1)


@dataclass(frozen=True, eq=False)
class Surface:
    """Polynomials of N stars in their labels.

    Attributes
    ----------
    coefficients : (N, M).
    form : whose monomials they multiply.
    """

    coefficients: Floats
    form: Form

    def __getitem__(self, which: Integers) -> "Surface":
        """Those of some stars."""
        return Surface(self.coefficients[which], self.form)

    def value(self, mean: Floats, covariance: Floats) -> Floats:
        """Their expectations (N,) if labels have means (N, L) and covariances (N, L, L)."""
        expected = expected_products(self.form.exponents, mean, covariance)
        total: Floats = np.einsum("nm,nm->n", self.coefficients, expected)
        return total

    def shape(self, mean: Floats, covariance: Floats) -> tuple[Floats, Floats]:
        """Expectations of their first derivatives (N, L) and of their second ones (N, L, L)."""
        lower = _lower(tuple(tuple(powers) for powers in self.form.exponents.tolist()))
        expected = expected_products(lower.exponents, mean, covariance)
        labels = mean.shape[1]
        slope = np.empty(mean.shape)
        curve = np.empty((*mean.shape, labels))
        for a in range(labels):
            slope[:, a] = self._sum(expected, lower.once[a], lower.times_once[a])
            for b in range(a + 1):
                curve[:, a, b] = curve[:, b, a] = self._sum(expected, lower.twice[a, b], lower.times[a, b])
        return slope, curve

    def _sum(self, expected: Floats, place: Integers, times: Floats) -> Floats:
        used = np.flatnonzero(times)
        total: Floats = np.einsum(
            "nm,nm,m->n", self.coefficients[:, used], expected[:, place[used]], times[used]
        )
        return total


@dataclass(frozen=True, eq=False)
class _Lower:
    """Derivatives of M monomials: which of the lower monomials `exponents` they are, times what.

    `once`, `times_once` are (L, M), `twice`, `times` (L, L, M).
    """

    exponents: tuple[Powers, ...]
    once: Integers
    times_once: Floats
    twice: Integers
    times: Floats


@lru_cache(maxsize=16)
def _lower(exponents: tuple[Powers, ...]) -> _Lower:
    """The derivatives of monomials."""
    labels, place = len(exponents[0]), dict[Powers, int]()
    once, times_once = np.zeros((2, labels, len(exponents)))
    twice, times = np.zeros((2, labels, labels, len(exponents)))
    for m, powers in enumerate(exponents):
        for a in range(labels):
            if not powers[a]:
                continue
            less = _less(powers, a)
            once[a, m], times_once[a, m] = place.setdefault(less, len(place)), powers[a]
            for b in range(labels):
                if less[b]:
                    twice[a, b, m] = place.setdefault(_less(less, b), len(place))
                    times[a, b, m] = powers[a] * less[b]
    return _Lower(tuple(place), once.astype(np.int64), times_once, twice.astype(np.int64), times)


def _less(powers: Powers, label: int) -> Powers:
    """A monomial without one of its labels."""
    return (*powers[:label], powers[label] - 1, *powers[label + 1 :])

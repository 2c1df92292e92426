"""Training labels that are missing or have errors, marginalised by expectation and maximisation (EM).

A star's uncertain labels are Gaussian around their measured values and, all labels together, around the
mean of the training stars; its spectrum says the rest. E step: mean and covariance of each star's labels,
by Laplace's approximation at the posterior's peak. M step: coefficients, scatter and population from the
expected products of labels (Dempster, Laird & Rubin 1977, JRSS B 39, 1). Right if labels are missing at
random, given the spectrum and the other labels: not so where a line is too weak to be detected.
"""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.inference import Objective, Polynomials, plain
from model.terms import Form, Powers
from model.training import Design, fit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

ROUNDS = 100
"""E and M steps after which training warns that it has not settled."""
SETTLED = 0.02
"""Root mean square change of uncertain labels, in their own errors, below which EM stops."""


@dataclass(frozen=True, eq=False)
class Belief:
    """What is thought of the scaled labels of N stars: means (N, L) and covariances (N, L, L)."""

    mean: Floats
    covariance: Floats


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

    def among(self, population: Belief) -> tuple[Floats, Floats]:
        """Precision matrices (N, L, L) of uncertain labels, and those times the means (N, L)."""
        inverse = np.linalg.inv(population.covariance[0])
        own = np.where(np.isinf(self.precision), 0.0, self.precision)
        linear = population.mean @ inverse + own * np.nan_to_num(self.value)
        return inverse + own[:, :, None] * np.eye(len(inverse)), linear


def fit_latent(
    evidence: Evidence,
    flux: NDArray[np.floating],
    ivar: NDArray[np.floating],
    exponents: Integers,
    active: Flags,
    *,
    dof_correction: bool,
    begin: Floats,
) -> tuple[Floats, Floats]:
    """Coefficients (P, T) and scatter (P,) with uncertain labels marginalised; see `model.training.fit`."""
    unsure = np.flatnonzero(np.isnan(evidence.fixed).any(1))

    def given(belief: Belief, theta: Floats, s: Floats, terms: Integers) -> Belief:
        objective = Objective.of(theta, s, terms, "float64")
        return _posterior(belief, evidence, unsure, objective, flux, ivar)

    belief = _from_labels(evidence)
    complete = ~np.isnan(evidence.value).any(1)
    simple = exponents.sum(1) <= (np.inf if complete.sum() > len(exponents) else 1)
    if complete.sum() > simple.sum():
        design = Design.of(belief.mean[complete], exponents[simple])
        theta, s = fit(
            design,
            flux[complete],
            ivar[complete],
            active[:, simple],
            dof_correction=dof_correction,
            begin=begin,
        )
        belief = given(belief, theta, s, exponents[simple])
    for _ in range(ROUNDS):
        design = _expected_design(belief, unsure, exponents)
        theta, s = fit(design, flux, ivar, active, dof_correction=dof_correction, begin=begin)
        begin = np.nan_to_num(s**2)
        before, belief = belief, given(belief, theta, s, exponents)
        if _moved(before, belief) < SETTLED:
            return theta, s
    warnings.warn(f"uncertain labels still change after {ROUNDS} steps of EM", RuntimeWarning, stacklevel=3)
    return theta, s


def _moved(before: Belief, after: Belief) -> float:
    """Root mean square change of the uncertain labels, in their errors."""
    variance = np.einsum("nll->nl", after.covariance)
    unsure = variance > 0
    return float(np.sqrt(np.mean((after.mean - before.mean)[unsure] ** 2 / variance[unsure])))


def population_of(belief: Belief) -> Belief:
    """Mean (1, L) and covariance (1, L, L) of the training stars."""
    mean = belief.mean.mean(0)
    apart = belief.mean - mean
    covariance = apart.T @ apart / len(apart) + belief.covariance.mean(0)
    return Belief(mean[None], (covariance + 1e-9 * np.eye(len(mean)))[None])


def _from_labels(evidence: Evidence) -> Belief:
    """Uncertain labels from the other labels alone, as a Gaussian population has them."""
    stars, labels = evidence.value.shape
    belief = Belief(np.nan_to_num(evidence.value, nan=0.0), np.zeros((stars, labels, labels)))
    missing = np.isnan(evidence.value)
    belief.covariance[:, np.arange(labels), np.arange(labels)] = missing
    for _ in range(50):
        belief = _given_labels(evidence, population_of(belief))
    return belief


def _given_labels(evidence: Evidence, population: Belief) -> Belief:
    """Labels without a look at the spectra."""
    free = np.isnan(evidence.fixed)
    precision, linear = evidence.among(population)
    known = np.nan_to_num(evidence.fixed)
    linear = linear - np.einsum("nab,nb->na", precision, known)
    covariance = _covariance(precision, free)
    return Belief(known + np.einsum("nab,nb->na", covariance, linear), covariance)


def _covariance(precision: Floats, free: Flags) -> Floats:
    """Covariances (N, L, L) of free labels, 0 for others."""
    both = free[:, :, None] & free[:, None, :]
    inverse: Floats = np.where(both, np.linalg.inv(np.where(both, precision, np.eye(free.shape[1]))), 0.0)
    return inverse


def _expected_design(belief: Belief, unsure: Integers, exponents: Integers) -> Design:
    """Design with the expected products of uncertain labels."""
    design = Design.of(belief.mean, exponents)
    form = design.form
    design.monomials[unsure] = expected_products(form, belief.mean[unsure], belief.covariance[unsure])
    return replace(design, terms=np.ascontiguousarray(design.monomials[:, form.term]), uncertain=unsure)


def expected_products(form: Form, mean: Floats, covariance: Floats) -> Floats:
    """Expectation (N, M) of a form's monomials if labels are Gaussian, by Stein's lemma."""
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

    return np.stack([expectation(tuple(int(power) for power in powers)) for powers in form.exponents], 1)


def _less(powers: Powers, label: int) -> Powers:
    """A monomial without one of its labels."""
    return (*powers[:label], powers[label] - 1, *powers[label + 1 :])


def _posterior(
    belief: Belief,
    evidence: Evidence,
    unsure: Integers,
    objective: Objective,
    flux: NDArray[np.floating],
    ivar: NDArray[np.floating],
) -> Belief:
    """Labels given everything."""
    mean, covariance = belief.mean.copy(), belief.covariance.copy()
    precision, linear = evidence.among(population_of(belief))
    fixed = evidence.fixed
    for stars in np.array_split(unsure, 1 + len(unsure) // 256):
        polynomials = objective.polynomials(plain(flux[stars]), plain(ivar[stars]))
        add_prior(polynomials, objective.form, precision[stars], linear[stars])
        least = objective.minima(polynomials, mean[stars][:, None], fixed[stars])
        good = least.found[:, 0] == 1
        mean[stars[good]] = least.labels[good]
        covariance[stars[good]] = _covariance(least.curves, np.isnan(fixed[stars]))[good]
    return Belief(mean, covariance)


def add_prior(polynomials: Polynomials, form: Form, precision: Floats, linear: Floats) -> None:
    """Add l' precision l - 2 linear . l to each polynomial."""
    place = {tuple(powers): index for index, powers in enumerate(form.exponents.tolist())}
    one = np.eye(linear.shape[1], dtype=np.int64)
    for a in range(len(one)):
        polynomials.sums[:, place[tuple(one[a].tolist())]] -= 2 * linear[:, a]
        polynomials.sizes[:, a] += precision[:, a, a]
        for b in range(len(one)):
            polynomials.sums[:, place[tuple((one[a] + one[b]).tolist())]] += precision[:, a, b]

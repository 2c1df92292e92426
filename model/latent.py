"""Training labels that are missing or have errors, marginalised by expectation and maximisation (EM).

A star's uncertain labels are Gaussian around their measured values and, all labels together, around the
mean of the training stars; its spectrum says the rest. What is thought of them is a Gaussian too, and EM
raises the bound that it sets to the marginal likelihood (Neal & Hinton 1998, in Learning in Graphical
Models, 355). E step: the Gaussian of each star that raises it. M step: coefficients, scatter and
population from the expected products of labels (Dempster, Laird & Rubin 1977, JRSS B 39, 1). No round
lowers the bound. Right if labels are missing at random, given the spectrum and the other labels: not so
where a line is too weak to be detected.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.belief import Belief, Evidence, free_inverse, log_volume, population_of
from model.expectation import Surface, expected_products
from model.inference import Objective, Polynomials, plain
from model.terms import Form
from model.training import Design, Spectra

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

ROUNDS = 500
"""E and M steps after which training is given up."""
SETTLED = 5e-5
"""Gain of the log likelihood's bound in a round, per number that a model holds, below which EM stops."""
FARTHEST = 1000.0
"""Most rounds that a leap stands for."""
SHORTER = (1, 0.25, 0.0625)
"""Shares of a leap that are tried one after the other."""
HALVINGS = 6
"""How often a star's step is shortened before its labels are left as they are."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model of uncertain labels.

    Attributes
    ----------
    theta, s : (P, T) and (P,).
    belief : what is thought of the stars' labels.
    bound : to the log of the marginal likelihood, after each round.
    """

    theta: Floats
    s: Floats
    belief: Belief
    bound: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Latent:
    """Stars of which labels are uncertain.

    Attributes
    ----------
    evidence : of the N stars' labels.
    flux, ivar : (N, P).
    exponents : (T, L), the terms.
    active : (P, T), terms that may act at a pixel.
    """

    evidence: Evidence
    flux: NDArray[np.floating]
    ivar: NDArray[np.floating]
    exponents: Integers
    active: Flags

    @property
    def unsure(self) -> Integers:
        """Stars with uncertain labels."""
        return np.flatnonzero(np.isnan(self.evidence.fixed).any(1))

    def spectra(self, belief: Belief) -> Spectra:
        """The stars' spectra, with the expected products of uncertain labels."""
        design, unsure = Design.of(belief.mean, self.exponents), self.unsure
        mine = belief[unsure]
        design.monomials[unsure] = expected_products(design.form.exponents, mine.mean, mine.covariance)
        terms = np.ascontiguousarray(design.monomials[:, design.form.term])
        expected = replace(design, terms=terms, uncertain=unsure)
        return Spectra(expected, self.flux, self.ivar, self.active)

    def begin(self, begin: Floats, dof_correction: bool) -> Fitted:
        """A first model and what it makes of the labels, from the stars that lack none."""
        evidence, exponents = self.evidence, self.exponents
        belief = evidence.guess()
        complete = ~np.isnan(evidence.value).any(1)
        simple = exponents.sum(1) <= (np.inf if complete.sum() > len(exponents) else 1)
        if complete.sum() > simple.sum():
            theta, s = Spectra(
                Design.of(belief.mean[complete], exponents[simple]),
                self.flux[complete],
                self.ivar[complete],
                self.active[:, simple],
            ).fit(begin, dof_correction=dof_correction)
            belief = self.expect(belief, Objective.of(theta, s, exponents[simple], "float64"))
        return self.maximise(belief, begin)

    def maximise(self, belief: Belief, begin: Floats, than: Fitted | None = None) -> Fitted:
        """M step, at no pixel worse than another model if one is given."""
        spectra = self.spectra(belief)
        theta, s = spectra.fit(begin)
        misfit = spectra.misfits(theta, s)
        if than is not None:
            before = spectra.misfits(than.theta, than.s)
            worse = before < misfit
            theta[worse], s[worse], misfit[worse] = than.theta[worse], than.s[worse], before[worse]
        rounds = () if than is None else than.bound
        return Fitted(theta, s, belief, (*rounds, self._bound(float(misfit.sum()), belief)))

    def _bound(self, misfit: float, belief: Belief) -> float:
        """Bound to the log of the marginal likelihood, but for a constant, of a model with that misfit."""
        free, unsure = np.isnan(self.evidence.fixed), self.unsure
        volume = log_volume(belief.covariance[unsure], free[unsure]).sum()
        population = len(free) * np.linalg.slogdet(population_of(belief).covariance[0])[1]
        return float(volume - population - misfit - self.evidence.misfit(belief)) / 2

    def round(self, model: Fitted, align: bool) -> tuple[Fitted, bool]:
        """E and M step; also whether aligning labels with what was measured raised the bound."""
        objective = Objective.of(model.theta, model.s, self.exponents, "float64")
        belief = self.expect(model.belief, objective)
        begin = np.nan_to_num(model.s**2)
        if align:
            found = self.maximise(self.evidence.aligned(belief), begin)
            if found.bound[-1] > model.bound[-1]:
                return replace(found, bound=(*model.bound, *found.bound)), True
        return self.maximise(belief, begin, model), False

    def leap(self, first: Belief, second: Belief, model: Fitted) -> Fitted:
        """The model that two rounds, from the first belief to the second to the model's, point to.

        The model as it was where that does not raise the bound. The length is SQUAREM's third (Varadhan &
        Roland 2008, Scand. J. Stat. 35, 335), for the means of labels.
        """
        step, turn = second.mean - first.mean, model.belief.mean - 2 * second.mean + first.mean
        variance = np.einsum("nll->nl", model.belief.covariance)
        size = np.divide(1, variance, out=np.zeros_like(variance), where=variance > 0)
        length = np.sqrt(np.sum(size * step**2) / max(np.sum(size * turn**2), np.finfo(float).tiny))
        length = min(length, FARTHEST)
        for shorter in SHORTER:
            far = 1 + (length - 1) * shorter
            mean = first.mean + 2 * far * step + far**2 * turn
            found = self.maximise(Belief(mean, model.belief.covariance), np.nan_to_num(model.s**2))
            if found.bound[-1] > model.bound[-1]:
                return replace(found, bound=(*model.bound, *found.bound))
        return model

    def expect(self, belief: Belief, objective: Objective) -> Belief:
        """E step."""
        mean, covariance = belief.mean.copy(), belief.covariance.copy()
        precision, linear = self.evidence.among(population_of(belief))
        free = np.isnan(self.evidence.fixed)
        for stars in np.array_split(self.unsure, 1 + len(self.unsure) // 256):
            polynomials = objective.polynomials(plain(self.flux[stars]), plain(self.ivar[stars]))
            add_prior(polynomials, objective.form, precision[stars], linear[stars])
            climb = Climb(surface_of(polynomials, objective), free[stars])
            peak = _peak(polynomials, objective, belief[stars], self.evidence.fixed[stars])
            found = climb.better(belief[stars], peak)
            for _ in range(2):
                found = climb.step(found)
            mean[stars], covariance[stars] = found.mean, found.covariance
        return Belief(mean, covariance)


def fit_latent(latent: Latent, *, dof_correction: bool, begin: Floats) -> Fitted:
    """Coefficients and scatter with uncertain labels marginalised.

    Parameters
    ----------
    latent : the stars.
    dof_correction : whether squared residuals count N / (N - T) times, in the last M step.
    begin : (P,), s^2 from which the search starts.

    Raises
    ------
    ValueError
        if EM has not settled after 500 rounds.
    """
    model, align = latent.begin(begin, dof_correction), True
    enough = SETTLED * (latent.active.sum() + len(latent.active))
    path = [model.belief]
    for _ in range(ROUNDS):
        model, align = latent.round(model, align)
        gain = model.bound[-1] - model.bound[-2]
        if gain < enough and not align:
            return _corrected(model, latent) if dof_correction else model
        align = align and gain >= enough
        path.append(model.belief)
        if len(path) == 3:
            model = latent.leap(path[0], path[1], model)
            path = [model.belief]
    raise ValueError(
        f"uncertain labels still change after {ROUNDS} rounds of EM, the last of which raised the log "
        f"likelihood by {gain:.2g}; give more stars, smaller label_errors, or fewer labels or terms"
    )


def _corrected(model: Fitted, latent: Latent) -> Fitted:
    theta, s = latent.spectra(model.belief).fit(np.nan_to_num(model.s**2), dof_correction=True)
    return replace(model, theta=theta, s=s)


@dataclass(frozen=True, eq=False)
class Climb:
    """Gaussians of N stars that raise the bound.

    Attributes
    ----------
    surface : minus twice the log of the posterior, as polynomials.
    free : (N, L), labels that are not exact.
    """

    surface: Surface
    free: Flags

    def cost(self, belief: Belief) -> Floats:
        """Minus twice each star's part of the bound (N,), but for a constant."""
        volume = log_volume(belief.covariance, self.free)
        return self.surface.value(belief.mean, belief.covariance) - volume

    def better(self, one: Belief, other: Belief) -> Belief:
        """Of two beliefs, each star's better one."""
        with np.errstate(invalid="ignore"):
            wins = self.cost(other) < self.cost(one)
        return Belief(
            np.where(wins[:, None], other.mean, one.mean),
            np.where(wins[:, None, None], other.covariance, one.covariance),
        )

    def step(self, belief: Belief) -> Belief:
        """A natural-gradient step (Khan & Lin 2017, AISTATS 54, 878), halved until it raises the bound."""
        slope, curve = self.surface.shape(belief.mean, belief.covariance)
        before = free_inverse(belief.covariance, self.free)
        least, left = belief, np.arange(len(slope))
        mean, covariance = belief.mean.copy(), belief.covariance.copy()
        length = 1.0
        for _ in range(HALVINGS):
            tried = self._moved(belief, before, slope, curve, length, left)
            part = Climb(self.surface[left], self.free[left])
            good = part.cost(tried) < part.cost(least[left])
            mean[left[good]], covariance[left[good]] = tried.mean[good], tried.covariance[good]
            left, length = left[~good], length / 2
            if not len(left):
                break
        return Belief(mean, covariance)

    def _moved(
        self, belief: Belief, before: Floats, slope: Floats, curve: Floats, length: float, left: Integers
    ) -> Belief:
        """The belief of some stars after a step; that of before where the step leads to no Gaussian."""
        free, old = self.free[left], belief[left]
        both = free[:, :, None] & free[:, None, :]
        precision = (1 - length) * before[left] + length * curve[left] / 2
        lowest = np.linalg.eigvalsh(np.where(both, precision, np.eye(free.shape[1])))[:, 0]
        sound = lowest > 0
        precision = np.where(sound[:, None, None], precision, before[left])
        covariance = free_inverse(precision, free)
        move = np.einsum("nab,nb->na", covariance, slope[left]) * length / 2
        return Belief(old.mean - np.where(sound[:, None], move, 0.0), covariance)


def surface_of(polynomials: Polynomials, objective: Objective) -> Surface:
    """chi2 of stars as one polynomial each, its constant left out."""
    coefficients = polynomials.sums.copy()
    coefficients[:, objective.term] -= 2 * polynomials.right
    return Surface(coefficients, objective.form)


def _peak(polynomials: Polynomials, objective: Objective, belief: Belief, fixed: Floats) -> Belief:
    """Peak of each star's posterior and the Gaussian that osculates it; the belief itself where none is."""
    least = objective.minima(polynomials, belief.mean[:, None], fixed)
    good = least.found[:, 0] == 1
    curves = np.where(good[:, None, None], least.curves, np.eye(fixed.shape[1]))
    covariance = free_inverse(curves, np.isnan(fixed))
    return Belief(
        np.where(good[:, None], least.labels, belief.mean),
        np.where(good[:, None, None], covariance, belief.covariance),
    )


def add_prior(polynomials: Polynomials, form: Form, precision: Floats, linear: Floats) -> None:
    """Add l' precision l - 2 linear . l to each polynomial."""
    place = {tuple(powers): index for index, powers in enumerate(form.exponents.tolist())}
    one = np.eye(linear.shape[1], dtype=np.int64)
    for a in range(len(one)):
        polynomials.sums[:, place[tuple(one[a].tolist())]] -= 2 * linear[:, a]
        polynomials.sizes[:, a] += precision[:, a, a]
        for b in range(len(one)):
            polynomials.sums[:, place[tuple((one[a] + one[b]).tolist())]] += precision[:, a, b]

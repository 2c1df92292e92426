"""Coefficients and scatter of each pixel from spectra with known labels (paper, eqs. 3 and 5).

At a given scatter the coefficients are weighted least squares; the normal equations of many pixels are
one matrix product. The scatter v = s^2 is where the profile likelihood's gradient, sum w - sum w^2 r^2
with w = ivar / (1 + ivar v), is zero, and exactly 0 where it is not negative at v = 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.compiled import compiled, inlined
from model.newton import solve_normal
from model.terms import Form, expand, form_of, products_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

BLOCK = 512
"""Most pixels worked on at once."""
CELLS = 2**23
"""Most pixels times stars worked on at once, which bounds memory."""
ROUNDS = 100
"""Solutions of a pixel after which its scatter is taken as it is."""
TOLERANCE = 1e-7
"""Relative accuracy of s^2."""


@dataclass(frozen=True, eq=False)
class Design:
    """What training needs of the labels.

    Attributes
    ----------
    form : of the terms.
    terms : (N, T), each star's terms, or what is expected of them.
    monomials : (N, M), their products, or what is expected of them.
    uncertain : (U,), numbers of the stars whose labels are not sure.
    """

    form: Form
    terms: Floats
    monomials: Floats
    uncertain: Integers

    @classmethod
    def of(cls, labels: Floats, terms: Integers) -> "Design":
        """Design of scaled labels (N, L) that are known."""
        form = form_of(terms)
        monomials = expand(labels, form.exponents)
        return cls(form, np.ascontiguousarray(monomials[:, form.term]), monomials, np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class Spectra:
    """What a model is fitted to.

    Attributes
    ----------
    design : of N stars.
    flux, ivar : (N, P).
    active : (P, T), terms that may act at a pixel; the others' coefficients are 0.
    """

    design: Design
    flux: NDArray[np.floating]
    ivar: NDArray[np.floating]
    active: Flags

    def fit(self, begin: Floats, *, dof_correction: bool = False) -> tuple[Floats, Floats]:
        """Maximum-likelihood coefficients and scatter of all pixels.

        The maximum is the one a search from `begin` leads to: the only one where the likelihood has one, as
        it has with many more stars than terms.

        Parameters
        ----------
        begin : (P,), s^2 from which the search starts.
        dof_correction : whether squared residuals count N / (N - T) times.

        Returns
        -------
        theta (P, T) and s (P,); NaN at pixels seen in no more stars than they have terms.
        """
        theta = np.full(self.active.shape, np.nan)
        variance = np.full(len(self.active), np.nan)
        for where, pixels in self._blocks(dof_correction=dof_correction):
            theta[where], variance[where] = pixels.maximise(begin[where])
        return theta, np.sqrt(variance)

    def misfits(self, theta: Floats, s: Floats) -> Floats:
        """Minus twice the log likelihood that is to be expected of each pixel, but for a constant, (P,).

        Parameters are what `fit` returns; infinite where they are NaN though there are enough stars, 0 at
        pixels seen in no more stars than they have terms.
        """
        total = np.zeros(len(self.active))
        for where, pixels in self._blocks(dof_correction=False):
            total[where] = pixels.misfit(theta[where], s[where] ** 2)
        return np.where(np.isnan(total), np.inf, total)

    def _blocks(self, *, dof_correction: bool) -> "Iterator[tuple[Integers, Pixels]]":
        """Pixels seen in more stars than they have terms, and which they are, some hundred at a time."""
        size = min(BLOCK, max(1, CELLS // len(self.flux)))
        for first in range(0, len(self.active), size):
            block = slice(first, first + size)
            errors = np.ascontiguousarray(self.ivar[:, block].T, np.float64)
            seen, terms = (errors > 0).sum(1), self.active[block].sum(1)
            fitted = np.flatnonzero(seen > terms)
            seen, terms, errors = seen[fitted], terms[fitted], errors[fitted]
            pixels = Pixels(
                design=self.design,
                flux=np.where(errors > 0, self.flux[:, block].T[fitted], 0.0),
                ivar=errors,
                active=self.active[block][fitted],
                inflation=seen / (seen - terms) if dof_correction else np.ones(len(seen)),
            )
            yield first + fitted, pixels


@dataclass(frozen=True, eq=False)
class Pixels:
    """Pixels to be fitted: flux and ivar (P, N), active terms (P, T), weight of squared residuals (P,)."""

    design: Design
    flux: Floats
    ivar: Floats
    active: Flags
    inflation: Floats

    def maximise(self, begin: Floats) -> tuple[Floats, Floats]:
        """Coefficients (P, T) and s^2 (P,) of maximum likelihood; `begin` matters if there are several."""
        v = begin.copy()
        theta = np.zeros(self.active.shape)
        low, high = np.full(len(v), -1.0), np.full(len(v), np.inf)
        before, root_before = np.full(len(v), np.nan), np.full(len(v), np.nan)
        left = np.arange(len(v))
        for _ in range(ROUNDS):
            theta[left], squared = self.solve(left, v[left])
            ivar = self.ivar if len(left) == len(v) else self.ivar[left]
            root, gradient = np.empty(len(left)), np.empty(len(left))
            roots(ivar, squared, self.inflation[left], v[left], root, gradient)
            done = np.abs(root - v[left]) <= TOLERANCE * v[left]
            low[left] = np.where(gradient < 0, v[left], low[left])
            high[left] = np.where(gradient < 0, high[left], v[left])
            then = _next(v[left], root, before[left], root_before[left], low[left], high[left])
            before[left], root_before[left] = v[left], root
            v[left] = np.where(done, v[left], then)
            left = left[~done]
            if len(left) == 0:
                break
        return theta, v

    def solve(self, which: Integers, v: Floats) -> tuple[Floats, Floats]:
        """Coefficients (K, T) of K pixels at scatter v, and the squared residuals (K, N) to be expected."""
        everything = len(which) == len(self.flux)
        flux, ivar = (self.flux, self.ivar) if everything else (self.flux[which], self.ivar[which])
        weight = ivar / (1 + ivar * v[:, None])
        active = self.active[which]
        theta = np.empty(active.shape)
        terms = self.design.terms
        right = (weight * flux) @ terms
        sound = solve_normal(weight @ self.design.monomials, self.design.form.pair, right, active, theta)
        for k in np.flatnonzero(~sound):
            root = np.sqrt(weight[k])
            matrix = root[:, None] * terms * active[k]
            theta[k] = np.linalg.lstsq(matrix, root * flux[k])[0]
        return theta, self._squared(theta, flux)

    def misfit(self, theta: Floats, v: Floats) -> Floats:
        """Sum of w r^2 - log w over stars (P,), r^2 being what is expected."""
        weight = self.ivar / (1 + self.ivar * v[:, None])
        surprise = weight * self._squared(theta, self.flux) - np.log(np.where(self.ivar > 0, weight, 1.0))
        total: Floats = surprise.sum(1)
        return total

    def _squared(self, theta: Floats, flux: Floats) -> Floats:
        """Squared residuals (K, N) to be expected of K pixels."""
        terms, unsure = self.design.terms, self.design.uncertain
        squared: Floats = (flux - theta @ terms.T) ** 2
        if len(unsure):
            squares = products_of(theta, self.design.form) @ self.design.monomials[unsure].T
            squared[:, unsure] += np.maximum(squares - (theta @ terms[unsure].T) ** 2, 0)
        return squared


def _next(v: Floats, root: Floats, before: Floats, root_before: Floats, low: Floats, high: Floats) -> Floats:
    """Where to try next: the secant through the last two roots, kept between low and high."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.clip((root - root_before) / (v - before), -1.0, 0.9)
    secant = v + (root - v) / (1 - np.where(np.isfinite(slope), slope, 0.0))
    middle = np.where(low > 0, np.sqrt(np.maximum(low, 0) * np.where(high < np.inf, high, 0)), high / 16)
    choice = np.where((secant > low) & (secant > 0) & (secant < high), secant, root)
    return np.where((choice > low) & (choice < high), choice, middle)


@compiled
def roots(
    ivar: Floats, squared: Floats, inflation: Floats, begin: Floats, root: Floats, gradient: Floats
) -> None:
    """Root in v of sum w - c sum w^2 r^2 for each pixel, 0 if that is not negative there; and it at `begin`.

    Parameters
    ----------
    ivar, squared : (P, N), squared is r^2.
    inflation : (P,), c.
    begin : (P,), first guess.
    root, gradient : (P,), filled.
    """
    for p in range(ivar.shape[0]):
        root[p], gradient[p] = _root(ivar[p], squared[p], inflation[p], begin[p])


@compiled
def pulls(
    ivar: Floats, flux: Floats, which: Integers, without: tuple[int, int], inflation: Floats,
    begin: Floats, model: Floats, root: Floats,
) -> Floats:  # fmt: skip
    """Roots of some pixels, and residuals weighted accordingly, without some stars.

    Parameters
    ----------
    ivar, flux : (P, N).
    which : (K,), numbers of pixels.
    without : where the stars that do not count begin, and one past where they end.
    inflation, begin : (K,), as for `roots`.
    model : (K, N), replaced by weighted residuals.
    root : (K,), filled.

    Returns
    -------
    (K,), sums of weights.
    """
    inverse, squared, sums = np.empty(ivar.shape[1]), np.empty(ivar.shape[1]), np.zeros(which.size)
    for k in range(which.size):
        inverse[:] = ivar[which[k]]
        inverse[without[0] : without[1]] = 0.0
        for n in range(inverse.size):
            model[k, n] = flux[which[k], n] - model[k, n]
            squared[n] = model[k, n] * model[k, n]
        root[k] = _root(inverse, squared, inflation[k], begin[k])[0]
        total = 0.0
        for n in range(inverse.size):
            w = inverse[n] / (1.0 + inverse[n] * root[k])
            model[k, n] *= w
            total += w
        sums[k] = total
    return sums


@inlined
def _root(inverse: Floats, squared: Floats, inflation: float, begin: float) -> tuple[float, float]:
    """See `roots`: of one pixel, and the sum at `begin`."""
    v, low, high = begin, 0.0, np.inf
    gradient, slope = _likelihood(inverse, squared, inflation, v)
    value = gradient
    for _ in range(200):
        if v == 0.0 and value >= 0.0:
            break
        low, high = (low, v) if value >= 0.0 else (v, high)
        then = v - value / slope
        if not low < then < high:
            then = 2 * v if high == np.inf else _between(inverse, squared, inflation, low, high)
        done = abs(then - v) <= 1e-9 * v
        v = then
        if done or v == 0.0:
            break
        value, slope = _likelihood(inverse, squared, inflation, v)
    return v, gradient


@inlined
def _likelihood(inverse: Floats, squared: Floats, inflation: float, v: float) -> tuple[float, float]:
    """The sum whose root is sought, and a slope, always positive, that leads to it."""
    weights, fit, squares, cubes = 0.0, 0.0, 0.0, 0.0
    for n in range(inverse.size):
        w = inverse[n] / (1.0 + inverse[n] * v)
        term = w * w * squared[n]
        weights += w
        squares += w * w
        fit += term
        cubes += w * term
    slope = 2 * inflation * cubes - squares
    return weights - inflation * fit, slope if slope > 0.1 * squares else squares


@inlined
def _between(inverse: Floats, squared: Floats, inflation: float, low: float, high: float) -> float:
    """A guess between two others, or 0 if the root is there."""
    if low > 0.0:
        return float(np.sqrt(low * high))
    return 0.0 if _likelihood(inverse, squared, inflation, 0.0)[0] >= 0.0 else high / 16

"""Labels from spectra: the minimum of chi2 of each star, with errors, by Newton's method (paper, section 3).

chi2 is a polynomial in the labels. One matrix product for a batch of stars gives its coefficients, after
which steps and further starts cost little; a last step from the residuals themselves takes out what
rounding in the product left.
"""

from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from model.compiled import compiled
from model.newton import minimise, polish
from model.terms import Form, expand, form_of, products_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Numbers = NDArray[Any]
Precision = Literal["float32", "float64"]

BATCH = 256
"""Stars in one matrix product."""
FAINTEST = 1e8
"""A star's largest weight is more than this many of the smallest numbers that keep all their digits."""


@dataclass(frozen=True, eq=False)
class Inference:
    """Labels of M stars.

    Attributes
    ----------
    labels : (M, L), in their own units.
    covariance : (M, L, L), formal: the inverse of half the second derivatives of chi2. Zero for frozen
        labels, NaN where the spectrum does not fix all free ones, as with fewer pixels than those. It
        leaves out the noise in theta: errors seen in cross-validation are larger.
    chi2 : (M,), over the pixels used, the model's scatter included in the errors.
    dof : (M,), pixels used less free labels.
    converged : (M,), whether the labels are a minimum of chi2 and the only ones near it.
    iterations : (M,), Newton steps from the start that won.
    start : (M,), which start that was.
    runner_up_chi2 : (M,), chi2 of the best other minimum that a start led to; NaN if all led to one.
    """

    labels: Floats
    covariance: Floats
    chi2: Floats
    dof: Integers
    converged: Flags
    iterations: Integers
    start: Integers
    runner_up_chi2: Floats


@dataclass(frozen=True, eq=False)
class Polynomials:
    """chi2 of B stars as polynomials in their labels.

    Attributes
    ----------
    sums : (B, M), coefficients of the part quadratic in the terms.
    sizes : (B, L), about half the second derivatives.
    right : (B, T), minus half the coefficients of the linear part.
    constant : (B,), chi2 at no term.
    counted : (B,), pixels used.
    weight, pull : (B, P), weights, and weighted residuals.
    """

    sums: Numbers
    sizes: Numbers
    right: Numbers
    constant: Floats
    counted: Integers
    weight: Numbers
    pull: Numbers


@dataclass(frozen=True, eq=False)
class Minima:
    """Minima of B polynomials.

    Attributes
    ----------
    labels : (B, L), scaled.
    curves : (B, L, L), half the second derivatives.
    values : (B, 2), of the best minimum and of the best other one (inf: none).
    found : (B, 3), whether it is a minimum, steps, start.
    """

    labels: Floats
    curves: Floats
    values: Floats
    found: Integers


@dataclass(frozen=True, eq=False)
class Objective:
    """chi2 of any spectrum under one model, in scaled labels.

    Attributes
    ----------
    form : of the model's terms.
    terms : (T, L) exponents of the terms that are not constant.
    term : (T,), the monomials they are.
    constant : (P,), the constant term.
    slopes : (P, T), coefficients of the others.
    products : (P, M), what multiplies weights to give the polynomial's coefficients.
    squares : (P, L), the same for the size of its second derivatives.
    variance : (P,), s squared.
    used : (P,), pixels that count.
    """

    form: Form
    terms: Integers
    term: Integers
    constant: Floats
    slopes: Numbers
    products: Numbers
    squares: Numbers
    variance: Floats
    used: Flags

    @classmethod
    def of(cls, theta: Floats, s: Floats, terms: Integers, precision: Precision) -> "Objective":
        """Objective of a model with coefficients theta (P, T) and scatter s (P,)."""
        varying = terms.any(1)
        known = np.isfinite(s)
        coefficients = np.where(known[:, None], theta, 0.0)
        slopes = np.ascontiguousarray(coefficients[:, varying])
        form = form_of(terms)
        return cls(
            form=form,
            terms=terms[varying],
            term=form.term[varying],
            constant=coefficients[:, ~varying].sum(1),
            slopes=slopes.astype(precision),
            products=products_of(coefficients * varying, form, precision),
            squares=(slopes**2 @ (terms[varying] > 0)).astype(precision),
            variance=np.where(known, s, 0.0) ** 2,
            used=known,
        )

    def polynomials(self, flux: Numbers, ivar: Numbers, first: int = 0) -> Polynomials:
        """chi2 of a batch of stars, flux and ivar (B, P), as a function of their labels.

        Raises
        ------
        ValueError
            if a star's spectrum is not one, or beyond this precision's numbers; stars count from `first`.
        """
        weight = np.empty(flux.shape, self.products.dtype)
        pull = np.empty_like(weight)
        chi2, counted, sound = weigh(flux, ivar, self.constant, self.variance, self.used, weight, pull)
        with np.errstate(over="ignore", invalid="ignore"):
            sums = weight @ self.products, weight @ self.squares, pull @ self.slopes
        held = (weight.max(1) > FAINTEST * np.finfo(weight.dtype).tiny) & _finite(*sums)
        for stars, words in (
            (~sound, "has ivar that is negative or not finite; give 0 where a pixel is bad"),
            (counted == 0, "has no pixel with ivar above 0 among those used; leave it out"),
            (
                ~np.isfinite(chi2),
                "has flux that is not finite where ivar is above 0; give such pixels ivar 0",
            ),
            (~held, f"has flux or ivar beyond what {weight.dtype} holds; give flux near 1 and its true ivar"),
        ):
            if stars.any():
                raise ValueError(f"star {first + np.argmax(stars)} {words}")
        return Polynomials(*sums, chi2, counted, weight, pull)

    def minima(self, polynomials: Polynomials, starts: Floats, fixed: Floats) -> Minima:
        """The lowest minima that starts (1 or B, S, L) lead to; fixed (B, L) is NaN for free labels."""
        stars, labels = fixed.shape
        found = Minima(
            labels=np.full((stars, labels), np.nan),
            curves=np.full((stars, labels, labels), np.nan),
            values=np.full((stars, 2), np.inf),
            found=np.zeros((stars, 3), np.int64),
        )
        form = self.form
        minimise(
            polynomials.sums, polynomials.right, polynomials.constant, polynomials.sizes,
            self.term, form.source, form.factor, form.parent, form.by, form.order,
            starts, fixed, found.labels, found.curves, found.values, found.found,
        )  # fmt: skip
        return found


def infer(objective: Objective, flux: Numbers, ivar: Numbers, starts: Floats, fixed: Floats) -> Inference:
    """Labels of many stars, in scaled labels.

    Parameters
    ----------
    objective : the model's.
    flux, ivar : (M, P).
    starts : (S, L), where the descents begin.
    fixed : (M, L), values of frozen labels, NaN for free ones.
    """
    stars, labels = fixed.shape
    result = Inference(
        labels=np.empty((stars, labels)),
        covariance=np.empty((stars, labels, labels)),
        chi2=np.empty(stars),
        dof=np.empty(stars, np.int64),
        converged=np.empty(stars, np.bool_),
        iterations=np.empty(stars, np.int64),
        start=np.empty(stars, np.int64),
        runner_up_chi2=np.empty(stars),
    )
    for first in range(0, stars, BATCH):
        batch = slice(first, first + BATCH)
        found = _infer_batch(objective, plain(flux[batch]), plain(ivar[batch]), starts, fixed[batch], first)
        for field in fields(Inference):
            getattr(result, field.name)[batch] = getattr(found, field.name)
    return result


def _infer_batch(
    objective: Objective, flux: Numbers, ivar: Numbers, starts: Floats, fixed: Floats, first: int
) -> Inference:
    """See `infer`; stars count from `first`."""
    polynomials = objective.polynomials(flux, ivar, first)
    least = objective.minima(polynomials, starts[None], fixed)
    pull, covariance = polynomials.pull, np.empty_like(least.curves)
    with np.errstate(over="ignore", invalid="ignore"):
        model = expand(least.labels, objective.terms).astype(objective.slopes.dtype) @ objective.slopes.T
        chi2 = remainder(flux, objective.constant, model, polynomials.weight, pull)
        gradient = pull @ objective.slopes
        runner_up = chi2 + (least.values[:, 1] - least.values[:, 0])
    settled = polish(gradient, objective.terms, fixed, least.labels, least.curves, covariance)
    free = np.isnan(fixed)
    dof = polynomials.counted - free.sum(1)
    covariance[(dof < 0)[:, None, None] & free[:, :, None] & free[:, None, :]] = np.nan
    return Inference(
        labels=least.labels,
        covariance=covariance,
        chi2=chi2,
        dof=dof,
        converged=(least.found[:, 0] == 1) & settled & (dof >= 0),
        iterations=least.found[:, 1],
        start=least.found[:, 2],
        runner_up_chi2=np.where(np.isfinite(runner_up), runner_up, np.nan),
    )


def _finite(*sums: Numbers) -> Flags:
    """Whether all numbers of a star are finite (B,), in each of several (B, ...)."""
    finite: Flags = np.all([np.isfinite(some).all(1) for some in sums], axis=0)
    return finite


def plain(spectra: Numbers) -> Numbers:
    """Spectra as the compiled loops take them."""
    return np.ascontiguousarray(spectra, np.float32 if spectra.dtype == np.float32 else np.float64)


@compiled
def weigh(
    flux: Numbers, ivar: Numbers, constant: Floats, variance: Floats, used: Flags,
    weight: Numbers, pull: Numbers,
) -> tuple[Floats, Integers, Flags]:  # fmt: skip
    """Weights (B, P) and weighted residuals (B, P) of the constant term, filled.

    Returns
    -------
    chi2 of the constant term (B,), pixels used (B,), and whether all inverse variances are sound (B,).
    """
    stars, pixels = flux.shape
    chi2, counted, sound = np.zeros(stars), np.zeros(stars, np.int64), np.ones(stars, np.bool_)
    for b in range(stars):
        total, count, bad = 0.0, 0, 0
        for p in range(pixels):
            inverse = np.float64(ivar[b, p])
            bad += not 0.0 <= inverse < np.inf
            good = (inverse > 0.0) & used[p]
            w = inverse / (1.0 + inverse * variance[p]) if good else 0.0
            residual = flux[b, p] - constant[p] if good else 0.0
            count += good
            total += w * residual * residual
            weight[b, p] = w
            pull[b, p] = w * residual
        chi2[b], counted[b], sound[b] = total, count, bad == 0
    return chi2, counted, sound


@compiled
def remainder(flux: Numbers, constant: Floats, model: Numbers, weight: Numbers, pull: Numbers) -> Floats:
    """chi2 (B,) of a model without its constant term (B, P), and weighted residuals, filled."""
    stars, pixels = flux.shape
    chi2 = np.zeros(stars)
    for b in range(stars):
        total = 0.0
        for p in range(pixels):
            w = np.float64(weight[b, p])
            residual = flux[b, p] - constant[p] - model[b, p] if w > 0.0 else 0.0
            total += w * residual * residual
            pull[b, p] = w * residual
        chi2[b] = total
    return chi2

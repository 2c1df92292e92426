"""The models of a cross-validation, trained together: what their stars have in common is summed once.

At the scatter of the model of all stars, the normal equations without a fold are those of all stars less the
fold's own. Their solution is then corrected to the fold's scatter by steps with the same factorised matrix
(iterative refinement), until coefficients and scatter are those that training on the other stars gives.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.cannon import Cannon
from model.newton import factorise_normal, substitute_normal
from model.training import Design, Spectra, pulls

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

BLOCK = 64
"""Pixels worked on at once."""
STEPS = 8
"""Corrections after which a pixel is trained by itself instead."""
SETTLED = 1e-13
"""Change of chi2 that a correction may still bring when it is the last."""
FEW = 3
"""Stars per term below which a pixel is trained by itself too: its likelihood may have several maxima."""


def train_without(
    full: Cannon,
    labels: Floats,
    flux: NDArray[np.floating],
    ivar: NDArray[np.floating],
    fold: Integers,
    *,
    dof_correction: bool,
    progress: Callable[[int, int, str], None],
) -> Iterator[Cannon]:
    """Models of the same kind as `full`, each trained without one fold.

    Parameters
    ----------
    full : model of all the stars, whose scaling, terms and mask they share.
    labels, flux, ivar : what it was trained on, (N, L) and (N, P); labels are taken as exact.
    fold : (N,), from 0.
    dof_correction : as `full` was trained.
    progress : told (done, total, of what) after each block of pixels.

    Yields
    ------
    Cannon
        The model without fold 0, 1, ...
    """
    order = np.argsort(fold, kind="stable")
    ends = np.searchsorted(fold[order], np.arange(fold.max() + 2))
    design = Design.of((labels[order] - full.offset) / full.scale, full.terms)
    active = _acting(full)
    begin = np.nan_to_num(full.s**2)
    theta = np.empty((len(ends) - 1, *full.theta.shape))
    variance = np.empty(theta.shape[:2])
    for first in range(0, len(active), BLOCK):
        block = slice(first, first + BLOCK)
        spectra = flux[order, block].T, ivar[order, block].T
        shared = _Shared.of(
            design, *spectra, active[block], begin[block], ends, dof_correction=dof_correction
        )
        for one in range(len(theta)):
            theta[one, block], variance[one, block] = shared.without(one)
        progress(min(first + BLOCK, len(active)), len(active), "pixels trained")
    for one in range(len(theta)):
        rest = fold != one
        alone = np.flatnonzero(np.isnan(variance[one]))
        if alone.size:
            scaled = (labels[rest] - full.offset) / full.scale
            theta[one, alone], s = Spectra(
                Design.of(scaled, full.terms), flux[np.ix_(rest, alone)], ivar[np.ix_(rest, alone)],
                active[alone],
            ).fit(np.zeros(alone.size), dof_correction=dof_correction)  # fmt: skip
            variance[one, alone] = s**2
        yield replace(full, theta=theta[one], s=np.sqrt(variance[one]), n_train=int(rest.sum()))


def _acting(full: Cannon) -> Flags:
    """Where which term may act, (P, T)."""
    if full.mask is None:
        return np.ones(full.theta.shape, np.bool_)
    acting: Flags = ((full.terms == 0) | full.mask[:, np.newaxis, :]).all(axis=2)
    return acting


@dataclass(frozen=True, eq=False)
class _Shared:
    """Pixels (P) of all stars (N), sorted by fold (K), and their sums at a common scatter.

    Attributes
    ----------
    design : of all stars.
    flux, ivar : (P, N).
    active : (P, T), terms that may act.
    begin : (P,), the common scatter squared.
    ends : (K + 1,), where each fold begins and ends.
    monomials : (K + 1, P, M), weighted sums of each fold's products of terms; the last is of all folds.
    right : (K + 1, P, T), weighted sums of term times flux.
    weight : (K + 1, P), sums of weights.
    seen : (K + 1, P), numbers of stars with flux.
    dof_correction : whether squared residuals count N / (N - T) times.
    """

    design: Design
    flux: Floats
    ivar: Floats
    active: Flags
    begin: Floats
    ends: NDArray[np.intp]
    monomials: Floats
    right: Floats
    weight: Floats
    seen: Floats
    dof_correction: bool

    @classmethod
    def of(
        cls,
        design: Design,
        flux: NDArray[np.floating],
        ivar: NDArray[np.floating],
        active: Flags,
        begin: Floats,
        ends: NDArray[np.intp],
        *,
        dof_correction: bool,
    ) -> "_Shared":
        """Sum up."""
        i = np.ascontiguousarray(ivar, dtype=np.float64)
        f = np.where(i > 0, flux, 0.0).astype(np.float64, copy=False)
        w = i / (1 + i * begin[:, np.newaxis])
        pull, every = w * f, np.ones((len(design.terms), 1))
        return cls(
            design, f, i, active, begin, ends,
            _sums(w, design.monomials, ends),
            _sums(pull, design.terms, ends),
            _sums(w, every, ends)[:, :, 0],
            _sums((i > 0).astype(np.float64), every, ends)[:, :, 0],
            dof_correction,
        )  # fmt: skip

    def without(self, one: int) -> tuple[Floats, Floats]:
        """Coefficients (P, T) and s^2 (P,) by the other folds' stars; NaN where they do not settle."""
        stars = self.ends[one], self.ends[one + 1]
        seen, terms = self.seen[-1] - self.seen[one], self.active.sum(axis=1)
        inflation = seen / np.maximum(seen - terms, 1) if self.dof_correction else np.ones(len(seen))
        factors = np.empty((*self.active.shape, self.active.shape[1]))
        sound = factorise_normal(
            self.monomials[-1] - self.monomials[one], self.design.form.pair, self.active, factors
        )
        weight = self.weight[-1] - self.weight[one]
        theta = np.where(self.active, self.right[-1] - self.right[one], 0.0)
        v, settled = self.begin.copy(), np.zeros(len(theta), np.bool_)
        left = np.flatnonzero(sound & (seen >= FEW * terms))
        theta[left] = _solved(factors, left, theta[left])
        for _ in range(STEPS):
            if not left.size:
                break
            residual, root = theta[left] @ self.design.terms.T, np.empty(len(left))
            weights = pulls(self.ivar, self.flux, left, stars, inflation[left], v[left], residual, root)
            ratio = weight[left] / weights
            slope = np.where(self.active[left], residual @ self.design.terms, 0.0)
            step = _solved(factors, left, slope) * ratio[:, np.newaxis]
            theta[left] += step
            v[left] = root
            done = np.einsum("kt,kt->k", step, slope) < SETTLED
            settled[left[done]] = True
            left = left[~done]
        return theta, np.where(settled, v, np.nan)


def _solved(factors: Floats, which: Integers, right: Floats) -> Floats:
    """Solutions (K, T) of the equations of some pixels (K,) of which there are factors."""
    solution = right.copy()
    substitute_normal(factors, which, solution)
    return solution


def _sums(weights: Floats, values: Floats, ends: NDArray[np.intp]) -> Floats:
    """Sums of values (N, Q) weighted by (P, N), over each fold and over all: (K + 1, P, Q)."""
    sums = np.empty((len(ends), len(weights), values.shape[1]))
    for one, (a, b) in zip(sums, pairwise(ends), strict=False):
        np.matmul(weights[:, a:b], values[a:b], out=one)
    sums[:-1].sum(axis=0, out=sums[-1])
    return sums

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
from scipy.linalg.lapack import dpotrf, dpotrs

from model.cannon import Cannon
from model.training import Design, fit, roots

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
SINGULAR = 1e-12
"""Share of its diagonal below which a pivot makes equations singular."""


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
            theta[one, alone], s = fit(
                Design.of(scaled, full.terms), flux[np.ix_(rest, alone)], ivar[np.ix_(rest, alone)],
                active[alone], dof_correction=dof_correction, begin=np.zeros(alone.size),
            )  # fmt: skip
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
        pull = w * f
        return cls(
            design, f, i, active, begin, ends,
            _sums(w, design.monomials, ends),
            _sums(pull, design.terms, ends),
            _sums(w, np.ones((len(design.terms), 1)), ends)[:, :, 0],
            dof_correction,
        )  # fmt: skip

    def without(self, one: int) -> tuple[Floats, Floats]:
        """Coefficients (P, T) and s^2 (P,) by the other folds' stars; NaN where they do not settle."""
        ivar = self.ivar.copy()
        ivar[:, self.ends[one] : self.ends[one + 1]] = 0
        seen, terms = np.count_nonzero(ivar, axis=1), self.active.sum(axis=1)
        inflation = seen / np.maximum(seen - terms, 1) if self.dof_correction else np.ones(len(seen))
        factors = self._factorised(self.monomials[-1] - self.monomials[one], seen >= FEW * terms)
        weight = self.weight[-1] - self.weight[one]
        right = np.where(self.active, self.right[-1] - self.right[one], 0.0)
        theta = np.stack([_solved(factor, b) for factor, b in zip(factors, right, strict=True)])
        v, settled = self.begin.copy(), np.zeros(len(theta), np.bool_)
        left = np.flatnonzero(np.isfinite(theta).all(axis=1))
        for _ in range(STEPS if left.size else 0):
            own, residual = ivar[left], self.flux[left] - theta[left] @ self.design.terms.T
            root, unused = np.empty(len(left)), np.empty(len(left))
            roots(own, residual**2, inflation[left], v[left], root, unused)
            w = own / (1 + own * root[:, np.newaxis])
            slope = np.where(self.active[left], (w * residual) @ self.design.terms, 0.0)
            ratio = weight[left] / w.sum(axis=1)
            step = (
                np.stack([_solved(factors[k], b) for k, b in zip(left, slope, strict=True)])
                * ratio[:, np.newaxis]
            )
            theta[left] += step
            done = np.einsum("kt,kt->k", step, slope) < SETTLED
            v[left] = root
            settled[left[done]] = True
            left = left[~done]
            if not left.size:
                break
        return theta, np.where(settled, v, np.nan)

    def _factorised(self, monomials: Floats, enough: Flags) -> list[Floats | None]:
        """Cholesky factors (T, T) of normal matrices; None where these are singular, or stars too few."""
        acting = self.active[:, :, np.newaxis] & self.active[:, np.newaxis, :]
        matrices = np.where(acting, monomials[:, self.design.form.pair], 0.0)
        idle = np.einsum("ktt->kt", matrices)
        idle[~self.active] = 1.0
        return [_factor(matrix) if good else None for matrix, good in zip(matrices, enough, strict=True)]


def _sums(weights: Floats, values: Floats, ends: NDArray[np.intp]) -> Floats:
    """Sums of values (N, Q) weighted by (P, N), over each fold and over all: (K + 1, P, Q)."""
    sums = np.empty((len(ends), len(weights), values.shape[1]))
    for one, (a, b) in zip(sums, pairwise(ends), strict=False):
        np.matmul(weights[:, a:b], values[a:b], out=one)
    sums[:-1].sum(axis=0, out=sums[-1])
    return sums


def _factor(matrix: Floats) -> Floats | None:
    factor, failed = dpotrf(matrix, lower=1)
    if failed or (factor.diagonal() ** 2 <= SINGULAR * matrix.diagonal()).any():
        return None
    return np.asarray(factor, np.float64)


def _solved(factor: Floats | None, right: Floats) -> Floats:
    """Solution of factorised equations; NaN where they could not be factorised."""
    if factor is None:
        return np.full_like(right, np.nan)
    solution, _ = dpotrs(factor, right, lower=1)
    return np.asarray(solution, np.float64)

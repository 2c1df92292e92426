"""Published errors: formal ones stretched, and a floor added, until they describe cross-validation.

sigma^2 = (a sigma_formal)^2 + b^2 for each label, with a and b of maximum likelihood given the residuals
inferred - true. It is an upper bound, for the residuals hold the reference labels' own errors too. Two
numbers say nothing of where a model errs: with one that misses some stars more than others, as those at the
ends of its range in T_eff, errors are too small there and too large elsewhere. `pulls` shows it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit

from model.spread import Spread, which_bin

Floats = NDArray[np.float64]

_FEWEST = 10
_MIXES = np.linspace(-16.0, 16.0, 65)


@dataclass(frozen=True, eq=False)
class ErrorModel:
    """How a label's published error follows from its formal one.

    Attributes
    ----------
    a : factor on the formal error, (L,).
    b : floor, in the label's unit, (L,).
    n : number of stars it was fitted to, (L,).
    """

    a: Floats
    b: Floats
    n: NDArray[np.int64]

    @classmethod
    def fit(cls, residuals: ArrayLike, formal: ArrayLike, *, least: float = 0.0) -> "ErrorModel":
        """Fit it to cross-validated stars; what is missing (NaN) is left out.

        Parameters
        ----------
        residuals : inferred - true, (N, L).
        formal : formal one-sigma errors, (N, L).
        least : what the factors are at least. With 1 no error undercuts the noise of a star's own spectrum:
            where reference stars are all bright, their residuals cannot tell the factor, and faint stars
            would get the errors of bright ones.

        Raises
        ------
        ValueError
            If shapes differ, a formal error is not positive, or a label has fewer than 10 residuals or none
            but zeros.
        """
        r, f = _pair(residuals, formal)
        known = np.isfinite(r) & np.isfinite(f)
        n = np.count_nonzero(known, axis=0)
        for label, count in enumerate(n):
            if count < _FEWEST or not np.any(r[known[:, label], label]):
                raise ValueError(
                    f"label {label} has {count} residuals, or all are 0: give at least {_FEWEST} that scatter"
                )
        fits = [_fit_label(r[k, label], f[k, label], least) for label, k in enumerate(known.T)]
        a, b = np.array(fits).T
        return cls(a, b, n)

    def sigma(self, formal: ArrayLike) -> Floats:
        """Published errors, (M, L), of formal ones, (M, L)."""
        published: Floats = np.hypot(self.a * np.asarray(formal, dtype=np.float64), self.b)
        return published


def pulls(residuals: ArrayLike, sigma: ArrayLike, by: ArrayLike, edges: ArrayLike) -> Spread:
    """Residuals over errors, in bins of S/N or T_eff, say: mean 0 and scatter 1 where the errors are right.

    Parameters
    ----------
    residuals, sigma : inferred - true and published errors, (N, L).
    by, edges : see `which_bin`.

    Raises
    ------
    ValueError
        If shapes differ, an error is not positive, or the edges do not increase.
    """
    r, s = _pair(residuals, sigma)
    return Spread.of(r / s, which_bin(by, edges), np.size(edges) - 1)


def _pair(residuals: ArrayLike, errors: ArrayLike) -> tuple[Floats, Floats]:
    r, e = np.asarray(residuals, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    if r.shape != e.shape or r.ndim != 2:
        raise ValueError(f"residuals are {r.shape} and errors {e.shape}: give (stars, labels) of both")
    if np.any(e <= 0):
        raise ValueError("some errors are zero or negative: give positive ones, or NaN where there is none")
    return r, e


def _fit_label(residuals: Floats, formal: Floats, least: float) -> tuple[float, float]:
    """Factor and floor of one label.

    sigma^2 = c (w u^2 + 1 - w), with u the formal error over its median: of maximum likelihood c is the mean
    of r^2 / (w u^2 + 1 - w), which leaves one number, w, between 0 and 1.
    """
    unit = np.median(formal)
    u2, r2 = (formal / unit) ** 2, residuals**2

    def shape(w: float) -> Floats:
        return w * u2 + (1 - w)

    def cost(w: float) -> float:
        return float(np.log(np.mean(r2 / shape(w))) + np.mean(np.log(shape(w))))

    mixes = expit(_MIXES)
    best = int(np.argmin([cost(w) for w in mixes]))
    around = _MIXES[max(best - 1, 0)], _MIXES[min(best + 1, len(_MIXES) - 1)]
    inner = minimize_scalar(
        lambda x: cost(float(expit(x))), bounds=around, method="bounded", options={"xatol": 1e-7}
    )
    w = min((0.0, 1.0, float(expit(inner.x))), key=cost)
    c = np.mean(r2 / shape(w))
    factor, floor = float(np.sqrt(c * w) / unit), float(np.sqrt(c * (1 - w)))
    return (factor, floor) if factor >= least else (least, _floor(residuals, least * formal))


def _floor(residuals: Floats, noise: Floats) -> float:
    """The floor of maximum likelihood beside a noise that is known."""
    r2, known = residuals**2, noise**2

    def cost(floor2: float) -> float:
        total = known + floor2
        return float(np.mean(np.log(total) + r2 / total))

    most = float(r2.max())
    found = minimize_scalar(cost, bounds=(0.0, most), method="bounded", options={"xatol": 1e-9 * most})
    return float(np.sqrt(min((0.0, float(found.x)), key=cost)))

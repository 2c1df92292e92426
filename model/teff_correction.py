"""A smooth course of a label's error with T_eff, learned from stars that were born together.

The paper leaves this to future work (sections 5.1, 5.2 and 7). It is fitted as label = group + f(T_eff), so
that only contrasts within groups tell it, with f a P-spline (Eilers & Marx 1996, Statist. Sci. 11, 89): cubic
B-splines with knots at equal distance, whose second differences are penalised. Residuals count by Huber's
weights (1964, Ann. Math. Statist. 35, 73), as some members and some binaries are none. How smooth f is, and
whether it is of use, is decided by groups that are left out as a whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.stats import norm, t

from model.born_together import BornTogether, Support, TooFewError, supported

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Progress = Callable[[int, int], None]
"""Told how many steps are done, of how many, within steps too; it may raise to stop."""

DEGREE, ORDER = 3, 2
PIECE = 200.0
"""K between knots, or a little less."""
PENALTIES = tuple(10.0 ** np.arange(-3, 5))
"""On squared second differences, beside the mean curvature of the fit; at the last f is all but straight."""
HUBER = 1.345
"""Residuals, in their scatter, from which on weights fall."""
ROUGHER = 0.1
"""Of the penalty that does best: it is lowered so that f is pulled from the truth by less than its error."""
STEPS, CLOSE = 50, 1e-5
"""Most rounds of weights, and the change in dex that ends them."""
CUT = 2.5
"""Residuals beyond so many times the scatter count as that in choosing how smooth f is."""
FOLDS = 5
LEAST_GROUPS = 10
"""Groups below which nothing is learned: leaving some out says little then."""
LEVEL = 0.95
SCATTER_DRAWS = 2000
"""Of groups, for the interval of the scatter's ratio."""
OF_NORMAL = 1 - 2 * norm.sf(CUT) - 2 * CUT * norm.pdf(CUT) + 2 * CUT**2 * norm.sf(CUT)
"""Mean square, capped at CUT, of a standard normal distribution."""
MAD = 1.482602218505602
"""Standard deviation of a normal distribution over its median absolute value."""


@dataclass(frozen=True, eq=False)
class Course:
    """A function f of T_eff that is 0 at the anchor.

    Attributes
    ----------
    support : where it is known.
    knots : (S + DEGREE + 1,) K.
    weights : (S,) of the B-splines, dex.
    """

    support: Support
    knots: Floats
    weights: Floats

    def __call__(self, teff: Floats) -> Floats:
        """Its values at (N,) T_eff, dex; NaN beyond the support."""
        inside = self.support.holds(teff)
        values = np.full(len(teff), np.nan)
        values[inside] = _columns(teff[inside], self.knots) @ self.weights
        at_anchor = _columns(np.array([self.support.anchor]), self.knots) @ self.weights
        return values - float(at_anchor[0])


@dataclass(frozen=True)
class Scatter:
    """How far labels lie from their group, with a 95 % interval from draws of groups, dex.

    Root mean squares of distances that are capped at CUT times the scatter; sigma, where errors are normal.

    Attributes
    ----------
    before, after : without and with a correction that was learned from other groups.
    ratio, low, high : after over before.
    """

    before: float
    after: float
    ratio: float
    low: float
    high: float

    @property
    def falls(self) -> bool:
        """Whether the correction is of use, to stars that it was not learned from."""
        return self.high < 1


@dataclass(frozen=True, eq=False)
class TeffCorrection:
    """What was learned of one label.

    Attributes
    ----------
    stars : that it was learned from.
    course : what is to be taken off the label.
    drawn : the same of draws of groups.
    penalty : that was chosen.
    scatter : of groups that were left out.
    """

    stars: BornTogether
    course: Course
    drawn: tuple[Course, ...]
    penalty: float
    scatter: Scatter

    def error(self, teff: Floats) -> Floats:
        """Standard error of f at (N,) T_eff, from the draws; NaN beyond the support."""
        groups = self.stars.groups
        few = np.sqrt(groups / (groups - 1.0))  # draws of G groups scatter less than G groups do
        values: Floats = few * np.std([course(teff) for course in self.drawn], axis=0, ddof=1)
        return values

    def band(self, teff: Floats) -> tuple[Floats, Floats]:
        """Ends of the 95 % interval of f at (N,) T_eff, each by itself: Student's t for as many groups."""
        wide = t.ppf((1 + LEVEL) / 2, self.stars.groups - 1)
        value, error = self.course(teff), wide * self.error(teff)
        return value - error, value + error


def learn(
    stars: BornTogether,
    random: np.random.Generator,
    *,
    anchor: float | None,
    draws: int,
    progress: Progress | None = None,
) -> TeffCorrection:
    """Learn a correction, and find out by groups that are left out whether it is of use.

    Parameters
    ----------
    stars : that were born together.
    random : source of random numbers.
    anchor : T_eff at which nothing is corrected, K; see `born_together.reach_of`.
    draws : of groups, for intervals.
    progress : told after each step, and within those that are long after each fit.

    Raises
    ------
    TooFewError
        There are too few groups, or nothing is known of any T_eff.
    """
    within, reach = supported(stars, anchor)
    if within.groups < LEAST_GROUPS:
        raise TooFewError(
            f"{within.groups} groups of stars born together have the label where Teff is told of: "
            f"{LEAST_GROUPS} are needed, so that some can be left out"
        )
    fit = _Fit.of(within, reach)
    told = _Counted(progress, FOLDS + 1 + draws)
    fold = _folds(within, random)
    left = np.full(len(within.label), np.nan)
    for one in range(FOLDS):
        out = fold == one
        rest = fit.without(out)
        penalty = rest.smoothness(_folds(rest.stars, random), told.tell)
        left[out] = within.label[out] - rest.course(penalty)(within.teff[out])
        told.step()
    penalty = fit.smoothness(fold, told.tell)
    told.step()
    drawn = []
    for _ in range(draws):
        drawn.append(fit.course(penalty, _times(within.groups, random)[within.group]))
        told.step()
    scatter = _scatter(within, left, random, SCATTER_DRAWS)
    return TeffCorrection(within, fit.course(penalty), tuple(drawn), penalty, scatter)


@dataclass(frozen=True, eq=False)
class _Fit:
    """Stars, and the columns of the B-splines at their T_eff, (N, S)."""

    stars: BornTogether
    support: Support
    knots: Floats
    columns: Floats

    @classmethod
    def of(cls, stars: BornTogether, reach: Support) -> "_Fit":
        pieces = max(int(np.ceil((reach.high - reach.low) / PIECE)), 1)
        width = max(reach.high - reach.low, 1.0) / pieces
        knots = reach.low + width * np.arange(-DEGREE, pieces + DEGREE + 1, dtype=np.float64)
        knots[pieces + DEGREE] = max(reach.high, knots[pieces + DEGREE])
        return cls(stars, reach, knots, _columns(stars.teff, knots))

    def without(self, out: NDArray[np.bool_]) -> "_Fit":
        """The same without some of its stars, whole groups."""
        return _Fit(self.stars.part(~out), self.support, self.knots, self.columns[~out])

    def course(self, penalty: float, times: Integers | None = None) -> Course:
        """Fit f, with each star counted so many times, (N,); a constant, which groups have, is left out."""
        y, x = self.stars.label, self.columns[:, 1:]
        counted = np.ones(len(y)) if times is None else times.astype(np.float64)
        known = counted > 0
        x, y, counted, group = x[known], y[known], counted[known], self.stars.group[known]
        bend = np.diff(np.eye(self.columns.shape[1]), ORDER, axis=0)[:, 1:]
        weights, before = np.ones(len(y)), np.zeros(x.shape[1])
        for _ in range(STEPS):
            both = weights * counted
            deviations = _within(x, group, both)
            moved = _within(y[:, None], group, both)[:, 0]
            square = (deviations * both[:, None]).T @ deviations
            strength = penalty * max(np.trace(square) / len(square), np.finfo(float).tiny)
            found = np.linalg.lstsq(
                square + strength * bend.T @ bend, deviations.T @ (both * moved), rcond=1e-12
            )[0]
            residual = moved - deviations @ found
            spread = MAD * np.median(abs(residual))
            if np.max(abs(x @ (found - before)), initial=0.0) < CLOSE or spread == 0:
                break
            before = found
            weights = np.minimum(1.0, HUBER * spread / np.maximum(abs(residual), 1e-300))
        return Course(self.support, self.knots, np.concatenate([[0.0], found]))

    def smoothness(self, fold: Integers, fitted: Callable[[], None]) -> float:
        """Give the penalty: that with which groups left out are closest to their own mean, made ROUGHER.

        `fitted` is called after each of many fits; it may raise to stop.
        """
        parts = [(self.without(fold == one), fold == one) for one in np.unique(fold)]
        limit = CUT * MAD * np.median(abs(self.stars.contrasts(self.stars.label)))
        losses = []
        for penalty in PENALTIES:
            residual = self.stars.label.copy()
            for rest, out in parts:
                residual[out] -= rest.course(penalty)(self.stars.teff[out])
                fitted()
            far = np.minimum(abs(self.stars.contrasts(residual)), limit)
            losses.append(np.mean(far**2))
        return float(ROUGHER * PENALTIES[int(np.argmin(losses))])


def _columns(teff: Floats, knots: Floats) -> Floats:
    if not len(teff):
        return np.zeros((0, len(knots) - DEGREE - 1))
    inner = np.clip(teff, knots[DEGREE], knots[-DEGREE - 1])
    columns: Floats = BSpline.design_matrix(inner, knots, DEGREE).toarray()
    return columns


def _within(values: Floats, group: Integers, weights: Floats) -> Floats:
    """Values, (N, K), less their group's weighted mean."""
    total = np.bincount(group, weights)
    means = np.stack([np.bincount(group, weights * column) for column in values.T], axis=1)
    with np.errstate(invalid="ignore"):
        return values - (means / total[:, None])[group]


def _folds(stars: BornTogether, random: np.random.Generator) -> Integers:
    """Number of the part, (N,), that a star is left out with: whole groups, large ones spread evenly."""
    sizes = np.bincount(stars.group, minlength=stars.groups)
    order = np.lexsort([random.random(stars.groups), -sizes])
    part = np.empty(stars.groups, np.int64)
    part[order] = np.arange(stars.groups) % FOLDS
    return part[stars.group]


def _times(groups: int, random: np.random.Generator) -> Integers:
    return np.bincount(random.integers(0, groups, groups), minlength=groups)


def _scatter(stars: BornTogether, left: Floats, random: np.random.Generator, draws: int) -> Scatter:
    """Robust scatter about the group of labels, and of what a correction by others leaves of them."""
    before, after = stars.contrasts(stars.label), stars.contrasts(left)
    limit = CUT * MAD * np.median(abs(before))
    squares = [
        np.bincount(stars.group, np.minimum(abs(each), limit) ** 2, stars.groups) for each in (before, after)
    ]
    count = np.bincount(stars.group, minlength=stars.groups)
    found = [np.sqrt(each.sum() / count.sum() / OF_NORMAL) for each in squares]
    ratios = [
        np.sqrt(squares[1][chosen].sum() / squares[0][chosen].sum())
        for chosen in _drawn(stars.groups, random, draws)
    ]
    low, high = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Scatter(float(found[0]), float(found[1]), float(found[1] / found[0]), float(low), float(high))


def _drawn(groups: int, random: np.random.Generator, draws: int) -> Iterator[Integers]:
    for _ in range(draws):
        yield random.integers(0, groups, groups)


class _Counted:
    """Tells of steps."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def step(self) -> None:
        self._done += 1
        self.tell()

    def tell(self) -> None:
        if self._progress is not None:
            self._progress(self._done, self._total)

"""The compiled loops of The Cannon that factorise: Newton's method on chi2, and normal equations.

In one file, since numba's cache looks at one only.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.compiled import compiled, inlined

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Numbers = NDArray[Any]

STEPS = 200
"""Newton steps after which a start is given up."""
CLOSE = 1e-8
"""A step that lowers chi2 by less than this is the last."""
HEAVIEST = 1e15
"""Damping at which a start is given up."""
SAME = 0.5
"""Minima nearer to each other than this, in chi2, are one."""
SLIGHT = 1e-2
"""A last step that would lower chi2 by more than this is not taken."""


@inlined
def factorise(matrix: Floats) -> bool:
    """Cholesky factor in place of a matrix's lower triangle, its diagonal inverted.

    False if the matrix is not positive definite.
    """
    for i in range(matrix.shape[0]):
        row = matrix[i]
        size = row[i]
        rest = size
        for j in range(i):
            other = matrix[j]
            total = row[j]
            for k in range(j):
                total -= row[k] * other[k]
            total *= other[j]
            row[j] = total
            rest -= total * total
        if not rest > 1e-13 * size:
            return False
        row[i] = 1 / np.sqrt(rest)
    return True


@inlined
def substitute(factor: Floats, vector: Floats) -> None:
    """Solve matrix x = vector in place, by the matrix's factor."""
    n = vector.size
    for i in range(n):
        total = vector[i]
        for k in range(i):
            total -= factor[i, k] * vector[k]
        vector[i] = total * factor[i, i]
    for i in range(n - 1, -1, -1):
        last = vector[i] * factor[i, i]
        vector[i] = last
        for k in range(i):
            vector[k] -= factor[i, k] * last


@compiled
def solve_normal(sums: Floats, pair: Integers, right: Floats, active: Flags, theta: Floats) -> Flags:
    """Weighted least squares of many pixels.

    Parameters
    ----------
    sums : (P, M), weighted sums of the monomials.
    pair : (T, T), the monomial of each product of two terms.
    right : (P, T), weighted sums of term times flux.
    active : (P, T), terms that may act; others become 0.
    theta : (P, T), filled with the coefficients.

    Returns
    -------
    (P,), False where the equations are singular.
    """
    pixels, terms = right.shape
    sound = np.ones(pixels, np.bool_)
    matrix = np.empty((terms, terms))
    for p in range(pixels):
        sound[p] = _factorise_normal(sums[p], pair, active[p], matrix)
        for i in range(terms):
            theta[p, i] = right[p, i] if active[p, i] else 0.0
        if sound[p]:
            substitute(matrix, theta[p])
    return sound


@compiled
def factorise_normal(sums: Floats, pair: Integers, active: Flags, factors: Floats) -> Flags:
    """Fill in the factors (P, T, T) of the matrices of `solve_normal`; whether they are sound (P,)."""
    sound = np.ones(len(sums), np.bool_)
    for p in range(len(sums)):
        sound[p] = _factorise_normal(sums[p], pair, active[p], factors[p])
    return sound


@compiled
def substitute_normal(factors: Floats, which: Integers, right: Floats) -> None:
    """Solve the equations of some pixels (K,) by their factors, in place of their right sides (K, T)."""
    for k in range(which.size):
        substitute(factors[which[k]], right[k])


@inlined
def _factorise_normal(sums: Floats, pair: Integers, active: Flags, matrix: Floats) -> bool:
    """Fill in the factor (T, T) of one pixel's matrix; whether it is sound."""
    for i in range(active.size):
        for j in range(i + 1):
            matrix[i, j] = sums[pair[i, j]] if active[i] and active[j] else 0.0
        if not active[i]:
            matrix[i, i] = 1.0
    return factorise(matrix)


@inlined
def _evaluate(
    second: Floats,
    parent: Integers,
    by: Integers,
    order: int,
    x: Floats,
    lower: Floats,
    slope: Floats,
    curve: Floats,
) -> float:
    """Value of the polynomial at x; its gradient and second derivatives into `slope` and `curve`."""
    n = x.size
    lower[0] = 1.0
    for k in range(1, lower.size):
        lower[k] = lower[parent[k]] * x[by[k]]
    r = 0
    for a in range(n + 1):
        for b in range(a, n + 1):
            row = second[r]
            total = 0.0
            for k in range(lower.size):
                total += row[k] * lower[k]
            curve[a, b] = total
            curve[b, a] = total
            r += 1
    value = 0.0
    for a in range(n + 1):
        total = curve[a, 0]
        for b in range(n):
            total += curve[a, b + 1] * x[b]
        value += total * (x[a - 1] if a else 1.0)
        if a:
            slope[a - 1] = total / (order - 1)
    return value / (order * (order - 1))


@inlined
def _step(
    curve: Floats, slope: Floats, scale: Floats, free: Flags, damping: float, factor: Floats, step: Floats
) -> float:
    """Damped Newton step of the free labels into `step`; the damping with which it went downhill."""
    n = slope.size
    while True:
        for a in range(n):
            for b in range(a + 1):
                factor[a, b] = curve[a + 1, b + 1]
            factor[a, a] += damping * scale[a]
            step[a] = slope[a]
        _hold(factor, step, free)
        if factorise(factor):
            substitute(factor, step)
            return damping
        if damping > HEAVIEST:
            step[:] = 0.0
            return damping
        damping = max(10 * damping, 0.1)


@inlined
def _hold(matrix: Floats, vector: Floats, free: Flags) -> None:
    """Make the equations matrix x = vector give 0 for frozen labels; only the lower triangle counts."""
    for a in range(free.size):
        if not free[a]:
            matrix[a, :a] = 0.0
            matrix[a:, a] = 0.0
            matrix[a, a] = 1.0
            vector[a] = 0.0


@inlined
def _reduction(slope: Floats, step: Floats, damping: float, scale: Floats) -> float:
    """By how much a step lowers the polynomial if that is quadratic."""
    total = 0.0
    for a in range(step.size):
        total += step[a] * (slope[a] + damping * scale[a] * step[a])
    return total / 2


@inlined
def _apart(x: Floats, other: Floats, curve: Floats) -> float:
    """How far two points are from each other, in chi2."""
    total = 0.0
    for a in range(x.size):
        for b in range(x.size):
            total += (x[a] - other[a]) * curve[a + 1, b + 1] * (x[b] - other[b])
    return total / 2


@inlined
def _descend(
    second: Floats, parent: Integers, by: Integers, order: int, scale: Floats, free: Flags, x: Floats,
    curve: Floats, best: Floats, known: bool, lower: Floats, spare: Floats, square: Floats,
) -> tuple[float, int, bool]:  # fmt: skip
    """Damped Newton from x, which becomes the minimum; its value, the steps taken, whether it is one.

    A descent into the minimum that is `known` already ends early, with value inf. `lower`, `spare` (4, L)
    and `square` (2, L + 1, L + 1) are places to work in.
    """
    n = x.size
    slope, step, trial, trial_slope = spare[0], spare[1], spare[2], spare[3]
    factor, trial_curve = square[0, :n, :n], square[1]
    value = _evaluate(second, parent, by, order, x, lower, slope, curve)
    damping = 0.0
    for steps in range(1, STEPS + 1):
        damping = _step(curve, slope, scale, free, damping, factor, step)
        gain = _reduction(slope, step, damping, scale)
        for a in range(n):
            trial[a] = x[a] - step[a]
        if damping == 0.0 and known and _apart(trial, best, curve) < SAME:
            return np.inf, steps, True
        if damping == 0.0 and gain < CLOSE:
            x[:] = trial
            return value - gain, steps, True
        attempt = _evaluate(second, parent, by, order, trial, lower, trial_slope, trial_curve)
        if attempt <= value + 1e-14 * abs(value):
            value = attempt
            x[:] = trial
            slope[:] = trial_slope
            curve[:] = trial_curve
            damping = damping / 30 if damping > 0.05 else 0.0
        elif damping > HEAVIEST:
            break
        else:
            damping = max(10 * damping, 0.1)
    return value, STEPS, False


@compiled
def minimise(
    sums: Numbers, right: Numbers, constant: Floats, scale: Numbers,
    term: Integers, source: Integers, factor: Floats, parent: Integers, by: Integers, order: int,
    starts: Floats, fixed: Floats, minima: Floats, curves: Floats, values: Floats, found: Integers,
) -> None:  # fmt: skip
    """Minima of chi2 of many stars, each from several starts.

    Parameters
    ----------
    sums : (B, M), coefficients of the part of chi2 that is quadratic in the terms.
    right : (B, T), weighted sums of residual times theta: the linear part is -2 of it.
    constant : (B,), chi2 without any term.
    scale : (B, L), about half the second derivatives, for the damping.
    term, source, factor, parent, by, order : see `model.terms.Form`.
    starts : (1, S, L), or (B, S, L) if each star has its own.
    fixed : (B, L), values of frozen labels, NaN for free ones.
    minima : (B, L), filled with the best minimum.
    curves : (B, L, L), filled with half the second derivatives there.
    values : (B, 2), filled with chi2 of the best minimum and of the best other one (inf: none).
    found : (B, 3), filled with whether it is a minimum, the steps taken, the start.
    """
    stars, labels = fixed.shape
    second = np.empty(source.shape)
    x, curve = np.empty(labels), np.empty((labels + 1, labels + 1))
    lower, spare, square = np.empty(parent.size), np.empty((4, labels)), np.empty((2, labels + 1, labels + 1))
    for b in range(stars):
        _fill_second(sums[b], right[b], constant[b], term, source, factor, second)
        free = np.isnan(fixed[b])
        size = 2 * scale[b].astype(np.float64)
        size += 1e-12 * size.max() + 1e-300
        values[b] = np.inf
        found[b] = 0
        for s in range(starts.shape[1]):
            for a in range(labels):
                x[a] = starts[b % starts.shape[0], s, a] if free[a] else fixed[b, a]
            value, steps, good = _descend(
                second, parent, by, order, size, free, x, curve, minima[b], found[b, 0] == 1, lower, spare,
                square,
            )  # fmt: skip
            if _rank(x, value, good, minima[b], values[b], found[b]):
                found[b, 1], found[b, 2] = steps, s
                curves[b] = curve[1:, 1:] / 2


@inlined
def _fill_second(
    sums: Numbers, right: Numbers, constant: float, term: Integers, source: Integers, factor: Floats,
    second: Floats,
) -> None:  # fmt: skip
    """Fill in the second derivatives, as polynomials, of one star's chi2."""
    polynomial = sums.astype(np.float64)
    for t in range(term.size):
        polynomial[term[t]] -= 2 * right[t]
    polynomial[0] += constant
    for r in range(source.shape[0]):
        for k in range(source.shape[1]):
            second[r, k] = factor[r, k] * polynomial[source[r, k]]


@inlined
def _rank(x: Floats, value: float, good: bool, best: Floats, values: Floats, found: Integers) -> bool:
    """Whether x becomes the best point, which it is then made; else it may become the runner-up."""
    if found[0] and not good:
        return False
    if value < values[0] or (good and not found[0]):
        if found[0]:
            values[1] = values[0]
        values[0] = value
        found[0] = good
        best[:] = x
        return True
    values[1] = min(values[1], value)
    return False


@compiled
def polish(
    gradient: Numbers, exponents: Integers, fixed: Floats, minima: Floats, curves: Floats, covariance: Floats
) -> Flags:
    """A last Newton step from the residuals, if it is a slight one, and the formal covariance.

    Parameters
    ----------
    gradient : (B, T), weighted sums of the minima's residuals times theta.
    exponents : (T, L), of those terms.
    fixed : (B, L), NaN for free labels.
    minima : (B, L), improved in place.
    curves : (B, L, L), half the second derivatives of chi2.
    covariance : (B, L, L), filled with their inverse: 0 for frozen labels, NaN where there is none.

    Returns
    -------
    (B,), whether there is an inverse and the step was taken.
    """
    stars, labels = minima.shape
    settled = np.zeros(stars, np.bool_)
    slope = np.empty(labels)
    powers = np.ones((labels, exponents.max() + 1))
    step, factor = np.empty(labels), np.empty((labels, labels))
    for b in range(stars):
        x = minima[b]
        free = np.isnan(fixed[b])
        for a in range(labels):
            for k in range(1, powers.shape[1]):
                powers[a, k] = powers[a, k - 1] * x[a]
        slope[:] = 0.0
        for t in range(exponents.shape[0]):
            _add_slope(gradient[b, t], exponents[t], powers, slope)
        step[:] = slope
        factor[:] = curves[b]
        _hold(factor, step, free)
        sound = factorise(factor)
        if sound:
            substitute(factor, step)
            settled[b] = 2 * _reduction(slope, step, 0.0, slope) < SLIGHT
        if settled[b]:
            x += step
        _invert(factor, free, sound, covariance[b])
    return settled


@inlined
def _invert(factor: Floats, free: Flags, sound: bool, inverse: Floats) -> None:
    """Fill the inverse of free labels' matrix by its factor: 0 for frozen labels, NaN if not sound."""
    for a in range(free.size):
        column = inverse[a]
        column[:] = 0.0
        if free[a] and sound:
            column[a] = 1.0
            substitute(factor, column)
        elif free[a]:
            for c in range(free.size):
                column[c] = np.nan if free[c] else 0.0


@inlined
def _add_slope(times: float, exponents: Integers, powers: Floats, slope: Floats) -> None:
    """Add a term's derivatives, times a number."""
    for a in range(exponents.size):
        if exponents[a] > 0:
            value = times * exponents[a]
            for c in range(exponents.size):
                if exponents[c] > 0:
                    value *= powers[c, exponents[c] - (c == a)]
            slope[a] += value

"""Terms of The Cannon: which products of labels a model holds, and the polynomial that chi2 then is.

With flux quadratic in the labels (paper, eq. 4), chi2 is a polynomial of fourth degree in them. Its
coefficients are fewer than the pairs of terms, since many pairs are one and the same product: 715 against
1540 for 9 labels. Training and inference both work on these products.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, combinations_with_replacement
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from model.compiled import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Powers = tuple[int, ...]

LONGEST = 50_000
"""Coefficients of chi2 beyond which a list of terms is refused."""
WIDTH = 8
"""Lower monomials come in so many, some of them idle, which fills the processor's registers."""


def quadratic_terms(labels: int) -> Integers:
    """Exponents of all terms up to second order: constant, linear, squares, cross terms.

    Parameters
    ----------
    labels : number of labels L.

    Returns
    -------
    (T, L) integers, T = (L + 1)(L + 2) / 2.
    """
    one = np.eye(labels, dtype=np.int64)
    crossed = [one[a] + one[b] for a, b in combinations(range(labels), 2)]
    return np.array([np.zeros(labels, np.int64), *one, *(2 * one), *crossed])


def checked_terms(terms: Sequence[Sequence[int]] | Integers, names: Sequence[str]) -> Integers:
    """A list of terms, if it is one.

    Parameters
    ----------
    terms : (T, L) exponents.
    names : the L labels.

    Raises
    ------
    ValueError
        if an exponent is not a whole number of at least 0, a term comes twice, or a label is in none.
    """
    given = np.asarray(terms)
    if given.ndim != 2 or given.shape[1] != len(names):
        raise ValueError(
            f"terms has shape {given.shape}; expected one row of {len(names)} exponents a term, "
            f"one for each of {', '.join(names)}"
        )
    if (
        given.dtype.kind not in "iuf"
        or not ((given >= 0) & (given < 2**31) & (given == np.floor(given))).all()
    ):
        raise ValueError("terms holds exponents that are negative or not whole; use 0, 1, 2, ...")
    whole = given.astype(np.int64)
    if len(np.unique(whole, axis=0)) < len(whole):
        raise ValueError("terms holds the same term twice; leave one of them out")
    idle = [name for name, powers in zip(names, whole.T, strict=True) if not powers.any()]
    if idle:
        raise ValueError(f"no term holds {', '.join(idle)}; add terms with it, or leave that label out")
    return whole


def expand(labels: Floats, exponents: Integers) -> Floats:
    """Products of powers of labels.

    Parameters
    ----------
    labels : (N, L), scaled.
    exponents : (T, L).

    Returns
    -------
    (N, T): eta of eq. 4, if the exponents are a model's terms.
    """
    columns = np.ascontiguousarray(labels.T)
    powers = [np.ones_like(columns)]
    for _ in range(int(exponents.max(initial=0))):
        powers.append(powers[-1] * columns)
    expanded = np.ones((len(exponents), len(labels)))
    for term, wanted in enumerate(exponents):
        for label in np.flatnonzero(wanted):
            expanded[term] *= powers[wanted[label]][label]
    return np.ascontiguousarray(expanded.T)


def slopes(labels: Floats, exponents: Integers) -> Floats:
    """Derivative of `expand` by each label: (N, T, L)."""
    result = np.empty((len(labels), *exponents.shape))
    for label in range(exponents.shape[1]):
        lower = exponents.copy()
        lower[:, label] = np.maximum(lower[:, label] - 1, 0)
        result[:, :, label] = exponents[:, label] * expand(labels, lower)
    return result


@dataclass(frozen=True, eq=False)
class Form:
    """The polynomial chi2(l) of a list of terms, made homogeneous by a further label that is always 1.

    Its second derivatives are the rows of a matrix times lower monomials; value and gradient follow from them
    by Euler's theorem on homogeneous functions.

    Attributes
    ----------
    exponents : (M, L), its monomials; the first is 1, those of first and second degree are always there.
    pair : (T, T), the monomial that the product of two terms is.
    term : (T,), the monomial that a term is.
    order : degree of the homogeneous polynomial.
    source, factor : (R, Y), second derivative r is sum over y of coefficient[source] * factor * monomial y;
        r counts pairs of the L + 1 labels, (0, 0), (0, 1), ... (1, 1), ..., label 0 being the one that is 1.
    parent, by : (Y,), the lower monomial y is monomial `parent` times label `by`, from 0; the first is 1.
    """

    exponents: Integers
    pair: Integers
    term: Integers
    order: int
    source: Integers
    factor: Floats
    parent: Integers
    by: Integers


def form_of(terms: Integers) -> Form:
    """The form of a list of terms (T, L)."""
    return _form(tuple(tuple(int(power) for power in term) for term in terms))


def products_of(
    theta: Floats, form: Form, precision: Literal["float32", "float64"] = "float64"
) -> NDArray[Any]:
    """Coefficients (P, M) of the squared model's monomials, from the model's (P, T)."""
    total = np.empty((len(theta), len(form.exponents)), precision)
    _multiply(theta, form.pair, total)
    return total


@compiled
def _multiply(theta: Floats, pair: Integers, total: NDArray[Any]) -> None:
    """See `products_of`."""
    sums = np.empty(total.shape[1])
    for p in range(theta.shape[0]):
        row = theta[p]
        sums[:] = 0.0
        for i in range(row.size):
            if row[i] != 0.0:
                sums[pair[i, i]] += row[i] * row[i]
                for j in range(i):
                    sums[pair[i, j]] += 2 * row[i] * row[j]
        total[p] = sums


@lru_cache(maxsize=16)
def _form(terms: tuple[Powers, ...]) -> Form:
    """See `form_of`."""
    labels = len(terms[0])
    low = [
        _product(labels, some) for n in range(3) for some in combinations_with_replacement(range(labels), n)
    ]
    products = {_sum(one, other) for one, other in combinations_with_replacement(terms, 2)}
    if len(products) > LONGEST:
        raise ValueError(
            f"{len(terms)} terms in {labels} labels make chi2 a polynomial of {len(products)} coefficients; "
            f"use fewer terms, or of lower degree, for at most {LONGEST}"
        )
    exponents = [*low, *sorted((products | {*terms}) - {*low}, key=lambda powers: (sum(powers), powers))]
    place = {powers: index for index, powers in enumerate(exponents)}
    order = max(2, *(sum(powers) for powers in exponents))
    entries = [entry for powers in exponents for entry in _second_derivatives(powers, order)]
    lower, parent, by = _ladder({powers for _, powers, _, _ in entries}, labels)
    pairs = labels + 1
    rows = {pair: row for row, pair in enumerate(combinations_with_replacement(range(pairs), 2))}
    source = np.zeros((len(rows), len(parent)), np.int64)
    factor = np.zeros(source.shape)
    for pair, powers, of, times in entries:
        source[rows[pair], lower[powers]] = place[of]
        factor[rows[pair], lower[powers]] = times
    return Form(
        exponents=np.array(exponents),
        pair=np.array([[place[_sum(one, other)] for other in terms] for one in terms]),
        term=np.array([place[powers] for powers in terms]),
        order=order,
        source=source,
        factor=factor,
        parent=parent,
        by=by,
    )


def _sum(one: Powers, other: Powers) -> Powers:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _product(labels: int, some: tuple[int, ...]) -> Powers:
    """Exponents of a product of labels, given by their numbers."""
    return tuple(some.count(label) for label in range(labels))


def _second_derivatives(powers: Powers, order: int) -> list[tuple[tuple[int, int], Powers, Powers, int]]:
    """By which pair of labels, what is left, of which monomial, times what; label 0 fills up to the order."""
    whole = (order - sum(powers), *powers)
    found = []
    for a, b in combinations_with_replacement(range(len(whole)), 2):
        times = whole[a] * (whole[b] - (a == b))
        if times:
            left = tuple(power - (label == a) - (label == b) for label, power in enumerate(whole))
            found.append(((a, b), left[1:], powers, times))
    return found


def _ladder(wanted: set[Powers], labels: int) -> tuple[dict[Powers, int], Integers, Integers]:
    """Monomials in an order in which each is an earlier one times a label: places, parents, labels."""
    todo, closed = list(wanted), {(0,) * labels}
    while todo:
        powers = todo.pop()
        if powers not in closed:
            closed.add(powers)
            todo.append(_step_down(powers)[0])
    places = {
        powers: row for row, powers in enumerate(sorted(closed, key=lambda powers: (sum(powers), powers)))
    }
    steps = [_step_down(powers) if any(powers) else (powers, 0) for powers in places]
    steps += [steps[0]] * (-len(steps) % WIDTH)
    return places, np.array([places[low] for low, _ in steps]), np.array([label for _, label in steps])


def _step_down(powers: Powers) -> tuple[Powers, int]:
    """A monomial without its first label once, and that label."""
    label = next(index for index, power in enumerate(powers) if power)
    return (*powers[:label], powers[label] - 1, *powers[label + 1 :]), label

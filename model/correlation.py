"""Measured, or only correlated? Whether spectra say more of a label than the other labels do.

Labels of stars go together, so a model can seem to measure an element of which the spectrum shows nothing.
Two tests, on stars that were left out: the scatter in cross-validation against that of predicting the label
from the other reference labels alone; and the correlation of true and inferred label once what the other
labels tell of each is taken away.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.terms import expand, quadratic_terms
from model.validation import CrossValidation

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_INTERVAL = (2.5, 97.5)
_FEWEST = 3


@dataclass(frozen=True, eq=False)
class Correlated:
    """What is known of each label without its own lines; every array is (L,) unless it says otherwise.

    NaN where fewer than three stars can be compared.

    Attributes
    ----------
    predicted : see `from_the_others`.
    scatter : of predicted - true.
    ratio : scatter in cross-validation over that scatter. Below 1, the spectrum tells more of the label than
        the other labels do.
    ratio_interval : central 95 % of the ratio, by bootstrap over stars, (2, L).
    partial : correlation of true and inferred label, each less its own regression on the other true labels.
        Near 0 the model passes on what the others tell, and no more.
    partial_interval : central 95 % of it, (2, L).
    """

    predicted: Floats
    scatter: Floats
    ratio: Floats
    ratio_interval: Floats
    partial: Floats
    partial_interval: Floats

    @classmethod
    def of(cls, validation: CrossValidation, *, draws: int = 400, seed: int = 1) -> "Correlated":
        """Compare.

        Parameters
        ----------
        validation : cross-validated stars.
        draws : of the bootstrap.
        seed : of its random numbers.
        """
        true, fold = validation.true, validation.fold
        predicted = from_the_others(true, true, fold)
        follows = from_the_others(validation.inferred, true, fold)
        random = np.random.default_rng(seed)
        drawn = np.stack(
            [
                _compare(error, others, beyond, random, draws)
                for error, others, beyond in zip(
                    validation.residuals.T,
                    (predicted - true).T,
                    (validation.inferred - follows).T,
                    strict=True,
                )
            ]
        )
        scatter, ratio, partial = drawn[:, 0].T
        intervals = np.percentile(drawn[:, 1:], _INTERVAL, axis=1)
        return cls(predicted, scatter, ratio, intervals[..., 1], partial, intervals[..., 2])


def from_the_others(target: Floats, labels: Floats, fold: Integers) -> Floats:
    """Each column of target (N, L) by quadratic regression on the other columns of labels (N, L).

    The regression is of the stars in the other folds, (N,). NaN where a star lacks one of those labels, and
    where the other folds have no more stars with all of them than the regression has terms.
    """
    predicted = np.full(target.shape, np.nan)
    for label in range(target.shape[1]):
        others = np.delete(labels, label, axis=1)
        known = np.isfinite(others).all(axis=1)
        for one in range(fold.max() + 1):
            train = known & (fold != one) & np.isfinite(target[:, label])
            left = known & (fold == one)
            predicted[left, label] = _regress(others[train], target[train, label], others[left])
    return predicted


def _regress(labels: Floats, target: Floats, at: Floats) -> Floats:
    """Quadratic regression on labels (N, L), evaluated at (M, L); NaN of too few stars."""
    terms = quadratic_terms(labels.shape[1])
    if len(target) <= len(terms):
        return np.full(len(at), np.nan)
    middle, width = labels.mean(axis=0), labels.std(axis=0)
    width = np.where(width > 0, width, 1.0)
    design, wanted = (expand((values - middle) / width, terms) for values in (labels, at))
    predicted: Floats = wanted @ np.linalg.lstsq(design, target)[0]
    return predicted


def _compare(
    error: Floats, error_of_others: Floats, inferred_beyond: Floats, random: np.random.Generator, draws: int
) -> Floats:
    """Scatter of the others' prediction, ratio and partial correlation of one label.

    Parameters
    ----------
    error, error_of_others : inferred - true and predicted - true, (N,).
    inferred_beyond : inferred label less what the other labels tell of it, (N,).

    Returns
    -------
    (draws + 1, 3): of the stars themselves, then of each draw; NaN for fewer than three stars.
    """
    both = np.stack([error, error_of_others, inferred_beyond])
    both = both[:, np.isfinite(both).all(axis=0)]
    n = both.shape[1]
    if n < _FEWEST:
        return np.full((draws + 1, 3), np.nan)
    drawn = np.vstack([np.arange(n), random.integers(n, size=(draws, n))])
    mine, others, beyond = both[:, drawn] - both[:, drawn].mean(axis=-1, keepdims=True)
    scatter = [np.sqrt(np.sum(values**2, axis=1) / (n - 1)) for values in (mine, others, beyond)]
    covariance = -np.sum(others * beyond, axis=1) / (n - 1)
    return np.stack([scatter[1], scatter[0] / scatter[1], covariance / (scatter[1] * scatter[2])], axis=1)

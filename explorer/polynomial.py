"""The terms of a model as a person writes them: `quadratic`, or `teff,logg,teff*logg,teff^2`."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from model.terms import checked_terms, quadratic_terms

Integers = NDArray[np.int64]

HIGHEST = 6
"""Power of a term: the sum of its exponents."""
_FACTOR = re.compile(r"\s*([A-Za-z]\w*)\s*(?:\^\s*(\d{1,2})\s*)?")


def terms_of(text: str, names: Sequence[str]) -> Integers:
    """Exponents (T, L) of the terms that a text lists.

    Parameters
    ----------
    text : terms separated by commas, each a product (*) of labels and their powers (^). `linear` stands for
        all labels, `quadratic` also for all their products of two. The constant is always among them.
    names : of the L labels.

    Raises
    ------
    DataError
        If a part is no term, a term comes twice, or a label comes in none.
    """
    found: list[NDArray[np.int64]] = [np.zeros(len(names), np.int64)]
    for part in text.split(","):
        found += _terms(part.strip(), names)
    try:
        return checked_terms(np.array(found), names)
    except ValueError as error:
        raise DataError(f"--terms '{text[:60]}' can't be those of a model: {error}") from error


def _terms(part: str, names: Sequence[str]) -> list[Integers]:
    """Terms that a part of a list stands for."""
    if part in ("linear", "quadratic"):
        terms = quadratic_terms(len(names))
        return list(terms[1 : 1 + len(names)] if part == "linear" else terms[1:])
    powers = np.zeros(len(names), np.int64)
    for factor in part.split("*"):
        match = _FACTOR.fullmatch(factor)
        if match is None:
            raise DataError(
                f"--terms: '{part[:60]}' is no term: write quadratic, linear, or labels with * and ^, as in "
                "teff,logg,teff*logg,teff^2"
            )
        if match[1] not in names:
            raise DataError(f"--terms names {match[1][:60]}, which is no label: they are {', '.join(names)}")
        powers[names.index(match[1])] += int(match[2] or 1)
    if not 1 <= powers.sum() <= HIGHEST or "^0" in part.replace(" ", ""):
        raise DataError(f"--terms: '{part[:60]}' has a power that is not from 1 to {HIGHEST}")
    return [powers]

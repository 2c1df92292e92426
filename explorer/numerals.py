"""Numbers as tables show them, and as a person types them."""

import math

from data.problem import DataError

DIGITS = 12
"""Of a typed number: a longer one is none that is asked for."""


def signed(value: float, digits: int) -> str:
    """A number with its sign; a dash where there is none."""
    return f"{value:+,.{digits}f}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else "\N{EN DASH}"


def plain(value: float, digits: int) -> str:
    """A number that has no sign; a dash where there is none."""
    return f"{value:,.{digits}f}" if math.isfinite(value) else "\N{EN DASH}"


def whole(what: str, typed: object, low: int = 0, high: int | None = None) -> int:
    """A whole number that a person typed.

    Parameters
    ----------
    what : it is, for words.
    typed : what stands in the field.
    low, high : what it may be, ends included; None for no end.

    Raises
    ------
    DataError
        Where it is something else, in words for the person.
    """
    text = str(typed or "").strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else -1
    if number < low or (high is not None and number > high):
        ends = "" if high is None else f" from {low:,} to {high:,}"
        raise DataError(f"{what} is '{text[:20]}': give a whole number{ends}")
    return number

"""Edges of bins as a person types them: 0, 0.5, 1, 2 or 7:15:0.5, checked."""

import math
import re
from itertools import pairwise

from data.parser import LARGEST
from data.problem import DataError

LONGEST = 400
"""Letters that are looked at."""

Edges = tuple[float, ...]

_STEPS = re.compile(r"[^:,]+:[^:,]+:[^:,]+")


def edges_of(what: str, typed: str, most: int) -> Edges:
    """Ascending edges of at most `most` bins.

    Parameters
    ----------
    what : they are edges of, for words.
    typed : numbers between commas, or first:last:step, of which the last is an edge too.
    most : bins.

    Raises
    ------
    DataError
        Where that is something else, in words for the person.
    """
    text = typed.strip()
    if len(text) > LONGEST:
        raise DataError(f"the edges of {what} are too long: type at most {LONGEST} letters")
    steps = _STEPS.fullmatch(text)
    found = _stepped(what, text, most) if steps else tuple(_number(what, part) for part in text.split(","))
    if not 2 <= len(found) <= most + 1:
        raise DataError(f"{len(found)} edges of {what} were typed: give {_some(most)}")
    if any(not low < high for low, high in pairwise(found)):
        raise DataError(f"the edges of {what} have to ascend: each has to be larger than the one before")
    return found


def written(edges: Edges) -> str:
    """Edges as a person would type them."""
    return ", ".join(f"{edge:.10g}" for edge in edges)


def _stepped(what: str, text: str, most: int) -> Edges:
    first, last, step = (_number(what, part) for part in text.split(":"))
    if not (step > 0 and last > first):
        raise DataError(f"'{text[:40]}' gives no edges of {what}: write first:last:step, as 7:15:0.5")
    bins = (last - first) / step
    if bins > most + 0.5:
        raise DataError(f"'{text[:40]}' gives more than {most} bins of {what}: take a larger step")
    many = max(math.ceil(bins - 1e-9), 1)
    return tuple(min(float(f"{first + k * step:.12g}"), last) for k in range(many + 1))


def _number(what: str, typed: str) -> float:
    cleaned = typed.strip().replace("\N{MINUS SIGN}", "-")
    try:
        number = float(cleaned)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST:
        raise DataError(f"'{typed.strip()[:20]}' is no edge of {what}: type numbers, as 0, 1, 2 or 0:2:0.5")
    return number + 0.0


def _some(most: int) -> str:
    return f"2 to {most + 1}, as 0, 1, 2 or 0:2:0.5" if most > 1 else "two, the lower one first"

"""How stored values compare: as they are, identifiers as whole numbers, and never where one is missing."""

from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from data.schema import MISSING_INT

_WHOLE = np.dtype(np.int64)

_COMPARE: Mapping[str, Callable[..., NDArray[np.bool_]]] = MappingProxyType(
    {
        "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
        "==": np.equal, "!=": np.not_equal,
    }
)  # fmt: skip
OPPOSITE: Mapping[str, str] = MappingProxyType(
    {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
)
"""The sign that is true where another is false, for known values."""


def is_known(values: Any) -> NDArray[np.bool_]:
    """Tell which stored values are not missing."""
    stored = np.asarray(values)
    if stored.dtype.kind == "f":
        known: NDArray[np.bool_] = ~np.isnan(stored)
    else:
        known = np.not_equal(stored, b"" if stored.dtype.kind == "S" else MISSING_INT["int64"])
    return known


def chained(
    join: Callable[..., NDArray[np.bool_]], sides: list[Any], signs: tuple[str, ...]
) -> NDArray[np.bool_]:
    """Compare each side with the next by its sign, false where one is missing, and join what comes out.

    Parameters
    ----------
    join : `np.logical_and` or `np.logical_or`.
    sides : columns as stored, or literals; one more than there are signs.
    signs : among the keys of `OPPOSITE`.
    """
    steps = zip(signs, sides, sides[1:], strict=False)
    return reduce(join, (_compared(sign, left, right) for sign, left, right in steps))


def _compared(sign: str, left: Any, right: Any) -> NDArray[np.bool_]:
    """Where a comparison of two known values is true."""
    sides = [left, right]
    arrays = [side for side in sides if isinstance(side, np.ndarray)]
    if any(side.dtype == np.int64 for side in arrays):
        if any(isinstance(side, float) or getattr(side, "dtype", _WHOLE).kind == "f" for side in sides):
            raise DataError(
                "identifiers compare with identifiers and whole numbers only, as in obsid == 12345"
            )
    else:
        sides = [np.float64(side) if isinstance(side, int | float) else side for side in sides]
    result = _COMPARE[sign](*sides)
    for side in arrays:
        if side.dtype.kind != "f":
            result = result & is_known(side)
    if sign == "!=":
        for side in sides:
            if getattr(side, "dtype", _WHOLE).kind == "f":
                result = result & is_known(side)
    return result

"""The functions a person may call in an expression. There are no others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Function:
    """One function of the language.

    Attributes
    ----------
    fewest, most : how many arguments it takes.
    meaning : what it gives.
    compute : on float64 arrays; None for those that treat missing values in their own way.
    is_condition : whether it gives true or false, or a number.
    """

    fewest: int
    most: int
    meaning: str
    compute: Callable[..., NDArray[Any]] | None = None
    is_condition: bool = False


MOST_VERTICES = 500
"""Corners a polygon may have."""


def _one(meaning: str, compute: Callable[..., NDArray[Any]]) -> Function:
    return Function(1, 1, meaning, compute)


def _test(fewest: int, most: int, meaning: str) -> Function:
    return Function(fewest, most, meaning, is_condition=True)


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "abs": _one("size without sign", np.abs),
        "sqrt": _one("square root", np.sqrt),
        "exp": _one("e to this power", np.exp),
        "log": _one("natural logarithm", np.log),
        "log10": _one("decimal logarithm", np.log10),
        "sin": _one("sine of an angle in radians", np.sin),
        "cos": _one("cosine of an angle in radians", np.cos),
        "tan": _one("tangent of an angle in radians", np.tan),
        "radians": _one("degrees as radians", np.radians),
        "degrees": _one("radians as degrees", np.degrees),
        "arctan2": Function(2, 2, "angle of the point (second, first) in radians", np.arctan2),
        "hypot": Function(2, 2, "square root of the sum of two squares", np.hypot),
        "min": Function(2, 20, "smallest; missing where one is", lambda *values: reduce(np.minimum, values)),
        "max": Function(2, 20, "largest; missing where one is", lambda *values: reduce(np.maximum, values)),
        "where": Function(3, 3, "second where the condition holds, third where not, missing where unknown"),
        "missing": _test(1, 1, "true where a column or number is missing"),
        "isfinite": _test(1, 1, "true where a number is neither missing nor infinite"),
        "inside": _test(
            8, 2 + 2 * MOST_VERTICES, "true where the point (first, second) lies in the polygon of the others"
        ),
    }
)  # fmt: skip


def inside(x: NDArray[np.float64], y: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points lie in a polygon, by the even-odd rule; points with a NaN do not.

    An edge from corner j to the next one i is crossed where `(yi > y) != (yj > y)`, that is from its lower
    end up to below its upper end, and `x < (xj - xi) * (y - yi) / (yj - yi) + xi`. The points are sorted in
    y, so that each edge looks only at those it may cross.

    Parameters
    ----------
    x, y : coordinates of the points, of shapes that fit together.
    corners : (M, 2) finite coordinates of the corners, in turn.
    """
    x, y = np.broadcast_arrays(x, y)
    order = np.argsort(y, axis=None)
    across, up = x.ravel()[order], y.ravel()[order]
    odd = np.zeros(order.size, bool)
    ends = np.searchsorted(up, corners[:, 1])
    before = np.roll(np.arange(len(corners)), 1)
    for (xi, yi), end, (xj, yj), start in zip(corners, ends, corners[before], ends[before], strict=True):
        rows = slice(min(start, end), max(start, end))
        if rows.start < rows.stop:
            odd[rows] ^= across[rows] < (xj - xi) * (up[rows] - yi) / (yj - yi) + xi
    found = np.empty_like(odd)
    found[order] = odd
    return found.reshape(x.shape)

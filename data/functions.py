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
    compute : on float64 arrays; None for the three that treat missing values in their own way.
    """

    fewest: int
    most: int
    meaning: str
    compute: Callable[..., NDArray[Any]] | None = None


def _one(meaning: str, compute: Callable[..., NDArray[Any]]) -> Function:
    return Function(1, 1, meaning, compute)


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
        "missing": Function(1, 1, "true where a column or number is missing"),
        "isfinite": Function(1, 1, "true where a number is neither missing nor infinite"),
    }
)  # fmt: skip

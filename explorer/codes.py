"""A label as small whole numbers: sums of them are exact, take half the memory and hang on no order.

The codes 0 to 65534 divide the label's own finite range, not the displayed one, evenly; 65535 is missing.
A code stands for the middle of its step, so that it is wrong by half a step at most, and a mean by less.
"""

from dataclasses import dataclass

import numba
import numpy as np

from explorer.kernels import Codes, Values, Words

MISSING = 65535
"""Code of a value that is missing or infinite."""

FINEST = 8e-5
"""Widest step, as a part of the displayed range, with which codes may stand for a label.

A mean is then wrong by a hundredth of a level of colour at most; of abundances, the widest of which is
displayed over 2.5 dex, by 1e-4 dex at most.
"""


@dataclass(frozen=True, eq=False)
class Coded:
    """A label as codes: a value is about `low + (code + 0.5) * step`.

    Attributes
    ----------
    codes : (N,) one a row.
    known : bitset of the rows that have one.
    low, step : the lowest value, and what one code more is worth.
    """

    codes: Codes
    known: Words
    low: float
    step: float

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return self.codes.nbytes + self.known.nbytes


def fine_enough(low: float, high: float, shown: float) -> bool:
    """Whether codes of values from low to high will do for a label displayed over a range `shown` wide."""
    return step_of(low, high) <= FINEST * shown


def step_of(low: float, high: float) -> float:
    """What one code more is worth, if values lie between low and high."""
    return float(high - low) / MISSING


@numba.njit(nogil=True, cache=True)
def ends(values: Values) -> tuple[float, float]:
    """Lowest and highest finite value; 0 and 0 where there is none."""
    low, high = np.inf, -np.inf
    for i in range(values.size):
        value = np.float64(values[i])
        if np.isfinite(value):
            low = min(low, value)
            high = max(high, value)
    return (low, high) if low <= high else (0.0, 0.0)


@numba.njit(nogil=True, cache=True)
def encode(values: Values, low: float, step: float, codes: Codes, first: int, last: int) -> None:
    """Fill the codes of the rows of words `first` to `last`."""
    scale = 1 / step if step > 0 else 0.0
    for w in range(first, last):
        part = values[64 * w : 64 * w + 64]
        here = codes[64 * w : 64 * w + 64]
        for i in range(part.size):
            value = np.float64(part[i])
            finite = np.isfinite(value)
            place = (value - low) * scale
            code = min(place, MISSING - 1.0) if finite & (place > 0) else 0.0
            here[i] = np.uint16(np.int32(code) if finite else np.int32(MISSING))

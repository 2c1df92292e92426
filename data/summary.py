"""What a column holds, in a few numbers, taken once while the column is in memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.schema import Column


@dataclass(frozen=True)
class Summary:
    """A column's contents.

    Attributes
    ----------
    missing : number of rows without a value.
    low, middle, high : least value, median and greatest value; of a flag, `middle` is the share that is true.
        NaN where there is no number.
    example : the first value as text, for identifiers and text; "" else.
    """

    missing: int
    low: float
    middle: float
    high: float
    example: str


def summarise(values: NDArray[Any], column: Column) -> Summary:
    """Summarise (N,) values of a column."""
    present = values[~is_missing(values, column)]
    missing = len(values) - len(present)
    if not column.is_number or not len(present):
        example = "" if column.is_number or not len(present) else _as_text(present[0])
        return Summary(missing, np.nan, np.nan, np.nan, example)
    low, high = float(present.min()), float(present.max())
    middle = float(present.mean()) if column.kind == "flag" else _median(present)
    return Summary(missing, low, middle, high, "")


def _median(values: NDArray[Any]) -> float:
    half = len(values) // 2
    return float(np.partition(values, half)[half])


def is_missing(values: NDArray[Any], column: Column) -> NDArray[np.bool_]:
    """Tell the rows without a value."""
    found: NDArray[np.bool_] = np.isnan(values) if values.dtype.kind == "f" else values == column.missing
    return found


def _as_text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)

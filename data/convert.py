"""Their values into ours: units, missing-value marks, storage types. No identifier loses a digit."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
from astropy import units
from numpy.typing import NDArray

from data.problem import DataError
from data.schema import Column

_UNIT_DIALECTS = ("generic", "fits", "cds", "vounit")
_RELATIVE = frozenset({"", "dex"})
_EXACT_IN_FLOAT = 2**53
_TRUTH: Mapping[bytes, int] = MappingProxyType(
    {b"true": 1, b"t": 1, b"yes": 1, b"y": 1, b"1": 1, b"1.0": 1}
    | {b"false": 0, b"f": 0, b"no": 0, b"n": 0, b"0": 0, b"0.0": 0}
    | {b"": -1, b"-1": -1, b"-1.0": -1, b"nan": -1}
)


@cache
def unit_factor(theirs: str, ours: str) -> float:
    """Find the number that turns a value in their unit into ours.

    Decimal exponents (dex) and plain numbers are the same thing here.

    Raises
    ------
    DataError
        If their unit is not known or measures something else.
    """
    unit, target = _parse_unit(theirs), _parse_unit(ours)
    expected = f"expected one that converts to {ours}" if ours else "expected none, as for a plain number"
    if unit is None:
        raise DataError(f"the unit {theirs!r} is not known: {expected}")
    if _is_relative(theirs, unit) and ours in _RELATIVE:
        return 1.0
    if not unit.is_equivalent(target):
        raise DataError(f"the unit {theirs!r} measures something else: {expected}")
    return float(unit.to(target))


def _parse_unit(text: str) -> Any:
    for dialect in _UNIT_DIALECTS:
        try:
            return units.Unit(text, format=dialect)
        except ValueError:
            continue
    return None


def _is_relative(text: str, unit: Any) -> bool:
    return text in _RELATIVE or isinstance(unit, units.DexUnit) or unit == units.dimensionless_unscaled


def convert(
    values: NDArray[Any],
    column: Column,
    sentinels: tuple[float | str, ...] = (),
    scale: float = 1.0,
    offset: float = 0.0,
) -> NDArray[Any]:
    """Turn values as a file stores them into values of one of our columns.

    Parameters
    ----------
    values : (N,) numbers, booleans or text; a masked array where some are missing.
    column : ours, which gives the storage type and what stands for "missing".
    sentinels : values that mean "missing" in the file.
    scale, offset : applied to numbers: ours = theirs * scale + offset.

    Returns
    -------
    (N,) array of the column's type. Floats that are infinite become missing.

    Raises
    ------
    DataError
        If text stands where a number must, or an identifier was stored as a float too large to be exact.
    """
    missing = _missing(values, sentinels)
    plain = values.data if isinstance(values, np.ma.MaskedArray) else values
    if column.dtype == "str":
        made: NDArray[Any] = _text(plain)
    elif column.dtype == "int64":
        made = _whole(plain, missing, column)
    elif column.dtype == "int8":
        made = _flags(plain, column)
    else:
        with np.errstate(over="ignore"):
            made = (_numbers(plain, column) * scale + offset).astype(column.dtype)
        missing |= ~np.isfinite(made)
    made[missing] = column.missing
    return made


def _missing(values: NDArray[Any], sentinels: tuple[float | str, ...]) -> NDArray[np.bool_]:
    missing = np.zeros(len(values), np.bool_)
    if isinstance(values, np.ma.MaskedArray):
        missing |= np.ma.getmaskarray(values)
        values = values.data
    if values.dtype.kind in "SU" and sentinels:
        numbers = [Decimal(str(mark)) for mark in sentinels if not isinstance(mark, str)]
        texts = _text(values).tolist()
        return missing | [_is_mark(text, sentinels, numbers) for text in texts]
    for mark in sentinels:
        if not isinstance(mark, str) and values.dtype.kind == "f":
            missing |= values == values.dtype.type(mark)
        elif not isinstance(mark, str) and values.dtype.kind in "iu":
            missing |= values == mark
    return missing


def _is_mark(text: bytes, marks: Sequence[float | str], numbers: Sequence[Decimal]) -> bool:
    """Tell a mark from a text: spelt the same, or the same number as a decimal, exactly."""
    spelt = text.decode(errors="replace")
    if spelt in marks:
        return True
    try:
        return Decimal(spelt) in numbers
    except InvalidOperation:
        return False


def _numbers(values: NDArray[Any], column: Column) -> NDArray[np.float64]:
    if values.dtype.kind not in "SU":
        return np.asarray(values, dtype=np.float64)
    stripped = np.char.strip(values)
    stripped = np.where(stripped == stripped.dtype.type(""), stripped.dtype.type("nan"), stripped)
    try:
        return stripped.astype(np.float64)
    except ValueError as error:
        raise DataError(
            f"column {column.name} must hold numbers but has text ({error}): correct the file, "
            f"or name the text as a missing-value mark (sentinels) in a mapping"
        ) from error


def _whole(values: NDArray[Any], missing: NDArray[np.bool_], column: Column) -> NDArray[np.int64]:
    if values.dtype.kind in "iub":
        if values.dtype == np.uint64 and np.any(values[~missing] > np.iinfo(np.int64).max):
            raise DataError(f"column {column.name} has numbers beyond 64 signed bits: expected smaller ones")
        return values.astype(np.int64)
    if values.dtype.kind in "SU":
        stripped = np.char.strip(values)
        missing |= np.char.str_len(stripped) == 0
        try:
            return np.where(missing, stripped.dtype.type("-1"), stripped).astype(np.int64)
        except (ValueError, OverflowError):
            values = _numbers(stripped, column)
    made = np.asarray(values, dtype=np.float64).copy()
    missing |= ~np.isfinite(made)
    made[missing] = -1
    if np.any(made != np.trunc(made)) or np.any(np.abs(made) >= _EXACT_IN_FLOAT):
        worst = made[np.argmax(np.where(made != np.trunc(made), math.inf, np.abs(made)))]
        raise DataError(
            f"column {column.name} holds identifiers as decimal numbers ({worst!r}), so digits are lost: "
            f"take the original table, where they are 64-bit integers or text"
        )
    return made.astype(np.int64)


def _flags(values: NDArray[Any], column: Column) -> NDArray[np.int8]:
    if values.dtype.kind in "SU":
        known = np.char.lower(np.char.strip(values.astype("S")))
        kinds, place = np.unique(known, return_inverse=True)
        strange = [kind for kind in kinds if kind not in _TRUTH]
        if strange:
            raise DataError(f"column {column.name} must hold true or false but has {strange[0].decode()!r}")
        return np.array([_TRUTH[kind] for kind in kinds], dtype=np.int8)[place]
    real = np.asarray(values, dtype=np.float64)
    return np.where(np.isnan(real), np.int8(-1), np.sign(real)).astype(np.int8)


def _text(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind == "S":
        return np.char.strip(values)
    if values.dtype.kind == "U":
        return np.char.encode(np.char.strip(values), "utf-8")
    return values.astype("S")

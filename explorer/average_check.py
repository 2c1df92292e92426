"""Whether stars of a built catalogue are what their spectra come to, found otherwise than they were made."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data.problem import DataError
from explorer.observations import flag_of
from explorer.workplace import CATALOGUE, OBSERVATIONS, Workplace

Arrays = dict[str, NDArray[Any]]

CLOSE = 2e-5
"""Relative difference that rounding to single precision may make in an average of several spectra."""


def check_averages(place: Workplace, labels: Sequence[str]) -> int:
    """Compare every star with its spectra; gives how many stars have several.

    Raises
    ------
    DataError
        If numbers of spectra, averages weighted by snrz, or flags differ.
    """
    stars = read_columns(place, CATALOGUE, ("star", "giantmodel", "n_obs", "n_used"))
    seen = read_columns(place, OBSERVATIONS, ("star", "giantmodel", "snrz"))
    order = np.argsort(stars["star"], kind="stable")
    number = order[np.searchsorted(stars["star"][order], seen["star"]).clip(max=len(order) - 1)]
    used = np.asarray(stars["giantmodel"][number] == seen["giantmodel"])
    count = len(stars["star"])
    _compare(place, "n_obs", stars["n_obs"], np.bincount(number, minlength=count))
    _compare(place, "n_used", stars["n_used"], np.bincount(number[used], minlength=count))
    weight = np.where(np.isfinite(seen["snrz"]) & (seen["snrz"] > 0), seen["snrz"], 0.0)
    for name in (*labels, "chi2"):
        _compare(place, name, *_average(place, name, number, weight * used, count))
    for name in dict.fromkeys(map(flag_of, labels)):
        one, other = (read_columns(place, table, (name,))[name] for table in (CATALOGUE, OBSERVATIONS))
        highest = np.full(count, -1)
        np.maximum.at(highest, number[used], other[used])
        _compare(place, name, one, highest)
    return int((stars["n_obs"] > 1).sum())


def read_columns(place: Workplace, table: str, names: Sequence[str]) -> Arrays:
    """Columns of all parts of a table; missing flags are -1."""
    held = pq.read_table(list(map(str, place.parts(table))), columns=list(names))
    return {name: _filled(held[name]) for name in names}


def _filled(column: Any) -> NDArray[Any]:
    values = column.to_numpy()
    if values.dtype.kind == "O":
        return np.array([-1 if value is None else int(value) for value in values])
    return np.where(np.isnan(values), -1, values) if str(column.type) in ("int8", "bool") else values


def _average(
    place: Workplace, name: str, number: NDArray[np.int64], weight: NDArray[np.float64], stars: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """A column of the catalogue, and what the table of observations makes of it where weights are known."""
    one, other = (read_columns(place, table, (name,))[name] for table in (CATALOGUE, OBSERVATIONS))
    known = np.isfinite(other) & (weight > 0)
    total = np.bincount(number[known], weight[known], stars)
    summed = np.bincount(number[known], weight[known] * other[known], stars)
    mean = np.divide(summed, total, out=one.astype(np.float64), where=total > 0)
    return one, mean


def _compare(place: Workplace, name: str, stars: NDArray[Any], expected: NDArray[Any]) -> None:
    apart = np.flatnonzero(~np.isclose(stars, expected, rtol=CLOSE, atol=CLOSE, equal_nan=True))
    if apart.size:
        raise DataError(
            f"{place.folder}: {name} is not what their spectra come to for {apart.size:,} of the stars: "
            "remove the folder, build anew"
        )

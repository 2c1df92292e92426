"""Some rows of a large Parquet file: only the groups of rows they lie in are read, and only some columns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data.binary_tables import read_group

Integers = NDArray[np.int64]

GROUP = 1 << 16
"""Rows of a group, in files written to be read so."""


@dataclass(frozen=True, eq=False)
class RowGroups:
    """A Parquet file that we wrote, read where it is asked for.

    Attributes
    ----------
    path : the file; it is not to change meanwhile.
    """

    path: Path

    @cached_property
    def begin(self) -> Integers:
        """Row at which each of G groups begins, and after the last the number of rows, (G + 1,)."""
        held = pq.read_metadata(self.path)
        sizes = [held.row_group(number).num_rows for number in range(held.num_row_groups)]
        return np.cumsum([0, *sizes])

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self.begin[-1])

    def take(self, rows: Sequence[int] | Integers, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
        """Give columns at some rows, in any order; missing values as `read_parquet` gives them.

        Parameters
        ----------
        rows : (K,) from 0 to `count`, above 0.
        names : of columns; those that are there are given.

        Raises
        ------
        DataError
            If the file is damaged.
        """
        wanted = np.asarray(rows, np.int64)
        order = np.argsort(wanted, kind="stable")
        ranked = wanted[order]
        parts = []
        for number in np.unique(np.searchsorted(self.begin, ranked, side="right") - 1).tolist():
            low, high = np.searchsorted(ranked, self.begin[number : number + 2])
            held, inside = self._group(number, names), ranked[low:high] - self.begin[number]
            parts.append({name: values[inside] for name, values in held.items()})
        back = np.argsort(order)
        return {name: np.concatenate([part[name] for part in parts])[back] for name in parts[0]}

    @cached_property
    def _group(self) -> Callable[[int, tuple[str, ...]], dict[str, NDArray[Any]]]:
        """Reads a group and keeps it, for the next rows asked for are mostly of the same one."""
        return lru_cache(maxsize=2)(partial(read_group, self.path))

"""What a crossmatch found, in rows and in numbers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class MatchReport:
    """What came of a match.

    Attributes
    ----------
    rows : of the table.
    matched, unmatched : rows with and without a row of the other table.
    ambiguous : rows for which the other table had more than one.
    shared : rows of the other table that more than one row got.
    median_separation : of those matched, arcsec; NaN where there is none.
    """

    rows: int
    matched: int
    unmatched: int
    ambiguous: int
    shared: int
    median_separation: float

    def __str__(self) -> str:
        apart = f", median separation {self.median_separation:.3g} arcsec" if self.matched else ""
        apart = "" if np.isnan(self.median_separation) else apart
        return (
            f"{self.matched:,} of {self.rows:,} rows matched, {self.unmatched:,} not; {self.ambiguous:,} had "
            f"more than one to choose from; {self.shared:,} of the other table went to several{apart}"
        )


@dataclass(frozen=True, eq=False)
class Matches:
    """Rows of the other table for the N rows of a table.

    Attributes
    ----------
    row : (N,) its row; -1 for none.
    separation : (N,) arcsec; NaN for none, or where identifiers were matched.
    candidates : (N,) how many rows it was chosen from: those in the radius, or of that identifier.
    """

    row: Integers
    separation: Floats
    candidates: Integers

    @cached_property
    def report(self) -> MatchReport:
        """What came of it, in numbers."""
        found = self.row >= 0
        apart = self.separation[np.isfinite(self.separation)]
        times = np.unique(self.row[found], return_counts=True)[1]
        return MatchReport(
            rows=self.row.size,
            matched=int(found.sum()),
            unmatched=int((~found).sum()),
            ambiguous=int((self.candidates > 1).sum()),
            shared=int((times > 1).sum()),
            median_separation=float(np.median(apart)) if apart.size else np.nan,
        )


def present(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which identifiers are there: not below 0, nor empty."""
    return np.asarray(values != b"" if values.dtype.kind == "S" else values >= 0)

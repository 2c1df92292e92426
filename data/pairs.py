"""Pairs of a table whose stars are both in a catalogue, and why the others are not."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.crossmatch import MATCH_RADIUS, match_identifiers, match_sky
from data.pair_table import PairTable, same_release
from data.problem import DataError

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class PairReport:
    """What became of the pairs of a table; every pair is counted once, for the first reason that holds.

    Attributes
    ----------
    pairs : of the table.
    nameless : a star has no identifier (or no position).
    absent : neither star is in the catalogue.
    alone : one star is, the other is not.
    single : both are the same row of the catalogue.
    repeated : the same two rows as a pair before, in either order.
    found : the others, which are used.
    shared : stars of the catalogue that are in more than one of those found.
    doubtful : found, though the catalogue has several rows that fit a star: the first, or nearest, is taken.
    """

    pairs: int
    nameless: int
    absent: int
    alone: int
    single: int
    repeated: int
    found: int
    shared: int
    doubtful: int

    def __str__(self) -> str:
        parts = (
            (self.absent, "with neither star in the catalogue"),
            (self.alone, "with one of two"),
            (self.nameless, "without an identifier or position"),
            (self.single, "of one star with itself"),
            (self.repeated, "listed before"),
        )
        left = "".join(f"; {number:,} {why}" for number, why in parts if number)
        shared = f"; {self.shared:,} stars are in several pairs" if self.shared else ""
        doubtful = (
            f"; {self.doubtful:,} have a star with several rows to choose from" if self.doubtful else ""
        )
        return f"{self.found:,} of {self.pairs:,} pairs are in the catalogue{left}{shared}{doubtful}"


@dataclass(frozen=True, eq=False)
class CataloguePairs:
    """K pairs of rows of a catalogue.

    Attributes
    ----------
    first, second : (K,) rows of the catalogue.
    row : (K,) row of the table of pairs that each comes from, which has its separation.
    report : what became of the table's pairs.
    """

    first: Integers
    second: Integers
    row: Integers
    report: PairReport

    def __len__(self) -> int:
        return len(self.first)


def pairs_by_id(table: PairTable, source_id: NDArray[Any], gaia_release: str) -> CataloguePairs:
    """Find the pairs of a table in a catalogue, by Gaia identifiers of one release.

    Parameters
    ----------
    table : as `read_pairs` gives.
    source_id : (N,) of the catalogue; -1 for none.
    gaia_release : which release they are of.

    Raises
    ------
    DataError
        If the releases differ or that of the catalogue is not known, or the identifiers are no whole numbers.
    """
    if not gaia_release:
        raise DataError(
            "the catalogue does not say of which Gaia release its source_id are, and those of different "
            "releases name different stars: say it in the catalogue's mapping (gaia_release), or match by "
            "position"
        )
    if not same_release(table.gaia_release, gaia_release):
        raise DataError(
            f"the pairs of {table.path} are of Gaia {table.gaia_release}, the source_id of the catalogue of "
            f"Gaia {gaia_release}: the same number names different stars in them; give a table of pairs of "
            f"Gaia {gaia_release}, or match by position"
        )
    both = [match_identifiers(ids, source_id) for ids in (table.first, table.second)]
    named = (table.first >= 0) & (table.second >= 0)
    doubtful = (both[0].candidates > 1) | (both[1].candidates > 1)
    return _found(both[0].row, both[1].row, named, doubtful)


def pairs_by_place(
    table: PairTable, ra: ArrayLike, dec: ArrayLike, radius_arcsec: float = MATCH_RADIUS
) -> CataloguePairs:
    """Find the pairs of a table in a catalogue, by the positions of both stars.

    Parameters
    ----------
    table : as `read_pairs` gives, with positions.
    ra, dec : (N,) degrees of the catalogue, at the epoch of the table (`model.epoch` moves them). The nearest
        row is taken.
    radius_arcsec : largest separation. Pairs closer than it may find one row twice, and then don't count.

    Raises
    ------
    DataError
        If the table has no positions, or as `match_sky`.
    """
    lacking = [name for name in ("ra_1", "dec_1", "ra_2", "dec_2") if name not in table.columns]
    if lacking:
        raise DataError(
            f"the pairs of {table.path} cannot be matched by position, for {', '.join(lacking)} are not "
            "there: give a mapping that fills them, or match by identifiers of one Gaia release"
        )
    places = [(table.columns[f"ra_{which}"], table.columns[f"dec_{which}"]) for which in (1, 2)]
    both = [match_sky(*place, ra, dec, radius_arcsec) for place in places]
    named = np.all([np.isfinite(angle) for place in places for angle in place], axis=0)
    doubtful = (both[0].candidates > 1) | (both[1].candidates > 1)
    return _found(both[0].row, both[1].row, named, doubtful)


def _found(first: Integers, second: Integers, named: Flags, doubtful: Flags) -> CataloguePairs:
    """Keep the pairs with two rows, each pair of rows once."""
    number = (first >= 0).astype(np.int64) + (second >= 0)
    both = named & (number == 2)
    single = both & (first == second)
    row = np.flatnonzero(both & ~single)
    ends = np.sort(np.stack([first[row], second[row]], axis=1), axis=1)
    new = np.sort(np.unique(ends, axis=0, return_index=True)[1])
    kept = row[new]
    times = np.unique(ends[new], return_counts=True)[1]
    report = PairReport(
        pairs=len(first),
        nameless=int((~named).sum()),
        absent=int((named & (number == 0)).sum()),
        alone=int((named & (number == 1)).sum()),
        single=int(single.sum()),
        repeated=len(row) - len(kept),
        found=len(kept),
        shared=int((times > 1).sum()),
        doubtful=int(doubtful[kept].sum()),
    )
    return CataloguePairs(first[kept], second[kept], kept, report)

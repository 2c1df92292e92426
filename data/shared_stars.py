"""Stars that two catalogues share, a row of each, and what became of the others."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.crossmatch import MATCH_RADIUS, match_identifiers, match_sky
from data.pair_table import same_release
from data.problem import DataError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SharedStars:
    """K stars, each once in either catalogue.

    Attributes
    ----------
    first, second : (K,) rows of the one and of the other.
    separation : (K,) arcsec; NaN where identifiers were matched.
    rows, others : how many rows were looked at: of either catalogue those that pass the conditions.
    nameless : of the first without an identifier or a position.
    doubtful : shared, with several rows of the other to choose from: the first, or nearest, is taken.
    dropped : of the first whose row of the other went to another one, that comes before it or is nearer.
    out_of : how many rows there are in either, whether they pass or not; None where all were looked at.
    """

    first: Integers
    second: Integers
    separation: Floats
    rows: int
    others: int
    nameless: int
    doubtful: int
    dropped: int
    out_of: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.first)

    def __str__(self) -> str:
        parts = (
            (self.doubtful, "had several rows to choose from"),
            (self.dropped, "left out, as another row of the same star was taken"),
            (self.nameless, "without an identifier or position"),
        )
        beside = "".join(f"; {number:,} {what}" for number, what in parts if number)
        known = self.separation[np.isfinite(self.separation)]
        apart = f"; median separation {np.median(known):.3g} arcsec" if len(known) else ""
        one, other = self.out_of or (self.rows, self.others)
        passing = f", those of {one:,} and {other:,} that pass the conditions," if self.is_narrowed else ""
        rows = f"{self.rows:,} and {self.others:,} rows{passing}"
        return f"{len(self):,} stars of {rows} are the same{beside}{apart}"

    @property
    def is_narrowed(self) -> bool:
        """Whether conditions left any row out."""
        return self.out_of not in (None, (self.rows, self.others))

    def of_whole(self, chosen: Flags, other_chosen: Flags) -> "SharedStars":
        """Give rows of whole catalogues, where those that were matched are the chosen ones.

        A star whose first row fails a condition is thereby found by another row of it that passes.

        Parameters
        ----------
        chosen, other_chosen : (N,) and (M,) rows that pass.
        """
        return replace(
            self,
            first=np.flatnonzero(chosen)[self.first],
            second=np.flatnonzero(other_chosen)[self.second],
            out_of=(len(chosen), len(other_chosen)),
        )


def shared_by_id(ids: ArrayLike, others: ArrayLike, release: str, other_release: str) -> SharedStars:
    """Find the stars that bear the same Gaia identifier.

    Parameters
    ----------
    ids, others : (N,) and (M,) source_id of the two catalogues; -1 for none.
    release, other_release : Gaia releases that they are of; "" where not known.

    Raises
    ------
    DataError
        If a release is not known, they differ, or an identifier is no whole number.
    """
    for said, which in ((release, "the first"), (other_release, "the other")):
        if not said:
            raise DataError(
                f"{which} catalogue does not say of which Gaia release its source_id are, and those of "
                "different releases name different stars: say it (--gaia-release), or match by position "
                "(--by-place)"
            )
    if not same_release(release, other_release):
        raise DataError(
            f"source_id of the one catalogue are of Gaia {release}, those of the other of Gaia "
            f"{other_release}: the same number names different stars in them; match by position (--by-place)"
        )
    one, other = np.asarray(ids), np.asarray(others)
    found = match_identifiers(one, other)
    return _once(found.row, found.separation, found.candidates, one < 0, len(other))


def shared_by_place(
    ra: ArrayLike,
    dec: ArrayLike,
    other_ra: ArrayLike,
    other_dec: ArrayLike,
    radius_arcsec: float = MATCH_RADIUS,
) -> SharedStars:
    """Find the stars at the same place on the sky.

    Parameters
    ----------
    ra, dec : (N,) degrees.
    other_ra, other_dec : (M,) degrees, at the same epoch (`model.epoch` moves them).
    radius_arcsec : largest separation.

    Raises
    ------
    DataError
        As `match_sky`.
    """
    one, other = np.asarray(ra, np.float64), np.asarray(other_ra, np.float64)
    up = np.asarray(dec, np.float64)
    found = match_sky(one, up, other, other_dec, radius_arcsec)
    lost = ~(np.isfinite(one) & np.isfinite(up))
    return _once(found.row, found.separation, found.candidates, lost, len(other))


def _once(
    row: Integers, separation: Floats, candidates: Integers, nameless: NDArray[np.bool_], others: int
) -> SharedStars:
    """Keep one row for each of the other: the nearest, else the first."""
    matched = np.flatnonzero((row >= 0) & ~nameless)
    apart = np.nan_to_num(separation[matched])
    order = np.lexsort((matched, apart, row[matched]))
    kept = np.sort(matched[order][np.unique(row[matched][order], return_index=True)[1]])
    return SharedStars(
        first=kept,
        second=row[kept],
        separation=separation[kept],
        rows=len(row),
        others=others,
        nameless=int(nameless.sum()),
        doubtful=int((candidates[kept] > 1).sum()),
        dropped=len(matched) - len(kept),
    )

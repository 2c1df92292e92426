"""Rows of one table to rows of another: by place on the sky or by identifier."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from data.matches import Matches, present
from data.problem import DataError
from data.surveys import SurveyTable

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

MATCH_RADIUS = 1.0
"""What the paper matches within, arcsec."""
LARGEST_RADIUS = 36_000.0
"""Ten degrees, in arcsec: above it a crossmatch is a mistake, and a memory full of pairs."""

_ARCSEC = np.pi / (180 * 3600)
_CHUNK = 1 << 18
_PAIRS = 1 << 22
"""Candidate pairs held at once; a row with more comes alone."""
_SLACK = 1e-9
"""By which the tree's search is wider than the radius, which the separations themselves then settle."""


def match_sky(
    ra: ArrayLike,
    dec: ArrayLike,
    other_ra: ArrayLike,
    other_dec: ArrayLike,
    radius_arcsec: float = MATCH_RADIUS,
    *,
    prefer: ArrayLike | None = None,
    workers: int = 1,
) -> Matches:
    """Find for each row of a table the row of another one at the same place on the sky.

    The nearest within the radius is taken; of several equally near ones that of the lowest row. Chords of the
    unit sphere are searched in a k-d tree, so neither 0h nor the poles are special.

    Parameters
    ----------
    ra, dec : (N,) degrees. A position with NaN matches nothing.
    other_ra, other_dec : (M,) degrees, at the same epoch (`model.epoch` moves them).
    radius_arcsec : largest separation, itself included.
    prefer : (M,) the least of which is taken instead of the nearest, such as G for the brightest; NaN comes
        last. Ties go by separation, then row.
    workers : threads that search.

    Raises
    ------
    DataError
        If the radius is not above 0 and up to ten degrees, or lengths differ.
    """
    if not 0 < radius_arcsec <= LARGEST_RADIUS:
        raise DataError(
            f"the radius of a match is {radius_arcsec:g} arcsec: give one above 0, up to 36000 (10 degrees)"
        )
    points, others = _unit_vectors(ra, dec), _unit_vectors(other_ra, other_dec)
    usable = np.flatnonzero(np.isfinite(others[:, 0]))
    ranks = None if prefer is None else _ranks(prefer, len(others))[usable]
    found = _empty(len(points))
    if not usable.size:
        return found
    search = _Search(cKDTree(others[usable], balanced_tree=False), ranks, radius_arcsec, workers)
    here = np.flatnonzero(np.isfinite(points[:, 0]))
    for start in range(0, here.size, _CHUNK):
        rows = here[start : start + _CHUNK]
        place, found.separation[rows], found.candidates[rows] = search.best(points[rows])
        found.row[rows] = np.where(place >= 0, usable[place], -1)
    return found


def match_identifiers(ids: NDArray[Any], others: NDArray[Any]) -> Matches:
    """Find for each identifier the row of another table that bears it; the first where several do.

    Parameters
    ----------
    ids, others : (N,) and (M,) whole numbers, or bytes in both. Missing ones (below 0, empty) match nothing.

    Raises
    ------
    DataError
        If they are not both whole numbers or both texts: no identifier may pass through a float.
    """
    ids, others = _signed(np.asarray(ids)), _signed(np.asarray(others))
    kinds = {_identifier_kind(ids), _identifier_kind(others)}
    if len(kinds) != 1 or kinds == {"other"}:
        raise DataError(
            f"identifiers of types {ids.dtype} and {others.dtype} cannot be matched: expected whole numbers "
            "(int64) in both, or texts in both; read them anew from the original tables"
        )
    known = np.flatnonzero(present(others))
    order = known[np.argsort(others[known], kind="stable")]
    ranked = others[order]
    first = np.searchsorted(ranked, ids, side="left")
    count = np.searchsorted(ranked, ids, side="right") - first
    row = np.full(ids.size, -1, dtype=np.int64)
    row[count > 0] = order[first[count > 0]]
    return Matches(row, np.full(ids.size, np.nan), count.astype(np.int64))


def first_of_each(ids: Integers) -> Flags:
    """Tell the first row of each identifier, and every row without one, which is a star of its own.

    Parameters
    ----------
    ids : (N,) whole numbers; 0 and below are missing.

    Returns
    -------
    (N,)
    """
    first: Flags = ids <= 0
    first[np.unique(ids, return_index=True)[1]] = True
    return first


def match_gaia(table: SurveyTable, other: SurveyTable) -> Matches:
    """Match two tables by their Gaia source_id, which must be of one release.

    Identifiers of EDR3 and DR3 are the same; those of any other two releases name different stars.

    Raises
    ------
    DataError
        If a table has no source_id, if its release is not known, or if the releases differ.
    """
    ids, others = table["source_id"], other["source_id"]
    for each in (table, other):
        if not each.gaia_release:
            raise DataError(
                f"{each.path} does not say of which Gaia release its source_id are, and those of different "
                "releases name different stars: say it (gaia_release), or match by position"
            )
    if _release(table) != _release(other):
        raise DataError(
            f"source_id of {table.path} are of Gaia {table.gaia_release}, those of {other.path} of Gaia "
            f"{other.gaia_release}: the same number names different stars in them; match the tables by "
            "position, moved to one epoch, or give both of one release"
        )
    return match_identifiers(ids, others)


@dataclass(frozen=True, eq=False)
class _Search:
    """A tree of the other table's points, with what is preferred among them."""

    tree: "cKDTree[None]"
    ranks: Integers | None
    radius: float
    workers: int

    def best(self, points: Floats) -> tuple[Integers, Floats, Integers]:
        """Find the row of the tree, the separation and the number of candidates of each point.

        Two neighbours settle the many points that have at most one; the few others see all of theirs.
        """
        reach = 2 * np.sin(self.radius * _ARCSEC / 2) * (1 + _SLACK)
        found = self.tree.query(points, k=2, distance_upper_bound=reach, workers=self.workers)
        chords, places = np.asarray(found[0]), np.asarray(found[1])
        apart = _angle(chords[:, 0])
        inside = apart <= self.radius
        row = np.where(inside, places[:, 0], -1)
        separation = np.where(inside, apart, np.nan)
        candidates = inside.astype(np.int64)
        for few in self._shares(points, np.flatnonzero(np.isfinite(chords[:, 1])), reach):
            row[few], separation[few], candidates[few] = self._choose(points[few], reach)
        return row, separation, candidates

    def _shares(self, points: Floats, crowded: Integers, reach: float) -> Iterator[Integers]:
        """Split points with several neighbours so that not too many pairs are held at once."""
        if crowded.size:
            near = self.tree.query_ball_point(
                points[crowded], reach, return_length=True, workers=self.workers
            )
            share = np.cumsum(near) // _PAIRS
            yield from np.split(crowded, np.flatnonzero(np.diff(share)) + 1)

    def _choose(self, points: Floats, reach: float) -> tuple[Integers, Floats, Integers]:
        """Choose among all neighbours of each point: least rank, then separation, then row."""
        near: Any = self.tree.query_ball_point(points, reach, workers=self.workers)
        point = np.repeat(np.arange(len(near)), [len(each) for each in near])
        place = np.fromiter(chain.from_iterable(near), dtype=np.int64, count=point.size)
        apart = _angle(np.linalg.norm(points[point] - self.tree.data[place], axis=1))
        inside = apart <= self.radius
        point, place, apart = point[inside], place[inside], apart[inside]
        rank = np.zeros_like(place) if self.ranks is None else self.ranks[place]
        order = np.lexsort((place, apart, rank, point))
        chosen, first, count = np.unique(point[order], return_index=True, return_counts=True)
        row, separation = np.full(len(near), -1), np.full(len(near), np.nan)
        candidates = np.zeros(len(near), dtype=np.int64)
        row[chosen], separation[chosen] = place[order[first]], apart[order[first]]
        candidates[chosen] = count
        return row, separation, candidates


def _empty(rows: int) -> Matches:
    return Matches(np.full(rows, -1, dtype=np.int64), np.full(rows, np.nan), np.zeros(rows, dtype=np.int64))


def _unit_vectors(ra: ArrayLike, dec: ArrayLike) -> Floats:
    """Unit vectors (N, 3); NaN where either coordinate is."""
    alpha, delta = (np.radians(np.asarray(angle, dtype=np.float64)) for angle in (ra, dec))
    if alpha.shape != delta.shape or alpha.ndim != 1:
        raise DataError(f"ra and dec have the shapes {alpha.shape} and {delta.shape}: expected one length")
    vectors = np.stack([np.cos(delta) * np.cos(alpha), np.cos(delta) * np.sin(alpha), np.sin(delta)], axis=1)
    vectors[~(np.isfinite(alpha) & np.isfinite(delta))] = np.nan
    return vectors


def _angle(chord: Floats) -> Floats:
    """Separation in arcsec of points a chord apart."""
    return 2 * np.arcsin(np.minimum(chord / 2, 1)) / _ARCSEC


def _ranks(prefer: ArrayLike, rows: int) -> Integers:
    """Rank of each value, equal where values are; NaN is last."""
    values = np.asarray(prefer, dtype=np.float64)
    if values.shape != (rows,):
        raise DataError(f"prefer has the shape {values.shape}: expected one value for each of {rows} rows")
    return np.unique(np.where(np.isnan(values), np.inf, values), return_inverse=True)[1]


def _signed(ids: NDArray[Any]) -> NDArray[Any]:
    """Make unsigned identifiers signed: numpy would compare the two as floats, which lose digits."""
    if ids.dtype.kind != "u":
        return ids
    if ids.size and ids.max() > np.iinfo(np.int64).max:
        raise DataError(f"an identifier is {ids.max()}, beyond 64 signed bits: expected smaller ones")
    return ids.astype(np.int64)


def _identifier_kind(values: NDArray[Any]) -> str:
    return {"i": "whole", "S": "text"}.get(values.dtype.kind, "other")


def _release(table: SurveyTable) -> str:
    """Name a Gaia release so that those with the same identifiers have the same name."""
    return table.gaia_release.upper().removeprefix("GAIA").strip().replace("EDR3", "DR3")

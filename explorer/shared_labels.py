"""Labels of the stars that two catalogues share: which are compared, of which stars, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.problem import DataError
from data.schema import COLUMNS, LABELS
from data.shared_stars import SharedStars, shared_by_id, shared_by_place
from explorer.abundance_scatter import is_abundance
from explorer.binary_options import KINDS
from explorer.binary_sample import GIANT_FLAG, kinds_of
from explorer.headway import Progress, told_of
from model.epoch import propagate
from model.label_difference import LabelDifference, mean_of_both

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Rows = tuple[Integers, Integers]

AGAINST: Mapping[str, tuple[float, str]] = MappingProxyType(
    {"teff": (1000.0, "1000 K"), "logg": (1.0, "dex"), "fe_h": (1.0, "dex"), "snrz": (100.0, "100 of S/N")}
)
"""What differences are set against: how many units a slope is told per, and that in words."""
SIGNAL = "snrz"
"""Of the first catalogue's spectra, whatever the other has; above 0 where it is known."""


@dataclass(frozen=True)
class JoinOptions:
    """How stars of two catalogues are found to be the same.

    Attributes
    ----------
    by_place : by position instead of by Gaia identifier.
    radius : within which positions are the same, arcsec.
    gaia_release : of identifiers whose catalogue does not say it; "" if not told.
    epoch, other_epoch : Julian years of positions, from and to which those of the first are moved; None to
        leave them.
    """

    by_place: bool = False
    radius: float = 1.0
    gaia_release: str = ""
    epoch: float | None = None
    other_epoch: float | None = None

    def __post_init__(self) -> None:
        """Refuse, with a DataError, what does not go together."""
        years = [year for year in (self.epoch, self.other_epoch) if year is not None]
        if len(years) == 1:
            raise DataError("positions are moved from one year to another: give --epoch and --other-epoch")
        if years and not self.by_place:
            raise DataError("epochs are of positions: give them with --by-place")
        for year in years:
            if not 1900 <= year <= 2100:
                raise DataError(f"the epoch is {year}: give a year from 1900 to 2100")


@dataclass(frozen=True, eq=False)
class SharedLabels:
    """What was found.

    Attributes
    ----------
    stars : that are shared.
    rows : of each kind, those of the first catalogue and of the second, (K,) each.
    found : for each kind of stars, each label's difference, first catalogue minus second.
    draws, seed : of the intervals.
    """

    stars: SharedStars
    rows: Mapping[str, Rows]
    found: Mapping[str, Mapping[str, LabelDifference]]
    draws: int
    seed: int


def shared_stars(
    one: Catalogue, other: Catalogue, options: JoinOptions, chosen: tuple[Flags, Flags]
) -> SharedStars:
    """Find the stars that two catalogues share, each by a row of either that passes the conditions.

    Parameters
    ----------
    one, other : the catalogues.
    options : how stars are found to be the same.
    chosen : rows of each that pass, (N,) and (M,); others are not looked at.

    Raises
    ------
    DataError
        A catalogue lacks what they are joined by, or identifiers are of two releases.
    """
    if not options.by_place:
        for each in (one, other):
            if "source_id" not in each:
                raise DataError(f"{each.source.name} has no source_id: match by position (--by-place)")
        releases = (each.metadata.get("gaia_release", "") or options.gaia_release for each in (one, other))
        ids = one["source_id"][chosen[0]], other["source_id"][chosen[1]]
        return shared_by_id(*ids, *releases).of_whole(*chosen)
    for each in (one, other):
        if not {"ra", "dec"} <= each.columns.keys():
            raise DataError(f"{each.source.name} has no ra and dec: stars can't be matched by position")
    ra, dec = (np.asarray(one[name][chosen[0]], np.float64) for name in ("ra", "dec"))
    if options.epoch is not None and options.other_epoch is not None:
        if not {"pmra", "pmdec"} <= one.columns.keys():
            raise DataError(f"{one.source.name} has no proper motions to move positions by: leave epochs out")
        moves = one["pmra"][chosen[0]], one["pmdec"][chosen[0]]
        ra, dec = propagate(ra, dec, *moves, options.epoch, options.other_epoch)
    others = other["ra"][chosen[1]], other["dec"][chosen[1]]
    return shared_by_place(ra, dec, *others, options.radius).of_whole(*chosen)


def labels_of(one: Catalogue, other: Catalogue) -> tuple[str, ...]:
    """Labels that both catalogues have, those of the schema first."""
    known = [column.name for column in LABELS]
    more = [name for name in one.described if is_abundance(name) and name not in COLUMNS]
    return tuple(
        name for name in (*known, *more)
        if _in_both(one, other, name)
    )  # fmt: skip


def own_of(one: Catalogue, other: Catalogue) -> frozenset[str]:
    """Labels of AGAINST that the first catalogue alone has, in its unit: differences are set against its own.

    Its errors then make a slope in whatever label they go with.
    """
    return frozenset(
        name for name in AGAINST if name in one and name != SIGNAL and not _in_both(one, other, name)
    )


def _in_both(one: Catalogue, other: Catalogue, name: str) -> bool:
    """Whether both have numbers of a name, in one unit."""
    there = all(name in each and each.described[name].is_number for each in (one, other))
    return there and one.described[name].unit == other.described[name].unit


def compare_labels(
    one: Catalogue,
    other: Catalogue,
    shared: SharedStars,
    *,
    draws: int,
    seed: int,
    progress: Progress,
) -> SharedLabels:
    """Compare the labels of shared stars.

    Parameters
    ----------
    one, other : the catalogues.
    shared : their common stars.
    draws, seed : of the intervals of slopes.
    progress : told (done, total, of what) after each draw; it may raise to stop.

    Raises
    ------
    DataError
        The catalogues have no label or no star in common.
    """
    labels = labels_of(one, other)
    if not labels:
        raise DataError(f"{one.source.name} and {other.source.name} have no label in common")
    _some(shared)
    rows = _rows_of_kinds(one, shared)
    found: dict[str, dict[str, LabelDifference]] = {kind: {} for kind in rows}
    for kind, both in rows.items():
        others = {name: against(one, other, name, both) for name in AGAINST if name in one}
        for name in labels:
            random = np.random.default_rng([seed, *f"{kind} {name}".encode()])
            heard = told_of(progress, f"draws of {one.described[name].plain}, {KINDS[kind]}")
            found[kind][name] = LabelDifference.of(
                *values(one, other, name, both),
                values(one, other, f"e_{name}", both),
                others,
                random,
                draws,
                heard,
            )
    plainly = {kind: MappingProxyType(each) for kind, each in found.items()}
    return SharedLabels(shared, MappingProxyType(rows), MappingProxyType(plainly), draws, seed)


def _some(shared: SharedStars) -> None:
    """Refuse, with a DataError, catalogues that share no star."""
    if not (shared.rows and shared.others):
        raise DataError(f"no star is left to compare ({shared}): widen the conditions")
    if not len(shared):
        raise DataError(
            f"no star is in both catalogues: {shared}. Check that identifiers are of one Gaia release, or "
            "match by position (--by-place), within more arcsec (--radius) or moved to one year (--epoch)"
            f"{', or widen the conditions' if shared.is_narrowed else ''}"
        )


def _rows_of_kinds(one: Catalogue, shared: SharedStars) -> dict[str, Rows]:
    """Rows of both catalogues for each kind of the stars that are shared."""
    rows = {}
    for kind in kinds_of(one):
        mine = np.ones(len(shared), np.bool_)
        if kind in GIANT_FLAG:
            mine = np.asarray(one["giantmodel"])[shared.first] == GIANT_FLAG[kind]
        rows[kind] = shared.first[mine], shared.second[mine]
    return rows


def values(one: Catalogue, other: Catalogue, name: str, rows: Rows) -> tuple[Floats, Floats]:
    """Values of a column in both catalogues, (K,) each; missing where there is no such column."""
    return _numbers(one, name, rows[0]), _numbers(other, name, rows[1])


def against(one: Catalogue, other: Catalogue, name: str, rows: Rows) -> Floats:
    """What differences are set against, (K,): never of one catalogue for some stars and of both for others.

    The mean of both, NaN where either lacks it; of the first for all stars if it is S/N, which is NaN unless
    above 0, or what the other has no column of (`own_of`).
    """
    first = _numbers(one, name, rows[0])
    if name == SIGNAL:
        return np.where(np.isfinite(first) & (first > 0), first, np.nan)
    if name in own_of(one, other):
        return first
    return mean_of_both(first, _numbers(other, name, rows[1]))


def _numbers(catalogue: Catalogue, name: str, rows: Integers) -> Floats:
    """Values of a column at rows; missing where there is no such column."""
    if name not in catalogue:
        return np.full(len(rows), np.nan)
    return np.array(catalogue[name][rows], dtype=np.float64)

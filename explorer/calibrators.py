"""Stars of a catalogue that were born together, by which its labels are calibrated: clusters and binaries."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.crossmatch import first_of_each, match_identifiers
from data.member_table import MemberTable
from data.problem import DataError
from explorer.binary_sample import GIANT_FLAG
from explorer.calibration_options import CalibrationOptions
from explorer.cluster_study import two_models
from explorer.headway import Progress
from explorer.open_clusters import OPEN_CLUSTERS
from explorer.pair_source import PairSource
from model.auc import clusters_of

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

PLACED = ("ra", "dec", "pmra", "pmdec", "distance")
"""What ready-made cuts ask for."""
MOST_CHANCE = 0.1
"""Largest odds of a chance alignment, where a table of pairs has them."""
LEAST_MEMBERS = 3
"""A cut that fewer stars pass is left out: these may well be of the field."""
AT_ONCE = 250_000
"""So many stars are held against a cut before it is told how far that is."""


@dataclass(frozen=True, eq=False)
class Calibrators:
    """Groups among the N stars of a catalogue.

    Attributes
    ----------
    group : (N,) number of each star's group; -1 of those in none.
    sources : how many stars each cluster, and the binaries, bring.
    kept : binaries that are not used, and stay for eq. 6.
    notes : what there is to know.
    """

    group: Integers
    sources: tuple[tuple[str, int], ...]
    kept: int
    notes: tuple[str, ...]


def calibrators(
    catalogue: Catalogue,
    chosen: Flags,
    options: CalibrationOptions,
    pairs: PairSource | None,
    members: MemberTable | None,
    progress: Progress = lambda *_: None,
) -> Calibrators:
    """Put stars into groups: those of a cluster, and those of a binary or of binaries that share stars.

    A star counts once, in the first cluster that it is of, and a binary with a star of a cluster is left out.

    Parameters
    ----------
    catalogue : of the stars.
    chosen : (N,) those that pass the cuts.
    options : what is asked for.
    pairs : wide binaries among its rows; None if there are none.
    members : of clusters; None for ready-made cuts.
    progress : told how far ready-made cuts are.

    Raises
    ------
    DataError
        If the catalogue lacks what tells the stars of a kind, or there is nothing to calibrate by.
    """
    usable = chosen & of_kind(catalogue, options.kind) & _once(catalogue)
    group = np.full(len(catalogue), -1, np.int64)
    if members is None:
        sources, notes = _by_cuts(catalogue, usable, options.clusters, group, progress)
    else:
        sources, notes = _by_list(catalogue, usable, members, group)
    notes = (*notes, *two_models(catalogue, options.kind))
    used = kept = 0
    if pairs is None:
        notes = (*notes, "no wide binaries were given")
    else:
        used, kept = _by_pairs(pairs, usable, options, group)
        sources = (*sources, (f"wide binaries: {pairs.name}", used))
    if not any(stars for _, stars in sources):
        raise DataError(
            "no star that passes the cuts was born together with another: give a table of wide binaries or "
            "of members of clusters" + "".join(f"; {note}" for note in notes)
        )
    return Calibrators(group, sources, kept, notes)


def of_kind(catalogue: Catalogue, kind: str) -> Flags:
    """Which stars, (N,), have labels of a kind's model; DataError where that is not known."""
    if kind not in GIANT_FLAG:
        return np.ones(len(catalogue), np.bool_)
    if "giantmodel" not in catalogue:
        raise DataError("the catalogue does not tell dwarfs from giants (giantmodel): choose all stars")
    fits: Flags = np.asarray(catalogue["giantmodel"]) == GIANT_FLAG[kind]
    return fits


def _once(catalogue: Catalogue) -> Flags:
    """The first row of each star: a star's spectra are not to be compared with each other."""
    if "source_id" not in catalogue:
        return np.ones(len(catalogue), np.bool_)
    return first_of_each(np.asarray(catalogue["source_id"]))


def _by_cuts(
    catalogue: Catalogue, usable: Flags, names: tuple[str, ...], group: Integers, progress: Progress
) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    lacking = [name for name in PLACED if name not in catalogue]
    if lacking and names:
        note = f"ready-made clusters are left out, for the catalogue has no {', '.join(lacking)}"
        return (), (note,)
    rows = np.flatnonzero(usable)
    place = [np.asarray(catalogue[each][rows], np.float64) for each in PLACED] if names else []
    sources = []
    for number, name in enumerate(names):
        found = [np.empty(0, np.int64)]
        for start in range(0, len(rows), AT_ONCE):
            progress(number, len(names), "ready-made clusters")
            part = slice(start, start + AT_ONCE)
            steps = OPEN_CLUSTERS[name].cut.steps(*(each[part] for each in place))
            found.append(rows[part][np.logical_and.reduce(steps)])
        inside = np.concatenate(found)
        inside = inside[group[inside] < 0]
        if len(inside) >= LEAST_MEMBERS:
            group[inside] = number
            sources.append((name, len(inside)))
    return tuple(sources), ()


def _by_list(
    catalogue: Catalogue, usable: Flags, members: MemberTable, group: Integers
) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    if "source_id" not in catalogue:
        raise DataError("the catalogue has no source_id, by which members are found: leave the table out")
    rows = np.flatnonzero(usable)
    found = match_identifiers(np.asarray(catalogue["source_id"])[rows], members.source_id).row
    group[rows[found >= 0]] = members.cluster[found[found >= 0]]
    stars = np.bincount(group[group >= 0], minlength=len(members.names))
    placed = np.flatnonzero(group >= 0)
    group[placed[stars[group[placed]] < 2]] = -1
    order = np.argsort(-stars, kind="stable")
    sources = tuple((members.names[one], int(stars[one])) for one in order if stars[one] >= 2)
    absent = len(members.source_id) - int((found >= 0).sum())
    note = f"{absent:,} of {len(members.source_id):,} members are not among the stars that pass the cuts"
    return sources, (note,) if absent else ()


def _by_pairs(
    pairs: PairSource, usable: Flags, options: CalibrationOptions, group: Integers
) -> tuple[int, int]:
    """Number the binaries that are used, and give how many stars these have, and how many pairs are kept."""
    first, second = pairs.found.first, pairs.found.second
    free = usable & (group < 0)
    both = free[first] & free[second]
    if pairs.chance is not None:
        both &= pairs.chance <= MOST_CHANCE
    first, second = first[both], second[both]
    together = clusters_of(first, second)
    number = int(together.max()) + 1 if len(together) else 0
    random = np.random.default_rng(options.seed)
    used = np.zeros(number, np.bool_)
    used[random.permutation(number)[: round(options.share * number)]] = True
    taken = used[together]
    after = int(group.max()) + 1
    for ends in (first[taken], second[taken]):
        group[ends] = after + together[taken]
    return int((group >= after).sum()), int((~taken).sum())

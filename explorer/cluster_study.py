"""A study of an open cluster: its members in a catalogue, and how each label of theirs goes with T_eff."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.crossmatch import first_of_each, match_identifiers
from data.problem import DataError
from explorer.abundance_scatter import is_calibrated
from explorer.binary_options import KINDS
from explorer.binary_sample import GIANT_FLAG, abundances_of
from explorer.cluster_options import ClusterOptions
from explorer.headway import Progress, told_of
from explorer.open_clusters import OPEN_CLUSTERS
from model.clusters import ClusterCut, Drift
from model.theil_sen import FEWEST, MOST_TOGETHER

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

PLANTED = "true_cluster"
"""Column of a mock survey that names the cluster a star was planted in."""
NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"cone": ("ra", "dec"), "pm": ("pmra", "pmdec"), "distance": ("distance",)}
)

STEPS = ("in the cone", "with the proper motion", "at the distance")


@dataclass(frozen=True, eq=False)
class ClusterStudy:
    """What was found of M members.

    Attributes
    ----------
    name : of the cluster, or what it is.
    options : as chosen.
    rows : (M,) of the catalogue.
    teff : (M,) K.
    values : (M,) of each label, dex; NaN where it is missing or left out.
    drifts : of each label.
    errors : median stated error of each label, dex; NaN where the catalogue states none.
    left : what each step left of the stars, in words and numbers.
    notes : what there is to know beside.
    """

    name: str
    options: ClusterOptions
    rows: Integers
    teff: Floats
    values: Mapping[str, Floats]
    drifts: Mapping[str, Drift]
    errors: Mapping[str, float]
    left: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]


def name_of(options: ClusterOptions) -> str:
    """What a cluster is called whose cut is that of a ready-made one, or is a person's own."""
    if options.cut is None:
        return "stars by identifier"
    return next(
        (each.name for each in OPEN_CLUSTERS.values() if each.cut == options.cut), "stars of an own cut"
    )


def labels_of(catalogue: Catalogue) -> tuple[str, ...]:
    """Labels that members of a cluster share: [Fe/H] and abundances; none that was calibrated by clusters."""
    abundances = (name for name in abundances_of(catalogue) if not is_calibrated(name))
    return (*(["fe_h"] if "fe_h" in catalogue else []), *abundances)


def study_cluster(
    catalogue: Catalogue, chosen: Flags, options: ClusterOptions, progress: Progress
) -> ClusterStudy:
    """Find members, and the slope of each of their labels against T_eff.

    Parameters
    ----------
    catalogue : of the stars.
    chosen : (N,) stars that may be members.
    options : what is asked for.
    progress : told (done, total, of what) after each draw; it may raise to stop.

    Raises
    ------
    DataError
        The catalogue lacks a column that this needs, or the members are too few or too many.
    """
    _check(catalogue, options)
    rows, left = _members(catalogue, chosen, options)
    labels = labels_of(catalogue)
    teff = _numbers(catalogue, "teff", rows)
    values = {name: _label(catalogue, name, rows, trusted=options.trusted) for name in labels}
    known = {name: int((np.isfinite(teff) & np.isfinite(each)).sum()) for name, each in values.items()}
    told = [name for name in labels if known[name] >= FEWEST]
    _enough(known, left)
    drifts = {}
    for name in told:
        random = np.random.default_rng([options.seed, *name.encode()])
        heard = told_of(progress, f"draws of {catalogue.described[name].plain}")
        drifts[name] = Drift.of(teff, values[name], random, options.draws, heard)
    few = tuple(
        f"{catalogue.described[name].plain} is left out: {known[name]} members have it"
        for name in labels if 0 < known[name] < FEWEST
    )  # fmt: skip
    return ClusterStudy(
        name=name_of(options),
        options=options,
        rows=rows,
        teff=teff,
        values=MappingProxyType({name: values[name] for name in told}),
        drifts=MappingProxyType(drifts),
        errors=MappingProxyType({name: _error(catalogue, name, rows) for name in told}),
        left=left,
        notes=(*_planted(catalogue, rows), *_loose(options), *two_models(catalogue, options.kind), *few),
    )


def _enough(known: Mapping[str, int], left: tuple[tuple[str, int], ...]) -> None:
    """Refuse, with a DataError, too few or too many members with a label."""
    most = max(known.values(), default=0)
    if most < FEWEST:
        steps = "; ".join(f"{what}: {number:,}" for what, number in left)
        raise DataError(
            f"fewer than {FEWEST} members have T_eff and a label ({steps}): choose a wider cut, other stars, "
            "or a catalogue that has more of them"
        )
    if most > MOST_TOGETHER:
        raise DataError(
            f"{most:,} stars pass, and no open cluster has more than {MOST_TOGETHER:,} here: choose a "
            "narrower cut"
        )


def _check(catalogue: Catalogue, options: ClusterOptions) -> None:
    flags = [name for name in catalogue.columns if name.endswith("_extrap")]
    if options.trusted and not flags:
        raise DataError("the catalogue does not flag what is extrapolated: leave that choice out")
    if "teff" not in catalogue:
        raise DataError(f"{catalogue.source.name} has no T_eff, against which labels of members are set")
    needed: list[str] = []
    if options.cut is None:
        needed += ["source_id"]
    else:
        needed += NEEDED["cone"]
        needed += NEEDED["pm"] if np.isfinite(options.cut.pm_radius) else ()
        needed += NEEDED["distance"] if np.isfinite(options.cut.depth) else ()
    if options.kind in GIANT_FLAG:
        needed += ["giantmodel"]
    for name in needed:
        if name not in catalogue:
            raise DataError(
                f"{catalogue.source.name} has no column '{name}', which these members are told by: "
                "choose them in another way"
            )


def _members(
    catalogue: Catalogue, chosen: Flags, options: ClusterOptions
) -> tuple[Integers, tuple[tuple[str, int], ...]]:
    """Rows of the members, and what each step left."""
    left = [("stars that pass the cuts", int(chosen.sum()))]
    passing = chosen.copy()
    if options.kind in GIANT_FLAG:
        passing &= np.asarray(catalogue["giantmodel"]) == GIANT_FLAG[options.kind]
        left.append((f"of these {KINDS[options.kind]}", int(passing.sum())))
    rows = np.flatnonzero(passing)
    if options.cut is None:
        wanted = np.array(options.ids, np.int64)
        there = match_identifiers(np.asarray(catalogue["source_id"])[rows], wanted).row >= 0
        rows = rows[there]
        return _once(catalogue, rows, [*left, (f"of the {len(wanted):,} in the list", len(rows))])
    limits = (0.0, options.cut.pm_radius, options.cut.depth)
    steps = options.cut.steps(*_places(catalogue, options.cut, rows))
    kept = np.ones(len(rows), np.bool_)
    for what, passes, limit in zip(STEPS, steps, limits, strict=True):
        kept &= passes
        if np.isfinite(limit):
            left.append((what, int(kept.sum())))
    return _once(catalogue, rows[kept], left)


def _once(
    catalogue: Catalogue, rows: Integers, left: list[tuple[str, int]]
) -> tuple[Integers, tuple[tuple[str, int], ...]]:
    """Of several rows of a star the first: its spectra are no stars of their own."""
    if "source_id" not in catalogue:
        return rows, tuple(left)
    first = first_of_each(np.asarray(catalogue["source_id"])[rows])
    if first.all():
        return rows, tuple(left)
    return rows[first], (*left, ("one row a star", int(first.sum())))


def _places(catalogue: Catalogue, cut: ClusterCut, rows: Integers) -> tuple[Floats, ...]:
    """ra, dec, proper motions and distances; missing where there is no limit on them."""
    nothing = np.full(len(rows), np.nan)
    wanted = (
        *((name, True) for name in NEEDED["cone"]),
        *((name, np.isfinite(cut.pm_radius)) for name in NEEDED["pm"]),
        *((name, np.isfinite(cut.depth)) for name in NEEDED["distance"]),
    )
    return tuple(_numbers(catalogue, name, rows) if asked else nothing for name, asked in wanted)


def _label(catalogue: Catalogue, name: str, rows: Integers, *, trusted: bool) -> Floats:
    """Values of a label; where only trusted ones count, extrapolated ones are missing."""
    values = _numbers(catalogue, name, rows)
    for flag in ("kiel_extrap", f"{name}_extrap"):
        if trusted and flag in catalogue:
            values[np.asarray(catalogue[flag])[rows] == 1] = np.nan
    return values


def _error(catalogue: Catalogue, name: str, rows: Integers) -> float:
    stated = f"e_{name}"
    if stated not in catalogue:
        return float("nan")
    values = _numbers(catalogue, stated, rows)
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _loose(options: ClusterOptions) -> tuple[str, ...]:
    """What a cut lets through that is no cluster."""
    if options.cut is None or np.isfinite(options.cut.pm_radius):
        return ()
    return ("No limit on proper motion: most of these may be stars of the field, which were not born alike",)


def two_models(catalogue: Catalogue, kind: str) -> tuple[str, ...]:
    """What is to be said of dwarfs and giants together."""
    if kind in GIANT_FLAG or "giantmodel" not in catalogue:
        return ()
    return ("the labels of dwarfs and giants come from two models, whose zero points may differ",)


def _planted(catalogue: Catalogue, rows: Integers) -> tuple[str, ...]:
    """What a mock survey knows of the members."""
    if PLANTED not in catalogue:
        return ()
    names, counts = np.unique(np.asarray(catalogue[PLANTED])[rows], return_counts=True)
    told = ", ".join(
        f"{count:,} {'of the field' if not name else f'planted in {name.decode()}'}"
        for name, count in sorted(zip(names.tolist(), counts.tolist(), strict=True), key=lambda one: -one[1])
    )
    return (f"MOCK stars; of these members {told}",)


def _numbers(catalogue: Catalogue, name: str, rows: Integers) -> Floats:
    return np.array(catalogue[name][rows], dtype=np.float64)

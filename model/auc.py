"""Whether pairs are closer than those matched to them: the area under the ROC curve, its interval, a test.

The AUC is the probability that a binary is closer than a field pair matched to it, ties counting half (Mann &
Whitney 1947, Ann. Math. Stat. 18, 50; Hanley & McNeil 1982, Radiology 143, 29): 0.5 says nothing, 1 all.
Every set of a binary and its field pairs counts the same.

- Interval: bootstrap over whole sets, where binaries that share stars, also over others, are one cluster and
  are drawn together. Its percentiles are the expanded ones of Hesterberg (2015, Am. Stat. 69, 371), for plain
  ones are too narrow: of 1500 mock samples of 60 clusters they covered the truth in 93.6 %, these in 94.5 %.
- p: by permutation (Phipson & Smyth 2010, SAGMB 9, 39). Within each set, which is a stratum, any pair as a
  whole may take the binary's part; then field pairs are matched to that one anew, out of the set's others. As
  the binary's place in the windows of its set was random (`model.matched_pairs`), all are alike if birth does
  not count. Pairs that share stars are no independent draws, so that one of each cluster, chosen at random,
  takes part.
- With brushes set by looking at the same stars p is exploratory: it does not know how many brushes were
  tried.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Progress = Callable[[int, int], None]
"""Told how many draws are done, of how many; it may raise to stop them."""

DRAWS = 2000
LEVEL = 0.95
MATCHED = 10
"""Field pairs of a set that are compared in the permutation test; the others stand by to be matched anew."""


@dataclass(frozen=True)
class Auc:
    """How often binaries are closer than field pairs.

    Attributes
    ----------
    value : probability that a binary is closer; NaN without sets.
    low, high : its interval; NaN below two clusters.
    binaries, field_pairs, clusters : that took part.
    """

    value: float
    low: float
    high: float
    binaries: int
    field_pairs: int
    clusters: int


@dataclass(frozen=True)
class Permutation:
    """A test that binaries are no closer than field pairs.

    Attributes
    ----------
    p : one-sided, (1 + permutations with as large an AUC) / (1 + permutations); NaN without sets.
    observed : AUC that was compared: of one binary a cluster, and of MATCHED field pairs each.
    draws : permutations.
    binaries : that took part.
    """

    p: float
    observed: float
    draws: int
    binaries: int


def clusters_of(first: ArrayLike, second: ArrayLike) -> Integers:
    """Number pairs so that those which share stars, also over other pairs, have the same number.

    Parameters
    ----------
    first, second : (B,) the two stars of each pair, not below 0.

    Returns
    -------
    (B,) from 0 on.
    """
    ends = np.stack([np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)])
    names, star = np.unique(ends, return_inverse=True)
    one, other = star.reshape(ends.shape)
    joined = coo_array((np.ones(len(one)), (one, other)), shape=(names.size, names.size))
    number = connected_components(joined, directed=False)[1]
    return np.unique(number[one], return_inverse=True)[1].astype(np.int64)


def auc(
    binary: ArrayLike,
    field: ArrayLike,
    binary_weight: ArrayLike | None = None,
    field_weight: ArrayLike | None = None,
) -> float:
    """Give the probability that a binary is closer than a field pair, ties counting half.

    Parameters
    ----------
    binary, field : (B,) and (F,) distances, not NaN.
    binary_weight, field_weight : of the same lengths; 1 each if None.

    Returns
    -------
    NaN where nothing has weight.
    """
    own, others = np.asarray(binary, dtype=np.float64), np.asarray(field, dtype=np.float64)
    weights = [
        np.ones(len(values)) if weight is None else np.asarray(weight, dtype=np.float64)
        for values, weight in ((own, binary_weight), (others, field_weight))
    ]
    codes, levels = _codes(np.concatenate([own, others]))
    return _area(codes[: len(own)], codes[len(own) :], levels, *weights)


@dataclass(frozen=True, eq=False)
class MatchedSets:
    """Distances of B binaries and of the up to K field pairs matched to each.

    Attributes
    ----------
    binary : (B,) distances; a binary with NaN takes no part, nor its field pairs.
    field : (B, K) distances; NaN where there is no pair.
    cluster : (B,) as `clusters_of` gives.
    """

    binary: Floats
    field: Floats
    cluster: Integers

    def __post_init__(self) -> None:
        if self.field.ndim != 2 or not len(self.binary) == len(self.field) == len(self.cluster):
            raise ValueError(
                f"there are {self.binary.shape} binaries, {self.field.shape} field pairs and "
                f"{self.cluster.shape} clusters: expected (B,), (B, K) and (B,)"
            )

    @property
    def used(self) -> NDArray[np.bool_]:
        """(B,) binaries that have a distance and a field pair."""
        usable: NDArray[np.bool_] = np.isfinite(self.binary) & np.isfinite(self.field).any(axis=1)
        return usable

    @property
    def weight(self) -> Floats:
        """(B, K) by which field pairs count: those of a set share 1."""
        there = np.isfinite(self.field) & self.used[:, None]
        weight: Floats = there / np.maximum(there.sum(axis=1), 1)[:, None]
        return weight


def auc_interval(
    sets: MatchedSets,
    random: np.random.Generator,
    draws: int = DRAWS,
    level: float = LEVEL,
    progress: Progress | None = None,
) -> Auc:
    """Give the AUC of matched sets with its interval.

    Parameters
    ----------
    sets : binaries and field pairs.
    random : source of random numbers.
    draws : of the bootstrap.
    level : of the interval.
    progress : told after each draw.
    """
    values, clusters, field_pairs = _bootstrap((sets,), random, draws, progress)
    low, high = _ends(values[0, 1:], clusters, level) if clusters > 1 else (np.nan, np.nan)
    return Auc(float(values[0, 0]), low, high, int(sets.used.sum()), field_pairs, clusters)


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each of L abundances adds to the AUC: that of all, minus that without it.

    Attributes
    ----------
    without : (L,) AUC without it.
    gain, low, high : (L,) what it adds, and the interval of that, by the same bootstrap draws of both.
    """

    without: Floats
    gain: Floats
    low: Floats
    high: Floats


def contributions(
    sets: MatchedSets,
    binary_without: ArrayLike,
    field_without: ArrayLike,
    random: np.random.Generator,
    draws: int = DRAWS,
    level: float = LEVEL,
    progress: Progress | None = None,
) -> Contributions:
    """Tell what each abundance adds, by leaving it out.

    Parameters
    ----------
    sets : distances over all abundances.
    binary_without, field_without : (L, B) and (L, B, K) without each, as
        `chemical_distance.distances_without_each` gives.
    random, draws, level, progress : as of `auc_interval`.
    """
    lacking = [
        MatchedSets(own, others, sets.cluster)
        for own, others in zip(np.asarray(binary_without), np.asarray(field_without), strict=True)
    ]
    values, clusters, _ = _bootstrap((sets, *lacking), random, draws, progress)
    gain = values[0] - values[1:]
    ends = [_ends(each[1:], clusters, level) if clusters > 1 else (np.nan, np.nan) for each in gain]
    low, high = np.array(ends, dtype=np.float64).reshape(-1, 2).T
    return Contributions(values[1:, 0], gain[:, 0], low, high)


def permutation_test(
    sets: MatchedSets, random: np.random.Generator, draws: int = DRAWS, progress: Progress | None = None
) -> Permutation:
    """Test whether binaries are closer than pairs like them.

    Parameters
    ----------
    sets : binaries and field pairs; those beyond MATCHED stand by.
    random : source of random numbers.
    draws : permutations.
    progress : told after each.
    """
    rows = np.flatnonzero(sets.used)
    rows = rows[random.permutation(len(rows))]
    rows = np.sort(rows[np.unique(sets.cluster[rows], return_index=True)[1]])
    if not len(rows):
        return Permutation(np.nan, np.nan, draws, 0)
    members = np.column_stack([sets.binary[rows], sets.field[rows]])
    codes, levels = _codes(members.ravel())
    codes = codes.reshape(members.shape)
    empty = np.isnan(members)
    order = np.argsort(empty, axis=1, kind="stable")  # the binary stays first
    codes, empty = np.take_along_axis(codes, order, 1), np.take_along_axis(empty, order, 1)
    weight = ~empty[:, 1 : MATCHED + 1] / (~empty[:, 1 : MATCHED + 1]).sum(axis=1)[:, None]
    ones = np.ones(len(rows))

    def area(arranged: Integers) -> float:
        return _area(arranged[:, 0], arranged[:, 1 : MATCHED + 1].ravel(), levels, ones, weight.ravel())

    observed, reached = area(codes), 0
    for draw in range(draws):
        places = np.argsort(random.random(codes.shape) + 2.0 * empty, axis=1)
        reached += area(np.take_along_axis(codes, places, 1)) >= observed - 1e-12
        if progress is not None:
            progress(draw + 1, draws)
    return Permutation((1 + reached) / (1 + draws), observed, draws, len(rows))


def _codes(values: Floats) -> tuple[Integers, int]:
    """Number values by their rank, equal ones alike, and tell how many numbers there are."""
    known, code = np.unique(values, return_inverse=True)
    return code.reshape(-1), len(known)


def _area(own: Integers, others: Integers, levels: int, own_weight: Floats, other_weight: Floats) -> float:
    """AUC of weighted values that are given as ranks; NaN where nothing has weight."""
    mine = np.bincount(own, own_weight, levels)
    theirs = np.bincount(others, other_weight, levels)
    upto = np.cumsum(theirs)
    total = mine.sum() * upto[-1] if levels else 0.0
    return float(mine @ (upto[-1] - upto + theirs / 2) / total) if total > 0 else np.nan


def _bootstrap(
    samples: tuple[MatchedSets, ...], random: np.random.Generator, draws: int, progress: Progress | None
) -> tuple[Floats, int, int]:
    """Give the AUC of each sample, (S, 1 + draws), the observed one first, over the same draws of clusters.

    Also the number of clusters and of field pairs. The first sample says which sets are used.
    """
    rows = np.flatnonzero(samples[0].used)
    weight = samples[0].weight[rows]
    set_of, place = np.nonzero(weight)
    weight = weight[set_of, place]
    names, cluster = np.unique(samples[0].cluster[rows], return_inverse=True)
    ranked = [_codes(np.concatenate([one.binary[rows], one.field[rows][set_of, place]])) for one in samples]
    values = np.full((len(samples), 1 + draws), np.nan)
    for draw in range(1 + draws if len(rows) else 0):
        times = np.ones(len(names), dtype=np.int64)
        if draw:
            times = np.bincount(random.integers(0, len(names), len(names)), minlength=len(names))
        counts = times[cluster].astype(np.float64)
        for which, (codes, levels) in enumerate(ranked):
            values[which, draw] = _area(
                codes[: len(rows)], codes[len(rows) :], levels, counts, counts[set_of] * weight
            )
        if draw and progress is not None:
            progress(draw, draws)
    return values, len(names), len(set_of)


def _ends(values: Floats, clusters: int, level: float) -> tuple[float, float]:
    """Give the ends of the expanded percentile interval of bootstrap values."""
    t = stats.t.ppf((1 + level) / 2, clusters - 1)
    tail = stats.norm.cdf(-np.sqrt(clusters / (clusters - 1)) * t)
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)

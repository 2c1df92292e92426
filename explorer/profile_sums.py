"""The stars of profiles: which they are, and their sums in bins and slices, in one compiled pass."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np
from numpy.typing import NDArray

from data.predicate import Predicate, Where
from data.problem import DataError
from explorer import algebra
from explorer.bitsets import parts_of
from explorer.edges import Edges
from explorer.kernels import Values, Words
from explorer.overtaking import Overtaken, attend, attentive
from explorer.raster import centre_of
from explorer.session import State
from explorer.stars import Stars
from model.profiles import SUMS, Profile, bins_of, bootstrapped, profile

MOST_BINS, MOST_SLICES = 60, 6
NO_SLICES: Edges = (-np.inf, np.inf)
"""All stars are one slice."""
SELECTED = "selected stars"
"""Name of the group that is no subset."""

Floats = NDArray[np.float64]
Progress = Callable[[float], None]
"""Told the share of the work that is done; it may raise to stop it."""


@dataclass(frozen=True)
class Group:
    """Stars that get profiles of their own.

    Attributes
    ----------
    name : of the subset, or SELECTED.
    colour : #rrggbb; "" for the selected stars.
    predicates : all of them hold.
    """

    name: str
    colour: str
    predicates: tuple[Predicate, ...]


@dataclass(frozen=True)
class Asked:
    """What profiles are asked for: quantities, their edges, and groups of stars.

    Attributes
    ----------
    label : that is averaged.
    x : along which.
    slices : quantity that parts stars into slices; "" for one slice of all.
    x_edges, slice_edges : of bins and slices; the last edge belongs to the last of them.
    groups : of stars, the selected ones first.
    """

    label: str
    x: str
    slices: str
    x_edges: Edges
    slice_edges: Edges
    groups: tuple[Group, ...]

    @property
    def ends(self) -> tuple[tuple[float, float], ...]:
        """Both ends of each slice."""
        return tuple(pairwise(self.slice_edges))


Profiles = Mapping[tuple[int, int], Profile]
"""By (number of the group, number of the slice)."""


def groups_of(state: State, *, within: bool) -> tuple[Group, ...]:
    """Groups of a state: the selected stars, and the subsets that are shown.

    Parameters
    ----------
    within : whether stars of subsets have to be selected, too.
    """
    cuts = state.selection.for_view(None)
    subsets = tuple(
        Group(each.name, each.colour, (*(cuts if within else ()), Where(each.condition)))
        for each in algebra.shown(state)
    )
    return (Group(SELECTED, "", cuts), *subsets)


def check(stars: Stars, asked: Asked) -> None:
    """Refuse, as DataError in words, what the catalogue does not have."""
    for quantity in filter(None, (asked.label, asked.x, asked.slices)):
        if not stars.has(quantity):
            raise DataError(f"the catalogue has no '{quantity[:40]}': choose another quantity")
    if asked.label == asked.x:
        raise DataError("a profile of a quantity along itself says nothing: choose another")
    shared = sorted(stars.columns_of(asked.label) & stars.columns_of(asked.x))
    if shared:
        plain = stars.catalogue.described[shared[0]].plain
        raise DataError(
            f"both quantities are made of {plain}, whose errors alone would make a gradient: choose another"
        )
    known: Mapping[str, object] = stars.catalogue.columns
    for group in asked.groups:
        lacking = sorted({name for each in group.predicates for name in each.columns} - known.keys())
        if lacking:
            raise DataError(f"the catalogue has no column {lacking[0][:40]}, which {group.name} needs")


def profiles(stars: Stars, asked: Asked, overtaken: Overtaken) -> Profiles:
    """Find profiles with analytic errors. For the workers; OvertakenError where nobody waits any more."""
    label, x, by = _columns(stars, asked)
    centre = 0.5 * (asked.x_edges[0] + asked.x_edges[-1]), centre_of(label)
    edges = np.array(asked.x_edges), np.array(asked.slice_edges)
    found: dict[tuple[int, int], Profile] = {}
    for number, group in enumerate(asked.groups):
        words = stars.select(group.predicates, attentive(map, overtaken))
        sums = np.zeros((len(asked.ends), len(asked.x_edges) - 1, SUMS))
        for first, last in parts_of(len(stars)):
            attend(overtaken)
            add_sums(words, x, by, label, *edges, *centre, sums, first, last)
        found |= {(number, k): profile(each, centre) for k, each in enumerate(sums)}
    return found


def bootstrapped_profiles(stars: Stars, asked: Asked, draws: int, seed: int, progress: Progress) -> Profiles:
    """Find profiles with bootstrapped errors. For the workers.

    Parameters
    ----------
    draws, seed : each group and slice has random numbers of its own.
    progress : told the share that is done; it may raise to stop.
    """
    columns = _columns(stars, asked)
    edges, slice_edges = np.array(asked.x_edges), np.array(asked.slice_edges)
    many = len(edges) - 1
    chosen: list[tuple[tuple[int, int], Sequence[NDArray[np.float64]], NDArray[np.int64]]] = []
    for number, group in enumerate(asked.groups):
        rows = rows_of(stars.select(group.predicates), len(stars))
        y, x, by = (np.asarray(each[rows], np.float64) for each in columns)
        bins, part = bins_of(x, edges), bins_of(by, slice_edges)
        part[~np.isfinite(y) | (bins < 0)] = -1
        for k in range(len(asked.ends)):
            own = part == k
            chosen.append(((number, k), (x[own], y[own]), bins[own]))
        progress(0.0)
    total, before = sum(len(bins) for *_, bins in chosen) or 1, 0
    found: dict[tuple[int, int], Profile] = {}
    for key, (x, y), bins in chosen:

        def told(done: int, all_draws: int, own: int = len(bins), before: int = before) -> None:
            progress((before + own * done / all_draws) / total)

        random = np.random.default_rng([seed, *key])
        found[key] = bootstrapped(x, y, bins, many, random, draws, told)
        before += len(bins)
    return found


def rows_of(words: Words, many: int) -> NDArray[np.int64]:
    """Rows of a bitset, ascending."""
    return np.flatnonzero(np.unpackbits(words.view(np.uint8), count=many, bitorder="little"))


def _columns(stars: Stars, asked: Asked) -> tuple[Values, Values, Values]:
    """Values of the label, along x, and of what slices are made by."""
    label, x = stars.values(asked.label), stars.values(asked.x)
    return label, x, stars.values(asked.slices) if asked.slices else x


@numba.njit(nogil=True, cache=True)
def add_sums(
    words: Words, x: Values, by: Values, y: Values, x_edges: Floats, by_edges: Floats, centre_x: float,
    centre_y: float, sums: Floats, first: int, last: int,
) -> None:  # fmt: skip
    """Add the sums of `model.profiles` over rows of words `first` to `last`, (slices, bins, SUMS)."""
    slices, many = len(by_edges) - 1, len(x_edges) - 1
    for w in range(first, last):
        word = words[w]
        if word == 0:
            continue
        for i in range(64 * w, min(64 * w + 64, len(x))):
            if not (word >> np.uint64(i - 64 * w)) & np.uint64(1):
                continue
            xi, at, yi = np.float64(x[i]), np.float64(by[i]), np.float64(y[i])
            inside = (xi >= x_edges[0]) & (xi <= x_edges[many]) & np.isfinite(yi)
            if not (inside & (at >= by_edges[0]) & (at <= by_edges[slices])):
                continue
            k, j = 0, 0
            while k < many - 1 and xi >= x_edges[k + 1]:
                k += 1
            while j < slices - 1 and at >= by_edges[j + 1]:
                j += 1
            dx, dy = xi - centre_x, yi - centre_y
            xx, xy = dx * dx, dx * dy
            own = sums[j, k]
            own[0] += 1.0
            own[1] += dx
            own[2] += dy
            own[3] += xx
            own[4] += xy
            own[5] += dy * dy
            own[6] += xx * dx
            own[7] += xx * dy
            own[8] += xy * dy
            own[9] += xx * xx
            own[10] += xx * xy
            own[11] += xy * xy

"""Wide binaries of a catalogue against field pairs matched to them (paper, section 5.2): the whole study."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.problem import DataError
from explorer.abundance_scatter import Scatter
from explorer.binary_options import BinaryOptions
from explorer.binary_sample import BinarySample, matched_name, too_few
from explorer.headway import Progress, told_of
from explorer.pair_source import PairSource
from explorer.star_models import StarModels
from model.auc import (
    Auc,
    Contributions,
    MatchedSets,
    Permutation,
    auc_interval,
    clusters_of,
    contributions,
    permutation_test,
)
from model.balance import Balance, balance
from model.chemical_distance import chemical_distances, differences, distances_without_each
from model.matched_pairs import STAR_WIDTHS, MatchedPairs, Matching, match_pairs
from model.separation import Trend

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

UNUSUAL: Mapping[str, str] = MappingProxyType(
    {
        "abundances": "abundances",
        "teff_cut": "the cut in \N{GREEK CAPITAL LETTER DELTA}Teff",
        "match": "what is matched",
        "trusted": "extrapolated labels",
        "chance": "chance alignments",
        "sigma": "scatters",
    }
)
"""Choices of `BinaryOptions` in words."""
BALANCED: Mapping[str, str] = MappingProxyType(
    {"fe_h": "[Fe/H]", "teff": "Teff", "logg": "log g", "log_snr": "log S/N"}
)
"""What the balance of both samples is looked at in."""


@dataclass(frozen=True, eq=False)
class PairGroup:
    """Pairs and their differences; G is (B,) for binaries and (B, K) for the field.

    Attributes
    ----------
    first, second : G rows of the catalogue; -1 where there is no pair.
    delta : (L, *G) differences in each abundance, first minus second, dex; NaN where there is no pair.
    distance : G chemical distances, eq. 6.
    """

    first: Integers
    second: Integers
    delta: Floats
    distance: Floats


@dataclass(frozen=True, eq=False)
class BinaryResult:
    """What a study found; B binaries that have field pairs, up to K of these each, L abundances.

    Attributes
    ----------
    options : what was chosen, with the abundances that entered.
    pairs_name : what the pairs are.
    left : how many pairs were left after each step, by what it asked for.
    scatter : sigma_i of each abundance.
    binaries, field : the pairs.
    weight : (B, K) by which field pairs count: those of a binary share 1.
    row : (B,) place of each binary in the source of pairs.
    separation : (B,) AU.
    separation_meaning : what that is.
    auc : probability that a binary is closer than a field pair.
    test : whether it could be chance.
    parts : what each abundance adds; None if there is only one.
    balances : how alike both samples are.
    trend : of the distance with the separation.
    exploratory : why p is no test of a hypothesis set beforehand; empty if it is.
    notes : what a reader must know.
    """

    options: BinaryOptions
    pairs_name: str
    left: tuple[tuple[str, int], ...]
    scatter: Mapping[str, Scatter]
    binaries: PairGroup
    field: PairGroup
    weight: Floats
    row: Integers
    separation: Floats
    separation_meaning: str
    auc: Auc
    test: Permutation
    parts: Contributions | None
    balances: tuple[Balance, ...]
    trend: Trend
    exploratory: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def abundances(self) -> tuple[str, ...]:
        """Columns of the abundances."""
        return self.options.abundances


def study_binaries(
    catalogue: Catalogue,
    pairs: PairSource,
    chosen: Flags,
    options: BinaryOptions,
    models: StarModels,
    progress: Progress,
    exploratory: tuple[str, ...] = (),
) -> BinaryResult:
    """Compare binaries with field pairs matched to them.

    Parameters
    ----------
    catalogue : of the stars.
    pairs : of its rows.
    chosen : (N,) stars that pass the cuts; those of `options` come on top.
    options : what else is chosen.
    models : of the catalogue, for the scatter of abundances.
    progress : told how far it is.
    exploratory : why p is only exploratory, beside `options`; see `BinaryResult`.

    Raises
    ------
    DataError
        If the catalogue lacks what is needed, or too few pairs are left.
    """
    sample = BinarySample.of(catalogue, pairs, chosen, options, models)
    seeds = np.random.default_rng(options.seed).spawn(3)
    rules = Matching(
        teff_cut=options.teff_cut,
        star={name: STAR_WIDTHS[name] for name in map(matched_name, options.match) if name != "plate"},
        plate="plate" in options.match,
        sought=options.sought,
    )  # fmt: skip
    matched = match_pairs(
        *sample.ends, sample.stars, sample.eligible, seeds[0], rules, told_of(progress, "binaries matched")
    )
    return _Compared(sample, matched).result((seeds[1], seeds[2]), progress, exploratory)


@dataclass(frozen=True, eq=False)
class _Compared:
    """Binaries that have field pairs, and these."""

    sample: BinarySample
    matched: MatchedPairs

    def result(
        self,
        seeds: tuple[np.random.Generator, np.random.Generator],
        progress: Progress,
        exploratory: tuple[str, ...],
    ) -> BinaryResult:
        """Measure distances, and tell how often binaries are the closer."""
        sample, served = self.sample, np.flatnonzero(self.matched.found)
        left = (*sample.left, ("field pairs like it were found", len(served)))
        if len(served) < 2:
            raise DataError(too_few(left))
        first, second = (ends[served] for ends in sample.ends)
        binaries = self._group(first, second)
        field = self._group(self.matched.first[served], self.matched.second[served])
        sets = MatchedSets(binaries.distance, field.distance, clusters_of(first, second))
        options, which = sample.options, sample.which[served]
        found, parts = self._judged(sets, binaries, field, seeds[0], progress)
        test = permutation_test(sets, seeds[1], options.draws, told_of(progress, "permutations"))
        separation = sample.pairs.separation[which]
        weight = self.matched.weight[served]
        return BinaryResult(
            options=options,
            pairs_name=sample.pairs.name,
            left=left,
            scatter=sample.scatter,
            binaries=binaries,
            field=field,
            weight=weight,
            row=which,
            separation=separation,
            separation_meaning=sample.pairs.separation_meaning,
            auc=found,
            test=test,
            parts=parts,
            balances=tuple(_balances(sample.stars, (first, second), (field.first, field.second), weight)),
            trend=Trend.of(separation, binaries.distance),
            exploratory=(*exploratory, *_unusual(sample.asked)),
            notes=(*sample.pairs.notes, *sample.notes, *_shortage(self.matched, options.sought)),
        )

    @property
    def _sigma(self) -> Floats:
        return np.array([self.sample.scatter[name].dex for name in self.sample.options.abundances])

    def _group(self, first: Integers, second: Integers) -> PairGroup:
        """Differences and distances of pairs."""
        one, other, there = first.ravel(), second.ravel(), first.ravel() >= 0
        names = self.sample.options.abundances
        delta = np.full((len(one), len(names)), np.nan)
        for column, name in enumerate(names):
            delta[there, column] = differences(self.sample.catalogue[name], one[there], other[there])
        distance = chemical_distances(delta, self._sigma)
        return PairGroup(
            first, second, np.moveaxis(delta, 1, 0).reshape(-1, *first.shape), distance.reshape(first.shape)
        )

    def _judged(
        self,
        sets: MatchedSets,
        binaries: PairGroup,
        field: PairGroup,
        random: np.random.Generator,
        progress: Progress,
    ) -> tuple[Auc, Contributions | None]:
        """The AUC and what each abundance adds to it."""
        draws = self.sample.options.draws
        found = auc_interval(sets, random, draws, progress=told_of(progress, "bootstrap"))
        if len(self._sigma) < 2:
            return found, None
        own, others = (
            distances_without_each(group.delta.reshape(len(self._sigma), -1).T, self._sigma)
            for group in (binaries, field)
        )
        others = others.reshape(-1, *field.distance.shape)
        told = told_of(progress, "bootstrap without each abundance")
        return found, contributions(sets, own, others, random, draws, progress=told)


def _balances(
    stars: Mapping[str, NDArray[Any]],
    ends: tuple[Integers, Integers],
    field_ends: tuple[Integers, Integers],
    weight: Floats,
) -> Iterator[Balance]:
    """How alike both samples are in what they may be matched in: of the two stars, difference and mean."""
    for name, words in BALANCED.items():
        if name not in stars:
            continue
        values = stars[name]
        own, other = ((values[one], values[two]) for one, two in (ends, field_ends))  # weight 0 at row -1
        yield balance(
            f"|\N{GREEK CAPITAL LETTER DELTA}{words}|", abs(own[0] - own[1]), abs(other[0] - other[1]), weight
        )
        yield balance(f"mean {words}", (own[0] + own[1]) / 2, (other[0] + other[1]) / 2, weight)


def _unusual(options: BinaryOptions) -> tuple[str, ...]:
    return tuple(f"{UNUSUAL[name]} not as usual" for name in options.unusual)


def _shortage(matched: MatchedPairs, sought: int) -> tuple[str, ...]:
    """What is to be said of binaries that got fewer field pairs than were sought."""
    short = int(((matched.found > 0) & (matched.found < sought)).sum())
    if not short:
        return ()
    return (f"{short:,} binaries have fewer than {sought} field pairs: no more stars are like them",)

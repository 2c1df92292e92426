"""Random pairs of field stars that match given pairs in all but their birth (paper, section 5.2).

Each pair given, such as a wide binary, gets field pairs by rejection sampling: two stars are drawn at random
from those that may be taken, and kept if their |Delta T_eff| is within the cut and their |Delta [Fe/H]|, with
whatever else is to be matched, lies in a window. The window has a fixed width and lies about the binary at
random, so that the binary itself is but one member of its set: were it born like the others, nothing would
tell it from them. The permutation test (`model.auc`) stands on that. No star is taken twice, nor any of a
binary, so that field pairs are independent of each other and of the binaries. Pairs are never listed: only
stars are, and what is drawn from them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Progress = Callable[[int, int], None]
"""Told how many pairs are served, of how many; it may raise to stop."""

TEFF_CUT = 250.0
"""The paper's cut in |Delta T_eff|, K."""
DELTA_FE_H = 0.02
"""Width of the window in |Delta [Fe/H]|, dex: small against what tells pairs apart."""
STAR_WIDTHS: Mapping[str, float] = MappingProxyType({"fe_h": 0.1, "teff": 100.0, "logg": 0.2, "log_snr": 0.2})
"""Widths of windows for each star, to match it too: dex, K, dex, and dex of S/N (a factor of 1.6)."""
BATCH = 1 << 12
"""Proposals made at once."""


@dataclass(frozen=True)
class Matching:
    """What field pairs must share with the pair they are matched to.

    Attributes
    ----------
    teff_cut : largest |Delta T_eff| of any pair, K; inf for none.
    pair : name of a quantity -> width of the window in its absolute difference between the two stars.
    star : name of a quantity -> width of the window in its value, for the first star and for the second.
    plate : whether the stars must come from the plates that the binary's stars are on, first from first.
    sought : field pairs for each.
    proposals : after so many, a pair takes what was found.
    """

    teff_cut: float = TEFF_CUT
    pair: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({"fe_h": DELTA_FE_H}))
    star: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    plate: bool = False
    sought: int = 20
    proposals: int = 1 << 18

    def __post_init__(self) -> None:
        widths = (*self.pair.values(), *self.star.values(), self.teff_cut)
        if not all(width > 0 for width in widths):
            raise ValueError(f"a width or cut of {min(widths)} leaves no pair: give widths above 0")
        if self.sought < 1 or self.proposals < self.sought:
            raise ValueError(
                f"{self.sought} pairs of {self.proposals} proposals are sought: expected 1 or more"
            )


@dataclass(frozen=True, eq=False)
class MatchedPairs:
    """B pairs, each with up to K field pairs.

    Attributes
    ----------
    first, second : (B, K) rows of the field stars; -1 where fewer were found. Those found come first.
    found : (B,) how many there are.
    proposals, accepted : pairs drawn in all, and kept.
    """

    first: Integers
    second: Integers
    found: Integers
    proposals: int
    accepted: int

    @property
    def weight(self) -> Floats:
        """(B, K) by which field pairs count, so that each set counts 1; 0 where there is none."""
        there = self.first >= 0
        weight: Floats = there / np.maximum(self.found, 1)[:, None]
        return weight


def within_cuts(
    first: ArrayLike, second: ArrayLike, eligible: ArrayLike, teff: ArrayLike, teff_cut: float = TEFF_CUT
) -> Flags:
    """Tell which pairs pass the cuts that field pairs must pass too.

    Parameters
    ----------
    first, second : (B,) rows of the stars.
    eligible : (N,) stars that may be used: such as dwarfs of good quality that have all abundances chosen.
    teff : (N,) K.
    teff_cut : largest |Delta T_eff|, K, itself excluded as in the paper.

    Returns
    -------
    (B,); False where T_eff is missing.
    """
    one, other = np.asarray(first), np.asarray(second)
    usable, heat = np.asarray(eligible, dtype=np.bool_), np.asarray(teff, dtype=np.float64)
    passed: Flags = usable[one] & usable[other] & (np.abs(heat[one] - heat[other]) < teff_cut)
    return passed


def match_pairs(
    first: ArrayLike,
    second: ArrayLike,
    stars: Mapping[str, ArrayLike],
    eligible: ArrayLike,
    random: np.random.Generator,
    matching: Matching | None = None,
    progress: Progress | None = None,
) -> MatchedPairs:
    """Draw field pairs for each of B pairs.

    Parameters
    ----------
    first, second : (B,) rows of their stars, which pass `within_cuts`.
    stars : by name, (N,) each: teff, whatever `matching` names, and plate (a whole number) if it is shared.
        S/N is matched as log_snr, its decimal logarithm.
    eligible : (N,) stars that may be taken, by the same cuts as those of the pairs.
    random : source of random numbers.
    matching : what they share; the paper's if None.
    progress : told after each pair.

    Raises
    ------
    ValueError
        If a quantity is not among `stars`.
    """
    rules = Matching() if matching is None else matching
    names = ("teff", *rules.pair, *rules.star, *(("plate",) if rules.plate else ()))
    lacking = sorted({name for name in names if name not in stars})
    if lacking:
        raise ValueError(f"pairs are to be matched by {', '.join(lacking)}, which the stars do not have")
    known = {name: np.asarray(stars[name]) for name in names}
    ends = np.stack([np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)], axis=1)
    field_stars = _Field.of(known, np.asarray(eligible, dtype=np.bool_), ends, rules, random)
    number = len(ends)
    rows = np.full((2, number, rules.sought), -1, dtype=np.int64)
    found, proposals = np.zeros(number, dtype=np.int64), 0
    for served, pair in enumerate(random.permutation(number), 1):  # none is served first always
        binary = {name: values[ends[pair]] for name, values in known.items()}
        taken, tried = field_stars.pairs_for(binary)
        found[pair], proposals = len(taken), proposals + tried
        rows[:, pair, : len(taken)] = field_stars.row[np.array(taken, dtype=np.int64).reshape(-1, 2).T]
        if progress is not None:
            progress(served, number)
    return MatchedPairs(rows[0], rows[1], found, proposals, int(found.sum()))


@dataclass(frozen=True, eq=False)
class _Field:
    """M field stars in the order of plate and T_eff, where windows are stretches.

    Attributes
    ----------
    value : (M,) each, by name.
    row : (M,) of the catalogue.
    used : (M,) those taken already: grows.
    """

    value: Mapping[str, NDArray[Any]]
    row: Integers
    used: Flags
    rules: Matching
    random: np.random.Generator

    @classmethod
    def of(
        cls,
        known: Mapping[str, NDArray[Any]],
        eligible: Flags,
        ends: Integers,
        rules: Matching,
        random: np.random.Generator,
    ) -> "_Field":
        """Keep the stars that may be taken: eligible, of no binary, with all that is matched."""
        free = eligible.copy()
        free[ends] = False
        for values in known.values():
            free &= np.isfinite(values)
        row = np.flatnonzero(free)
        keys = [known["teff"][row], *([known["plate"][row]] if rules.plate else [])]
        row = row[np.lexsort(keys)]
        value = {name: values[row] for name, values in known.items()}
        return cls(value, row, np.zeros(len(row), dtype=np.bool_), rules, random)

    def pairs_for(self, binary: Mapping[str, NDArray[Any]]) -> tuple[list[tuple[int, int]], int]:
        """Draw pairs of places in the field for one binary, of which `binary` has the values of both stars.

        Returns
        -------
        the pairs, and the number of proposals made.
        """
        apart = {name: abs(float(binary[name][0]) - float(binary[name][1])) for name in self.rules.pair}
        centre = {name: self._centre(value, self.rules.pair[name]) for name, value in apart.items()}
        one, other = (self._candidates({name: both[end] for name, both in binary.items()}) for end in (0, 1))
        taken: list[tuple[int, int]] = []
        tried, there = 0, len(one) * len(other)
        if not there or not np.isfinite(list(centre.values())).all():
            return taken, tried
        most = min(there, self.rules.proposals)
        while tried < most and len(taken) < self.rules.sought:
            if there <= BATCH:  # few: each of them once
                which = np.divmod(self.random.permutation(there), len(other))
            else:
                draws = [self.random.integers(0, len(stars), BATCH) for stars in (one, other)]
                which = draws[0], draws[1]
            first, second = _places(one, which[0]), _places(other, which[1])
            tried += len(first)
            self._take(*self._matching(first, second, centre), taken)
        return taken, tried

    def _centre(self, value: float, width: float) -> float:
        """Lay a window about a value at random, so that the value may be anywhere in it."""
        return value + width * (self.random.random() - 0.5)

    def _candidates(self, star: Mapping[str, Any]) -> range | Integers:
        """Find the places of stars in the windows about one star of a binary."""
        start, stop = 0, len(self.row)
        if self.rules.plate:
            plate = self.value["plate"]
            start, stop = (int(np.searchsorted(plate, star["plate"], side)) for side in ("left", "right"))
        windows = {name: self._centre(float(star[name]), width) for name, width in self.rules.star.items()}
        if "teff" in windows:
            stretch, half = self.value["teff"][start:stop], self.rules.star["teff"] / 2
            centre = windows.pop("teff")
            ends = np.searchsorted(stretch, [centre - half, centre + half])
            start, stop = start + int(ends[0]), start + int(ends[1])
        if not windows:
            return range(start, stop)
        inside = np.ones(stop - start, dtype=np.bool_)
        for name, centre in windows.items():
            inside &= np.abs(self.value[name][start:stop] - centre) <= self.rules.star[name] / 2
        return start + np.flatnonzero(inside)

    def _matching(
        self, first: Integers, second: Integers, centre: Mapping[str, float]
    ) -> tuple[Integers, Integers]:
        """Keep the proposals that match."""
        teff = self.value["teff"]
        kept = (first != second) & (np.abs(teff[first] - teff[second]) < self.rules.teff_cut)
        for name, middle in centre.items():
            values = self.value[name]
            apart = np.abs(values[first].astype(np.float64) - values[second])
            kept &= np.abs(apart - middle) <= self.rules.pair[name] / 2
        kept &= ~(self.used[first] | self.used[second])
        return first[kept], second[kept]

    def _take(self, first: Integers, second: Integers, taken: list[tuple[int, int]]) -> None:
        """Take pairs in turn until there are enough, no star twice."""
        for pair in zip(first.tolist(), second.tolist(), strict=True):
            if len(taken) == self.rules.sought:
                return
            if not self.used[list(pair)].any():
                self.used[list(pair)] = True
                taken.append(pair)


def _places(candidates: range | Integers, which: Integers) -> Integers:
    if isinstance(candidates, range):
        return candidates.start + which
    places: Integers = candidates[which]
    return places

"""Which binaries of a catalogue, and which of its stars, take part in a study: every cut is counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.problem import DataError
from explorer.abundance_scatter import CALIBRATED, Scatter, is_abundance, is_calibrated, scatters_of
from explorer.binary_options import BinaryOptions
from explorer.pair_source import PairSource
from explorer.star_models import StarModels
from explorer.survey import ALL, DWARFS, GIANTS
from model.chemical_distance import differences

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

GIANT_FLAG: Mapping[str, int] = MappingProxyType({DWARFS: 0, GIANTS: 1})
"""What giantmodel says of each kind."""
COMMON = 0.5
"""An abundance that fewer of the stars have is not among the usual ones."""


def kinds_of(catalogue: Catalogue) -> tuple[str, ...]:
    """Kinds of stars that a catalogue tells apart: two, as labels of two models are not to be compared."""
    return (DWARFS, GIANTS) if "giantmodel" in catalogue else (ALL,)


def abundances_of(catalogue: Catalogue) -> tuple[str, ...]:
    """Abundances relative to iron that a catalogue has."""
    return tuple(
        name for name, column in catalogue.described.items()
        if is_abundance(name) and column.is_number and name in catalogue
    )  # fmt: skip


_BESIDE = ("logg", "snrz")


@dataclass(frozen=True, eq=False)
class BinarySample:
    """Stars that may take part, and the binaries among them.

    Attributes
    ----------
    catalogue, pairs : of the study.
    asked, options : as a person chose, and with the abundances that enter.
    stars : (N,) quantities to match in, and log g and S/N.
    eligible : (N,) stars that pass all cuts.
    which : (B,) places of binaries in `pairs`.
    left, scatter, notes : see BinaryResult.
    """

    catalogue: Catalogue
    pairs: PairSource
    asked: BinaryOptions
    options: BinaryOptions
    stars: Mapping[str, NDArray[Any]]
    eligible: Flags
    which: Integers
    left: tuple[tuple[str, int], ...]
    scatter: Mapping[str, Scatter]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        catalogue: Catalogue,
        pairs: PairSource,
        chosen: Flags,
        options: BinaryOptions,
        models: StarModels,
    ) -> "BinarySample":
        """Apply the cuts one after the other, and count what each leaves."""
        stars = _quantities(catalogue, options)
        funnel = _Funnel(pairs)
        funnel.keep("both stars pass the cuts", both=chosen)
        kind, notes = _kind(catalogue, options.kind)
        usable = chosen & kind
        funnel.keep(_kind_words(options.kind), both=kind)
        if funnel.kept.sum() < 2:
            raise DataError(too_few(funnel.left))
        asked = options
        if any(is_calibrated(name) for name in asked.abundances):
            unused = _not_learned_from(catalogue)
            usable = usable & unused
            funnel.keep("neither star was calibrated by", both=unused)
        options, scatter, more = _with_abundances(catalogue, asked, models, usable)
        eligible = usable & _measured(catalogue, options, stars)
        funnel.keep("all abundances, Teff and [Fe/H] are there", both=eligible)
        if options.trusted:
            eligible &= _trusted(catalogue, options.abundances)
            funnel.keep("no label used is extrapolated", both=eligible)
        if pairs.chance is not None and np.isfinite(options.chance):
            funnel.keep(
                f"odds of a chance alignment up to {options.chance:g}", pairs.chance <= options.chance
            )
        if np.isfinite(options.teff_cut):
            apart = np.abs(differences(stars["teff"], pairs.found.first, pairs.found.second))
            funnel.keep(
                f"|\N{GREEK CAPITAL LETTER DELTA}Teff| < {options.teff_cut:g} K", apart < options.teff_cut
            )
        which = np.flatnonzero(funnel.kept)
        if len(which) < 2:
            raise DataError(too_few(funnel.left))
        return cls(
            catalogue,
            pairs,
            asked,
            options,
            stars,
            eligible,
            which,
            tuple(funnel.left),
            scatter,
            (*notes, *more),
        )

    @property
    def ends(self) -> tuple[Integers, Integers]:
        """(B,) rows of both stars of the binaries."""
        return self.pairs.found.first[self.which], self.pairs.found.second[self.which]


class _Funnel:
    """Counts the pairs that are left."""

    def __init__(self, pairs: PairSource) -> None:
        self._pairs = pairs
        self.kept = np.ones(len(pairs), np.bool_)
        self.left = [("both stars are in the catalogue", len(pairs))]

    def keep(self, what: str, passed: Flags | None = None, *, both: Flags | None = None) -> None:
        """Keep the pairs that pass, or of which both stars do."""
        if both is not None:
            passed = both[self._pairs.found.first] & both[self._pairs.found.second]
        if passed is not None:
            self.kept &= passed
        self.left.append((what, int(self.kept.sum())))


def _needed(options: BinaryOptions) -> tuple[str, ...]:
    return tuple(dict.fromkeys(("teff", "fe_h", *options.match)))


def _quantities(catalogue: Catalogue, options: BinaryOptions) -> dict[str, NDArray[Any]]:
    """What stars are matched in, and what else the balance of both samples is looked at in."""
    needed = _needed(options)
    lacking = [name for name in needed if name not in catalogue]
    if lacking:
        why = catalogue.missing.get(lacking[0], "the file has no such column")
        raise DataError(f"the catalogue lacks {', '.join(lacking)}, which pairs are matched in: {why}")
    stars: dict[str, NDArray[Any]] = {}
    for name in dict.fromkeys((*needed, *(name for name in _BESIDE if name in catalogue))):
        values = np.asarray(catalogue[name])
        if name == "plate":
            values = np.unique(values, return_inverse=True)[1].astype(np.float32)
            values[np.asarray(catalogue[name]) == b""] = np.nan
        if name == "snrz":
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.where(values > 0, np.log10(values), np.nan)
        stars[matched_name(name)] = values
    return stars


def _kind(catalogue: Catalogue, kind: str) -> tuple[Flags, tuple[str, ...]]:
    """Which stars are of a kind, and what is to be said of that."""
    if kind in GIANT_FLAG and "giantmodel" in catalogue:
        return np.asarray(catalogue["giantmodel"]) == GIANT_FLAG[kind], ()
    if kind in GIANT_FLAG:
        raise DataError("the catalogue does not tell dwarfs from giants (giantmodel): choose all stars")
    notes = ("the labels of dwarfs and giants come from two models, whose zero points may differ",)
    return np.ones(len(catalogue), np.bool_), notes if "giantmodel" in catalogue else ()


def _kind_words(kind: str) -> str:
    return {DWARFS: "both are dwarfs", GIANTS: "both are giants"}.get(kind, "dwarfs and giants alike")


def _with_abundances(
    catalogue: Catalogue, options: BinaryOptions, models: StarModels, usable: Flags
) -> tuple[BinaryOptions, Mapping[str, Scatter], tuple[str, ...]]:
    """Options with the abundances that enter, their scatter, and what is to be said of both."""
    known = abundances_of(catalogue)
    rows = np.flatnonzero(usable)
    asked = (*options.abundances, *options.sigma)
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise DataError(
            f"the catalogue has no abundance '{unknown[0][:40]}': it has {', '.join(known) or 'none'}"
        )
    names = tuple(dict.fromkeys(options.abundances)) or tuple(
        name for name in known
        if not is_calibrated(name) and rows.size and np.isfinite(catalogue[name][rows]).mean() >= COMMON
    )  # fmt: skip
    twice = [name for name in names if is_calibrated(name) and name.removeprefix(CALIBRATED) in names]
    if twice:
        own = twice[0].removeprefix(CALIBRATED)
        raise DataError(f"{own} and {twice[0]} are one abundance, without and with calibration: choose one")
    if not names:
        raise DataError("no abundance is known of half of these stars: choose others, or other cuts")
    scatter = scatters_of(catalogue, models, options.kind, names, rows, options.sigma)
    lacking = [name for name in names if not scatter[name].dex > 0]
    if options.abundances and lacking:
        raise DataError(
            f"nobody knows how well {', '.join(lacking)} is measured: there is no validated model and no "
            f"published error; type its scatter, as {lacking[0]}=0.1"
        )
    names = tuple(name for name in names if name not in lacking)
    if not names:
        raise DataError(
            "nobody knows how well abundances are measured: there is no validated model and there are no "
            f"published errors; type their scatters, as {lacking[0]}=0.1"
        )
    notes = (f"left out, as their scatter is not known: {', '.join(lacking)}",) if lacking else ()
    chosen = MappingProxyType({name: scatter[name] for name in names})
    return replace(options, abundances=names), chosen, notes


def _measured(catalogue: Catalogue, options: BinaryOptions, stars: Mapping[str, NDArray[Any]]) -> Flags:
    """Stars that have all that is compared and matched."""
    there = np.ones(len(catalogue), np.bool_)
    matched = (stars[matched_name(name)] for name in _needed(options))
    for values in (*matched, *(catalogue[name] for name in options.abundances)):
        there &= np.isfinite(values)
    return there


def _not_learned_from(catalogue: Catalogue) -> Flags:
    """Stars by which no label was calibrated: those can judge it. One without the flag is left out."""
    if "calibrator" not in catalogue:
        raise DataError(
            "the catalogue has calibrated labels and does not flag the stars they were learned from "
            "(calibrator), which must not be compared by them: choose labels that are not calibrated"
        )
    unused: Flags = np.asarray(catalogue["calibrator"]) == 0
    return unused


def _trusted(catalogue: Catalogue, abundances: tuple[str, ...]) -> Flags:
    """Stars of which no label that is used is flagged as extrapolated."""
    plain = [name.removeprefix(CALIBRATED) for name in abundances]
    flags = [f"{name}_extrap" for name in ("kiel", "fe_h", *plain)]
    present = [name for name in flags if name in catalogue]
    if not present:
        raise DataError("the catalogue does not flag what is extrapolated: leave that choice out")
    sound = np.ones(len(catalogue), np.bool_)
    for name in present:
        sound &= np.asarray(catalogue[name]) != 1
    return sound


def too_few(left: Sequence[tuple[str, int]]) -> str:
    """Say that no study can be made of so few pairs, and where the others were lost."""
    told = "; ".join(f"{what}: {number:,}" for what, number in left)
    return f"too few pairs are left to study ({told}): widen the cuts, or give more pairs"


def matched_name(column: str) -> str:
    """What a column is matched as: S/N by its logarithm."""
    return "log_snr" if column == "snrz" else column

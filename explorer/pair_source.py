"""Where a catalogue's pairs come from: a table that a person names, or those planted in a mock survey."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.pair_table import PairTable, read_pairs
from data.pairs import CataloguePairs, PairReport, pairs_by_id, pairs_by_place
from data.problem import DataError
from model.epoch import propagate
from model.separation import projected_separation

Floats = NDArray[np.float64]

PLANTED = "true_binary"
"""Column of a mock survey that numbers its wide binaries."""
NO_PAIRS = (
    "no pairs are given, and the catalogue is no mock survey with planted ones: give a table of pairs, such "
    "as that of El-Badry et al. (2021), zenodo.org/record/4435257"
)


@dataclass(frozen=True)
class PairFile:
    """A table of pairs as a person names it; see `data.pair_table.read_pairs`.

    Attributes
    ----------
    path : the table.
    kind, ids, stars, gaia_release : how it is read.
    by_place : whether pairs are found by position instead of by identifier.
    epoch : Julian year of the catalogue's positions, from which they are moved to the table's; None to leave
        them.
    """

    path: Path
    kind: str | None = None
    ids: tuple[str, str] | None = None
    stars: Path | None = None
    gaia_release: str | None = None
    by_place: bool = False
    epoch: float | None = None


@dataclass(frozen=True, eq=False)
class PairSource:
    """K pairs of a catalogue's stars.

    Attributes
    ----------
    found : their rows, and what became of the others.
    name : what they are, for people: a file's name and its kind, or that they are planted.
    separation : (K,) AU; NaN where not known.
    separation_meaning : what that is.
    chance : (K,) odds of a chance alignment; None if the table does not tell.
    notes : what its users must know.
    """

    found: CataloguePairs
    name: str
    separation: Floats
    separation_meaning: str
    chance: Floats | None
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.found)


def pairs_of(catalogue: Catalogue, file: PairFile | None) -> PairSource | None:
    """Find the pairs of a table in a catalogue; without a table those planted in it, None if none are.

    Raises
    ------
    DataError
        If the table can't be read, or its pairs can't be told from others in the catalogue.
    """
    if file is not None:
        return _given(catalogue, file)
    return _planted(catalogue) if catalogue.mock and PLANTED in catalogue else None


def _given(catalogue: Catalogue, file: PairFile) -> PairSource:
    table = read_pairs(file.path, file.kind, ids=file.ids, stars=file.stars, gaia_release=file.gaia_release)
    if file.by_place:
        found = pairs_by_place(table, *_places(catalogue, file.epoch, table.epoch))
    else:
        if "source_id" not in catalogue:
            raise DataError("the catalogue has no source_id: have pairs matched by position (--by-place)")
        found = pairs_by_id(
            table, np.asarray(catalogue["source_id"]), catalogue.metadata.get("gaia_release", "")
        )
    chance = table.columns.get("chance")
    separation, meaning = _separations(catalogue, found, table)
    return PairSource(
        found=found,
        name=f"{file.path.name} ({table.kind}, Gaia {table.gaia_release})",
        separation=separation,
        separation_meaning=meaning,
        chance=None if chance is None else np.asarray(chance, np.float64)[found.row],
        notes=table.notes,
    )


def _places(catalogue: Catalogue, epoch: float | None, to_epoch: float) -> tuple[Floats, Floats]:
    """Positions of the catalogue's stars at the table's epoch."""
    if not {"ra", "dec"} <= catalogue.columns.keys():
        raise DataError("the catalogue has no ra and dec: pairs can't be matched by position")
    ra, dec = (np.asarray(catalogue[name], np.float64) for name in ("ra", "dec"))
    if epoch is None:
        return ra, dec
    if not {"pmra", "pmdec"} <= catalogue.columns.keys():
        raise DataError("the catalogue has no proper motions to move its positions by: leave the epoch out")
    if not np.isfinite(to_epoch):
        raise DataError("the table of pairs does not say of which epoch its positions are: leave it out")
    return propagate(ra, dec, catalogue["pmra"], catalogue["pmdec"], epoch, to_epoch)


def _planted(catalogue: Catalogue) -> PairSource | None:
    """The wide binaries of a mock survey, whose stars share a number."""
    number = np.asarray(catalogue[PLANTED])
    rows = np.flatnonzero(number >= 0)
    rows = rows[np.lexsort([rows, number[rows]])]
    names, start, stars = np.unique(number[rows], return_index=True, return_counts=True)
    whole = stars == 2
    first, second = rows[start[whole]], rows[start[whole] + 1]
    if not len(first):
        return None
    report = PairReport(
        pairs=len(names), nameless=0, absent=0, alone=int((stars == 1).sum()), single=0, repeated=0,
        found=len(first), shared=0, doubtful=0,
    )  # fmt: skip
    found = CataloguePairs(first, second, names[whole], report)
    separation, meaning = _separations(catalogue, found, None)
    return PairSource(
        found, "MOCK binaries, planted with the abundances of one birth", separation, meaning, None, ()
    )


def _separations(catalogue: Catalogue, found: CataloguePairs, table: PairTable | None) -> tuple[Floats, str]:
    """The table's own separations, else angles times distances of the catalogue."""
    if table is not None and "separation" in table.columns:
        space = table.kind == "oh-2017"
        meaning = "distance in space" if space else "projected"
        return np.asarray(table.columns["separation"], np.float64)[found.row], f"{meaning}, of the table"
    if not {"ra", "dec", "distance"} <= catalogue.columns.keys():
        return np.full(len(found), np.nan), "not known"

    def at(name: str) -> Callable[[NDArray[Any]], Floats]:
        return lambda rows: np.asarray(catalogue[name], np.float64)[rows]

    ra, dec, distance = at("ra"), at("dec"), at("distance")
    apart = projected_separation(
        ra(found.first), dec(found.first), ra(found.second), dec(found.second),
        (distance(found.first) + distance(found.second)) / 2,
    )  # fmt: skip
    return apart, "projected, from the catalogue's positions and mean distances"

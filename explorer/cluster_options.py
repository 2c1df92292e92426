"""What a person chose of an open cluster: a cut or identifiers, checked before anything is computed."""

import math
import re
from dataclasses import dataclass, fields
from typing import Any

from data.problem import DataError
from explorer.binary_options import KINDS
from explorer.survey import DWARFS
from model.clusters import ClusterCut

LONGEST = 60_000
"""Letters that a list of identifiers may have: some 3000 of them."""
MOST_IDS = 3000
LARGEST_ID = 2**63 - 1
LIMITS: dict[str, tuple[str, float, float]] = {
    "ra": ("the right ascension, in degrees,", 0, 360),
    "dec": ("the declination, in degrees,", -90, 90),
    "radius": ("the radius, in degrees,", 1e-4, 90),
    "pmra": ("the proper motion in right ascension, in mas/yr,", -20_000, 20_000),
    "pmdec": ("the proper motion in declination, in mas/yr,", -20_000, 20_000),
    "pm_radius": ("the limit on proper motion, in mas/yr,", 1e-3, 20_000),
    "distance": ("the distance, in kpc,", 0, 1000),
    "depth": ("the limit on distance, in kpc,", 1e-6, 1000),
}
"""Of each number of a cut: what it is, and between which ends it must be."""
OPEN = ("pm_radius", "depth")
"""Those that may be infinite: no limit."""

NEEDS = (
    ("a cone", None, ("ra", "dec", "radius")),
    ("a limit on proper motion", "pm_radius", ("pmra", "pmdec")),
    ("a limit on distance", "depth", ("distance",)),
)
"""What numbers a limit goes with."""


@dataclass(frozen=True)
class ClusterOptions:
    """Choices, all within their bounds.

    Attributes
    ----------
    cut : of the members; None where they are named.
    ids : Gaia identifiers of the members, of the catalogue's own release.
    kind : which stars, a key of KINDS.
    trusted : whether extrapolated labels are left out.
    draws, seed : of the bootstrap.
    """

    cut: ClusterCut | None = None
    ids: tuple[int, ...] = ()
    kind: str = DWARFS
    trusted: bool = False
    draws: int = 1000
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse, with a DataError, what is out of bounds."""
        if self.kind not in tuple(KINDS):
            raise DataError(f"'{str(self.kind)[:40]}' is no kind of stars: choose {', '.join(KINDS)}")
        if (self.cut is None) == (not self.ids):
            raise DataError("members are those of a cone or those of a list: give one of the two")
        for what, value, low, high in (
            ("the number of draws", self.draws, 100, 100_000),
            ("the seed", self.seed, 0, 2**32 - 1),
        ):
            if type(value) is not int or not low <= value <= high:
                raise DataError(f"{what} is {str(value)[:20]}: give a whole number from {low:,} to {high:,}")
        if self.cut is not None:
            for each in fields(self.cut):
                _check(each.name, getattr(self.cut, each.name))


def _check(name: str, value: Any) -> None:
    what, low, high = LIMITS[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not (low <= value <= high or (name in OPEN and value == math.inf)):
        none = ", or nothing for no limit" if name in OPEN else ""
        raise DataError(f"{what} is {str(value)[:20]}: give a number from {low:g} to {high:g}{none}")


def cut_of(*numbers: float | None) -> ClusterCut:
    """A cut of the numbers of LIMITS, in order; None and infinity where there is no limit.

    Raises
    ------
    DataError
        If a number is missing that another one needs.
    """
    given = {name: number for name, number in zip(LIMITS, numbers, strict=True) if number is not None}
    for why, limit, needed in NEEDS:
        if limit is not None and given.get(limit, math.inf) == math.inf:
            continue
        for name in needed:
            if name not in given:
                raise DataError(f"{why} needs {LIMITS[name][0].rstrip(',')}: give it, or no limit")
    return ClusterCut(**given)


def identifiers(text: str) -> tuple[int, ...]:
    """Read Gaia identifiers between commas, spaces or lines, each once; DataError where one is none."""
    if len(text) > LONGEST:
        raise DataError(f"that is too long for a list of identifiers: at most {LONGEST:,} letters")
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    for word in words:
        if not re.fullmatch(r"[0-9]{1,19}", word) or int(word) > LARGEST_ID:
            raise DataError(f"'{word[:30]}' is no Gaia identifier: give whole numbers, as 661322846519248896")
    found = tuple(dict.fromkeys(map(int, words)))
    if not found:
        raise DataError("no identifier is given: type Gaia source_ids between commas, or choose a cone")
    if len(found) > MOST_IDS:
        raise DataError(f"{len(found):,} identifiers are given: at most {MOST_IDS:,} can be")
    return found

"""What a catalogue says of one star: its numbers, its names, and pages elsewhere that know it."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.schema import COLUMNS
from explorer.overtaking import Overtaken, OvertakenError
from explorer.standing import Standing

KINDS: Mapping[int, tuple[str, str]] = {1: ("giant", "giants"), 0: ("dwarf", "dwarfs")}
"""What giantmodel says of a star, and the others of its kind."""

WINDOWS = tuple(name for name in COLUMNS if name.startswith("chi2_"))
"""Columns of chi2 near the lines of an element."""

LAMOST_PAGE = "https://www.lamost.org/dr7/v2.0/spectrum/view?obsid="
SIMBAD_PAGE = "https://simbad.cds.unistra.fr/simbad/sim-id?Ident="
GAIA_PAGE = "https://vizier.cds.unistra.fr/viz-bin/VizieR-S?"
RELEASES = ("DR2", "DR3")
"""Of Gaia, whose identifiers those pages know."""


@dataclass(frozen=True)
class Published:
    """What a catalogue says of one star.

    Attributes
    ----------
    catalogue : the catalogue.
    row : of the star.
    """

    catalogue: Catalogue
    row: int

    def number(self, name: str) -> float:
        """A value, NaN where it is missing."""
        if name not in self.catalogue:
            return math.nan
        value = self.catalogue[name][self.row]
        column = self.catalogue.described[name]
        if column.dtype == "str" or (column.dtype.startswith("int") and value == column.missing):
            return math.nan
        return float(value)

    def whole(self, name: str) -> int | None:
        """A whole number, exactly; None where it is missing."""
        if name not in self.catalogue:
            return None
        value = int(self.catalogue[name][self.row])
        return None if value == self.catalogue.described[name].missing else value

    def text(self, name: str) -> str:
        """A text, not escaped; "" where it is missing."""
        if name not in self.catalogue:
            return ""
        return bytes(self.catalogue[name][self.row]).decode("utf-8", "replace")

    def labels(self, names: Sequence[str]) -> dict[str, float]:
        """Values of labels."""
        return {name: self.number(name) for name in names}

    @cached_property
    def _kindred(self) -> NDArray[np.bool_]:
        same: NDArray[np.bool_] = np.asarray(self.catalogue["giantmodel"]) == self.whole("giantmodel")
        return same

    @cached_property
    def standing(self) -> Standing:
        """Where its chi2 stands among stars of its kind; looked through the catalogue once."""
        return Standing.of(self.number("chi2"), self.catalogue["chi2"], self._kindred)

    @cached_property
    def _windows(self) -> dict[str, Standing]:
        return {}

    def window_standings(self, overtaken: Overtaken = lambda: False) -> Mapping[str, Standing]:
        """Likewise where chi2 near the lines of each element stands, by the name of its column.

        Raises
        ------
        OvertakenError
            If that is no longer asked for; what was found is kept.
        """
        known = [name for name in WINDOWS if math.isfinite(self.number(name))] if self.kind else []
        for name in known:
            if overtaken():
                raise OvertakenError
            if name not in self._windows:
                self._windows[name] = Standing.of(self.number(name), self.catalogue[name], self._kindred)
        return MappingProxyType(self._windows)

    @property
    def kind(self) -> tuple[str, str] | None:
        """Whether it is a giant or a dwarf, and what others of its kind are called."""
        value = self.whole("giantmodel")
        return None if value is None else KINDS.get(value)


def head_of(star: Published) -> str:
    """Name and facts in a line."""
    names = []
    if (obsid := star.whole("obsid")) is not None:
        names.append(f"obsid {obsid}")
    if designation := star.text("designation"):
        names.append(html.escape(designation))
    if (source := star.whole("source_id")) is not None:
        release = star.catalogue.metadata.get("gaia_release", "")
        names.append(f"Gaia {html.escape(release)} {source}".replace("  ", " "))
    first, *others = names or [f"row {int(star.catalogue.source_row[star.row])} of the file"]
    facts = ["MOCK star", *others] if star.catalogue.mock else [*others]
    for name, words in (("snrz", "S/N (z)"), ("n_obs", "observations")):
        if math.isfinite(value := star.number(name)):
            facts.append(f"{words} {value:.0f}")
    return f"<b>{first}</b> <small>{' · '.join(facts)}</small>"


def links_of(star: Published) -> list[list[str]]:
    """[words, address] of pages elsewhere; none for stars that do not exist."""
    if star.catalogue.mock:
        return []
    found: list[list[str]] = []
    obsid, source = star.whole("obsid"), star.whole("source_id")
    release = star.catalogue.metadata.get("gaia_release", "").replace("EDR3", "DR3")
    if obsid is not None:
        found.append(["LAMOST", f"{LAMOST_PAGE}{obsid}"])
    if source is not None and release in RELEASES:
        found.append(["Gaia", f"{GAIA_PAGE}{quote(f'Gaia {release} {source}')}"])
        found.append(["SIMBAD", f"{SIMBAD_PAGE}{quote(f'Gaia {release} {source}')}"])
    elif designation := star.text("designation"):
        found.append(["SIMBAD", f"{SIMBAD_PAGE}{quote('LAMOST ' + designation.removeprefix('LAMOST '))}"])
    return found

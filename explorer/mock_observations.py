"""Spectra of mock stars one by one, as a place of spectra: made when they are asked for, never stored."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.lamost import LamostSpectrum
from data.observation_name import MOST, ObservationName, Star
from data.problem import DataError
from data.row_groups import RowGroups
from data.spectra import Found, Observation
from explorer.mock_spectra import SEED, MockSpectra
from explorer.sources import MOCK_FILE
from model.dust import K_PER_V
from model.identity import FIRST_OBSID
from model.synthesis import NEEDED, Synthesis
from model.wavelength import redshift

STARS = "stars.parquet"
"""The table of a mock survey's stars, in the folder in which its catalogue was built."""
ORIGIN = "mock spectrum, made by the explorer"
_TRUE = "true_"
_SURVEYED = (
    "number",
    "epoch",
    "obsid",
    "designation",
    "plate",
    "lmjd",
    "ra",
    "dec",
    "rv",
    *("snrg", "snrz", "a_k"),
)

Columns = Mapping[str, NDArray[Any]]
Known = Mapping[str, Any]


@dataclass(eq=False)
class MockObservations:
    """Spectra of the stars of a mock survey; several threads may ask for them.

    Attributes
    ----------
    seed : of every random number.
    known : truth and circumstances of one observation; None for what is not of the survey.
    repeats : names of the other observations of its star.
    """

    seed: int
    known: Callable[[ObservationName], Known | None]
    repeats: Callable[[Known], Sequence[ObservationName]] = lambda _known: ()

    @classmethod
    def of(cls, catalogue: Catalogue) -> "MockObservations":
        """Those of a mock catalogue, by the table of its survey's stars where that still lies beside it.

        Raises
        ------
        DataError
            As `of_catalogue` and `of_survey`.
        """
        stars = catalogue.source.parent.parent / STARS
        if stars.is_file():
            return cls.of_survey(stars)
        return cls.of_catalogue(catalogue.columns, catalogue.metadata)

    @classmethod
    def of_catalogue(cls, columns: Columns, metadata: Mapping[str, str]) -> "MockObservations":
        """Those of the embedded mock catalogue, whose rows are one spectrum each.

        Raises
        ------
        DataError
            If it lacks what spectra are made of.
        """
        needed = (*(f"{_TRUE}{name}" for name in NEEDED), "obsid", "rv", "snrz")
        lacking = [name for name in needed if name not in columns]
        if lacking:
            raise DataError(f"the catalogue lacks {', '.join(lacking)}, of which mock spectra are made")
        seed = metadata.get(SEED, "")
        return cls(int(seed) if seed.isdecimal() else 1, partial(_of_catalogue, columns))

    @classmethod
    def of_survey(cls, stars: Path) -> "MockObservations":
        """Those of a mock survey that was built like a real one: the very spectra that have its labels.

        Raises
        ------
        DataError
            If the table of its stars is none.
        """
        survey = MockSpectra.of(stars)
        first = int(survey.table.take([0], ("obsid",))["obsid"][0])
        names = (*_SURVEYED, *survey.truth)
        repeats = _Repeats(survey.table, first)
        return cls(survey.seed, partial(_of_survey, survey.table, names, first), repeats.of)

    def prepare(self) -> None:
        """Make one spectrum for nobody: the first that is asked for takes no longer than others then."""
        star = {"teff": [5000.0], "logg": [2.5], "vmic": [1.5], "fe_h": [0.0], "snrz": [50.0]}
        self._synthesis.spectra(star, seed=self.seed, number=[0])

    def find(self, star: Star) -> Found:
        """Spectra of a star, or why there is none."""
        observations: list[Observation] = []
        reasons: list[str] = []
        names = {name.obsid: name for name in star.names}
        for obsid in [*names]:
            first = self.known(names[obsid])
            names |= {} if first is None else {one.obsid: one for one in self.repeats(first)} | names
        for name in [*names.values()][:MOST]:
            known = self.known(name)
            if known is None:
                reasons.append(f"{name} is not of this mock survey")
                continue
            try:
                observations.append(Observation(self._make(known), ORIGIN, mock=True))
            except ValueError as problem:
                reasons.append(f"no mock spectrum of {name}: {problem}")
        return Found(tuple(observations), tuple(reasons))

    def _make(self, known: Known) -> LamostSpectrum:
        """Raises ValueError where no spectrum has such labels."""
        stars = {
            name.removeprefix(_TRUE): [value]
            for name, value in known.items()
            if name.startswith(_TRUE) and np.asarray(value).dtype.kind == "f" and np.isfinite(value)
        }
        stars |= {name: [known[name]] for name in ("snrz", "snrg") if name in known}
        if np.isfinite(known.get("a_k", np.nan)):
            stars["a_v"] = [known["a_k"] / K_PER_V]
        made = self._synthesis.spectra(
            stars, seed=self.seed, number=[known["number"]], epoch=[known["epoch"]]
        )
        good = made.ivar[0] > 0
        clear = np.zeros(good.size, np.int32)
        arrays = made.wavelength, made.flux[0], made.ivar[0], np.where(good, clear, 1), clear
        for array in arrays:
            array.flags.writeable = False
        return LamostSpectrum(Path(f"{MOCK_FILE}{known['obsid']}"), "none", *arrays, **_facts(known))

    @cached_property
    def _synthesis(self) -> Synthesis:
        return Synthesis()


def _of_catalogue(columns: Columns, name: ObservationName) -> Known | None:
    number = name.obsid - FIRST_OBSID
    if number < 0 or not 0 <= name.row < len(columns["obsid"]) or columns["obsid"][name.row] != name.obsid:
        return None
    return {each: values[name.row] for each, values in columns.items()} | {"number": number, "epoch": 0}


def _of_survey(table: RowGroups, names: tuple[str, ...], first: int, name: ObservationName) -> Known | None:
    """A row of the table, in which obsids follow each other."""
    row = name.obsid - first
    if not 0 <= row < table.count:
        return None
    return {each: values[0] for each, values in table.take([row], names).items()}


@dataclass(eq=False)
class _Repeats:
    """Which observations of a mock survey are of one star."""

    table: RowGroups
    first: int

    @cached_property
    def _numbers(self) -> NDArray[Any]:
        rows = np.arange(self.table.count)
        found: NDArray[Any] = self.table.take(rows, ("number",))["number"]
        return found

    def of(self, known: Known) -> list[ObservationName]:
        """Names of all observations of a star."""
        rows = np.flatnonzero(self._numbers == known["number"])
        return [ObservationName(obsid=self.first + int(row)) for row in rows]


def _facts(known: Known) -> dict[str, Any]:
    """What a header would say."""
    ratios = {f"snr_{band}": _number(known, f"snr{band}") for band in "ugriz"}
    day = _number(known, "lmjd")
    return {
        "obsid": int(known["obsid"]),
        "designation": _text(known, "designation"),
        "release": "",
        "pipeline": "",
        "lmjd": int(day) if day >= 0 else -1,
        "planid": _text(known, "plate"),
        "spid": -1,
        "fiberid": -1,
        "ra": _number(known, "ra"),
        "dec": _number(known, "dec"),
        "z": float(redshift(_number(known, "rv"))),
        **ratios,
        "object_class": "STAR",
        "subclass": "",
    }


def _number(known: Known, name: str) -> float:
    return float(known[name]) if name in known else math.nan


def _text(known: Known, name: str) -> str:
    return bytes(known[name]).decode() if name in known else ""

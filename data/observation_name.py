"""By what a spectrum is known, and the star it is of: what every place of spectra is asked with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.lamost import LamostSpectrum

MOST = 50
"""Observations of one star that are looked for."""
_PREFIX = "LAMOST "


@dataclass(frozen=True)
class ObservationName:
    """What names one spectrum; -1 or "" stands for what is not known.

    Attributes
    ----------
    obsid : LAMOST's number of the spectrum.
    lmjd, planid, spid, fiberid : local modified Julian day, plan, spectrograph, fibre: they name
        spectra whose files have no obsid, as those of DR1.
    file : name of the file, without folders.
    row : of the catalogue.
    """

    obsid: int = -1
    lmjd: int = -1
    planid: str = ""
    spid: int = -1
    fiberid: int = -1
    file: str = ""
    row: int = -1

    @classmethod
    def of(cls, spectrum: LamostSpectrum) -> "ObservationName":
        """What a spectrum's header says, and the name of its file."""
        numbers = (spectrum.obsid, spectrum.lmjd, spectrum.planid, spectrum.spid, spectrum.fiberid)
        return cls(*numbers, spectrum.path.name)

    @property
    def exposure(self) -> str:
        """Day, plan, spectrograph and fibre as one text; "" where one of them is missing."""
        return exposure(self.lmjd, self.planid, self.spid, self.fiberid)

    def names(self, other: "ObservationName") -> bool:
        """Whether something that both know is the same: obsid, else exposure, else file.

        True where this knows nothing that a spectrum could be told by.
        """
        for mine, its in (
            (self.obsid, other.obsid),
            (self.exposure, other.exposure),
            (self.file, other.file),
        ):
            if mine not in (-1, "") and its not in (-1, ""):
                return mine == its
        return self.obsid < 0 and not self.exposure and not self.file

    @property
    def is_known(self) -> bool:
        """Whether there is anything to look for it by."""
        return self.obsid >= 0 or bool(self.exposure or self.file)

    def __str__(self) -> str:
        if self.obsid >= 0:
            return f"obsid {self.obsid}"
        return self.exposure or self.file or "a spectrum without a name"


@dataclass(frozen=True)
class Star:
    """A star whose spectra are looked for.

    Attributes
    ----------
    designation : LAMOST's name of it, without "LAMOST"; "" if not known.
    names : of its spectra, as far as they are known; the one asked for is first.
    """

    designation: str = ""
    names: tuple[ObservationName, ...] = ()

    def __str__(self) -> str:
        known = [str(name) for name in self.names[:3]] or [self.designation or "a star without a name"]
        return ", ".join(known)

    def is_asked_for(self, name: ObservationName) -> bool:
        """Whether a spectrum of this name is the one asked for; any is, where none is named."""
        return not self.names or self.names[0].names(name)

    @classmethod
    def at(cls, columns: Mapping[str, NDArray[Any]], row: int) -> "Star":
        """The star of a row of a catalogue, with other rows of it: of one source_id, else of one designation.

        Parameters
        ----------
        columns : (N,) each; whichever there are of obsid, designation, source_id, file, lmjd, plate, spid and
            fiberid are used.
        row : from 0 to N - 1.
        """
        rows = [row, *(other for other in _same(columns, row) if other != row)][:MOST]
        designation = _text(columns, "designation", row).removeprefix(_PREFIX)
        return cls(designation, tuple(_name(columns, one) for one in rows))


def exposure(lmjd: int, planid: str, spid: int, fiberid: int) -> str:
    """What names a spectrum where there is no obsid; "" where something of it is missing."""
    complete = lmjd >= 0 and planid and spid >= 0 and fiberid >= 0
    return f"{lmjd}-{planid}-{spid}-{fiberid}" if complete else ""


def _same(columns: Mapping[str, NDArray[Any]], row: int) -> list[int]:
    for name, nothing in (("source_id", 0), ("designation", b"")):
        if name in columns and columns[name][row] > nothing:
            same = np.flatnonzero(columns[name] == columns[name][row])
            return [int(one) for one in same[: MOST + 1]]
    return []


def _name(columns: Mapping[str, NDArray[Any]], row: int) -> ObservationName:
    whole = {name: _whole(columns, name, row) for name in ("obsid", "lmjd", "spid", "fiberid")}
    return ObservationName(
        **whole, planid=_text(columns, "plate", row), file=_text(columns, "file", row), row=row
    )


def _whole(columns: Mapping[str, NDArray[Any]], name: str, row: int) -> int:
    if name not in columns:
        return -1
    value = columns[name][row]
    return int(value) if np.isfinite(value) and value >= 0 else -1


def _text(columns: Mapping[str, NDArray[Any]], name: str, row: int) -> str:
    return bytes(columns[name][row]).decode("utf-8", "replace") if name in columns else ""

"""Where the spectra of a survey come from: files of LAMOST, or the stars of a mock survey."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from data import observation_name
from data.lamost import read_facts
from data.problem import DataError, UnreachableError
from explorer.reading import LeftOut, Resampled, prepare
from model.wavelength import radial_velocity

Facts = Mapping[str, NDArray[Any]]

FACTS: Mapping[str, str] = MappingProxyType(
    {
        "file": "S", "designation": "S", "plate": "S", "exposure": "S", "problem": "S", "obsid": "i8",
        "ra": "f8", "dec": "f8", "rv": "f8", "lmjd": "f8", "snrg": "f8", "snrz": "f8",
    }
)  # fmt: skip
"""What is known of a spectrum before it is read, and how it is stored: `exposure` is day, plate, spectrograph
and fibre, by which it is known where there is no obsid; `problem` says why it can't be read."""
MOCK_FILE = "mock spectrum "
"""What a spectrum that was made is called, before its obsid, where others have their file."""
MISSING: Mapping[str, Any] = MappingProxyType({"S": b"", "i8": -1, "f8": np.nan})


class Source(Protocol):
    """Spectra by their number, from 0."""

    def facts(self, start: int, stop: int) -> Facts:
        """What is known of consecutive spectra: FACTS, (stop - start,) each."""

    def spectra(self, rows: Sequence[int]) -> Iterator[Resampled | LeftOut]:
        """Spectra at rest on the survey's grid, or why they are not used, in the order of the rows."""


@dataclass(frozen=True, eq=False)
class LamostFiles:
    """Spectra in files.

    Attributes
    ----------
    folder : where they are.
    names : (N,) bytes, their paths from there.
    """

    folder: Path
    names: NDArray[np.bytes_]

    def facts(self, start: int, stop: int) -> Facts:
        """What headers say."""
        read = [_facts(self._path(row)) for row in range(start, stop)]
        return {
            name: np.array([one.get(name, MISSING[kind]) for one in read], kind)
            for name, kind in FACTS.items()
        }

    def spectra(self, rows: Sequence[int]) -> Iterator[Resampled | LeftOut]:
        """Read files."""
        return (_named(prepare(self._path(row), patient=True), self._path(row)) for row in rows)

    def _path(self, row: int) -> Path:
        return self.folder / bytes(self.names[row]).decode()


def _facts(path: Path) -> Mapping[str, Any]:
    name = {"file": path.name.encode()}
    try:
        header = read_facts(path)
    except UnreachableError:
        raise
    except DataError as problem:
        return name | {"problem": str(problem).replace(str(path), path.name).encode()}
    where = (header[key] for key in ("lmjd", "planid", "spid", "fiberid"))
    return name | {
        "designation": header["designation"].encode(),
        "plate": header["planid"].encode(),
        "exposure": exposure(*where),
        "obsid": header["obsid"],
        "ra": header["ra"],
        "dec": header["dec"],
        "rv": radial_velocity(header["z"]),
        "lmjd": header["lmjd"] if header["lmjd"] >= 0 else np.nan,
        "snrg": header["snr_g"],
        "snrz": header["snr_z"],
    }


def _named(read: Resampled | LeftOut, path: Path) -> Resampled | LeftOut:
    """Words about a file without the folders it happens to lie in."""
    if isinstance(read, LeftOut):
        return replace(read, detail=read.detail.replace(str(path), path.name))
    return read


def exposure(lmjd: int, plate: str, spid: int, fiberid: int) -> bytes:
    """What names a spectrum where there is no obsid; empty where something of it is missing."""
    return observation_name.exposure(lmjd, plate, spid, fiberid).encode()

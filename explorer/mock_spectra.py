"""Spectra of a mock survey's stars: made when they are asked for, the same each time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data.problem import DataError
from data.row_groups import RowGroups
from explorer.reading import About, LeftOut, Resampled, at_rest
from explorer.sources import FACTS, MOCK_FILE, Facts
from model.dust import K_PER_V
from model.synthesis import Synthesis
from model.wavelength import redshift

BATCH = 256
"""Spectra made at once."""
SEED = "seed"
"""What the stars' table calls the seed of every random number, among its metadata."""
_TRUE = "true_"
_KNOWN = ("number", "epoch", "obsid", "designation", "ra", "dec", "rv", "snrg", "snrz", "a_k")


@dataclass(frozen=True, eq=False)
class MockSpectra:
    """Spectra of the stars of a table.

    Attributes
    ----------
    seed : of every random number.
    table : FACTS, true labels and velocity, `number` and `epoch`; read where it is asked for, so that no
        worker holds it all.
    truth : names of its columns that spectra depend on.
    """

    seed: int
    table: RowGroups
    truth: tuple[str, ...]

    @classmethod
    def of(cls, path: Path) -> "MockSpectra":
        """Read the stars' table. Raises DataError where it is none."""
        try:
            schema = pq.read_schema(path)
            seed = int((schema.metadata or {})[SEED.encode()])
        except (OSError, KeyError, ValueError) as error:
            raise DataError(
                f"{path} is no table of mock stars ({error}): make it with 'explorer demo'"
            ) from error
        numbers = (field.name for field in schema if pa.types.is_floating(field.type))
        return cls(seed, RowGroups(path), tuple(name for name in numbers if name.startswith(_TRUE)))

    @property
    def count(self) -> int:
        """How many spectra there are."""
        return self.table.count

    def facts(self, start: int, stop: int) -> Facts:
        """What headers would say."""
        known = self.table.take(range(start, stop), tuple(FACTS))
        files = np.char.add(MOCK_FILE.encode(), known["obsid"].astype("S20"))
        nothing = np.full(stop - start, b"")
        return {**known, "file": files, "problem": nothing, "exposure": nothing}

    def spectra(self, rows: Sequence[int]) -> Iterator[Resampled | LeftOut]:
        """Make spectra, and treat them as those of files."""
        for start in range(0, len(rows), BATCH):
            some = self.table.take(rows[start : start + BATCH], (*_KNOWN, *self.truth))
            number, epoch = some["number"], some["epoch"]
            made = self._synthesis.spectra(self._stars(some), seed=self.seed, number=number, epoch=epoch)
            for place in range(len(number)):
                about = _about(some, place)
                yield at_rest(
                    about, made.wavelength, float(redshift(about.rv)), made.flux[place], made.ivar[place]
                )

    @cached_property
    def _synthesis(self) -> Synthesis:
        return Synthesis()

    def _stars(self, some: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """What the spectra depend on."""
        labels = {name.removeprefix(_TRUE): some[name] for name in self.truth}
        seen = {name: some[name] for name in ("snrz", "snrg")}
        return labels | seen | {"a_v": some["a_k"] / K_PER_V}


def _about(some: Mapping[str, NDArray[Any]], place: int) -> About:
    one = {name: some[name][place] for name in ("obsid", "designation", "ra", "dec", "rv", "snrg")}
    return About(
        file=f"{MOCK_FILE}{one['obsid']}",
        obsid=int(one["obsid"]),
        designation=one["designation"].decode(),
        ra=float(one["ra"]),
        dec=float(one["dec"]),
        rv=float(one["rv"]),
        snrg=float(one["snrg"]),
    )

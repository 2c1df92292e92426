"""Spectra in a folder of LAMOST files."""

from dataclasses import dataclass
from pathlib import Path

from data.lamost import LamostSpectrum, read_spectrum
from data.observation_name import ObservationName, Star
from data.problem import DataError
from data.spectra import Found, Observation
from data.spectrum_index import Known, Progress, SpectrumIndex


@dataclass(frozen=True, eq=False)
class SpectrumFolder:
    """A folder of LAMOST files, and the folders in it.

    Attributes
    ----------
    index : which file is which spectrum.
    """

    index: SpectrumIndex

    @classmethod
    def open(cls, folder: Path, progress: Progress, cache: Path | None = None) -> "SpectrumFolder":
        """Open a folder. The first time all headers are read, later those of files that are new.

        Raises
        ------
        DataError
            If there is no such folder, or it can't be indexed.
        """
        index = SpectrumIndex(folder, cache)
        index.update(progress)
        return cls(index)

    def find(self, star: Star) -> Found:
        """Spectra of a star; files that can't be read, and spectra that no file has, with the reason."""
        observations: list[Observation] = []
        reasons = [
            f"no file for {name} in the folder {self.index.root.name}"
            for name in star.names
            if name.is_known and not self.index.named(name)
        ]
        for known in self.index.find(star):
            try:
                observations.append(Observation(_read(known), f"file {known.path.name}"))
            except DataError as problem:
                reasons.append(str(problem).replace(str(known.path), known.path.name))
        if not observations and not reasons:
            reasons.append(f"no file for {star} in the folder {self.index.root.name}")
        return Found(tuple(observations), tuple(reasons))


def _read(known: Known) -> LamostSpectrum:
    if known.problem:
        raise DataError(known.problem)
    spectrum = read_spectrum(known.path)
    where = ObservationName.of(spectrum).exposure
    if spectrum.obsid != known.obsid or (where and where != known.exposure):
        raise DataError(f"{known.path} holds another spectrum than when it was indexed: start again")
    return spectrum

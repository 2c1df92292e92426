"""What stars' spectra are shown and fitted with: the places they come from, and trained models."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread

from data.catalogue import Catalogue
from data.observation_name import Star
from data.problem import DataError
from data.spectra import Found, Sources, SpectrumSource
from data.spectrum_archive import SpectrumArchive
from data.spectrum_folder import SpectrumFolder
from data.spectrum_index import Progress
from explorer.conventions import USUAL, Conventions
from explorer.mock_observations import MockObservations
from explorer.star_models import StarModels

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class NoPlace:
    """A place of spectra that can't be had.

    Attributes
    ----------
    reason : why.
    """

    reason: str

    def find(self, _star: Star) -> Found:
        """Nothing but the reason, as DataError."""
        raise DataError(self.reason)


@dataclass(frozen=True, eq=False)
class Spectroscopy:
    """Spectra and models of one server; all visitors share it.

    Attributes
    ----------
    sources : where spectra come from.
    models : by which they are fitted.
    conventions : by which orbits are computed.
    """

    sources: Sources = field(default_factory=Sources)
    models: StarModels = field(default_factory=StarModels)
    conventions: Conventions = USUAL

    @classmethod
    def of(
        cls,
        *,
        folders: Sequence[Path] = (),
        archive: str | None = None,
        models: Sequence[Path] = (),
        conventions: Conventions = USUAL,
        progress: Progress,
    ) -> "Spectroscopy":
        """What a person names.

        Parameters
        ----------
        folders : of LAMOST files, asked in this order, before the archive.
        archive : template of an archive's addresses; None for none.
        models : files.
        conventions : by which orbits are computed.
        progress : told (done, in all, of what) while the headers of a folder are read.

        Raises
        ------
        DataError
            If a folder, the template or a model will not do.
        """
        chosen = StarModels.of_files(models)
        remote = () if archive is None else (SpectrumArchive.of(archive),)
        opened = [SpectrumFolder.open(folder, progress) for folder in dict.fromkeys(folders)]
        return cls(Sources((*opened, *remote)), chosen, conventions)

    def beside(self, catalogue: Catalogue) -> "Spectroscopy":
        """The same for a catalogue: a mock one has spectra of its own, which are asked for last.

        Where no model was named, those that the catalogue was built with are taken.
        """
        places = (*self.sources.places, *([_mock_of(catalogue)] if catalogue.mock else []))
        models = self.models if self.models.names else StarModels.beside(catalogue)
        return replace(self, sources=Sources(places), models=models)

    def begin(self) -> Thread:
        """Make ready, in a thread of its own, what the first visitor to look at a star would wait for."""
        thread = Thread(target=self._prepare, name="spectroscopy", daemon=True)
        thread.start()
        return thread

    def _prepare(self) -> None:
        for place in self.sources.places:
            if isinstance(place, MockObservations):
                place.prepare()
        for name in self.models.names:
            try:
                self.models.get(name)
            except DataError as problem:  # told again to whoever asks for the model
                LOG.warning("the model %s can't be used: %s", name, problem)


def _mock_of(catalogue: Catalogue) -> SpectrumSource:
    try:
        return MockObservations.of(catalogue)
    except DataError as problem:
        return NoPlace(f"no mock spectra can be made: {problem}")


NO_SPECTROSCOPY = Spectroscopy()
"""No place of spectra, no model."""

"""The numbered pieces of a build: each a function of folder, number and plan, whose file is written once."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.draft import draft
from data.problem import DataError
from explorer.build_columns import described
from explorer.cannon_file import load_model, save_model
from explorer.combination import combined
from explorer.mock_spectra import MockSpectra
from explorer.observations import Labeller
from explorer.observing import observed
from explorer.reference_stars import references
from explorer.sources import LamostFiles, Source
from explorer.survey import Survey
from explorer.survey_file import read_survey
from explorer.survey_models import trained
from explorer.workplace import CATALOGUE, FACTS, OBSERVATIONS, REJECTS, Workplace

STARS = 50_000
"""Stars of a part of the catalogue."""
FILES, SPECTRA_ARRAYS, STAR_ARRAYS = "files", "spectra", "stars"
"""Arrays of names of files, by spectrum, and the rows of each star's spectra."""

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Build:
    """A build's folder with what pieces need of it.

    Attributes
    ----------
    place : the folder.
    survey : what is built.
    source : where spectra come from.
    """

    place: Workplace
    survey: Survey
    source: Source

    @classmethod
    def of(cls, place: Workplace) -> "Build":
        """Open a folder that was begun."""
        survey = read_survey(Path(place.survey_file))
        if survey.told() != place.plan["survey"]:
            raise DataError(f"{survey.path} was changed while its catalogue is built: start again")
        if survey.spectra.mock:
            return cls(place, survey, MockSpectra.of(survey.spectra.place))
        folder = survey.spectra.place if survey.spectra.place.is_dir() else survey.spectra.place.parent
        return cls(place, survey, LamostFiles(folder, place.read_arrays(FILES)["names"]))

    def rows(self, number: int) -> range:
        """Spectra of a piece."""
        return range(
            number * self.survey.chunk, min((number + 1) * self.survey.chunk, self.place.plan["spectra"])
        )

    @cached_property
    def labeller(self) -> Labeller:
        """The models."""
        return Labeller(tuple(load_model(self.model(number)) for number in range(len(self.survey.models))))

    def model(self, number: int) -> Path:
        """File of a model."""
        return self.place.model(self.survey.models[number].name)

    @cached_property
    def spectra(self) -> dict[str, NDArray[Any]]:
        """What joins found of each spectrum, mapped."""
        return dict(self.place.read_arrays(SPECTRA_ARRAYS))


@lru_cache(maxsize=2)
def opened(folder: str, plan: str) -> Build:
    """A build's folder, opened once by each process for each plan, which is given by its checksum."""
    place = Workplace(Path(folder))
    place.check(plan)
    return Build.of(place)


def learn_facts(folder: str, number: int, *, plan: str) -> int:
    """What is known of a piece's spectra before they are read."""
    build = opened(folder, plan)
    rows = build.rows(number)
    if not build.place.part(FACTS, number).exists():
        build.place.write(plan, FACTS, number, described(build.source.facts(rows.start, rows.stop)))
    return len(rows)


def train(folder: str, number: int, *, plan: str) -> int:
    """A model, trained, or copied where it is given."""
    build = opened(folder, plan)
    model = build.survey.models[number]
    if build.model(number).exists():
        return 1
    if model.file is not None:
        with draft(build.model(number)) as part:
            part.write_bytes(model.file.read_bytes())
    else:
        wanted = references(number, build.survey, build.spectra)
        content = trained(build.source, model, wanted, build.spectra, build.survey.spectra.wavelengths)
        build.place.check(plan)
        save_model(build.model(number), content)
    return 1


def observe(folder: str, number: int, *, plan: str) -> int:
    """Labels of a piece's spectra; those without are set aside with the reason."""
    build = opened(folder, plan)
    rows = build.rows(number)
    if not build.place.part(OBSERVATIONS, number).exists():
        known = {name: values[rows.start : rows.stop] for name, values in build.spectra.items()}
        known |= {"problem": build.place.read(FACTS, number)["problem"]}
        labelled, rejects = observed(build.source, build.labeller, build.survey.spectra.snr, rows, known)
        build.place.write(plan, REJECTS, number, described(rejects))
        build.place.write(plan, OBSERVATIONS, number, described(labelled))
    return len(rows)


def combine(folder: str, number: int, *, plan: str) -> int:
    """A part of the catalogue: what the observations of its stars come to."""
    build = opened(folder, plan)
    stars = build.place.read_arrays(STAR_ARRAYS)
    first, last = number * STARS, min((number + 1) * STARS, len(stars["begin"]) - 1)
    if not build.place.part(CATALOGUE, number).exists():
        rows = np.sort(stars["rows"][stars["begin"][first] : stars["begin"][last]])
        observations = _observations_of(build, rows)
        known = {name: values[observations["row"]] for name, values in build.spectra.items()}
        build.place.write(
            plan, CATALOGUE, number, described(combined(build.survey, build.labeller, observations, known))
        )
    return last - first


def _observations_of(build: Build, rows: NDArray[np.int64]) -> Arrays:
    """Rows of the per-observation table, sorted, of those spectra that have labels."""
    parts: list[Arrays] = []
    for number in np.unique(rows // build.survey.chunk):
        held = build.place.read(OBSERVATIONS, int(number))
        place = np.searchsorted(rows, held["row"]).clip(max=len(rows) - 1)
        mine = rows[place] == held["row"]
        parts.append({name: values[mine] for name, values in held.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

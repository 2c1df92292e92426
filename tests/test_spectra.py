"""Places of spectra in their order: the first that has a star's, and what the others said."""

from dataclasses import dataclass

import numpy as np
import pytest

from data.observation_name import ObservationName, Star
from data.problem import DataError
from data.spectra import Found, Observation, Sources
from data.spectrum_archive import SpectrumArchive
from data.spectrum_folder import SpectrumFolder
from tests.lamost_mock import silent
from tests.spectrum_files import pixels_of, write

STAR = Star("J1", (ObservationName(obsid=7),))


@dataclass
class Place:
    answer: Found | DataError
    asked: int = 0

    def find(self, star):
        self.asked += 1
        if isinstance(self.answer, DataError):
            raise self.answer
        return self.answer


@pytest.fixture
def found(tmp_path):
    folder = write(tmp_path / "tree" / "a.fits", OBSID=7, DESIG="LAMOST J1").parent
    return SpectrumFolder.open(folder, silent, tmp_path / "cache").find(STAR)


def test_the_first_that_has_it_with_what_those_before_it_said(found):
    places = Place(Found(reasons=("not here",))), Place(DataError("offline")), Place(found), Place(found)
    answer = Sources(places).find(STAR)
    assert answer.observations == found.observations
    assert answer.reasons == ("not here", "offline")
    assert [place.asked for place in places] == [1, 1, 1, 0]


def test_later_places_are_asked_for_the_spectrum_that_is_meant(found, tmp_path):
    other = SpectrumFolder.open(
        write(tmp_path / "more" / "b.fits", OBSID=8, DESIG="LAMOST J1").parent, silent, tmp_path / "cache"
    ).find(STAR)
    assert [one.name.obsid for one in other.observations] == [8]
    places = Place(other), Place(found), Place(found)
    answer = Sources(places).find(STAR)
    assert [one.name.obsid for one in answer.observations] == [7, 8]
    assert [place.asked for place in places] == [1, 1, 0]
    alone = Sources((Place(other), Place(DataError("offline")))).find(STAR)
    assert (alone.observations, alone.reasons[-1]) == (other.observations, "offline")
    nameless = Star("J1", (ObservationName(row=3),))
    assert Sources(places).find(nameless).observations == other.observations


def test_nobody_has_it():
    answer = Sources((Place(DataError("offline")), Place(Found(reasons=("no file",))))).find(STAR)
    assert (answer.observations, answer.reasons) == ((), ("offline", "no file"))


def test_nobody_was_named():
    assert "no folder or archive" in Sources().find(STAR).reasons[0]


def test_reasons_of_a_folder_and_an_archive_that_are_of_no_use(tmp_path):
    folder = SpectrumFolder.open(write(tmp_path / "tree" / "a.fits", OBSID=8).parent, silent, tmp_path)
    archive = SpectrumArchive.of("http://nobody.invalid/{obsid}", cache=tmp_path)
    reasons = Sources((folder, archive)).find(STAR).reasons
    assert reasons[0] == "no file for obsid 7 in the folder tree"
    assert "nobody.invalid can't be reached" in reasons[1]


# the real ones


@pytest.fixture(scope="module")
def real_files(real_data):
    files = sorted((real_data / "lamost-spectra").rglob("*.fits.gz"))
    return {path: pixels_of(path) for path in files}


@pytest.fixture(scope="module")
def real_folder(real_data, tmp_path_factory):
    return SpectrumFolder.open(real_data / "lamost-spectra", silent, tmp_path_factory.mktemp("cache"))


def is_of(observation: Observation, flux, ivar):
    """Whether pixels are those that astropy reads, with ivar 0 where the file measured nothing."""
    spectrum = observation.spectrum
    good = (ivar > 0) & np.isfinite(flux) & (flux != 0)
    return np.array_equal(spectrum.flux, flux, equal_nan=True) and np.array_equal(
        spectrum.ivar, np.where(good, ivar, 0)
    )


def test_every_real_file_is_found_by_its_exposure_and_gives_its_own_pixels(real_files, real_folder):
    assert len(real_files) > 300
    assert (real_folder.index.count, real_folder.index.damaged) == (len(real_files), 0)
    for path, (flux, ivar, cards) in real_files.items():
        where = {"lmjd": cards["LMJD"], "planid": cards["PLANID"].strip(), "spid": cards["SPID"]}
        name = ObservationName(**where, fiberid=cards["FIBERID"])
        found = real_folder.find(Star(names=(name,)))
        assert found.reasons == ()
        (mine,) = (one for one in found.observations if one.spectrum.path == path)
        assert is_of(mine, flux, ivar)
        assert mine.origin == f"file {path.name}"
        assert mine.name.exposure == name.exposure


def test_every_real_file_with_an_obsid_is_found_by_it(real_files, real_folder):
    numbered = {path: held for path, held in real_files.items() if "OBSID" in held[2]}
    assert 100 < len(numbered) < len(real_files)
    for path, (flux, ivar, cards) in numbered.items():
        found = real_folder.find(Star(names=(ObservationName(obsid=int(cards["OBSID"])),)))
        (mine,) = (one for one in found.observations if one.spectrum.path == path)
        assert is_of(mine, flux, ivar)


def test_dr1_by_what_its_catalogue_says(real_data, real_files, real_folder):
    """Rows of LAMOST's DR1 catalogue, which has obsids where files have none.

    Of some rows the file is of another night: these are found by the star's designation.
    """
    import pandas as pd

    rows = pd.read_csv(real_data / "lamost-spectra" / "learninglamost-dr1" / "my_data3.csv")
    files = {path.name.removesuffix(".gz"): path for path in real_files if "dr1" in path.parent.name}
    there = rows[rows["filename"].isin(files)]
    columns = {name: there[name].to_numpy() for name in ("obsid", "lmjd", "spid", "fiberid")}
    for ours, theirs in (("plate", "planid"), ("designation", "designation")):
        columns[ours] = there[theirs].to_numpy().astype("S")
    nights = {True: 0, False: 0}
    for row, name in enumerate(there["filename"]):
        found = real_folder.find(Star.at(columns, row))
        star = there.iloc[row]
        same = name.startswith(f"spec-{star['lmjd']:.0f}-{star['planid']}_")
        assert files[name] in [one.spectrum.path for one in found.observations]
        assert {one.spectrum.designation for one in found.observations} == {star["designation"]}
        assert bool(found.reasons) == (not same)
        nights[same] += 1
    assert nights[True] > 90
    assert nights[False] > 10

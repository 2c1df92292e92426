"""Where a server's spectra and models come from: what is named, what lies beside a catalogue, in order."""

import ast
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from data.catalogue import open_catalogue
from data.observation_name import ObservationName, Star
from data.problem import DataError
from data.spectrum_archive import SpectrumArchive
from data.spectrum_folder import SpectrumFolder
from explorer import app
from explorer.mock_observations import MockObservations
from explorer.spectroscopy import NO_SPECTROSCOPY, Spectroscopy
from tests.lamost_mock import runner, silent
from tests.served import ROOT
from tests.small_catalogue import catalogue_of
from tests.small_model import write_model
from tests.spectrum_files import pixels_of, write

TEMPLATE = "http://127.0.0.1:9/{obsid}"
HEAVY = ("galpy", "model.actions", "model.orbit", "dask", "distributed")


@pytest.fixture(scope="module")
def mock(mock_file, tmp_path_factory):
    return open_catalogue(mock_file, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def spectra(tmp_path, monkeypatch):
    """Two folders that both have a spectrum of obsid 7; the caches are elsewhere."""
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    folders = [tmp_path / "one", tmp_path / "other"]
    for seed, folder in enumerate(folders):
        write(folder / "a.fits", OBSID=7, seed=seed)
    return folders


def star(obsid):
    return Star(names=(ObservationName(obsid=obsid),))


def test_places_are_asked_in_their_order(mock, spectra, tmp_path):
    told = []
    found = Spectroscopy.of(
        folders=[*spectra, spectra[0]], archive=TEMPLATE, progress=lambda *done: told.append(done)
    ).beside(mock)
    places = found.sources.places
    assert [type(place) for place in places] == [
        SpectrumFolder, SpectrumFolder, SpectrumArchive, MockObservations,
    ]  # fmt: skip
    assert [place.index.root for place in places[:2]] == spectra
    assert places[2].template.text == TEMPLATE
    assert told
    (seen,) = found.sources.find(star(7)).observations
    np.testing.assert_array_equal(seen.spectrum.flux, pixels_of(spectra[0] / "a.fits")[0])


def test_a_mock_catalogue_has_spectra_of_its_own(mock, spectra):
    found = Spectroscopy.of(folders=spectra, progress=silent).beside(mock)
    answer = found.sources.find(Star.at(mock.columns, 3))
    assert [one.mock for one in answer.observations] == [True]
    assert len(answer.reasons) == 2


def test_a_real_catalogue_has_what_is_named(mock, spectra):
    found = Spectroscopy.of(folders=spectra[1:], progress=silent).beside(replace(mock, mock=False))
    assert [type(place) for place in found.sources.places] == [SpectrumFolder]
    assert Spectroscopy.of(progress=silent).beside(replace(mock, mock=False)).sources.places == ()


def test_a_mock_catalogue_without_truth_says_why_it_has_no_spectra():
    bare = replace(catalogue_of({"obsid": np.arange(3)}), mock=True)
    found = NO_SPECTROSCOPY.beside(bare).sources.find(star(1))
    assert found.observations == ()
    (reason,) = found.reasons
    assert reason.startswith("no mock spectra can be made: the catalogue lacks true_teff")


def test_models_that_are_named_take_the_place_of_those_beside(mock, tmp_path):
    write_model(tmp_path / "models" / "giant.cannon")
    own = write_model(tmp_path / "mine.cannon")
    built = replace(mock, source=tmp_path / "catalogue")
    assert Spectroscopy.of(progress=silent).beside(built).models.names == ("giant",)
    assert Spectroscopy.of(models=[own], progress=silent).beside(built).models.names == ("mine",)


def test_what_will_not_do_is_refused(tmp_path, spectra):
    for words, named in (
        ("is no folder", {"folders": [tmp_path / "none"]}),
        ("is no address", {"archive": "stars"}),
        ("is no address", {"archive": ""}),
        ("there is no file", {"models": [tmp_path / "none"]}),
    ):
        with pytest.raises(DataError, match=words):
            Spectroscopy.of(**named, progress=silent)


def test_what_the_first_visitor_would_wait_for_is_made_ready(mock, tmp_path, caplog):
    for name in ("giant", "dwarf"):
        write_model(tmp_path / "models" / f"{name}.cannon")
    damaged = tmp_path / "models" / "giant.cannon"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    found = NO_SPECTROSCOPY.beside(replace(mock, source=tmp_path / "catalogue"))
    (own,) = found.sources.places
    assert "_synthesis" not in vars(own)
    found.begin().join(60)
    assert "_synthesis" in vars(own)
    assert (found.models.ready("giant"), found.models.ready("dwarf")) == (False, True)
    assert "the model giant can't be used" in caplog.text
    assert "breaks off" in caplog.text
    NO_SPECTROSCOPY.begin().join(60)


def test_the_server_begins_without_what_it_need_not_have():
    """Orbits are for those who ask for one: what takes a second or two to import is not, at the start."""
    ask = "import sys, explorer.app, explorer.spectroscopy, explorer.orbit_card; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stdout))
    assert "explorer.star_models" in loaded
    assert not loaded & set(HEAVY)


# by the command line


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to work in, with a catalogue; the cache is elsewhere, and no port is looked at."""
    for name in ("EXPLORER_CACHE", "EXPLORER_DATA"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setattr(app, "claim", lambda *_place: None)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "stars.csv").write_text("teff,fe_h,R,z\n5000,0.1,8.0,0.0\n5100,0.2,9.0,1.0\n")
    return work


@pytest.fixture
def run(place, monkeypatch, capsys):
    return runner(monkeypatch, capsys)


@pytest.fixture
def served(run, monkeypatch):
    """Run `explorer serve` as far as the server: gives its catalogue and what else it is given."""
    kept = []
    monkeypatch.setattr(app, "serve", lambda *given, **_how: kept.append(given))

    def serve(*words):
        outcome = run("serve", "stars.csv", *words)
        assert outcome.status == 0, outcome
        return kept.pop()

    return serve


def test_options_name_folders_archive_and_models(served, place):
    write(place / "one" / "a.fits", OBSID=7)
    write(place / "two" / "b.fits", OBSID=8)
    model = write_model(place / "mine.cannon")
    words = ("--spectra", "one", "--spectra", "two", "--archive", TEMPLATE, "--model", model)
    catalogue, spectroscopy, _ = served(*words)
    assert catalogue.name == "stars"
    assert [type(one) for one in spectroscopy.sources.places] == [SpectrumFolder] * 2 + [SpectrumArchive]
    assert len(spectroscopy.sources.find(star(8)).observations) == 1
    assert spectroscopy.models.names == ("mine",)
    write(place / "two" / "c.fits", OBSID=9)
    _, again, _ = served("--spectra", "two")
    assert len(again.sources.find(star(9)).observations) == 1


def test_without_options_there_is_what_lies_beside_the_catalogue(served, place):
    _, spectroscopy, pairs = served()
    assert pairs is None
    assert (spectroscopy.sources.places, spectroscopy.models.names) == ((), ())
    write_model(place / "models" / "dwarf.cannon")
    assert served()[1].models.names == ("dwarf",)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--spectra", "none"), ("none is no folder", "LAMOST spectra")),
        (("--spectra", ""), ("--spectra is empty", "give a path")),
        (("--model", "stars.csv"), ("stars.csv is no model", "explorer train")),
        (("--model", ""), ("--model is empty",)),
        (("--archive", "stars"), ("'stars' is no address of spectra", "https://")),
        (("--archive", "http://a.org/x"), ("names no single spectrum", "{obsid}")),
    ],
)
def test_mistakes_are_one_line(run, words, says):
    run("serve", "stars.csv", *words).is_one_line(*says)

"""An archive in the web: the right spectra, once; whatever else it sends is told and never kept."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import numpy as np
import pytest

from data.address_template import AddressTemplate
from data.kept_files import KeptFiles
from data.lamost import read_spectrum
from data.observation_name import ObservationName, Star
from data.problem import DataError
from data.spectrum_archive import MOST, REST, SpectrumArchive
from data.transfer import Patience, Transfer
from tests.archive_server import endless, file, in_turn, silent_until, status
from tests.spectrum_files import content, write

PATIENCE = Patience(connect=2, read=0.3, total=1.0, tries=2, pause=0.01, largest=1 << 20)
WHOLE = content(OBSID=7, DESIG="LAMOST J7")
DR1 = content(OBSID=None, DESIG="LAMOST J8", LMJD=55862, PLANID="B6212", SPID=6, FIBERID=3)


@pytest.fixture
def kept(tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    return KeptFiles(folder, 10 << 20)


@pytest.fixture
def place(archive, kept):
    """The archive as a place of spectra by obsid, with a clock that stands still."""
    template = AddressTemplate(f"{archive.url}/{{obsid}}?key=secret")
    return SpectrumArchive(template, kept, Transfer(PATIENCE), clock=lambda: 100.0)


def by(**name):
    return Star(names=(ObservationName(**name),))


def refused(place, kept, star=None, *, says):
    """It is told in one line, without the key, and nothing is kept."""
    found = place.find(star or by(obsid=7))
    assert found.observations == ()
    (reason,) = found.reasons
    assert says in reason
    assert len(reason.splitlines()) == 1
    assert "secret" not in reason
    assert str(kept.folder) not in reason
    assert list(kept.folder.iterdir()) == []


def test_a_spectrum_is_fetched_once(archive, place, tmp_path):
    archive.answers["/7?key=secret"] = file(gzip.compress(WHOLE))
    (tmp_path / "same.fits").write_bytes(WHOLE)
    same = read_spectrum(tmp_path / "same.fits")
    for _ in range(3):
        found = place.find(by(obsid=7))
        (observation,) = found.observations
        assert (found.reasons, observation.mock) == ((), False)
        assert observation.origin == f"archive {place.template.host}"
        np.testing.assert_array_equal(observation.spectrum.flux, same.flux)
        np.testing.assert_array_equal(observation.spectrum.wavelength, same.wavelength)
        assert observation.spectrum.designation == "J7"
    assert len(archive.asked) == 1


def test_kept_ones_are_there_offline_and_later(archive, place, kept):
    archive.answers["/7?key=secret"] = file(WHOLE)
    place.find(by(obsid=7))
    archive.answers.clear()
    later = SpectrumArchive(place.template, KeptFiles(kept.folder, 10 << 20), Transfer(PATIENCE))
    assert len(later.find(by(obsid=7)).observations) == 1


def test_a_kept_file_that_was_damaged_is_fetched_anew(archive, place, kept):
    archive.answers["/7?key=secret"] = file(WHOLE)
    place.find(by(obsid=7))
    (path,) = kept.folder.iterdir()
    path.write_bytes(b"damaged")
    assert len(place.find(by(obsid=7)).observations) == 1
    assert path.read_bytes() == WHOLE


def test_by_exposure_for_files_without_obsid(archive, kept):
    template = AddressTemplate(archive.url + "/spec-{lmjd}-{planid}_sp{spid:02}-{fiberid:03}.fits.gz")
    place = SpectrumArchive(template, kept, Transfer(PATIENCE))
    archive.answers["/spec-55862-B6212_sp06-003.fits.gz"] = file(DR1)
    known = {"lmjd": 55862, "planid": "B6212", "spid": 6, "fiberid": 3}
    assert len(place.find(by(**known)).observations) == 1
    assert "more than is known" in place.find(by(obsid=7)).reasons[0]


def test_a_file_without_obsid_is_believed_by_its_exposure_or_designation(archive, place, kept):
    archive.answers["/7?key=secret"] = file(DR1)
    refused(place, kept, says="does not say which spectrum")
    refused(place, kept, Star("J9", (ObservationName(obsid=7),)), says="asked for designation J9, it gave J8")
    assert len(place.find(Star("J8", (ObservationName(obsid=7),))).observations) == 1


LIES = {
    "another obsid": (file(content(OBSID=8)), "asked for obsid 7, it gave 8"),
    "a page": (file(b"<html>Please log in</html>"), "sent something else"),
    "nothing": (file(b""), "sent something else"),
    "half a file": (file(WHOLE[:3000]), "sent something else"),
    "half a packed file": (file(gzip.compress(content(OBSID=7, pixels=3000))[:5000]), "sent something else"),
    "an empty header": (file(b"SIMPLE  =                    T".ljust(2880)), "sent something else"),
    "a bomb": (file(gzip.compress(bytes(64 << 20))), "more than 16 MiB"),
    "no end": (endless(), "more than 1 MiB"),
    "another length": (file(WHOLE, length=len(WHOLE) + 10), "broke off"),
    "another place": (status(302, Location="http://example.org/7"), "was not named"),
    "absence": (status(404), "no such spectrum"),
    "an error": (status(500), "answers 500"),
}


@pytest.mark.parametrize("lie", LIES)
def test_whatever_else_it_sends_is_told_and_not_kept(archive, place, kept, lie):
    answer, says = LIES[lie]
    archive.answers["/7?key=secret"] = answer
    refused(place, kept, says=says)
    archive.answers["/7?key=secret"] = file(WHOLE)
    assert len(place.find(by(obsid=7)).observations) == 1


def test_a_slow_archive_is_let_rest(archive, kept):
    moment = [0.0]
    place = SpectrumArchive(
        AddressTemplate(archive.url + "/{obsid}"), kept, Transfer(PATIENCE), clock=lambda: moment[0]
    )
    archive.answers |= {"/7": silent_until(archive.go), "/8": file(content(OBSID=8))}
    refused(place, kept, says="too slowly")
    asked = len(archive.asked)
    refused(place, kept, by(obsid=8), says="too slowly")
    assert len(archive.asked) == asked
    moment[0] = REST + 1
    assert len(place.find(by(obsid=8)).observations) == 1


def test_an_error_of_one_spectrum_is_not_one_of_the_archive(archive, place):
    archive.answers |= {"/7?key=secret": status(500), "/8?key=secret": file(content(OBSID=8))}
    found = place.find(Star(names=(ObservationName(obsid=7), ObservationName(obsid=8))))
    assert [one.spectrum.obsid for one in found.observations] == [8]
    assert "obsid 7" in found.reasons[0]


def test_not_all_of_a_star_with_very_many(archive, place):
    for obsid in range(20):
        archive.answers[f"/{obsid}?key=secret"] = file(content(OBSID=obsid))
    found = place.find(Star(names=tuple(ObservationName(obsid=obsid) for obsid in range(20))))
    assert (len(found.observations), len(archive.asked)) == (MOST, MOST)
    assert "of 20 spectra" in found.reasons[0]


def test_a_slow_archive_is_not_asked_for_ever(archive, kept):
    ticks = count(0, 20)
    place = SpectrumArchive(
        AddressTemplate(archive.url + "/{obsid}"), kept, Transfer(PATIENCE), clock=lambda: next(ticks)
    )
    found = place.find(Star(names=tuple(ObservationName(obsid=obsid) for obsid in range(5))))
    assert 0 < len(archive.asked) < 5
    assert "slow" in found.reasons[-1]


def test_threads_that_want_one_spectrum_fetch_it_once(archive, place):
    archive.answers["/7?key=secret"] = in_turn(file(WHOLE), status(500))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: place.find(by(obsid=7)), range(40)))
    assert all(len(one.observations) == 1 for one in found)
    assert len(archive.asked) == 1
    assert place._fetching == {}


def test_what_cannot_be_kept_is_shown(archive, place, kept):
    archive.answers["/7?key=secret"] = file(WHOLE)
    kept.folder.rmdir()
    assert len(place.find(by(obsid=7)).observations) == 1


def test_made_of_a_template_and_a_cache(archive, tmp_path):
    archive.answers["/7"] = file(WHOLE)
    place = SpectrumArchive.of(archive.url + "/{obsid}", kept_mib=1, cache=tmp_path)
    assert len(place.find(by(obsid=7)).observations) == 1
    assert len(list((tmp_path / "archive").iterdir())) == 1
    with pytest.raises(DataError):
        SpectrumArchive.of("file:///{obsid}", cache=tmp_path)


def test_a_file_on_disk_is_as_one_from_the_web(archive, place, tmp_path):
    path = write(tmp_path / "spec.fits.gz", OBSID=7, seed=5)
    archive.answers["/7?key=secret"] = file(path.read_bytes())
    (observation,) = place.find(by(obsid=7)).observations
    np.testing.assert_array_equal(observation.spectrum.ivar, read_spectrum(path).ivar)

"""The index of a folder of spectra: found by every name, up to date, whole whatever ends it."""

import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import spectrum_index
from data.observation_name import ObservationName, Star
from data.problem import DataError, UnreachableError
from data.spectrum_folder import SpectrumFolder
from data.spectrum_index import SpectrumIndex
from tests.lamost_mock import silent
from tests.spectrum_files import NAME, write

DR1 = {
    "OBSID": None,
    "DESIG": "LAMOST J000001.00+000001.0",
    "LMJD": 55862,
    "PLANID": "B6212",
    "SPID": 6,
    "FIBERID": 3,
}


@pytest.fixture
def tree(tmp_path):
    """A folder of seven spectra in two folders."""
    root = tmp_path / "tree"
    for number in range(5):
        write(
            root / "plate" / f"spec-{number}.fits",
            OBSID=100 + number,
            DESIG=f"LAMOST J{number // 2}",
            FIBERID=number,
        )
    write(root / "dr1" / "spec-55862-B6212_sp06-003.fits.gz", **DR1)
    write(root / "dr1" / "other.fits", **{**DR1, "FIBERID": 4, "DESIG": "LAMOST J1"})
    return root


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def indexed(root, cache, progress=silent):
    index = SpectrumIndex(root, cache)
    index.update(progress)
    return index


def names(found):
    return [one.path.name for one in found]


def by(**name):
    return Star(names=(ObservationName(**name),))


def quiet(root):
    """Let folders have been as they are for long."""
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        os.utime(folder, (1e9, 1e9))


@pytest.fixture
def read(monkeypatch):
    """Names of the files whose headers are read."""
    seen = []
    real = spectrum_index.read_facts

    def read_facts(path):
        seen.append(path.name)
        return real(path)

    monkeypatch.setattr(spectrum_index, "read_facts", read_facts)
    return seen


# finding


def test_by_obsid(tree, cache):
    assert names(indexed(tree, cache).find(by(obsid=103))) == ["spec-3.fits"]


def test_by_day_plan_spectrograph_and_fibre_where_the_file_has_no_obsid(tree, cache):
    where = {"lmjd": 55862, "planid": "B6212", "spid": 6}
    index = indexed(tree, cache)
    assert names(index.find(by(**where, fiberid=3))) == ["spec-55862-B6212_sp06-003.fits.gz"]
    assert names(index.find(by(**where, fiberid=3, obsid=906003))) == ["spec-55862-B6212_sp06-003.fits.gz"]
    assert index.find(by(**where, fiberid=-1)) == []


def test_a_file_of_another_obsid_is_not_taken_for_its_exposure(tree, cache):
    where = {"lmjd": NAME["LMJD"], "planid": NAME["PLANID"], "spid": NAME["SPID"]}
    index = indexed(tree, cache)
    assert names(index.find(by(**where, fiberid=2))) == ["spec-2.fits"]
    assert index.find(by(**where, fiberid=2, obsid=999)) == []


def test_by_the_name_of_the_file(tree, cache):
    assert names(indexed(tree, cache).find(by(file="spec-4.fits"))) == ["spec-4.fits"]


def test_all_of_a_designation_the_one_asked_for_first(tree, cache):
    star = Star("J1", (ObservationName(obsid=103),))
    found = names(indexed(tree, cache).find(star))
    assert found[0] == "spec-3.fits"
    assert set(found) == {"spec-2.fits", "spec-3.fits", "other.fits"}


@pytest.mark.parametrize("cards", [{"SPID": None}, {"LMJD": None}, {"PLANID": ""}])
def test_the_name_of_the_file_helps_out_where_the_header_is_silent(tmp_path, cache, cards):
    write(tmp_path / "tree" / "spec-55863-GAC_105N29_B1_sp01-007.fits", **cards)
    wanted = by(lmjd=55863, planid="GAC_105N29_B1", spid=1, fiberid=7)
    assert len(SpectrumFolder.open(tmp_path / "tree", silent, cache).find(wanted).observations) == 1


def test_what_nobody_knows_is_not_found(tree, cache):
    index = indexed(tree, cache)
    for star in (Star(), Star(""), by(obsid=-1), by(obsid=7), by(file="none.fits"), Star("J9")):
        assert index.find(star) == []


def test_one_file_of_several_threads(tree, cache):
    folder = SpectrumFolder.open(tree, silent, cache)
    wanted = [100 + number % 5 for number in range(200)]
    with ThreadPoolExecutor(8) as threads:
        found = threads.map(lambda obsid: folder.find(by(obsid=obsid)), wanted)
    assert [one.observations[0].spectrum.obsid for one in found] == wanted


# damage


def test_damaged_files_are_counted_told_and_left_out(tree, cache):
    broken = tree / "plate" / "spec-55000-X_sp02-010.fits"
    broken.write_bytes((tree / "plate" / "spec-1.fits").read_bytes()[:3000])
    (tree / "plate" / "page.fits.gz").write_text("<html>")
    folder = SpectrumFolder.open(tree, silent, cache)
    assert (folder.index.count, folder.index.damaged, len(folder.index.problems)) == (9, 2, 2)
    for star in (by(file=broken.name), by(lmjd=55000, planid="X", spid=2, fiberid=10)):
        found = folder.find(star)
        assert found.observations == ()
        assert broken.name in found.reasons[0]
        assert str(tree) not in found.reasons[0]


def test_a_file_that_is_away_for_now_is_read_the_next_time(tree, cache, monkeypatch):
    quiet(tree)
    real = spectrum_index.read_facts

    def read_facts(path):
        if path.name == "spec-2.fits":
            raise UnreachableError("away")
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(spectrum_index, "read_facts", read_facts)
        index = indexed(tree, cache)
    assert (index.count, index.damaged) == (6, 0)
    assert index.find(by(obsid=102)) == []
    index.update(silent)
    assert names(index.find(by(obsid=102))) == ["spec-2.fits"]


@pytest.mark.parametrize("cards", [{"OBSID": 777, "FIBERID": 2}, {"OBSID": 102, "FIBERID": 99}])
def test_a_file_that_changed_since_is_not_shown_as_what_it_was(tree, cache, cards):
    folder = SpectrumFolder.open(tree, silent, cache)
    write(tree / "plate" / "spec-2.fits", **cards)
    found = folder.find(by(obsid=102))
    assert found.observations == ()
    assert "another spectrum" in found.reasons[0]
    (tree / "plate" / "spec-2.fits").unlink()
    assert "can't be read" in folder.find(by(obsid=102)).reasons[0]


def test_a_file_that_changed_in_a_folder_that_did_is_read_anew(tree, cache):
    index = indexed(tree, cache)
    for changes in ({"OBSID": 777}, {"OBSID": 778, "pixels": 2000}):
        path = write(tree / "plate" / "spec-2.fits", **changes)
        os.utime(path, (changes["OBSID"], changes["OBSID"]))
        index.update(silent)
        assert names(index.find(by(obsid=changes["OBSID"]))) == ["spec-2.fits"]
        assert (index.count, index.find(by(obsid=102))) == (7, [])


@pytest.mark.parametrize("size", [0, 10, 5000, 12_000])
def test_a_damaged_index_is_made_anew(tree, cache, size):
    indexed(tree, cache)
    (file,) = (cache / "spectra").glob("*.sqlite")
    held = file.read_bytes()
    file.write_bytes(held[:size] + b"\xff" * (len(held) - size))
    assert indexed(tree, cache).count == 7


def test_an_index_of_another_version_is_made_anew(tree, cache, read):
    indexed(tree, cache)
    (file,) = (cache / "spectra").glob("*.sqlite")
    with sqlite3.connect(file) as database:
        database.execute("DROP TABLE files")
        database.execute("PRAGMA user_version = 77")
    database.close()
    assert indexed(tree, cache).count == 7
    assert len(read) == 14


def test_a_cache_that_may_not_be_written_is_told(tree, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(DataError, match="cache folder"):
        SpectrumIndex(tree, blocked)


@pytest.mark.parametrize("place", ["none", "plate/spec-1.fits"])
def test_what_is_no_folder_is_told(tree, cache, place):
    with pytest.raises(DataError, match="no folder"):
        SpectrumIndex(tree / place, cache)


def test_a_folder_that_went_keeps_its_index(tree, cache):
    index = indexed(tree, cache)
    tree.rename(tree.with_name("away"))
    with pytest.raises(UnreachableError, match="can't be listed"):
        index.update(silent)
    tree.with_name("away").rename(tree)
    assert index.count == 7


# keeping up


def test_an_unchanged_folder_is_neither_read_nor_listed(tree, cache, read, monkeypatch):
    quiet(tree)
    indexed(tree, cache)
    assert len(read) == 7
    monkeypatch.setattr(os, "scandir", lambda _: pytest.fail("listed again"))
    assert indexed(tree, cache).count == 7
    assert len(read) == 7


def test_only_what_is_new_is_read(tree, cache, read):
    quiet(tree)
    index = indexed(tree, cache)
    read.clear()
    write(tree / "plate" / "new.fits", OBSID=500)
    write(tree / "deep" / "er" / "newer.fits.gz", OBSID=501)
    index.update(silent)
    assert sorted(read) == ["new.fits", "newer.fits.gz"]
    assert names(index.find(by(obsid=501))) == ["newer.fits.gz"]


def test_what_went_is_forgotten(tree, cache):
    quiet(tree)
    index = indexed(tree, cache)
    (tree / "plate" / "spec-1.fits").unlink()
    shutil.rmtree(tree / "dr1")
    index.update(silent)
    assert index.count == 4
    assert index.find(by(obsid=101)) == []


def test_a_folder_that_may_not_be_listed_now_stays_as_it_was(tree, cache, monkeypatch):
    write(tree / "plate" / "inner" / "a.fits", OBSID=800)
    index = indexed(tree, cache)
    real = os.scandir

    def scandir(path):
        if path.endswith(b"plate"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scandir)
        write(tree / "plate" / "new.fits", OBSID=801)
        write(tree / "dr1" / "new.fits", OBSID=802)
        index.update(silent)
    assert index.count == 9
    assert names(index.find(by(obsid=800))) == ["a.fits"]
    index.update(silent)
    assert names(index.find(by(obsid=801))) == ["new.fits"]


def test_a_folder_that_went_after_an_end_in_the_middle_is_forgotten(tree, cache, monkeypatch):
    monkeypatch.setattr(spectrum_index, "_BATCH", 6)

    def stop(done, total, what):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        indexed(tree, cache, stop)
    shutil.rmtree(tree / "dr1")
    index = indexed(tree, cache)
    assert index.count == 5
    assert index.find(Star("J000001.00+000001.0")) == []


def test_hidden_files_others_and_links_to_folders_are_left_out(tree, cache):
    write(tree / "plate" / ".hidden.fits", OBSID=1)
    (tree / "plate" / "notes.txt").write_text("")
    (tree / "plate" / "folder.fits").mkdir()
    (tree / "loop").symlink_to(tree)
    (tree / "nowhere.fits").symlink_to(tree / "none.fits")
    (tree / "linked.fits").symlink_to(write(tree.parent / "elsewhere.fits", OBSID=600))
    index = indexed(tree, cache)
    assert index.count == 8
    assert names(index.find(by(obsid=600))) == ["linked.fits"]


def test_names_that_are_no_text_are_found(tree, cache):
    odd = tree / os.fsdecode(b"spec-\xff.fits")
    write(tree / "plain.fits", OBSID=700).rename(odd)
    found = SpectrumFolder.open(tree, silent, cache).find(by(obsid=700))
    assert found.observations[0].spectrum.path == odd


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "rewrite", "move"]), st.integers(0, 1), st.integers(0, 3)),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(ACTIONS, min_size=1, max_size=4))
def test_it_knows_what_a_walk_finds(tmp_path_factory, rounds):
    root = tmp_path_factory.mktemp("walk")
    index, moment = SpectrumIndex(root, tmp_path_factory.mktemp("cache")), 1_000_000_000
    for actions in rounds:
        for action, number, folder in actions:
            moment += 1
            place = root / ("", "a", "b", "a/c")[folder] / f"{number}.fits"
            if action in ("add", "rewrite") and (action == "add" or place.exists()):
                os.utime(write(place, OBSID=moment), (moment, moment))
            elif place.exists():
                if action == "move":
                    (root / "moved").mkdir(exist_ok=True)
                    place.rename(root / "moved" / f"{moment}.fits")
                else:
                    place.unlink()
        index.update(silent)
        there = {spectrum_index.read_facts(path)["obsid"]: path for path in root.rglob("*.fits")}
        assert index.count == len(there)
        for obsid, path in there.items():
            assert [one.path for one in index.find(by(obsid=obsid))] == [path]


# ends in the middle, and others at the same time


def test_an_interrupted_one_goes_on(tree, cache, read, monkeypatch):
    monkeypatch.setattr(spectrum_index, "_BATCH", 3)

    def stop(done, total, what):
        if what == "headers of spectra":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        indexed(tree, cache, stop)
    first = list(read)
    told = []
    assert indexed(tree, cache, lambda *said: told.append(said)).count == 7
    assert 0 < len(first) < 7
    assert len(read) == 7
    assert told[-1] == (7 - len(first), 7 - len(first), "headers of spectra")


SCRIPT = """
import os, sys
from pathlib import Path
from data import spectrum_index
spectrum_index._BATCH = 2
def progress(done, total, what):
    if len(sys.argv) > 3 and done >= 2:
        os.kill(os.getpid(), 9)
index = spectrum_index.SpectrumIndex(Path(sys.argv[1]), Path(sys.argv[2]))
index.update(progress)
print(index.count)
"""


def start(*words):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *map(str, words)], stdout=subprocess.PIPE, text=True, env=environment
    )


def test_a_killed_one_goes_on(tree, cache, read):
    with start(tree, cache, "die") as process:
        assert process.wait() == -signal.SIGKILL
    assert indexed(tree, cache).count == 7
    assert 0 < len(read) < 7


def test_it_is_of_use_while_it_grows_and_while_another_waits(tree, cache, monkeypatch):
    monkeypatch.setattr(spectrum_index, "_BATCH", 1)
    found, told, locks = [], [], []
    real = fcntl.flock

    def flock(file, how):
        locks.append(how)
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)

    def look(done, total, what):
        if what == "headers of spectra" and done == total:
            other = SpectrumIndex(tree, cache)
            found.extend(names(other.find(by(obsid=103))))
            waiting = threads.submit(other.update, lambda *said: told.append(said))
            while not told:
                time.sleep(0.01)
            assert not waiting.done()

    with ThreadPoolExecutor(1) as threads:
        indexed(tree, cache, look)
    assert found == ["spec-3.fits"]
    assert told[0] == (0, None, "waiting for another process that reads headers")
    assert locks[-2:] == [fcntl.LOCK_EX | fcntl.LOCK_NB, fcntl.LOCK_EX]


def test_two_processes_at_once(tree, cache):
    for number in range(60):
        write(tree / "many" / f"{number}.fits", OBSID=1000 + number)
    processes = [start(tree, cache) for _ in range(3)]
    said = [process.communicate()[0].strip() for process in processes]
    assert said == ["67"] * 3
    assert names(SpectrumIndex(tree, cache).find(by(obsid=1059))) == ["59.fits"]

"""Small files kept up to a total size."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from data import kept_files
from data.kept_files import KeptFiles
from data.problem import DataError


def put(kept, key, size=10):
    return kept.add(key, lambda path: path.write_bytes(key.encode() * size))


def used(kept, key, when):
    os.utime(kept.find(key), (when, when))


def size_of(folder):
    return sum(path.stat().st_size for path in folder.iterdir())


def test_found_again_by_key(tmp_path):
    kept = KeptFiles(tmp_path, 1000)
    put(kept, "a")
    put(kept, "https://host/../b?c=/d")
    assert kept.find("a").read_bytes() == b"a" * 10
    assert KeptFiles(tmp_path, 1000).find("a") == kept.find("a")
    assert kept.find("none") is None
    assert {path.parent for path in tmp_path.rglob("*")} == {tmp_path}


def test_those_used_longest_ago_go_first(tmp_path):
    kept = KeptFiles(tmp_path, 100)
    for number, key in enumerate("abcdefghij"):
        put(kept, key)
        used(kept, key, 1000 + number)
    assert kept.find("a") is not None
    put(kept, "k")
    assert size_of(tmp_path) <= 100
    assert kept.find("b") is None
    for key in ("a", "j", "k"):
        assert kept.find(key) is not None


def test_the_bound_holds_over_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_files, "_RECOUNT", 3)
    one, other = KeptFiles(tmp_path, 100), KeptFiles(tmp_path, 100)
    for number in range(40):
        put(one if number % 2 else other, f"{number:02}", 5)
    assert size_of(tmp_path) <= 100 + 4 * 10


def test_what_was_just_added_stays_whatever_its_size(tmp_path):
    kept = KeptFiles(tmp_path, 100)
    put(kept, "a")
    assert put(kept, "b", 1000).exists()
    assert kept.find("a") is None


def test_what_was_there_before_counts(tmp_path):
    for number in range(30):
        put(KeptFiles(tmp_path, 10_000), f"{number:02}", 5)
    put(KeptFiles(tmp_path, 100), "new")
    assert size_of(tmp_path) <= 100


def test_a_failed_one_leaves_nothing(tmp_path):
    kept = KeptFiles(tmp_path, 100)

    def write(path):
        path.write_bytes(b"half")
        raise DataError("no")

    with pytest.raises(DataError):
        kept.add("a", write)
    assert list(tmp_path.iterdir()) == []


def test_what_the_system_refuses_is_told(tmp_path):
    with pytest.raises(DataError, match="cannot write"):
        put(KeptFiles(tmp_path / "none", 100), "a")


def test_half_written_files_of_others_are_left_until_they_are_old(tmp_path):
    young, old = tmp_path / ".x.part", tmp_path / ".y.part"
    young.write_bytes(b"x" * 500)
    old.write_bytes(b"y")
    os.utime(old, (1, 1))
    put(KeptFiles(tmp_path, 100), "a")
    assert young.exists()
    assert not old.exists()


def test_many_threads(tmp_path):
    kept = KeptFiles(tmp_path, 300)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(partial(put, kept), (f"{number % 50:02}" for number in range(400))))
    assert size_of(tmp_path) <= 300 + 8 * 20
    assert not list(tmp_path.glob("*.part"))

"""The cache: entries are whole or absent, rebuilt when damaged, bounded, and never taken from a user."""

import json
import os
import resource
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.cache import Cache, Entry
from data.problem import DataError
from data.spool import write_npy

MIB = 1 << 20


def fill(size: int = 1000, value: float = 1.0) -> Callable[[Path], dict[str, Any]]:
    def write(folder: Path) -> dict[str, Any]:
        write_npy(folder / "x.npy", np.full(size // 8, value))
        write_npy(folder / "text.npy", np.array([b"ab", b"c"]))
        return {"value": value}

    return write


def release(*entries: Entry | None) -> None:
    for entry in entries:
        if entry is not None:
            os.close(entry.lease)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


def test_an_entry_is_found_again(cache: Cache) -> None:
    assert cache.open("k1") is None
    made = cache.build("k1", fill())
    again = cache.open("k1")
    assert again is not None
    for entry in (made, again):
        assert entry.body == {"value": 1.0}
        assert entry.arrays["x"].tolist() == [1.0] * 125
        assert entry.arrays["text"].tolist() == [b"ab", b"c"]
        assert not entry.arrays["x"].flags.writeable
    release(made, again)


def test_arrays_are_mapped_and_not_read(cache: Cache) -> None:
    entry = cache.build("k1", fill())
    assert isinstance(entry.arrays["x"].base, np.memmap)
    release(entry)


def test_an_entry_that_is_there_is_not_built_twice(cache: Cache) -> None:
    release(cache.build("k1", fill(value=1)))
    entry = cache.build("k1", fill(value=2))
    assert entry.body == {"value": 1}
    release(entry)


def cut(folder: Path) -> None:
    os.truncate(folder / "x.npy", 500)


def flip(folder: Path) -> None:
    with (folder / "x.npy").open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(b"\x55")


def forge_header(folder: Path) -> None:
    with (folder / "x.npy").open("r+b") as file:
        file.write(b"\x00" * 8)


def lose_file(folder: Path) -> None:
    (folder / "text.npy").unlink()


def lose_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def spoil_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{", encoding="utf-8")


@pytest.mark.parametrize("damage", [cut, flip, forge_header, lose_file, lose_manifest, spoil_manifest])
def test_a_damaged_entry_is_absent_and_is_built_anew(cache: Cache, damage: Callable[[Path], None]) -> None:
    release(cache.build("k1", fill(value=1)))
    damage(cache.folder / "k1")
    assert cache.open("k1") is None
    entry = cache.build("k1", fill(value=2))
    assert entry.body == {"value": 2}
    release(entry)


def test_opening_reads_a_sample_only(cache: Cache) -> None:
    release(cache.build("k1", fill(4 * MIB)))
    with (cache.folder / "k1" / "x.npy").open("r+b") as file:
        file.seek(MIB)
        file.write(b"\x55")  # beside the samples: not noticed, which is the price of opening at once
    entry = cache.open("k1")
    assert entry is not None
    release(entry)


def test_nothing_is_left_when_building_fails(cache: Cache) -> None:
    def fails(folder: Path) -> dict[str, Any]:
        write_npy(folder / "x.npy", np.zeros(3))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.build("k1", fails)
    assert sorted(path.name for path in cache.folder.iterdir()) == ["k1.lock"]


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Files may not grow beyond a quarter of a MiB: the system answers as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB // 4, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_is_said_and_leaves_nothing(cache: Cache) -> None:
    with pytest.raises(DataError, match=r"disk of the cache .* is full"):
        cache.build("k1", fill(MIB))
    assert sorted(path.name for path in cache.folder.iterdir()) == ["k1.lock"]
    release(cache.build("k1", fill(1000)))


def test_leftovers_of_the_dead_go_and_those_of_the_living_stay(cache: Cache) -> None:
    for name in ("dead.building", "dead.retired", "alive.building"):
        (cache.folder / name).mkdir()
        (cache.folder / name / "x.npy").touch()
    with cache._lock("alive", wait=True):
        release(cache.build("k1", fill()))
    assert sorted(path.name for path in cache.folder.iterdir() if path.is_dir()) == ["alive.building", "k1"]


def test_a_leftover_of_the_same_entry_does_not_get_in(cache: Cache) -> None:
    (cache.folder / "k1.building").mkdir()
    (cache.folder / "k1.building" / "old.npy").write_bytes(b"junk")
    entry = cache.build("k1", fill())
    assert set(entry.arrays) == {"x", "text"}
    release(entry)


def test_many_builders_of_one_entry_build_it_once(tmp_path: Path) -> None:
    together = threading.Barrier(4)
    built = []

    def write(folder: Path) -> dict[str, Any]:
        built.append(folder)
        return fill()(folder)

    def work(_: int) -> float:
        cache = Cache(tmp_path)
        together.wait(timeout=30)
        entry = cache.build("k1", write)
        total = float(entry.arrays["x"].sum())
        release(entry)
        return total

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [125.0] * 4
    assert len(built) == 1


def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mib: float) -> Cache:
    monkeypatch.setenv("EXPLORER_CACHE_GIB", str(mib / 1024))
    return Cache(tmp_path)


def keys(cache: Cache) -> list[str]:
    return sorted(path.name for path in cache.folder.iterdir() if path.is_dir())


def age(cache: Cache, key: str, seconds: int) -> None:
    os.utime(cache.folder / key / "manifest.json", (seconds, seconds))


def test_the_least_recently_used_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = limited(tmp_path, monkeypatch, 3.5)
    for number, key in enumerate(("k1", "k2", "k3")):
        release(cache.build(key, fill(MIB)))
        age(cache, key, 1000 + number)
    release(cache.open("k1"))  # used again: k2 is now the oldest
    release(cache.build("k4", fill(MIB)))
    assert keys(cache) == ["k1", "k3", "k4"]


def test_an_entry_in_use_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = limited(tmp_path, monkeypatch, 2.5)
    used = cache.build("k1", fill(MIB, value=7))
    release(cache.build("k2", fill(MIB)))
    age(cache, "k1", 1000)
    age(cache, "k2", 2000)
    release(cache.build("k3", fill(MIB)))
    assert keys(cache) == ["k1", "k3"]
    assert float(used.arrays["x"][-1]) == 7
    release(used)
    age(cache, "k1", 1000)
    release(cache.build("k4", fill(MIB)))
    assert keys(cache) == ["k3", "k4"]


def test_a_replaced_entry_still_serves_those_who_have_it(cache: Cache) -> None:
    used = cache.build("k1", fill(value=1))
    lose_manifest(cache.folder / "k1")
    fresh = cache.build("k1", fill(value=2))
    assert float(used.arrays["x"][0]) == 1
    assert float(fresh.arrays["x"][0]) == 2
    release(used, fresh)


def test_an_entry_larger_than_the_whole_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = limited(tmp_path, monkeypatch, 0.5)
    release(cache.build("k1", fill(1000)))
    with pytest.raises(DataError, match=r"needs 1\.0 MiB of cache.* EXPLORER_CACHE_GIB"):
        cache.build("k2", fill(MIB))
    assert keys(cache) == ["k1"]


def test_the_folder_may_be_named_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "mine"))
    assert Cache().folder == tmp_path / "mine" / "catalogues"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be made"):
        Cache(tmp_path / "file")


def test_the_manifest_is_complete_before_the_entry_appears(cache: Cache) -> None:
    entry = cache.build("k1", fill())
    manifest = json.loads((cache.folder / "k1" / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["files"]) == {"x", "text"}
    assert manifest["files"]["x"]["size"] == (cache.folder / "k1" / "x.npy").stat().st_size
    release(entry)

"""Opened catalogues kept on disk: found again by a key, never half-written, bounded, safe among processes.

In its folder `KEY/` is an entry (.npy files, manifest.json and a lease) and `KEY.building/` one being made,
by whoever holds `KEY.lock`. Whoever uses an entry holds its lease, so that nobody removes it meanwhile.
"""

import fcntl
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from data.compression import FULL_DISK, gibibytes, readable_bytes
from data.draft import sync
from data.problem import DataError

FOLDER_VARIABLE = "EXPLORER_CACHE"
LIMIT_VARIABLE = "EXPLORER_CACHE_GIB"
_APPLICATION = "enrichment-explorer"
_DEFAULT_LIMIT_GIB = 40.0
_MANIFEST, _LEASE = "manifest.json", "lease"
_SAMPLE = 4096


def cache_folder(name: str, folder: Path | None = None) -> Path:
    """Make a folder in the cache: by default in EXPLORER_CACHE's or the user's own.

    Raises
    ------
    DataError
        If it cannot be made.
    """
    own = os.environ.get(FOLDER_VARIABLE) or platformdirs.user_cache_dir(_APPLICATION)
    made = Path(folder or own).expanduser().absolute() / name
    try:
        made.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"the cache folder {made} cannot be made ({error.strerror}): "
            f"name one that you may write to in {FOLDER_VARIABLE}"
        ) from error
    return made


@dataclass(frozen=True, eq=False)
class Entry:
    """An entry in use: what its maker noted, its arrays memory-mapped, and the lease's file descriptor."""

    folder: Path
    body: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    lease: int


class Cache:
    """A folder of entries with a bound on their total size; those used longest ago go first."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use a folder, by default EXPLORER_CACHE's or the user's own. Raises DataError if it cannot be."""
        self._limit = gibibytes(LIMIT_VARIABLE, _DEFAULT_LIMIT_GIB)
        self.folder = cache_folder("catalogues", folder)

    def open(self, key: str) -> Entry | None:
        """Open an entry; None if it is absent or damaged. Reads a few pages of each file."""
        folder = self.folder / key
        try:
            lease = os.open(folder / _LEASE, os.O_RDONLY)
        except OSError:
            return None
        try:
            fcntl.flock(lease, fcntl.LOCK_SH | fcntl.LOCK_NB)
            manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
            arrays = {name: _checked(folder, name, known) for name, known in manifest["files"].items()}
            with suppress(OSError):  # a cache that may only be read still serves
                os.utime(folder / _MANIFEST)
        except (OSError, ValueError, KeyError, TypeError):
            os.close(lease)
            return None
        return Entry(folder, manifest["body"], arrays, lease)

    def build(self, key: str, fill: Callable[[Path], Mapping[str, Any]]) -> Entry:
        """Make an entry, unless another process has just made it, and open it.

        Parameters
        ----------
        key : its name, of hexadecimal digits.
        fill : writes .npy files into the folder it is given and returns a body that JSON can hold.

        Raises
        ------
        DataError
            If the disk is full or the entry is larger than the cache may be. Nothing is left behind then.
        """
        with self._lock(key, wait=True):
            entry = self.open(key)
            if entry is None:
                self._sweep()
                self._make(key, fill)
                entry = self.open(key)
        if entry is None:
            raise DataError(
                f"the cache folder {self.folder} does not keep what is written: "
                f"name another in {FOLDER_VARIABLE}"
            )
        return entry

    def _make(self, key: str, fill: Callable[[Path], Mapping[str, Any]]) -> None:
        building = self.folder / f"{key}.building"
        try:
            _remove(building)
            building.mkdir()
            _seal(building, fill(building))
            self._make_room(key, _size(building))
            _remove(self._retire(key))
            building.rename(self.folder / key)
            sync(self.folder)
        except OSError as error:
            if error.errno not in FULL_DISK:
                raise
            raise DataError(
                f"the disk of the cache {self.folder} is full ({error.strerror}): free some space there, "
                f"or name a folder on another disk in {FOLDER_VARIABLE}"
            ) from error
        finally:
            _remove(building)

    def _make_room(self, key: str, needed: int) -> None:
        if needed > self._limit:
            raise DataError(
                f"this catalogue needs {readable_bytes(needed)} of cache, which may take "
                f"{readable_bytes(self._limit)}: allow more with {LIMIT_VARIABLE} (a number of GiB)"
            )
        others = [entry for entry in self._entries() if entry[2] != key]
        total = needed + sum(size for _, size, _ in others)
        for _, size, oldest in others:
            if total <= self._limit:
                return
            total -= size if self._evict(oldest) else 0

    def _entries(self) -> list[tuple[int, int, str]]:
        """List when each entry was last used, its size and its key, those used longest ago first."""
        found = []
        for manifest in self.folder.glob(f"*/{_MANIFEST}"):
            folder = manifest.parent
            if folder.suffix:
                continue
            with suppress(FileNotFoundError):  # another process has just removed it
                found.append((manifest.stat().st_mtime_ns, _size(folder), folder.name))
        return sorted(found)

    def _evict(self, key: str) -> bool:
        """Remove an entry unless somebody uses or makes it."""
        with self._lock(key, wait=False) as held:
            try:
                lease = os.open(self.folder / key / _LEASE, os.O_RDONLY)
            except FileNotFoundError:
                return True
            try:
                fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            else:
                if held:
                    _remove(self._retire(key))
                return held
            finally:
                os.close(lease)

    def _retire(self, key: str) -> Path:
        """Take an entry out of sight in one step, before its files go one by one."""
        retired = self.folder / f"{key}.retired"
        _remove(retired)
        if (self.folder / key).exists():
            (self.folder / key).rename(retired)
        return retired

    def _sweep(self) -> None:
        """Remove what makers that died have left."""
        for left in [*self.folder.glob("*.building"), *self.folder.glob("*.retired")]:
            with self._lock(left.stem, wait=False) as held:
                if held:
                    _remove(left)

    @contextmanager
    def _lock(self, key: str, *, wait: bool) -> Iterator[bool]:
        try:
            lock = os.open(self.folder / f"{key}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise DataError(
                f"the cache folder {self.folder} may not be written ({error.strerror}): "
                f"name one that may in {FOLDER_VARIABLE}"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(lock)
            yield False
            return
        try:
            yield True
        finally:
            os.close(lock)


def _seal(folder: Path, body: Mapping[str, Any]) -> None:
    """Make what was written last: sizes and samples go into the manifest, everything to the disk."""
    files = {}
    for path in sorted(folder.glob("*.npy")):
        files[path.stem] = {"size": path.stat().st_size, "sample": _sample(path)}
        sync(path)
    (folder / _LEASE).touch()
    manifest = folder / _MANIFEST
    manifest.write_text(json.dumps({"files": files, "body": body}, allow_nan=True), encoding="utf-8")
    sync(manifest)
    sync(folder)


def _checked(folder: Path, name: str, known: Mapping[str, int]) -> NDArray[Any]:
    """Map an array; ValueError if its file is not what the manifest says."""
    path = folder / f"{name}.npy"
    if path.stat().st_size != known["size"] or _sample(path) != known["sample"]:
        raise ValueError(f"{path} is damaged")
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _sample(path: Path) -> int:
    """Checksum of the start, the middle and the end of a file."""
    size = path.stat().st_size
    checksum = 0
    with path.open("rb", buffering=0) as file:
        for start in (0, size // 2, max(0, size - _SAMPLE)):
            file.seek(start)
            checksum = zlib.crc32(file.read(_SAMPLE), checksum)
    return checksum


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.npy"))


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)

"""Small files kept on disk up to a total size: those used longest ago go first."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Lock

from data.draft import draft

_LEFT = 0.9
"""Share of the bound that is kept when room is made, so that it is not made at every file."""
_RECOUNT = 100
"""Files after which the folder is looked at again, for other processes add to it too."""
_STALE = 3600.0
"""Seconds after which a half-written file is one that was given up."""


@dataclass(eq=False)
class KeptFiles:
    """A folder of files by key; several threads and processes may use it at a time.

    Attributes
    ----------
    folder : it exists, and holds nothing else.
    largest : bytes of all files together; exceeded by what other processes add in a moment.
    """

    folder: Path
    largest: int
    _size: int = field(default=0, init=False)
    _added: int = field(default=_RECOUNT, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def find(self, key: str) -> Path | None:
        """File of a key, or None; it counts as used now."""
        path = self._path(key)
        try:
            os.utime(path)
        except PermissionError:
            return path if path.is_file() else None
        except OSError:
            return None
        return path

    def add(self, key: str, write: Callable[[Path], None]) -> Path:
        """Keep a file, whole or not at all.

        Parameters
        ----------
        key : any text.
        write : writes to the path it is given; what it raises goes on, and nothing is left.

        Raises
        ------
        DataError
            If the system does not let it be written.
        """
        path = self._path(key)
        with draft(path) as part:
            write(part)
            size = part.stat().st_size
        with self._lock:
            self._size += size
            self._added += 1
            if self._size > self.largest or self._added > _RECOUNT:
                self._make_room(path)
        return path

    def _make_room(self, newest: Path) -> None:
        """Count what is there; if it is too much, remove what was used longest ago."""
        found = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # another process has just removed it
                    there = entry.stat(follow_symlinks=False)
                    found.append((there.st_mtime, there.st_size, Path(entry.path)))
        self._size, self._added = sum(size for _, size, _ in found), 0
        now, crowded = time.time(), self._size > self.largest
        for used, size, path in sorted(found):
            half_written = path.suffix == ".part"
            unwanted = now - used > _STALE if half_written else crowded and self._size > _LEFT * self.largest
            if unwanted and path != newest:
                path.unlink(missing_ok=True)
                self._size -= size

    def _path(self, key: str) -> Path:
        return self.folder / f"{sha256(key.encode()).hexdigest()}.kept"

"""What changed in a folder of spectra since it was listed before, told without looking at every file."""

import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from data.problem import UnreachableError

Progress = Callable[[int, int | None, str], None]
File = tuple[bytes, bytes, int, int]
"""Folder, name, size, time of change in ns."""

ENDINGS = (b".fits", b".fits.gz", b".fit", b".fit.gz")
_SETTLED_NS = 60_000_000_000
"""A folder changed less than this before it was listed may change again in one tick of its clock, which need
not agree with ours: it is listed again the next time."""
_TELL = 1000
_PASSING = """
CREATE TEMP TABLE visited (folder BLOB PRIMARY KEY, parent BLOB, changed INTEGER, listed INTEGER);
CREATE TEMP TABLE listed (folder BLOB, name BLOB, size INTEGER, changed INTEGER, PRIMARY KEY (folder, name));
CREATE TEMP TABLE fresh (folder BLOB, name BLOB, size INTEGER, changed INTEGER);
"""
_GONE = """
DELETE FROM files WHERE folder IN (SELECT folder FROM visited WHERE listed) AND NOT EXISTS (
    SELECT 1 FROM listed l WHERE l.folder = files.folder AND l.name = files.name
        AND l.size = files.size AND l.changed = files.changed);
DELETE FROM files WHERE folder IN (
    SELECT folder FROM folders WHERE folder NOT IN (SELECT folder FROM visited));
DELETE FROM folders WHERE folder NOT IN (SELECT folder FROM visited);
REPLACE INTO folders SELECT folder, parent, -1 FROM visited WHERE listed;
"""
_FRESH = """
INSERT INTO fresh SELECT * FROM listed l
    WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.folder = l.folder AND f.name = l.name)
    ORDER BY folder, name
"""


@dataclass(eq=False)
class Listing:
    """Files that are new or changed, in the passing tables of a database that knows the others.

    Attributes
    ----------
    database : it has the tables `folders` and `files`.
    root : the folder.
    total : files to be read.
    read : how many of them were given.
    """

    database: sqlite3.Connection
    root: Path
    total: int = 0
    read: int = 0
    _seen: int = field(default=0, init=False)

    @classmethod
    def of(cls, database: sqlite3.Connection, root: Path, progress: Progress) -> "Listing":
        """List a folder and the folders in it, links to folders left out; forget files that are gone.

        Raises
        ------
        UnreachableError
            If it can't be listed.
        """
        listing = cls(database, root)
        database.executescript(_PASSING)
        listing._walk(progress)
        database.executescript(f"BEGIN IMMEDIATE; {_GONE} COMMIT")
        database.execute(_FRESH)
        (listing.total,) = database.execute("SELECT count(*) FROM fresh").fetchone()
        return listing

    def fresh(self, size: int) -> Iterator[list[File]]:
        """Files to be read, `size` at a time."""
        while files := self.database.execute(
            "SELECT folder, name, size, changed FROM fresh WHERE rowid > ? ORDER BY rowid LIMIT ?",
            (self.read, size),
        ).fetchall():
            self.read += len(files)
            yield files

    def again(self, folder: bytes) -> None:
        """See that a folder is listed again the next time."""
        self.database.execute("UPDATE visited SET changed = -1 WHERE folder = ?", (folder,))

    def settle(self) -> None:
        """Remember which folders are done."""
        self.database.execute("REPLACE INTO folders SELECT folder, parent, changed FROM visited")

    def _walk(self, progress: Progress) -> None:
        waiting = [(b"", b"")]
        while waiting:
            folder, parent = waiting.pop()
            now = time.time_ns()
            try:
                changed = self._path(folder).stat().st_mtime_ns
                known = self.database.execute("SELECT changed FROM folders WHERE folder = ?", (folder,))
                if known.fetchone() == (changed,):
                    inner = self._known_in(folder)
                    listed = False
                else:
                    inner = self._list(folder, progress)
                    listed = True
            except FileNotFoundError as error:
                self._refuse_root(folder, error)
                continue
            except OSError as error:
                self._refuse_root(folder, error)
                changed, inner, listed = -1, self._known_in(folder), False
            settled = changed if now - changed > _SETTLED_NS else -1
            self.database.execute(
                "INSERT INTO visited VALUES (?, ?, ?, ?)", (folder, parent, settled, listed)
            )
            waiting += [(each, folder) for each in inner]

    def _refuse_root(self, folder: bytes, error: OSError) -> None:
        """Folders in the folder may fail: those that are there stay as they were, and are tried again."""
        if not folder:
            raise UnreachableError(
                f"{self.root} can't be listed ({error.strerror or error}): "
                "see that it is there and may be read"
            ) from error

    def _known_in(self, folder: bytes) -> list[bytes]:
        rows = self.database.execute(
            "SELECT folder FROM folders WHERE parent = ? AND folder != ?", (folder, b"")
        )
        return [inner for (inner,) in rows]

    def _list(self, folder: bytes, progress: Progress) -> list[bytes]:
        """Note the files of a folder; gives the folders in it."""
        inner = []
        with os.scandir(os.fsencode(self._path(folder))) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    inner.append(_join(folder, entry.name))
                elif _is_spectrum(entry.name):
                    self._note(folder, entry)
                    if self._seen % _TELL == 0:
                        progress(self._seen, None, "files of spectra")
        return inner

    def _note(self, folder: bytes, entry: "os.DirEntry[bytes]") -> None:
        try:
            there = entry.stat()
        except OSError:  # a link that leads nowhere, or a file that went meanwhile
            return
        if stat.S_ISREG(there.st_mode):
            self._seen += 1
            self.database.execute(
                "INSERT OR IGNORE INTO listed VALUES (?, ?, ?, ?)",
                (folder, entry.name, there.st_size, there.st_mtime_ns),
            )

    def _path(self, folder: bytes) -> Path:
        return self.root / os.fsdecode(folder)


def _join(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder else name


def _is_spectrum(name: bytes) -> bool:
    return name.lower().endswith(ENDINGS) and not name.startswith(b".")

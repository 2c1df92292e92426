"""Which file of a folder holds which spectrum: what all headers say, read once and kept in the cache.

It is an SQLite database. What was read is committed some hundred files at a time, so that whoever goes on
after an end of any kind finds it whole; one process at a time adds to it, while others look things up.
"""

import fcntl
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from data.cache import cache_folder
from data.folder_listing import Listing
from data.lamost import read_facts
from data.observation_name import MOST, ObservationName, Star, exposure
from data.problem import DataError, UnreachableError

Progress = Callable[[int, int | None, str], None]

_FORMAT = 1
"""Grows when what is kept changes."""
_BATCH = 256
"""Files between commits: what an end in between costs."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""What SQLite says of a file that is broken: all of it can be read again from the headers."""
_PATIENCE = 60.0
"""Seconds to wait while another process commits."""
_NAMED = re.compile(r"spec-(\d{5})-(.+)_sp(\d{2})-(\d{3})\.fits?(?:\.gz)?")
"""LAMOST's names of files, which say what headers do."""
_TABLES = """
CREATE TABLE IF NOT EXISTS folders (folder BLOB PRIMARY KEY, parent BLOB, changed INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    folder BLOB, name BLOB, size INTEGER, changed INTEGER,
    obsid INTEGER, exposure TEXT, designation TEXT, problem TEXT, PRIMARY KEY (folder, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_obsid ON files (obsid) WHERE obsid >= 0;
CREATE INDEX IF NOT EXISTS by_exposure ON files (exposure) WHERE exposure != '';
CREATE INDEX IF NOT EXISTS by_designation ON files (designation) WHERE designation != '';
CREATE INDEX IF NOT EXISTS by_name ON files (name);
CREATE INDEX IF NOT EXISTS by_problem ON files (problem) WHERE problem != '';
"""
_FOUND = "SELECT folder, name, obsid, exposure, designation, problem FROM files WHERE "
_LIMIT = f" ORDER BY folder, name LIMIT {MOST}"
_BY_OBSID = f"{_FOUND} obsid = ? AND obsid >= 0 {_LIMIT}"
_BY_EXPOSURE = f"{_FOUND} exposure = ? AND exposure != '' {_LIMIT}"
_BY_DESIGNATION = f"{_FOUND} designation = ? AND designation != '' {_LIMIT}"
_BY_NAME = f"{_FOUND} name = ? {_LIMIT}"
_BY_PROBLEM = f"{_FOUND} problem != '' {_LIMIT}"


@dataclass(frozen=True)
class Known:
    """What is known of a file.

    Attributes
    ----------
    path : the file.
    obsid, exposure, designation : as its header says; -1 or "" where it says none.
    problem : why it can't be read; "" if it can.
    """

    path: Path
    obsid: int
    exposure: str
    designation: str
    problem: str


class SpectrumIndex:
    """The spectra of a folder and the folders in it, found by what names them."""

    def __init__(self, root: Path, cache: Path | None = None) -> None:
        """Open the index of a folder, or begin one; `update` fills it.

        Parameters
        ----------
        root : the folder.
        cache : where it is kept; None takes that of the variable EXPLORER_CACHE, else the user's own.

        Raises
        ------
        DataError
            If there is no such folder, or the cache can't be used.
        """
        self.root = root.expanduser().absolute()
        if not self.root.is_dir():
            raise DataError(f"{root} is no folder: give one that holds LAMOST spectra")
        key = sha256(os.fsencode(self.root)).hexdigest()[:32]
        self._file = cache_folder("spectra", cache) / f"{key}.sqlite"
        self._lock = Lock()
        if not self._sound(alone=False):
            with self._claimed():
                if not self._sound(alone=True):
                    self._make()
        self._reader = self._connect()

    def update(self, progress: Progress) -> None:
        """Bring the index up to date: only files that are new or changed are read.

        What was read so far is found meanwhile; where another process does the same, this one waits for it.

        A folder whose own time of change is as it was is not listed again, so that a file rewritten in place
        is noticed when it is asked for. An end in the middle, however it comes, loses 256 files at most.

        Parameters
        ----------
        progress : told (done, in all, of what); may raise to end.

        Raises
        ------
        UnreachableError
            If the folder can't be listed now.
        DataError
            If the disk of the cache is full.
        """
        with self._claimed(progress):
            try:
                self._update(progress)
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode not in _DAMAGE:
                    raise self._unusable(error) from error
                self._make()
                with self._lock:
                    self._reader = self._connect()
                self._update(progress)

    def _update(self, progress: Progress) -> None:
        with closing(self._connect()) as database:
            listing = Listing.of(database, self.root, progress)
            for files in listing.fresh(_BATCH):
                rows = [self._learn(*file, listing) for file in files]
                known = [row for row in rows if row is not None]
                with _transaction(database):
                    database.executemany("REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", known)
                progress(listing.read, listing.total, "headers of spectra")
            with _transaction(database):
                listing.settle()

    @property
    def count(self) -> int:
        """How many files there are."""
        return int(self._ask("SELECT count(*) FROM files", ())[0][0])

    @property
    def damaged(self) -> int:
        """How many of them can't be read."""
        return int(self._ask("SELECT count(*) FROM files WHERE problem != ''", ())[0][0])

    @property
    def problems(self) -> tuple[str, ...]:
        """Why, of the first of them."""
        return tuple(one.problem for one in self._known(_BY_PROBLEM, ""))

    def find(self, star: Star) -> list[Known]:
        """Files of a star, the ones asked for first, then others of its designation; MOST at most.

        A spectrum is found by obsid; where no file has it, by day, plan, spectrograph and fibre; then by the
        name of its file.
        """
        found: dict[Path, Known] = {}
        for name in star.names:
            found |= {one.path: one for one in self.named(name) if one.path not in found}
        others = self._known(_BY_DESIGNATION, star.designation)
        found |= {one.path: one for one in others if one.path not in found}
        return list(found.values())[:MOST]

    def named(self, name: ObservationName) -> list[Known]:
        """Files of one spectrum."""
        return (
            self._known(_BY_OBSID, name.obsid)
            or [one for one in self._known(_BY_EXPOSURE, name.exposure) if _agrees(one, name)]
            or (self._known(_BY_NAME, name.file.encode()) if name.file else [])
        )

    def _known(self, query: str, value: Any) -> list[Known]:
        rows = self._ask(query, (value,) if "?" in query else ())
        return [
            Known(self.root / os.fsdecode(folder) / os.fsdecode(name), *facts)
            for folder, name, *facts in rows
        ]

    def _ask(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._reader.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _learn(
        self, folder: bytes, name: bytes, size: int, changed: int, listing: Listing
    ) -> tuple[bytes, bytes, int, int, int, str, str, str] | None:
        """What is kept of a file; None where the system does not give it now."""
        path = self.root / os.fsdecode(folder) / os.fsdecode(name)
        known = name.decode("utf-8", "replace")
        try:
            facts = read_facts(path)
        except UnreachableError:
            listing.again(folder)
            return None
        except DataError as problem:
            said = str(problem).replace(str(path), known).encode("utf-8", "replace").decode()
            return folder, name, size, changed, -1, _by_name(known), "", said
        where = exposure(facts["lmjd"], facts["planid"], facts["spid"], facts["fiberid"])
        return folder, name, size, changed, facts["obsid"], where or _by_name(known), facts["designation"], ""

    def _sound(self, *, alone: bool) -> bool:
        """Whether there are tables, and those of this version.

        Who is not alone only reads: it must take no journal of another process for one that was left behind.
        """
        way = self._file.absolute().as_uri() + ("" if alone else "?mode=ro")
        with suppress(sqlite3.Error), closing(sqlite3.connect(way, uri=True, timeout=_PATIENCE)) as database:
            return bool(database.execute("PRAGMA user_version").fetchone() == (_FORMAT,))
        return False

    def _make(self) -> None:
        """Make the tables anew, in a file that gets its name when it is complete."""
        unfinished = self._file.with_suffix(".new")
        try:
            for old in (unfinished, *(Path(f"{file}-journal") for file in (unfinished, self._file))):
                old.unlink(missing_ok=True)
            with closing(sqlite3.connect(unfinished, isolation_level=None)) as database:
                database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_FORMAT}; COMMIT")
            unfinished.replace(self._file)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def _connect(self) -> sqlite3.Connection:
        """Transactions are begun in so many words; one thread at a time uses it."""
        return sqlite3.connect(self._file, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)

    @contextmanager
    def _claimed(self, progress: Progress | None = None) -> Iterator[None]:
        """Write alone: waits while another process does."""
        try:
            lock = self._file.with_suffix(".lock").open("w")
        except OSError as error:
            raise self._unusable(error) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if progress is not None:
                    progress(0, None, "waiting for another process that reads headers")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _unusable(self, error: Exception) -> DataError:
        return DataError(
            f"the index of spectra {self._file} can't be used ({error}): see that its disk has room "
            "and may be written, or remove it"
        )


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.rollback()
        raise
    database.commit()


def _by_name(file: str) -> str:
    """Exposure that the name of a file says."""
    said = _NAMED.fullmatch(file)
    return exposure(int(said[1]), said[2], int(said[3]), int(said[4])) if said else ""


def _agrees(known: Known, name: ObservationName) -> bool:
    """Whether a file of the same exposure may be the spectrum: a file that has an obsid has the right one."""
    return known.obsid < 0 or name.obsid < 0 or known.obsid == name.obsid

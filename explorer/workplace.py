"""The folder a catalogue is built in: what its plan is, which pieces are done, who works there.

A piece is a Parquet file of rows that appears when it is complete. The plan holds all that decides what is
in the pieces; a folder with another plan is refused. So the same command goes on where it was stopped.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from data.array_folder import read_arrays
from data.binary_tables import read_parquet
from data.draft import draft
from data.extract import CITATION
from data.problem import DataError
from data.recognition import BUILDER
from data.rows import write_rows
from explorer.results import Columns

PLAN, MANIFEST = "plan.json", "manifest.json"
FACTS, OBSERVATIONS, REJECTS, CATALOGUE, MODELS = "facts", "observations", "rejects", "catalogue", "models"
PARTS = (OBSERVATIONS, REJECTS, CATALOGUE)
"""Folders of pieces that stay when the work is done."""
_WORK = "work"
_LOCK = ".lock"
_SURVEY, _TOLD = "survey", "told.json"

Plan = Mapping[str, Any]


@dataclass(frozen=True)
class Workplace:
    """A folder that a catalogue is built in.

    Attributes
    ----------
    folder : the folder.
    """

    folder: Path

    @cached_property
    def plan(self) -> Plan:
        """All that decides what is in the pieces."""
        return _read_json(self.folder / PLAN)

    @property
    def done(self) -> bool:
        """Whether the whole work is."""
        return (self.folder / MANIFEST).exists()

    @property
    def manifest(self) -> Plan:
        """What a finished folder holds."""
        return _read_json(self.folder / MANIFEST)

    @property
    def survey_file(self) -> str:
        """Where SURVEY.toml is, as the latest command gave it."""
        return (self.folder / _WORK / _SURVEY).read_text(encoding="utf-8")

    @property
    def told(self) -> dict[str, str]:
        """What work so far found that every later file says."""
        file = self.folder / _WORK / _TOLD
        return dict(_read_json(file)) if file.exists() else {}

    def tell(self, facts: Mapping[str, str]) -> None:
        """Let every later file say something."""
        write_text(self.folder / _WORK / _TOLD, json.dumps(dict(facts)))

    def note(self, name: str, lines: Sequence[str]) -> None:
        """Keep what is to be told in the end."""
        write_text(self.folder / _WORK / f"{name}.txt", "".join(f"{line}\n" for line in lines))

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be told, in the order of the work's names."""
        files = sorted((self.folder / _WORK).glob("*.txt"))
        return tuple(line for file in files for line in file.read_text(encoding="utf-8").splitlines())

    def begin(self, plan: Plan, survey_file: Path, *, restart: bool) -> None:
        """Make the folder, or go on in it; start anew where it was begun otherwise, if asked to.

        Raises
        ------
        DataError
            If it holds something else, or was begun with another plan: says what differs.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(plan, indent=1, sort_keys=True) + "\n"
        place = self.folder / PLAN
        if restart and place.exists() and not self.done and place.read_text(encoding="utf-8") != text:
            _clear(self.folder)
        if place.exists():
            if place.read_text(encoding="utf-8") != text:
                differs = _difference(json.loads(place.read_text(encoding="utf-8")), json.loads(text))
                raise DataError(
                    f"{self.folder} was begun otherwise ({differs}): give another folder with --out, or "
                    "remove this one"
                )
        elif any(file.name != _LOCK for file in self.folder.iterdir()):
            raise DataError(f"{self.folder} holds other files: give a new folder with --out")
        else:
            write_text(place, text)
        for name in (FACTS, *PARTS):
            self._parts(name).mkdir(parents=True, exist_ok=True)
        (self.folder / MODELS).mkdir(exist_ok=True)
        self.sweep()
        if not self.done:
            write_text(self.folder / _WORK / _SURVEY, str(survey_file.resolve()))

    def sweep(self) -> None:
        """Remove what processes that were killed left half-written."""
        for left in self.folder.rglob(".*.part"):
            _remove(left)

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Work here alone.

        Raises
        ------
        DataError
            If another process does already.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DataError(
                    f"another process builds in {self.folder}: wait for it, or give another place with --out"
                ) from error
            yield

    def part(self, name: str, number: int) -> Path:
        """File of a piece."""
        return self._parts(name) / f"part-{number:06d}.parquet"

    def parts(self, name: str) -> tuple[Path, ...]:
        """Files of the pieces there are, in order."""
        return tuple(sorted(self._parts(name).glob("part-*.parquet")))

    def model(self, name: str) -> Path:
        """File of a trained model."""
        return self.folder / MODELS / f"{name}.cannon"

    def arrays(self, name: str) -> Path:
        """Folder of arrays that later pieces need."""
        return self.folder / _WORK / name

    def read_arrays(self, name: str) -> Mapping[str, NDArray[Any]]:
        """Arrays that earlier work left, mapped."""
        return read_arrays(self.arrays(name))

    @property
    def digest(self) -> str:
        """Checksum of the plan as it stands in the folder."""
        return checksum(self.folder / PLAN)

    def check(self, plan: str) -> None:
        """Refuse to work for a plan that is no more the folder's. Raises DataError."""
        if not (self.folder / PLAN).exists() or self.digest != plan:
            raise DataError(f"{self.folder} has another plan by now: this work for the old one ends")

    def write(self, plan: str, name: str, number: int, columns: Columns) -> None:
        """Write a piece, if the folder's plan is still that of this checksum."""
        self.check(plan)
        write_rows(self.part(name, number), columns.described, columns.values, self.about)

    def read(self, name: str, number: int) -> dict[str, NDArray[Any]]:
        """Rows of a piece, by column."""
        return read_parquet(self.part(name, number))

    @property
    def about(self) -> dict[str, str]:
        """What every file says of itself."""
        plan = self.plan
        survey = plan["survey"]
        mock = {"mock": "true", "title": "Mock survey: not real stars"} if survey["spectra"]["mock"] else {}
        return {
            **mock,
            "made_by": BUILDER,
            "name": survey["name"],
            "citation": CITATION,
            **self.told,
            "survey": json.dumps(survey, sort_keys=True),
            "inputs": json.dumps(plan["inputs"], sort_keys=True),
            "software": plan["software"],
        }

    def _parts(self, name: str) -> Path:
        return self.folder / (name if name in PARTS else f"{_WORK}/{name}")


def _read_json(place: Path) -> Plan:
    try:
        held = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{place} can't be read ({error}): remove the folder, build anew") from error
    if not isinstance(held, dict):
        raise DataError(f"{place} is damaged: remove the folder, build anew")
    return held


def write_text(place: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with draft(place) as part:
        part.write_text(text, encoding="utf-8")


def checksum(path: Path) -> str:
    """SHA-256 of a file; of a folder, that of the names and checksums of the files in it."""
    if path.is_dir():
        inner = (
            f"{file.relative_to(path)} {checksum(file)}\n"
            for file in sorted(path.rglob("*"))
            if file.is_file()
        )
        return sha256("".join(inner).encode()).hexdigest()
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _difference(before: Plan, now: Plan) -> str:
    """What differs between two plans, in a few words."""
    names = _differing(before, now)
    return ", ".join(names) + (" differ" if len(names) > 1 else " differs")


def _differing(before: Plan, now: Plan) -> list[str]:
    """Names of what differs, as deep as it is named."""
    found: list[str] = []
    for name in sorted({*before, *now}):
        one, other = before.get(name), now.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found += [f"{name}.{inner}" for inner in _differing(one, other)]
        elif one != other:
            found.append(name)
    return found


def _clear(folder: Path) -> None:
    """Remove what an unfinished build left; the plan last, which says that it is one."""
    for left in sorted(folder.iterdir(), key=lambda file: file.name == PLAN):
        if left.is_dir():
            shutil.rmtree(left)
        elif left.name != _LOCK:
            left.unlink()


def _remove(left: Path) -> None:
    """Remove a file or a folder."""
    if left.is_dir():
        shutil.rmtree(left, ignore_errors=True)
    else:
        left.unlink(missing_ok=True)

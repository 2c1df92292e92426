"""A survey's files to its catalogue: what is done before, between and after the numbered pieces."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from data.array_folder import write_arrays
from data.binary_tables import read_parquet
from data.extract import version_of
from data.problem import DataError
from explorer.finishing import finish
from explorer.joins import joined
from explorer.mock_spectra import MockSpectra
from explorer.pieces import (
    FILES,
    SPECTRA_ARRAYS,
    STAR_ARRAYS,
    STARS,
    combine,
    learn_facts,
    observe,
    opened,
    train,
)
from explorer.scheduler import Scheduler, scheduler
from explorer.spectra import Progress, find_spectra
from explorer.survey import Survey
from explorer.survey_file import read_survey
from explorer.workplace import CATALOGUE, FACTS, OBSERVATIONS, REJECTS, Workplace, checksum

SOFTWARE = ("enrichment-explorer", "numpy", "scipy", "numba", "astropy", "galpy", "pandas", "pyarrow")
"""What the bytes of a catalogue depend on beside its inputs."""


@dataclass(frozen=True)
class Built:
    """A catalogue.

    Attributes
    ----------
    folder : where it is.
    stars, observations, rejects : how many of each.
    reasons : how many spectra were set aside for each reason.
    notes : what is to be told of it.
    """

    folder: Path
    stars: int
    observations: int
    rejects: int
    reasons: str
    notes: tuple[str, ...]


def build(
    path: Path, out: Path, *, workers: int, address: str | None, progress: Progress, restart: bool = False
) -> Built:
    """Build the catalogue of a survey, or go on where that was stopped.

    Parameters
    ----------
    path : SURVEY.toml.
    out : folder of the catalogue.
    workers, address : see `scheduler`.
    progress : told (done, in all, of what).
    restart : whether to start anew in a folder that was begun otherwise and is not done.

    Raises
    ------
    DataError
        If inputs can't be read or used, the folder holds something else, or the disk is full; what is done
        stays, and the same call goes on from there.
    """
    survey = read_survey(path)
    place = Workplace(out)
    with place.claimed():
        files = () if survey.spectra.mock else _files(survey.spectra.place)
        place.begin(_plan(survey, files, progress), survey.path, restart=restart)
        if place.done:
            _refuse_gone(place)
            return _built(place)
        if files:
            _hold(place, survey, files)
        try:
            with scheduler(workers, address) as where:
                _build(place, where, progress)
        finally:
            opened.cache_clear()
        return _built(place)


def _build(place: Workplace, where: Scheduler, progress: Progress) -> None:
    def run(task: Callable[..., int], what: str, rows: int, size: int, file: Callable[[int], Path]) -> None:
        count = -(-rows // size)
        left = [number for number in range(count) if not file(number).exists()]
        done = rows - sum(min(size, rows - number * size) for number in left)
        progress(done, rows, what)
        for _, more in where.run(partial(task, plan=place.digest), str(place.folder), left):
            done += more
            progress(done, rows, what)

    spectra, chunk = place.plan["spectra"], place.plan["survey"]["chunk"]
    run(learn_facts, "headers", spectra, chunk, partial(place.part, FACTS))
    if not place.arrays(STAR_ARRAYS).exists():
        _join(place, -(-spectra // chunk))
    build = opened(str(place.folder), place.digest)
    run(train, "models", len(build.survey.models), 1, build.model)
    run(observe, "spectra", spectra, chunk, partial(place.part, OBSERVATIONS))
    _refuse_blind(place)
    stars = len(place.read_arrays(STAR_ARRAYS)["begin"]) - 1
    run(combine, "stars", stars, STARS, partial(place.part, CATALOGUE))
    finish(place, progress)


def _refuse_gone(place: Workplace) -> None:
    """DataError if a finished catalogue has lost a file; whether they are sound is for `verify`."""
    for name in place.manifest.get("files", ()):
        if not (place.folder / name).is_file():
            raise DataError(f"{place.folder / name} is gone: remove {place.folder}, and build anew")


def _refuse_blind(place: Workplace) -> None:
    """DataError if no spectrum has labels, with the reasons."""
    if any(pq.read_metadata(part).num_rows for part in place.parts(OBSERVATIONS)):
        return
    raise DataError(
        f"no spectrum has labels ({_reasons(place)}): change what is asked of them, and build anew"
    )


def _reasons(place: Workplace) -> str:
    """How many spectra are set aside for which reason, the most frequent first."""
    parts = [read_parquet(part, ("reason",))["reason"] for part in place.parts(REJECTS)]
    reasons, counts = np.unique(np.concatenate(parts), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return ", ".join(f"{counts[one]:,}: {reasons[one].decode()}" for one in order)


def _files(place: Path) -> tuple[str, ...]:
    """Paths of spectra, from the folder they are listed by."""
    folder = place if place.is_dir() else place.parent
    found = find_spectra(place)
    return tuple(str(file.relative_to(folder) if file.is_relative_to(folder) else file) for file in found)


def _hold(place: Workplace, survey: Survey, files: Sequence[str]) -> None:
    """Keep the spectra's names and when they were changed; refuse those changed since. Raises DataError."""
    folder = survey.spectra.place if survey.spectra.place.is_dir() else survey.spectra.place.parent
    times = np.array([_changed(folder / name) for name in files], np.int64)
    if not place.arrays(FILES).exists():
        names = np.array([name.encode() for name in files], "S")
        write_arrays(place.arrays(FILES), {"names": names, "changed": times})
        return
    others = np.flatnonzero(place.read_arrays(FILES)["changed"] != times)
    if others.size:
        raise DataError(
            f"{others.size} spectra were changed since {place.folder} was begun, as {files[others[0]]}: give "
            "another folder with --out, or remove this one"
        )


def _changed(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else -1


def _plan(survey: Survey, files: Sequence[str], progress: Progress) -> Mapping[str, Any]:
    """All that decides what a catalogue is: choices, inputs and versions."""
    tables = {name: given.table for name, given in survey.inputs.items()}
    tables |= {f"mapping of {name}": given.mapping for name, given in survey.inputs.items() if given.mapping}
    tables |= {f"{plan.name} model": plan.file for plan in survey.models if plan.file}
    if survey.spectra.mock:
        tables["stars"] = survey.spectra.place
    sums = {}
    for done, (name, file) in enumerate(sorted(tables.items())):
        progress(done, len(tables), "tables checked")
        if not file.exists():
            raise DataError(f"{survey.path} names {file} as {name}, which does not exist: correct its path")
        sums[name] = checksum(file)
    folder = survey.spectra.place if survey.spectra.place.is_dir() else survey.spectra.place.parent
    count = MockSpectra.of(survey.spectra.place).count if survey.spectra.mock else len(files)
    sizes = "".join(
        f"{name} {(folder / name).stat().st_size}\n" for name in files if (folder / name).exists()
    )
    return {
        "survey": survey.told(),
        "inputs": sums,
        "spectra": count,
        "spectra_list": sha256(("\n".join(files) + sizes).encode()).hexdigest(),
        "software": ", ".join(f"{name} {version_of(name)}" for name in SOFTWARE),
        "code": _code(),
    }


def _code() -> str:
    """Checksum of the program itself: pieces of two editions never meet in one catalogue."""
    top = Path(__file__).parents[1]
    files = sorted(file for room in ("data", "explorer", "model") for file in (top / room).glob("*.py"))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _join(place: Workplace, pieces: int) -> None:
    """Join spectra to each other and to tables; what pieces need of it is left as arrays."""
    build = opened(str(place.folder), place.digest)
    parts = [place.read(FACTS, number) for number in range(pieces)]
    facts = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name != "problem"}
    facts["unreadable"] = np.concatenate([part["problem"] != b"" for part in parts])
    spectra, notes, told = joined(facts, build.survey)
    if not place.arrays(SPECTRA_ARRAYS).exists():
        write_arrays(place.arrays(SPECTRA_ARRAYS), spectra)
    place.note("joins", notes)
    place.tell(told)
    star = spectra["star"]
    rows = np.argsort(star, kind="stable")
    begin = np.searchsorted(star[rows], np.arange(star.max() + 2))
    write_arrays(place.arrays(STAR_ARRAYS), {"rows": rows, "begin": begin})


def _built(place: Workplace) -> Built:
    told = place.manifest
    counts = told["rows"]
    return Built(
        folder=place.folder,
        stars=counts[CATALOGUE],
        observations=counts[OBSERVATIONS],
        rejects=counts[REJECTS],
        reasons=_reasons(place),
        notes=tuple(told["notes"]),
    )

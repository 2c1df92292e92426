"""Errors of place, velocity and actions for some stars of a catalogue, by draws: from its rows to a table.

The work is done in pieces, each a file beside the table that is to be; the same command goes on with those
that are there. A star's draws follow from the seed and its identifier alone, so that neither the pieces nor
the processes, nor which other stars are chosen, change what comes out.
"""

import json
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from data.array_folder import read_arrays, write_arrays
from data.binary_tables import read_parquet
from data.catalogue import Catalogue
from data.export import check_place
from data.extract import Extract, version_of
from data.formats import format_of
from data.problem import DataError
from data.rows import write_rows
from data.schema import ALIASES, COLUMNS, Column
from explorer.results import Columns
from explorer.scheduler import scheduler
from explorer.spectra import Progress
from explorer.workplace import Workplace, write_text
from model.kinematics import SolarFrame
from model.uncertainty import PERCENTILES, QUANTITIES, Centre, Observed, uncertainty

MOST = 200_000
"""Stars that are drawn without being asked twice."""
DRAWS_PER_SECOND = 12_000
"""Of one core, as measured."""
AT_ONCE = 50_000
"""Draws of one piece."""

OBSERVED = (
    "ra", "dec", "distance", "distance_lo", "distance_hi", "pmra", "pmdec", "e_pmra", "e_pmdec", "rv", "e_rv",
)  # fmt: skip
"""Columns without which nothing can be drawn."""
CORRELATION = "pmra_pmdec_corr"
"""That of the errors of proper motion, which is used where a catalogue has it."""

_BESIDE = ("source_id", "designation", "obsid", "ra", "dec")
_MODES = re.compile(r"bailer-jones\D{1,40}2018", re.IGNORECASE)
_ORIGIN = "draws within the errors of distance, proper motion and radial velocity"
_SOFTWARE = ("enrichment-explorer", "numpy", "scipy", "galpy")
_PLAN, _STARS = "plan.json", "stars"

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Drawing:
    """How errors are drawn; attributes as in `model.uncertainty.uncertainty`."""

    draws: int
    seed: int
    centre: Centre
    frame: SolarFrame
    potential: str
    delta: Literal["per-star"] | float

    @property
    def stars_at_once(self) -> int:
        """Stars of one piece."""
        return max(AT_ONCE // self.draws, 1)

    def facts(self) -> Mapping[str, str]:
        """What the table says of it."""
        return {
            "draws": str(self.draws),
            "seed": str(self.seed),
            "centre": self.centre,
            "percentiles": ", ".join(f"{share:g}" for share in PERCENTILES),
            "frame": self.frame.name,
            "potential": self.potential,
            "delta": str(self.delta),
        }


@dataclass(frozen=True)
class Drawn:
    """What was written: how many stars, and how many of them had not all numbers that it takes."""

    stars: int
    without: int


def centre_of(catalogue: Catalogue) -> Centre:
    """Tell what distances are: those of Bailer-Jones et al. (2018) are modes, others are taken as medians."""
    said = {key.lower(): value for key, value in catalogue.metadata.items()}
    origin = catalogue.described["distance"].origin if "distance" in catalogue else ""
    return "mode" if _MODES.search(origin) or _MODES.search(said.get("survey", "")) else "median"


def orbit_errors(
    catalogue: Catalogue,
    out: Path,
    drawing: Drawing,
    *,
    where: str,
    unlimited: bool,
    workers: int,
    overwrite: bool,
    progress: Progress,
) -> Drawn:
    """Draw within the errors of the stars that pass a condition, and write what comes out to a table.

    Parameters
    ----------
    catalogue : where the stars come from.
    out : the table; its ending says the format. It appears when it is complete.
    drawing : how errors are drawn.
    where : condition, "" for all stars.
    unlimited : whether more than MOST stars may be drawn.
    workers : processes.
    overwrite : whether an older table may be replaced.
    progress : told (done, total, of what).

    Raises
    ------
    DataError
        If a column is missing, there are too many stars, or the table can't be written.
    """
    extract = Extract.of(catalogue, format_of(out), where=where)
    check_place(catalogue, out, overwrite=overwrite)
    _refuse_lacking(catalogue)
    rows = extract.rows()
    if len(rows) > MOST and not unlimited:
        raise DataError(_too_many(len(rows), drawing.draws, workers))
    stars = observed_arrays(catalogue, rows)
    place = out.with_name(f"{out.name}.{_key(drawing, stars)}.unfinished")
    with Workplace(place).claimed():
        found = _drawn(place, drawing, stars, workers, progress)
        columns = Columns()
        for name in _BESIDE:
            if name in catalogue:
                columns.add(name, catalogue[name][rows], described=catalogue.described[name])
        columns.add_all([(column, found[column.name]) for column in described()])
        metadata = {**extract.metadata(len(rows), out.name), **drawing.facts()}
        tied = np.isfinite(stars.get("pm_corr", np.nan)).any()
        metadata["pm_correlation"] = CORRELATION if tied else "none"
        metadata["title"] = f"Errors of phase space and actions. {metadata['title']}"
        metadata["command"] = _command(catalogue, out.name, extract, drawing, unlimited=unlimited)
        write_rows(out, columns.described, columns.values, metadata)
        shutil.rmtree(place)
    return Drawn(len(rows), int(np.count_nonzero(np.isnan(found["failed"]))))


def described() -> tuple[Column, ...]:
    """Columns that are drawn."""
    spreads = (
        _spread(COLUMNS[ALIASES.get(name, name)], share) for name in QUANTITIES for share in PERCENTILES
    )
    unbound = "Share of the draws in which the star is unbound."
    failed = (
        "Share of the draws without actions, unbound ones above all: percentiles of J_R and J_z lack them."
    )
    return (*spreads, _share("unbound", unbound), _share("failed", failed))


def draw(folder: str, number: int) -> int:
    """Draw a piece of the stars whose arrays are in a folder; gives how many there are."""
    place = Path(folder)
    plan = json.loads((place / _PLAN).read_text(encoding="utf-8"))
    drawing = Drawing(**{**plan, "frame": SolarFrame(**plan["frame"])})
    rows = slice(number * drawing.stars_at_once, (number + 1) * drawing.stars_at_once)
    stars = Observed(**{name: values[rows] for name, values in read_arrays(place / _STARS).items()})
    found = uncertainty(
        stars,
        draws=drawing.draws,
        seed=drawing.seed,
        centre=drawing.centre,
        frame=drawing.frame,
        potential=drawing.potential,
        delta=drawing.delta,
    )
    spreads = (getattr(found, name)[:, share] for name in QUANTITIES for share in range(len(PERCENTILES)))
    values = (*spreads, found.unbound, found.failed)
    columns = described()
    named = {column.name: one for column, one in zip(columns, values, strict=True)}
    write_rows(_piece(place, number), columns, named, {})
    return len(stars.star)


def _drawn(place: Path, drawing: Drawing, stars: Arrays, workers: int, progress: Progress) -> Arrays:
    """Columns of all pieces; those that are there already are not drawn again."""
    for left in place.glob(".*.part"):
        left.unlink()
    if not (place / _STARS).exists():
        write_text(place / _PLAN, json.dumps(asdict(drawing)))
        write_arrays(place / _STARS, stars)
    count, size = len(stars["star"]), drawing.stars_at_once
    numbers = range(-(-count // size))
    left_to_do = [number for number in numbers if not _piece(place, number).exists()]
    done = count - sum(min(size, count - number * size) for number in left_to_do)
    progress(done, count, "stars drawn")
    with scheduler(workers, None) as here:
        for _, rows in here.run(draw, str(place), left_to_do):
            done += rows
            progress(done, count, "stars drawn")
    names = [column.name for column in described()]
    pieces = [read_parquet(_piece(place, number)) for number in numbers]
    return {
        name: np.concatenate([np.empty(0, np.float32), *(piece[name] for piece in pieces)]) for name in names
    }


def _piece(place: Path, number: int) -> Path:
    return place / f"piece-{number:06d}.parquet"


def _refuse_lacking(catalogue: Catalogue) -> None:
    lacking = [name for name in OBSERVED if name not in catalogue]
    if lacking:
        reasons = {name: catalogue.missing.get(name, "") for name in lacking}
        told = ", ".join(f"{name} ({reason})" if reason else name for name, reason in reasons.items())
        raise DataError(
            f"{catalogue.source.name} lacks what errors are drawn from: {told}; if the file has it under "
            "another name, write a mapping and give it with --mapping"
        )


def _too_many(stars: int, draws: int, workers: int) -> str:
    hours = stars * draws / DRAWS_PER_SECOND / workers / 3600
    about = f"{hours:,.0f} hours" if hours >= 2 else f"{60 * hours:,.0f} minutes"
    return (
        f"{stars:,} stars pass, more than {MOST:,}: {draws:,} draws of each take about {about} with "
        f"--workers {workers}; choose fewer with --where, or add --all"
    )


def observed_arrays(catalogue: Catalogue, rows: NDArray[np.int64]) -> Arrays:
    """Arrays of `Observed`, by name, for rows of a catalogue that has OBSERVED."""
    arrays = {name: np.asarray(catalogue[name][rows], np.float64) for name in OBSERVED}
    if CORRELATION in catalogue:
        arrays["pm_corr"] = np.asarray(catalogue[CORRELATION][rows], np.float64)
    # By row, below 0, where a star has no identifier: no two stars may share their draws.
    star = ~catalogue.source_row[rows]
    for name in ("obsid", "source_id"):
        if name in catalogue:
            star = np.where(catalogue[name][rows] >= 0, catalogue[name][rows], star)
    try:
        Observed(star, **arrays)
    except ValueError as error:
        raise DataError(f"{catalogue.source.name} can't be drawn from: {error}") from error
    return {"star": star, **arrays}


def _key(drawing: Drawing, stars: Arrays) -> str:
    """A name for all that decides what comes out."""
    software = [version_of(library) for library in _SOFTWARE]
    digest = sha256(json.dumps([asdict(drawing), software]).encode())
    for name, values in stars.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:12]


def _command(catalogue: Catalogue, name: str, extract: Extract, drawing: Drawing, *, unlimited: bool) -> str:
    source = catalogue.source.name
    words = ["explorer", "errors", f"./{source}" if source.startswith("-") else source, *catalogue.options]
    if extract.where is not None:
        words += ["--where", extract.where.text]
    words += ["--draws", str(drawing.draws), "--seed", str(drawing.seed), "--centre", drawing.centre]
    return shlex.join([*words, *(["--all"] if unlimited else []), "--out", name])


def _spread(column: Column, share: float) -> Column:
    return Column(
        f"{column.name}_{share:g}", "float32", column.unit, rf"({column.tex})_{{{share:g}}}",
        f"{column.plain}, {share:g} %", f"{column.plain} below which {share:g} % of the draws lie.", _ORIGIN,
        column.low, column.high, column.kind,
    )  # fmt: skip


def _share(name: str, meaning: str) -> Column:
    return Column(name, "float32", "", rf"\mathrm{{{name}}}", f"share {name}", meaning, _ORIGIN, 0, 1)

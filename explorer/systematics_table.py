"""A map with T_eff and log g taken out as a table of pixels, with what stands beside it and the verdict."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.export import check_place
from data.expression import Expression
from data.formats import format_of
from data.problem import DataError
from data.rows import write_rows
from data.schema import Column
from explorer.giant_map import NONE, Array, Asked, Beside, GiantMap, beside, giant_map
from explorer.notation import upright
from explorer.results import Columns
from model.common_support import REASONS
from model.plate_bootstrap import LEVEL, Range
from model.systematics import CONFOUNDED, Control, control

_ORIGIN = "means of giants, and a fit of f(T_eff, log g) within pixels"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Controlled:
    """A map, with what it was made of and what stands beside it."""

    made: GiantMap
    control: Control
    beside: tuple[Beside, ...]
    seed: int


def controlled(
    catalogue: Catalogue,
    asked: Asked,
    *,
    draws: int,
    seed: int,
    progress: Progress,
    form: str = "csv",
    derived: Mapping[str, Expression | str] = NONE,
) -> Controlled:
    """Take T_eff and log g out of a map of giants.

    Parameters
    ----------
    catalogue : of the stars.
    asked : what map.
    draws, seed : of the bootstrap over plates.
    progress : told (done, total) after each draw; it may raise to stop.
    form : of the file that is to be written.
    derived : columns that the condition may use, beside those of the catalogue.

    Raises
    ------
    DataError
        The map can't be had.
    """
    made = giant_map(catalogue, asked, form, derived)
    try:
        found = control(made.giants, np.random.default_rng(seed), draws, progress)
    except ValueError as problem:
        raise DataError(f"{problem}: choose more giants, or fewer cells") from problem
    return Controlled(made, found, beside(catalogue, made), seed)


def write_map(catalogue: Catalogue, done: Controlled, out: Path) -> int:
    """Write the pixels that hold giants; gives how many.

    Parameters
    ----------
    catalogue : of the stars.
    done : the map.
    out : CSV, FITS or Parquet; it appears when it is complete.

    Raises
    ------
    DataError
        If the table can't be written.
    """
    made = done.made
    columns = pixel_columns(catalogue, done)
    facts = made.extract.metadata(len(made.rows), out.name)
    facts = {**facts, **verdict_facts(done), "command": _command(catalogue, done, out.name)}
    facts["title"] = f"Map of {made.asked.label} with T_eff and log g taken out. {facts['title']}"
    write_rows(out, columns.described, columns.values, facts)
    return len(columns.values["n"])


def check_table(catalogue: Catalogue, out: Path, *, overwrite: bool) -> str:
    """Refuse, with a DataError, a place where the table can't be written; gives its format."""
    form = format_of(out)
    check_place(catalogue, out, overwrite=overwrite)
    return form


def pixel_columns(catalogue: Catalogue, done: Controlled) -> Columns:
    """Columns of the pixels that hold giants."""
    made, found = done.made, done.control
    label = catalogue.described[made.asked.label]
    total = np.bincount(made.giants.pixel, minlength=made.giants.pixels)
    held = total > 0
    every = np.bincount(made.giants.pixel, made.giants.label, made.giants.pixels)
    with np.errstate(invalid="ignore"):
        mean = every / total
    columns = Columns()
    for name, centres in zip((made.asked.x, made.asked.y), made.giants.centres.T, strict=True):
        axis = catalogue.described[name]
        described = replace(axis, dtype="float32", meaning=f"Centre of the pixel in {axis.plain}.")
        columns.add(name, centres[held], described=described)
    columns.add("n", total[held], described=_count("n", "Giants in the pixel."))
    columns.add(
        "n_used", found.stars[held],
        described=_count("n_used", "Giants that the maps are means of: other pixels have such too."),
    )  # fmt: skip
    columns.add("support", found.support.share[held], described=_share())
    for name, values, words in (
        ("all", mean, "Mean {} of all giants in the pixel."),
        ("raw", found.raw, "Mean {} of the giants that are used; missing where the pixel is blank."),
        ("corrected", found.corrected, "The same less f(T_eff, log g), whose mean over all giants is 0."),
        ("e_raw", found.raw_error, "Error of the raw mean, from draws of plates."),
        ("e_corrected", found.error, "Error of the corrected mean, from draws of plates that fit f anew."),
        ("iron", found.of_iron, "Part of {} that g([Fe/H]) makes, which stays in both maps."),
    ):
        full = f"{'e_' if name.startswith('e_') else ''}{label.name}_{name.removeprefix('e_')}"
        columns.add(full, values[held], described=_of(label, full, name, words.format(label.plain)))
    columns.add("judged", found.judged[held], described=_judged())
    reasons = np.array([text.encode() for text in REASONS])
    columns.add("blank", reasons[found.support.reason[held]], described=_blank())
    for one in done.beside:
        columns.add(one.column.name, one.mean[held], described=one.column)
        if one.column.name.startswith(label.name):
            name = f"n{one.column.name.removeprefix(label.name)}"
            columns.add(name, one.stars[held], described=_count(name, "Giants behind the column before."))
    return columns


def verdict_facts(done: Controlled) -> Mapping[str, str]:
    """Tell the verdict and what it stands on, for a file."""
    made, verdict = done.made, done.control.verdict
    fields = "fields of 5 degrees on the sky, for the catalogue has no plates" if made.fields else "plates"
    return {
        "label": made.asked.label,
        "plane": f"{made.asked.x}, {made.asked.y}",
        "verdict": f"{verdict.word}: {verdict.why}",
        "variance_ratio": told(verdict.ratio),
        "raw_variance": told(verdict.raw),
        "corrected_variance": told(verdict.corrected),
        "pixels_judged": str(verdict.pixels),
        "plates_drawn": f"{verdict.plates} {fields}",
        "draws": str(verdict.draws),
        "interval": f"{LEVEL:.0%} of the draws",
        "seed": str(done.seed),
        "caution": CONFOUNDED,
    }


def told(found: Range, unit: str = "") -> str:
    """A number with its interval, for people."""
    if not np.isfinite([found.value, found.low, found.high]).all():
        return "not known"
    return f"{found.value:.3g}{unit} ({found.low:.3g} to {found.high:.3g})"


def suspects(done: Controlled) -> tuple[tuple[Column, float, float], ...]:
    """Correlation over judged pixels of each suspect with the raw and the corrected map."""
    found = done.control
    return tuple(
        (
            one.column,
            _correlation(one.mean, found.raw, found.judged),
            _correlation(one.mean, found.corrected, found.judged),
        )
        for one in done.beside
        if not one.column.name.startswith(done.made.asked.label)
    )


def _correlation(one: Array, other: Array, judged: NDArray[np.bool_]) -> float:
    known = judged & np.isfinite(one) & np.isfinite(other)
    if known.sum() < 3 or np.ptp(one[known]) == 0 or np.ptp(other[known]) == 0:
        return float("nan")
    return float(np.corrcoef(one[known], other[known])[0, 1])


def _command(catalogue: Catalogue, done: Controlled, name: str) -> str:
    asked, source = done.made.asked, catalogue.source.name
    words = ["explorer", "systematics", f"./{source}" if source.startswith("-") else source]
    words += [*catalogue.options, "--label", asked.label, "--plane", f"{asked.x},{asked.y}"]
    words += ["--where", asked.where] if asked.where else []
    words += ["--cells", str(asked.cells), "--draws", str(done.control.verdict.draws)]
    return shlex.join([*words, "--seed", str(done.seed), "--out", name])


def _of(label: Column, name: str, what: str, meaning: str) -> Column:
    low, high = (0.0, 0.1 * (label.high - label.low)) if what.startswith("e_") else (label.low, label.high)
    return Column(
        name, "float32", label.unit, label.tex, f"{label.plain} {what}", meaning, _ORIGIN, low, high
    )


def _count(name: str, meaning: str) -> Column:
    return Column(name, "int64", "", upright(name), name, meaning, _ORIGIN, 0, 10_000, "count")


def _share() -> Column:
    meaning = "Share of the pixel's giants whose T_eff and log g other pixels have too."
    return Column("support", "float32", "", upright("support"), "support", meaning, _ORIGIN, 0, 1)


def _judged() -> Column:
    meaning = "True of the pixels that the verdict looks at: no plate makes much of them."
    return Column("judged", "int8", "", upright("judged"), "judged", meaning, _ORIGIN, 0, 1, "flag")


def _blank() -> Column:
    meaning = "Why the maps are blank in the pixel; empty where they are not."
    return Column("blank", "str", "", upright("blank"), "blank", meaning, _ORIGIN, 0, 1, "category")

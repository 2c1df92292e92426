"""Differences of labels between two catalogues as a table: a row for each kind of stars and each label."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from data.catalogue import Catalogue
from data.export import check_place
from data.extract import Extract
from data.formats import format_of
from data.problem import DataError
from data.rows import write_rows
from data.schema import Column
from explorer.compare_report import CAUTION, MAKES_SLOPE, headline, set_against
from explorer.notation import upright
from explorer.results import Columns
from explorer.shared_labels import AGAINST, SIGNAL, SharedLabels, own_of
from model.theil_sen import Slope

_ORIGIN = "differences of labels of stars that two catalogues share"
MEANINGS = {
    "stars": "Stars that have the label in both catalogues.",
    "bias": "Median difference, first catalogue minus second, in the label's unit.",
    "bias_low": "Lower end of its 95 % interval, of order statistics.",
    "bias_high": "Upper end of its 95 % interval, of order statistics.",
    "scatter": "Half the central 68 % of the differences.",
    "expected_scatter": "Median of what the errors that both catalogues state would make.",
}
"""Columns beside kind, label and unit; slopes follow."""


def check_table(one: Catalogue, other: Catalogue, out: Path, where: str, *, overwrite: bool) -> None:
    """Refuse, with a DataError, a place where the table can't be written."""
    Extract.of(one, format_of(out), where=where)
    check_room(one, other, out, overwrite=overwrite)


def check_room(one: Catalogue, other: Catalogue, out: Path, *, overwrite: bool) -> None:
    """Refuse, with a DataError, a place where nothing can or may be written."""
    for each in (one, other):
        check_place(each, out, overwrite=overwrite)


def write_comparison(
    out: Path,
    one: Catalogue,
    other: Catalogue,
    done: SharedLabels,
    command: tuple[str, ...],
    where: tuple[str, str],
) -> int:
    """Write the table; gives its number of rows.

    Parameters
    ----------
    out : CSV, FITS or Parquet; it appears when it is complete.
    one, other, done : the catalogues, and what was found.
    command : words that make it again, but for the file's name.
    where : conditions on the stars of each.

    Raises
    ------
    DataError
        If the table can't be written.
    """
    columns = difference_columns(one, other, done)
    number = len(columns.values["label"])
    facts = origin(out, one, other, done, ("--out", *command), where)
    write_rows(out, columns.described, columns.values, {**facts, "rows": str(number)})
    return number


def origin(
    out: Path,
    one: Catalogue,
    other: Catalogue,
    done: SharedLabels,
    command: tuple[str, ...],
    where: tuple[str, str],
) -> Mapping[str, str]:
    """Say where a table or a picture is from.

    Parameters
    ----------
    out : the file.
    one, other, done : the catalogues, and what was found.
    command : option that names the file, and the words that make it again without that.
    where : conditions on the stars of each.
    """
    option, *words = command
    facts = Extract.of(one, "csv", where=where[0]).metadata(0, out.name)
    facts = {**facts, **_facts(one, other, done, where[1])}
    facts["command"] = shlex.join([*words, option, out.name])
    return {name: told for name, told in facts.items() if name not in ("rows", "out_of")}


def difference_columns(one: Catalogue, other: Catalogue, done: SharedLabels) -> Columns:
    """Columns of the table."""
    rows = [
        (kind, name, found)
        for kind, labels in done.found.items() for name, found in labels.items() if found.stars
    ]  # fmt: skip
    if not rows:
        raise DataError("no star has a label in both catalogues: there is no table to write")
    columns = Columns()
    for what, words, meaning in (
        ("kind", [kind for kind, _, _ in rows], "Kind of stars, as the first catalogue tells it."),
        ("label", [name for _, name, _ in rows], "The label."),
        ("unit", [one.described[name].unit for _, name, _ in rows], "Its unit."),
    ):
        columns.add(what, [word.encode() for word in words], described=_column(what, "str", meaning))
    found = [each for _, _, each in rows]
    for name, values in (
        ("stars", [each.stars for each in found]),
        ("bias", [each.bias for each in found]),
        ("bias_low", [each.low for each in found]),
        ("bias_high", [each.high for each in found]),
        ("scatter", [each.scatter for each in found]),
        ("expected_scatter", [each.expected for each in found]),
    ):
        kind = "int64" if name == "stars" else "float64"
        columns.add(name, np.array(values), described=_column(name, kind, MEANINGS[name]))
    for quantity in found[0].slopes:
        slopes = [each.slopes[quantity] for each in found]
        _add_slopes(columns, quantity, slopes, _against(one, other, quantity))
    return columns


def _add_slopes(columns: Columns, quantity: str, slopes: Sequence[Slope], against: str) -> None:
    """Add slopes against a quantity, their intervals, and of how many stars they are."""
    scale, per = AGAINST[quantity]
    for part, what, ends in (
        ("", "Slope", [slope.value for slope in slopes]),
        ("_low", "Lower end of the 95 % interval of the slope", [slope.low for slope in slopes]),
        ("_high", "Upper end of the 95 % interval of the slope", [slope.high for slope in slopes]),
    ):
        name = f"slope_{quantity}{part}"
        meaning = f"{what} of differences, per {per}, against {against}."
        columns.add(name, scale * np.array(ends), described=_column(name, "float64", meaning))
    name, meaning = f"slope_{quantity}_stars", "Stars that the slope is of."
    numbers = np.array([slope.stars for slope in slopes])
    columns.add(name, numbers, described=_column(name, "int64", meaning))


def _against(one: Catalogue, other: Catalogue, quantity: str) -> str:
    """What slopes are against, in full."""
    plain = one.described[quantity].plain
    if quantity == SIGNAL:
        return f"{plain} of the first catalogue, where above 0"
    if quantity in own_of(one, other):
        return f"its own {plain}, of the first catalogue, as the other has none: {MAKES_SLOPE}"
    return f"{plain}, mean of both catalogues"


def _facts(one: Catalogue, other: Catalogue, done: SharedLabels, where: str) -> Mapping[str, str]:
    mock = [each.name for each in (one, other) if each.mock]
    kind = f"MOCK stars, not observed, in {' and '.join(mock)}. " if mock else ""
    found = {
        "title": f"{kind}Labels of the same stars: {headline(one, other, done)}",
        "mock": "true" if mock else "false",
        "other_name": other.name,
        "other_source": other.source.name,
        "other_sha256": other.checksum,
        "other_mapping": other.mapping_name,
        "other_gaia_release": other.metadata.get("gaia_release", ""),
        "other_citation": other.metadata.get("citation", ""),
        "other_where": where or "all rows",
        "join": str(done.stars),
        "slopes": set_against(one, other),
        "draws": str(done.draws),
        "seed": str(done.seed),
        "caution": CAUTION,
    }
    return {key: value for key, value in found.items() if value}


def _column(name: str, dtype: str, meaning: str) -> Column:
    if dtype == "str":
        return Column(name, "str", "", upright(name), name, meaning, _ORIGIN, 0, 1, "category")
    if dtype == "int64":
        return Column(name, "int64", "", upright(name), name, meaning, _ORIGIN, 0, 10_000, "count")
    return Column(name, "float64", "", upright(name), name, meaning, _ORIGIN, -1, 1, "diverging")

"""Differences as a table of pixels: the edges of each, stars, means, difference, error, t, p and q."""

from dataclasses import replace

import numpy as np

from data.extract import Extract
from data.formats import FORMATS, Content
from data.schema import Column
from explorer.difference_map import Compared, group_name
from explorer.difference_words import CAUTION, lines, meaning, title, warnings
from explorer.notation import upright
from explorer.results import Columns
from explorer.stars import Stars

_ORIGIN = "means of two groups of stars in pixels of a map"


def table_of(stars: Stars, done: Compared, form: str) -> bytes:
    """Write the pixels that hold stars.

    Parameters
    ----------
    done : what was found.
    form : a name of `data.formats.FORMATS`.

    Returns
    -------
    The bytes of the file.
    """
    columns = pixel_columns(stars, done)
    derived = {one.name: one.expression for one in done.question.derived}
    extract = Extract.of(stars.catalogue, form, derived=derived)
    length = len(columns.values["n_a"])
    content = Content(
        tuple(columns.described),
        {key: values.dtype for key, values in columns.values.items()},
        length,
        _facts(stars, done, extract),
        lambda size: (
            {key: values[start : start + size] for key, values in columns.values.items()}
            for start in range(0, length, size)
        ),
    )
    return b"".join(FORMATS[form].write(content))


def pixel_columns(stars: Stars, done: Compared) -> Columns:
    """Columns of the pixels that hold stars of A or B with a value of the label."""
    columns, found = Columns(), done.found
    held = (done.first.n > 0) | (done.second.n > 0)
    rows, across = np.nonzero(held)
    window, (x, y) = done.question.window, done.question.axes
    for number, (axis, start, end) in enumerate(((x, window.x0, window.x1), (y, window.y0, window.y1))):
        described = stars.describe(axis, done.question.derived)
        edges = np.linspace(start, end, done.side + 1).round(9)
        place = (across, rows)[number]
        for name, values in (("low", edges[place]), ("high", edges[place + 1])):
            column = replace(
                described, name=f"{'xy'[number]}_{name}", dtype="float64",
                meaning=f"{name.capitalize()} edge of the pixel in {described.plain}.",
            )  # fmt: skip
            columns.add(column.name, values, described=column)
    label = stars.describe(done.question.asked.label, done.question.derived)
    for side, sample in (("a", done.first), ("b", done.second)):
        words = f"Stars of {side.upper()} with a value of {label.plain}."
        columns.add(f"n_{side}", sample.n[held].astype(np.int64), described=_count(f"n_{side}", words))
        mean = _of(label, f"mean_{side}", f"Mean {label.plain} of the stars of {side.upper()}.")
        columns.add(mean.name, sample.mean[held], described=mean)
    for column, values in (
        (_of(label, "difference", "Mean in A minus mean in B; missing where a side has too few stars."),
         found.difference),
        (_of(label, "error", "Standard error of the difference, statistical only."), found.error),
        (_plain("t", "Welch's t, the difference over its error."), found.t),
        (_plain("freedom", "Its degrees of freedom."), found.freedom),
        (_plain("p", "Two-sided probability where means are equal: the larger of Welch's and Student's."),
         found.p),
        (_plain("q", "Lowest false discovery rate at which it passes (Benjamini & Hochberg 1995)."), found.q),
    ):  # fmt: skip
        columns.add(column.name, values[held], described=column)
    return columns


def _facts(stars: Stars, done: Compared, extract: Extract) -> dict[str, str]:
    """What the file says of itself."""
    asked, (first, second) = done.question.asked, done.question.conditions
    facts = dict(extract.metadata(0, ""))
    for stranger in ("rows", "out_of", "where", "command"):
        facts.pop(stranger, None)
    kind = "MOCK catalogue, no observed stars. " if stars.catalogue.mock else ""
    return {
        **facts,
        "title": f"{kind}Differences: {title(stars, done)}",
        "plane": ", ".join(done.question.axes),
        "label": asked.label,
        "a": f"{group_name(asked.first)}: {meaning(done, asked.first, first)}",
        "b": f"{group_name(asked.second)}: {meaning(done, asked.second, second)}",
        "fewest_stars": str(asked.least),
        "false_discovery_rate": f"{asked.rate:g}",
        "found": " ".join(lines(done)),
        "caution": CAUTION,
        **({"warning": " ".join(warnings(done))} if warnings(done) else {}),
    }


def _of(label: Column, name: str, meaning: str) -> Column:
    return Column(
        name,
        "float64",
        label.unit,
        label.tex,
        f"{name} {label.plain}",
        meaning,
        _ORIGIN,
        label.low,
        label.high,
    )


def _count(name: str, meaning: str) -> Column:
    return Column(name, "int64", "", upright(name), name, meaning, _ORIGIN, 0, 10_000, "count")


def _plain(name: str, meaning: str) -> Column:
    return Column(name, "float64", "", upright(name), name, meaning, _ORIGIN, 0, 1)

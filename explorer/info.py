"""What `explorer info` prints: a catalogue at a glance, then column by column."""

from collections.abc import Iterable

import numpy as np
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from data import schema
from data.catalogue import Catalogue
from data.compression import readable_bytes
from data.schema import Column
from data.summary import Summary

_FAMILIES = (("errors", "e_*"), ("chi2 near lines", "chi2_*"), ("extrapolation flags", "*_extrap"))
_SECTIONS = (
    ("Who", schema.IDENTITY),
    ("Labels", schema.LABELS),
    ("LAMOST's own labels", schema.LAMOST_LABELS),
    ("On the sky", schema.ASTROMETRY),
    ("In the Galaxy", schema.GALACTIC),
    ("Quality", schema.QUALITY),
    ("Errors of labels", schema.ERRORS),
    ("Fit near lines", schema.WINDOWS),
    ("Extrapolation", schema.FLAGS),
    ("Truth of the mock", schema.MOCK),
)
_HEADINGS = ("column", "what it is", "unit", "lowest", "median", "highest", "missing")
_WHAT = _HEADINGS.index("what it is")
_UNIT = _HEADINGS.index("unit")
_NARROWEST = 16
_GAP = "  "
_MANY = 12

Cells = tuple[str, ...]


def info(catalogue: Catalogue, console: Console) -> None:
    """Print what a catalogue holds, where it comes from and what it lacks."""
    console.print(_title(catalogue))
    console.print(Padding(_facts(catalogue), (0, 0, 1, 2)))
    console.print(_columns(catalogue, console.width), soft_wrap=True)
    if catalogue.missing:
        console.print(Text("Missing", style="bold"))
        console.print(Padding(_missing(catalogue), (0, 0, 1, 2)))
    notes = (*catalogue.notes, *catalogue.mapping_notes)
    if notes:
        console.print(Text("To know", style="bold"))
        console.print(Padding(_pairs(("-", Text(note)) for note in notes), (0, 0, 1, 2)))


def _title(catalogue: Catalogue) -> Text:
    kind = ("MOCK, not real stars", "bold yellow") if catalogue.mock else ("real", "green")
    return Text.assemble((catalogue.name, "bold"), f"   {len(catalogue):,} stars   ", kind)


def _facts(catalogue: Catalogue) -> Table:
    about, width = catalogue.metadata, catalogue.nbytes / len(catalogue)
    present, derived, absent = len(catalogue.found), len(catalogue.derived), len(catalogue.missing)
    facts = {
        "what": about.get("description", ""),
        "read as": f"{catalogue.mapping_name} ({about.get('file_format', 'table')})",
        "from": str(catalogue.source),
        "published": about.get("published", ""),
        "cite": about.get("citation", ""),
        "Gaia ids": about.get("gaia_release", ""),
        "columns": f"{present} {_of_file(catalogue)}, {derived} derived; {absent} that we know are missing",
        "not read": ", ".join(catalogue.unread[:_MANY]) + (", ..." if len(catalogue.unread) > _MANY else ""),
        "memory": f"{readable_bytes(catalogue.nbytes)} mapped from disk, {width:.0f} bytes a star",
        "sha256": catalogue.checksum,
    }
    return _pairs((name, Text(value)) for name, value in facts.items() if value)


def _of_file(catalogue: Catalogue) -> str:
    """Say how many columns the file has, where not all are read."""
    unread = len(catalogue.unread)
    return f"from the file, of which {unread} columns are not read" if unread else "in the file"


def _pairs(rows: Iterable[tuple[str, Text]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", max_width=40)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table


def _columns(catalogue: Catalogue, width: int) -> Text:
    """Lay out a line per column. Labels give way where it is narrow: a number is never cut."""
    sections = _sections(catalogue)
    rows = {name: _row(catalogue, name) for name in catalogue.described}
    numbers = [row for name, row in rows.items() if catalogue.described[name].is_number]
    sizes = [max(map(len, cells)) for cells in zip(_HEADINGS, *numbers, strict=True)]
    sizes[0] = max(map(len, rows))
    sizes[-1] = max(len(row[-1]) for row in (_HEADINGS, *rows.values()))
    room = width - sum(sizes) + sizes[_WHAT] - len(_GAP) * (len(sizes) - 1)
    sizes[_WHAT] = min(sizes[_WHAT], room) if room >= _NARROWEST else 0
    heading = _line(_HEADINGS, sizes)
    lines = [Text(heading, "bold"), Text("─" * len(heading), "dim")]
    for title, names in sections:
        lines.append(Text(title, "bold"))
        for name in names:
            line = _line if catalogue.described[name].is_number else _line_of_text
            lines.append(Text(line(rows[name], sizes), "cyan" if name in catalogue.derived else ""))
        lines.append(Text())
    if catalogue.derived:
        lines += [Text("in colour: derived", "dim italic"), Text()]
    return Text("\n").join(lines)


def _line(cells: Cells, sizes: list[int]) -> str:
    """Pad cells to their sizes, numbers to the right; a size of 0 leaves a cell out."""
    padded = [
        cell.rjust(size) if place > _UNIT else _cut(cell, size).ljust(size)
        for place, (cell, size) in enumerate(zip(cells, sizes, strict=True))
        if size
    ]
    return _GAP.join(padded)


def _line_of_text(cells: Cells, sizes: list[int]) -> str:
    """Give an example of an identifier or a text the room that numbers would have."""
    name, example, *_, missing = cells
    between = [size for size in sizes[1:-1] if size]
    span = sum(between) + len(_GAP) * (len(between) - 1)
    return _GAP.join((name.ljust(sizes[0]), _cut(example, span).ljust(span), missing.rjust(sizes[-1])))


def _cut(words: str, size: int) -> str:
    return words if len(words) <= size else words[: size - 1] + "…"


def _sections(catalogue: Catalogue) -> list[tuple[str, list[str]]]:
    """Group the columns as the schema does, a survey's own ones last."""
    known = [(title, [column.name for column in group]) for title, group in _SECTIONS]
    grouped = {name for _, names in known for name in names}
    known.append(("The survey's own", [name for name in catalogue.described if name not in grouped]))
    present = [(title, [name for name in names if name in catalogue]) for title, names in known]
    return [(title, names) for title, names in present if names]


def _row(catalogue: Catalogue, name: str) -> Cells:
    column, summary = catalogue.described[name], catalogue.summaries[name]
    what = summary.example or column.plain
    share = summary.missing / len(catalogue)
    missing = f"{summary.missing:,} {_percent(share)}" if summary.missing else "none"
    return (name, what, column.unit, *_range(column, summary), missing)


def _range(column: Column, summary: Summary) -> Cells:
    if column.kind == "flag":
        return "", f"{_percent(summary.middle)} true" if np.isfinite(summary.middle) else "-", ""
    if not column.is_number:
        return "", "", ""
    return _number(summary.low), _number(summary.middle), _number(summary.high)


def _percent(share: float) -> str:
    return "<1%" if 0 < share < 0.01 else f"{share:.0%}"


def _number(value: float) -> str:
    """Write a number with about four digits, without an exponent where it can be helped."""
    if not np.isfinite(value):
        return "-"
    size = abs(value)
    if size >= 1e7 or 0 < size < 1e-3:
        return f"{value:.1e}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{1 if size >= 100 else 2 if size >= 10 else 3}f}"


def _missing(catalogue: Catalogue) -> Table:
    reasons: dict[str, list[str]] = {}
    for name, why in catalogue.missing.items():
        reasons.setdefault(why, []).append(name)
    return _pairs((why, Text(", ".join(_gathered(names)))) for why, names in reasons.items())


def _gathered(names: list[str]) -> list[str]:
    """Put the members of a large family of columns under one name."""
    alone, families = list(names), []
    for what, pattern in _FAMILIES:
        start, end = pattern.split("*")
        members = [name for name in alone if name.startswith(start) and name.endswith(end)]
        if len(members) > 3:
            alone = [name for name in alone if name not in members]
            families.append(f"{len(members)} {what} ({pattern})")
    return alone + families

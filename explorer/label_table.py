"""Tables with a row for each label, as HTML."""

import html
from collections.abc import Iterable

from data.schema import Column
from explorer.notation import to_html


def label_table(headings: Iterable[str], rows: Iterable[tuple[str, Iterable[str]]]) -> str:
    """A table of a label's name, which is HTML, and plain cells in each row."""
    head = "".join(f"<th>{html.escape(words)}</th>" for words in headings)
    body = "".join(f"<tr><th>{name}</th>{_cells(cells)}</tr>" for name, cells in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def label_name(label: Column, *, bold: bool = False) -> str:
    """What a label is called, as HTML."""
    shown = to_html(label.tex) or html.escape(label.plain)
    return f"<b>{shown}</b>" if bold else shown


def _cells(cells: Iterable[str]) -> str:
    return "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)

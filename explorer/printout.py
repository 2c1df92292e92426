"""Where commands print what they found, and its tables."""

from rich import box
from rich.console import Console
from rich.table import Table


def wide_console(narrowest: int = 80, *, highlight: bool = False) -> Console:
    """Where tables are printed: a number is never cut, however narrow it is, and [b] is no style."""
    console = Console(markup=False, highlight=highlight)
    if console.width < narrowest:
        return Console(markup=False, highlight=highlight, width=narrowest)
    return console


def empty_table(*headings: str) -> Table:
    """A table without rows yet: words in its first column, numbers in the others."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    return table

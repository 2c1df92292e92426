"""What `explorer calibrate` prints."""

from collections.abc import Mapping

import typer
from rich.text import Text

from data.catalogue import Catalogue
from explorer.calibration import Calibration
from explorer.calibration_words import HEADINGS, READING, lines, row, title
from explorer.printout import empty_table, wide_console

NARROWEST = 124


def say_calibration(catalogue: Catalogue, found: Calibration, where: str) -> None:
    """Print a calibration: its answer first, then what it rests on."""
    console = wide_console(NARROWEST)
    console.print(Text(title(catalogue, found), style="bold"), soft_wrap=True)
    console.print(f"Learned from stars with: {where or 'no condition'}", soft_wrap=True)
    table = empty_table(*HEADINGS)
    for name in found.corrections:
        table.add_row(*row(catalogue, found, name))
    console.print(table)
    for line in (*lines(catalogue, found), READING):
        console.print(line, soft_wrap=True)


def say_written(catalogue: Catalogue, out: str, counts: Mapping[str, int]) -> None:
    """Print what was written."""
    mock = "mock " if catalogue.mock else ""
    told = ", ".join(f"cal_{name} of {stars:,}" for name, stars in counts.items())
    typer.echo(f"Wrote all {len(catalogue):,} {mock}stars to {out}, with {told or 'no label calibrated'}")

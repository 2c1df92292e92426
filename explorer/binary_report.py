"""What `explorer binaries` prints of a study."""

import math

from rich.console import Console
from rich.text import Text

from data.catalogue import Catalogue
from explorer.binaries import BinaryResult
from explorer.binary_words import (
    READING,
    UNBALANCED,
    chance,
    headline,
    number,
    parts_rows,
    plain_name,
    samples,
    trend,
    verdict,
)
from explorer.printout import empty_table, wide_console


def say_result(result: BinaryResult, catalogue: Catalogue, report: str, where: str) -> None:
    """Print a study: its answer first, then what it rests on.

    Parameters
    ----------
    result, catalogue : of the study.
    report : what became of the pairs of the table.
    where : condition on the stars.
    """
    console = wide_console()
    kind = ("MOCK, not real stars", "bold yellow") if catalogue.mock else ("real", "green")
    console.print(Text.assemble((catalogue.name, "bold"), "   ", kind))
    for line in (f"Pairs: {result.pairs_name}; {report}", f"Stars: {where or 'all'}"):
        console.print(line, soft_wrap=True)
    console.print(Text(headline(result), style="bold"))
    for line in (verdict(result), chance(result), samples(result), trend(result), READING):
        console.print(line, soft_wrap=True)
    _say_left(result, console)
    _say_parts(result, catalogue, console)
    _say_balance(result, console)
    for note in result.notes:
        console.print(f"Note: {note}", soft_wrap=True)


def _say_left(result: BinaryResult, console: Console) -> None:
    table = empty_table("pairs left", "")
    for what, pairs in result.left:
        table.add_row(what, f"{pairs:,}")
    console.print(table)


def _say_parts(result: BinaryResult, catalogue: Catalogue, console: Console) -> None:
    table = empty_table("abundance", "sigma", "AUC without", "it adds", "from", "to")
    origins: dict[str, list[str]] = {}
    for name, sigma, *numbers, origin in parts_rows(result):
        cells = [f"{value:+.3f}" if math.isfinite(value) else "-" for value in numbers]
        table.add_row(plain_name(catalogue, name), f"{sigma:.3f}", cells[0].lstrip("+"), *cells[1:])
        origins.setdefault(origin, []).append(plain_name(catalogue, name))
    console.print(table)
    for origin, names in origins.items():
        console.print(f"sigma of {', '.join(names)}: {origin}", soft_wrap=True)


def _say_balance(result: BinaryResult, console: Console) -> None:
    table = empty_table("balance", "binaries", "field", "difference", "gap")
    for each in result.balances:
        mark = " " if each.balanced else "*"
        numbers = (number(value) for value in (each.binaries, each.field))
        table.add_row(each.name, *numbers, f"{number(each.difference)}{mark}", number(each.distance))
    console.print(table)
    if not all(each.balanced for each in result.balances):
        console.print(f"* {UNBALANCED}: match field stars in it too, with --match")

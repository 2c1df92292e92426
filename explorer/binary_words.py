"""What is said of a study of wide binaries, in words and in HTML tables."""

import html
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from data.catalogue import Catalogue
from data.schema import COLUMNS
from explorer.binaries import BinaryResult
from explorer.notation import to_html

READING = (
    "How to read it: 50 % means that these abundances tell binaries no better than [Fe/H] alone does, 100 % "
    "that they always tell them; field pairs have the same |Δ[Fe/H]| and the same cuts as the binaries."
)
UNBALANCED = "differs by more than 0.1 of the scatter"
CHANCE = 0.5


def headline(result: BinaryResult) -> str:
    """How often a binary is the closer, with its interval."""
    found = result.auc
    return (
        f"A binary is closer than a matched pair in {_percent(found.value)} % of cases "
        f"({_percent(found.low)}\N{EN DASH}{_percent(found.high)} %)."
    )


def verdict(result: BinaryResult) -> str:
    """What its 95 % interval leaves open."""
    found = result.auc
    if not math.isfinite(found.low):
        return "Too few independent binaries for an interval."
    if found.low > CHANCE:
        return "The interval excludes 50 %: stars of a binary are more alike than stars of one [Fe/H] are."
    if found.high < CHANCE:
        return "The interval lies below 50 %: binaries are less alike than field pairs; look at the balance."
    return "The interval includes 50 %: these pairs do not show whether binaries are more alike."


def chance(result: BinaryResult) -> str:
    """The permutation test, and what it is worth."""
    test = result.test
    words = (
        f"p = {test.p:.2g}: so often is the gap as large by chance alone where birth does not count, by "
        f"{test.draws:,} permutations of {test.binaries:,} independent binaries"
    )
    if not result.exploratory:
        return f"{words}."
    why = "; ".join(result.exploratory)
    return f"{words}. Exploratory, as it does not know how many choices were tried ({why})."


def samples(result: BinaryResult) -> str:
    """How many pairs there are, and how far apart they typically are."""
    found = result.auc
    own, field = medians(result)
    shared = "" if found.clusters == found.binaries else f" ({found.clusters:,} without shared stars)"
    return (
        f"{found.binaries:,} binaries{shared}, {found.field_pairs:,} field pairs; median distance "
        f"{own:.2f} of binaries, {field:.2f} of field pairs."
    )


def medians(result: BinaryResult) -> tuple[float, float]:
    """Median distance of binaries and of field pairs, each set of which counts the same."""
    there = result.weight > 0
    values, weight = result.field.distance[there], result.weight[there]
    order = np.argsort(values)
    share = np.cumsum(weight[order]) / weight.sum()
    return float(np.median(result.binaries.distance)), float(values[order][np.searchsorted(share, 0.5)])


def trend(result: BinaryResult) -> str:
    """Whether wider binaries differ more."""
    found = result.trend
    if not math.isfinite(found.rho):
        return "Too few separations are known to say whether wider binaries differ more."
    if found.low > 0:
        said = "wider binaries differ more"
    elif found.high < 0:
        said = "wider binaries differ less"
    else:
        said = "no sign that wider binaries differ more or less"
    numbers = f"{found.rho:+.2f} ({found.low:+.2f} to {found.high:+.2f})".replace("-", "\N{MINUS SIGN}")
    return f"Rank correlation of distance and separation {numbers}, {found.pairs:,} pairs: {said}."


def plain_name(catalogue: Catalogue, name: str) -> str:
    """What an abundance is called, in plain letters, not escaped."""
    column = catalogue.described.get(name) or COLUMNS.get(name)
    return column.plain if column else name


def parts_rows(result: BinaryResult) -> list[tuple[str, float, float, float, float, float, str]]:
    """Of each abundance: column, sigma, AUC without it, what it adds, both ends of that, and whose sigma."""
    unknown = [math.nan] * len(result.abundances)
    parts = result.parts
    columns = (parts.without, parts.gain, parts.low, parts.high) if parts else (unknown,) * 4
    return [
        (name, result.scatter[name].dex, *(float(each) for each in numbers), result.scatter[name].origin)
        for name, *numbers in zip(result.abundances, *columns, strict=True)
    ]


def headline_html(result: BinaryResult) -> str:
    """The result in a few sentences."""
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in result.notes)
    return (
        f"<p class='headline'>{html.escape(headline(result))}</p>"
        f"<p>{html.escape(verdict(result))} {html.escape(chance(result))}</p>"
        f"<p>{html.escape(samples(result))} {html.escape(trend(result))}</p>"
        + (f"<ul>{notes}</ul>" if notes else "")
    )


def lost_html(result: BinaryResult) -> str:
    """How many pairs each step left."""
    numbers = [number for _, number in result.left]
    lost = [0, *(before - after for before, after in pairwise(numbers))]
    rows = (
        (html.escape(what), f"{number:,}", f"\N{MINUS SIGN}{gone:,}" if gone else "")
        for (what, number), gone in zip(result.left, lost, strict=True)
    )
    return _table("Pairs left", ("Step", "Pairs", "Lost"), rows)


def parts_html(result: BinaryResult, catalogue: Catalogue) -> str:
    """What each abundance adds, by leaving it out."""
    rows = []
    origins = list(dict.fromkeys(origin for *_, origin in parts_rows(result)))
    for name, sigma, without, gain, low, high, origin in parts_rows(result):
        column = catalogue.described.get(name)
        letter = chr(ord("a") + origins.index(origin))
        added = "" if math.isnan(gain) else f"{_points(gain)} ({_points(low)} to {_points(high)})"
        without_it = "" if math.isnan(without) else f"{_percent(without)} %"
        heading = to_html(column.tex) if column else html.escape(name)
        rows.append((heading, f"{sigma:.3f}<sup>{letter}</sup>", without_it, added))
    notes = "".join(f"<li>{html.escape(origin)}</li>" for origin in origins)
    head = ("Abundance", "σ [dex]", "Without it", "It adds [percentage points]")
    return f"{_table('What each abundance adds', head, rows)}<ol type='a'>{notes}</ol>"


def balance_html(result: BinaryResult) -> str:
    """How alike binaries and field pairs are in what could tell them apart beside birth."""
    rows = (
        (
            html.escape(each.name), number(each.binaries), number(each.field),
            f"{'' if each.balanced else '<b>'}{number(each.difference)}{'' if each.balanced else '</b> ▲'}",
            number(each.distance),
        )
        for each in result.balances
    )  # fmt: skip
    head = ("Quantity", "Binaries", "Field", "Difference over scatter", "Largest gap of cumulative shares")
    unbalanced = sum(not each.balanced for each in result.balances)
    advice = (
        f"<p>▲ {UNBALANCED}. {unbalanced} of {len(result.balances)} do: match field stars in them, too, or "
        "read the result as of binaries against that field.</p>"
        if unbalanced
        else "<p>All are alike within 0.1 of the scatter.</p>"
    )
    return _table("Balance", head, rows) + advice


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    headings = "".join(f"<th scope='col'>{html.escape(word)}</th>" for word in head)
    body = "".join(
        f"<tr><th scope='row'>{first}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for first, *cells in rows
    )
    return (
        f"<h4>{html.escape(title)}</h4><table><thead><tr>{headings}</tr></thead><tbody>{body}</tbody></table>"
    )


def number(value: float) -> str:
    """A mean or a difference: three digits that count, four of large ones."""
    if not math.isfinite(value):
        return "none"
    return f"{value:.{0 if abs(value) >= 100 else 2}f}".replace("-", "\N{MINUS SIGN}")


def _percent(value: float) -> str:
    return f"{100 * value:.0f}" if math.isfinite(value) else "?"


def _points(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else "?"

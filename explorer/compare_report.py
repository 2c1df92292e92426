"""What `explorer compare` prints of labels that two catalogues share."""

import math

from rich.text import Text

from data.catalogue import Catalogue
from explorer.binary_options import KINDS
from explorer.numerals import plain, signed
from explorer.printout import empty_table, wide_console
from explorer.shared_labels import AGAINST, SIGNAL, SharedLabels, own_of
from model.label_difference import LabelDifference

READING = (
    "How to read it: differences are {one} minus {other}. Bias: median, with a 95 % interval. Scatter: half "
    "the central 68 %; stated: what errors of both make. Slopes have 95 % intervals; * where they exclude 0."
)
MAKES_SLOPE = "errors that go with those of the label make a slope"
CAUTION = (
    "Which of the two is wrong is not told. Errors of different size in both make slopes of their own; of "
    "many slopes, one in 20 excludes 0 by chance."
)
BIAS_HEADINGS = ("label", "stars", "bias", "95 % interval", "scatter", "stated")


def headline(one: Catalogue, other: Catalogue, done: SharedLabels) -> str:
    """Which catalogues, and whether their stars exist."""
    names = " minus ".join(f"{'MOCK ' if each.mock else ''}{each.name}" for each in (one, other))
    kinds = ", ".join(
        f"{max((each.stars for each in labels.values()), default=0):,} {KINDS[kind]}"
        for kind, labels in done.found.items()
    )
    return f"{names}: {kinds}"


def reading(one: Catalogue, other: Catalogue) -> str:
    """How numbers are read, and what slopes are against."""
    return f"{READING.format(one=one.name, other=other.name)} {set_against(one, other)}"


def set_against(one: Catalogue, other: Catalogue) -> str:
    """Of which catalogue each quantity is that slopes are against, and what that does to them."""
    own = own_of(one, other)
    names = {name: one.described[name].plain for name in AGAINST if name in one}
    both = ", ".join(plain for name, plain in names.items() if name not in own and name != SIGNAL)
    mean = f"Slopes against {both}: of the mean of both catalogues, of stars that have it in both."
    lacking = (
        f"{other.name} has no {names[name]}, so slopes of {one.name} are against its own {names[name]}: "
        f"{MAKES_SLOPE}."
        for name in names if name in own
    )  # fmt: skip
    signal = f"{names[SIGNAL]} is that of {one.name}, where above 0." if SIGNAL in names else ""
    return " ".join(words for words in (mean if both else "", *lacking, signal) if words)


def across_words(one: Catalogue, other: Catalogue, quantity: str) -> str:
    """What a slope is against, in short."""
    own = "its own " if quantity in own_of(one, other) else ""
    return f"{own}{one.described[quantity].plain}"


def bias_row(one: Catalogue, name: str, found: LabelDifference) -> tuple[str, ...]:
    """Label, stars, bias with interval, scatter, and what errors would make."""
    unit = one.described[name].unit
    digits = 0 if unit == "K" else 3
    return (
        f"{one.described[name].plain}{f' [{unit}]' if unit else ''}",
        f"{found.stars:,}",
        _rounded(found.bias, digits),
        _interval(found.low, found.high, digits),
        plain(found.scatter, digits),
        plain(found.expected, digits),
    )


def slope_cell(one: Catalogue, name: str, quantity: str, found: LabelDifference) -> str:
    """Slope of a label's differences against a quantity, with its interval; * where that excludes 0."""
    digits = 0 if one.described[name].unit == "K" else 3
    slope, (scale, _) = found.slopes[quantity], AGAINST[quantity]
    ends = _interval(slope.low * scale, slope.high * scale, digits)
    return f"{_rounded(slope.value * scale, digits)}{'*' if slope.excludes_zero else ' '} {ends}"


def say_comparison(one: Catalogue, other: Catalogue, done: SharedLabels, where: tuple[str, str]) -> None:
    """Print a comparison: its answer first, then what it rests on.

    Parameters
    ----------
    one, other, done : the catalogues, and what was found.
    where : conditions on the stars of each.
    """
    console = wide_console()
    console.print(Text(headline(one, other, done), style="bold"), soft_wrap=True)
    console.print(str(done.stars), soft_wrap=True)
    for catalogue, condition in zip((one, other), where, strict=True):
        console.print(f"Stars of {catalogue.name}: {condition or 'all'}", soft_wrap=True)
    for kind, labels in done.found.items():
        console.print(Text(KINDS[kind], style="bold"))
        there = {name: found for name, found in labels.items() if found.stars}
        if not there:
            console.print("none has a label in both")
            continue
        table = empty_table(*BIAS_HEADINGS)
        for name, found in there.items():
            table.add_row(*bias_row(one, name, found))
        console.print(table)
        for quantity in next(iter(there.values())).slopes:
            heading = f"per {AGAINST[quantity][1]} in {across_words(one, other, quantity)}"
            slopes = empty_table("label", "stars", heading)
            for name, found in there.items():
                stars = f"{found.slopes[quantity].stars:,}"
                slopes.add_row(one.described[name].plain, stars, slope_cell(one, name, quantity, found))
            console.print(slopes)
    for line in (reading(one, other), CAUTION):
        console.print(line, soft_wrap=True)


def _interval(low: float, high: float, digits: int) -> str:
    if not (math.isfinite(low) and math.isfinite(high)):
        return "\N{EN DASH}"
    return f"{_rounded(low, digits)} to {_rounded(high, digits)}"


def _rounded(value: float, digits: int) -> str:
    """A number with its sign, which is a plus where nothing is left of it."""
    return signed(round(value, digits) + 0.0, digits)

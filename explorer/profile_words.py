"""Profiles in words: every gradient with its interval, its stars, and that it is not selection-corrected."""

import html
import math
from collections.abc import Sequence

import numpy as np

from data.schema import Column
from explorer.notation import to_html
from explorer.profile_sums import SELECTED, Asked, Profiles
from model.plate_bootstrap import Range
from model.profiles import LEAST, Profile

UNCORRECTED = "not selection-corrected"
SELECTED_COLOUR = "#7a828b"
"""Grey reads on light and on dark ground, and is no subset's colour."""
DASH, WHOLE = "\N{EN DASH}", "<span style='white-space:nowrap'>"
"""For a number that is none; before one that has to stay on a line."""
HOW = (
    "A point is the mean of a bin's stars, at their mean place; its bar holds 68 %. The dashed line is "
    "straight, of least squares over the stars of the slice: its slope is the gradient. Errors are of "
    "sampling stars alone: which stars the survey saw, and errors that many stars share, are not in them. "
    "Errors of the quantity along the axis flatten gradients."
)


def unit_of(label: Column, x: Column) -> str:
    """Unit of a gradient."""
    above, below = label.unit or "1", x.unit
    return f"{above} per {below}" if below not in ("", "dex") else f"{above} per {x.plain}"


def interval(found: Range) -> str:
    """Write a number with the ends of its interval, to two digits of half its width."""
    if not math.isfinite(found.value):
        return "too few stars"
    half = 0.5 * (found.high - found.low)
    decimals = min(max(1 - math.floor(math.log10(half)), 0), 9) if half > 0 and math.isfinite(half) else 4

    def write(value: float) -> str:
        return f"{value:+.{decimals}f}".replace("-", "\N{MINUS SIGN}")

    return f"{write(found.value)} ({write(found.low)} to {write(found.high)})"


def swatch(name: str, colour: str) -> str:
    """A group's name with its colour, as HTML."""
    shown = colour or SELECTED_COLOUR
    return f"<span style='color:{shown}'>\N{BLACK CIRCLE}</span> {html.escape(name)}"


def legend(asked: Asked) -> str:
    """Name the groups with their colours, as HTML."""
    return " &nbsp; ".join(swatch(group.name, group.colour) for group in asked.groups)


def table(
    asked: Asked, found: Profiles, slices: Sequence[str], label: Column, x: Column, seed: int = 0
) -> str:
    """List the gradients, slice by slice, as HTML; a bootstrap is told with its seed."""
    draws = next((each.draws for each in found.values() if each.draws), 0)
    kind = (
        f"bootstrap over stars, {draws:,} draws, seed {seed}"
        if draws
        else "analytic, Student's; Run for a bootstrap"
    )
    head = (
        f"Gradient of {to_html(label.tex)} along {to_html(x.tex)} in {html.escape(unit_of(label, x))}, "
        f"95 % interval ({kind}), <b>{UNCORRECTED}</b>"
    )
    rows = "".join(
        f"<tr><th>{WHOLE}{html.escape(slices[k])}</span></th><td>{swatch(group.name, group.colour)}</td>"
        f"{_cells(found[number, k])}</tr>"
        for k in range(len(slices))
        for number, group in enumerate(asked.groups)
    )
    return (
        f"<h4>{head}</h4><table><thead><tr><th>slice</th><th>stars</th><th>gradient</th><th></th>"
        f"<th>number</th><th>off the line by at most</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _cells(one: Profile) -> str:
    told = interval(one.gradient)
    few = f"a gradient needs {LEAST} stars, in two bins"
    note = UNCORRECTED if math.isfinite(one.gradient.value) else few
    bend = np.format_float_positional(float(f"{one.bend:.2g}"), trim="-") if math.isfinite(one.bend) else DASH
    cells = f"<i>{note}</i>", f"{WHOLE}{int(one.stars.sum()):,}</span>", f"{WHOLE}{bend}</span>"
    return "".join(f"<td>{cell}</td>" for cell in (f"{WHOLE}{told}</span>", *cells))


def caption(slice_name: str, one: Profile, unit: str) -> str:
    """Words above a figure: its slice, and the gradient of the selected stars."""
    told = f"<b>{html.escape(slice_name)}</b><br>{SELECTED}: {interval(one.gradient)}"
    return f"{told} {html.escape(unit)}, {UNCORRECTED}" if math.isfinite(one.gradient.value) else told

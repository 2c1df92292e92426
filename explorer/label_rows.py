"""The rows of a star's table of labels: published, fitted, and what can be tried of each."""

import html
import math
from collections.abc import Mapping
from typing import Any

from data.schema import COLUMNS
from explorer.case import Case
from explorer.notation import measured, to_html
from explorer.published import Published
from explorer.refit import FittedLabel, Refitter

NONE = "\N{EN DASH}"
"""Stands for a number that is not there."""

BEYOND = 0.25
"""Sliders go on beyond the training stars by this part of their range."""


def rows_of(case: Case, star: Published | None, trial: Mapping[str, float]) -> list[dict[str, Any]]:
    """What the table of labels shows, one row for each label of the model, else of the catalogue."""
    model = case.refitter.content.model.label_names if case.refitter else ()
    names = model or tuple(
        name for name in COLUMNS if star and f"e_{name}" in COLUMNS and name in star.catalogue
        and f"{name}_extrap" in {*COLUMNS, "teff_extrap", "logg_extrap"}
    )  # fmt: skip
    fitted = {label.name: label for label in case.fit.labels} if case.fit else {}
    trial = {name: value for name, value in trial.items() if not (name in fitted and fitted[name].held)}
    values = case.labels or {}
    return [
        _row(name, case.refitter, star, fitted.get(name), trial.get(name, values.get(name))) for name in names
    ]


def _row(
    name: str,
    refitter: Refitter | None,
    star: Published | None,
    label: FittedLabel | None,
    value: float | None,
) -> dict[str, Any]:
    column = COLUMNS.get(name)
    title = to_html(column.tex) if column else html.escape(name)
    unit = f" [{html.escape(column.unit)}]" if column and column.unit not in ("", "dex") else ""
    low, high = refitter.content.ranges[name] if refitter else (0.0, 1.0)
    step = 10.0 ** (math.floor(math.log10(high - low)) - 2) if high > low else 0.01
    beyond, flagged = label.words if label else "", _flagged(star, name, refitter)
    known, told = NONE, ""
    if star and math.isfinite(star.number(name)):
        known = measured(star.number(name), star.number(f"e_{name}"))
    if label is not None:
        error = label.published if math.isfinite(label.published) else label.formal
        told = f"{label.value:.{_digits(step)}f} held" if label.held else measured(label.value, error)
    return {
        "name": name,
        "title": title + unit,
        "plain": column.plain if column else name,
        "published": known,
        "fitted": told or NONE,
        "value": value,
        "held": bool(label and label.held),
        "low": math.floor((low - BEYOND * (high - low)) / step) * step,
        "high": math.ceil((high + BEYOND * (high - low)) / step) * step,
        "step": step,
        "digits": _digits(step),
        "beyond": bool(beyond),
        "flagged": bool(flagged),
        "note": "; ".join(filter(None, (beyond, flagged))),
    }  # fmt: skip


def _digits(step: float) -> int:
    return max(0, -round(math.floor(math.log10(step))))


def _flagged(star: Published | None, name: str, refitter: Refitter | None) -> str:
    """What the catalogue's flag says of a label."""
    flag = "kiel_extrap" if name in ("teff", "logg") else f"{name}_extrap"
    if star is None or star.number(flag) != 1:
        return ""
    if flag == "kiel_extrap":
        return "the catalogue flags Teff or log g as extrapolated"
    trust = refitter.trust.get(name) if refitter else None
    plain = trust.plain if trust else name
    return f"the catalogue flags {plain} as extrapolated"

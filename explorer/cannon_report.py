"""What the commands of The Cannon print: tables of labels, and which spectra were left out."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text

from data.schema import COLUMNS
from explorer.cannon import Validation
from explorer.cannon_bins import Bins, bins_of
from explorer.cannon_file import CannonFile, Validated
from explorer.elements import Elements
from explorer.labelling import Inferred
from explorer.printout import empty_table, wide_console
from explorer.reading import LeftOut
from explorer.training import reasons_of
from model.validation import Recovery, relative_precision

Floats = NDArray[np.float64]

_POOR_FIT = 3
"""chi2/dof above which a spectrum is hardly like the model's."""
_MEASURED = 0.9
"""Scatter, in units of what the star's other labels alone give, above which a label is not measured."""
_OUTLYING = 8
_SIGMA = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
_FORMAL_ONLY = "errors are formal only: cross-validation was of all labels and pixels"
_NOT_VALIDATED = "errors are formal only, and no range of trust is known: 'explorer validate' the model first"
_LEGEND = """\
bias, scatter  mean and standard deviation of inferred - reference
core           half of the central 68 % of it
r              correlation of inferred and reference
others         scatter of predicting a label from the star's other labels alone
2s/range       twice the scatter over the range where the model can be trusted"""
_ENDS = """\
from, to       where 9 in 10 of the stars inferred there truly lie lower, or 9 in 10 higher
*              merely the last of the stars: no failure up to there, nothing known beyond"""


def say_trained(content: CannonFile, left_out: Sequence[LeftOut], out: Path) -> None:
    """Say what a model was trained on."""
    console = wide_console(highlight=True)
    _say_model(content, console)
    _say_left_out(left_out, console)
    console.print(f"Wrote {out}", soft_wrap=True)


def say_validated(done: Validation, before: CannonFile, model: Path, out: Path | None) -> None:
    """Say how well labels are recovered, and what the model's file, as it was before, no longer says."""
    console = wide_console(highlight=True)
    _say_validation(done.content, done.validated, console)
    for line in _in_force(done.content):
        console.print(Text(line), soft_wrap=True)
    _say_left_out(done.stars.left_out, console)
    if out is not None:
        _say_elements(done.elements, console)
    replaced = "" if before.validated is None else f" in place of that of {_folds(before)}"
    console.print(
        f"Wrote the result into {model}{replaced}" + (f", and {out}" if out else ""), soft_wrap=True
    )


def say_content(content: CannonFile, model: Path) -> None:
    """Say what a model's file holds: the model, its validation and how it came about."""
    console = wide_console(highlight=True)
    console.print(Text(f"{model}: a model of The Cannon"), soft_wrap=True)
    _say_model(content, console)
    if content.validated is None:
        console.print(_NOT_VALIDATED, soft_wrap=True)
    else:
        _say_validation(content, content.validated, console)
    recipe = content.recipe
    facts = {
        **content.history,
        "min_snr": f"{recipe.min_snr:g}",
        "teff": "{:g} to {:g} K".format(*recipe.teff),
        "sha256": content.checksum,
    }
    for name, value in facts.items():
        console.print(Text(f"{name.replace('_', ' ')}: {value}"), soft_wrap=True)


def _say_model(content: CannonFile, console: Console) -> None:
    """Print the labels of the training stars, and what of them and the pixels is used."""
    model = content.model
    table = empty_table("label", "lowest", "mean", "dispersion", "highest", "n")
    for name, values in zip(model.label_names, content.trained.labels.T, strict=True):
        known = values[np.isfinite(values)]
        numbers = (known.min(), known.mean(), known.std(), known.max())
        table.add_row(_named(name), *(_number(name, number) for number in numbers), str(len(known)))
    console.print(table)
    trained, whole = np.count_nonzero(np.isfinite(model.s)), len(model.s)
    console.print(
        f"{_many(model.n_train, 'spectrum', 'spectra')}, {len(model.terms)} terms, {trained} pixels "
        f"from {model.wavelength[0]:.0f} to {model.wavelength[-1]:.0f} A"
    )
    if trained < whole:
        few = "which no more stars show than there are terms"
        console.print(f"not used: {whole - trained} of {whole} pixels, {few}", soft_wrap=True)
    for line in (*_in_force(content), *_outliers(content)):
        console.print(Text(line), soft_wrap=True)


def _say_validation(content: CannonFile, validated: Validated, console: Console) -> None:
    """Print how well labels are recovered, and where they can be trusted."""
    names, true = content.model.label_names, content.trained.labels
    recovery = Recovery.of(true, validated.inferred, np.zeros(len(true), np.int64), 1)
    precision = relative_precision(recovery.scatter[0], validated.limits)
    table = empty_table("label", "n", "bias", "scatter", "core", "r", "others", "2s/range")
    for label, name in enumerate(names):
        table.add_row(
            _named(name),
            str(recovery.n[0, label]),
            *(_number(name, part[0, label]) for part in (recovery.bias, recovery.scatter, recovery.core)),
            f"{recovery.correlation[0, label]:.3f}",
            _number(name, validated.others[label]),
            f"{precision[label]:.2f}",
        )
    console.print(table)
    console.print(_LEGEND, style="dim")
    for line in _not_measured(names, recovery.scatter[0], validated.others):
        console.print(line, soft_wrap=True)
    console.print(_range_of_trust(names, validated))
    console.print(_ENDS, style="dim", soft_wrap=True)
    console.print(
        f"{len(true)} spectra in {_folds(content)}, {np.count_nonzero(~validated.converged)} did not converge"
    )
    for bins in bins_of(names, content.trained, validated):
        console.print(_bins_table(names, bins))
        console.print("pull  scatter in units of published errors: 1 where these are right", style="dim")


def say_inferred(done: Inferred, content: CannonFile, out: Path) -> None:
    """Say how many labels were inferred, and how many are to be looked at."""
    console = wide_console(highlight=True)
    console.print(f"{_many(done.stars, 'star')}, {done.stars - done.converged:,} did not converge")
    if done.choices.frozen.names:
        console.print(Text(f"labels frozen: {done.choices.frozen}"), soft_wrap=True)
    if done.choices.wavelengths is not None:
        used = done.wavelength
        console.print(f"{len(used)} pixels used, from {used[0]:.0f} to {used[-1]:.0f} A")
    if not done.choices.as_validated:
        console.print(_FORMAL_ONLY)
    elif content.validated is None:
        console.print(_NOT_VALIDATED, soft_wrap=True)
    for line in _to_look_at(done, content):
        console.print(line, soft_wrap=True)
    _say_left_out(done.left_out, console)
    if done.elements is not None:
        _say_elements(done.elements, console)
    console.print(f"Wrote {out}", soft_wrap=True)


def _to_look_at(done: Inferred, content: CannonFile) -> list[str]:
    """How many stars are faint, fit badly or lie where the model can't be trusted."""
    values, least = done.columns.values, content.recipe.min_snr
    reduced = values["chi2"] / np.maximum(values["dof"], 1)
    poor = np.count_nonzero(reduced > _POOR_FIT)
    lines = [f"chi2/dof: median {np.median(reduced):.2f}, {_many(poor, 'star')} above {_POOR_FIT}"]
    if faint := np.count_nonzero(values["snr"] < least):
        lines.append(f"{_many(faint, 'star')} with S/N below {least:g}, the least of the training stars")
    beyond = {name: values.get(f"{name}_extrap") for name in content.model.label_names}
    if counts := [f"{name} {np.sum(flag == 1):,}" for name, flag in beyond.items() if flag is not None]:
        lines.append(f"stars beyond the range of trust: {', '.join(counts)}")
    for name in done.choices.frozen.names:
        low, high = content.ranges[name]
        if far := np.count_nonzero((values[name] < low) | (values[name] > high)):
            span = f"the training stars ({low:.6g} to {high:.6g})"
            lines.append(f"{name} is frozen beyond {span} for {_many(far, 'star')}")
    return lines


def _not_measured(names: Sequence[str], scatter: Floats, others: Floats) -> list[str]:
    """Labels that the star's other labels tell nearly as well."""
    poor = [name for name, one in zip(names, scatter > _MEASURED * others, strict=True) if one]
    return [f"not measured (scatter above {_MEASURED} of others): {', '.join(poor)}"] if poor else []


def _folds(content: CannonFile) -> str:
    return f"{content.history['folds']} folds (seed {content.history['seed']})"


def _many(number: int | np.integer[Any], one: str, more: str = "") -> str:
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def _outliers(content: CannonFile) -> list[str]:
    """Labels so far from the others that they may be mistakes, by the median and its absolute deviation."""
    lines = []
    for name, values in zip(content.model.label_names, content.trained.labels.T, strict=True):
        apart = np.abs(values - np.nanmedian(values))
        far = apart > _OUTLYING * _SIGMA * np.nanmedian(apart)
        if far.any() and np.nanmedian(apart) > 0:
            star = int(np.nanargmax(apart))
            example = f"{values[star]:g} of {content.trained.file[star].decode()}"
            lines.append(
                f"check {name}: {_many(far.sum(), 'star')} beyond {_OUTLYING} robust sigmas, as {example}"
            )
    return lines


def _in_force(content: CannonFile) -> list[str]:
    """Choices of a model that are not the usual ones."""
    recipe, mask = content.recipe, content.model.mask
    lines = [] if recipe.terms == "quadratic" else [f"terms: {recipe.terms}"]
    if mask is not None:
        for label in recipe.masked:
            acting = np.count_nonzero(mask[:, content.model.label_names.index(label)])
            lines.append(f"mask: {label} acts at {acting} of {len(mask)} pixels")
    if recipe.label_errors:
        lines.append(f"errors of labels count: {', '.join(recipe.label_errors)}")
    if recipe.missing_labels:
        lacking = np.count_nonzero(np.isnan(content.trained.labels).any(axis=1))
        lines.append(f"{_many(lacking, 'star')} without some labels, taken as missing at random")
    if recipe.dof_correction:
        lines.append("scatter corrected for the number of terms")
    return lines


def _say_elements(elements: Elements, console: Console) -> None:
    if elements.left_out:
        words = ", ".join(elements.left_out)
        console.print(f"no strong lines on these pixels, hence no chi2 near them: {words}", soft_wrap=True)


def _say_left_out(left_out: Sequence[LeftOut], console: Console) -> None:
    """Print how many spectra are left out for each reason, and an example."""
    if not left_out:
        return
    verb = "is" if len(left_out) == 1 else "are"
    console.print(f"{_many(len(left_out), 'spectrum', 'spectra')} {verb} left out:")
    for reason, number in reasons_of(left_out).items():
        first = next(one for one in left_out if one.reason == reason)
        detail = f" ({first.detail})" if first.detail else ""
        console.print(Text(f"  {number:,}  {reason}, as {first.file}{detail}"), soft_wrap=True)


def _range_of_trust(names: Sequence[str], validated: Validated) -> Table:
    """Where the model can be trusted, with errors by bootstrap."""
    table = empty_table("inferred values to trust", "from", "error", "to", "error")
    for label, (name, limit) in enumerate(zip(names, validated.limits, strict=True)):
        row = [_named(name)]
        ends = ((limit.low, limit.low_reached), (limit.high, limit.high_reached))
        for (value, reached), error in zip(ends, validated.end_errors[label], strict=True):
            mark = " " if reached else "*"
            row += [f"{_number(name, value, 2)}{mark}", _number(name, error, 2) if reached else "-"]
        table.add_row(*row)
    return table


def _named(name: str) -> str:
    return f"{name} ({_unit(name)})" if _unit(name) else name


def _unit(name: str) -> str:
    return COLUMNS[name].unit if name in COLUMNS else ""


def _bins_table(names: Sequence[str], bins: Bins) -> Table:
    """Scatter and, after it, the width of pulls in each bin."""
    name = "" if bins.by == "S/N" else bins.by
    ends = [_number(name, edge, 0) for edge in bins.edges]
    table = empty_table("scatter, pull", *(f"{low}-{high}" for low, high in pairwise(ends)))
    table.add_row(f"stars by {_named(bins.by)}", *map(str, bins.stars))
    for label, one in enumerate(names):
        cells = zip(bins.scatter[:, label], bins.pull[:, label], strict=True)
        table.add_row(_named(one), *(f"{_number(one, part)}, {_number('', pull, 2)}" for part, pull in cells))
    return table


def _number(name: str, value: float, digits: int = 3) -> str:
    return f"{value:.{0 if _unit(name) == 'K' else digits}f}" if np.isfinite(value) else "-"

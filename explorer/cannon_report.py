"""What the commands of The Cannon print: tables of labels, and which spectra were left out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from data.schema import COLUMNS
from explorer.cannon import Inferred, Validation
from explorer.cannon_file import CannonFile
from explorer.spectra import LeftOut
from explorer.training import reasons_of
from model.validation import relative_precision

_NARROWEST = 80
_LEGEND = """\
bias, scatter  mean and standard deviation of inferred - reference
core           half of the central 68 % of it
r              correlation of inferred and reference
others         scatter of predicting a label from the star's other labels alone
2s/range       twice the scatter over the range from - to
from, to       where the model can be trusted; * where no limit was reached"""


def say_trained(content: CannonFile, left_out: Sequence[LeftOut], out: Path) -> None:
    """Say what a model was trained on."""
    model, labels, console = content.model, content.trained.labels, _console()
    table = _table("label", "lowest", "mean", "dispersion", "highest")
    for name, values in zip(model.label_names, labels.T, strict=True):
        numbers = (values.min(), values.mean(), values.std(), values.max())
        table.add_row(_named(name), *(_number(name, number) for number in numbers))
    console.print(table)
    console.print(
        f"{model.n_train} spectra, {len(model.terms)} terms, {np.count_nonzero(np.isfinite(model.s))} pixels "
        f"from {model.wavelength[0]:.0f} to {model.wavelength[-1]:.0f} A"
    )
    _say_left_out(left_out, console)
    console.print(f"Wrote {out}", soft_wrap=True)


def say_validated(done: Validation, model: Path, out: Path | None) -> None:
    """Say how well labels are recovered."""
    found, validated, console = done.found, done.validated, _console()
    recovery = found.recovery()
    precision = relative_precision(recovery.scatter[0], validated.limits)
    table = _table("label", "n", "bias", "scatter", "core", "r", "others", "2s/range", "from", "to")
    for label, (name, limit) in enumerate(zip(found.label_names, validated.limits, strict=True)):
        table.add_row(
            _named(name),
            str(recovery.n[0, label]),
            *(_number(name, part[0, label]) for part in (recovery.bias, recovery.scatter, recovery.core)),
            f"{recovery.correlation[0, label]:.3f}",
            _number(name, validated.others[label]),
            f"{precision[label]:.2f}",
            _number(name, limit.low, 2) + ("" if limit.low_reached else "*"),
            _number(name, limit.high, 2) + ("" if limit.high_reached else "*"),
        )
    console.print(table)
    console.print(_LEGEND, style="dim")
    history = done.content.history
    console.print(
        f"{len(found.true)} spectra in {history['folds']} folds (seed {history['seed']}), "
        f"{np.count_nonzero(~found.converged)} did not converge"
    )
    _say_left_out(done.stars.left_out, console)
    console.print(f"Wrote the result into {model}" + (f", and {out}" if out else ""), soft_wrap=True)


def say_inferred(done: Inferred, out: Path) -> None:
    """Say how many labels were inferred."""
    console = _console()
    console.print(f"{done.stars:,} stars, {done.stars - done.converged:,} did not converge")
    _say_left_out(done.left_out, console)
    console.print(f"Wrote {out}", soft_wrap=True)


def _say_left_out(left_out: Sequence[LeftOut], console: Console) -> None:
    """Print how many spectra are left out for each reason, and an example."""
    if not left_out:
        return
    console.print(f"{len(left_out):,} spectra are left out:")
    for reason, number in reasons_of(left_out).items():
        first = next(one for one in left_out if one.reason == reason)
        detail = f" ({first.detail})" if first.detail else ""
        console.print(Text(f"  {number:,}  {reason}, as {first.file}{detail}"), soft_wrap=True)


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    return table


def _named(name: str) -> str:
    return f"{name} ({_unit(name)})" if _unit(name) else name


def _unit(name: str) -> str:
    return COLUMNS[name].unit if name in COLUMNS else ""


def _number(name: str, value: float, digits: int = 3) -> str:
    return f"{value:.{0 if _unit(name) == 'K' else digits}f}" if np.isfinite(value) else "-"


def _console() -> Console:
    """Where tables are printed; a number is never cut, however narrow it is."""
    console = Console()
    return console if console.width >= _NARROWEST else Console(width=_NARROWEST)

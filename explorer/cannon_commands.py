"""The command line of The Cannon: `explorer train`, `validate` and `infer`."""

from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.problem import DataError
from explorer.progress import progress_bar

if TYPE_CHECKING:
    from explorer.reading import LeftOut

SpectraPlace = Annotated[
    Path,
    typer.Argument(
        help="Folder of LAMOST spectra, text file with the path of one on each line, or one file."
    ),
]
LabelFile = Annotated[
    Path, typer.Argument(help="Table of labels: CSV, FITS, Parquet, VOTable, ECSV or white-space table.")
]
ModelFile = Annotated[Path, typer.Argument(help="Model file that 'explorer train' wrote.")]
Workers = Annotated[
    int, typer.Option(min=1, max=256, help="Processes that read spectra; two pay off from 500 spectra on.")
]
Terms = Annotated[
    str,
    typer.Option(help="Terms of the labels: quadratic, linear, or listed: 'teff, logg, teff*logg, teff^2'."),
]
Mask = Annotated[
    Path | None,
    typer.Option(
        help="Table of label, low, high: wavelengths (A) at which a label may act; others everywhere."
    ),
]
LabelErrors = Annotated[
    str | None,
    typer.Option(
        help="Labels with errors, from the columns e_NAME, or NAME=COLUMN; marginalised in training."
    ),
]
MissingLabels = Annotated[
    bool,
    typer.Option(
        "--missing-labels",
        help="Use stars that lack labels too. Fails where labels are not missing at random, as for lines too "
        "weak to detect.",
    ),
]
Correction = Annotated[
    bool,
    typer.Option(
        "--dof-correction", help="Correct the model's scatter, too small where terms are many against stars."
    ),
]
Freeze = Annotated[
    list[str] | None,
    typer.Option(
        help="NAME=VALUE, or NAME=COLUMN of --frozen-from: a label that is not inferred. Repeatable."
    ),
]
FrozenFrom = Annotated[Path | None, typer.Option(help="Table of frozen labels, a row for each spectrum.")]
LeftOutTable = Annotated[
    Path | None,
    typer.Option("--left-out", help="Table of the spectra left out to write: .csv, .fits or .parquet."),
]
Overwrite = Annotated[bool, typer.Option(help="Replace the file if it exists.")]
ModelOut = Annotated[Path, typer.Option(help="Model file to write; its name ends in .cannon.")]
Names = Annotated[
    str, typer.Option("--labels", help="Labels, separated by commas; NAME=COLUMN if the column differs.")
]
Key = Annotated[
    str | None, typer.Option(help="Column of obsids or file names; found by its name if not given.")
]
LeastSnr = Annotated[float, typer.Option(min=0, help="Leave out spectra of a lower median S/N per pixel.")]
TeffRange = Annotated[str, typer.Option(help="LOW:HIGH, K: leave out stars whose label teff is not within.")]
Wavelengths = Annotated[
    str, typer.Option(help="LOW:HIGH, A: pixels used. Beyond 6800 sky and air spoil models of few stars.")
]


def train(
    spectra: SpectraPlace,
    labels: LabelFile,
    *,
    out: ModelOut,
    names: Names = "teff,logg,fe_h",
    key: Key = None,
    min_snr: LeastSnr = 10,
    teff: TeffRange = "4000:7000",
    wavelengths: Wavelengths = "4000:5800",
    terms: Terms = "quadratic",
    mask: Mask = None,
    label_errors: LabelErrors = None,
    missing_labels: MissingLabels = False,
    dof_correction: Correction = False,
    left_out: LeftOutTable = None,
    workers: Workers = 1,
    overwrite: Overwrite = False,
) -> None:
    """Train The Cannon on spectra of stars with known labels."""
    from data.spans import read_spans
    from explorer.cannon import train_model
    from explorer.cannon_file import save_model
    from explorer.cannon_report import say_trained
    from explorer.recipe import Recipe

    recipe = Recipe(
        labels=_listed(names),
        key=key,
        min_snr=min_snr,
        teff=_range("--teff", teff, "4000:7000"),
        wavelengths=_range("--wavelengths", wavelengths, "4000:5800"),
        terms=terms,
        mask=() if mask is None else read_spans(mask),
        label_errors=() if label_errors is None else _listed(label_errors),
        missing_labels=missing_labels,
        dof_correction=dof_correction,
    )
    if out.suffix != ".cannon":
        raise DataError(f"--out {out} does not say what is written, a model: end it with .cannon")
    _refuse(out, overwrite=overwrite)
    _refuse_tables(left_out, overwrite=overwrite)
    with progress_bar() as report:
        content, others = train_model(spectra, labels, recipe, workers=workers, progress=report)
    save_model(out, content)
    _write_left_out(left_out, others)
    say_trained(content, others, out)


def validate(
    model: ModelFile,
    spectra: SpectraPlace,
    labels: LabelFile,
    *,
    folds: Annotated[int, typer.Option(min=2, help="Folds of the cross-validation.")] = 12,
    seed: Annotated[int, typer.Option(min=0, help="Of the order in which stars go to folds.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Table of every star's result to write: .csv, .fits or .parquet.")
    ] = None,
    left_out: LeftOutTable = None,
    workers: Workers = 1,
    overwrite: Overwrite = False,
) -> None:
    """Cross-validate a model on the stars it was trained on, and keep the result in its file."""
    from explorer.cannon import validate_model, write_results
    from explorer.cannon_file import load_model, save_model
    from explorer.cannon_report import say_validated

    content = load_model(model)
    _refuse_tables(out, left_out, overwrite=overwrite)
    with progress_bar() as report:
        done = validate_model(
            content, spectra, labels, folds=folds, seed=seed, workers=workers, progress=report
        )
    save_model(model, done.content)
    if out is not None:
        write_results(out, done.columns, load_model(model), model.name)
    _write_left_out(left_out, done.stars.left_out)
    say_validated(done, content, model, out)


def infer(
    model: ModelFile,
    spectra: SpectraPlace,
    *,
    out: Annotated[
        Path, typer.Option(help="Table to write; its ending (.csv, .fits, .parquet) says the format.")
    ],
    min_snr: LeastSnr = 0,
    starts: Annotated[int, typer.Option(min=1, max=1000, help="Starts of each star's search.")] = 8,
    freeze: Freeze = None,
    frozen_from: FrozenFrom = None,
    key: Annotated[
        str | None,
        typer.Option(help="Column of obsids or file names in --frozen-from, if not found by name."),
    ] = None,
    wavelengths: Annotated[
        str | None, typer.Option(help="LOW:HIGH, A: use only these of the model's pixels.")
    ] = None,
    windows: Annotated[
        bool, typer.Option(help="Also tell the fit near the strong lines of each element.")
    ] = True,
    left_out: LeftOutTable = None,
    workers: Workers = 1,
    overwrite: Overwrite = False,
) -> None:
    """Infer labels, with errors, of spectra."""
    from explorer.cannon import write_results
    from explorer.cannon_file import load_model
    from explorer.cannon_report import say_inferred
    from explorer.frozen import Frozen
    from explorer.labelling import Choices, infer_labels

    content = load_model(model)
    _refuse_tables(out, left_out, overwrite=overwrite)
    choices = Choices(
        min_snr=min_snr,
        starts=starts,
        frozen=Frozen.of(freeze or (), frozen_from, key, content.ranges),
        wavelengths=None if wavelengths is None else _range("--wavelengths", wavelengths, "4500:5500"),
        windows=windows,
    )
    with progress_bar() as report:
        done = infer_labels(content, spectra, choices, workers=workers, progress=report)
    write_results(out, done.columns, content, model.name, done.facts)
    _write_left_out(left_out, done.left_out)
    say_inferred(done, content, out)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _range(option: str, text: str, example: str) -> tuple[float, float]:
    low, _, high = text.partition(":")
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = 1.0, 0.0
    if not -inf < ends[0] < ends[1] < inf:
        raise DataError(
            f"{option} '{text[:40]}' is no range: write LOW:HIGH, the lower number first, as in {example}"
        )
    return ends


def _refuse(out: Path, *, overwrite: bool) -> None:
    if not out.parent.is_dir():
        raise DataError(f"the folder {out.parent} does not exist: make it first, or choose another")
    if out.is_dir():
        raise DataError(f"{out} is a folder: give the name of a file in it")
    if out.exists() and not overwrite:
        raise DataError(f"{out} exists already: choose another name, or add --overwrite")


def _refuse_tables(*tables: Path | None, overwrite: bool) -> None:
    from data.formats import format_of

    wanted = [table for table in tables if table is not None]
    for table in wanted:
        format_of(table)
        _refuse(table, overwrite=overwrite)
    if len({table.resolve() for table in wanted}) < len(wanted):
        raise DataError(f"--out and --left-out both name {wanted[0]}: give each a name of its own")


def _write_left_out(out: Path | None, left_out: "Sequence[LeftOut]") -> None:
    from explorer.left_out import write_left_out

    if out is not None:
        write_left_out(out, left_out)

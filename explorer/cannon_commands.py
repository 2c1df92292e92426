"""The command line of The Cannon: `explorer train`, `validate` and `infer`."""

from pathlib import Path
from typing import Annotated

import typer

from data.problem import DataError
from explorer.progress import progress_bar

SpectraPlace = Annotated[
    Path,
    typer.Argument(help="Folder of LAMOST spectra, or a text file with the path of one on each line."),
]
LabelFile = Annotated[
    Path, typer.Argument(help="Table of labels: CSV, FITS, Parquet, VOTable, ECSV or white-space table.")
]
ModelFile = Annotated[Path, typer.Argument(help="Model file that 'explorer train' wrote.")]
Workers = Annotated[
    int, typer.Option(min=1, max=256, help="Processes that read spectra; more pay off from some hundred on.")
]
Overwrite = Annotated[bool, typer.Option(help="Replace the file if it exists.")]


def train(
    spectra: SpectraPlace,
    labels: LabelFile,
    *,
    out: Annotated[Path, typer.Option(help="Model file to write.")],
    names: Annotated[
        str,
        typer.Option("--labels", help="Labels, separated by commas; NAME=COLUMN if the column differs."),
    ] = "teff,logg,fe_h",
    key: Annotated[
        str | None,
        typer.Option(help="Column of obsids or file names; found by its name if not given."),
    ] = None,
    min_snr: Annotated[
        float, typer.Option(min=0, help="Leave out spectra of a lower median S/N per pixel.")
    ] = 10,
    teff: Annotated[
        str, typer.Option(help="LOW:HIGH, K: leave out stars whose label teff is not within.")
    ] = "4000:7000",
    wavelengths: Annotated[
        str,
        typer.Option(help="LOW:HIGH, A: pixels used. Beyond 6800 sky and air spoil models of few stars."),
    ] = "4000:5800",
    workers: Workers = 1,
    overwrite: Overwrite = False,
) -> None:
    """Train The Cannon on spectra of stars with known labels."""
    from explorer.cannon import train_model
    from explorer.cannon_file import save_model
    from explorer.cannon_report import say_trained
    from explorer.training import Recipe

    recipe = Recipe(
        labels=tuple(name.strip() for name in names.split(",")),
        key=key,
        min_snr=min_snr,
        teff=_range("--teff", teff),
        wavelengths=_range("--wavelengths", wavelengths),
    )
    _refuse(out, overwrite=overwrite)
    with progress_bar() as report:
        content, left_out = train_model(spectra, labels, recipe, workers=workers, progress=report)
    save_model(out, content)
    say_trained(content, left_out, out)


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
    workers: Workers = 1,
    overwrite: Overwrite = False,
) -> None:
    """Cross-validate a model on the stars it was trained on, and keep the result in its file."""
    from data.formats import format_of
    from explorer.cannon import validate_model, write_results
    from explorer.cannon_file import load_model, save_model
    from explorer.cannon_report import say_validated

    content = load_model(model)
    if out is not None:
        format_of(out)
        _refuse(out, overwrite=overwrite)
    with progress_bar() as report:
        done = validate_model(
            content, spectra, labels, folds=folds, seed=seed, workers=workers, progress=report
        )
    save_model(model, done.content)
    if out is not None:
        write_results(out, done.columns, load_model(model), model.name)
    say_validated(done, model, out)


def infer(
    model: ModelFile,
    spectra: SpectraPlace,
    *,
    out: Annotated[
        Path, typer.Option(help="Table to write; its ending (.csv, .fits, .parquet) says the format.")
    ],
    min_snr: Annotated[
        float, typer.Option(min=0, help="Leave out spectra of a lower median S/N per pixel.")
    ] = 0,
    starts: Annotated[int, typer.Option(min=1, max=1000, help="Starts of each star's search.")] = 8,
    workers: Workers = 1,
    overwrite: Overwrite = False,
) -> None:
    """Infer labels, with errors, of spectra."""
    from data.formats import format_of
    from explorer.cannon import infer_labels, write_results
    from explorer.cannon_file import load_model
    from explorer.cannon_report import say_inferred

    content = load_model(model)
    format_of(out)
    _refuse(out, overwrite=overwrite)
    with progress_bar() as report:
        done = infer_labels(
            content, spectra, min_snr=min_snr, starts=starts, workers=workers, progress=report
        )
    write_results(out, done.columns, content, model.name)
    say_inferred(done, out)


def _range(option: str, text: str) -> tuple[float, float]:
    low, _, high = text.partition(":")
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = 1.0, 0.0
    if not ends[0] < ends[1]:
        raise DataError(f"{option} '{text[:40]}' is no range: write LOW:HIGH, as in 4000:5800")
    return ends


def _refuse(out: Path, *, overwrite: bool) -> None:
    if not out.parent.is_dir():
        raise DataError(f"the folder {out.parent} does not exist: make it first, or choose another")
    if out.is_dir():
        raise DataError(f"{out} is a folder: give the name of a file in it")
    if out.exists() and not overwrite:
        raise DataError(f"{out} exists already: choose another name, or add --overwrite")

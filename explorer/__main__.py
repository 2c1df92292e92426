"""The command line: `explorer serve`, `demo`, `info`, `export`, and those of other files."""

import csv
import os
import re
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from data.problem import DataError
from explorer.binary_commands import (
    ByPlace,
    Epoch,
    Ids,
    PairsFile,
    PairsKind,
    Release,
    StarTable,
    binaries,
    pair_file,
)
from explorer.build_commands import build, verify
from explorer.calibration_commands import calibrate
from explorer.cannon_commands import infer, train, validate
from explorer.catalogue_options import (
    CatalogueFile,
    FocalLength,
    MappingFile,
    PotentialName,
    SunHeight,
    SunRadius,
    WithOrbits,
    open_asked,
)
from explorer.cluster_commands import clusters
from explorer.compare_commands import compare
from explorer.orbit_commands import errors
from explorer.progress import Report, progress_bar
from explorer.systematics_commands import systematics
from model.kinematics import DEFAULT_FRAME

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

ORIGIN = re.compile(r"[\w.*-]+(:\d{1,5})?")
DEMO_STARS = 100_000
SPECTRA = "Spectra and models of single stars"
STOPPED = 130
"""Exit status of a command that Ctrl-C ended."""


def _say_version(asked: bool) -> None:
    if asked:
        from data.extract import version_of

        typer.echo(f"explorer {version_of('enrichment-explorer')}")
        raise typer.Exit


@app.callback()
def explorer(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    """See the chemical enrichment of the Milky Way."""


@app.command()
def serve(
    context: typer.Context,
    catalogue: Annotated[
        str | None, typer.Argument(help="A catalogue; without one, the embedded mock survey.")
    ] = None,
    *,
    mapping: MappingFile = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to serve on.")] = 5006,
    address: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for every network of this machine.")
    ] = "127.0.0.1",
    origin: Annotated[
        list[str] | None,
        typer.Option(help="HOST:PORT that visitors' browsers may come from, if not this one."),
    ] = None,
    show: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    spectra: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FOLDER",
            rich_help_panel=SPECTRA,
            help="Folder of LAMOST spectra, with the folders in it; may be given again. Headers are read "
            "once.",
        ),
    ] = None,
    archive: Annotated[
        str | None,
        typer.Option(
            metavar="TEMPLATE",
            rich_help_panel=SPECTRA,
            help="Addresses of spectra in the web, as https://HOST/{obsid}, for what no folder has.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=SPECTRA,
            help="Model of 'explorer train' to fit stars with; may be given again. Those that the catalogue "
            "was built with, if not given.",
        ),
    ] = None,
    pairs: PairsFile = None,
    pairs_kind: PairsKind = None,
    ids: Ids = None,
    gaia_release: Release = None,
    stars: StarTable = None,
    by_place: ByPlace = False,
    epoch: Epoch = None,
    r0: SunRadius = DEFAULT_FRAME.R0,
    z_sun: SunHeight = DEFAULT_FRAME.z_sun,
    potential: PotentialName = "MWPotential2014",
    delta: FocalLength = "per-star",
    orbits: WithOrbits = False,
) -> None:
    """Open the explorer on a catalogue, or on the embedded mock survey."""
    from explorer.derive import asked, conventions_of

    computed = asked(r0=r0, z_sun=z_sun, potential=potential, delta=delta, orbits=orbits)
    from explorer import app as page
    from explorer.pair_source import pairs_of
    from explorer.spectroscopy import Spectroscopy

    file = pair_file(pairs, pairs_kind, ids, gaia_release, stars, by_place=by_place, epoch=epoch)
    folders, models = _paths("--spectra", spectra), _paths("--model", model)
    if not address:
        raise DataError("--address is empty, which would be every network: give one, such as 127.0.0.1")
    origins = tuple(_host(place) for place in origin or ())
    page.claim(address, port)
    with progress_bar() as report:
        conventions = conventions_of(r0=r0, z_sun=z_sun, potential=potential, delta=delta)
        named = Spectroscopy.of(
            folders=folders, archive=archive, models=models, conventions=conventions, progress=report
        )
        source = _embedded_mock(report) if catalogue is None else catalogue
        opened = open_asked(context, source, mapping, computed, report)
        spectroscopy = named.beside(opened)
        found = pairs_of(opened, file)
    page.serve(opened, spectroscopy, found, port=port, address=address, origins=origins, show=show)


@app.command()
def demo(
    *,
    stars: Annotated[int, typer.Option(help="How many stars the survey observes.")] = DEMO_STARS,
    seed: Annotated[int, typer.Option(help="The same seed and size give the same catalogue.")] = 1,
    labels: Annotated[
        str,
        typer.Option(
            help="'pipeline': inferred from mock spectra, as those of a real survey; 'scatter': truth plus "
            "the paper's cross-validated scatter, for millions of stars in minutes."
        ),
    ] = "pipeline",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to make (pipeline), or Parquet file (scatter); mock or mock.parquet."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Processes; all cores.")] = None,
) -> None:
    """Make a mock survey of a mock Milky Way."""
    if labels == "pipeline":
        from explorer.mock_survey import build_mock

        folder = Path("mock") if out is None else out
        if folder.suffix or folder.is_file():
            raise DataError(f"--out {folder} is to be a folder: give a name without an ending")
        with progress_bar() as report:
            made = build_mock(folder, stars=stars, seed=seed, workers=workers or _cores(), progress=report)
    else:
        made = _scattered(Path("mock.parquet") if out is None else out, stars, seed, labels)
    typer.echo(f"Wrote {stars:,} mock stars to {made}")
    typer.echo(f"Open it:  explorer serve {made}")


def _scattered(out: Path, stars: int, seed: int, labels: str) -> Path:
    from explorer.demo import LABELS, make_demo

    if labels not in LABELS:
        raise DataError(f"labels {labels!r} were asked for: give one of pipeline, {', '.join(LABELS)}")
    if out.suffix.lower() != ".parquet":
        raise DataError(f"--out {out} does not say what is written, a Parquet file: end it with .parquet")
    with progress_bar() as report:
        return make_demo(out, stars=stars, seed=seed, labels=labels, progress=report.of("mock stars"))


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@app.command()
def info(
    context: typer.Context,
    catalogue: CatalogueFile,
    *,
    mapping: MappingFile = None,
    r0: SunRadius = DEFAULT_FRAME.R0,
    z_sun: SunHeight = DEFAULT_FRAME.z_sun,
    potential: PotentialName = "MWPotential2014",
    delta: FocalLength = "per-star",
    orbits: WithOrbits = False,
) -> None:
    """Say what a catalogue holds, its rows, columns and what is missing; or what a model of 'train' holds."""
    from data.store import is_stored

    if is_stored(Path(catalogue)):
        _describe_model(Path(catalogue))
        return
    from explorer.derive import asked
    from explorer.info import info as describe

    computed = asked(r0=r0, z_sun=z_sun, potential=potential, delta=delta, orbits=orbits)
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
    describe(opened, Console())


@app.command()
def export(
    context: typer.Context,
    catalogue: CatalogueFile,
    *,
    out: Annotated[
        Path, typer.Option(help="File to write; its ending (.csv, .fits, .parquet) says the format.")
    ],
    where: Annotated[str, typer.Option(help="Condition, as in: fe_h < -1 and abs(z) > 2")] = "",
    columns: Annotated[
        str | None, typer.Option(help="Columns to write, separated by commas; all by default.")
    ] = None,
    derive: Annotated[
        list[str] | None,
        typer.Option(help="A column to compute, as in: 'rich = eu_fe > 0.5'; later ones may use it."),
    ] = None,
    mapping: MappingFile = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the file if it exists.")] = False,
    r0: SunRadius = DEFAULT_FRAME.R0,
    z_sun: SunHeight = DEFAULT_FRAME.z_sun,
    potential: PotentialName = "MWPotential2014",
    delta: FocalLength = "per-star",
    orbits: WithOrbits = False,
) -> None:
    """Write the rows of a catalogue that pass a condition, with their provenance."""
    from data.export import export as write
    from explorer.derive import asked

    defined = _definitions(derive or [])
    computed = asked(r0=r0, z_sun=z_sun, potential=potential, delta=delta, orbits=orbits)
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
    chosen = None if columns is None else _names(columns)
    done = write(opened, out, where=where, columns=chosen, derived=defined, overwrite=overwrite)
    typer.echo(f"Wrote {done.rows:,} rows ({done.size:,} bytes) to {done.path}")
    if done.rows == 0:
        typer.echo("No row passes the condition: the table is empty.", err=True)


for command in (
    errors, binaries, calibrate, clusters, compare, systematics, train, validate, infer, build, verify,
):  # fmt: skip
    app.command()(command)


def _describe_model(path: Path) -> None:
    from explorer.cannon_file import load_model
    from explorer.cannon_report import say_content

    say_content(load_model(path), path)


def _paths(option: str, given: list[str] | None) -> list[Path]:
    """Paths that an option was given; an empty one would be the folder one is in."""
    if "" in (given or ()):
        raise DataError(f"{option} is empty: give a path, or leave the option out")
    return [Path(path).expanduser() for path in given or ()]


def _host(place: str) -> str:
    """A place that browsers may come from, checked before the server would stumble over it."""
    if not ORIGIN.fullmatch(place):
        raise DataError(f"--origin '{place[:60]}' is no host: write HOST:PORT, as in stars.example.org:80")
    return place


def _definitions(texts: list[str]) -> dict[str, str]:
    """Names and expressions of columns to compute."""
    found: dict[str, str] = {}
    for text in texts:
        name, expression = (part.strip() for part in text.partition("=")[::2])
        if not (name and expression):
            raise DataError(f"--derive '{text[:60]}' is no definition: write NAME = EXPRESSION")
        if name in found:
            raise DataError(f"--derive defines '{name[:60]}' twice: give each column a name of its own")
        found[name] = expression
    return found


def _names(text: str) -> list[str]:
    """Names between commas; one that holds a comma stands in double quotes."""
    line = " ".join(text.splitlines())
    return [name.strip() for name in next(csv.reader([line], skipinitialspace=True))] or [""]


def _embedded_mock(report: Report) -> Path:
    """The mock survey that is shown when no catalogue is named; made once."""
    from explorer.demo import EDITION
    from explorer.mock_survey import build_mock
    from explorer.places import data_folder

    folder = data_folder() / f"mock-{DEMO_STARS}-{EDITION}"
    return build_mock(folder, stars=DEMO_STARS, seed=1, workers=_cores(), progress=report)


def main() -> None:
    """Run the command line; a person's mistake is one line and exit status 2."""
    try:
        status = app(prog_name="explorer", standalone_mode=False)
        if status == STOPPED:
            typer.secho("explorer: stopped; no file is left half written", err=True)
        sys.exit(status)
    except DataError as problem:
        _fail(str(problem))
    except OSError as problem:
        place = f" ({problem.filename})" if problem.filename else ""
        _fail(f"{problem.strerror or problem}{place}: check that the place exists, may be used and has room")
    except typer.TyperException as problem:
        if message := problem.format_message():
            _fail(f"{message.rstrip('.')}: see 'explorer --help', or --help after a command")
        sys.exit(2)


def _fail(problem: str) -> NoReturn:
    """End with one line for the person, whatever lines they gave."""
    typer.secho(f"explorer: {' '.join(problem.split())}", fg="red", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()

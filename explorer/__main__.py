"""The command line: `explorer info`, `export`, and the commands of other files."""

import csv
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from data.problem import DataError
from explorer.binary_commands import binaries
from explorer.build_commands import build, verify
from explorer.calibration_commands import calibrate
from explorer.cannon_commands import infer, train, validate
from explorer.catalogue_options import CatalogueFile, ConventionOptions, MappingFile, Overwrite, open_asked
from explorer.cluster_commands import clusters
from explorer.compare_commands import compare
from explorer.mock_commands import demo
from explorer.option_groups import grouped
from explorer.orbit_commands import errors
from explorer.page_commands import serve
from explorer.progress import progress_bar
from explorer.systematics_commands import systematics

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

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


@grouped
def info(
    context: typer.Context,
    catalogue: CatalogueFile,
    *,
    mapping: MappingFile = None,
    conventions: ConventionOptions,
) -> None:
    """Say what a catalogue holds, its rows, columns and what is missing; or what a model of 'train' holds."""
    from data.store import is_stored

    if is_stored(Path(catalogue)):
        _describe_model(Path(catalogue))
        return
    from explorer.info import info as describe

    computed = conventions.computed
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
    describe(opened, Console())


@grouped
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
    overwrite: Overwrite = False,
    conventions: ConventionOptions,
) -> None:
    """Write the rows of a catalogue that pass a condition, with their provenance."""
    from data.export import export as write

    defined = _definitions(derive or [])
    computed = conventions.computed
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
    chosen = None if columns is None else _names(columns)
    done = write(opened, out, where=where, columns=chosen, derived=defined, overwrite=overwrite)
    typer.echo(f"Wrote {done.rows:,} rows ({done.size:,} bytes) to {done.path}")
    if done.rows == 0:
        typer.echo("No row passes the condition: the table is empty.", err=True)


for command in (
    serve, demo, info, export, errors, binaries, calibrate, clusters, compare, systematics, train, validate,
    infer, build, verify,
):  # fmt: skip
    app.command()(command)


def _describe_model(path: Path) -> None:
    from explorer.cannon_file import load_model
    from explorer.cannon_report import say_content

    say_content(load_model(path), path)


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

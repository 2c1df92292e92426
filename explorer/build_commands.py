"""The command line of catalogues: `explorer build` and `explorer verify`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from explorer.progress import progress_bar


def build(
    survey: Annotated[Path, typer.Argument(help="TOML file that names spectra, tables and models.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the catalogue; beside the survey, with its name, if not given."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes on this machine.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler to work on, as tcp://HOST:8786.")
    ] = None,
) -> None:
    """Build a catalogue from spectra and the tables of surveys; the same command goes on after a stop."""
    from explorer.build import build as make

    folder = survey.with_name(f"{survey.stem}-catalogue") if out is None else out
    with progress_bar() as report:
        made = make(survey, folder, workers=workers, address=scheduler, progress=report)
    console = Console()
    for note in made.notes:
        console.print(Text(note), soft_wrap=True)
    console.print(
        f"{made.stars:,} stars from {made.observations:,} spectra; {made.rejects:,} are set aside, in rejects"
        f"{f' ({made.reasons})' if made.rejects else ''}",
        soft_wrap=True,
        markup=False,
    )
    console.print(f"Open it:  explorer serve {made.folder / 'catalogue'}", soft_wrap=True)


def verify(
    catalogue: Annotated[Path, typer.Argument(help="Folder that 'explorer build' made.")],
) -> None:
    """Check a built catalogue: its files, its columns, and that its numbers follow from its observations."""
    from explorer.verification import verify as check

    with progress_bar() as report:
        found = check(catalogue, report)
    console = Console()
    for line in found:
        console.print(Text(line), soft_wrap=True)

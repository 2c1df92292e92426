"""The command line of orbits: `explorer errors`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from explorer.catalogue_options import CatalogueFile, ConventionOptions, MappingFile, Overwrite, open_asked
from explorer.option_groups import grouped
from explorer.progress import progress_bar


@grouped
def errors(
    context: typer.Context,
    catalogue: CatalogueFile,
    *,
    out: Annotated[
        Path, typer.Option(help="Table to write; its ending (.csv, .fits, .parquet) says the format.")
    ],
    where: Annotated[str, typer.Option(help="Stars to take, as in: Jz > 500 and not giantmodel")] = "",
    draws: Annotated[int, typer.Option(min=1, max=1_000_000, help="Draws of each star.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same draws.")] = 1,
    centre: Annotated[
        Literal["mode", "median"] | None,
        typer.Option(
            help="What distances are of their distributions; mode if the catalogue says that they are those "
            "of Bailer-Jones 2018, else median."
        ),
    ] = None,
    unlimited: Annotated[bool, typer.Option("--all", help="Draw more than 200,000 stars too.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes.")] = 1,
    mapping: MappingFile = None,
    overwrite: Overwrite = False,
    conventions: ConventionOptions,
) -> None:
    """Draw errors of positions, velocities and actions for some stars of a catalogue."""
    from explorer.orbit_errors import Drawing, centre_of, orbit_errors

    computed = conventions.computed
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        by = conventions.of_one_star
        drawing = Drawing(draws, seed, centre or centre_of(opened), by.frame, by.potential, by.delta)
        done = orbit_errors(
            opened, out, drawing, where=where, unlimited=unlimited, workers=workers, overwrite=overwrite,
            progress=report,
        )  # fmt: skip
    mock = "mock " if opened.mock else ""
    typer.echo(
        f"Wrote errors of {done.stars:,} {mock}stars to {out}: {draws:,} draws of each, seed {seed}, the "
        f"distance as the {drawing.centre}"
    )
    if done.without:
        lacking = "a number is missing, or the distance lies outside its interval"
        typer.echo(f"{done.without:,} of them lack some or all: {lacking}", err=True)
    if done.stars == 0:
        typer.echo("No star passes the condition: the table is empty.", err=True)

"""The command line of orbits: `explorer errors`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

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
from explorer.progress import progress_bar
from model.kinematics import DEFAULT_FRAME, SolarFrame


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
    overwrite: Annotated[bool, typer.Option(help="Replace the file if it exists.")] = False,
    r0: SunRadius = DEFAULT_FRAME.R0,
    z_sun: SunHeight = DEFAULT_FRAME.z_sun,
    potential: PotentialName = "MWPotential2014",
    delta: FocalLength = "per-star",
    orbits: WithOrbits = False,
) -> None:
    """Draw errors of positions, velocities and actions for some stars of a catalogue."""
    from explorer.derive import asked, focal_length
    from explorer.orbit_errors import Drawing, centre_of, orbit_errors

    computed = asked(r0=r0, z_sun=z_sun, potential=potential, delta=delta, orbits=orbits)
    frame = SolarFrame(R0=r0, z_sun=z_sun)
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        drawing = Drawing(draws, seed, centre or centre_of(opened), frame, potential, focal_length(delta))
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

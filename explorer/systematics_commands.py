"""The command line of maps that T_eff and log g are taken out of: `explorer systematics`."""

from pathlib import Path
from typing import Annotated

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
from model.kinematics import DEFAULT_FRAME


def systematics(
    context: typer.Context,
    catalogue: CatalogueFile,
    *,
    label: Annotated[str, typer.Option(help="Abundance relative to iron whose map is asked for.")] = "ba_fe",
    plane: Annotated[str, typer.Option(help="Axes of the map: R,z or X,Y or R,v_phi.")] = "R,z",
    where: Annotated[
        str | None, typer.Option(help="Giants to take; 'chi2 < 7000' if left out, '' for all.")
    ] = None,
    cells: Annotated[
        int | None,
        typer.Option(min=2, max=200, help="Pixels along each side; if left out, fewer for fewer stars."),
    ] = None,
    draws: Annotated[
        int, typer.Option(min=20, max=10_000, help="Draws of whole plates, for the intervals.")
    ] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same draws.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Table of the pixels to write: .csv, .fits or .parquet.")
    ] = None,
    mapping: MappingFile = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the file if it exists.")] = False,
    r0: SunRadius = DEFAULT_FRAME.R0,
    z_sun: SunHeight = DEFAULT_FRAME.z_sun,
    potential: PotentialName = "MWPotential2014",
    delta: FocalLength = "per-star",
    orbits: WithOrbits = False,
) -> None:
    """Tell whether a map of giants could be an artefact of T_eff and log g."""
    from threadpoolctl import threadpool_limits

    from explorer.derive import asked as asked_columns
    from explorer.giant_map import Asked, cells_for, giants_of, plane_of
    from explorer.systematics_table import check_table, controlled, write_map
    from explorer.systematics_words import headline, lines

    computed = asked_columns(r0=r0, z_sun=z_sun, potential=potential, delta=delta, orbits=orbits)
    axes = plane_of(plane)
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        condition = ("chi2 < 7000" if "chi2" in opened else "") if where is None else where
        side = cells_for(giants_of(opened, condition)) if cells is None else cells
        asked = Asked(label, *axes, side, condition)
        form = "csv" if out is None else check_table(opened, out, overwrite=overwrite)
        with threadpool_limits(1):  # matrices are too small for more
            done = controlled(
                opened, asked, draws=draws, seed=seed, progress=report.of("draws of plates"), form=form
            )
    typer.echo(headline(opened, done))
    typer.echo(f"  giants with: {condition or 'no condition'}")
    for line in lines(opened, done):
        typer.echo(f"  {line}")
    if done.made.lacking:
        typer.echo(f"{done.made.lacking:,} giants lack the label, a parameter or their plate", err=True)
    if out is not None:
        pixels = write_map(opened, done, out)
        typer.echo(f"Wrote {pixels:,} pixels to {out}")

"""The command line of maps that T_eff and log g are taken out of: `explorer systematics`."""

from pathlib import Path
from typing import Annotated

import typer

from explorer.catalogue_options import (
    CatalogueFile,
    ConventionOptions,
    MappingFile,
    Overwrite,
    condition_of,
    open_asked,
)
from explorer.option_groups import grouped
from explorer.progress import progress_bar

Label = Annotated[str, typer.Option(help="Abundance relative to iron whose map is asked for.")]
Plane = Annotated[str, typer.Option(help="Axes of the map: R,z or X,Y or R,v_phi.")]
Giants = Annotated[str | None, typer.Option(help="Giants to take; 'chi2 < 7000' if left out, '' for all.")]
Cells = Annotated[
    int | None,
    typer.Option(min=2, max=200, help="Pixels along each side; if left out, fewer for fewer stars."),
]
Draws = Annotated[int, typer.Option(min=20, max=10_000, help="Draws of whole plates, for the intervals.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same draws.")]
Table = Annotated[Path | None, typer.Option(help="Table of the pixels to write: .csv, .fits or .parquet.")]


@grouped
def systematics(
    context: typer.Context,
    catalogue: CatalogueFile,
    *,
    label: Label = "ba_fe",
    plane: Plane = "R,z",
    where: Giants = None,
    cells: Cells = None,
    draws: Draws = 200,
    seed: Seed = 1,
    out: Table = None,
    mapping: MappingFile = None,
    overwrite: Overwrite = False,
    conventions: ConventionOptions,
) -> None:
    """Tell whether a map of giants could be an artefact of T_eff and log g."""
    from threadpoolctl import threadpool_limits

    from explorer.giant_map import Asked, cells_for, giants_of, plane_of
    from explorer.systematics_table import check_table, controlled, write_map
    from explorer.systematics_words import headline, lines

    computed = conventions.computed
    axes = plane_of(plane)
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        condition = condition_of(opened, where)
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

"""The command line of maps that T_eff and log g are taken out of: `explorer systematics`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from data.catalogue import Catalogue
    from explorer.systematics_table import Controlled


def systematics(
    context: typer.Context,
    catalogue: CatalogueFile,
    *,
    label: Annotated[str, typer.Option(help="Abundance relative to iron whose map is asked for.")] = "ba_fe",
    plane: Annotated[str, typer.Option(help="Axes of the map: R,z or X,Y or R,v_phi.")] = "R,z",
    where: Annotated[str, typer.Option(help="Giants to take, as in: chi2 < 7000 and Jz < 30")] = "",
    cells: Annotated[int, typer.Option(min=2, max=200, help="Pixels along each side.")] = 40,
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
    from explorer.derive import asked as asked_columns
    from explorer.giant_map import Asked, plane_of
    from explorer.systematics_table import check_table, controlled, write_map

    computed = asked_columns(r0=r0, z_sun=z_sun, potential=potential, delta=delta, orbits=orbits)
    asked = Asked(label, *plane_of(plane), cells, where)
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        form = "csv" if out is None else check_table(opened, out, overwrite=overwrite)
        report(0, draws, "draws of plates")
        done = controlled(
            opened, asked, draws=draws, seed=seed, progress=report.of("draws of plates"), form=form
        )
    _say(opened, done)
    if out is not None:
        pixels = write_map(opened, done, out)
        typer.echo(f"Wrote {pixels:,} pixels to {out}")


def _say(catalogue: "Catalogue", done: "Controlled") -> None:
    """Tell the verdict, with its figures."""
    from explorer.systematics_table import suspects, told
    from model.common_support import REASONS
    from model.systematics import CONFOUNDED

    made, found, verdict = done.made, done.control, done.control.verdict
    plain = catalogue.described[made.asked.label].plain
    axes = [catalogue.described[name] for name in (made.asked.x, made.asked.y)]
    mock = "MOCK catalogue: " if catalogue.mock else ""
    typer.echo(f"{mock}{plain} over {axes[0].plain} and {axes[1].plain}: {verdict.word}")
    typer.echo(f"  {verdict.why}")
    typer.echo(f"  variance between pixels less noise, corrected over raw: {told(verdict.ratio)}")
    typer.echo(f"  raw {told(verdict.raw)}, corrected {told(verdict.corrected)} dex^2")
    for axis, raw, corrected in zip(axes, found.raw_slope, found.slope, strict=True):
        unit = f"dex/({axis.unit})" if " " in axis.unit or "/" in axis.unit else f"dex/{axis.unit}"
        typer.echo(f"  slope along {axis.plain}: raw {told(raw)}, corrected {told(corrected)} {unit}")
    typer.echo("  slopes are not selection-corrected")
    stand_in = "fields on the sky (the catalogue has no plates)" if made.fields else "plates"
    typer.echo(
        f"  {len(made.rows):,} giants, {found.stars.sum():,} of them comparable; {verdict.pixels:,} pixels "
        f"judged; {verdict.draws:,} draws of {verdict.plates:,} {stand_in}; intervals hold 95 %"
    )
    for number, reason in enumerate(REASONS[1:], start=1):
        blank = int(((found.support.reason == number) & (found.support.share >= 0)).sum())
        if blank:
            typer.echo(f"  blank: {blank:,} pixels, {reason}")
    for column, before, after in suspects(done):
        typer.echo(f"  correlation with {column.plain}: raw {before:.2f}, corrected {after:.2f}")
    typer.echo(f"  {CONFOUNDED}")
    if made.lacking:
        typer.echo(f"{made.lacking:,} giants lack the label, a parameter or their plate", err=True)

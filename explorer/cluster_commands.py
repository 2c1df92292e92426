"""The command line of open clusters: `explorer clusters`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from explorer.catalogue_options import (
    CatalogueFile,
    ConventionOptions,
    KindOfStars,
    MappingFile,
    Overwrite,
    Where,
    chosen_by,
    command_of,
    condition_of,
    open_asked,
)
from explorer.option_groups import grouped
from explorer.progress import progress_bar

if TYPE_CHECKING:
    from data.catalogue import Catalogue
    from explorer.cluster_study import ClusterStudy

CONE = "A cut of your own, instead of --cluster"
Cluster = Annotated[
    str | None, typer.Option(help="A ready-made cut, as Praesepe; 'list' tells which there are.")
]
Members = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Text file of the members' Gaia source_ids, instead of a cut."),
]
Release = Annotated[
    str | None, typer.Option(help="Gaia release of those; that of the catalogue if not given.")
]
Angle = Annotated[float | None, typer.Option(rich_help_panel=CONE, help="Of the centre, degrees.")]
Radius = Annotated[float | None, typer.Option(rich_help_panel=CONE, help="Of the cone, degrees.")]
Motion = Annotated[float | None, typer.Option(rich_help_panel=CONE, help="Of the cluster, mas/yr.")]
Near = Annotated[float, typer.Option(rich_help_panel=CONE, help="Largest difference from that, mas/yr.")]
Distance = Annotated[float | None, typer.Option(rich_help_panel=CONE, help="Of the cluster, kpc.")]
Depth = Annotated[float, typer.Option(rich_help_panel=CONE, help="Largest difference from that, kpc.")]
Trusted = Annotated[bool, typer.Option(help="Leave out extrapolated labels.")]
Draws = Annotated[int, typer.Option(help="Draws of members, for the intervals.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same draws.")]
Table = Annotated[Path | None, typer.Option(help="Table of the members to write: .csv, .fits or .parquet.")]


@grouped
def clusters(
    context: typer.Context,
    catalogue: CatalogueFile,
    *,
    cluster: Cluster = None,
    members: Members = None,
    gaia_release: Release = None,
    ra: Angle = None,
    dec: Angle = None,
    radius: Radius = None,
    pmra: Motion = None,
    pmdec: Motion = None,
    pm_radius: Near = math.inf,
    distance: Distance = None,
    depth: Depth = math.inf,
    of: KindOfStars = None,
    where: Where = None,
    trusted: Trusted = False,
    draws: Draws = 1000,
    seed: Seed = 1,
    out: Table = None,
    mapping: MappingFile = None,
    overwrite: Overwrite = False,
    conventions: ConventionOptions,
) -> None:
    """Tell how labels of an open cluster's members drift with T_eff."""
    from explorer.binary_sample import kinds_of
    from explorer.cluster_members import members_told, same_stars
    from explorer.cluster_options import ClusterOptions
    from explorer.cluster_report import say_ready, say_study
    from explorer.cluster_study import study_cluster

    if cluster == "list":
        say_ready()
        return
    cut, ids = members_told(cluster, members, (ra, dec, radius, pmra, pmdec, pm_radius, distance, depth))
    computed = conventions.computed
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        same_stars(opened, gaia_release, members)
        options = ClusterOptions(cut, ids, of or kinds_of(opened)[0], trusted, draws, seed)
        condition = condition_of(opened, where)
        _check(opened, out, condition, overwrite=overwrite)
        study = study_cluster(opened, chosen_by(opened, condition), options, report)
    say_study(opened, study, condition)
    _write(context, opened, study, condition, out)


def _check(catalogue: "Catalogue", out: Path | None, where: str, *, overwrite: bool) -> None:
    """Refuse, with a DataError, a file that can't be written: before anything is computed."""
    from explorer.cluster_table import check_table

    if out is not None:
        check_table(catalogue, out, where=where, overwrite=overwrite)


def _write(
    context: typer.Context, catalogue: "Catalogue", study: "ClusterStudy", where: str, out: Path | None
) -> None:
    from explorer.cluster_table import write_members

    if out is None:
        return
    command = command_of(context, catalogue, "clusters", files=("members",))
    number = write_members(out, catalogue, study, command, where=where)
    typer.echo(f"Wrote {number:,} {'mock ' if catalogue.mock else ''}members to {out}")

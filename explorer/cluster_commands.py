"""The command line of open clusters: `explorer clusters`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.problem import DataError
from explorer.catalogue_options import (
    CatalogueFile,
    FocalLength,
    MappingFile,
    PotentialName,
    SunHeight,
    SunRadius,
    WithOrbits,
    command_of,
    open_asked,
)
from explorer.progress import Report, progress_bar
from model.kinematics import DEFAULT_FRAME

if TYPE_CHECKING:
    from data.catalogue import Catalogue
    from explorer.cluster_options import ClusterOptions
    from explorer.cluster_study import ClusterStudy

CONE = "A cut of your own, instead of --cluster"
Angle = Annotated[float | None, typer.Option(rich_help_panel=CONE, help="Of the centre, degrees.")]
Motion = Annotated[float | None, typer.Option(rich_help_panel=CONE, help="Of the cluster, mas/yr.")]


def clusters(
    context: typer.Context,
    catalogue: CatalogueFile,
    *,
    cluster: Annotated[
        str | None, typer.Option(help="A ready-made cut, as Praesepe; 'list' tells which there are.")
    ] = None,
    members: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Text file of the members' Gaia source_ids, instead of a cut."),
    ] = None,
    gaia_release: Annotated[
        str | None, typer.Option(help="Gaia release of those; that of the catalogue if not given.")
    ] = None,
    ra: Angle = None,
    dec: Angle = None,
    radius: Annotated[float | None, typer.Option(rich_help_panel=CONE, help="Of the cone, degrees.")] = None,
    pmra: Motion = None,
    pmdec: Motion = None,
    pm_radius: Annotated[
        float, typer.Option(rich_help_panel=CONE, help="Largest difference from that, mas/yr.")
    ] = math.inf,
    distance: Annotated[float | None, typer.Option(rich_help_panel=CONE, help="Of the cluster, kpc.")] = None,
    depth: Annotated[
        float, typer.Option(rich_help_panel=CONE, help="Largest difference from that, kpc.")
    ] = math.inf,
    of: Annotated[str | None, typer.Option(help="Stars: dwarf, giant or all.")] = None,
    where: Annotated[
        str | None, typer.Option(help="Stars to take; 'chi2 < 7000' if left out, '' for all.")
    ] = None,
    trusted: Annotated[bool, typer.Option(help="Leave out extrapolated labels.")] = False,
    draws: Annotated[int, typer.Option(help="Draws of members, for the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same draws.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Table of the members to write: .csv, .fits or .parquet.")
    ] = None,
    mapping: MappingFile = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the file if it exists.")] = False,
    r0: SunRadius = DEFAULT_FRAME.R0,
    z_sun: SunHeight = DEFAULT_FRAME.z_sun,
    potential: PotentialName = "MWPotential2014",
    delta: FocalLength = "per-star",
    orbits: WithOrbits = False,
) -> None:
    """Tell how labels of an open cluster's members drift with T_eff."""
    from explorer.binary_sample import kinds_of
    from explorer.cluster_members import cut_named, listed_ids, same_stars
    from explorer.cluster_options import ClusterOptions
    from explorer.cluster_report import say_ready, say_study
    from explorer.cluster_table import check_table, write_members
    from explorer.derive import asked

    if cluster == "list":
        say_ready()
        return
    cut = cut_named(cluster, ra, dec, radius, pmra, pmdec, pm_radius, distance, depth)
    if (cut is None) == (members is None):
        raise DataError(
            "members are those of --cluster NAME ('list' tells names), of --ra, --dec and --radius, or of "
            "--members FILE: give one of these"
        )
    ids = () if members is None else listed_ids(members)
    computed = asked(r0=r0, z_sun=z_sun, potential=potential, delta=delta, orbits=orbits)
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        same_stars(opened, gaia_release, members)
        kind = kinds_of(opened)[0] if of is None else of
        options = ClusterOptions(cut, ids, kind, trusted, draws, seed)
        condition = ("chi2 < 7000" if "chi2" in opened else "") if where is None else where
        if out is not None:
            check_table(opened, out, where=condition, overwrite=overwrite)
        study = _study(opened, options, condition, report)
    say_study(opened, study, condition)
    if out is not None:
        command = command_of(context, opened, "clusters", files=("members",))
        number = write_members(out, opened, study, command, where=condition)
        typer.echo(f"Wrote {number:,} {'mock ' if opened.mock else ''}members to {out}")


def _study(catalogue: "Catalogue", options: "ClusterOptions", where: str, report: Report) -> "ClusterStudy":
    import numpy as np

    from data.extract import Extract
    from explorer.cluster_study import study_cluster

    chosen = np.zeros(len(catalogue), np.bool_)
    chosen[Extract.of(catalogue, "csv", where=where).rows()] = True
    return study_cluster(catalogue, chosen, options, report)

"""The command line of stars that two catalogues share: `explorer compare`."""

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
from explorer.progress import progress_bar
from model.kinematics import DEFAULT_FRAME

if TYPE_CHECKING:
    from numpy import bool_
    from numpy.typing import NDArray

    from data.catalogue import Catalogue

JOIN = "How the same stars are found"


def compare(
    context: typer.Context,
    catalogue: CatalogueFile,
    other: Annotated[str, typer.Argument(help="The other catalogue, in any form that can be opened.")],
    *,
    by_place: Annotated[
        bool,
        typer.Option("--by-place", rich_help_panel=JOIN, help="Match by position, not by Gaia identifier."),
    ] = False,
    radius: Annotated[
        float, typer.Option(rich_help_panel=JOIN, help="With --by-place: largest separation, arcsec.")
    ] = 1.0,
    gaia_release: Annotated[
        str,
        typer.Option(rich_help_panel=JOIN, help="Release of source_id, as DR3, where a file doesn't say it."),
    ] = "",
    epoch: Annotated[
        float | None,
        typer.Option(rich_help_panel=JOIN, help="With --by-place: year of the first one's positions."),
    ] = None,
    other_epoch: Annotated[
        float | None,
        typer.Option(rich_help_panel=JOIN, help="Year of the other's, to which those are moved."),
    ] = None,
    where: Annotated[
        str | None, typer.Option(help="Stars to take; 'chi2 < 7000' if left out, '' for all.")
    ] = None,
    other_where: Annotated[str, typer.Option(help="Rows of the other catalogue to take; all.")] = "",
    draws: Annotated[
        int, typer.Option(min=100, max=10_000, help="Draws of stars, for intervals of slopes of few stars.")
    ] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same draws.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Table of the differences to write: .csv, .fits or .parquet.")
    ] = None,
    mapping: MappingFile = None,
    other_mapping: Annotated[
        str | None, typer.Option(help="How to read the other one's columns; told by these if left out.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the file if it exists.")] = False,
    r0: SunRadius = DEFAULT_FRAME.R0,
    z_sun: SunHeight = DEFAULT_FRAME.z_sun,
    potential: PotentialName = "MWPotential2014",
    delta: FocalLength = "per-star",
    orbits: WithOrbits = False,
) -> None:
    """Compare the labels of stars with those that another catalogue has of them."""
    from data.catalogue import open_catalogue
    from explorer.compare_report import say_comparison
    from explorer.compare_table import check_table, write_comparison
    from explorer.derive import asked
    from explorer.shared_labels import JoinOptions, compare_labels, shared_stars

    if not other:
        raise DataError("the path of the other catalogue is empty: give that of a table")
    options = JoinOptions(by_place, radius, gaia_release.strip(), epoch, other_epoch)
    computed = asked(r0=r0, z_sun=z_sun, potential=potential, delta=delta, orbits=orbits)
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        second = open_catalogue(other, derivations=computed, mapping=other_mapping, progress=report)
        condition = ("chi2 < 7000" if "chi2" in opened else "") if where is None else where
        if out is not None:
            check_table(opened, second, out, condition, overwrite=overwrite)
        chosen = _chosen(opened, condition), _chosen(second, other_where)
        shared = shared_stars(opened, second, options)
        done = compare_labels(opened, second, shared, chosen, draws=draws, seed=seed, progress=report)
    say_comparison(opened, second, done, (condition, other_where))
    if out is not None:
        command = command_of(context, opened, "compare", files=("other", "other_mapping"))
        rows = write_comparison(out, opened, second, done, command, (condition, other_where))
        typer.echo(f"Wrote {rows:,} rows to {out}")


def _chosen(catalogue: "Catalogue", where: str) -> "NDArray[bool_]":
    import numpy as np

    from data.extract import Extract

    chosen = np.zeros(len(catalogue), np.bool_)
    chosen[Extract.of(catalogue, "csv", where=where).rows()] = True
    return chosen

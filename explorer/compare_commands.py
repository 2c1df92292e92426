"""The command line of stars that two catalogues share: `explorer compare`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.problem import DataError
from explorer.catalogue_options import (
    CatalogueFile,
    ConventionOptions,
    MappingFile,
    Where,
    chosen_by,
    command_of,
    condition_of,
    open_asked,
)
from explorer.option_groups import grouped
from explorer.progress import Report, progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.catalogue import Catalogue
    from data.derivation import Derivation
    from explorer.shared_labels import SharedLabels

JOIN = "How the same stars are found"
OtherFile = Annotated[str, typer.Argument(help="The other catalogue, in any form that can be opened.")]
ByPlace = Annotated[
    bool,
    typer.Option("--by-place", rich_help_panel=JOIN, help="Match by position, not by Gaia identifier."),
]
Radius = Annotated[
    float, typer.Option(rich_help_panel=JOIN, help="With --by-place: largest separation, arcsec.")
]
Release = Annotated[
    str,
    typer.Option(rich_help_panel=JOIN, help="Release of source_id, as DR3, where a file doesn't say it."),
]
Epoch = Annotated[
    float | None,
    typer.Option(rich_help_panel=JOIN, help="With --by-place: year of the first one's positions."),
]
OtherEpoch = Annotated[
    float | None,
    typer.Option(rich_help_panel=JOIN, help="Year of the other's, to which those are moved."),
]
OtherWhere = Annotated[str, typer.Option(help="Rows of the other catalogue to take; all.")]
Draws = Annotated[
    int, typer.Option(min=100, max=10_000, help="Draws of stars, for intervals of slopes of few stars.")
]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same draws.")]
Table = Annotated[
    Path | None, typer.Option(help="Table of the differences to write: .csv, .fits or .parquet.")
]
Picture = Annotated[
    Path | None, typer.Option(help="Picture of the differences to write: .html, for any browser.")
]
OtherMapping = Annotated[
    str | None, typer.Option(help="How to read the other one's columns; told by these if left out.")
]
Overwrite = Annotated[bool, typer.Option(help="Replace files that exist.")]


@grouped
def compare(
    context: typer.Context,
    catalogue: CatalogueFile,
    other: OtherFile,
    *,
    by_place: ByPlace = False,
    radius: Radius = 1.0,
    gaia_release: Release = "",
    epoch: Epoch = None,
    other_epoch: OtherEpoch = None,
    where: Where = None,
    other_where: OtherWhere = "",
    draws: Draws = 200,
    seed: Seed = 1,
    out: Table = None,
    picture: Picture = None,
    mapping: MappingFile = None,
    other_mapping: OtherMapping = None,
    overwrite: Overwrite = False,
    conventions: ConventionOptions,
) -> None:
    """Compare the labels of stars with those that another catalogue has of them."""
    from explorer.compare_report import say_comparison
    from explorer.shared_labels import JoinOptions, compare_labels, shared_stars

    if not other:
        raise DataError("the path of the other catalogue is empty: give that of a table")
    options = JoinOptions(by_place, radius, gaia_release.strip(), epoch, other_epoch)
    computed = conventions.computed
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        second = _open_other(other, other_mapping, computed, report)
        both = condition_of(opened, where), other_where
        _check((opened, second), both[0], out, picture, overwrite=overwrite)
        chosen = chosen_by(opened, both[0]), chosen_by(second, other_where)
        shared = shared_stars(opened, second, options, chosen)
        done = compare_labels(opened, second, shared, draws=draws, seed=seed, progress=report)
    say_comparison(opened, second, done, both)
    _write(context, (opened, second), done, both, out, picture)


def _open_other(
    path: str, mapping: str | None, computed: "Sequence[Derivation]", report: Report
) -> "Catalogue":
    """Open it; DataError says which option is its own."""
    from data.catalogue import open_catalogue

    try:
        return open_catalogue(path, derivations=computed, mapping=mapping, progress=report)
    except DataError as problem:
        raise DataError(str(problem).replace("with --mapping", "with --other-mapping")) from None


def _check(
    catalogues: "tuple[Catalogue, Catalogue]",
    where: str,
    out: Path | None,
    picture: Path | None,
    *,
    overwrite: bool,
) -> None:
    """Refuse, with a DataError, files that can't be written: before anything is computed."""
    from explorer.compare_picture import check_ending
    from explorer.compare_table import check_room, check_table

    if out is not None:
        check_table(*catalogues, out, where, overwrite=overwrite)
    if picture is not None:
        check_ending(picture)
        check_room(*catalogues, picture, overwrite=overwrite)


def _write(
    context: typer.Context,
    catalogues: "tuple[Catalogue, Catalogue]",
    done: "SharedLabels",
    where: tuple[str, str],
    out: Path | None,
    picture: Path | None,
) -> None:
    from explorer.compare_picture import write_picture
    from explorer.compare_table import origin, write_comparison

    files = ("other", "other_mapping")
    command = command_of(context, catalogues[0], "compare", files=files, written=("picture",))
    if out is not None:
        rows = write_comparison(out, *catalogues, done, command, where)
        typer.echo(f"Wrote {rows:,} rows to {out}")
    if picture is not None:
        facts = origin(picture, *catalogues, done, ("--picture", *command), where)
        write_picture(picture, *catalogues, done, facts)
        typer.echo(f"Wrote the picture {picture}")

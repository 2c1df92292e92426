"""The command line of calibration: `explorer calibrate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.problem import DataError
from explorer.catalogue_options import (
    CatalogueFile,
    ConventionOptions,
    KindOfStars,
    MappingFile,
    Overwrite,
    chosen_by,
    command_of,
    condition_of,
    open_asked,
)
from explorer.option_groups import grouped
from explorer.pair_options import PAIRS, PairOptions, PairsKind
from explorer.progress import Report, progress_bar

if TYPE_CHECKING:
    from data.catalogue import Catalogue
    from data.member_table import MemberTable
    from explorer.calibration import Calibration
    from explorer.calibration_options import CalibrationOptions
    from explorer.pair_source import PairFile


Table = Annotated[
    Path | None,
    typer.Option(help="Catalogue to write, with calibrated labels beside the others; none: only tell."),
]
Pairs = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", rich_help_panel=PAIRS,
        help="Wide binaries; of a mock survey those planted in it, if not given.",
    ),
]  # fmt: skip
Members = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Table of members of clusters, with columns source_id and cluster, instead of cuts.",
    ),
]
Clusters = Annotated[
    str | None, typer.Option(help="Ready-made clusters, separated by commas; all by default, '' for none.")
]
LearnedFrom = Annotated[
    str | None, typer.Option(help="Stars to learn from; 'chi2 < 7000' if left out, '' for all.")
]
Labels = Annotated[str, typer.Option(help="Labels, separated by commas; all by default.")]
Share = Annotated[float, typer.Option(help="Part of the binaries to learn from; the others stay for eq. 6.")]
Anchor = Annotated[float, typer.Option(help="Teff at which nothing is corrected, K.")]
Draws = Annotated[int, typer.Option(help="Draws of groups, for errors.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same numbers.")]


@grouped
def calibrate(
    context: typer.Context,
    catalogue: CatalogueFile,
    *,
    out: Table = None,
    pairs: Pairs = None,
    pairs_kind: PairsKind = None,
    reading: PairOptions,
    members: Members = None,
    clusters: Clusters = None,
    of: KindOfStars = None,
    where: LearnedFrom = None,
    labels: Labels = "",
    share: Share = 0.5,
    anchor: Anchor = 5772.0,
    draws: Draws = 200,
    seed: Seed = 1,
    mapping: MappingFile = None,
    overwrite: Overwrite = False,
    conventions: ConventionOptions,
) -> None:
    """Take the labels' trends with Teff off, as stars born together tell them, into new columns."""
    from explorer.binary_options import listed
    from explorer.binary_sample import kinds_of
    from explorer.calibrated_table import check_table, write_calibrated
    from explorer.calibration_options import CalibrationOptions
    from explorer.calibration_report import say_calibration, say_written
    from explorer.open_clusters import OPEN_CLUSTERS

    computed = conventions.computed
    file = reading.file(pairs, pairs_kind, None)
    if members is not None and clusters is not None:
        raise DataError("members come from --members or from ready-made --clusters: give one of the two")
    ready = tuple(OPEN_CLUSTERS) if clusters is None else listed(clusters)
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        kind = kinds_of(opened)[0] if of is None else of
        options = CalibrationOptions(kind, ready, share, anchor, listed(labels), draws, seed)
        condition = condition_of(opened, where)
        if out is not None:
            check_table(opened, out, overwrite=overwrite)
        found = _found(
            opened, options, condition, file, _members(opened, members, reading.gaia_release), report
        )
        if out is not None:
            command = command_of(context, opened, "calibrate", files=("members", "pairs", "stars"))
            counts = write_calibrated(out, opened, found, command, report, where=condition)
    say_calibration(opened, found, condition)
    if out is not None:
        say_written(opened, str(out), counts)


def _members(catalogue: "Catalogue", path: str | None, release: str | None) -> "MemberTable | None":
    from data.member_table import read_members
    from explorer.cluster_members import same_stars

    if path is None:
        return None
    if not path:
        raise DataError("the path of the table of members is empty: give it, or leave it out")
    table = read_members(Path(path).expanduser(), catalogue.metadata.get("gaia_release", ""))
    same_stars(catalogue, table.release or release, path)
    return table


def _found(
    catalogue: "Catalogue",
    options: "CalibrationOptions",
    where: str,
    file: "PairFile | None",
    members: "MemberTable | None",
    report: Report,
) -> "Calibration":
    from explorer.calibration import calibrate as learned
    from explorer.pair_source import pairs_of

    chosen = chosen_by(catalogue, where)
    source = pairs_of(catalogue, file)
    return learned(catalogue, chosen, options, source, members, report)

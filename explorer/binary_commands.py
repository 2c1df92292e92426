"""The command line of wide binaries: `explorer binaries`, and the options of pairs it shares with `serve`."""

from dataclasses import replace
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
    open_asked,
)
from explorer.progress import Report, progress_bar
from model.kinematics import DEFAULT_FRAME

if TYPE_CHECKING:  # numba and galpy take seconds, also of a command that only asks for help
    from data.catalogue import Catalogue
    from explorer.binaries import BinaryResult
    from explorer.binary_options import BinaryOptions
    from explorer.pair_source import PairFile, PairSource

PAIRS = "Table of pairs"
PairsFile = Annotated[
    str | None,
    typer.Option(
        "--pairs", metavar="FILE", rich_help_panel=PAIRS,
        help="Wide binaries for the page Binaries; of a mock survey those planted in it, if not given.",
    ),
]  # fmt: skip
KINDS = (
    "How the table is read: el-badry-2019, el-badry-2021, el-badry-2021-dr2, kamdar-2019 or oh-2017; told by "
    "its columns if left out."
)
Kind = Annotated[str | None, typer.Option("--kind", rich_help_panel=PAIRS, help=KINDS)]
PairsKind = Annotated[str | None, typer.Option("--pairs-kind", rich_help_panel=PAIRS, help=KINDS)]
Ids = Annotated[
    tuple[str, str] | None,
    typer.Option(
        "--ids", rich_help_panel=PAIRS, help="Its two columns of Gaia identifiers, instead of a kind."
    ),
]
Release = Annotated[
    str | None,
    typer.Option("--gaia-release", rich_help_panel=PAIRS, help="Gaia release of those, such as DR2."),
]
StarTable = Annotated[
    str | None,
    typer.Option("--stars", rich_help_panel=PAIRS, help="Table of stars that pairs are rows of (oh-2017)."),
]
ByPlace = Annotated[
    bool,
    typer.Option("--by-place", rich_help_panel=PAIRS, help="Match by position, not by Gaia identifier."),
]
Epoch = Annotated[
    float | None,
    typer.Option(
        "--epoch", rich_help_panel=PAIRS,
        help="With --by-place: year of the catalogue's positions, to move them to the table's.",
    ),
]  # fmt: skip


def binaries(
    context: typer.Context,
    catalogue: CatalogueFile,
    pairs: Annotated[
        str | None, typer.Argument(help="A table of pairs; without one, those planted in a mock survey.")
    ] = None,
    *,
    kind: Kind = None,
    ids: Ids = None,
    gaia_release: Release = None,
    stars: StarTable = None,
    by_place: ByPlace = False,
    epoch: Epoch = None,
    of: Annotated[str | None, typer.Option(help="Stars: dwarf, giant or all.")] = None,
    where: Annotated[
        str | None, typer.Option(help="Stars to take; 'chi2 < 7000' if left out, '' for all.")
    ] = None,
    abundances: Annotated[
        str, typer.Option(help="Abundances that enter, separated by commas; all by default.")
    ] = "",
    delta_teff: Annotated[float, typer.Option(help="Largest difference in Teff, K; inf for no cut.")] = 250.0,
    match: Annotated[
        str, typer.Option(help="Match field stars also in these of fe_h, teff, logg, snrz, plate.")
    ] = "",
    trusted: Annotated[bool, typer.Option(help="Leave out stars with extrapolated labels.")] = False,
    chance: Annotated[
        float, typer.Option(help="Largest odds of a chance alignment, if the table has them.")
    ] = 0.1,
    sigma: Annotated[
        str, typer.Option(help="Scatters instead of the models', as o_fe=0.1,eu_fe=0.17 (dex).")
    ] = "",
    field: Annotated[int, typer.Option(help="Field pairs for each binary.")] = 20,
    draws: Annotated[int, typer.Option(help="Draws of the bootstrap and of the permutations.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 1,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Model whose cross-validation tells scatters; may be given again."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Table of all pairs with their distances (.csv, .fits, .parquet).")
    ] = None,
    mapping: MappingFile = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the file if it exists.")] = False,
    r0: SunRadius = DEFAULT_FRAME.R0,
    z_sun: SunHeight = DEFAULT_FRAME.z_sun,
    potential: PotentialName = "MWPotential2014",
    delta: FocalLength = "per-star",
    orbits: WithOrbits = False,
) -> None:
    """Compare the abundances of wide binaries with those of field pairs matched to them."""
    from explorer.binary_options import BinaryOptions, listed, sigmas
    from explorer.binary_report import say_result
    from explorer.binary_sample import kinds_of
    from explorer.derive import asked

    computed = asked(r0=r0, z_sun=z_sun, potential=potential, delta=delta, orbits=orbits)
    file = pair_file(pairs, kind, ids, gaia_release, stars, by_place=by_place, epoch=epoch)
    options = BinaryOptions(
        kind=of or "dwarf", abundances=listed(abundances), teff_cut=delta_teff, match=listed(match),
        trusted=trusted, chance=chance, sigma=sigmas(sigma), sought=field, draws=draws, seed=seed,
    )  # fmt: skip
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        source = _source(opened, file)
        if of is None:
            options = replace(options, kind=kinds_of(opened)[0])
        usual = "chi2 < 7000" if "chi2" in opened else ""
        condition = usual if where is None else where
        result = _study(opened, source, options, condition, usual, model, report)
        command = _command(context, opened)
        if out is not None:
            from explorer.pair_export import write_pairs

            written = write_pairs(out, opened, result, command, where=condition, overwrite=overwrite)
    say_result(result, opened, str(source.found.report), condition)
    if out is not None:
        typer.echo(f"Wrote {written:,} {'mock ' if opened.mock else ''}pairs to {out}")


def pair_file(
    pairs: str | None,
    kind: str | None,
    ids: tuple[str, str] | None,
    gaia_release: str | None,
    stars: str | None,
    *,
    by_place: bool,
    epoch: float | None,
) -> "PairFile | None":
    """The table of pairs as it was named; None where none was.

    Raises
    ------
    DataError
        If something is said of a table that is not named, or a path is empty.
    """
    from explorer.pair_source import PairFile

    if "" in (pairs, stars):
        raise DataError("the path of a table of pairs is empty: give it, or leave it out")
    if pairs is None:
        if any(given is not None for given in (kind, ids, gaia_release, stars, epoch)) or by_place:
            raise DataError("it was said how pairs are read, but not from which table: give the table too")
        return None
    if epoch is not None and not (by_place and 1900 <= epoch <= 2100):
        raise DataError("--epoch is a year from 1900 to 2100, and goes with --by-place")
    named = None if stars is None else Path(stars).expanduser()
    return PairFile(Path(pairs).expanduser(), kind, ids, named, gaia_release, by_place, epoch)


def _source(catalogue: "Catalogue", file: "PairFile | None") -> "PairSource":
    from explorer.pair_source import NO_PAIRS, pairs_of

    found = pairs_of(catalogue, file)
    if found is None:
        raise DataError(NO_PAIRS)
    return found


def _study(
    catalogue: "Catalogue",
    source: "PairSource",
    options: "BinaryOptions",
    where: str,
    usual: str,
    models: list[str] | None,
    report: Report,
) -> "BinaryResult":
    import numpy as np

    from data.extract import Extract
    from explorer.binaries import study_binaries
    from explorer.star_models import StarModels

    extract = Extract.of(catalogue, "csv", where=where)
    chosen = np.zeros(len(catalogue), np.bool_)
    chosen[extract.rows()] = True
    known = StarModels.of_files(Path(one) for one in models) if models else StarModels.beside(catalogue)
    other = ("stars chosen by --where",) if where != usual else ()
    return study_binaries(catalogue, source, chosen, options, known, report, other)


def _command(context: typer.Context, catalogue: "Catalogue") -> tuple[str, ...]:
    """Words that ask for the same study again, files by their names."""
    words = ["explorer", "binaries", catalogue.source.name, *catalogue.options]
    if context.params.get("pairs"):
        words.insert(3, Path(context.params["pairs"]).name)
    shared = {"mapping", "r0", "z_sun", "potential", "delta", "orbits", "out", "overwrite"}
    for option in context.command.params:
        name, value = option.name or "", context.params.get(option.name or "")
        if name in {*shared, "catalogue", "pairs"} or value in (option.default, None, ()):
            continue
        for one in value if isinstance(value, list) else [value]:
            plain = Path(str(one)).name if name in ("stars", "model") else one
            words += [
                option.opts[0],
                *([] if one is True else map(str, plain if name == "ids" else (plain,))),
            ]
    return tuple(words)

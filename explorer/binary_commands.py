"""The command line of wide binaries: `explorer binaries`."""

from dataclasses import replace
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
    Where,
    chosen_by,
    condition_of,
    open_asked,
)
from explorer.option_groups import grouped
from explorer.pair_options import Ids, Kind, PairOptions
from explorer.progress import Report, progress_bar

if TYPE_CHECKING:  # numba and galpy take seconds, also of a command that only asks for help
    from data.catalogue import Catalogue
    from explorer.binaries import BinaryResult
    from explorer.binary_options import BinaryOptions
    from explorer.pair_source import PairFile, PairSource

Pairs = Annotated[
    str | None, typer.Argument(help="A table of pairs; without one, those planted in a mock survey.")
]
Abundances = Annotated[str, typer.Option(help="Abundances that enter, separated by commas; all by default.")]
TeffCut = Annotated[float, typer.Option(help="Largest difference in Teff, K; inf for no cut.")]
Matched = Annotated[
    str, typer.Option(help="Match field stars also in these of fe_h, teff, logg, snrz, plate.")
]
Trusted = Annotated[bool, typer.Option(help="Leave out stars with extrapolated labels.")]
Chance = Annotated[float, typer.Option(help="Largest odds of a chance alignment, if the table has them.")]
Sigma = Annotated[str, typer.Option(help="Scatters instead of the models', as o_fe=0.1,eu_fe=0.17 (dex).")]
FieldPairs = Annotated[int, typer.Option(help="Field pairs for each binary.")]
Draws = Annotated[int, typer.Option(help="Draws of the bootstrap and of the permutations.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same numbers.")]
Models = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE", help="Model whose cross-validation tells scatters; may be given again."),
]
Table = Annotated[
    Path | None, typer.Option(help="Table of all pairs with their distances (.csv, .fits, .parquet).")
]


@grouped
def binaries(
    context: typer.Context,
    catalogue: CatalogueFile,
    pairs: Pairs = None,
    *,
    kind: Kind = None,
    ids: Ids = None,
    reading: PairOptions,
    of: KindOfStars = None,
    where: Where = None,
    abundances: Abundances = "",
    delta_teff: TeffCut = 250.0,
    match: Matched = "",
    trusted: Trusted = False,
    chance: Chance = 0.1,
    sigma: Sigma = "",
    field: FieldPairs = 20,
    draws: Draws = 2000,
    seed: Seed = 1,
    model: Models = None,
    out: Table = None,
    mapping: MappingFile = None,
    overwrite: Overwrite = False,
    conventions: ConventionOptions,
) -> None:
    """Compare the abundances of wide binaries with those of field pairs matched to them."""
    from explorer.binary_options import BinaryOptions, listed, sigmas
    from explorer.binary_report import say_result
    from explorer.binary_sample import kinds_of

    computed = conventions.computed
    file = reading.file(pairs, kind, ids)
    options = BinaryOptions(
        kind=of or "dwarf", abundances=listed(abundances), teff_cut=delta_teff, match=listed(match),
        trusted=trusted, chance=chance, sigma=sigmas(sigma), sought=field, draws=draws, seed=seed,
    )  # fmt: skip
    with progress_bar() as report:
        opened = open_asked(context, catalogue, mapping, computed, report)
        source = _source(opened, file)
        if of is None:
            options = replace(options, kind=kinds_of(opened)[0])
        condition = condition_of(opened, where)
        result = _study(opened, source, options, condition, model, report)
        command = _command(context, opened)
        if out is not None:
            from explorer.pair_export import write_pairs

            written = write_pairs(out, opened, result, command, where=condition, overwrite=overwrite)
    say_result(result, opened, str(source.found.report), condition)
    if out is not None:
        typer.echo(f"Wrote {written:,} {'mock ' if opened.mock else ''}pairs to {out}")


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
    models: list[str] | None,
    report: Report,
) -> "BinaryResult":
    from explorer.binaries import study_binaries
    from explorer.star_models import StarModels

    chosen = chosen_by(catalogue, where)
    known = StarModels.of_files(Path(one) for one in models) if models else StarModels.beside(catalogue)
    other = ("stars chosen by --where",) if where != condition_of(catalogue, None) else ()
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

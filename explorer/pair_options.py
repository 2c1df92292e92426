"""Options that commands on a table of pairs share."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.problem import DataError

if TYPE_CHECKING:
    from explorer.pair_source import PairFile

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


@dataclass(frozen=True)
class PairOptions:
    """How a table of pairs is read, whatever its kind."""

    gaia_release: Release = None
    stars: StarTable = None
    by_place: ByPlace = False
    epoch: Epoch = None

    def file(self, pairs: str | None, kind: str | None, ids: tuple[str, str] | None) -> "PairFile | None":
        """The table of pairs as it was named; None where none was.

        Raises
        ------
        DataError
            If something is said of a table that is not named, or a path is empty.
        """
        from explorer.pair_source import PairFile

        if "" in (pairs, self.stars):
            raise DataError("the path of a table of pairs is empty: give it, or leave it out")
        if pairs is None:
            if kind is not None or ids is not None or self != PairOptions():
                raise DataError(
                    "it was said how pairs are read, but not from which table: give the table too"
                )
            return None
        if self.epoch is not None and not (self.by_place and 1900 <= self.epoch <= 2100):
            raise DataError("--epoch is a year from 1900 to 2100, and goes with --by-place")
        stars = None if self.stars is None else Path(self.stars).expanduser()
        return PairFile(
            Path(pairs).expanduser(), kind, ids, stars, self.gaia_release, self.by_place, self.epoch
        )

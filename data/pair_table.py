"""Tables of pairs of stars, such as wide binaries: two identifiers a row, by mappings or by named columns.

Which of their columns fills which of ours are TOML files in mappings/pairs/. A table whose pairs are rows of
a table of stars, as that of Oh et al. (2017), is read together with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.crossmatch import match_identifiers
from data.mapping import CatalogueMapping, find_column
from data.mapping_file import load_mapping, parse_mapping
from data.problem import DataError
from data.surveys import SurveyTable, read_mapped
from data.table import Table
from data.tables import open_table

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

IDS = ("source_id_1", "source_id_2")
ROWS = ("row_1", "row_2")
STARS = "oh-2017-stars"
"""How a table of stars is read that pairs name the rows of."""

_FOLDER = Path(__file__).parent / "mappings" / "pairs"


@dataclass(frozen=True, eq=False)
class PairTable:
    """P pairs of stars as a table has them.

    Attributes
    ----------
    path : the file.
    kind : the mapping that read it.
    first, second : (P,) Gaia identifiers of the two stars; -1 for none.
    gaia_release : which release they are of.
    epoch : Julian year of the positions; NaN where not known.
    columns : what else it says of each pair, (P,) each: ra_1, dec_1, ra_2, dec_2 (degrees), separation (AU),
        chance, and others of the mapping.
    notes : what its users must know.
    """

    path: Path
    kind: str
    first: Integers
    second: Integers
    gaia_release: str
    epoch: float
    columns: Mapping[str, NDArray[Any]]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.first)


@cache
def shipped_pairs() -> Mapping[str, CatalogueMapping]:
    """Load the mappings of pair tables that come with the program, by kind; also that of STARS."""
    files = sorted(_FOLDER.glob("*.toml"), key=lambda file: file.stem)
    loaded = (parse_mapping(file.read_text(encoding="utf-8"), file.name) for file in files)
    return MappingProxyType({mapping.name: mapping for mapping in loaded})


def read_pairs(
    path: Path,
    kind: str | None = None,
    *,
    ids: tuple[str, str] | None = None,
    mapping: Path | None = None,
    stars: Path | None = None,
    gaia_release: str | None = None,
) -> PairTable:
    """Read a table of pairs, of any format the explorer reads.

    Parameters
    ----------
    path : the table.
    kind : a name of `shipped_pairs`; None to tell it by its columns.
    ids : names of the two columns of Gaia identifiers, instead of a kind; give `gaia_release` too.
    mapping : a person's own TOML file that fills source_id_1 and source_id_2, instead of a kind.
    stars : the table of stars, where pairs are rows of it.
    gaia_release : what the identifiers are of, such as "DR2", where the mapping does not say. Where a table
        has those of two releases and no kind is given, this chooses.

    Raises
    ------
    DataError
        If the kind is not known or can't be told, if a column is absent or holds no whole numbers, if the
        release is not known or another than that of the kind, if a pair names a row that is not there, or if
        the file can't be read.
    """
    if sum(choice is not None for choice in (kind, ids, mapping)) > 1:
        raise DataError(f"{path}: a kind, two columns or a mapping say how pairs are read: give one of them")
    rules = _rules(path, kind, ids, mapping, gaia_release)
    own = rules if rules.strict else None
    release = _release(path, rules, gaia_release)
    table = read_mapped(path, rules, own=own)
    columns = dict(table.columns)
    if IDS[0] not in columns:
        columns |= _of_stars(table, stars)
    first, second = (columns.pop(name) for name in IDS)
    others = {name: values for name, values in columns.items() if name not in ROWS}
    return PairTable(
        path, rules.name, first, second, release, table.epoch, MappingProxyType(others), table.notes
    )


def same_release(one: str, other: str) -> bool:
    """Tell whether identifiers of two Gaia releases name the same stars, as those of EDR3 and DR3 do."""
    plain = [name.upper().removeprefix("GAIA").strip().replace("EDR3", "DR3") for name in (one, other)]
    return plain[0] == plain[1]


def _rules(
    path: Path, kind: str | None, ids: tuple[str, str] | None, mapping: Path | None, release: str | None
) -> CatalogueMapping:
    """Choose the mapping to read by."""
    if ids is not None:
        return _named(ids)
    if mapping is not None:
        rules = load_mapping(mapping)
        if not all(any(name in rules.fillings for name in pair) for pair in zip(IDS, ROWS, strict=True)):
            raise DataError(f"the mapping {mapping} fills no {' and '.join(IDS)}: say which columns they are")
        return rules
    kinds = [name for name in shipped_pairs() if name != STARS]
    if kind is None:
        return _recognised(path, release)
    if kind not in kinds:
        raise DataError(f"there is no kind of pairs {kind!r}: choose one of {', '.join(kinds)}")
    return shipped_pairs()[kind]


def _named(ids: tuple[str, str]) -> CatalogueMapping:
    """Make a mapping of two columns that a person names."""
    template = shipped_pairs()["el-badry-2021"]
    if ids[0] == ids[1]:
        raise DataError(f"both stars of a pair are read from the column {ids[0]!r}: name two columns")
    fillings = {
        ours: replace(template.fillings[ours], names=(theirs,)) for ours, theirs in zip(IDS, ids, strict=True)
    }
    return replace(
        template,
        name="two columns",
        gaia_release="",
        epoch=None,
        notes=(),
        requires=(),
        fillings=MappingProxyType(fillings),
        strict=True,
    )


def _recognised(path: Path, release: str | None) -> CatalogueMapping:
    """Tell the kind of a table: that with most required columns, and of the release asked for."""
    with TemporaryDirectory() as scratch, open_table(path, Path(scratch)) as table:
        fits = [
            rules for name, rules in shipped_pairs().items() if name != STARS and _fits(rules, table, path)
        ]
        names = table.names
    most = max((len(rules.requires) for rules in fits), default=0)
    best = [rules for rules in fits if len(rules.requires) == most]
    if release is not None and len(best) > 1:
        best = [rules for rules in best if same_release(rules.gaia_release, release)] or best
    if len(best) == 1:
        return best[0]
    if best:
        said = " and ".join(f"{rules.name} (Gaia {rules.gaia_release})" for rules in best)
        raise DataError(f"{path} could be pairs of the kinds {said}: choose one, or name the two columns")
    raise DataError(
        f"{path} is no table of pairs that we know: it has {', '.join(names[:12])}; name the two columns "
        "that hold the Gaia identifiers, and their release"
    )


def _fits(rules: CatalogueMapping, table: Table, path: Path) -> bool:
    return all(find_column(choice, table.names, str(path)) for choice in rules.requires)


def _release(path: Path, rules: CatalogueMapping, said: str | None) -> str:
    """Tell the release of a table's identifiers; it may be said only where the mapping does not."""
    if said and rules.gaia_release and not same_release(said, rules.gaia_release):
        raise DataError(
            f"the identifiers in {path} were said to be of Gaia {said}, but those of {rules.name} are of "
            f"Gaia {rules.gaia_release}: the same number names different stars in them; leave the release "
            "out, and match by position where the catalogue's is another"
        )
    release = rules.gaia_release or said
    if not release:
        raise DataError(
            f"{path} does not say of which Gaia release its identifiers are, and those of different releases "
            'name different stars: say it, such as "DR2"'
        )
    return release


def _of_stars(table: SurveyTable, stars: Path | None) -> dict[str, NDArray[Any]]:
    """Give the identifiers and positions of pairs that are rows of a table of stars."""
    if stars is None:
        raise DataError(
            f"the pairs of {table.path} are rows of a table of stars: give that too "
            "(of Oh et al. 2017: t1-1-star.txt)"
        )
    known = read_mapped(stars, shipped_pairs()[STARS])
    columns: dict[str, NDArray[Any]] = {}
    for name in ROWS:
        row = match_identifiers(table[name], known["row"]).row
        if (row < 0).any():
            raise DataError(
                f"{table.path} names the row {int(table[name][np.argmax(row < 0)])} of its table of stars, "
                f"which {stars} does not have: give the table of stars that belongs to it"
            )
        columns |= {f"{ours}_{name[-1]}": known[ours][row] for ours in ("source_id", "ra", "dec")}
    return columns

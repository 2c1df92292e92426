"""Which catalogue a file is, told by its columns."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from data.description import described
from data.mapping import CatalogueMapping, Filling, find_column
from data.mapping_file import load_mapping, parse_mapping
from data.problem import DataError
from data.schema import COLUMNS, LABELS, Column
from data.table import Table

_FOLDER = Path(__file__).parent / "mappings"
BUILDER = "explorer build"
"""What catalogues that we built say of who made them."""
_FEWEST_OWN = 3
_MANY = 12


@cache
def shipped_mappings() -> Mapping[str, CatalogueMapping]:
    """Load the mappings that come with the program, by name."""
    files = sorted(_FOLDER.glob("*.toml"))
    loaded = (parse_mapping(file.read_text(encoding="utf-8"), file.name) for file in files)
    return MappingProxyType({mapping.name: mapping for mapping in loaded})


def named_mapping(given: str | Path) -> CatalogueMapping:
    """Find a shipped mapping by name, or load a person's own by path. Raises DataError if neither exists."""
    shipped = shipped_mappings()
    if str(given) in shipped:
        return shipped[str(given)]
    if Path(given).is_file():
        return load_mapping(Path(given))
    raise DataError(
        f"there is no mapping {str(given)!r}: give the path of a TOML file, or one of {', '.join(shipped)}"
    )


def recognise(table: Table, path: Path) -> CatalogueMapping:
    """Tell the mapping that fits a file.

    A mock survey, or a catalogue that we built, is of our own making, so it is taken as it is. Else the
    shipped mapping with most required columns wins, all of them being there; else a file that bears our names
    is taken as it is.

    Raises
    ------
    DataError
        If none fits, or two fit equally well.
    """
    own = own_names(table)
    if own is not None and (is_mock(table.metadata, table.names) or is_built(table.metadata)):
        return own
    fits = [mapping for mapping in shipped_mappings().values() if _fits(mapping, table.names, path)]
    best = max((len(mapping.requires) for mapping in fits), default=0)
    winners = [mapping for mapping in fits if len(mapping.requires) == best]
    if len(winners) > 1:
        names = " and ".join(mapping.name for mapping in winners)
        raise DataError(f"{path} fits the mappings {names} equally well: choose one with --mapping")
    if winners:
        declared = {name: Filling(column, (name,)) for name, column in _declared(table).items()}
        fillings = {**declared, **winners[0].fillings}
        return replace(winners[0], fillings=MappingProxyType(fillings))
    if own is not None:
        return own
    raise DataError(_unrecognised(table, path))


def own_names(table: Table) -> CatalogueMapping | None:
    """Take a file's columns as they are where they bear our names; None where too few do.

    A lone `z` is left out: without R it is more often a redshift. A file that we exported says which mapping
    its catalogue had, by which a survey's own columns are known again; one that we wrote describes those that
    the schema does not know.
    """
    said = {key.lower(): value for key, value in table.metadata.items()}
    made_from = shipped_mappings().get(said.get("mapping", ""))
    of_survey = {name: filling.column for name, filling in made_from.fillings.items()} if made_from else {}
    declared = _declared(table)
    known = {**declared, **of_survey, **COLUMNS}
    names = [name for name in table.names if name in known and (name != "z" or "R" in table.names)]
    telling = bool(declared) or "R" in names or any(label.name in names for label in LABELS)
    if len(names) < _FEWEST_OWN or not telling:
        return None
    built = is_built(table.metadata)
    return CatalogueMapping(
        name="explorer",
        description=f"{said.get('name', 'a catalogue')}, built by 'explorer build'"
        if built
        else "columns under the explorer's own names",
        source="the explorer's own column descriptions",
        published="",
        citation=said.get("citation", "") if built else "",
        gaia_release=said.get("gaia_release", ""),
        notes=(),
        requires=(),
        fillings=MappingProxyType({name: Filling(known[name], (name,)) for name in names}),
        own_names=False,
        content="",
    )


def _declared(table: Table) -> Mapping[str, Column]:
    """Columns that the file itself describes, as those that we wrote do."""
    return {name: column for name, column in described(table.metadata).items() if name in table.names}


def is_mock(metadata: Mapping[str, str], names: tuple[str, ...]) -> bool:
    """Tell whether a file says it is a mock survey, or holds true values as only a mock can."""
    said = {key.lower(): value.strip().lower() for key, value in metadata.items()}
    return said.get("mock") in ("true", "t", "1") or any(name.startswith("true_") for name in names)


def is_built(metadata: Mapping[str, str]) -> bool:
    """Tell whether a file says that `explorer build` made it."""
    return {key.lower(): value for key, value in metadata.items()}.get("made_by") == BUILDER


def _fits(mapping: CatalogueMapping, names: tuple[str, ...], path: Path) -> bool:
    return bool(mapping.requires) and all(
        find_column(choice, names, str(path)) for choice in mapping.requires
    )


def _unrecognised(table: Table, path: Path) -> str:
    found = ", ".join(table.names[:_MANY]) + (", ..." if len(table.names) > _MANY else "")
    shortfall = {name: _lacking(mapping, table.names) for name, mapping in shipped_mappings().items()}
    nearest = min(shortfall, key=lambda name: len(shortfall[name]))
    return (
        f"{path} has no columns we recognise: found {found or 'none'}; expected our own (such as teff, fe_h, "
        f"ra, dec, R, z) or those of {', '.join(shipped_mappings())}, of which {nearest} comes nearest but "
        f"needs {', '.join(shortfall[nearest][:_MANY])}; write a mapping (TOML) and give it with --mapping"
    )


def _lacking(mapping: CatalogueMapping, names: tuple[str, ...]) -> list[str]:
    present = {name.lower() for name in names}
    return [choice[0] for choice in mapping.requires if not any(name.lower() in present for name in choice)]

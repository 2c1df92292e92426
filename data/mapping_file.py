"""Mappings read from TOML files, every key, column and unit checked; mappings/ holds examples."""

import difflib
import re
import sys
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from data.convert import unit_factor
from data.mapping import CatalogueMapping, Filling
from data.problem import DataError
from data.schema import COLUMNS, Column, DType, Kind

_ROOT_KEYS = (
    "name", "description", "source", "published", "citation", "gaia_release",
    "origin", "epoch", "notes", "requires", "own_names", "columns",
)  # fmt: skip
_FILLING_KEYS = ("from", "unit", "sentinels", "scale", "offset", "plus", "minus", "origin")
_DESCRIBING_KEYS = ("plain", "tex", "meaning", "range", "kind", "dtype")
_ARITHMETIC_KEYS = ("scale", "offset", "plus", "minus")
_FLOATS = ("float32", "float64")
_NAMES: tuple[Kind, ...] = ("identifier", "category")
_AMOUNTS: tuple[Kind, ...] = ("sequential", "diverging", "count", "angle")
KINDS: Mapping[DType, tuple[Kind, ...]] = MappingProxyType(
    {"int8": ("flag",), "int64": _NAMES, "str": _NAMES, "float32": _AMOUNTS, "float64": _AMOUNTS}
)
"""What sorts of quantities go with how a column is stored."""
TEX = re.compile(
    r"(?:[A-Za-z0-9 _^{}()\[\]/+*,.-]"
    r"|\\(?:mathrm|alpha|delta|phi|chi|sigma|varpi|mu|tau|log)(?![A-Za-z])|\\[ ,_])*"
)
"""All the TeX that labels may hold: the browser's TeX also has commands that load and link."""


@dataclass(frozen=True)
class Entries:
    """A table of the TOML file, whose values are taken out by type; `where` names it in messages."""

    table: Mapping[str, Any]
    where: str

    def check_keys(self, known: Collection[str]) -> None:
        """Raise DataError for a key that is not known."""
        for key in self.table:
            if key not in known:
                close = difflib.get_close_matches(key, known, 1)
                hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(known)}"
                raise DataError(f"{self.where} has an unknown key {key!r}: {hint}")

    def text(self, key: str, default: str = "") -> str:
        """Give a text."""
        return str(self._typed(key, default, str, "a text in quotes"))

    def number(self, key: str, default: float) -> float:
        """Give a number."""
        number = self._typed(key, default, (int, float), "a number")
        if not is_number(number):
            raise DataError(f"{self.where} has {key} = {number!r}: expected a finite number")
        return float(number)

    def items(self, key: str) -> list[Any]:
        """Give a list, empty if absent."""
        return list(self._typed(key, [], list, "a list [...]"))

    def truth(self, key: str) -> bool:
        """Give true or false, false if absent."""
        return self._typed(key, default=False, kind=bool, expected="true or false") is True

    def choice(self, key: str, default: str, allowed: Collection[str]) -> str:
        """Give one of a few texts."""
        chosen = self.text(key, default)
        if chosen not in allowed:
            raise DataError(f"{self.where}: {key} is {chosen!r}, expected one of {', '.join(allowed)}")
        return chosen

    def names(self, given: Any) -> tuple[str, ...]:
        """Give one name, or the names of a list."""
        names = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, list) else ()
        if not names or not all(isinstance(name, str) for name in names):
            raise DataError(f"{self.where} names a column by {given!r}: expected a text or a list of texts")
        return names

    def _typed(self, key: str, default: Any, kind: Any, expected: str) -> Any:
        value = self.table.get(key, default)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise DataError(f"{self.where} has {key} = {value!r}: expected {expected}")
        return value


def load_mapping(path: Path) -> CatalogueMapping:
    """Load a person's own mapping.

    Raises
    ------
    DataError
        If the file is absent or no TOML, or has keys, columns or units that are not known.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"the mapping {path} cannot be read ({error}): give the path of a TOML file"
        ) from error
    return replace(parse_mapping(text, path.name), strict=True)


def parse_mapping(text: str, file: str) -> CatalogueMapping:
    """Make a mapping from the text of a TOML file of a given name. Raises DataError as `load_mapping`."""
    where = f"the mapping {file}"
    try:
        root = Entries(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{where} is no TOML ({error}): correct that line") from error
    root.check_keys(_ROOT_KEYS)
    columns = root.table.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise DataError(f"{where} has no [columns]: expected entries such as teff = {{from = 'TEFF'}}")
    origin = root.text("origin")
    fillings = {name: _filling(name, entry, where, origin) for name, entry in columns.items()}
    return CatalogueMapping(
        name=root.text("name", file.removesuffix(".toml")),
        description=root.text("description"),
        source=root.text("source"),
        published=root.text("published"),
        citation=root.text("citation"),
        gaia_release=root.text("gaia_release"),
        notes=tuple(str(note) for note in root.items("notes")),
        requires=tuple(root.names(choice) for choice in root.items("requires")),
        fillings=MappingProxyType(fillings),
        own_names=root.truth("own_names"),
        content=text,
        epoch=root.number("epoch", 0.0) if "epoch" in root.table else None,
    )


def _filling(name: str, table: Any, mapping: str, origin: str) -> Filling:
    where = f"{mapping}, column {name}"
    if not isinstance(table, dict) or "from" not in table:
        raise DataError(f"{where}, does not say what fills it: expected {name} = {{from = 'THEIR NAME'}}")
    entry = Entries(table, where)
    known = COLUMNS.get(name)
    entry.check_keys(_FILLING_KEYS if known else _FILLING_KEYS + _DESCRIBING_KEYS)
    column = known or _describe(name, entry)
    column = replace(column, origin=entry.text("origin", origin) or column.origin)
    unit = entry.text("unit") if "unit" in table else None
    if unit is not None:
        try:
            unit_factor(unit, column.unit)
        except DataError as error:
            raise DataError(f"{where}: {error}") from error
    _check_sense(entry, column)
    return Filling(
        column=column,
        names=entry.names(table["from"]),
        unit=unit,
        sentinels=tuple(entry.items("sentinels")),
        scale=entry.number("scale", 1.0),
        offset=entry.number("offset", 0.0),
        plus=entry.text("plus"),
        minus=entry.text("minus"),
    )


def _check_sense(entry: Entries, column: Column) -> None:
    """Raise DataError for marks that no value can equal, and for arithmetic on what is no number."""
    strange = [mark for mark in entry.items("sentinels") if not (isinstance(mark, str) or is_number(mark))]
    if strange:
        raise DataError(f"{entry.where}: sentinels hold {strange[0]!r}, expected finite numbers or texts")
    if entry.number("scale", 1.0) == 0:
        raise DataError(f"{entry.where}: scale is 0, which would make all values equal: expected another")
    computed = [key for key in _ARITHMETIC_KEYS if key in entry.table]
    if computed and column.dtype not in _FLOATS:
        raise DataError(f"{entry.where}: {computed[0]} goes with numbers, but it is {column.dtype}: drop it")


def is_number(value: object) -> bool:
    """Tell whether a value is a finite number."""
    most = sys.float_info.max
    return isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most


def _describe(name: str, entry: Entries) -> Column:
    """Describe a survey's own column, one that the schema does not know."""
    lacking = [key for key in ("plain", "meaning", "range") if key not in entry.table]
    if lacking:
        close = difflib.get_close_matches(name, COLUMNS, 1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise DataError(f"{entry.where}, is none of ours: {hint}To add it, give it {', '.join(lacking)}")
    if not name.isidentifier():
        raise DataError(
            f"{entry.where}: a name has only letters, digits and _, so that expressions can use it"
        )
    ends = entry.items("range")
    if len(ends) != 2 or not all(is_number(end) for end in ends) or ends[0] >= ends[1]:
        raise DataError(
            f"{entry.where}: range is {ends!r}, expected two numbers, the lower first, such as [-0.5, 0.5]"
        )
    dtype: Any = entry.choice("dtype", "float32", get_args(DType))
    kind: Any = entry.choice("kind", "sequential", get_args(Kind))
    if kind not in KINDS[dtype]:
        raise DataError(f"{entry.where}: kind is {kind!r}, but {dtype} goes with {' or '.join(KINDS[dtype])}")
    plain, tex = entry.text("plain"), entry.text("tex")
    if not TEX.fullmatch(tex) or tex.count("{") != tex.count("}"):
        raise DataError(f"{entry.where}: tex is {tex!r:.80}, expected plain mathematics such as [\\alpha/H]")
    low, high = (float(end) for end in ends)
    tex = tex or _upright(plain)
    return Column(name, dtype, entry.text("unit"), tex, plain, entry.text("meaning"), "", low, high, kind)


def _upright(words: str) -> str:
    """Set plain words as upright TeX, without the signs that are commands there."""
    plain = re.sub(r"[\\^~%#&${}]", " ", words)
    return r"\mathrm{" + re.sub("([_ ])", r"\\\1", plain) + "}"

"""What files say of columns that the schema does not know: written with them, and checked when it is read.

One entry of a file's metadata, `columns`, holds them as JSON. Nothing in it is believed that a mapping could
not say as well, and the schema's columns cannot be described anew.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from types import MappingProxyType
from typing import Any

from data.convert import unit_factor
from data.mapping_file import KINDS, TEX, is_number
from data.problem import DataError
from data.schema import ALIASES, COLUMNS, Column

KEY = "columns"
"""Of the metadata, whatever the case of its letters."""
LONGEST = 100_000
"""Letters of all descriptions together: what a CSV file says stands on top of it, and is read at once."""
_LENGTHS: Mapping[str, int] = MappingProxyType(
    {"name": 64, "unit": 32, "tex": 200, "plain": 100, "meaning": 2000, "origin": 200}
)
_BEGINNING = '[{"name":'
_NAMES = tuple(field.name for field in fields(Column))
_STORED = tuple((dtype, kind) for dtype, kinds in KINDS.items() for kind in kinds)
_UNIT = re.compile(r"|[A-Za-z]+((\*\*|\^)?-?\d)?([ ./][A-Za-z]+((\*\*|\^)?-?\d)?)*")
"""Units that are quick to read: a library takes 10**999999999 at its word."""
_NOT_PLAIN = frozenset("<>&$`\\")
"""Signs that screens might take for markup or mathematics."""


def describe(columns: Mapping[str, Column]) -> dict[str, str]:
    """Describe columns for the metadata of a file.

    Parameters
    ----------
    columns : by the name that the file gives them.

    Returns
    -------
    An entry for those that the schema does not know and that can be read back; empty where there are none.
    """
    entries = [{**asdict(column), "name": name} for name, column in columns.items()]
    texts = [json.dumps(entry, separators=(",", ":")) for entry in entries if _column(entry) is not None]
    while sum(map(len, texts)) + len(texts) >= LONGEST:
        texts.pop()
    return {KEY: f"[{','.join(texts)}]"} if texts else {}


def described(metadata: Mapping[str, str]) -> Mapping[str, Column]:
    """Find what the metadata of a file say of its columns, by name; what is not sound is left out."""
    text = next((value for key, value in metadata.items() if key.lower() == KEY), "")
    if not _is_ours(text) or len(text) > LONGEST:
        return {}
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        return {}  # by another program, which means something else by it
    columns = (_column(entry) for entry in entries)
    return {column.name: column for column in columns if column is not None}


def undescribed(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata without what they say of columns."""
    return {key: value for key, value in metadata.items() if not (key.lower() == KEY and _is_ours(value))}


def _is_ours(text: str) -> bool:
    return text.startswith(_BEGINNING)


def _column(entry: Any) -> Column | None:
    """Make a column of a sound entry; None of any other."""
    sound = (
        isinstance(entry, dict)
        and tuple(entry) == _NAMES
        and all(_is_text(entry[key], most) for key, most in _LENGTHS.items())
        and _may_name(entry["name"])
        and (entry["dtype"], entry["kind"]) in _STORED
        and _is_mathematics(entry["tex"])
        and entry["plain"] != ""
        and not _NOT_PLAIN & set(entry["plain"])
        and all(is_number(entry[end]) for end in ("low", "high"))
        and entry["low"] < entry["high"]
        and _is_unit(entry["unit"])
    )
    return Column(**entry) if sound else None


def _is_text(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and value.isprintable()


def _may_name(name: str) -> bool:
    return name.isascii() and name.isidentifier() and name not in COLUMNS and name not in ALIASES


def _is_mathematics(tex: str) -> bool:
    return tex != "" and TEX.fullmatch(tex) is not None and tex.count("{") == tex.count("}")


def _is_unit(unit: str) -> bool:
    if not _UNIT.fullmatch(unit):
        return False
    try:
        return unit_factor(unit, unit) == 1
    except DataError:
        return False

"""What an opened table file is: its columns, and their values by chunks of rows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

Sort = Literal["number", "whole", "text"]
"""What a column's values are wanted as, which decides how text formats read them."""

Chunk = Mapping[str, NDArray[Any]]
"""Values of some columns for consecutive rows; masked arrays where an integer is missing."""

CHUNK_ROWS = 131_072
"""Rows read at once: 60 columns of doubles are 63 MB."""


@dataclass(frozen=True)
class Table:
    """An opened table.

    Attributes
    ----------
    format : its kind, for people.
    names : its columns of one value a row, in order.
    units : units the file itself declares, as written there.
    metadata : the file's own key-value metadata that is short text.
    vectors : those of vectors.
    rows : number of rows; None where only reading tells.
    chunks : (wanted columns and their sort, texts that mean "missing") -> chunks of rows in the file's order.
        Text formats give a "number" as float64 and all else as bytes; binary formats what is stored.
    """

    format: str
    names: tuple[str, ...]
    units: Mapping[str, str]
    metadata: Mapping[str, str]
    rows: int | None
    chunks: Callable[[Mapping[str, Sort], frozenset[str]], Iterator[Chunk]]
    vectors: tuple[str, ...] = ()

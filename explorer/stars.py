"""A catalogue made ready for drawing: one immutable store per process, shared by every visitor.

Columns stay memory-mapped in the catalogue's order. What a selection or a window needs (bitsets, pixel
numbers, computed quantities) is made once, kept in bounded caches and never changed, so threads may share it.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from threading import Lock
from typing import Protocol, TypeVar

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.expression import Expression
from data.predicate import Predicate, Range
from data.problem import DataError
from data.schema import Column
from explorer import kernels
from explorer.notation import upright
from explorer.palette import Bytes, ghost
from explorer.raster import FINE, Window, coarsen
from explorer.session import Derived


class Sized(Protocol):
    """Anything that knows how much memory it holds."""

    @property
    def nbytes(self) -> int:
        """Memory held."""


Made = TypeVar("Made", bound=Sized)

CACHE_BYTES: Mapping[str, int] = {
    "bits": 64 << 20,
    "places": 320 << 20,
    "values": 192 << 20,
    "ghosts": 16 << 20,
}
"""Bounds of what is kept: selections' bitsets, windows' pixel numbers, computed quantities."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where the stars fall in one window: fine pixel number of each row, and the bitset of rows inside."""

    pixels: kernels.Pixels
    inside: kernels.Words

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return self.pixels.nbytes + self.inside.nbytes


class Kept:
    """Values made on demand and kept while they fit; safe to use from several threads."""

    def __init__(self, most_bytes: int) -> None:
        self._lock = Lock()
        self._values: LRUCache[Hashable, Sized] = LRUCache(most_bytes, getsizeof=lambda made: made.nbytes)

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """The value for a key, made now if it is not kept."""
        with self._lock:
            found = self._values.get(key)
        if found is not None:
            return found  # type: ignore[return-value]  # one key always holds one type
        made = make()
        with self._lock:
            if made.nbytes <= self._values.maxsize:
                self._values[key] = made
        return made


class Stars:
    """The rows of a catalogue as the page uses them.

    A *quantity* is the name of a numeric column or an expression over columns; both are used alike.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.everything = kernels.pack(np.ones(len(catalogue), np.bool_))
        self._kept = {name: Kept(most) for name, most in CACHE_BYTES.items()}

    def __len__(self) -> int:
        return len(self.catalogue)

    def has(self, quantity: str) -> bool:
        """Whether a quantity can be drawn."""
        if quantity in self.catalogue:
            return self.catalogue.described[quantity].is_number
        try:
            return (
                Expression.parse(quantity, self.catalogue.described).columns <= self.catalogue.columns.keys()
            )
        except DataError:
            return False

    def known(self, quantity: str) -> kernels.Words:
        """Bitset of the rows in which a quantity is not missing."""
        return self._kept["bits"].get(
            ("known", quantity), lambda: np.asarray(kernels.pack(np.isfinite(self.values(quantity))))
        )

    def number(self, predicates: Iterable[Predicate]) -> int:
        """How many rows every predicate lets through."""
        return int(kernels.population(self.select(predicates)))

    def describe(self, quantity: str, derived: Iterable[Derived] = ()) -> Column:
        """What a quantity is: the catalogue's column, or one made up for an expression.

        A computed quantity is shown from the 1st to the 99th percentile of a sample of its values.
        """
        if quantity in self.catalogue.described:
            return self.catalogue.described[quantity]
        name = next((known.name for known in derived if known.expression == quantity), quantity)
        values = self.values(quantity)
        sample = values[:: max(1, values.size // 100_000)]
        finite = sample[np.isfinite(sample)]
        low, high = np.percentile(finite, (1, 99)) if finite.size else (0.0, 1.0)
        made = Expression.parse(quantity, self.catalogue.described)
        column = made.describe("computed", self.catalogue.described)
        return replace(
            column,
            name=quantity,
            dtype="float32",
            tex=upright(name),
            plain=name,
            low=float(low),
            high=float(high if high > low else low + 1),
        )

    def values(self, quantity: str) -> kernels.Values:
        """(N,) values of a quantity, NaN where missing, in the catalogue's order of rows.

        Raises DataError where the quantity is neither a column nor an expression over columns.
        """
        column = self.catalogue.described.get(quantity)
        if column is not None and column.dtype in ("float32", "float64"):
            return np.asarray(self.catalogue[quantity])
        return self._kept["values"].get(quantity, lambda: self._compute(quantity, column))

    def _compute(self, quantity: str, column: Column | None) -> NDArray[np.float32]:
        if column is None:
            found = Expression.parse(quantity, self.catalogue.described).evaluate(self.catalogue.columns)
            return np.asarray(found, dtype=np.float32)
        raw = self.catalogue[quantity]
        return np.where(raw == column.missing, np.float32("nan"), raw.astype(np.float32))

    def bits(self, predicate: Predicate) -> kernels.Words:
        """Bitset of the rows that a predicate lets through."""
        return self._kept["bits"].get(predicate, lambda: self._test(predicate))

    def _test(self, predicate: Predicate) -> kernels.Words:
        stored = self.catalogue.described.get(predicate.column) if isinstance(predicate, Range) else None
        if isinstance(predicate, Range) and stored is not None and stored.dtype in ("float32", "float64"):
            low = -np.inf if predicate.low is None else predicate.low
            high = np.inf if predicate.high is None else predicate.high
            return np.asarray(kernels.pack_range(self.values(predicate.column), low, high))
        return np.asarray(kernels.pack(predicate.mask(self.catalogue.columns)))

    def select(self, predicates: Iterable[Predicate]) -> kernels.Words:
        """Bitset of the rows that every predicate lets through; all rows where there is none."""
        return reduce(np.bitwise_and, (self.bits(predicate) for predicate in predicates), self.everything)

    def place(self, x: str, y: str, window: Window) -> Place:
        """Where the stars fall in a window of two quantities."""
        return self._kept["places"].get((x, y, window), lambda: self._locate(x, y, window))

    def ghost(self, x: str, y: str, window: Window, coarsening: int) -> Bytes:
        """Faint grey density of all stars in a window, as bytes of a map."""
        return self._kept["ghosts"].get(
            (x, y, window, coarsening), lambda: self._haunt(x, y, window, coarsening)
        )

    def _haunt(self, x: str, y: str, window: Window, coarsening: int) -> Bytes:
        place = self.place(x, y, window)
        return ghost(coarsen(kernels.counts(place.inside, place.pixels, FINE * FINE), coarsening))

    def _locate(self, x: str, y: str, window: Window) -> Place:
        ends = (window.x0, window.x1, window.y0, window.y1)
        return Place(*kernels.locate(self.values(x), self.values(y), *ends, FINE, FINE))

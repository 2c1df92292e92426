"""A catalogue made ready for drawing: one immutable store per process, shared by every visitor.

Columns stay memory-mapped in the catalogue's order, in which neighbours on a map are neighbours in memory.
What a selection or a window needs (bitsets, pixel numbers, codes, computed quantities) is made once, kept
in bounded caches and never changed, so threads may share it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.expression import Expression
from data.predicate import Predicate
from data.problem import DataError
from data.schema import Column
from explorer import kernels, regions
from explorer.bitsets import Bitsets, Each, evaluated, fill
from explorer.codes import Coded, encode, ends, fine_enough, step_of
from explorer.kept import Kept
from explorer.notation import upright
from explorer.palette import Bytes, ghost
from explorer.raster import FINE, Window, coarsen
from explorer.session import Derived

LEAST_BYTES = 16 << 20
"""Bound of each cache for small catalogues."""

BYTES_A_ROW: Mapping[str, int] = {"bits": 16, "places": 68, "values": 48}
"""Bounds of the others: 128 selections; 16 windows and their histograms; 12 computed quantities or 24 labels.

Together 515 MB for 3.9 million rows, 5.3 GB for 40 million; far less where few of them are in use.
"""

Numbers = TypeVar("Numbers", bound=NDArray[np.unsignedinteger])


@dataclass(frozen=True, eq=False)
class Place(Generic[Numbers]):
    """Where the stars fall in one window, or in the bins of a histogram.

    Attributes
    ----------
    pixels : (N,) number of the fine pixel or bin of each row.
    inside : bitset of the rows that are in one.
    """

    pixels: Numbers
    inside: kernels.Words

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return self.pixels.nbytes + self.inside.nbytes


class Stars:
    """The rows of a catalogue as the page uses them.

    A *quantity* is the name of a numeric column or an expression over columns; both are used alike. What
    takes `each` does its work in parts with it: a pool's `map`, if it is not called from that very pool.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.everything = kernels.pack(np.ones(len(catalogue), np.bool_))
        self._kept = {
            name: Kept(max(LEAST_BYTES, most * len(catalogue))) for name, most in BYTES_A_ROW.items()
        }
        self._kept["small"] = Kept(LEAST_BYTES)
        self._bitsets = Bitsets(catalogue, self._kept["bits"], self._kept["values"])

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

    def columns_of(self, quantity: str) -> frozenset[str]:
        """Columns that a quantity is made of."""
        if quantity in self.catalogue:
            return frozenset({quantity})
        return Expression.parse(quantity, self.catalogue.described).columns

    def known(self, quantity: str, each: Each = map) -> kernels.Words:
        """Bitset of the rows in which a quantity is neither missing nor infinite."""
        return self._kept["bits"].get(("known", quantity), lambda: self._finite(quantity, each))

    def _finite(self, quantity: str, each: Each) -> kernels.Words:
        values = self.values(quantity, each)
        words: kernels.Words = np.empty_like(self.everything)
        most = float(np.finfo(np.float64).max)
        fill(each, lambda part: regions.between(values, -most, most, words, *part), len(self))
        return words

    def number(self, predicates: Iterable[Predicate], each: Each = map) -> int:
        """How many rows every predicate lets through."""
        return int(kernels.population(self.select(predicates, each)))

    def describe(self, quantity: str, derived: Iterable[Derived] = (), *, shown: bool = True) -> Column:
        """What a quantity is: the catalogue's column, or one made up for an expression.

        A computed quantity is shown from the 1st to the 99th percentile of a sample of its values; where it
        is only to be named, not `shown`, nothing is computed.
        """
        if quantity in self.catalogue.described:
            return self.catalogue.described[quantity]
        name = next((known.name for known in derived if known.expression == quantity), quantity)
        low, high = self._displayed(quantity) if shown else (0.0, 1.0)
        made = Expression.parse(quantity, self.catalogue.described)
        column = made.describe("computed", self.catalogue.described)
        return replace(
            column,
            name=quantity,
            dtype="float32",
            tex=upright(name),
            plain=name,
            low=low,
            high=high,
        )

    def _displayed(self, quantity: str) -> tuple[float, float]:
        """Ends of the range over which a quantity is displayed."""
        column = self.catalogue.described.get(quantity)
        if column is not None:
            return column.low, column.high
        found = self._kept["small"].get(("range", quantity), lambda: self._percentiles(quantity))
        low, high = (float(end) for end in found)
        return low, high if high > low else low + 1

    def _percentiles(self, quantity: str) -> NDArray[np.float64]:
        """Of a sample, which alone is computed: this may be asked for where nobody should have to wait."""
        expression = Expression.parse(quantity, self.catalogue.described)
        few = slice(None, None, max(1, len(self) // 100_000))
        columns = {name: self.catalogue[name][few] for name in expression.columns if name in self.catalogue}
        with np.errstate(over="ignore"):
            sample = expression.evaluate(columns).astype(np.float32)
        finite = sample[np.isfinite(sample)]
        return np.asarray(np.percentile(finite, (1, 99)) if finite.size else (0.0, 1.0))

    def values(self, quantity: str, each: Each = map) -> kernels.Values:
        """(N,) values of a quantity, NaN where missing, in the catalogue's order of rows.

        Raises DataError where the quantity is neither a column nor an expression over columns.
        """
        column = self.catalogue.described.get(quantity)
        if column is not None and column.dtype in ("float32", "float64"):
            return np.asarray(self.catalogue[quantity])
        return self._kept["values"].get(quantity, lambda: self._compute(quantity, column, each))

    def _compute(self, quantity: str, column: Column | None, each: Each) -> NDArray[np.float32]:
        if column is None:
            values = np.empty(len(self), np.float32)
            with np.errstate(over="ignore"):
                evaluated(self.catalogue, Expression.parse(quantity, self.catalogue.described), values, each)
        else:
            raw = self.catalogue[quantity]
            values = np.where(raw == column.missing, np.float32("nan"), raw.astype(np.float32))
        values.flags.writeable = False
        return values

    def label(self, quantity: str, each: Each = map) -> kernels.Values | Coded:
        """What to average of a quantity: its codes where they are fine enough, else its values."""
        values, displayed = self.values(quantity, each), self._displayed(quantity)
        low, high = self._kept["small"].get(("ends", quantity), lambda: np.array(ends(values))).tolist()
        if not fine_enough(low, high, displayed[1] - displayed[0]):
            return values
        return self._kept["values"].get(("codes", quantity), lambda: self._encode(quantity, low, high, each))

    def _encode(self, quantity: str, low: float, high: float, each: Each) -> Coded:
        values, codes = self.values(quantity, each), np.empty(len(self), np.uint16)
        made = Coded(codes, self.known(quantity, each), low, step_of(low, high))
        fill(each, lambda part: encode(values, low, made.step, codes, *part), len(self))
        return made

    def bits(self, predicate: Predicate, each: Each = map) -> kernels.Words:
        """Bitset of the rows that a predicate lets through."""
        return self._bitsets.of(predicate, each)

    def select(self, predicates: Iterable[Predicate], each: Each = map) -> kernels.Words:
        """Bitset of the rows that every predicate lets through; all rows where there is none."""
        found = (self.bits(predicate, each) for predicate in predicates)
        return reduce(np.bitwise_and, found, self.everything)

    def place(self, x: str, y: str, window: Window, each: Each = map) -> Place[kernels.Pixels]:
        """Where the stars fall in a window of two quantities."""
        return self._kept["places"].get((x, y, window), lambda: self._locate(x, y, window, each))

    def bins(
        self, quantity: str, low: float, high: float, many: int, each: Each = map
    ) -> Place[kernels.Bins]:
        """Where the stars fall among equal bins of [low, high]."""
        return self._kept["places"].get(
            (quantity, low, high, many), lambda: self._divide(quantity, low, high, many, each)
        )

    def everyone(self, quantity: str, low: float, high: float, many: int) -> NDArray[np.int64]:
        """Numbers of all stars in equal bins of [low, high]."""
        return self._kept["small"].get(
            (quantity, low, high, many), lambda: self._tally(quantity, low, high, many)
        )

    def ghost(self, x: str, y: str, window: Window, coarsening: int) -> Bytes:
        """Faint grey density of all stars in a window, as bytes of a map."""
        return self._kept["small"].get(
            (x, y, window, coarsening), lambda: self._haunt(x, y, window, coarsening)
        )

    def _tally(self, quantity: str, low: float, high: float, many: int) -> NDArray[np.int64]:
        place = self.bins(quantity, low, high, many)
        return np.asarray(kernels.tally(place.inside, place.pixels, many))

    def _haunt(self, x: str, y: str, window: Window, coarsening: int) -> Bytes:
        place = self.place(x, y, window)
        return ghost(coarsen(kernels.counts(place.inside, place.pixels, FINE * FINE), coarsening))

    def _locate(self, x: str, y: str, window: Window, each: Each) -> Place[kernels.Pixels]:
        across, up = self.values(x), self.values(y)
        place = Place(np.empty(len(self), np.uint32), np.empty_like(self.everything))
        ends = float(window.x0), float(window.x1), float(window.y0), float(window.y1)
        fill(
            each,
            lambda part: regions.locate(across, up, ends, FINE, place.pixels, place.inside, *part),
            len(self),
        )
        return place

    def _divide(self, quantity: str, low: float, high: float, many: int, each: Each) -> Place[kernels.Bins]:
        values = self.values(quantity)
        place = Place(np.empty(len(self), np.uint16), np.empty_like(self.everything))
        ends = float(low), float(high), many
        fill(each, lambda part: regions.divide(values, *ends, place.pixels, place.inside, *part), len(self))
        return place

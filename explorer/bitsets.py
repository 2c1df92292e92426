"""Conditions as bitsets: the and, or and not of a condition are taken of the bitsets of its parts.

The logic is that of `data.expression`: where a value is missing, a condition neither holds nor fails. So
there are two bitsets of every part, the rows for which it certainly holds and those for which it fails.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.expression import Expression
from data.predicate import Outside, Polygon, Predicate
from data.syntax import Call, Compare, Junction, Name, Node, Not, Number, Text
from explorer.kept import Kept
from explorer.kernels import Values, Words, pack
from explorer.polygons import Outline
from explorer.regions import between

Part = tuple[int, int]
"""First word of a part of all rows, and the first beyond it."""

Each = Callable[[Callable[[Part], None], Iterable[Part]], Iterable[None]]
"""Does a thing for each part, in any order: `map`, or that of a pool of threads."""

PART = 1 << 14
"""Words of a part: a million rows, a millisecond of work."""


def parts_of(rows: int) -> list[Part]:
    """All words of a bitset of so many rows, in parts."""
    words = -(-rows // 64)
    return [(first, min(first + PART, words)) for first in range(0, words, PART)]


def fill(each: Each, work: Callable[[Part], None], rows: int) -> None:
    """Do some work on all parts, and wait for it; an end before the last part is a ValueError."""
    parts = parts_of(rows)
    for _ in zip(parts, each(work, parts), strict=True):
        pass


def evaluated(
    catalogue: Catalogue, expression: Expression, made: NDArray[Any], each: Each, *, packed: bool = False
) -> None:
    """Compute an expression into an array, (N,), or a condition into the words of its bitset: packed."""
    known = [name for name in expression.columns if name in catalogue]

    def work(part: Part) -> None:
        rows = slice(64 * part[0], min(64 * part[1], len(catalogue)))
        found = expression.evaluate({name: catalogue[name][rows] for name in known}, rows.stop - rows.start)
        if packed:
            made[part[0] : part[1]] = pack(found)
        else:
            made[rows] = found

    fill(each, work, len(catalogue))


def interval(compare: Compare) -> tuple[Node, float, float] | None:
    """Split a comparison of one number with constants into that number and its ends, both included.

    None where it is something else, as is a comparison of two columns.
    """
    terms = [term for term in compare.operands if not isinstance(term, Number)]
    if len(terms) != 1 or isinstance(terms[0], Text) or "!=" in compare.signs:
        return None
    low, high = -np.inf, np.inf
    for sign, left, right in zip(compare.signs, compare.operands, compare.operands[1:], strict=False):
        flipped = isinstance(left, Number)
        end = left if isinstance(left, Number) else right
        if not isinstance(end, Number) or (flipped and isinstance(right, Number)):
            return None
        value = float(end.value)
        upper = sign.startswith(">" if flipped else "<")
        if upper or sign == "==":
            high = min(high, value if "=" in sign else float(np.nextafter(value, -np.inf)))
        if not upper:
            low = max(low, value if "=" in sign else float(np.nextafter(value, np.inf)))
    return terms[0], low, high


class Bitsets:
    """Bitsets of conditions on one catalogue, kept where they fit; computed numbers likewise."""

    def __init__(self, catalogue: Catalogue, bits: Kept, numbers: Kept) -> None:
        self._catalogue = catalogue
        self._bits = bits
        self._numbers = numbers

    def of(self, predicate: Predicate, each: Each, *, holds: bool = True) -> Words:
        """The rows for which a condition certainly holds, or certainly fails."""
        if isinstance(predicate, Outside):
            return self.of(predicate.inner, each, holds=not holds)
        if isinstance(predicate, Polygon):
            return self._bits.get((predicate, holds), lambda: self._leaf(_tree(predicate), each, holds=holds))
        return self._node(_tree(predicate), each, holds=holds)

    def _node(self, node: Node, each: Each, *, holds: bool) -> Words:
        match node:
            case Not(operand):
                return self._node(operand, each, holds=not holds)
            case Junction(word, conditions):
                join = np.bitwise_and if (word == "and") == holds else np.bitwise_or
                parts = (self._part(part, each, holds=holds) for part in conditions)
                return self._bits.get((node, holds), lambda: reduce(join, parts))
        return self._bits.get((node, holds), lambda: self._leaf(node, each, holds=holds))

    def _part(self, node: Node, each: Each, *, holds: bool) -> Words:
        """As `_node`, but what takes no time is not kept beside the whole: a box that moves has new sides."""
        if isinstance(node, Compare) and interval(node):
            return self._leaf(node, each, holds=holds)
        return self._node(node, each, holds=holds)

    def _leaf(self, node: Node, each: Each, *, holds: bool) -> Words:
        match node:
            case Compare() if (found := interval(node)) and self._is_real(found[0]):
                term, low, high = found
                yes = self._between(term, low, high, each)
                return yes if holds else self._between(term, -np.inf, np.inf, each) & ~yes
            case Call("inside", (x, y, *corners)) if self._is_real(x) and self._is_real(y):
                yes = self._inside(x, y, corners, each)
                known = (self._between(term, -np.inf, np.inf, each) for term in (x, y))
                return yes if holds else reduce(np.bitwise_and, known, ~yes)
        words = self._empty()
        condition = Expression(node if holds else Not(node), is_condition=True)
        evaluated(self._catalogue, condition, words, each, packed=True)
        return words

    def _is_real(self, term: Node) -> bool:
        """Whether a term is a number of each row with NaN where it is missing.

        Flags, identifiers and texts are not, nor is what is the same for every row.
        """
        if not isinstance(term, Name):
            return bool(term.names)
        column = self._catalogue.described.get(term.name)
        return column is not None and column.dtype in ("float32", "float64")

    def _between(self, term: Node, low: float, high: float, each: Each) -> Words:
        values, words = self._values(term, each), self._empty()
        fill(each, lambda part: between(values, low, high, words, *part), len(self._catalogue))
        return words

    def _inside(self, x: Node, y: Node, corners: Sequence[Node], each: Each) -> Words:
        ends = [corner.value for corner in corners if isinstance(corner, Number)]
        outline, words = Outline.of(ends[::2], ends[1::2]), self._empty()
        across, up = (self._values(term, each) for term in (x, y))
        fill(each, lambda part: outline.test(across, up, words, *part), len(self._catalogue))
        return words

    def _values(self, term: Node, each: Each) -> Values:
        """A number in full precision: a column as it is stored, or float64 computed from columns."""
        if isinstance(term, Name):
            return np.asarray(self._catalogue[term.name])
        return self._numbers.get(("number", term), lambda: self._computed(term, each))

    def _computed(self, term: Node, each: Each) -> Values:
        values = np.empty(len(self._catalogue))
        evaluated(self._catalogue, Expression(term, is_condition=False), values, each)
        values.flags.writeable = False
        return values

    def _empty(self) -> Words:
        return np.zeros(-(-len(self._catalogue) // 64), np.uint64)


def _tree(predicate: Predicate) -> Node:
    return predicate.expression.tree

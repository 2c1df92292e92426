"""How the cards of the linked page lie: pure functions from one arrangement to the next.

No card is ever lost or there twice: what is not in the order is off the page, and can be put back.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeGuard

from data.problem import DataError
from explorer.session import Layout

USUAL = ("rz", "xy", "rv", "kiel", "plane", "histogram", "actions", "summary")
"""The cards as they lie at first."""

WIDE: Mapping[str, int] = MappingProxyType({"summary": 2})
"""How many columns cards take that are usually wider than others."""

SIZES = (1, 2, 3)
"""How many times as wide and high as usual a card may be."""

GAP, WIDTH, HEIGHT = 8, 384, 368
"""Between cards, and of a card of the usual size, in CSS pixels."""

MOST_CHARACTERS = 2000
"""An arrangement is written in fewer."""


@dataclass(frozen=True)
class Area:
    """Room for cards on a screen, in CSS pixels."""

    width: int = 1192
    height: int = 740

    @property
    def columns(self) -> int:
        """How many cards of the usual size lie side by side."""
        return max(1, (self.width + GAP) // (WIDTH + GAP))


def order(layout: Layout) -> tuple[str, ...]:
    """Keys of the cards that are on the page, first to last."""
    return layout.order or USUAL


def seen(layout: Layout) -> tuple[str, ...]:
    """Keys of the cards that can be seen: the one that fills the page, or all that are there."""
    return (layout.largest,) if layout.largest is not None else order(layout)


def size(layout: Layout, key: str) -> int:
    """How many times as wide and high as usual a card is."""
    return int(layout.sizes.get(key, 1))


def span(layout: Layout, key: str, area: Area) -> int:
    """How many columns a card takes where there is room for so many."""
    return min(size(layout, key) * WIDE.get(key, 1), area.columns)


def rows(layout: Layout, key: str, area: Area) -> int:
    """How many rows a card takes: as many as columns, unless it is a wide one."""
    return max(1, span(layout, key, area) // WIDE.get(key, 1))


def box(layout: Layout, key: str, area: Area) -> tuple[int, int]:
    """Width and height of a card in CSS pixels."""
    if layout.largest == key:
        return max(area.width, WIDTH), max(area.height, HEIGHT)
    n, m = span(layout, key, area), rows(layout, key, area)
    return n * WIDTH + (n - 1) * GAP, m * HEIGHT + (m - 1) * GAP


def swapped(layout: Layout, one: str, other: str) -> Layout:
    """Two cards in each other's place; the same if one of them is not there."""
    if not {one, other} <= {*order(layout)}:
        return layout
    places = {one: other, other: one}
    return _made((places.get(key, key) for key in order(layout)), layout.sizes, layout.largest)


def moved(layout: Layout, key: str, step: int) -> Layout:
    """A card so many places further on; the first and the last stay at their end."""
    keys = [*order(layout)]
    if key not in keys:
        return layout
    at = keys.index(key)
    keys.insert(min(max(at + step, 0), len(keys) - 1), keys.pop(at))
    return _made(keys, layout.sizes, layout.largest)


def resized(layout: Layout, key: str, step: int) -> Layout:
    """A card so many sizes larger, as far as there are sizes."""
    at = min(max(SIZES.index(size(layout, key)) + step, 0), len(SIZES) - 1)
    return _made(order(layout), {**layout.sizes, key: SIZES[at]}, layout.largest)


def maximised(layout: Layout, key: str | None) -> Layout:
    """The card that fills the page; None: all as they were."""
    return _made(order(layout), layout.sizes, key)


def removed(layout: Layout, key: str) -> Layout:
    """Without a card; the last one stays."""
    rest = [other for other in order(layout) if other != key]
    return _made(rest, layout.sizes, layout.largest) if rest else layout


def added(layout: Layout, key: str) -> Layout:
    """With a card that was off the page, after the one it usually follows; the same if it is there."""
    keys = [*order(layout)]
    if key in keys or key not in USUAL:
        return layout
    before = [other for other in USUAL[: USUAL.index(key)] if other in keys]
    keys.insert(keys.index(before[-1]) + 1 if before else 0, key)
    return _made(keys, layout.sizes, layout.largest)


def _made(keys: Iterable[str], sizes: Mapping[str, float], largest: str | None) -> Layout:
    """The one way to write an arrangement: nothing of cards that are not there, nothing that is as usual."""
    there = tuple(keys)
    enlarged = {key: factor for key, factor in sizes.items() if key in there and factor != 1}
    return Layout(
        () if there == USUAL else there,
        MappingProxyType(enlarged),
        largest if largest in there else None,
    )


def written(layout: Layout) -> str:
    """An arrangement as JSON, for a browser to keep."""
    plain = {"order": [*layout.order], "sizes": {**layout.sizes}, "largest": layout.largest}
    return json.dumps(plain)


def read(text: str) -> Layout:
    """The arrangement that a browser kept.

    Raises
    ------
    DataError
        Where it is none, as one of another version with other cards.
    """
    try:
        plain = json.loads(text[:MOST_CHARACTERS])
    except (ValueError, RecursionError):
        plain = None
    return laid(plain, "the arrangement that this browser kept")


def laid(plain: object, which: str) -> Layout:
    """The arrangement of plain values as `written` puts them; DataError names `which` won't do."""
    if not isinstance(plain, dict):
        raise DataError(f"{which} can't be read: arrange the views anew")
    keys, sizes, largest = plain.get("order", []), plain.get("sizes", {}), plain.get("largest")
    if not (_are_cards(keys) and _are_sizes(sizes) and largest in (None, *USUAL)):
        raise DataError(f"{which} is of other views: arrange them anew")
    return _made(keys or USUAL, sizes, largest)


def _are_cards(keys: object) -> TypeGuard[list[str]]:
    return isinstance(keys, list) and all(key in USUAL for key in keys) and len({*keys}) == len(keys)


def _are_sizes(sizes: object) -> TypeGuard[dict[str, float]]:
    return isinstance(sizes, dict) and all(
        key in USUAL and not isinstance(factor, bool) and factor in SIZES for key, factor in sizes.items()
    )

"""What a link may hold: every part is held against the catalogue, the diagrams and the lists to choose from.

A state that passes is one that a person could have made on the page.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from data.parser import LARGEST, parse
from data.predicate import OneOf, Outside, Predicate, Where
from data.predicate_json import few_corners
from data.problem import DataError, UnknownColumnError
from data.schema import Column
from data.selection import MOST_CLAUSES, Selection
from data.syntax import Call, Name, Node, walk
from explorer import algebra, arrangement, choices, finding, formula, science
from explorer.atlas import DIAGRAMS, HISTOGRAM, PLANES, VIEWS, Diagram
from explorer.controls import MOST_MIN_STARS
from explorer.cuts import MOST_VALUES
from explorer.landmarks import over
from explorer.palette import COLOUR_MAPS, Scale
from explorer.raster import STATISTICS, Window
from explorer.session import (
    MOST_DERIVED,
    Bars,
    Colouring,
    Derived,
    Gallery,
    Layout,
    Star,
    State,
    Subset,
    ViewState,
)
from explorer.stars import Stars

SUBSETS_AS = ("contours", "tints")
LONGEST_TEXT = 1000
MOST_SIGNS = 6000
"""Words and signs of all texts: numbers and commas too, of which a lasso kept as a subset has many."""
_SIGNS = re.compile(r"[\w.]+|[^\w\s]")
MOST_WORDS = 2000
"""Of all conditions together, polygons' corners not counted."""

Parts = Mapping[str, Any]


def admitted(given: Any, usually: Parts, stars: Stars, tabs: Collection[str]) -> State:
    """Read a state.

    Parameters
    ----------
    given : whatever a link held.
    usually : parts that it may leave out, as they are then.
    stars : the catalogue that it is to be shown of.
    tabs : the pages there are.

    Raises
    ------
    DataError
        Where a part won't do; UnknownColumnError where it names a column that the catalogue lacks.
    """
    check_length(given)
    plain = {**usually, **_parts(given, {"selection", "colouring", "bars", *usually}, "a link")}
    catalogue = stars.catalogue
    described = {name: column for name, column in catalogue.described.items() if name in catalogue}
    derived = _derived(plain["derived"], stars)
    quantities = _Quantities.of(stars, derived)
    selection = _selection(plain.get("selection"), described, quantities.drawn)
    subsets = _subsets(plain["subsets"], described)
    check_size(selection, subsets)
    state = State(
        selection=selection,
        colouring=quantities.colouring(plain.get("colouring")),
        bars=quantities.bars(plain.get("bars")),
        views=quantities.views(plain["views"]),
        derived=derived,
        subsets=subsets,
        subsets_as=_one_of(plain["subsets_as"], SUBSETS_AS, "a way to show subsets"),
        tab=_one_of(plain["tab"], tabs, "a page"),
        layout=_layout(plain["layout"]),
        gallery=_gallery(plain["gallery"], stars),
        star=None if plain["star"] is None else _star(plain["star"], stars),
    )
    return replace(state, chosen=science.chosen(plain["chosen"], stars, state))


def _star(given: Any, stars: Stars) -> Star:
    parts = _list(given, 2, "a star")
    if len(parts) != 2 or type(parts[1]) is not int:
        raise DataError(f"a star is told by the name and the value of a whole number, not {given!r:.80}")
    star = Star(_one_of(parts[0], finding.NAMES, "a name of stars"), parts[1])
    finding.row_of(stars, star)
    return star


def _derived(given: Any, stars: Stars) -> tuple[Derived, ...]:
    known: tuple[Derived, ...] = ()
    for pair in _list(given, MOST_DERIVED, "computed columns"):
        if not isinstance(pair, list) or list(map(type, pair)) != [str, str]:
            raise DataError(f"a computed column needs a name and an expression, not {pair!r:.80}")
        name, written = pair
        known = (*known, formula.read(stars, name, written, known))
    return known


def _selection(given: Any, described: Mapping[str, Column], drawn: Collection[str]) -> Selection:
    selection = Selection.from_json(given, described)
    for clause in selection:
        for view in clause.views or ():
            _one_of(view, {*VIEWS, HISTOGRAM}, "a view")
        _check(clause.predicate, described, drawn)
    return selection


def _check(predicate: Predicate, described: Mapping[str, Column], drawn: Collection[str]) -> None:
    """Refuse conditions on quantities that nobody computed, and values that a column can't have."""
    for quantity in predicate.quantities:
        _quantity(quantity, drawn, "a cut")
    inner = predicate.inner if isinstance(predicate, Outside) else predicate
    if not isinstance(inner, OneOf):
        return
    kind = described[inner.column].kind
    fits = kind == "category" and isinstance(inner.values[0], str) and len(inner.values) <= MOST_VALUES
    if not fits and not (kind == "flag" and inner.values in ((0,), (1,))):
        raise DataError(f"{inner.column} can't be cut to {inner.values!r:.60}: write a condition instead")


def check_length(plain: Any) -> None:
    """Refuse a link whose texts would take long to read, before that is tried; DataError says so."""
    level, signs = [plain], 0
    while level:
        each = level.pop()
        if isinstance(each, str):
            signs += len(_SIGNS.findall(each))
        elif isinstance(each, Mapping):
            level += each.values()
        elif isinstance(each, list):
            level += each
    if signs > MOST_SIGNS:
        raise DataError(
            f"all conditions and lists together have {signs:,} words and signs, too many for a link: "
            f"at most {MOST_SIGNS:,}"
        )


def check_size(selection: Selection, subsets: Iterable[Subset]) -> None:
    """Refuse what would take long to find the stars of; DataError says how long it may be.

    A person may keep more on the page, one by one, but not in a link, which opens all at once.
    """
    if len(selection) > MOST_CLAUSES:
        raise DataError(f"{len(selection)} cuts are too many for a link: at most {MOST_CLAUSES}")
    trees = [few_corners(clause.predicate).expression.tree for clause in selection]
    words = sum(map(_words, (*trees, *(subset.condition.tree for subset in subsets))))
    if words > MOST_WORDS:
        raise DataError(
            f"all cuts and subsets together have {words:,} words, too many for a link: at most {MOST_WORDS:,}"
        )


def _words(tree: Node) -> int:
    """Columns, numbers, texts, signs and functions of a condition, without the corners of polygons."""
    nodes = [node for node, _ in walk(tree)]
    corners = sum(len(node.parts) - 2 for node in nodes if isinstance(node, Call) and node.name == "inside")
    return len(nodes) - corners


def _subsets(given: Any, described: Mapping[str, Column]) -> tuple[Subset, ...]:
    subsets: tuple[Subset, ...] = ()
    for each in _list(given, algebra.MOST_SUBSETS, "subsets"):
        subset = _subset(each, described)
        name = algebra.checked_name(subset.name, (known.name for known in subsets))
        subsets = (*subsets, replace(subset, name=name))
    if sum(subset.shown for subset in subsets) > algebra.MOST_SHOWN:
        raise DataError(f"more than {algebra.MOST_SHOWN} subsets are shown: that can't be told apart")
    return subsets


def _subset(given: Any, described: Mapping[str, Column]) -> Subset:
    plain = _parts(given, {"name", "if", "colour", "shown"}, "a subset")
    name, written, colour = (plain.get(key) for key in ("name", "if", "colour"))
    if not isinstance(written, str) or not isinstance(colour, str):
        raise DataError(f"a subset needs a condition and a colour, not {written!r:.40} and {colour!r:.40}")
    return Subset(
        _text(name, "the name of a subset"),
        Where.parse(written, described).condition,
        algebra.checked_colour(colour),
        _switch(plain.get("shown", True)),
    )


def _layout(given: Any) -> Layout:
    return arrangement.laid(_parts(given, {"order", "sizes", "largest"}, "a layout"), "its arrangement")


def _gallery(given: Any, stars: Stars) -> Gallery:
    plain = _parts(given, {"plane", "shared", "range"}, "a gallery")
    usual, ends = Gallery(), plain.get("range")
    plane = DIAGRAMS[_one_of(plain.get("plane", usual.plane), PLANES, "a plane")]
    if plane.key != usual.plane:
        for column in (plane.x, plane.y):
            if not stars.has(column):
                raise UnknownColumnError(f"the gallery can't show {plane.key}", column)
    scale = None if ends is None else _scale(ends)
    return Gallery(plane.key, _switch(plain.get("shared", usual.shared)), scale)


@dataclass(frozen=True)
class _Quantities:
    """What a person may choose for colours, bars and vertical axes."""

    averaged: Collection[str]
    drawn: Collection[str]
    planes: Collection[str]
    low: Callable[[str], float]

    @classmethod
    def of(cls, stars: Stars, derived: tuple[Derived, ...]) -> "_Quantities":
        averaged = choices.flat(choices.quantities(stars, derived, averaged=True)).values()
        drawn = choices.flat(choices.quantities(stars, derived)).values()
        planes = choices.planes(stars, derived).values()
        offered = {*averaged, choices.opening_label(stars)}
        return cls(offered, {*drawn}, {*planes}, lambda name: stars.describe(name).low)

    def colouring(self, given: Any) -> Colouring:
        keys = {"label", "statistic", "min_stars", "log", "colours", "range"}
        plain = _parts(given, keys, "colours")
        least, colours, ends = (plain.get(key) for key in ("min_stars", "colours", "range"))
        usual = Colouring(_quantity(plain.get("label"), self.averaged, "colours"))
        if least is not None and (type(least) is not int or not 1 <= least <= MOST_MIN_STARS):
            raise DataError(f"the least number of stars is 1 to {MOST_MIN_STARS:,}, not {least!r:.80}")
        statistic = _one_of(plain.get("statistic", usual.statistic), STATISTICS, "a statistic")
        log = _switch(plain.get("log", usual.log))
        if log and statistic in ("mean", "median") and self.low(usual.label) < 0:
            raise DataError(f"{usual.label[:60]} may be negative: its {statistic} has no logarithmic colours")
        return Colouring(
            usual.label,
            statistic,
            usual.min_stars if least is None else least,
            log,
            None if colours is None else _one_of(colours, COLOUR_MAPS, "a list of colours"),
            None if ends is None else _scale(ends),
        )

    def bars(self, given: Any) -> Bars:
        plain = _parts(given, {"column", "log"}, "the histogram")
        column = _quantity(plain.get("column"), self.drawn, "the histogram")
        return Bars(column, _switch(plain.get("log", False)))

    def views(self, given: Any) -> Mapping[str, ViewState]:
        views = _parts(given, DIAGRAMS, "the views")
        return MappingProxyType({key: self._view(key, view) for key, view in views.items()})

    def _view(self, key: str, given: Any) -> ViewState:
        plain = _parts(given, {"window", "y", "colouring", "landmarks"}, "a view")
        window, y, colouring, lines = map(plain.get, ("window", "y", "colouring", "landmarks"))
        offered = self.planes if DIAGRAMS[key].y_choice else ()
        view = ViewState(
            None if window is None else _window(window),
            None if y is None else _quantity(y, offered, "a vertical axis"),
            None if colouring is None else self.colouring(colouring),
            None if lines is None else _landmarks(DIAGRAMS[key], lines),
        )
        if view == ViewState():
            raise DataError(f"nothing is said of the view {key}")
        return view


def _landmarks(diagram: Diagram, given: Any) -> tuple[str, ...]:
    there = over(diagram.x, diagram.y)
    chosen = [_one_of(each, there, "a line") for each in _list(given, len(there), "the lines of a view")]
    return tuple(key for key in there if key in chosen)


def _quantity(given: Any, offered: Collection[str], place: str) -> str:
    if isinstance(given, str) and given in offered:
        return given
    name = _text(given, "a quantity")
    if isinstance(tree := parse(name), Name) and tree.name not in offered:
        raise UnknownColumnError(f"{place} can't show {name[:60]}", tree.name)
    raise DataError(f"{place} can't show {name[:60]}: it is not among the computed columns")


def _window(given: Any) -> Window:
    x0, x1, y0, y1 = _numbers(given, 4, "the ends of a window")
    try:
        return Window(x0, x1, y0, y1)
    except ValueError as problem:
        raise DataError(str(problem)) from None


def _scale(given: Any) -> Scale:
    *ends, log = _list(given, 3, "a colour range") or [None]
    low, high = _numbers(ends, 2, "the ends of a colour range")
    try:
        return Scale(low, high, log=_switch(log))
    except ValueError as problem:
        raise DataError(str(problem)) from None


def _parts(given: Any, keys: Collection[str], what: str) -> Parts:
    if not isinstance(given, dict) or given.keys() - {*keys}:
        raise DataError(f"{what} may hold {', '.join(sorted(keys))}, not {given!r:.80}")
    return given


def _list(given: Any, most: int, what: str) -> list[Any]:
    if not isinstance(given, list) or len(given) > most:
        raise DataError(f"{what} must be a list of at most {most}, not {given!r:.80}")
    return given


def _text(given: Any, what: str) -> str:
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST_TEXT or not given.isprintable():
        raise DataError(f"{what} must be a text of at most {LONGEST_TEXT:,} letters, not {given!r:.80}")
    return given


def _one_of(given: Any, known: Collection[str], what: str) -> str:
    if not isinstance(given, str) or given not in known:
        raise DataError(f"{given!r:.80} is not {what} there is here")
    return given


def _switch(given: Any) -> bool:
    if not isinstance(given, bool):
        raise DataError(f"a switch is true or false, not {given!r:.80}")
    return given


def _numbers(given: Any, length: int, what: str) -> list[float]:
    numbers = [_number(each) for each in _list(given, length, what)]
    if len(numbers) != length:
        raise DataError(f"{what} must be {length} numbers, not {given!r:.80}")
    return numbers


def _number(given: Any) -> float:
    if type(given) not in (int, float) or not abs(given) <= LARGEST:
        raise DataError(f"a finite number was expected, not {given!r:.80}")
    return float(given)

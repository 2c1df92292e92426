"""The mean of a label among some stars less that among others, pixel by pixel of a map's plane."""

import math
from dataclasses import dataclass, replace

from data.expression import Expression
from data.predicate import OneOf, Where
from data.problem import DataError
from data.selection import Clause, Selection
from explorer import algebra, kernels, picture, raster
from explorer.atlas import DIAGRAMS, Diagram
from explorer.bitsets import Each
from explorer.comparison import sides_of
from explorer.overtaking import Overtaken, attend, attentive
from explorer.populations import POPULATIONS, Population
from explorer.raster import COARSENINGS, FINE, Window
from explorer.session import Derived, State
from explorer.shapes import is_brush
from explorer.stars import Stars
from model.differences import Differences, Samples, differences

SELECTED, OTHERS, EVERYONE = "selected", "others", "everyone"
GROUPS = {SELECTED: "selected stars", OTHERS: "the others", EVERYONE: "all stars"}
"""Stars to compare beside the subsets, which are called by `algebra.CLAUSE` and their name."""
READY = "ready:"
"""Begins what a ready-made subset is called by, before its name: it need not be among the visitor's."""
STARS_PER_PIXEL = 60
"""Of the smaller side, on average over the window, where the size of pixels is left open."""
FINEST = 4
"""Fewest fine pixels along the side of one that is compared: 100 a side of the map."""
SIDES = {FINE // factor: factor for factor in COARSENINGS if factor >= FINEST}
"""Pixels along a side that may be asked for -> fine pixels of each."""
FEWEST, LEAST, MOST_LEAST = 10, 30, 100_000
"""Stars of each side that a pixel may be asked to have at least, that it needs usually, and the most."""
RATES = (0.001, 0.01, 0.05, 0.1, 0.2)
"""Rates of false discoveries that are offered."""


@dataclass(frozen=True)
class Asked:
    """What is asked for.

    Attributes
    ----------
    first, second : groups A and B: keys of GROUPS, a subset's name after `algebra.CLAUSE`, or that of a
        ready-made one after READY.
    view : key of the diagram in whose plane and window.
    label : the quantity whose means are compared.
    least : stars with a value that a pixel needs on each side.
    rate : of false discoveries.
    within : whether of subsets only stars count that are selected too.
    side : pixels along a side of the map; None as suits the number of stars.
    """

    first: str
    second: str
    view: str
    label: str
    least: int = LEAST
    rate: float = 0.05
    within: bool = True
    side: int | None = None

    @property
    def diagram(self) -> Diagram:
        """The diagram of the plane."""
        return DIAGRAMS[self.view]


@dataclass(frozen=True)
class Question:
    """All that an answer depends on: it is out of date where another would be asked."""

    asked: Asked
    selection: Selection
    conditions: tuple[Expression | None, Expression | None]
    axes: tuple[str, str]
    window: Window
    derived: tuple[Derived, ...]


@dataclass(frozen=True, eq=False)
class Compared:
    """What was found.

    Attributes
    ----------
    question : what was asked.
    side : pixels along each side of the map.
    first, second : the samples, (side, side), row 0 lowest; stars of both sides count in one alone.
    found : their differences.
    stars : of A and of B with a value in the window.
    members : of A and of B in the window, with a value or without.
    shared : stars of the catalogue that are in both groups.
    kept_in : "A" or "B": where those count.
    against : who the others are, a key of `comparison.AGAINST`.
    giants : share of giants among those of A and of B that are known to be giants or dwarfs; NaN where
        nobody knows of any.
    by_label : sides, "A" and "B", whose stars are told by columns that the label is made of.
    """

    question: Question
    side: int
    first: Samples
    second: Samples
    found: Differences
    stars: tuple[int, int]
    members: tuple[int, int]
    shared: int
    kept_in: str
    against: str
    giants: tuple[float, float]
    by_label: tuple[str, ...]


def question_of(stars: Stars, state: State, asked: Asked) -> Question:
    """What is asked in a state.

    Raises
    ------
    DataError
        Where a subset is gone, or a number is out of its range.
    """
    if asked.view not in DIAGRAMS or asked.side not in {None, *SIDES} or not 0 < asked.rate < 1:
        raise DataError("the page has no such map, size of pixels or rate: choose one of those offered")
    if not stars.has(asked.label):
        raise DataError(f"there is no quantity '{asked.label[:40]}' to compare: choose another")
    if not FEWEST <= asked.least <= MOST_LEAST:
        raise DataError(f"a pixel needs {FEWEST} to {MOST_LEAST:,} stars of each side, not {asked.least}")
    first, second = (_condition(stars, state, name) for name in (asked.first, asked.second))
    return Question(
        asked,
        _holding(state.selection, asked.view),
        (first, second),
        picture.columns_of(asked.diagram, state),
        picture.window_of(stars, asked.diagram, state),
        state.derived,
    )


def ready_made(stars: Stars) -> tuple[Population, ...]:
    """Ready-made subsets for which a catalogue has the columns."""
    return tuple(each for each in POPULATIONS if not each.lacking(stars.catalogue.columns))


def population_of(group: str) -> Population | None:
    """The ready-made subset that a group is, if it is one."""
    return next((each for each in POPULATIONS if group == READY + each.name), None)


def _condition(stars: Stars, state: State, group: str) -> Expression | None:
    """Of a subset, kept or ready-made; None of the other groups."""
    if group in GROUPS:
        return None
    if group.startswith(READY):
        population, catalogue = population_of(group), stars.catalogue
        if population is None or population.lacking(catalogue.columns):
            raise DataError(f"the page has no ready-made '{group.removeprefix(READY)[:40]}': choose another")
        return population.expression(catalogue.described, catalogue.columns)
    return algebra.named(state.subsets, group.removeprefix(algebra.CLAUSE)).condition


def _holding(selection: Selection, view: str) -> Selection:
    """What holds in a view, its own brush too."""
    return Selection(tuple(replace(clause, views=None) for clause in selection if _holds(clause, view)))


def _holds(clause: Clause, view: str) -> bool:
    return clause.enabled and (clause.views is None or view in clause.views)


def groups_of(stars: Stars, asked: Question, each: Each = map) -> tuple[kernels.Words, kernels.Words, str]:
    """Bitsets of the stars of A and of B, which may share some, and who the others are."""
    sides = sides_of(stars, asked.selection, each)
    groups = {SELECTED: sides.selected, OTHERS: sides.others, EVERYONE: stars.everything}
    pool = sides.selected if asked.asked.within else stars.everything
    first, second = (
        groups[name] if condition is None else stars.bits(Where(condition), each) & pool
        for name, condition in zip((asked.asked.first, asked.asked.second), asked.conditions, strict=True)
    )
    return first, second, sides.against


def compared(stars: Stars, asked: Question, overtaken: Overtaken = bool) -> Compared:
    """Compare two groups of stars.

    Stars of both count in A alone; in B alone where nothing of B would be left.

    Raises
    ------
    DataError
        Where a group is empty, or both are the same stars.
    OvertakenError
        Where it is overtaken on the way.
    """
    each = attentive(map, overtaken)
    first, second, against = groups_of(stars, asked, each)
    shared = int(kernels.population(first & second))
    first, second, kept_in = _apart(first, second)
    attend(overtaken)
    question = asked.asked
    place = stars.place(*asked.axes, asked.window, each)
    inside = first & place.inside, second & place.inside
    known = stars.known(question.label, each)
    label = stars.label(question.label, each)
    parts = inside[0] & known, inside[1] & known
    members, numbers = _numbers(inside), _numbers(parts)
    factor = SIDES[question.side] if question.side else suitable(min(numbers))
    samples = []
    for words in parts:
        attend(overtaken)
        samples.append(Samples(*raster.moments(words, place.pixels, label, factor)))
    found = differences(samples[0], samples[1], question.least)
    giants = _giants(stars, parts[0], each), _giants(stars, parts[1], each)
    return Compared(
        asked, FINE // factor, samples[0], samples[1], found, numbers, members, shared, kept_in, against,
        giants, _told_by_label(stars, asked),
    )  # fmt: skip


def _told_by_label(stars: Stars, asked: Question) -> tuple[str, ...]:
    made_of = stars.columns_of(asked.asked.label)
    groups = asked.asked.first, asked.asked.second
    apart = parting(asked.selection, groups)
    return tuple(
        side
        for side, group, condition in zip("AB", groups, asked.conditions, strict=True)
        if made_of & (condition.columns if condition else apart if group != EVERYONE else frozenset())
    )


def parting(selection: Selection, groups: tuple[str, str]) -> frozenset[str]:
    """Columns that tell the selected stars from the others, or from all, where these are compared."""
    if not {OTHERS, EVERYONE} & {*groups}:
        return frozenset()
    holding = [clause for clause in selection.clauses if clause.holds_in(None)]
    brushes = [clause for clause in holding if is_brush(clause.source)]
    clauses = brushes if brushes and EVERYONE not in groups else holding
    return frozenset[str]().union(*(clause.predicate.columns for clause in clauses))


def _numbers(sides: tuple[kernels.Words, kernels.Words]) -> tuple[int, int]:
    return int(kernels.population(sides[0])), int(kernels.population(sides[1]))


def _giants(stars: Stars, words: kernels.Words, each: Each) -> float:
    """Share of giants among giants and dwarfs; NaN where there is none or the catalogue does not tell."""
    if not stars.has("giantmodel"):
        return math.nan
    dwarfs, giants = (
        int(kernels.population(words & stars.bits(OneOf("giantmodel", (kind,)), each))) for kind in (0, 1)
    )
    return giants / (dwarfs + giants) if dwarfs + giants else math.nan


def _apart(first: kernels.Words, second: kernels.Words) -> tuple[kernels.Words, kernels.Words, str]:
    """Take the stars of both out of B, or out of A if B had none left; and where they stay."""
    for words, side in ((first, "A"), (second, "B")):
        if not words.any():
            raise DataError(f"{side} has no stars: choose another group, or take a cut off")
    if (second & ~first).any():
        return first, second & ~first, "A"
    if (first & ~second).any():
        return first & ~second, second, "B"
    raise DataError("A and B are the same stars: choose other groups")


def suitable(number: int) -> int:
    """Fine pixels along the side of a pixel for so many stars on the smaller side."""
    for side, factor in SIDES.items():
        if number >= STARS_PER_PIXEL * side**2:
            return factor
    return COARSENINGS[-1]


def group_name(group: str) -> str:
    """What a group is called."""
    ready = population_of(group)
    return ready.name if ready else GROUPS.get(group, group.removeprefix(algebra.CLAUSE))

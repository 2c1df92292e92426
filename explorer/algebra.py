"""Subsets of stars as values: kept, named, coloured and combined. Which stars they are decides the language.

`and`, `or`, `not` and `minus` follow `data.expression`: a star for which a condition is unknown, since a
value is missing, is neither in a subset nor in its opposite.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from data.expression import Expression
from data.parser import parse
from data.problem import DataError
from data.schema import Column
from data.selection import Selection
from data.syntax import Not, junction
from explorer.session import State, Subset

MOST_SUBSETS = 20
MOST_SHOWN = 3
"""So many subsets are shown at once: with more, lines and tints can't be told apart."""

MOST_LETTERS = 40
"""Length of a name."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442")
"""Colours given in turn: those of Okabe & Ito 2008, which colour-blind eyes tell apart."""

CLAUSE = "subset:"
"""Begins the source of a clause of the selection that is a subset used as a cut."""

SIDES: Mapping[str, tuple[str, ...]] = MappingProxyType({"differences": ("first", "second")})
"""Pages of science on which subsets can be chosen, and by which controls: CLAUSE and the subset's name."""

_COLOUR = re.compile("#[0-9a-f]{6}")

Subsets = tuple[Subset, ...]


_WORDS: Mapping[str, str] = MappingProxyType(
    {"and": "{} and {}", "or": "{} or {}", "minus": "{} minus {}", "not": "not {}"}
)


def named(subsets: Subsets, name: str) -> Subset:
    """The subset of a name; DataError where there is none."""
    found = next((subset for subset in subsets if subset.name == name), None)
    if found is None:
        raise DataError(f"there is no subset called '{name[:MOST_LETTERS]}'")
    return found


def shown(state: State) -> Subsets:
    """The subsets that are drawn, in the order of the list: never more than MOST_SHOWN."""
    return tuple(subset for subset in state.subsets if subset.shown)[:MOST_SHOWN]


def conditions(subsets: Iterable[Subset]) -> tuple[Expression, ...]:
    """Which stars: what a drawing of them depends on beside their colours."""
    return tuple(subset.condition for subset in subsets)


def checked_name(name: str, taken: Iterable[str]) -> str:
    """A name as it is kept; DataError where it is none, or taken."""
    clean = " ".join(name.split())
    if not clean or len(clean) > MOST_LETTERS or not clean.isprintable():
        raise DataError(f"a subset's name has 1 to {MOST_LETTERS} printable letters, not '{name[:60]!s}'")
    if clean in taken:
        raise DataError(f"there is a subset called '{clean}' already: choose another name")
    return clean


def checked_colour(colour: str) -> str:
    """A colour in small letters; DataError where it is none."""
    if not _COLOUR.fullmatch(colour.lower()):
        raise DataError(f"a colour is written #rrggbb, as in {COLOURS[0]}, not '{colour[:20]}'")
    return colour.lower()


def free_name(subsets: Subsets, wish: str) -> str:
    """The wish if it is free, else with a number behind it."""
    taken = {subset.name for subset in subsets}
    clean = " ".join(wish.split())[: MOST_LETTERS - 4] or "subset"
    numbers = (f"{clean} {k}" for k in range(2, MOST_SUBSETS + 3))
    return next(name for name in (clean, *numbers) if name not in taken)


def free_colour(subsets: Subsets) -> str:
    """The first colour of the list that fewest subsets have."""
    used = [subset.colour for subset in subsets]
    return min(COLOURS, key=used.count)


def added(subsets: Subsets, name: str, condition: Expression) -> Subsets:
    """The subsets and one more, which is shown if there is room.

    Raises DataError where the name won't do, or there are too many.
    """
    if len(subsets) >= MOST_SUBSETS:
        raise DataError(f"there are {MOST_SUBSETS} subsets already: remove one first")
    name = checked_name(name, (subset.name for subset in subsets))
    room = sum(subset.shown for subset in subsets) < MOST_SHOWN
    return (*subsets, Subset(name, condition, free_colour(subsets), room))


def kept(selection: Selection) -> Expression:
    """The condition of a selection that holds in every view.

    Raises DataError where nothing does, or the whole is longer or deeper than a person may write.
    """
    condition = selection.expression(None)
    if condition is None:
        raise DataError(
            "no cut or brush holds in every view: all stars are selected, there is nothing to keep"
        )
    parse(condition.text)
    return condition


def combined(first: Subset, word: str, second: Subset, described: Mapping[str, Column]) -> Expression:
    """The condition of two subsets joined by "and", "or" or "minus"; "not" turns the first into its opposite.

    Raises DataError where the whole grows longer or deeper than a person may write.
    """
    one, other = first.condition.tree, second.condition.tree
    tree = {
        "and": junction("and", (one, other)),
        "or": junction("or", (one, other)),
        "minus": junction("and", (one, Not(other))),
        "not": Not(one),
    }[word]
    return Expression.parse(str(tree), described)


def combined_name(first: str, word: str, second: str) -> str:
    """What a combination is called at first."""
    return _WORDS[word].format(first, second)


def renamed(state: State, old: str, new: str) -> State:
    """The state with a subset under another name, also where it is a cut or chosen on a page."""
    subset = named(state.subsets, old)
    if " ".join(new.split()) == old:
        return state
    name = checked_name(new, (other.name for other in state.subsets))
    clauses = tuple(
        replace(clause, source=CLAUSE + name) if clause.source == CLAUSE + old else clause
        for clause in state.selection.clauses
        if clause.source != CLAUSE + name
    )
    subsets = changed(state.subsets, subset.name, name=name)
    changed_state = replace(state, subsets=subsets, selection=Selection(clauses))
    return _called(changed_state, CLAUSE + old, CLAUSE + name)


def known(state: State) -> State:
    """The state without the sides that are chosen on a page of science where one is a subset that is gone."""
    there = {CLAUSE + subset.name for subset in state.subsets}
    for page, names in SIDES.items():
        chosen = state.chosen.get(page, {})
        sides = {str(chosen[name]) for name in names if name in chosen}
        if any(side.startswith(CLAUSE) and side not in there for side in sides):
            rest = {name: value for name, value in chosen.items() if name not in names}
            state = state.with_chosen(page, MappingProxyType(rest) if rest else None)
    return state


def _called(state: State, old: str, new: str) -> State:
    """The state with a subset called otherwise where it is chosen on pages of science."""
    for page, names in SIDES.items():
        chosen = state.chosen.get(page, {})
        if any(chosen.get(name) == old for name in names):
            values = {
                name: new if name in names and value == old else value for name, value in chosen.items()
            }
            state = state.with_chosen(page, MappingProxyType(values))
    return state


def changed(subsets: Subsets, which: str, /, **changes: Any) -> Subsets:
    """The subsets with something of one of them changed.

    Raises DataError where there is none of that name, or more would be shown than can be told apart.
    """
    named(subsets, which)
    after = tuple(replace(each, **changes) if each.name == which else each for each in subsets)
    if sum(subset.shown for subset in after) > MOST_SHOWN:
        raise DataError(
            f"{MOST_SHOWN} subsets are shown already, more can't be told apart: hide one of them first"
        )
    return after


def without(subsets: Subsets, name: str) -> Subsets:
    """The subsets without one."""
    return tuple(subset for subset in subsets if subset.name != name)

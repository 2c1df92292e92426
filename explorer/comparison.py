"""The selected stars against the others: of each label number, mean, scatter and how far they lie apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from data.predicate import OneOf
from data.schema import LABELS, Column
from data.selection import Selection
from explorer import kernels
from explorer.bitsets import Each
from explorer.overtaking import Overtaken, attend, attentive
from explorer.raster import centre_of
from explorer.shapes import is_brush
from explorer.stars import Stars
from model.effect_size import Effect, Sample, effect

AGAINST: Mapping[str, str] = MappingProxyType(
    {
        "brushes": "stars that pass the cuts, but not every brush",
        "rest": "all other stars of the catalogue",
        "nothing": "there are none, as every star is selected",
    }
)
"""Who the others are."""


@dataclass(frozen=True)
class Row:
    """One label of the selected stars and of the others."""

    label: Column
    selected: Sample
    others: Sample
    effect: Effect


@dataclass(frozen=True)
class Comparison:
    """Two groups of stars.

    Attributes
    ----------
    selection : what was asked for.
    rows : a row for each label the catalogue has.
    selected, others : how many stars there are.
    against : who the others are, a key of AGAINST.
    kinds : "giants", "dwarfs" or both: what there is among them.
    """

    selection: Selection
    rows: tuple[Row, ...]
    selected: int
    others: int
    against: str
    kinds: frozenset[str]


@dataclass(frozen=True)
class Sides:
    """Bitsets of the selected stars and of the others, and who those are."""

    selected: kernels.Words
    others: kernels.Words
    against: str


def sides_of(stars: Stars, selection: Selection, each: Each = map) -> Sides:
    """Who is compared.

    Stars that pass every cut and brush that holds in all views, with those that pass the cuts and fail a
    brush or lack its value; where there is no brush, with all other stars.
    """
    holding = [clause for clause in selection.clauses if clause.holds_in(None)]
    selected = stars.select((clause.effective for clause in holding), each)
    if any(is_brush(clause.source) for clause in holding):
        cuts = (clause.effective for clause in holding if not is_brush(clause.source))
        base = stars.select(cuts, each)
        return Sides(selected, base & ~selected, "brushes")
    others = stars.everything & ~selected
    return Sides(selected, others, "rest" if others.any() else "nothing")


def compare(stars: Stars, selection: Selection, overtaken: Overtaken = bool) -> Comparison:
    """Compare the selected stars with the others.

    Raises OvertakenError where it is overtaken on the way.
    """
    sides = sides_of(stars, selection, attentive(map, overtaken))
    rows: list[Row] = []
    for label in (column for column in LABELS if stars.has(column.name)):
        attend(overtaken)
        centre = centre_of(stars.values(label.name))
        one = _sample(sides.selected, stars, label.name, centre)
        attend(overtaken)
        other = _sample(sides.others, stars, label.name, centre)
        rows.append(Row(label, one, other, effect(one, other)))
    selected, others = (int(kernels.population(words)) for words in (sides.selected, sides.others))
    return Comparison(selection, tuple(rows), selected, others, sides.against, _kinds(stars, sides))


def _sample(words: kernels.Words, stars: Stars, label: str, centre: float) -> Sample:
    n, first, second = kernels.totals(words, stars.values(label), centre)
    return Sample.of_sums(n, first, second, centre)


def _kinds(stars: Stars, sides: Sides) -> frozenset[str]:
    """Whether giants or dwarfs are among them; both where the catalogue does not tell."""
    if not stars.has("giantmodel"):
        return frozenset({"giants", "dwarfs"})
    everyone = sides.selected | sides.others
    parts = {"giants": (1,), "dwarfs": (0,)}
    return frozenset(
        kind for kind, value in parts.items() if (everyone & stars.bits(OneOf("giantmodel", value))).any()
    )

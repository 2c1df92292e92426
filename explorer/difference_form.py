"""The controls of a difference of two groups of stars."""

from typing import Any

import panel_material_ui as pmui

from data.problem import DataError
from explorer import algebra
from explorer.atlas import DIAGRAMS
from explorer.cards import plain_title
from explorer.choices import flat, quantities
from explorer.difference_map import (
    GROUPS,
    LEAST,
    OTHERS,
    RATES,
    READY,
    SELECTED,
    SIDES,
    Asked,
    parting,
    ready_made,
)
from explorer.offer import Listed, Offers, Ticked, Typed
from explorer.session import Chosen, Session, State
from explorer.shapes import is_brush
from explorer.stars import Stars

PIXELS = {"as suits": 0, **{f"{side} a side": side for side in sorted(SIDES)}}
SMALL: dict[str, Any] = {"size": "small", "margin": (12, 8, 4, 0)}
LONGEST = 9
PAIR = (f"{READY}high-alpha sequence", f"{READY}low-alpha sequence")
"""It begins with where nothing else is parted: two groups that pass the same cuts."""
THEN = ("eu_fe", "ba_fe")
"""Labels to begin with where A and B are told apart by the label of the colours, so that it must differ."""
LACKING = (
    "A difference needs a label, and two columns that make a plane, such as R and z, or teff and logg: "
    "the catalogue lacks them."
)


def planes_of(stars: Stars, state: State) -> dict[str, str]:
    """Diagrams whose columns there are, {name to show: key}."""
    return {
        plain_title(one.title): key
        for key, one in DIAGRAMS.items()
        if all(map(stars.has, (one.x, state.view(key).y or one.y)))
    }


def possible(stars: Stars, state: State) -> bool:
    """Whether there is a plane and a label to choose."""
    return bool(planes_of(stars, state) and flat(quantities(stars, state.derived, averaged=True)))


def groups_of(stars: Stars, state: State) -> dict[str, str]:
    """Groups of stars that there are, {name to show: key}."""
    named = {name: key for key, name in GROUPS.items()}
    ready = {one.name: READY + one.name for one in ready_made(stars)}
    subsets = {
        (one.name if one.name not in {**named, **ready} else f"subset {one.name}"): (
            algebra.CLAUSE + one.name
        )
        for one in state.subsets
    }
    return {**named, **subsets, **ready}


def offers(stars: Stars, state: State) -> Offers:
    """What the controls offer in a state."""
    groups = Listed((*groups_of(stars, state).values(),))
    labels = flat(quantities(stars, state.derived, averaged=True))
    return {
        "first": groups, "second": groups, "label": Listed.of(labels, stars),
        "plane": Listed((*planes_of(stars, state).values(),)), "side": Listed((*PIXELS.values(),)),
        "least": Typed(LONGEST), "rate": Listed(RATES), "within": Ticked(), "fade": Ticked(),
    }  # fmt: skip


class DifferenceForm:
    """One visitor's controls, where they are `possible`.

    Attributes
    ----------
    choices, within : what is laid out; each has a `value`.
    named : the choices, by name in links.
    """

    def __init__(self, stars: Stars, session: Session) -> None:
        self._stars = stars
        state = session.state
        planes = planes_of(stars, state)
        groups = quantities(stars, state.derived, averaged=True)
        names = groups_of(stars, state)
        first, second = self._usual(state)
        self.first = pmui.Select(label="A", options=names, value=first, width=186, **SMALL)
        self.second = pmui.Select(label="minus B", options=names, value=second, width=186, **SMALL)
        label = self._usual_label(state, first, second)
        self.label = pmui.Select(
            label="Label", groups=groups, value=label, searchable=True, width=130, **SMALL
        )
        self.plane = pmui.Select(
            label="Plane", options=planes, value=next(iter(planes.values())), width=120, **SMALL
        )
        self.side = pmui.Select(label="Pixels", options=PIXELS, value=0, width=105, **SMALL)
        self.least = pmui.TextInput(
            label="Min stars", value=str(LEAST), width=84, max_length=LONGEST,
            description="Stars with a value that a pixel needs on each side", **SMALL,
        )  # fmt: skip
        rates = {f"{rate:g}": rate for rate in RATES}
        self.rate = pmui.Select(label="False discovery rate", options=rates, value=0.05, width=150, **SMALL)
        self.within = pmui.Checkbox(
            label="Of subsets only selected stars", value=True, size="small", margin=(4, 8, 0, 0)
        )
        self.named = {
            "first": self.first, "second": self.second, "label": self.label, "plane": self.plane,
            "side": self.side, "least": self.least, "rate": self.rate,
        }  # fmt: skip
        self.choices = (*self.named.values(),)

    def usual(self, state: State) -> Chosen:
        """What the page begins with in a state, where that hangs on it; by name in links."""
        first, second = self._usual(state)
        return {"first": first, "second": second, "label": self._usual_label(state, first, second)}

    def _usual(self, state: State) -> tuple[str, str]:
        """A and B to begin with: subsets, else what a brush parts, else PAIR where the catalogue has it."""
        kept = [algebra.CLAUSE + one.name for one in state.subsets]
        if len(kept) > 1:
            return kept[0], kept[1]
        brushed = any(is_brush(clause.source) for clause in state.selection if clause.holds_in(None))
        there = {READY + one.name for one in ready_made(self._stars)}
        return PAIR if not brushed and there.issuperset(PAIR) else (SELECTED, OTHERS)

    def _usual_label(self, state: State, *groups: str) -> str:
        """That of the colours, or another that the stars of A and B are not told apart by."""
        stars, catalogue = self._stars, self._stars.catalogue
        labels = flat(quantities(stars, state.derived, averaged=True)).values()
        conditions = [
            *(one.expression(catalogue.described, catalogue.columns) for one in ready_made(stars)
              if READY + one.name in groups),
            *(one.condition for one in state.subsets if algebra.CLAUSE + one.name in groups),
        ]  # fmt: skip
        apart = parting(state.selection, (groups[0], groups[1])).union(*(one.columns for one in conditions))
        offered = [one for one in (state.colouring.label, *THEN, *labels) if one in labels]
        return next((one for one in offered if not apart & stars.columns_of(one)), offered[0])

    def follow(self, before: State, after: State) -> None:
        """Offer what there is by now; where a subset is gone, what the page begins with takes its place."""
        if after.subsets != before.subsets:
            names = groups_of(self._stars, after)
            for choice, usual in zip((self.first, self.second), self._usual(after), strict=True):
                value = choice.value if choice.value in names.values() else usual
                choice.param.update(options=names, value=value)
        if after.derived != before.derived:
            groups = quantities(self._stars, after.derived, averaged=True)
            there = flat(groups).values()
            value = self.label.value if self.label.value in there else next(iter(there))
            self.label.param.update(groups=groups, value=value)

    @property
    def asked(self) -> Asked:
        """What is chosen now; DataError in words for the person where it can't be."""
        least = (self.least.value or "").strip()
        if not (least.isdecimal() and least.isascii() and len(least) <= LONGEST):
            raise DataError(f"the least number of stars is a whole number, not '{least[:20]}'")
        return Asked(
            self.first.value, self.second.value, self.plane.value, self.label.value, int(least),
            self.rate.value, bool(self.within.value), self.side.value or None,
        )  # fmt: skip

"""The controls of a study of an open cluster: what a person chose, checked when it is asked for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import panel_material_ui as pmui

from data.problem import DataError
from explorer.binary_options import KINDS
from explorer.binary_sample import kinds_of
from explorer.cluster_options import LIMITS, LONGEST, OPEN, ClusterOptions, cut_of, identifiers
from explorer.editors import typed_number, written
from explorer.filling import Filling
from explorer.numerals import whole
from explorer.offer import Listed, Offers, Ticked, Typed
from explorer.open_clusters import OPEN_CLUSTERS
from explorer.session import Chosen, State
from explorer.stars import Stars

OWN, LISTED = "a cone of my own", "source_ids"
"""What is offered beside ready-made cuts."""
MEMBERS = (*OPEN_CLUSTERS, OWN, LISTED)
LABELS = {
    "ra": "RA, deg", "dec": "Dec, deg", "radius": "Radius, deg", "pmra": "pm RA, mas/yr",
    "pmdec": "pm Dec, mas/yr", "pm_radius": "within, mas/yr", "distance": "Distance, kpc",
    "depth": "within, kpc",
}  # fmt: skip
"""Of each number of a cut, as its field says."""
MARGIN = (10, 0, 0, 0)
SMALL: dict[str, Any] = {"size": "small", "margin": MARGIN}
LONGEST_NUMBER = 40


class ClusterForm:
    """One visitor's controls.

    Attributes
    ----------
    choices, numbers : what is chosen, and what is typed of members: two rows.
    named : all of these, by name in links.
    filling : whether numbers are being filled.
    """

    def __init__(self, stars: Stars) -> None:
        self.filling = Filling()
        self._unused = ""
        kinds = {KINDS[kind]: kind for kind in kinds_of(stars.catalogue)}
        first = next(iter(OPEN_CLUSTERS))
        self._members = pmui.Select(label="Members", options=[*MEMBERS], value=first, width=170, **SMALL)
        self._kind = pmui.Select(
            label="Stars", options=kinds, value=next(iter(kinds.values())), width=110, **SMALL
        )
        self._numbers = {
            name: pmui.TextInput(label=words, value="", width=112, max_length=LONGEST_NUMBER, **SMALL)
            for name, words in LABELS.items()
        }
        self._ids = pmui.TextAreaInput(
            label="Gaia source_ids of the catalogue's release", value="", rows=2, max_rows=6, width=460,
            max_length=LONGEST, visible=False, **SMALL,
        )  # fmt: skip
        self._trusted = pmui.Checkbox(
            label="Leave out extrapolated labels", value=False, size="small", margin=(12, 0, 0, 0)
        )
        self._seed = pmui.TextInput(label="Seed", value="1", width=70, max_length=LONGEST_NUMBER, **SMALL)
        self.choices = (self._members, self._kind, self._seed, self._trusted)
        self.numbers = (*self._numbers.values(), self._ids)
        self.named = {
            "members": self._members, "kind": self._kind, "seed": self._seed, "trusted": self._trusted,
            **self._numbers, "ids": self._ids,
        }  # fmt: skip
        self._fill(first)
        self._members.param.watch(lambda event: self._fill(event.new), "value")
        for field in self._numbers.values():
            field.param.watch(lambda _event: self._name(), "value")

    def _fill(self, chosen: Any) -> None:
        """Put the numbers of a ready-made cut into the fields; show those that the choice has."""
        known = OPEN_CLUSTERS.get(chosen) if isinstance(chosen, str) else None
        with self.filling:
            for name, field in self._numbers.items():
                field.visible = chosen != LISTED
                if known is not None:
                    field.value = written(getattr(known.cut, name))
            self._hide_ids(chosen != LISTED)

    def _hide_ids(self, hidden: bool) -> None:
        """Keep a list that is not in use out of links: it may be too long for them."""
        if hidden and self._ids.visible:
            self._unused, self._ids.value = self._ids.value, ""
        elif not hidden and not self._ids.visible:
            self._ids.value = self._ids.value or self._unused
        self._ids.visible = not hidden

    def _name(self) -> None:
        """Say that a ready-made cut is one's own as soon as one of its numbers is."""
        typed = {name: str(field.value or "") for name, field in self._numbers.items()}
        if not self.filling and is_changed(str(self._members.value), typed):
            self._members.value = OWN

    @property
    def options(self) -> ClusterOptions:
        """What is chosen now; DataError in words for the person where it can't be."""
        usual = ClusterOptions(OPEN_CLUSTERS[next(iter(OPEN_CLUSTERS))].cut)
        if self._members.value == LISTED:
            usual = replace(usual, cut=None, ids=identifiers(str(self._ids.value or "")))
        else:
            usual = replace(usual, cut=cut_of(*(self._number(name) for name in LIMITS)))
        return replace(
            usual,
            kind=self._kind.value,
            trusted=self._trusted.value is True,
            seed=whole("the seed", self._seed.value),
        )

    def _number(self, name: str) -> float | None:
        """A typed number; None where nothing is typed."""
        typed = str(self._numbers[name].value or "")[:LONGEST_NUMBER]
        try:
            number = typed_number(typed)
        except DataError:
            none = ", or nothing for no limit" if name in OPEN else ""
            raise DataError(f"{LIMITS[name][0]} is '{typed[:20]}': give a number{none}") from None
        return number


def offers(stars: Stars, _state: State) -> Offers:
    """What the controls offer."""
    number = Typed(LONGEST_NUMBER)
    return {
        "members": Listed(MEMBERS), "kind": Listed(kinds_of(stars.catalogue)), "seed": number,
        "trusted": Ticked(), **dict.fromkeys(LABELS, number), "ids": Typed(LONGEST),
    }  # fmt: skip


def check(chosen: Chosen) -> None:
    """Refuse, with a DataError, a ready-made cut with other numbers than its own."""
    first = next(iter(OPEN_CLUSTERS))
    members, cut = str(chosen.get("members", first)), OPEN_CLUSTERS[first].cut
    if is_changed(members, {**{name: written(getattr(cut, name)) for name in LABELS}, **chosen}):
        raise DataError(f"the numbers of the members' cut are not those of {members}")


def is_changed(members: str, numbers: Mapping[str, object]) -> bool:
    """Whether members go by the name of a ready-made cut whose numbers, as they are typed, are others."""
    known = OPEN_CLUSTERS.get(members)
    return known is not None and any(
        str(numbers.get(name, "")).strip() != written(getattr(known.cut, name)) for name in LABELS
    )

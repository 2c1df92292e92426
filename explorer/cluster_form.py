"""The controls of a study of an open cluster: what a person chose, checked when it is asked for."""

from dataclasses import replace
from typing import Any

import panel_material_ui as pmui

from data.problem import DataError
from explorer.binary_options import KINDS
from explorer.binary_sample import kinds_of
from explorer.cluster_options import LIMITS, LONGEST, OPEN, ClusterOptions, cut_of, identifiers
from explorer.editors import typed_number, written
from explorer.numerals import whole
from explorer.open_clusters import OPEN_CLUSTERS
from explorer.stars import Stars

OWN, LISTED = "a cone of my own", "source_ids"
"""What is offered beside ready-made cuts."""
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
    """

    def __init__(self, stars: Stars) -> None:
        kinds = {KINDS[kind]: kind for kind in kinds_of(stars.catalogue)}
        first = next(iter(OPEN_CLUSTERS))
        self._members = pmui.Select(
            label="Members", options=[*OPEN_CLUSTERS, OWN, LISTED], value=first, width=170, **SMALL
        )
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
        self._seed = pmui.TextInput(label="Seed", value="1", width=70, **SMALL)
        self.choices = (self._members, self._kind, self._seed, self._trusted)
        self.numbers = (*self._numbers.values(), self._ids)
        self._fill(first)
        self._members.param.watch(lambda event: self._fill(event.new), "value")
        for field in self._numbers.values():
            field.param.watch(lambda _event: self._name(), "value")

    def _fill(self, chosen: Any) -> None:
        """Put the numbers of a ready-made cut into the fields; show those that the choice has."""
        known = OPEN_CLUSTERS.get(chosen) if isinstance(chosen, str) else None
        self._filling = True
        for name, field in self._numbers.items():
            field.visible = chosen != LISTED
            if known is not None:
                field.value = written(getattr(known.cut, name))
        self._filling = False
        self._ids.visible = chosen == LISTED

    def _name(self) -> None:
        """Say that a ready-made cut is one's own as soon as one of its numbers is."""
        known = None if self._filling else OPEN_CLUSTERS.get(str(self._members.value))
        if known is None:
            return
        typed = {name: str(field.value or "").strip() for name, field in self._numbers.items()}
        if any(typed[name] != written(getattr(known.cut, name)) for name in typed):
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

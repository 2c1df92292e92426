"""The controls of profiles: which label along what, in which bins and slices; checked when they are read."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import panel_material_ui as pmui

from data.problem import DataError
from data.schema import Column
from explorer import choices
from explorer.edges import LONGEST, edges_of, written
from explorer.filling import Filling
from explorer.numerals import whole
from explorer.offer import Listed, Offers, Ticked, Typed
from explorer.profile_sums import MOST_BINS, MOST_SLICES, NO_SLICES, Asked, groups_of
from explorer.session import Derived, State
from explorer.stars import Stars

USUAL_BINS: Mapping[str, str] = MappingProxyType(
    {
        "R": "7:15:0.5",
        "abs(z)": "0:4:0.25",
        "vT": "100:300:10",
        "true_age": "0:13:1",
        "ba_fe - mg_fe": "-0.8:0.5:0.1",
    }
)
SLICES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"abs(z)": ("|z| [kpc]", "0, 0.5, 1, 2, 4"), "R": ("R [kpc]", "7, 9, 11, 13, 15"), "": ("none", "")}
)
"""What slices may be made by: in words, and their usual edges. These are ours: the paper has none."""
FIRST: Mapping[str, str] = MappingProxyType(
    {
        "R [kpc]": "R",
        "|z| [kpc]": "abs(z)",
        "v_phi [km/s]": "vT",
        "true age [Gyr]": "true_age",
        "[Ba/Mg], stands in for age": "ba_fe - mg_fe",
    }
)
"""What profiles are usually along. Of ages the survey has none: [Ba/Mg] stands in, the mock tells its own."""
NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"abs(z)": ("|z|", "|z|"), "ba_fe - mg_fe": (r"[\mathrm{Ba}/\mathrm{Mg}]", "[Ba/Mg]")}
)
"""What is computed here for profiles, as mathematics and in plain words."""
BINS = 16
"""Of another quantity, over its usual range."""
MOST_DRAWS, USUAL_DRAWS = 2000, 200
LONGEST_NUMBER = 9
SMALL: dict[str, Any] = {"size": "small", "margin": (8, 0, 0, 0)}


class ProfileForm:
    """One visitor's controls; `on_change` hears of every choice.

    Attributes
    ----------
    named, widgets : what is laid out, by name in links.
    filling : whether fields are being filled, which `on_change` does not hear of.
    """

    def __init__(self, stars: Stars, derived: Iterable[Derived], on_change: Callable[[], None]) -> None:
        self._stars = stars
        self._on_change = on_change
        self.filling = Filling()
        labels, along = quantities_of(stars, derived)
        label = next(name for name in ("fe_h", *labels.values()) if name in labels.values())
        x = next(name for name in ("R", *along.values()) if name in along.values() and name != label)
        slices = slices_of(stars)
        by = next(key for key in slices.values() if key != x)
        self._label = pmui.Select(
            label="Mean of", options=labels, value=label, searchable=True, width=120, **SMALL
        )
        self._x = pmui.Select(label="Along", options=along, value=x, searchable=True, width=180, **SMALL)
        self._bins = pmui.TextInput(
            label="Bins, as 7:15:0.5", value=self._usual_bins(x), width=130,
            max_length=LONGEST, **SMALL,
        )  # fmt: skip
        self._by = pmui.Select(label="Slices of", options=slices, value=by, width=110, **SMALL)
        self._edges = pmui.TextInput(
            label="Edges of slices", value=SLICES[by][1], width=120, max_length=LONGEST, **SMALL
        )
        self._within = pmui.Checkbox(
            label="Subsets within the selection", value=True, size="small", margin=(14, 0, 0, 0)
        )
        number: dict[str, Any] = {"max_length": LONGEST_NUMBER, **SMALL}
        self._draws = pmui.TextInput(label="Draws", value=str(USUAL_DRAWS), width=70, **number)
        self._seed = pmui.TextInput(label="Seed", value="1", width=60, **number)
        self._x.param.watch(self._turn, "value")
        self._by.param.watch(lambda event: self._fill(self._edges, SLICES[event.new][1]), "value")
        for widget in (self._label, self._x, self._bins, self._by, self._edges, self._within):
            widget.param.watch(self._heard, "value")
        self.named = {
            "label": self._label, "along": self._x, "bins": self._bins, "by": self._by, "edges": self._edges,
            "within": self._within, "draws": self._draws, "seed": self._seed,
        }  # fmt: skip
        self.widgets = (*self.named.values(),)

    def offer(self, derived: Iterable[Derived]) -> None:
        """Offer what was computed on the page, too."""
        labels, along = quantities_of(self._stars, derived)
        for widget, options in ((self._label, labels), (self._x, along)):
            if widget.options != options:
                kept = widget.value if widget.value in options.values() else next(iter(options.values()))
                with self.filling:
                    widget.param.update(options=options, value=kept)

    def _usual_bins(self, x: str) -> str:
        if x in USUAL_BINS:
            return USUAL_BINS[x]
        column = self._stars.describe(x)
        step = float(f"{(column.high - column.low) / BINS:.1g}")
        low, high = math.floor(column.low / step) * step, math.ceil(column.high / step) * step
        return f"{low:.6g}:{high:.6g}:{step:g}"

    def _turn(self, event: Any) -> None:
        """Have usual bins with another quantity; slices of that very quantity give way to others."""
        self._fill(self._bins, self._usual_bins(event.new))
        if self._by.value == event.new:
            self._fill(self._by, next(key for key in self._by.options.values() if key != event.new))

    def _fill(self, field: Any, typed: str) -> None:
        """Put usual edges into a field: with the choice they belong to, this is one change."""
        with self.filling:
            field.value = typed

    def _heard(self, _event: Any) -> None:
        if not self.filling:
            self._on_change()

    def asked(self, state: State) -> Asked:
        """What is chosen now; DataError in words for the person where it can't be."""
        by = self._by.value
        if by not in SLICES:
            raise DataError("slices are made by |z|, by R, or there are none")
        return Asked(
            label=str(self._label.value),
            x=str(self._x.value),
            slices=by,
            x_edges=edges_of("bins", str(self._bins.value or ""), MOST_BINS),
            slice_edges=edges_of("slices", str(self._edges.value or ""), MOST_SLICES) if by else NO_SLICES,
            groups=groups_of(state, within=self._within.value is True),
        )

    @property
    def bootstrap(self) -> tuple[int, int]:
        """Number of draws and seed; DataError in words for the person where they can't be."""
        draws = whole("the number of draws", self._draws.value, 50, MOST_DRAWS)
        return draws, whole("the seed", self._seed.value, 0, 10**8)


def quantities_of(stars: Stars, derived: Iterable[Derived]) -> tuple[choices.Options, choices.Options]:
    """What can be averaged, and along what: the usual ones first."""
    labels = choices.flat(choices.quantities(stars, derived, averaged=True))
    usual = {words: key for words, key in FIRST.items() if stars.has(key)}
    others = {words: key for words, key in labels.items() if key not in usual.values()}
    return labels, {**usual, **others}


def slices_of(stars: Stars) -> choices.Options:
    """What slices can be made by."""
    return {words: key for key, (words, _) in SLICES.items() if not key or stars.has(key)}


def offers(stars: Stars, state: State) -> Offers:
    """What the controls offer in a state."""
    labels, along = quantities_of(stars, state.derived)
    number = Typed(LONGEST_NUMBER)
    return {
        "label": Listed.of(labels, stars), "along": Listed.of(along, stars), "bins": Typed(LONGEST),
        "by": Listed((*slices_of(stars).values(),)), "edges": Typed(LONGEST), "within": Ticked(),
        "draws": number, "seed": number,
    }  # fmt: skip


def described(stars: Stars, quantity: str, derived: Iterable[Derived]) -> Column:
    """What a quantity is, by the name that it goes by in the field."""
    column = stars.describe(quantity, derived)
    if quantity not in NAMES or column.plain != quantity:
        return column
    tex, plain = NAMES[quantity]
    return replace(column, tex=tex, plain=plain)


def titles(asked: Asked) -> tuple[str, ...]:
    """Name of each slice, in plain words."""
    if not asked.slices:
        return ("all stars",)
    name, unit = "|z|" if asked.slices == "abs(z)" else asked.slices, "kpc"
    return tuple(f"{name} {written(ends[:1])} to {written(ends[1:])} {unit}" for ends in asked.ends)

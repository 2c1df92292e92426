"""The controls of abundance planes in space, checked when they are read."""

from collections.abc import Callable, Iterable
from typing import Any

import panel_material_ui as pmui

from data.problem import DataError
from explorer import choices, look
from explorer.edges import LONGEST, edges_of
from explorer.filling import Filling
from explorer.numerals import whole
from explorer.offer import Listed, Offers, Typed
from explorer.raster import Window
from explorer.session import Derived, State
from explorer.space_planes import MOST_ACROSS, MOST_SHOWN, MOST_UP, Asked, others
from explorer.stars import Stars

ACROSS, UP = "3, 5, 7, 9, 11, 13", "0, 2, 4, 6"
"""Edges in R and |z|, kpc: of |z| those of section 5.4; of R its text tells none, these are ours."""
TEFF = "4800, 5000"
"""K: the paper's window for [Ba/Fe], whose drift with T_eff widens it (section 5.4, Fig. 13)."""
WINDOWED = ("ba_fe",)
FIRST = ("ba_fe", "eu_fe")
COLOURS = ("vT", "JR", "Jphi")
"""The text of section 5.4 colours by v_phi, the captions of Figs. 13 and 14 by J_R."""
FE_H, WIDER = (-2.5, 0.5), 0.5
"""Ends of the axis of [Fe/H]; and how much further than usual that of the label reaches, on either side."""
SHOWS = {f"{MOST_SHOWN} stars a panel": "stars", "mean of all": "mean", "number of all": "number"}
UNCOLOURED = "Not for the number of all: numbers of stars have colours of their own"
SMALL: dict[str, Any] = {"size": "small", "margin": (8, 0, 0, 0)}


class SpacePlanesForm:
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
        labels, colours = quantities_of(stars, derived)
        label = next(name for name in (*FIRST, *labels.values()) if name in labels.values())
        colour = next(name for name in (*COLOURS, *colours.values()) if name in colours.values())
        self._label = pmui.Select(
            label="Abundance", options=labels, value=label, searchable=True, width=120, **SMALL
        )
        self._colour = pmui.Select(
            label="Colour by", options=colours, value=colour, searchable=True, width=150,
            description=UNCOLOURED, **SMALL,
        )  # fmt: skip
        self._shows = pmui.RadioButtonGroup(
            options=SHOWS, value="stars", size="small", margin=(10, 0, 0, 0), sx=look.TOGGLES
        )
        field: dict[str, Any] = {"max_length": LONGEST, **SMALL}
        self._across = pmui.TextInput(label="Edges in R, kpc", value=ACROSS, width=150, **field)
        self._up = pmui.TextInput(label="Edges in |z|, kpc", value=UP, width=120, **field)
        self._teff = pmui.TextInput(
            label="Teff from, to, K", value=self._usual_teff(label), placeholder="all", width=120, **field
        )
        self._ends = pmui.TextInput(
            label="Colours from, to", value="", placeholder="usual", width=120, **field
        )
        self._seed = pmui.TextInput(label="Seed", value="1", width=60, **field)
        self._label.param.watch(self._relabel, "value")
        self._shows.param.watch(lambda event: self._take_colours(shows=event.new), "value")
        self.named = {
            "label": self._label, "colour": self._colour, "ends": self._ends, "across": self._across,
            "up": self._up, "teff": self._teff, "seed": self._seed, "shows": self._shows,
        }  # fmt: skip
        self.widgets = (*self.named.values(),)
        for widget in self.widgets:
            widget.param.watch(self._heard, "value")

    def offer(self, derived: Iterable[Derived]) -> None:
        """Offer what was computed on the page, too."""
        offered = quantities_of(self._stars, derived)
        for widget, options in zip((self._label, self._colour), offered, strict=True):
            if widget.options != options:
                kept = widget.value if widget.value in options.values() else next(iter(options.values()))
                with self.filling:
                    widget.param.update(options=options, value=kept)

    def _usual_teff(self, label: str) -> str:
        return TEFF if label in WINDOWED and self._stars.has("teff") else ""

    def _relabel(self, event: Any) -> None:
        """Have the usual window of T_eff come and go with the label that needs it; another stays."""
        if (self._teff.value or "") in ("", TEFF):
            with self.filling:
                self._teff.value = self._usual_teff(event.new)

    def _take_colours(self, *, shows: str) -> None:
        """Have colours not be chosen where they tell numbers of stars."""
        self._colour.disabled = self._ends.disabled = shows == "number"

    def _heard(self, _event: Any) -> None:
        if not self.filling:
            self._on_change()

    def asked(self, state: State) -> Asked:
        """What is chosen now; DataError in words for the person where it can't be."""
        label, shows = str(self._label.value), self._shows.value
        if shows not in SHOWS.values():
            raise DataError(f"panels show {', '.join(SHOWS)}")
        column = self._stars.describe(label, state.derived)
        wider = WIDER * (column.high - column.low)
        return Asked(
            label=label,
            colour=str(self._colour.value),
            shows=shows,
            across=_upwards("R", edges_of("R", str(self._across.value or ""), MOST_ACROSS)),
            up=_upwards("|z|", edges_of("|z|", str(self._up.value or ""), MOST_UP)),
            teff=_both("Teff", self._teff.value),
            predicates=others(state.selection),
            seed=whole("the seed", self._seed.value, 0, 10**8),
            window=Window(*FE_H, column.low - wider, column.high + wider),
            ends=None if shows == "number" else _both("colours", self._ends.value),
        )


def quantities_of(stars: Stars, derived: Iterable[Derived]) -> tuple[choices.Options, choices.Options]:
    """What panels can be of, and what they can be coloured by."""
    derived = tuple(derived)
    return choices.planes(stars, derived), choices.flat(choices.quantities(stars, derived, averaged=True))


def offers(stars: Stars, state: State) -> Offers:
    """What the controls offer in a state."""
    labels, colours = quantities_of(stars, state.derived)
    field = Typed(LONGEST)
    return {
        "label": Listed.of(labels, stars), "colour": Listed.of(colours, stars), "ends": field,
        "across": field, "up": field, "teff": field, "seed": field, "shows": Listed((*SHOWS.values(),)),
    }  # fmt: skip


def _upwards(what: str, edges: tuple[float, ...]) -> tuple[float, ...]:
    if edges[0] < 0:
        raise DataError(f"{what} is never below 0: let its edges begin there or above")
    return edges


def _both(what: str, typed: object) -> tuple[float, float] | None:
    """Ends of a range; None where nothing was typed."""
    text = str(typed or "").strip()
    if not text:
        return None
    try:
        low, high = edges_of(what, text, 1)
    except DataError:
        raise DataError(
            f"the range of {what} is '{text[:20]}': type two numbers, the lower one first, or nothing"
        ) from None
    return low, high

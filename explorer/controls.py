"""The controls of colour: label, statistic, least number of stars, colours, range."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import panel_material_ui as pmui

from data.schema import Column
from explorer.choices import Options, quantities
from explorer.colourbar import ColourBar
from explorer.palette import COLOUR_MAPS, DEFAULT_MAP, Scale, kind_shown
from explorer.raster import STATISTICS
from explorer.session import Colouring, Derived
from explorer.stars import Stars

MOST_MIN_STARS = 10_000
AS_SUITS = "as suits"
"""Offered among the colours: those that suit the quantity."""


def colour_map_of(colouring: Colouring, column: Column) -> str:
    """Name of the colours in use: those chosen, else those that suit the quantity."""
    return colouring.colour_map or DEFAULT_MAP[kind_shown(column.kind, colouring.statistic)]


def colours_of(colouring: Colouring, column: Column) -> list[str]:
    """Some of the colours in use, lowest first, for a bar of them."""
    return [*COLOUR_MAPS[colour_map_of(colouring, column)].colours[::8]]


class ColourControls:
    """Widgets for one `Colouring`; calls `on_change(colouring)`, and `on_refit()` to fit the range anew."""

    def __init__(
        self,
        stars: Stars,
        colouring: Colouring,
        derived: tuple[Derived, ...],
        on_change: Callable[[Colouring], None],
        on_refit: Callable[[], None],
    ) -> None:
        self._stars = stars
        self._derived = derived
        self._on_change = on_change
        self._following = False
        self.colouring = colouring
        small: dict[str, Any] = {"size": "small", "margin": (8, 8, 4, 0)}
        self._label = pmui.Select(
            label="Colour by",
            groups=quantities(stars, derived, averaged=True),
            value=colouring.label,
            searchable=True,
            width=140,
            **small,
        )
        self._statistic = pmui.Select(
            label="Statistic", options=list(STATISTICS), value=colouring.statistic, width=168, **small
        )
        self._least = pmui.TextInput(label="Min stars", value=str(colouring.min_stars), width=78, **small)
        self._colours = pmui.Select(
            label="Colours",
            options=self._palettes(),
            value=colouring.colour_map or AS_SUITS,
            width=128,
            **small,
        )
        self._log = pmui.Checkbox(label="log", value=colouring.log, margin=(8, 0, 0, 4))
        self.bar = ColourBar(self._set_range, margin=(6, 8, 0, 8))
        self._fit = pmui.Button(
            label="Fit range", variant="text", size="small", margin=(8, 0, 0, 0),
            on_click=lambda _: on_refit(), description="Fit the colour range to what is drawn now",
        )  # fmt: skip
        self._allow_log()
        for widget in (self._label, self._statistic, self._least, self._colours, self._log):
            widget.param.watch(self._changed, "value")
        self.row = pmui.FlexBox(
            self._label, self._statistic, self.bar, self._fit, self._least, self._colours, self._log,
            align_items="center", gap="4px", margin=0,
        )  # fmt: skip

    def _palettes(self) -> Options:
        return {AS_SUITS: AS_SUITS, **{name: name for name in COLOUR_MAPS}}

    def _changed(self, event: Any) -> None:
        if self._following:
            return
        if event.obj is self._statistic and "count" in (event.old, event.new):
            self._log.value = event.new == "count"
        chosen = None if self._colours.value == AS_SUITS else self._colours.value
        self._allow_log()
        now = replace(
            self.colouring,
            label=self._label.value,
            statistic=self._statistic.value,
            min_stars=self._least_stars(),
            log=self._log.value,
            colour_map=chosen,
        )
        if now.question != self.colouring.question:
            now = replace(now, scale=None)
        if now != self.colouring:
            self.colouring = now
            self._on_change(now)

    def _least_stars(self) -> int:
        """What a person typed, if it is such a number; else what it was, shown again."""
        typed = self._least.value.strip()
        number = int(typed) if typed.isdecimal() and len(typed) < 9 else self.colouring.min_stars
        number = min(max(number, 1), MOST_MIN_STARS)
        if typed != str(number):
            self._least.value = str(number)
        return number

    def _allow_log(self) -> None:
        """Offer logarithms only of what cannot be negative: they would hide every cell below zero."""
        column = self._stars.describe(self._label.value, self._derived)
        signed = column.low < 0 and self._statistic.value in ("mean", "median")
        self._log.param.update(disabled=signed, value=self._log.value and not signed)

    def _set_range(self, low: float, high: float) -> None:
        if low < high and not (self.colouring.log and low <= 0):
            self.colouring = replace(self.colouring, scale=Scale(low, high, log=self.colouring.log))
            self._on_change(self.colouring)

    def release_range(self) -> None:
        """Take back a range set by hand."""
        self.colouring = replace(self.colouring, scale=None)

    def follow(self, colouring: Colouring, derived: tuple[Derived, ...]) -> None:
        """Show what was chosen elsewhere, and offer the quantities computed by now."""
        if derived == self._derived and colouring == self.colouring:
            return
        self._following = True
        if derived != self._derived:
            groups = quantities(self._stars, derived, averaged=True)
            self._label.param.update(groups=groups, value=colouring.label)
        self.colouring, self._derived = colouring, derived
        self._label.value = colouring.label
        self._statistic.value = colouring.statistic
        self._least.value = str(colouring.min_stars)
        self._colours.value = colouring.colour_map or AS_SUITS
        self._log.value = colouring.log
        self._allow_log()
        self._following = False

    def offer_range(self, *, offered: bool) -> None:
        """Show the bar of colours and its button, or hide them while the maps show something else."""
        self.bar.visible = self._fit.visible = offered

    def show(self, column: Column, scale: Scale) -> None:
        """Show the range and the colours in use."""
        counts = self.colouring.statistic == "count"
        self.bar.tell(
            low=scale.low,
            high=scale.high,
            log=scale.log,
            unit="stars" if counts else column.unit,
            name_plain="number of stars" if counts else column.plain,
            colours=colours_of(self.colouring, column),
        )

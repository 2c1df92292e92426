"""The card of the histogram: the column it counts over, and whether by logarithm."""

from collections.abc import Callable
from typing import Any

import panel_material_ui as pmui

from explorer import choices
from explorer.bars import BarChart
from explorer.cards import CARD_CHROME, Card, Placed, alone
from explorer.figures import HEIGHTS
from explorer.picture import Histogram
from explorer.session import Bars, Session, State
from explorer.stars import Stars
from explorer.template import Models


class HistogramCard:
    """One visitor's histogram with its controls, which follow the session and change it."""

    def __init__(
        self, stars: Stars, session: Session, figures: Models, on_settings: Callable[[], None]
    ) -> None:
        self._stars = stars
        self._session = session
        self._following = False
        self._bars = BarChart(figures)
        state = session.state
        small: dict[str, Any] = {"size": "small"}
        self._column = pmui.Select(
            label="Histogram of",
            options=self._offers(state),
            value=state.bars.column,
            searchable=True,
            width=124,
            margin=(6, 0, 0, 0),
            **small,
        )
        self._log = pmui.Checkbox(label="log", value=state.bars.log, margin=(0, 4), **small)
        for widget in (self._column, self._log):
            widget.param.watch(self._choose, "value")
        self._card = Card(
            "Histogram",
            on_settings,
            named=False,
            settings="Settings of the histogram",
            controls=[self._column, self._log],
            plot=alone(self._bars.figure),
            height=HEIGHTS["maps"] + CARD_CHROME,
        )
        self.placed = Placed(self._card, self._bars.figure)

    def _offers(self, state: State) -> choices.Options:
        return choices.flat(choices.quantities(self._stars, state.derived))

    def _choose(self, _event: Any) -> None:
        if not self._following:
            self._session.change(bars=Bars(self._column.value, self._log.value))

    def follow(self, state: State) -> None:
        """Have the controls say what a state has."""
        self._following = True
        self._column.param.update(options=self._offers(state), value=state.bars.column)
        self._log.value = state.bars.log
        self._following = False

    def show(self, histogram: Histogram, state: State) -> None:
        """Draw the histogram of a state."""
        column = self._stars.describe(histogram.column, state.derived)
        self._bars.show(histogram, column, log=state.bars.log)
        self._card.say(histogram.note)

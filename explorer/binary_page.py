"""What the page of wide binaries shows of a study: its answer, plots, tables, and a pair that was chosen."""

import html
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from data.catalogue import Catalogue
from explorer.binaries import BinaryResult
from explorer.binary_plots import LEGEND, SeparationPlot, StepPlot
from explorer.binary_words import (
    READING,
    balance_html,
    headline_html,
    lost_html,
    parts_html,
    plain_name,
    trend,
)
from explorer.cards import alone
from explorer.label_figures import LabelFigures
from explorer.text import text

UNCHOSEN = "Click a point of distance against separation to look at both spectra of a pair."


class BinaryPage:
    """One visitor's results; nothing can be seen before the first.

    Parameters
    ----------
    on_star : called with the row of a star that a person wants to look at.
    """

    def __init__(self, catalogue: Catalogue, on_star: Callable[[int], None]) -> None:
        self._catalogue = catalogue
        self._on_star = on_star
        self._result: BinaryResult | None = None
        self._pair = -1
        self._answer, self._lost = text("star"), text("star", sizing_mode=None, width=360)
        self._parts = text("star", sizing_mode=None, width=440)
        self._balance = text("star", sizing_mode=None, width=560)
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width", visible=False)

    def _build(self) -> None:
        self._distances = StepPlot("distance", "chemical distance, eq. 6 (in σ)")
        self._separations = SeparationPlot(self.choose)
        self._differences = LabelFigures(self._difference)
        self._chosen = text("note-block", UNCHOSEN, align="center")
        small: dict[str, Any] = {"variant": "outlined", "size": "small", "margin": (4, 8, 4, 0)}
        self._buttons = [
            pmui.Button(label=label, disabled=True, on_click=self._look_at(end), **small)
            for label, end in (("First star", "first"), ("Second star", "second"))
        ]
        self._trend = text("note-block")
        left = pn.Column(text("note-block", LEGEND), alone(self._distances.figure), margin=0, width=480)
        right = pn.Column(self._trend, alone(self._separations.figure), margin=0, width=500)
        tables = pmui.FlexBox(
            self._parts, self._lost, self._balance, gap="24px", margin=0, justify_content="flex-start"
        )
        self.view[:] = [
            self._answer,
            text("note-block", html.escape(READING)),
            pn.Row(*self._buttons, self._chosen, margin=0, sizing_mode="stretch_width"),
            pmui.FlexBox(left, right, gap="24px", margin=0, justify_content="flex-start"),
            self._differences.view,
            tables,
        ]

    def show(self, result: BinaryResult) -> None:
        """Show a study."""
        if not self.view.objects:
            self._build()
        self._result, self._pair = result, -1
        self._answer.object = headline_html(result)
        self._lost.object, self._balance.object = lost_html(result), balance_html(result)
        self._parts.object = parts_html(result, self._catalogue)
        self._trend.object = html.escape(f"Separation: {result.separation_meaning}. {trend(result)}")
        self._distances.show(result, result.binaries.distance, result.field.distance)
        self._separations.show(result)
        self._differences.show(result.abundances, partial(self._fill_difference, result))
        self._say_pair()
        self.view.visible = True

    def _difference(self, name: str) -> StepPlot:
        return StepPlot(name, f"|Δ{plain_name(self._catalogue, name)}| [dex]", small=True)

    @staticmethod
    def _fill_difference(result: BinaryResult, plot: StepPlot, name: str) -> None:
        place = result.abundances.index(name)
        own, field = (np.abs(group.delta[place]) for group in (result.binaries, result.field))
        plot.show(result, own, field)

    # the pair that is looked at

    def choose(self, pair: int) -> None:
        """Look at a pair; a number that is none of this study's is dropped."""
        if self._result is None or not 0 <= pair < len(self._result.row):
            return
        self._pair = pair
        self._say_pair()
        self._on_star(int(self._result.binaries.first[pair]))

    def _look_at(self, end: str) -> Callable[[Any], None]:
        def press(_event: Any) -> None:
            if self._result is not None and self._pair >= 0:
                self._on_star(int(getattr(self._result.binaries, end)[self._pair]))

        return press

    def _say_pair(self) -> None:
        result, chosen = self._result, self._pair >= 0
        for button in self._buttons:
            button.disabled = not chosen
        if result is None or not chosen:
            self._chosen.object = UNCHOSEN
            return
        differences = ", ".join(
            f"Δ{plain_name(self._catalogue, name)} {result.binaries.delta[place, self._pair]:+.2f}"
            for place, name in enumerate(result.abundances)
        ).replace("-", "\N{MINUS SIGN}")
        self._chosen.object = (
            f"Pair at {result.separation[self._pair]:,.0f} AU, distance "
            f"{result.binaries.distance[self._pair]:.2f}; first minus second {html.escape(differences)} dex."
        )

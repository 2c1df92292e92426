"""Figures of labels beside each other, of a page that shows what a study found of each."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar

import panel_material_ui as pmui

from explorer.cards import alone


class Plot(Protocol):
    """What a label has."""

    figure: Any


Drawn = TypeVar("Drawn", bound=Plot)


class LabelFigures(Generic[Drawn]):
    """One visitor's: a label's is made when it is first shown, and filled anew from then on.

    Attributes
    ----------
    view : what is laid out.
    """

    def __init__(self, make: Callable[[str], Drawn]) -> None:
        self._make = make
        self._made: dict[str, tuple[Drawn, Any]] = {}
        self.view = pmui.FlexBox(gap="8px", margin=0, justify_content="flex-start")

    def show(self, labels: Iterable[str], fill: Callable[[Drawn, str], None]) -> None:
        """Fill the figures of some labels, and have these, in their order, and no others be seen."""
        shown = []
        for name in labels:
            if name not in self._made:
                plot = self._make(name)
                self._made[name] = plot, alone(plot.figure)
            plot, pane = self._made[name]
            fill(plot, name)
            shown.append(pane)
        self.view[:] = shown

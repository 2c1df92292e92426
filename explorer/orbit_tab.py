"""The orbit of the star that is studied: computed when it is asked for, off the event loop."""

import html
from collections.abc import Mapping
from functools import partial
from typing import Any

import panel as pn

from data.problem import DataError
from explorer.afterwards import Afterwards
from explorer.background import Background
from explorer.cards import alone
from explorer.conventions import Conventions
from explorer.orbit_card import OrbitPlot, table_of
from explorer.overtaking import Overtaken, OvertakenError
from explorer.published import Published
from explorer.star_motion import orbit_from, orbit_of
from explorer.text import text

DRAWS = 1000
"""Within a star's errors."""


Mover = Published | Mapping[str, float]
"""A star of the catalogue, or where one is and how it moves."""


class OrbitTab:
    """One visitor's tab."""

    def __init__(
        self,
        conventions: Conventions,
        background: Background,
    ) -> None:
        self._conventions = conventions
        self._background = background
        self._asked: Mover | None = None
        self._work: Afterwards[None] = background.afterwards(lambda _done: None)
        self._plot = OrbitPlot(conventions.frame)
        self._words = text("star")
        plots = pn.Row(*(alone(figure) for figure in self._plot.figures), margin=0)
        self.view = pn.Column(plots, self._words, margin=0)

    def ask(self, star: Mover | None) -> None:
        """Compute the orbit of a star, unless it is there; None for a spectrum without a place.

        That of a place, by the names of SEEN, has no errors.
        """
        if star is None:
            self._words.object = "<p>An orbit needs a place: say below Your spectrum where the star is.</p>"
        elif self._asked is not star:
            self._asked = star
            self._words.object = "<p>It is being computed …</p>"
            self._work.ask(partial(self._compute, star))

    def _compute(self, star: Mover, overtaken: Overtaken) -> None:
        """The orbit at once, and what its errors leave open when that is known. For the workers."""
        for draws in (0, DRAWS) if isinstance(star, Published) else (0,):
            try:
                found = (
                    orbit_of(star.catalogue, star.row, self._conventions, draws)
                    if isinstance(star, Published)
                    else orbit_from(star, self._conventions)
                )
            except DataError as problem:
                self._background.later(partial(self._refuse, star, str(problem)))
                return
            if overtaken():
                raise OvertakenError
            self._background.later(partial(self._show, star, found))

    def _show(self, star: Mover, found: Any) -> None:
        if self._asked is star:
            self._words.object = table_of(found, self._conventions.frame)
            self._plot.show(found)

    def _refuse(self, star: Mover, why: str) -> None:
        if self._asked is star:
            self._words.object = f"<p>{html.escape(why)}</p>"

    def forget(self) -> None:
        """Give up what is under way: another star is looked at."""
        self._asked = None
        self._work.overtake()
        self._plot.clear()
        self._words.object = "<p>It is computed when this tab is opened.</p>"

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._work.close()

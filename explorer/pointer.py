"""Answers what lies under the pointer, off the event loop; only the newest question waits."""

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from explorer import picture
from explorer.atlas import Diagram
from explorer.background import Background
from explorer.hover import Tip, number_of_stars, text_of
from explorer.picture import Picture
from explorer.session import State
from explorer.stars import Stars
from explorer.tints import Tints

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drawn:
    """What a view shows now, and the state it was painted of."""

    diagram: Diagram
    picture: Picture
    state: State


class Pointer:
    """One visitor's questions about cells. `drawn` is what the page's views show, by key."""

    def __init__(
        self,
        stars: Stars,
        drawn: Mapping[str, Drawn],
        background: Background,
    ) -> None:
        self._stars = stars
        self._drawn = drawn
        self._background = background
        self._question: tuple[str, float, float] | None = None
        self._answering = False
        self.tip = Tip(self._ask)

    def attach(self, key: str, figure: Any) -> None:
        """Answer for a view's figure."""
        self.tip.attach(key, figure)

    def _ask(self, key: str, x: float, y: float) -> None:
        """Keep only the newest question while one is answered."""
        self._question = (key, x, y)
        if not self._answering:
            self._answer_newest()

    def _answer_newest(self) -> None:
        question, self._question = self._question, None
        self._answering = question is not None and question[0] in self._drawn
        if question is not None and self._answering:
            key, x, y = question
            self._background.ask(partial(self._answer, self._drawn[key], x, y), partial(self._tell, key))

    def _answer(self, drawn: Drawn, x: float, y: float) -> str:
        shown = drawn.picture
        if isinstance(shown.lattice, Tints):
            return shown.lattice.words(x, y)
        cell = picture.examine(self._stars, drawn.diagram, drawn.state, shown.lattice, x, y)
        if shown.colouring.statistic == "count":
            return number_of_stars(cell)
        return text_of(cell, self._stars.describe(shown.colouring.label, drawn.state.derived))

    def _tell(self, key: str, done: Future[str]) -> None:
        problem = done.exception()
        if problem is None:
            self.tip.say(key, done.result())
        else:
            LOG.error("a question about a cell failed", exc_info=problem)
            self._background.complain(problem)
        self._answer_newest()

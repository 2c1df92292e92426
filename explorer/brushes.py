"""Carries brushes between the figures in the browser and the session; nobody sees it."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import param

from data.predicate import Predicate
from data.problem import DataError
from data.selection import Selection
from explorer.component import Component
from explorer.session import State
from explorer.shapes import Shape, axes_of, drawn, is_brush, predicate_of, source_of

LOG = logging.getLogger(__name__)
HERE = Path(__file__).parent

LARGEST_SERIAL = 2**31
MOST_UNANSWERED = 16
"""States remembered until what shows them is on its way; the browser asks for one or two at a time."""

OnBrush = Callable[[str, Predicate | None, bool, bool], None]
"""Called with the view, the condition (None: let go of), whether it still moves, whether it was there."""


class Brushes(Component):
    """One visitor's brushes. `on_brush` hears of every new region, `on_escape` that the last is to go.

    The browser numbers what it sends, and sends the next only when it has painted the answer, or at the end
    of a gesture. So what changes nothing, or is refused, is answered too.
    """

    views = param.List(default=[], item_type=str, doc="names of the figures that can be brushed")
    answered = param.Integer(default=0, doc="the number of the newest message whose effect is on its way")
    shapes = param.Dict(default={"version": 0, "views": {}}, doc="what the figures are to show")

    _esm = HERE / "brushes.js"

    def __init__(
        self,
        state: Callable[[], State],
        on_brush: OnBrush,
        on_escape: Callable[[], None],
    ) -> None:
        super().__init__(width=0, height=0, margin=0)
        self._state = state
        self._on_brush = on_brush
        self._on_escape = on_escape
        self._shown: dict[str, Shape | None] = {}
        self._states: deque[tuple[State, int]] = deque(maxlen=MOST_UNANSWERED)
        self._touched: dict[str, int] = {}
        self._heard = 0

    def attend(self, views: Iterable[str], state: State) -> None:
        """Carry the brushes of these views, whose figures are on the page or about to be."""
        self.views = [*views]
        self.show(state)

    def show(self, state: State) -> None:
        """Have the figures show the brushes of a state, if they don't yet."""
        if self._heard > self.answered:
            self._states.append((state, self._heard))
        self._draw(state)

    def _draw(self, state: State) -> None:
        wanted = {view: drawn(view, state) for view in self.views}
        if wanted != self._shown:
            self._shown = wanted
            self.tell(shapes={"version": self.shapes["version"] + 1, "views": wanted})

    def newest(self, selection: Selection) -> str | None:
        """Source of the brush that was drawn or changed last, of those there are."""
        there = [clause.source for clause in selection if is_brush(clause.source)]
        return max(there, key=lambda source: self._touched.get(source, 0), default=None)

    def answer(self, state: State) -> None:
        """Tell the browser that all there is to show of a state is on its way, ahead of this."""
        if not any(known is state for known, _ in self._states):
            return
        latest = max(serial for known, serial in self._states if known is state)
        while self._states and self._states[0][1] <= latest:
            self._states.popleft()
        self.tell(answered=max(self.answered, latest))

    def _handle_msg(self, data: Any) -> None:
        """What the browser sent; anything but a region of a view is not from our script and is dropped."""
        if data == {"escape": True}:
            self._on_escape()
            return
        try:
            view, shape, moving, edited, serial = self._read(data)
        except DataError as problem:
            LOG.warning("dropped what a browser sent: %s", problem)
            return
        self._heard = max(self._heard, serial)
        self._shown[view] = shape
        try:
            predicate = None if shape is None else predicate_of(shape, axes_of(view, self._state()))
        except DataError as problem:
            LOG.warning("refused a brush: %s", problem)
            self._draw(self._state())
        else:
            self._touched[source_of(view)] = serial
            self._on_brush(view, predicate, moving, edited)
        self._acknowledge(serial)

    def _acknowledge(self, serial: int) -> None:
        """See that a message is answered: with what is on its way already, or at once where nothing is."""
        if any(number >= serial for _, number in self._states):
            return
        state = self._state()
        if any(known is state for known, _ in self._states):
            self._states.append((state, serial))
        else:
            self.tell(answered=max(self.answered, serial))

    def _read(self, data: Any) -> tuple[str, Any, bool, bool, int]:
        if not isinstance(data, dict) or data.keys() != {"view", "shape", "moving", "edited", "serial"}:
            raise DataError("a brush is told by view, shape, moving, edited and serial")
        view, moving, edited, serial = (data[name] for name in ("view", "moving", "edited", "serial"))
        if view not in self.views or not (isinstance(moving, bool) and isinstance(edited, bool)):
            raise DataError(f"there is no brush in {view!r:.40}")
        if type(serial) is not int or not 0 < serial < LARGEST_SERIAL:
            raise DataError(f"the number of a message is a whole one, not {serial!r:.40}")
        return view, data["shape"], moving, edited, serial

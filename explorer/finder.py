"""Finds the star a visitor means, off the event loop: by a click on a map, by its name, or step by step."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import param
from bokeh.events import Tap
from bokeh.models import CustomJS

from data.parser import LARGEST
from data.problem import DataError
from explorer import finding, naming
from explorer.atlas import VIEWS
from explorer.background import Background
from explorer.component import Component
from explorer.session import Session, Star, State
from explorer.stars import Stars

LOG = logging.getLogger(__name__)
HERE = Path(__file__).parent

LONGEST = 1000
"""Letters of a text that is looked at at all."""

MOST_STEPS = 100
"""So many steps that wait are taken at once."""

SAME = 2.0
"""A click at most so many CSS pixels from the last, along each axis, is at the same place."""

_CLICK = """
const figure = cb_obj.origin
const view = Bokeh.index.find_one(figure)
// Where corners of a polygon are set, or not all of them are, a click is one of those.
const corner = figure.toolbar.tools.some((tool) =>
  tool.type === 'PolySelectTool' && (tool.active || view.tool_views.get(tool)?._is_selecting))
if (view.frame.bbox.contains(cb_obj.sx, cb_obj.sy) && !corner) {
  const {x_range, y_range, inner_width, inner_height} = figure
  const span = (range) => Math.abs(range.end - range.start)
  const scale = [inner_width / span(x_range), inner_height / span(y_range)]
  const detail = {view: figure.name, x: cb_obj.x, y: cb_obj.y, scale}
  window.dispatchEvent(new CustomEvent('star:click', {detail}))
}
"""


@dataclass(frozen=True)
class Click:
    """A click on a map: where, in units of its axes, and how many pixels a unit of each takes."""

    view: str
    place: tuple[float, float]
    scale: tuple[float, float]

    def is_at(self, other: "Click") -> bool:
        """Whether it is where another was."""
        apart = (abs(a - b) * scale for a, b, scale in zip(self.place, other.place, self.scale, strict=True))
        return (self.view, self.scale) == (other.view, other.scale) and max(apart) <= SAME


@dataclass(frozen=True)
class Answer:
    """A star that was found: its row, what names it, and what there is to say."""

    row: int
    star: Star
    note: str = ""


Message = Click | str | int | None
"""A click, a name, a step (1 or -1), or that the star is let go of."""


class SearchBox(Component):
    """The field in the header. `on_message` hears of every click, name and step that the browser tells."""

    chosen = param.String(default="", doc="what the star is called; empty where there is none")

    _esm = HERE / "finder.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "finder.css").read_text()]

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        super().__init__(margin=(0, 8), align="center")
        self._on_message = on_message

    def say(self, words: str, *, wrong: bool = False) -> None:
        """Show some words below the field, as a text."""
        self._send_msg({"said": words, "wrong": wrong})

    def _handle_msg(self, data: Any) -> None:
        """What the browser sent; anything else is not from our script and is dropped."""
        try:
            self._on_message(read(data))
        except DataError as problem:
            LOG.warning("dropped what a browser sent: %s", problem)


def read(data: Any) -> Message:
    """What a browser tells; DataError where that is nothing of ours."""
    match data:
        case {"find": str(text)} if len(data) == 1 and len(text) <= LONGEST:
            return text
        case {"step": 1 | -1 as step} if len(data) == 1 and type(step) is int:
            return step
        case {"leave": True} if len(data) == 1:
            return None
        case {"click": {"view": str(view), "x": x, "y": y, "scale": [across, up]}} if view in VIEWS:
            numbers = (x, y, across, up)
            finite = all(type(each) in (int, float) and abs(each) <= LARGEST for each in numbers)
            if finite and across > 0 and up > 0:
                return Click(view, (float(x), float(y)), (float(across), float(up)))
    raise DataError(f"{data!r:.80} is no click, name or step")


class Finder:
    """One visitor's star. Of several questions only the newest is answered, but no step is lost."""

    def __init__(
        self,
        stars: Stars,
        session: Session,
        background: Background,
    ) -> None:
        self._stars = stars
        self._session = session
        self._background = background
        self._known: Answer | None = None
        self._click: Click | None = None
        self._turn = 0
        self._asked = self._told = 0
        self._owed = 0
        self.box = SearchBox(self._hear)
        session.listen(self._changed)
        self._show(session.state.star)

    @property
    def row(self) -> int | None:
        """Row of the star that the visitor looks at."""
        star = self._session.state.star
        if star is None:
            return None
        if self._known is None or self._known.star != star:
            self._known = Answer(finding.row_of(self._stars, star), star)
        return self._known.row

    def attach(self, figure: Any) -> None:
        """Hear of clicks on a map's figure."""
        figure.js_on_event(Tap, CustomJS(code=_CLICK))

    def _changed(self, before: State, after: State) -> None:
        if after.star != before.star:
            self._show(after.star)
            if self._known is None or self._known.star != after.star:
                self._click = None

    def _show(self, star: Star | None) -> None:
        name = "" if star is None else "row" if star.name == finding.ROW else star.name
        self.box.tell(chosen="" if star is None else f"{name} {star.number}")

    # questions

    def _hear(self, message: Message) -> None:
        if isinstance(message, int):
            self._owed = max(-MOST_STEPS, min(self._owed + message, MOST_STEPS))
            self._step()
            return
        self._owed = 0
        if isinstance(message, Click):
            if self._click is not None and message.is_at(self._click):
                message, self._turn = self._click, self._turn + 1
            else:
                self._click, self._turn = message, 0
            self._ask(partial(_pointed, self._stars, self._session.state, message, self._turn))
            return
        self._click = None
        if message is None:
            self._asked += 1
            self._told = self._asked
            self._session.change(star=None)
        else:
            self._ask(partial(_called, self._stars, self._session.state, message))

    def _step(self) -> None:
        row = self.row
        if self._owed and row is not None and self._told == self._asked:
            steps, self._owed, self._click = self._owed, 0, None
            self._ask(partial(_stepped, self._stars, self._session.state, row, steps))

    def _ask(self, find: Callable[[], Answer | None]) -> None:
        self._asked += 1
        self._background.ask(find, partial(self._answer, self._asked))

    def _answer(self, number: int, done: "Future[Answer | None]") -> None:
        if number != self._asked:
            return
        self._told = number
        problem = done.exception()
        if isinstance(problem, DataError):
            self.box.say(str(problem), wrong=True)
        elif problem is not None:
            LOG.error("a star could not be looked for", exc_info=problem)
            self._background.complain(problem)
        elif (found := done.result()) is not None:
            self._known = found
            self._session.change(star=found.star)
            self.box.say(found.note)
        self._step()


# for the workers


def _pointed(stars: Stars, state: State, click: Click, turn: int) -> Answer | None:
    """The star at a click; those that can't be told from it take turns. None where there is none."""
    rows = finding.near(stars, VIEWS[click.view], state, click.place, click.scale)
    if not rows:
        return None
    row = rows[turn % len(rows)]
    return Answer(row, finding.star_of(stars, row))


def _called(stars: Stars, state: State, text: str) -> Answer:
    """The star that a text names, and whether it is selected."""
    found = naming.identify(stars, text)
    row = found.rows[0]
    words = stars.select(state.selection.for_view(None))
    selected = words[row // 64] >> np.uint64(row % 64) & np.uint64(1)
    note = "" if selected else "not among the selected stars"
    return Answer(row, finding.star_of(stars, row), "; ".join(filter(None, (found.note, note))))


def _stepped(stars: Stars, state: State, row: int, steps: int) -> Answer | None:
    """The star so many steps on; None where none is selected."""
    for _ in range(abs(steps)):
        found = finding.beyond(stars, state, row, steps)
        if found is None:
            return None
        row = found
    return Answer(row, finding.star_of(stars, row))

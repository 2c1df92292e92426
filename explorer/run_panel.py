"""Buttons that begin and cancel a study of a page of science, and words on how far it is and how old."""

import html
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
import panel_material_ui as pmui
from numpy.typing import NDArray

from data.predicate import Predicate
from data.problem import DataError
from data.selection import Selection
from explorer.background import Background
from explorer.headway import Progress
from explorer.overtaking import Overtaken, attend, attentive
from explorer.session import Session, State
from explorer.stars import Stars
from explorer.text import text

OLD, YOUNG = "<b>Out of date: run again.</b>", "Up to date with cuts and choices."
NOTHING = "Nothing is computed until you press Run."
TOLD_S = 0.2
"""So often is told how far a study is."""
STARS = (
    "Stars are those that pass the cuts and brushes; whether they are dwarfs or giants is chosen here alone."
)
GIANTS_OR_DWARFS = frozenset({"giantmodel"})

Cuts = tuple[Predicate, ...]
Flags = NDArray[np.bool_]
Options = TypeVar("Options")
Found = TypeVar("Found")


def cuts_of(selection: Selection) -> Cuts:
    """What a selection asks of stars in every view, but for giants or dwarfs: that is chosen here."""
    return tuple(
        clause.effective
        for clause in selection
        if clause.holds_in(None) and clause.predicate.columns != GIANTS_OR_DWARFS
    )


@dataclass(frozen=True)
class Question(Generic[Options]):
    """What a study is of: it is out of date where another would be asked now."""

    cuts: Cuts
    options: Options


class RunPanel(Generic[Options, Found]):
    """Of one page.

    Attributes
    ----------
    run, stop : buttons.
    said, problem : words, also on mistakes.
    """

    def __init__(
        self,
        stars: Stars,
        session: Session,
        background: Background,
        *,
        options: Callable[[], Options],
        study: Callable[[Flags, Question[Options], Progress], Found],
        show: Callable[[Found], None],
        fade: Callable[[bool], None],
        cuts: Callable[[Selection], Cuts] = cuts_of,
    ) -> None:
        """Tie it to a page.

        Parameters
        ----------
        stars, session, background : of the page.
        options : what is chosen now; DataError where that can't be.
        study : finds it out of stars, (N,), on a worker.
        show : shows what was found, in the page's thread.
        fade : tells whether what is shown is out of date.
        cuts : what a selection asks of the stars that are studied.
        """
        small: dict[str, Any] = {"size": "small", "margin": (12, 0, 0, 8)}
        self.run = pmui.Button(label="Run", on_click=lambda _: self._ask(), **small)
        self.stop = pmui.Button(
            label="Cancel", variant="outlined", disabled=True, on_click=lambda _: self._cancel(), **small
        )
        self.said, self.problem = text("note-block"), text("problem", visible=False, margin=(4, 0))
        self._stars, self._session, self._background = stars, session, background
        self._options, self._study, self._show, self._fade = options, study, show, fade
        self._cuts = cuts
        self._asked: Question[Options] | None = None
        self._found: Question[Options] | None = None
        self._work = background.afterwards(self._done, self._fail)
        session.listen(self._changed)
        self.tell_age()

    def row(self, *widgets: Any) -> Any:
        """Widgets, and behind them the buttons."""
        for widget in widgets:
            widget.param.watch(lambda _event: self.tell_age(), "value")
        return in_a_row(*widgets, self.run, self.stop)

    def tell_age(self, first: str = "") -> None:
        """Say whether what is shown is of what is chosen now; nothing where a mistake is told of instead."""
        if self._asked is not None:
            return
        if self._found is None:
            self.said.object = "" if self.problem.visible else f"{first}{NOTHING}"
            return
        try:
            now = self._question()
        except DataError:
            now = None
        old = now != self._found
        self.said.object = f"{first}{OLD if old else YOUNG}"
        self._fade(old)

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._work.close()

    def _question(self) -> Question[Options]:
        return Question(self._cuts(self._session.state.selection), self._options())

    def _changed(self, before: State, after: State) -> None:
        if after.selection != before.selection:
            self.tell_age()

    # what a person does

    def _ask(self) -> None:
        self._complain("")
        try:
            question = self._question()
        except DataError as problem:
            self._complain(str(problem))
            self.tell_age()
            return
        self._asked = question
        self._busy("Looking for stars \N{HORIZONTAL ELLIPSIS}", 0)
        self._work.ask(partial(self._compute, question))

    def _compute(self, question: Question[Options], overtaken: Overtaken) -> Found:
        """For the workers."""
        told = 0.0

        def progress(done: int, total: int, what: str) -> None:
            nonlocal told
            attend(overtaken)
            if time.monotonic() - told > TOLD_S:
                told = time.monotonic()
                self._background.later(partial(self._hear, question, done, total, what))

        words = self._stars.select(question.cuts, attentive(map, overtaken))
        chosen = np.unpackbits(words.view(np.uint8), count=len(self._stars), bitorder="little")
        return self._study(chosen.astype(np.bool_), question, progress)

    def _hear(self, question: Question[Options], done: int, total: int, what: str) -> None:
        if self._asked is question:
            self._busy(f"{what}: {done:,} of {total:,}", round(100 * done / max(total, 1)))

    def _cancel(self) -> None:
        self._work.overtake()
        self._rest()
        self.tell_age("Cancelled. ")

    # what comes back

    def _done(self, found: Found) -> None:
        if self._asked is None:
            return
        self._found = self._asked
        self._rest()
        self._show(found)
        self.tell_age()

    def _fail(self, problem: BaseException) -> None:
        self._rest()
        if isinstance(problem, DataError):
            self._complain(str(problem))
        else:
            self._background.complain(problem)
        self.tell_age()

    def _busy(self, words: str, share: int) -> None:
        self.run.disabled, self.stop.disabled = True, False
        bar = f"<progress max='100' value='{share}' aria-label='How far it is'></progress>"
        self.said.object = f"{bar} {html.escape(words)}"

    def _rest(self) -> None:
        self._asked = None
        self.run.disabled, self.stop.disabled = False, True

    def _complain(self, words: str) -> None:
        told = html.escape(words).replace("T_eff", "T<sub>eff</sub>")
        self.problem.param.update(object=told, visible=bool(words))


def in_a_row(*widgets: Any) -> Any:
    """Widgets beside each other, and below where there is no room."""
    return pmui.FlexBox(*widgets, align_items="flex-start", justify_content="flex-start", gap="8px", margin=0)


def faded(view: Any, old: bool) -> None:
    """Have something fade that is out of date."""
    view.styles = {"opacity": "0.55"} if old else {}

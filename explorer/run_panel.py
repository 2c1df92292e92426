"""Buttons that begin and cancel a study of a page of science, and words on how far it is and how old."""

import html
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

import panel_material_ui as pmui

from data.problem import DataError
from explorer.background import Background
from explorer.binary_tab import OLD, TOLD_S, YOUNG
from explorer.overtaking import Overtaken, attend
from explorer.text import text

Question = TypeVar("Question")
"""What a study is of: it is out of date where another would be asked now."""
Found = TypeVar("Found")
"""What comes of it."""
Progress = Callable[[int, int, str], None]


class RunPanel(Generic[Question, Found]):
    """Of one page.

    Attributes
    ----------
    run, stop : buttons.
    said, problem : words, also on mistakes.
    """

    def __init__(
        self,
        background: Background,
        question: Callable[[], Question],
        study: Callable[[Question, Overtaken, Progress], Found],
        show: Callable[[Found], None],
        results: Any,
    ) -> None:
        """Tie it to a page.

        Parameters
        ----------
        background : has work done off the page's thread.
        question : what would be asked now; DataError where that can't be.
        study : finds it out, on a worker; told how far it is.
        show : shows what was found, in the page's thread.
        results : what holds it; it fades while it is out of date.
        """
        small: dict[str, Any] = {"size": "small", "margin": (12, 0, 0, 8)}
        self.run = pmui.Button(label="Run", on_click=lambda _: self._ask(), **small)
        self.stop = pmui.Button(
            label="Cancel", variant="outlined", disabled=True, on_click=lambda _: self._cancel(), **small
        )
        self.said, self.problem = text("note-block"), text("problem", visible=False, margin=(4, 0))
        self._question, self._study, self._show, self._results = question, study, show, results
        self._background = background
        self._asked: Question | None = None
        self._found: Question | None = None
        self._work = background.afterwards(self._done, self._fail)
        self.tell_age()

    def tell_age(self, first: str = "") -> None:
        """Say whether what is shown is of what is chosen now."""
        if self._asked is not None:
            return
        if self._found is None:
            self.said.object = f"{first}Nothing is computed until you press Run."
            return
        try:
            now = self._question()
        except DataError:
            now = None
        old = now != self._found
        self.said.object = f"{first}{OLD if old else YOUNG}"
        self._results.styles = {"opacity": "0.55"} if old else {}

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._work.close()

    def _ask(self) -> None:
        self._complain("")
        try:
            question = self._question()
        except DataError as problem:
            self._complain(str(problem))
            return
        self._asked = question
        self._busy("It begins \N{HORIZONTAL ELLIPSIS}", 0)
        self._work.ask(partial(self._compute, question))

    def _compute(self, question: Question, overtaken: Overtaken) -> Found:
        """For the workers."""
        told = 0.0

        def progress(done: int, total: int, what: str) -> None:
            nonlocal told
            attend(overtaken)
            if time.monotonic() - told > TOLD_S:
                told = time.monotonic()
                self._background.later(partial(self._hear, question, done, total, what))

        return self._study(question, overtaken, progress)

    def _hear(self, question: Question, done: int, total: int, what: str) -> None:
        if self._asked is question:
            self._busy(f"{what}: {done:,} of {total:,}", round(100 * done / max(total, 1)))

    def _cancel(self) -> None:
        self._work.overtake()
        self._rest()
        self.tell_age("Cancelled. ")

    def _done(self, found: Found) -> None:
        if self._asked is None:
            return
        self._found = self._asked
        self._rest()
        self._show(found)
        self._results.visible = True
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
        self.problem.param.update(object=html.escape(words), visible=bool(words))

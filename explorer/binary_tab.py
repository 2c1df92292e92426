"""The page of wide binaries: it asks for a study, follows how far it is, and shows what was found."""

import html
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import panel_material_ui as pmui

from data.predicate import Predicate
from data.problem import DataError
from data.selection import Selection
from explorer.background import Background
from explorer.binaries import BinaryResult, study_binaries
from explorer.binary_form import BinaryForm
from explorer.binary_options import BinaryOptions
from explorer.binary_page import BinaryPage
from explorer.finding import star_of
from explorer.overtaking import Overtaken, attend, attentive
from explorer.pair_source import NO_PAIRS, PairSource
from explorer.session import Session, Star, State
from explorer.star_models import StarModels
from explorer.stars import Stars
from explorer.text import text

OLD, YOUNG = "<b>Out of date: run again.</b>", "Up to date with cuts and choices."
TOLD_S = 0.2
"""So often is told how far a study is."""
STARS = (
    "Stars are those that pass the cuts and brushes; whether they are dwarfs or giants is chosen here alone."
)
GIANTS_OR_DWARFS = frozenset({"giantmodel"})

Cuts = tuple[Predicate, ...]


def cuts_of(selection: Selection) -> Cuts:
    """What a selection asks of stars in every view, but for giants or dwarfs: that is chosen here."""
    return tuple(
        clause.effective
        for clause in selection
        if clause.holds_in(None) and clause.predicate.columns != GIANTS_OR_DWARFS
    )


@dataclass(frozen=True)
class Question:
    """What a study is of: it is out of date where another would be asked now."""

    cuts: Cuts
    options: BinaryOptions


class BinaryTab:
    """One visitor's page; it is empty until it is opened.

    Parameters
    ----------
    pairs : of the catalogue; None where there are none.
    usual : selection that the page opens with.
    """

    def __init__(
        self,
        stars: Stars,
        session: Session,
        models: StarModels,
        pairs: PairSource | None,
        usual: Selection,
        background: Background,
    ) -> None:
        self._stars = stars
        self._session = session
        self._models = models
        self._pairs = pairs
        self._usual = cuts_of(usual)
        self._background = background
        self._asked: Question | None = None
        self._found: tuple[Question, BinaryResult] | None = None
        self._work = background.afterwards(self._show, self._fail)
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")
        session.listen(self._changed)

    def follow(self) -> None:
        """Make the page when it is first opened."""
        if self.view.objects:
            return
        if self._pairs is None:
            how = "explorer serve CATALOGUE --pairs FILE"
            words = f"<p>{html.escape(NO_PAIRS.capitalize())}.</p><p>How: <code>{how}</code></p>"
            self.view[:] = [text("lacking", words)]
            return
        self._build(self._pairs)

    def _build(self, pairs: PairSource) -> None:
        small: dict[str, Any] = {"size": "small", "margin": (12, 0, 0, 8)}
        self._form = BinaryForm(self._stars, with_chance=pairs.chance is not None)
        self._run = pmui.Button(label="Run", on_click=lambda _: self._ask(), **small)
        self._stop = pmui.Button(
            label="Cancel", variant="outlined", disabled=True, on_click=lambda _: self._cancel(), **small
        )
        self._said = text("note-block")
        self._problem = text("problem", visible=False, margin=(4, 0))
        self._page = BinaryPage(self._stars.catalogue, self._open_star)
        for widget in self._form.widgets:
            widget.param.watch(lambda _event: self._tell_age(), "value")
        mock = "" if not self._stars.catalogue.mock or pairs.name.startswith("MOCK") else "MOCK stars. "
        about = f"{mock}{pairs.name}: {pairs.found.report}. {STARS}"
        what = text("note-block", html.escape(about))
        row = pmui.FlexBox(
            *self._form.widgets,
            self._run,
            self._stop,
            align_items="flex-start",
            justify_content="flex-start",
            gap="8px",
            margin=0,
        )
        self.view[:] = [what, row, self._problem, self._said, self._page.view]
        self._tell_age()

    # what a person does

    def _ask(self) -> None:
        pairs = self._pairs
        if pairs is None:
            return
        self._complain("")
        try:
            question = Question(cuts_of(self._session.state.selection), self._form.options)
        except DataError as problem:
            self._complain(str(problem))
            return
        self._asked = question
        self._busy("Looking for stars \N{HORIZONTAL ELLIPSIS}", 0)
        self._work.ask(partial(self._study, pairs, question))

    def _study(self, pairs: PairSource, question: Question, overtaken: Overtaken) -> BinaryResult:
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
        other = ("stars chosen by other cuts or brushes",) if question.cuts != self._usual else ()
        return study_binaries(
            self._stars.catalogue,
            pairs,
            chosen.astype(np.bool_),
            question.options,
            self._models,
            progress,
            other,
        )

    def _hear(self, question: Question, done: int, total: int, what: str) -> None:
        if self._asked is question:
            self._busy(f"{what}: {done:,} of {total:,}", round(100 * done / max(total, 1)))

    def _cancel(self) -> None:
        self._work.overtake()
        self._rest()
        self._tell_age("Cancelled. ")

    # what comes back

    def _show(self, result: BinaryResult) -> None:
        if self._asked is None:
            return
        self._found = (self._asked, result)
        self._rest()
        self._page.show(result)
        self._tell_age()

    def _fail(self, problem: BaseException) -> None:
        self._rest()
        if isinstance(problem, DataError):
            self._complain(str(problem))
        else:
            self._background.complain(problem)
        self._tell_age()

    def _changed(self, before: State, after: State) -> None:
        if after.selection != before.selection and self.view.objects and self._pairs is not None:
            self._tell_age()

    def _tell_age(self, first: str = "") -> None:
        """Say whether what is shown is of what is chosen now."""
        if self._asked is not None:
            return
        if self._found is None:
            self._said.object = f"{first}Nothing is computed until you press Run."
            return
        try:
            now = Question(cuts_of(self._session.state.selection), self._form.options)
        except DataError:
            now = None
        old = now != self._found[0]
        self._said.object = f"{first}{OLD if old else YOUNG}"
        self._page.fade(old)

    def _busy(self, words: str, share: int) -> None:
        self._run.disabled, self._stop.disabled = True, False
        bar = f"<progress max='100' value='{share}' aria-label='How far it is'></progress>"
        self._said.object = f"{bar} {html.escape(words)}"

    def _rest(self) -> None:
        self._asked = None
        self._run.disabled, self._stop.disabled = False, True

    def _complain(self, words: str) -> None:
        self._problem.param.update(object=html.escape(words), visible=bool(words))

    def _open_star(self, row: int) -> None:
        """Have the star's drawer open, for its spectrum."""

        def opened(done: Any) -> None:
            if (problem := done.exception()) is not None:
                self._background.complain(problem)
            else:
                self._session.change(star=done.result())

        find: Callable[[], Star] = partial(star_of, self._stars, row)
        self._background.ask(find, opened)

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._work.close()

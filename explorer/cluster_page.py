"""The page of open clusters: it asks for a study, follows how far it is, and shows what was found."""

import html
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import panel_material_ui as pmui

from data.problem import DataError
from explorer.background import Background
from explorer.binary_tab import OLD, STARS, TOLD_S, YOUNG, Cuts, cuts_of
from explorer.cards import alone
from explorer.cluster_form import ClusterForm
from explorer.cluster_options import ClusterOptions
from explorer.cluster_plots import LEGEND, DriftPlot
from explorer.cluster_study import ClusterStudy, labels_of, study_cluster
from explorer.cluster_words import READING, table_html, words_html
from explorer.overtaking import Overtaken, attend, attentive
from explorer.session import Session, State
from explorer.stars import Stars
from explorer.text import text

LACKING = "The catalogue has no Teff, or no label that members of a cluster share."


@dataclass(frozen=True)
class Question:
    """What a study is of: it is out of date where another would be asked now."""

    cuts: Cuts
    options: ClusterOptions


class ClusterPage:
    """One visitor's page; it is empty until it is opened."""

    def __init__(self, stars: Stars, session: Session, background: Background) -> None:
        self._stars = stars
        self._session = session
        self._background = background
        self._asked: Question | None = None
        self._found: Question | None = None
        self._plots: dict[str, tuple[DriftPlot, Any]] = {}
        self._work = background.afterwards(self._show, self._fail)
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")

    def follow(self) -> None:
        """Make the page when it is first opened."""
        if self.view.objects:
            return
        catalogue = self._stars.catalogue
        if "teff" not in catalogue or not labels_of(catalogue):
            self.view[:] = [text("lacking", f"<p>{LACKING}</p>")]
            return
        small: dict[str, Any] = {"size": "small", "margin": (12, 0, 0, 8)}
        self._form = ClusterForm(self._stars)
        self._run = pmui.Button(label="Run", on_click=lambda _: self._ask(), **small)
        self._stop = pmui.Button(
            label="Cancel", variant="outlined", disabled=True, on_click=lambda _: self._cancel(), **small
        )
        self._said, self._problem = text("note-block"), text("problem", visible=False, margin=(4, 0))
        self._words, self._table = text("star"), text("star")
        self._figures = pmui.FlexBox(gap="8px", margin=0, justify_content="flex-start")
        self._results = pmui.Column(
            self._words, self._table, text("note-block", LEGEND), self._figures,
            margin=0, sizing_mode="stretch_width", visible=False,
        )  # fmt: skip
        for widget in (*self._form.choices, *self._form.numbers):
            widget.param.watch(lambda _event: self._tell_age(), "value")
        rows = [
            pmui.FlexBox(
                *widgets, align_items="flex-start", justify_content="flex-start", gap="8px", margin=0
            )
            for widgets in ((*self._form.choices, self._run, self._stop), self._form.numbers)
        ]
        about = text("note-block", html.escape(f"{READING} {STARS}"))
        self.view[:] = [about, *rows, self._problem, self._said, self._results]
        self._session.listen(self._changed)
        self._tell_age()

    # what a person does

    def _ask(self) -> None:
        self._complain("")
        try:
            question = Question(cuts_of(self._session.state.selection), self._form.options)
        except DataError as problem:
            self._complain(str(problem))
            return
        self._asked = question
        self._busy("Looking for members \N{HORIZONTAL ELLIPSIS}", 0)
        self._work.ask(partial(self._study, question))

    def _study(self, question: Question, overtaken: Overtaken) -> ClusterStudy:
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
        return study_cluster(self._stars.catalogue, chosen.astype(np.bool_), question.options, progress)

    def _hear(self, question: Question, done: int, total: int, what: str) -> None:
        if self._asked is question:
            self._busy(f"{what}: {done:,} of {total:,}", round(100 * done / max(total, 1)))

    def _cancel(self) -> None:
        self._work.overtake()
        self._rest()
        self._tell_age("Cancelled. ")

    # what comes back

    def _show(self, study: ClusterStudy) -> None:
        if self._asked is None:
            return
        self._found = self._asked
        self._rest()
        catalogue = self._stars.catalogue
        self._words.object = words_html(catalogue, study)
        self._table.object = table_html(catalogue, study)
        for name, drift in study.drifts.items():
            if name not in self._plots:
                plot = DriftPlot(catalogue.described[name])
                self._plots[name] = plot, alone(plot.figure)
            self._plots[name][0].show(study.teff, study.values[name], drift)
        self._figures[:] = [self._plots[name][1] for name in study.drifts]
        self._results.visible = True
        self._tell_age()

    def _fail(self, problem: BaseException) -> None:
        self._rest()
        if isinstance(problem, DataError):
            self._complain(str(problem))
        else:
            self._background.complain(problem)
        self._tell_age()

    def _changed(self, before: State, after: State) -> None:
        if after.selection != before.selection:
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
        old = now != self._found
        self._said.object = f"{first}{OLD if old else YOUNG}"
        self._results.styles = {"opacity": "0.55"} if old else {}

    def _busy(self, words: str, share: int) -> None:
        self._run.disabled, self._stop.disabled = True, False
        bar = f"<progress max='100' value='{share}' aria-label='How far it is'></progress>"
        self._said.object = f"{bar} {html.escape(words)}"

    def _rest(self) -> None:
        self._asked = None
        self._run.disabled, self._stop.disabled = False, True

    def _complain(self, words: str) -> None:
        self._problem.param.update(object=html.escape(words), visible=bool(words))

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._work.close()

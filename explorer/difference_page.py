"""One visitor's page of two groups of stars compared map by map; open, it follows brushes and cuts."""

import html
from functools import partial
from io import BytesIO
from typing import Any

import panel as pn
import panel_material_ui as pmui

from data.formats import FORMATS
from data.problem import DataError
from explorer.atlas import DIAGRAMS
from explorer.background import Background
from explorer.difference_form import LACKING, DifferenceForm, possible
from explorer.difference_map import Compared, Question, compared, question_of
from explorer.difference_plots import DifferencePlots
from explorer.difference_table import table_of
from explorer.difference_words import HOW, MAKE, said
from explorer.filling import Filling
from explorer.landmark_choice import LandmarkChoice
from explorer.landmarks import shown_over
from explorer.overtaking import Overtaken
from explorer.session import Session, State
from explorer.stars import Stars
from explorer.text import text
from explorer.tie import Tie

COMPUTING = "Being compared \N{HORIZONTAL ELLIPSIS}"


class DifferencePage:
    """Empty until it is opened; what is shown follows the session from then on, while it is open."""

    def __init__(self, stars: Stars, session: Session, background: Background) -> None:
        self._stars = stars
        self._session = session
        self._background = background
        self._work = background.afterwards(self._show, self._fail)
        self._state: State | None = None
        self._asked: Question | None = None
        self._done: Compared | None = None
        self._fitted: tuple[str, ...] = ()
        self._plots: dict[str, DifferencePlots] = {}
        self._lines: dict[str, LandmarkChoice] = {}
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")

    def follow(self) -> None:
        """Make the page when it is first opened, and have it follow the session whenever it is seen."""
        state = self._session.state
        if self._state is None and not possible(self._stars, state):
            self.view[:] = [text("lacking", LACKING)]
            return
        if self._state is None:
            self._build()
        else:
            with self._filling:
                self._form.follow(self._state, state)
        self._state = state
        self._tie.follow(state)
        self._make.visible = len(state.subsets) < 2
        self._rule()
        self._ask()

    def _build(self) -> None:
        self._form = DifferenceForm(self._stars, self._session)
        self._fade = pmui.Checkbox(
            label="Fade what does not pass", value=True, size="small", margin=(4, 8, 0, 0)
        )
        fit = pmui.Button(
            label="Fit colours", variant="text", size="small", margin=(4, 4, 0, 0), on_click=self._fit
        )
        self._files = [self._file(form) for form in FORMATS]
        self._problem = text("problem", visible=False, margin=(4, 0))
        self._progress, self._make = text("note-block"), text("note-block", MAKE)
        self._said, self._maps, self._switches = text("section"), pn.Column(margin=0), pn.Column(margin=0)
        named = {**self._form.named, "within": self._form.within, "fade": self._fade}
        self._filling = Filling()
        self._tie = Tie(self._session, "differences", named, self._filling, self._form.usual)
        for widget in (*self._form.choices, self._form.within):
            widget.param.watch(lambda _event: self._chosen(), "value")
        self._fade.param.watch(lambda _event: self._draw(fit=False), "value")
        row = pmui.FlexBox(*self._form.choices, margin=0)
        switches = pmui.FlexBox(self._form.within, self._fade, fit, align_items="center", margin=0)
        self._shown = pmui.Column(
            self._said, self._maps, text("section", HOW, margin=(4, 0)), self._switches,
            pmui.FlexBox(text("section", "Pixels as a table:", margin=(14, 8, 0, 0), sizing_mode=None),
                         *self._files, margin=0),
            margin=0, sizing_mode="stretch_width",
        )  # fmt: skip
        self.view[:] = [row, self._make, switches, self._problem, self._progress]

    def _file(self, form: str) -> Any:
        """A button that writes the table when it is pressed."""
        mock = "MOCK-" if self._stars.catalogue.mock else ""
        made = pmui.FileDownload(
            callback=partial(self._written, form), filename=f"{mock}differences{FORMATS[form].suffix}",
            label=form.upper(), size="small", margin=(6, 8, 8, 0), width=110,
        )  # fmt: skip
        made.variant = "outlined"  # given above, the library warns of a name of its own for it
        return made

    def _written(self, form: str) -> BytesIO:
        if self._done is None:
            raise DataError("nothing was compared yet: there is no table")
        return BytesIO(table_of(self._stars, self._done, form))

    # what a person does

    def _chosen(self) -> None:
        if not self._filling:
            self._rule()
            self._ask()

    def _ask(self) -> None:
        """Have the differences computed, where others are shown or on their way."""
        try:
            question = question_of(self._stars, self._session.state, self._form.asked)
        except DataError as problem:
            self._asked = None
            self._work.overtake()
            self._fail(problem)
            return
        if question != self._asked:
            self._asked = question
            self._progress.object = COMPUTING
            self._work.ask(partial(self._compute, question))

    def _compute(self, question: Question, overtaken: Overtaken) -> Compared:
        """For the workers."""
        return compared(self._stars, question, overtaken)

    def _fit(self, _event: Any) -> None:
        self._draw(fit=True)

    # what comes back

    def _show(self, done: Compared) -> None:
        self._done = done
        self._progress.object = ""
        self._problem.visible = False
        asked = done.question.asked
        scaled = (asked.first, asked.second, asked.label, asked.view, *done.question.axes)
        self._draw(fit=scaled != self._fitted)
        self._fitted = scaled
        self._said.object = said(self._stars, done)
        self._shown.visible = True
        if self._shown not in [*self.view]:  # figures in what is hidden can't be laid out
            self.view.append(self._shown)

    def _draw(self, *, fit: bool) -> None:
        done = self._done
        if done is None:
            return
        view, known = done.question.asked.view, done.question.derived
        x, y = (self._stars.describe(name, known, shown=False) for name in done.question.axes)
        if view not in self._plots:
            self._plots[view] = DifferencePlots(DIAGRAMS[view], (x, y), done.question.window)
        plots = self._plots[view]
        plots.name_axes((x, y))
        unit = self._stars.describe(done.question.asked.label, known, shown=False).unit
        plots.show(done, unit, fade=bool(self._fade.value), fit=fit)
        if [*self._maps] != [plots.view]:
            self._maps[:] = [plots.view]
        self._rule()

    def _rule(self) -> None:
        """Show the landmarks that the state has over the plane, and switches for them."""
        view = self._form.plane.value
        diagram = DIAGRAMS[view]
        chosen = self._session.state.view(diagram.home).landmarks
        if view not in self._lines:
            self._lines[view] = LandmarkChoice(self._session, diagram)
        choice = self._lines[view]
        choice.follow(chosen)
        if choice.view not in [*self._switches]:
            heading = [text("section", "<h3>Lines</h3>")] if choice.keys else []
            self._switches[:] = [*heading, choice.view]
        if view in self._plots:
            self._plots[view].rule(shown_over(diagram, chosen))

    def _fail(self, problem: BaseException) -> None:
        self._progress.object = ""
        self._shown.visible = False
        if isinstance(problem, DataError):
            self._problem.param.update(object=html.escape(str(problem)), visible=True)
        else:
            self._asked = None
            self._background.complain(problem)

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._work.close()

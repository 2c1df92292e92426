"""One visitor's page of abundance planes in bins of R and |z|: it follows the selection, and cuts it."""

import html

import panel_material_ui as pmui

from data.problem import DataError
from explorer.afterwards import Afterwards
from explorer.background import Background
from explorer.cards import lacking
from explorer.choices import planes as planes_of
from explorer.session import Session
from explorer.space_planes import (
    MOST_SHOWN,
    NEEDS,
    Asked,
    Planes,
    check,
    chosen_box,
    chosen_panel,
    planes,
    with_box,
    with_panel,
)
from explorer.space_planes_form import SpacePlanesForm
from explorer.space_planes_plot import SpacePlanesPlot
from explorer.stars import Stars
from explorer.text import text
from explorer.tie import Tie

HOW = (
    "Each panel is the plane of an abundance against [Fe/H] for the stars at one place in the Galaxy, as the "
    "paper's Figs. 13 and 14: outwards to the right, away from the plane upwards. Stars or means "
    "coloured by v_phi tell which rotate with the disc. Where stars are drawn, of a panel with more than "
    f"{MOST_SHOWN} that many are, by lot. Numbers are of stars with both abundances. Not selection-corrected."
)
HAND = (
    "Click a panel to cut the selection to its R and |z| (and the Teff above), once more to take that back; "
    "drag a box to cut to the box, too. The cuts are chips on the left; here, all panels stay."
)
FIRST = "The panels are being made \N{HORIZONTAL ELLIPSIS}"


class SpacePlanesPage:
    """Empty until it is opened; then what is shown is of the stars selected now."""

    def __init__(self, stars: Stars, session: Session, background: Background) -> None:
        self._stars = stars
        self._session = session
        self._background = background
        self._work: Afterwards[Planes] = background.afterwards(self._show, self._fail)
        self._wanted: Asked | None = None
        self._shown: Asked | None = None
        self._form: SpacePlanesForm | None = None
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")

    def follow(self) -> None:
        """Make the page when it is first opened, and have it show what is selected whenever it is seen."""
        if not self.view.objects:
            self._build()
        if self._form is None:
            return
        self._form.offer(self._session.state.derived)
        self._tie.follow(self._session.state)
        self._ask()
        self._mark()

    def _build(self) -> None:
        """Lay the page out; where the catalogue lacks what it needs, say so instead."""
        missing = lacking(self._stars, (*NEEDS, *(() if planes_of(self._stars) else ("mg_fe",))))
        if missing:
            self.view[:] = [text("lacking", missing)]
            return
        form = self._form = SpacePlanesForm(self._stars, self._session.state.derived, self._ask)
        self._tie = Tie(self._session, "planes", form.named, form.filling)
        self._plot = SpacePlanesPlot(self._cut_to_panel, self._cut_to_box)
        self._problem = text("problem", visible=False, margin=(4, 0))
        self._said = text("note-block")
        row = pmui.FlexBox(
            *form.widgets, align_items="flex-start", justify_content="flex-start", gap="8px", margin=0
        )
        how = text("note-block", f"{HOW}<br>{HAND}")
        self.view[:] = [row, self._problem, self._said, how]

    # what is asked for

    def _ask(self) -> None:
        """Have a grid made of what is chosen now, unless it is shown or under way."""
        if self._form is None:
            return
        try:
            asked = self._form.asked(self._session.state)
            check(self._stars, asked)
        except DataError as problem:
            self._wanted = None
            self._work.overtake()
            self._complain(f"{problem}. Shown is what was chosen before." if self._shown else str(problem))
            self._say_first("")
            return
        self._complain("")
        self._say_first(FIRST)
        if asked != self._wanted:
            self._wanted = asked
            self._work.ask(lambda overtaken: planes(self._stars, asked, overtaken))

    def _cut_to_panel(self, row: int, column: int) -> None:
        if self._shown is not None:
            selection = with_panel(self._session.state.selection, self._shown, row, column)
            self._session.change(selection=selection)

    def _cut_to_box(self, row: int, column: int, box: tuple[float, float, float, float]) -> None:
        if self._shown is not None:
            selection = with_box(self._session.state.selection, self._shown, row, column, box)
            self._session.change(selection=selection)

    # what comes back

    def _show(self, found: Planes) -> None:
        asked, state = found.asked, self._session.state
        if asked != self._wanted:
            return
        self._shown = asked
        label, fe_h, colour = (
            self._stars.describe(each, state.derived) for each in (asked.label, "fe_h", asked.colour)
        )
        self._plot.show(found, label, fe_h, colour)
        if self._plot.view not in [*self.view]:
            self.view.insert(-1, self._plot.view)
        self._mark()
        self._said.object = html.escape(summary(found))

    def _mark(self) -> None:
        if self._shown is not None:
            selection, asked = self._session.state.selection, self._shown
            self._plot.mark(asked, chosen_panel(selection, asked), chosen_box(selection, asked))

    def _say_first(self, words: str) -> None:
        """Say how it stands as long as no panels are shown."""
        if self._shown is None:
            self._said.object = words

    def _fail(self, problem: BaseException) -> None:
        self._wanted = None
        self._say_first("")
        if isinstance(problem, DataError):
            self._complain(str(problem))
        else:
            self._background.complain(problem)

    def _complain(self, words: str) -> None:
        self._problem.param.update(object=html.escape(words), visible=bool(words))

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._work.close()


def summary(found: Planes) -> str:
    """Say how many stars the panels have, and what is left out."""
    stars, beyond = int(found.stars.sum()), int((found.stars - found.inside).sum())
    teff = found.asked.teff
    window = f" of {teff[0]:g} to {teff[1]:g} K" if teff else ""
    if not stars:
        return f"No selected star{window} has what the panels show."
    drawn = f", {len(found.panel):,} are drawn" if found.asked.shows == "stars" else ""
    outside = f"; {beyond:,} lie beyond the axes" if beyond else ""
    return f"{stars:,} selected stars{window} are in the panels{drawn}{outside}."

"""One visitor's page on whether a map could be an artefact of T_eff and log g; it begins when asked to."""

import html
from functools import partial

import panel_material_ui as pmui

from data.problem import DataError
from explorer import look
from explorer.afterwards import Afterwards
from explorer.atlas import DIAGRAMS
from explorer.background import Background
from explorer.cards import plain_title
from explorer.giant_map import REFUSED, Asked, cells_for
from explorer.offer import Listed, Offers
from explorer.overtaking import Overtaken, attend
from explorer.session import Session, State
from explorer.stars import Stars
from explorer.systematics_plots import SystematicsPlots, panels_of
from explorer.systematics_table import Controlled, controlled
from explorer.systematics_words import headline, lines
from explorer.text import text
from explorer.tie import Tie

MAPS = ("rz", "xy", "rv")
"""Keys of the diagrams whose planes are offered."""
DRAWS, SEED = 200, 1
EACH = 5
"""Draws between two words of progress."""
HOW = (
    "Giants of different T_eff and log g in one pixel tell how a label drifts with these; the second map has "
    "that taken out. A feature that is gone there, or in the red clump alone, may be an artefact."
)


class SystematicsPage:
    """Empty until it is opened. What is shown is of the selection at which it was run."""

    def __init__(self, stars: Stars, session: Session, background: Background) -> None:
        self._stars = stars
        self._session = session
        self._background = background
        self._work: Afterwards[Controlled] = background.afterwards(self._show, self._fail)
        self._tie: Tie | None = None
        self._of: Asked | None = None
        self._shown = ""
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")

    def follow(self) -> None:
        """Make the page when it is first opened, and show what is chosen."""
        if not self.view.objects:
            self._build()
        if self._tie is not None:
            self._tie.follow(self._session.state)

    def _build(self) -> None:
        labels = labels_of(self._stars)
        planes = {plain_title(DIAGRAMS[key].title): key for key in MAPS}
        self._words, self._others = text("section"), text("section")
        if not labels:
            self.view[:] = [text("section", "The catalogue has no abundances relative to iron.")]
            return
        first = "ba_fe" if "ba_fe" in labels.values() else next(iter(labels.values()))
        self._label = pmui.Select(
            label="Label", options=labels, value=first, width=140, size="small", margin=(12, 8, 4, 0)
        )
        self._plane = pmui.RadioButtonGroup(
            options=planes, value=MAPS[0], margin=(14, 8, 4, 0), width=210, sx=look.TOGGLES, size="small"
        )
        named = {"label": self._label, "plane": self._plane}
        self._tie = Tie(self._session, "systematics", named)
        self._run = pmui.Button(
            label="Run", size="small", margin=(14, 4, 4, 0), on_click=lambda _: self._begin()
        )
        self._cancel = pmui.Button(
            label="Cancel", variant="text", size="small", margin=(14, 4, 4, 0), disabled=True,
            on_click=lambda _: self._give_up(),
        )  # fmt: skip
        self._progress = text("section", margin=(18, 0, 0, 4), width=330, sizing_mode=None)
        self._plots = SystematicsPlots()
        row = pmui.FlexBox(self._label, self._plane, self._run, self._cancel, self._progress, margin=0)
        self.view[:] = [
            row,
            text("section", _lowered(f"<p>{HOW}</p>")),
            self._words,
            self._others,
        ]
        self._session.listen(self._changed)

    def _begin(self) -> None:
        state = self._session.state
        diagram = DIAGRAMS[self._plane.value]
        stars = self._stars.number(state.selection.for_view(diagram.key))
        where = _condition(state, diagram.key)
        asked = Asked(self._label.value, diagram.x, diagram.y, cells_for(stars), where)
        self._cancel.disabled = False
        self._tell(0, DRAWS)
        self._work.ask(partial(self._compute, asked, state))

    def _compute(self, asked: Asked, state: State, overtaken: Overtaken) -> Controlled:
        """Take T_eff and log g out. For the workers."""

        def progress(done: int, total: int) -> None:
            attend(overtaken)
            if done % EACH == 0:
                self._background.later(lambda: None if overtaken() else self._tell(done, total))

        derived = {known.name: known.expression for known in state.derived}
        return controlled(
            self._stars.catalogue, asked, draws=DRAWS, seed=SEED, progress=progress, derived=derived
        )

    def _tell(self, done: int, total: int) -> None:
        if not self._cancel.disabled:
            self._progress.object = (
                f"{done} of {total} draws of plates" if done else "Stars are compared within pixels …"
            )

    def _give_up(self) -> None:
        self._work.overtake()
        self._rest("It was cancelled.")

    def _rest(self, words: str) -> None:
        self._cancel.disabled = True
        self._progress.object = words

    def _show(self, done: Controlled) -> None:
        catalogue = self._stars.catalogue
        self._rest("")
        self._of = done.made.asked
        self._shown = next(
            key for key in MAPS if (DIAGRAMS[key].x, DIAGRAMS[key].y) == (self._of.x, self._of.y)
        )
        why, ratio, *others, caution = map(html.escape, lines(catalogue, done))
        title = html.escape(headline(catalogue, done))
        said = f"<h3>{title}</h3><p>{why[:1].upper()}{why[1:]}; {ratio}.<br>{caution}</p>"
        self._words.object = _lowered(said)
        self._others.object = _lowered(f"<ul>{''.join(f'<li>{line}</li>' for line in others)}</ul>")
        self._plots.show(panels_of(catalogue, done))
        if self._plots.view not in [*self.view]:  # hidden bars of colours keep a page from being laid out
            self.view.insert(-1, self._plots.view)

    def _fail(self, problem: BaseException) -> None:
        if isinstance(problem, DataError):
            self._rest(html.escape(str(problem)))
        else:
            self._rest("")
            self._background.complain(problem)

    def _changed(self, _before: State, after: State) -> None:
        """Say where what is shown is of other stars than those that are selected now."""
        if self._of is not None and self._cancel.disabled:
            stale = _condition(after, self._shown) != self._of.where
            self._progress.object = "Shown are the stars selected before: run it again." if stale else ""

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._work.close()


def labels_of(stars: Stars) -> dict[str, str]:
    """Abundances relative to iron that the page can be of, {name to show: column}."""
    return {
        column.plain: name
        for name, column in stars.catalogue.described.items()
        if name.endswith("_fe") and not name.startswith(("e_", "chi2_", "true_")) and name not in REFUSED
        and stars.has(name)
    }  # fmt: skip


def offers(stars: Stars, _state: State) -> Offers:
    """What the controls offer."""
    return {"label": Listed.of(labels_of(stars), stars), "plane": Listed(MAPS)}


def _lowered(words: str) -> str:
    return words.replace("T_eff", "T<sub>eff</sub>")


def _condition(state: State, view: str) -> str:
    """Which stars the map of a plane shows, as the map of the page does; "" for all."""
    condition = state.selection.expression(view)
    return "" if condition is None else condition.text

"""One visitor's page on whether a map could be an artefact of T_eff and log g; it begins when asked to."""

import html
from dataclasses import dataclass, field
from functools import partial

import panel_material_ui as pmui

from data.predicate import Predicate
from data.selection import Selection
from explorer import look
from explorer.atlas import DIAGRAMS
from explorer.background import Background
from explorer.cards import plain_title
from explorer.giant_map import REFUSED, Asked, cells_for
from explorer.headway import Progress, told_of
from explorer.offer import Listed, Offers
from explorer.run_panel import Flags, Question, RunPanel, faded
from explorer.session import Derived, Session, State
from explorer.stars import Stars
from explorer.systematics_plots import SystematicsPlots, panels_of
from explorer.systematics_table import Controlled, controlled
from explorer.systematics_words import headline, lines
from explorer.text import text
from explorer.tie import Tie

MAPS = ("rz", "xy", "rv")
"""Keys of the diagrams whose planes are offered."""
DRAWS, SEED = 200, 1
HOW = (
    "Giants of different T_eff and log g in one pixel tell how a label drifts with these; the second map has "
    "that taken out. A feature that is gone there, or in the red clump alone, may be an artefact."
)


@dataclass(frozen=True)
class Wanted:
    """What is chosen.

    Attributes
    ----------
    label : an abundance relative to iron.
    view : key of the diagram in whose plane.
    where : condition on the stars that its map shows; "" for all.
    derived : columns that the condition may use.
    """

    label: str
    view: str
    where: str
    derived: tuple[Derived, ...] = field(compare=False)


class SystematicsPage:
    """Empty until it is opened. What is shown is of the selection at which it was run."""

    def __init__(self, stars: Stars, session: Session, background: Background) -> None:
        self._stars = stars
        self._session = session
        self._background = background
        self._panel: RunPanel[Wanted, Controlled] | None = None
        self._tie: Tie | None = None
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")

    def follow(self) -> None:
        """Make the page when it is first opened, and show what is chosen."""
        if not self.view.objects:
            self._build()
        if self._tie is not None:
            self._tie.follow(self._session.state)

    def _build(self) -> None:
        labels = labels_of(self._stars)
        if not labels:
            self.view[:] = [text("lacking", "The catalogue has no abundances relative to iron.")]
            return
        planes = {plain_title(DIAGRAMS[key].title): key for key in MAPS}
        first = "ba_fe" if "ba_fe" in labels.values() else next(iter(labels.values()))
        self._label = pmui.Select(
            label="Label", options=labels, value=first, width=140, size="small", margin=(10, 0, 0, 0)
        )
        self._plane = pmui.RadioButtonGroup(
            options=planes, value=MAPS[0], margin=(12, 0, 0, 0), width=210, sx=look.TOGGLES, size="small"
        )
        named = {"label": self._label, "plane": self._plane}
        self._tie = Tie(self._session, "systematics", named)
        self._words, self._others = text("section"), text("section")
        self._plots = SystematicsPlots()
        self._results = pmui.Column(self._words, self._others, margin=0, sizing_mode="stretch_width")
        panel = self._panel = RunPanel(
            self._stars, self._session, self._background,
            options=self._options, study=self._study, show=self._show, fade=partial(faded, self._results),
            cuts=self._cuts,
        )  # fmt: skip
        how = text("note-block", _lowered(HOW))
        self.view[:] = [how, panel.row(self._label, self._plane), panel.problem, panel.said, self._results]

    def _cuts(self, selection: Selection) -> tuple[Predicate, ...]:
        """What the map of the plane asks of stars."""
        return selection.for_view(self._plane.value)

    def _options(self) -> Wanted:
        state, view = self._session.state, self._plane.value
        condition = state.selection.expression(view)
        return Wanted(self._label.value, view, "" if condition is None else condition.text, state.derived)

    def _study(self, chosen: Flags, question: Question[Wanted], progress: Progress) -> Controlled:
        """Take T_eff and log g out. For the workers."""
        wanted = question.options
        diagram, cells = DIAGRAMS[wanted.view], cells_for(int(chosen.sum()))
        return controlled(
            self._stars.catalogue,
            Asked(wanted.label, diagram.x, diagram.y, cells, wanted.where),
            draws=DRAWS,
            seed=SEED,
            progress=told_of(progress, "Draws of plates"),
            derived={known.name: known.expression for known in wanted.derived},
        )

    def _show(self, done: Controlled) -> None:
        catalogue = self._stars.catalogue
        why, ratio, *others, caution = map(html.escape, lines(catalogue, done))
        title = html.escape(headline(catalogue, done))
        said = f"<h3>{title}</h3><p>{why[:1].upper()}{why[1:]}; {ratio}.<br>{caution}</p>"
        self._words.object = _lowered(said)
        self._others.object = _lowered(f"<ul>{''.join(f'<li>{line}</li>' for line in others)}</ul>")
        self._plots.show(panels_of(catalogue, done))
        if self._plots.view not in [*self._results]:  # hidden bars keep a page from being laid out
            self._results.insert(1, self._plots.view)

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        if self._panel is not None:
            self._panel.close()


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

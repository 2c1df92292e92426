"""One visitor's page: a session, the views that follow it, and the controls that change it."""

import html
import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.document import Document

from data.problem import DataError
from data.schema import Column
from explorer import choices, look, picture
from explorer.about import about_html
from explorer.atlas import DIAGRAMS
from explorer.bars import BarChart
from explorer.cards import CARD_CHROME, Board, Card, MapCard, alone
from explorer.controls import ColourControls, colour_map_of
from explorer.cuts import Cuts
from explorer.download_menu import DownloadMenu
from explorer.figures import HEIGHTS
from explorer.formula import Formulas
from explorer.hover import Tip, number_of_stars, text_of
from explorer.opening import Opening
from explorer.painter import HISTOGRAM, Easel, Painted, Painter, Threads
from explorer.palette import Scale
from explorer.raster import Window
from explorer.session import Bars, Colouring, Session, State
from explorer.settings import ViewSettings
from explorer.sheet import Sheet
from explorer.stars import Stars
from explorer.text import text

LOG = logging.getLogger(__name__)


class VisitorPage:
    """Everything one visitor has; let go of by `close`."""

    def __init__(
        self, stars: Stars, opening: Opening, threads: Threads, downloads: Any, document: Document
    ) -> None:
        self._stars = stars
        self._document = document
        self._closed = False
        self._threads = threads
        state = opening.state
        self.session = Session(state)
        self._drawn: dict[str, picture.Picture] = {}
        self._painted_of: dict[str, State] = {}
        self._question: tuple[str, float, float] | None = None
        self._answering = False
        self._tip = Tip(self._ask)
        figures = opening.figures.take()
        self._sheet = Sheet(figures)
        self._drawable = opening.diagrams
        self._cards = self._build("maps", state)
        self._bars = BarChart(figures)
        self._bars_card = self._histogram_card(state)
        easel = Easel(stars, opening.diagrams, threads.views, opening.fitted)
        self._painter = Painter(easel, threads.crews, self._deliver, self._fail)
        self._controls = ColourControls(stars, state.colouring, state.derived, self._recolour, self._refit)
        self._cuts = Cuts(stars, self.session)
        self._formulas = Formulas(stars, self.session)
        self._settings = ViewSettings(
            stars, self.session, self._refit_view, self._zoom_to, lambda key: self._drawn[key].scale
        )
        self._count = text("count", sizing_mode=None, align="center")
        self._alerts = pn.Column(margin=0)
        self._download = DownloadMenu(stars, self.session, downloads)
        self.session.listen(self._changed)
        self._cuts.show(state.selection)
        self._show(opening.painted)

    @property
    def _shown(self) -> set[str]:
        """The maps there are cards for, painted or not yet."""
        return self._cards.keys() & self._drawable.keys()

    def _build(self, group: str, state: State) -> dict[str, MapCard]:
        """Make the cards of a page."""
        return {key: self._card(key, state) for key, diagram in DIAGRAMS.items() if diagram.group == group}

    def _card(self, key: str, state: State) -> MapCard:
        diagram = DIAGRAMS[key]
        card = MapCard(diagram, self._stars, self._sheet, state, self._zoomed, self._open_settings)
        if card.figure is not None:
            self._tip.attach(key, card.figure)
        return card

    def _histogram_card(self, state: State) -> Card:
        options = choices.flat(choices.quantities(self._stars))
        column = pmui.Select(
            label="Column",
            options=options,
            value=state.bars.column,
            searchable=True,
            size="small",
            width=150,
            margin=(6, 0, 0, 0),
        )
        log = pmui.Checkbox(label="log", value=False, margin=(0, 4), size="small")

        def choose(_event: Any) -> None:
            self.session.change(bars=Bars(column.value, log.value))

        column.param.watch(choose, "value")
        log.param.watch(choose, "value")
        self._bars_column = column
        return Card(
            "Histogram",
            controls=[column, log],
            plot=alone(self._bars.figure),
            height=HEIGHTS["maps"] + CARD_CHROME,
        )

    # what the visitor does

    def _zoomed(self, key: str, window: Window) -> None:
        home = picture.window_of(self._stars, DIAGRAMS[key], self.session.state.with_view(key, window=None))
        self.session.become(self.session.state.with_view(key, window=None if window == home else window))

    def _zoom_to(self, key: str, window: Window) -> Window:
        shown = self._cards[key].move(window)
        self._zoomed(key, shown)
        return shown

    def _open_settings(self, key: str) -> None:
        self._settings.open(key)

    def _recolour(self, colouring: Colouring) -> None:
        self.session.change(colouring=colouring)

    def _refit(self) -> None:
        self._painter.refit(self.session.state)
        self._controls.release_range()
        self.session.change(colouring=self._controls.colouring)
        self._painter.request(self.session.state, self._shown)

    def _refit_view(self, key: str) -> None:
        self._painter.refit(self.session.state, key)
        self._painter.request(self.session.state, {key})

    def _changed(self, before: State, after: State) -> None:
        """Paint again what a change touches."""
        views: set[str] = set()
        if after.selection != before.selection:
            self._cuts.show(after.selection)
            views |= {*self._shown, HISTOGRAM}
        if after.derived != before.derived:
            self._controls.offer(after.derived)
            self._cuts.offer(after.derived)
            self._formulas.show(after.derived)
            self._bars_column.options = choices.flat(choices.quantities(self._stars, after.derived))
        if after.bars != before.bars:
            views.add(HISTOGRAM)
        for key in self._shown:
            if after.view(key).y != before.view(key).y:
                y = self._stars.describe(picture.columns_of(DIAGRAMS[key], after)[1], after.derived)
                self._cards[key].turn(y, picture.window_of(self._stars, DIAGRAMS[key], after))
        views |= {key for key in self._shown if self._looks_different(key, before, after)}
        if views:
            self._painter.request(self.session.state, views)

    def _looks_different(self, key: str, before: State, after: State) -> bool:
        diagram = DIAGRAMS[key]
        colours = picture.colouring_of(diagram, before) != picture.colouring_of(diagram, after)
        return colours or before.view(key) != after.view(key)

    def _visit_footprint(self) -> None:
        """Make and paint the views of that page when it is first opened."""
        if not self._footprint.cards:
            cards = self._build("footprint", self.session.state)
            self._cards |= cards
            self._footprint.cards = [card.view for card in cards.values()]
            self._painter.request(self.session.state, cards.keys() & self._drawable.keys())

    # what comes back

    def _deliver(self, painted: Painted) -> None:
        self._later(partial(self._show, painted))

    def _fail(self, problem: BaseException) -> None:
        self._later(partial(self.complain, problem))

    def _later(self, callback: Callable[[], None]) -> None:
        """Run something on the page's own thread, unless the visitor has left."""
        if not self._closed:
            self._document.add_next_tick_callback(callback)

    def complain(self, problem: BaseException) -> None:
        """Show what went wrong: a person's mistake in its own words, anything else as ours."""
        ours = "" if isinstance(problem, DataError) else "This failed, through no fault of yours: "
        self._say(f"{ours}{html.escape(str(problem))}", "error")

    def _say(self, words: str, severity: str) -> None:
        self._alerts[:] = [pmui.Alert(object=words, severity=severity, closeable=True, margin=(0, 0, 8, 0))]

    def _explain_emptiness(self, painted: Painted) -> None:
        if painted.selected or not painted.relief:
            self._alerts[:] = [said for said in self._alerts if said.severity == "error"]
            return
        source, number = max(painted.relief.items(), key=lambda item: item[1])
        words = self._cuts.words(painted.state.selection[source].predicate)
        advice = f"Without {words} there would be {number:,}." if number else "No single cut explains it."
        self._say(f"No star passes these cuts. {advice}", "info")

    def _show(self, painted: Painted) -> None:
        state = painted.state
        self._drawn.update(painted.pictures)
        self._painted_of.update(dict.fromkeys(painted.pictures, state))
        for key, drawn in painted.pictures.items():
            label = self._label(drawn.colouring)
            self._sheet.paint(key, colour_map_of(drawn.colouring, label))
            self._settings.show(key, label, drawn.scale)
        self._sheet.push({key: (drawn.grid.window, drawn.image) for key, drawn in painted.pictures.items()})
        for key, drawn in self._drawn.items():
            self._cards[key].show(drawn, self._title(key, drawn.colouring), self._label(drawn.colouring))
        if painted.histogram is not None:
            column = self._stars.describe(painted.histogram.column, state.derived)
            self._bars.show(painted.histogram, column, log=state.bars.log)
            self._bars_card.say(painted.histogram.note)
        scale = self._shared_scale(painted)
        if scale is not None:
            self._controls.show(self._label(state.colouring), scale)
        self._explain_emptiness(painted)
        total = len(self._stars)
        self._count.object = f"<b>{painted.selected:,}</b> of {total:,} stars"

    def _shared_scale(self, painted: Painted) -> Scale | None:
        """The range of the maps without colours of their own, if any was painted."""
        return next(
            (
                drawn.scale
                for key, drawn in painted.pictures.items()
                if painted.state.view(key).colouring is None and not DIAGRAMS[key].counts
            ),
            None,
        )

    def _label(self, colouring: Colouring) -> Column:
        return self._stars.describe(colouring.label, self.session.state.derived)

    def _title(self, key: str, colouring: Colouring) -> str:
        diagram, state = DIAGRAMS[key], self.session.state
        title = diagram.title
        if diagram.y_choice:
            x, y = (
                self._stars.describe(name, state.derived).tex for name in picture.columns_of(diagram, state)
            )
            title = f"${y}$ against ${x}$"
        if diagram.counts or colouring == state.colouring:
            return title
        return f"{title} · {colouring.statistic} ${self._label(colouring).tex}$"

    # the pointer

    def _ask(self, key: str, x: float, y: float) -> None:
        """Keep only the newest question while one is answered."""
        self._question = (key, x, y)
        if not self._answering:
            self._answer_newest()

    def _answer_newest(self) -> None:
        question, self._question = self._question, None
        self._answering = question is not None and question[0] in self._drawn
        if question is not None and self._answering:
            answer = self._threads.views.submit(self._answer, *question)
            answer.add_done_callback(lambda done: self._later(partial(self._tell, question[0], done)))

    def _answer(self, key: str, x: float, y: float) -> str:
        drawn, state = self._drawn[key], self._painted_of[key]
        cell = picture.examine(self._stars, DIAGRAMS[key], state, drawn.grid, x, y)
        if drawn.colouring.statistic == "count":
            return number_of_stars(cell)
        return text_of(cell, self._stars.describe(drawn.colouring.label, state.derived))

    def _tell(self, key: str, done: Future[str]) -> None:
        problem = done.exception()
        if problem is None:
            self._tip.say(key, done.result())
        else:
            LOG.error("a question about a cell failed", exc_info=problem)
            self.complain(problem)
        self._answer_newest()

    # the page

    def layout(self) -> Any:
        """The page as Panel serves it."""
        catalogue = self._stars.catalogue
        kind = "MOCK" if catalogue.mock else "real"
        badge = text(
            f"badge-{'mock' if catalogue.mock else 'real'}",
            f"{html.escape(catalogue.name)} · {kind}",
            sizing_mode=None,
            margin=(0, 12),
            align="center",
        )
        maps = pmui.Column(
            self._alerts,
            self._controls.row,
            Board(cards=[*(card.view for card in self._cards.values()), self._bars_card]),
            self._tip.div,
            self._download.dialog,
            self._settings.dialog,
            margin=0,
            sizing_mode="stretch_width",
        )
        self._footprint = Board(sizing_mode="stretch_width")
        about = text("about", about_html(catalogue))
        tabs = pmui.Tabs(
            ("Maps", maps), ("Footprint", self._footprint), ("About", about), margin=0, sx=look.TABS
        )
        tabs.param.watch(lambda event: self._visit_footprint() if event.new == 1 else None, "active")
        page = pmui.Page(
            title="Milky Way enrichment explorer",
            header=[badge, self._count, pn.Spacer(sizing_mode="stretch_width"), self._download.view],
            sidebar=[
                pmui.Column(
                    text("section", "<h3>Cuts</h3>"),
                    self._cuts.view,
                    self._formulas.view,
                    sizing_mode="stretch_width",
                )
            ],
            main=[tabs],
            sidebar_width=232,
            theme_config=look.THEME,
            sx=look.PAGE,
            raw_css=[look.LOADER_CSS],
            busy_indicator=None,
        )
        _release(page)
        return page

    def close(self) -> None:
        """Let go of everything, so that a visitor who left leaves nothing in memory."""
        self._closed = True
        self.session.close()
        self._drawn.clear()
        self._painted_of.clear()


def _release(page: Any) -> None:
    """End what ties a page to the server's own state, which would keep it in memory for ever.

    It also tells every visitor whenever the server works for any of them.
    """
    for watcher in tuple(pn.state.param.watchers["busy"]["value"]):
        if getattr(getattr(watcher.fn, "__self__", None), "self", None) is page:
            pn.state.param.unwatch(watcher)

"""One visitor's page: a session, the views that follow it, and the controls that change it."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.document import Document

from data.predicate import Predicate
from data.problem import DataError
from explorer import algebra, science
from explorer.about import about_html
from explorer.address import Address, Links, asked
from explorer.alerts import Alerts
from explorer.atlas import DIAGRAMS, HISTOGRAM
from explorer.background import Background
from explorer.brushes import Brushes
from explorer.cards import Board, MapCard, Placed, title_html
from explorer.controls import ColourControls
from explorer.count import Count
from explorer.cuts import Cuts
from explorer.display import SUMMARY_MS, WORDS_MS, Display
from explorer.download_menu import DownloadMenu
from explorer.finder import Finder
from explorer.formula import Formulas
from explorer.frame import badge, framed, section, tabbed
from explorer.freshness import Freshness
from explorer.gallery import Gallery
from explorer.histogram_card import HistogramCard
from explorer.history import History
from explorer.linked import Linked
from explorer.maps import Maps
from explorer.opening import Opening
from explorer.outlines import Outlines
from explorer.painter import Easel, Painter, Threads
from explorer.pair_source import PairSource
from explorer.pause import Pause
from explorer.pointer import Drawn, Pointer
from explorer.sending import soon, together
from explorer.session import Colouring, Layout, Session, State
from explorer.settings import ViewSettings
from explorer.shapes import at_home, brushed
from explorer.sheet import Sheet
from explorer.spectroscopy import NO_SPECTROSCOPY, Spectroscopy
from explorer.star_drawer import StarDrawer
from explorer.stars import Stars
from explorer.subsets import Subsets
from explorer.summary_card import KEY as SUMMARY
from explorer.summary_card import SummaryCard
from explorer.text import text

TABS = {
    "maps": "Maps",
    "gallery": "Gallery",
    "footprint": "Footprint",
    **{key: kind.title for key, kind in science.KINDS.items()},
    "about": "About",
}
"""Pages a visitor turns to; those with views are groups of diagrams."""

MARKED = ("star", "views", "bars", "tab")
"""What decides where the star is marked."""


class VisitorPage:
    """Everything one visitor has; let go of by `close`."""

    def __init__(
        self, stars: Stars, opening: Opening, threads: Threads, downloads: Any, document: Document,
        *, spectroscopy: Spectroscopy = NO_SPECTROSCOPY, pairs: PairSource | None = None,
    ) -> None:  # fmt: skip
        self._stars = stars
        self._spectroscopy = spectroscopy
        self._soon = soon(document)
        self._closed = False
        self._alerts = Alerts()
        self._count = Count(stars=len(stars), margin=0, align="center")
        links = Links(stars, opening.state, TABS)
        self.session = Session(self._asked_for(links), lambda state: algebra.known(at_home(state)))
        self._history = History(self.session.undo, self.session.redo)
        self._address = Address(links, self.session, document, self._restore, self.complain)
        self._cuts = Cuts(stars, self.session)
        self._formulas = Formulas(stars, self.session)
        self._subsets = Subsets(stars, self.session)
        self._download = DownloadMenu(stars, self.session, downloads)
        self._lay_views(opening, threads)
        desk = science.Desk(
            stars, self.session, spectroscopy.models, pairs, opening.state.selection, self._background
        )
        self._science = {key: kind.make(desk) for key, kind in science.KINDS.items()}
        self._display = self._displayed(opening, Pause(document, WORDS_MS), Pause(document, SUMMARY_MS))
        easel = Easel(stars, opening.diagrams, threads.views, opening.fitted)
        self._painter = Painter(easel, threads.crews, self._display.deliver, self._display.fail)
        self._open(opening)

    def _lay_views(self, opening: Opening, threads: Threads) -> None:
        """Make the views and the controls that belong to them."""
        stars, session, state = self._stars, self.session, self.session.state
        background = self._background = Background(threads.crews, self._later, self.complain)
        nearby = replace(background, workers=threads.views)
        figures = opening.figures.take()
        self._outlines = Outlines(figures)
        drawn: dict[str, Drawn] = {}
        self._pointer = Pointer(stars, drawn, nearby)
        self._finder = Finder(stars, session, nearby)
        self._maps = Maps(stars, session, opening.diagrams, Sheet(figures), drawn, self._set_up, self._attach)
        self._fresh = Freshness(self._maps.wanted)
        self._settings = ViewSettings(
            stars, session, self._refit_view, self._maps.zoom_to, self._maps.scale, self._take_focus
        )
        self._linked = Linked(session, self._recalled, recall=state == opening.state)
        self._footprint = Board(sizing_mode="stretch_width")
        self._gallery = Gallery(
            stars, session, opening, background, self._maps.card, self._hang, self._refit_gallery,
        )  # fmt: skip
        self._bars = HistogramCard(stars, session, figures, partial(self._set_up, HISTOGRAM))
        compared = opening.comparison if state.selection == opening.state.selection else None
        self._summary = SummaryCard(stars, session, background, compared)
        self._drawer = StarDrawer(
            stars, session, self._spectroscopy, lambda: self._finder.row, background,
            lambda: self._mark(session.state),
        )  # fmt: skip
        self._controls = ColourControls(stars, state.colouring, state.derived, self._recolour, self._refit)
        self._controls.row.append(self._linked.menu)
        self._brushes = Brushes(lambda: session.state, self._brush, self._let_go)

    def _displayed(self, opening: Opening, words: Pause, sums: Pause) -> Display:
        """What shows paintings in the views and speaks of them."""
        return Display(
            opening.painted, self._is_seen, self._paint_stale, self._later, words, sums, self.session,
            self._fresh, self._maps, self._outlines, self._bars, self._settings, self._subsets, self._gallery,
            self._summary, self._controls, self._cuts, self._count, self._brushes, self._alerts,
        )  # fmt: skip

    def _open(self, opening: Opening) -> None:
        """Show what the address asks for; the usual state is painted already."""
        state = self.session.state
        self.session.listen(together(self._changed))
        self._cuts.offer(state.derived)
        self._cuts.show(state.selection)
        self._formulas.show(state.derived)
        self._furnish("maps", opening.state)
        self._maps.turn(opening.state, state)
        self._furnish(state.tab, state)
        self._brushes.show(state)
        self._mark(state)
        if state == opening.state:
            self._fresh.ask(opening.painted.state, self._wanted(state))
            self._display.show(opening.painted)
        else:
            self._catch_up(state)

    def _asked_for(self, links: Links) -> State:
        """The state that the address asks for; if it can't be had, the usual one, and the reason is told."""
        try:
            return links.read(asked())
        except DataError as problem:
            self.complain(problem)
            return links.opens

    # views

    def _furnish(self, tab: str, state: State) -> None:
        """Make the cards of a page when it is first opened."""
        if tab == "gallery":
            self._gallery.follow(state)
        if tab in self._science:
            self._science[tab].follow()
        cards = self._maps.furnish(tab, state)
        if cards:
            self._brushes.attend([*self._maps.keys, HISTOGRAM], state)
        if tab == "footprint" and cards:
            self._footprint.cards = [card.view for card in cards.values()]
        elif cards:
            placed = {key: (title_html(card.diagram.title), card.placed) for key, card in cards.items()}
            summary = Placed(self._summary.view, None)
            self._linked.place(
                {**placed, HISTOGRAM: ("Histogram", self._bars.placed), SUMMARY: ("Summary", summary)}
            )

    def _hang(self, cards: Mapping[str, MapCard]) -> None:
        """Take these maps of the gallery for those that were there, and paint those that can be seen."""
        self._fresh.forget(self._maps.hang(cards))
        self._brushes.attend([*self._maps.keys, HISTOGRAM], self.session.state)
        self._mark(self.session.state)
        self._catch_up(self.session.state)

    def _attach(self, key: str, figure: Any) -> None:
        """Have a new map answer to the pointer."""
        self._pointer.attach(key, figure)
        self._finder.attach(figure)

    def _mark(self, state: State) -> None:
        """Mark the star that the visitor looks at, in every view."""
        self._maps.mark(self._drawer.value_of, state)

    # what the visitor does

    def _set_up(self, view: str) -> None:
        self._settings.open(view)

    def _take_focus(self, view: str) -> None:
        """The settings of a view were put away."""
        if view == HISTOGRAM:
            self._bars.placed.card.take_focus()
        else:
            self._maps.take_focus(view)

    def _restore(self, state: State) -> None:
        """Become a state that was before, or that a link holds."""
        self._settings.close()
        self.session.become(state)

    def _recalled(self, layout: Layout) -> None:
        """The page opens with the cards as this browser remembers them, in an address that says nothing."""
        self._address.open_with(layout)

    def _brush(self, view: str, predicate: Predicate | None, moving: bool, edited: bool) -> None:
        selection = brushed(self.session.state.selection, view, predicate, edited=edited)
        self.session.change(selection=selection, settled=not moving)

    def _let_go(self) -> None:
        selection = self.session.state.selection
        source = self._brushes.newest(selection)
        if source:
            self.session.change(selection=selection.without(source))

    def _recolour(self, colouring: Colouring) -> None:
        before, gallery = self.session.state.colouring, self.session.state.gallery
        if colouring.question[1:] != before.question[1:]:
            gallery = replace(gallery, scale=None)
        self.session.change(colouring=colouring, gallery=gallery)

    def _refit(self) -> None:
        self._painter.refit(self.session.state)
        self._controls.release_range()
        self.session.change(colouring=self._controls.colouring)
        self._paint(self._wanted(self.session.state))

    def _refit_gallery(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self._painter.refit(self.session.state, key)
        self._paint(self._wanted(self.session.state))

    def _refit_view(self, key: str) -> None:
        self._painter.refit(self.session.state, key)
        self._paint({key})

    def _changed(self, before: State, after: State) -> None:
        """Have everything follow a change of the state, the rest while the views are painted."""
        self._furnish(after.tab, after)
        if after.views != before.views:
            self._maps.turn(before, after)
        if any(getattr(after, part) != getattr(before, part) for part in MARKED):
            self._mark(after)
        self._brushes.show(after)
        self._catch_up(after)
        self._follow(before, after)

    def _follow(self, before: State, after: State) -> None:
        """Have the controls follow a change of the state."""
        if (after.selection, after.subsets) != (before.selection, before.subsets):
            self._cuts.show(after.selection)
        self._controls.follow(after.colouring, after.derived)
        self._controls.offer_range(offered=not (after.subsets_as == "tints" and algebra.shown(after)))
        if after.derived != before.derived:
            self._cuts.offer(after.derived)
            self._formulas.show(after.derived)
        if (after.derived, after.bars) != (before.derived, before.bars):
            self._bars.follow(after)
        if after.layout != before.layout:
            self._linked.follow(after.layout)
            self._linked.keep(after.layout)
        self._history.tell(can_undo=self.session.can_undo, can_redo=self.session.can_redo)

    def _catch_up(self, state: State) -> None:
        """Paint what can be seen and is out of date."""
        stale = self._fresh.stale(self._wanted(state))
        self._paint(stale)
        if not stale:
            self._display.confirm(state)

    def _seen(self, state: State) -> tuple[str, ...]:
        """Keys of the views that can be seen in a state."""
        if state.tab == "maps":
            return self._linked.seen(state.layout)
        if state.tab == "gallery":
            return self._gallery.seen()
        return tuple(key for key, diagram in DIAGRAMS.items() if diagram.group == state.tab)

    def _is_seen(self, view: str) -> bool:
        return view in self._seen(self.session.state)

    def _wanted(self, state: State) -> dict[str, Hashable]:
        """What can be seen in a state, each view with what it depends on."""
        return self._fresh.wanted(self._seen(state), state)

    def _paint(self, views: Iterable[str]) -> None:
        if views:
            self._fresh.ask(self.session.state, views)
            self._painter.request(self.session.state, views)

    def _paint_stale(self) -> None:
        """Paint what has gone out of date since it was asked for."""
        self._paint(self._fresh.stale(self._wanted(self.session.state)))

    # what is told

    def _later(self, callback: Callable[[], None]) -> None:
        """Run something on the page's own thread, unless the visitor has left."""
        if not self._closed:
            self._soon(callback)

    def complain(self, problem: BaseException) -> None:
        """Tell the visitor what went wrong."""
        self._alerts.complain(problem)

    # the page

    def layout(self) -> Any:
        """The page as Panel serves it."""
        maps = pmui.Column(self._controls.row, self._linked.board, margin=0, sizing_mode="stretch_width")
        pages = {
            "maps": maps,
            "gallery": self._gallery.view,
            "footprint": self._footprint,
            **{key: page.view for key, page in self._science.items()},
            "about": text("about", about_html(self._stars.catalogue)),
        }
        header = (
            badge(self._stars.catalogue),
            self._count,
            pn.Spacer(sizing_mode="stretch_width"),
            self._finder.box,
            self._history,
            self._address.view,
            self._download.view,
        )
        sidebar = (
            section("Selection", self._cuts.view, self._formulas.view),
            section("Subsets", self._subsets.view),
            section("Your spectrum", self._drawer.own.view),
        )
        body = pmui.Column(
            self._alerts.view,
            tabbed(self.session, {TABS[key]: (key, page) for key, page in pages.items()}),
            self._pointer.tip.div,
            self._download.dialog,
            self._settings.dialog,
            self._brushes,
            self._drawer.view,
            margin=0,
            sizing_mode="stretch_width",
        )
        return framed(header, sidebar, body)

    def close(self) -> None:
        """Let go of everything, so that a visitor who left leaves nothing in memory."""
        self._closed = True
        self._display.close()
        self._painter.close()
        self._summary.close()
        self._gallery.close()
        self._drawer.close()
        for page in self._science.values():
            page.close()
        self._address.close()
        self.session.close()
        self._maps.drawn.clear()

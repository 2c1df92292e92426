"""The gallery of one visitor: one plane, and a small map of it for every label, side by side."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

import panel_material_ui as pmui

from data.predicate import Predicate
from explorer import look, picture
from explorer.afterwards import Afterwards
from explorer.atlas import DIAGRAMS, GALLERY, PLANES, Diagram
from explorer.background import Background
from explorer.cards import Board, MapCard, lacking, plain_title
from explorer.colourbar import ColourBar
from explorer.controls import colours_of
from explorer.figures import gallery_sheet
from explorer.opening import Opening
from explorer.painter import Painted
from explorer.palette import Scale
from explorer.session import Session, State
from explorer.sheet import Sheet
from explorer.stars import Stars
from explorer.template import Models
from explorer.text import text

MakeCard = Callable[[Diagram, State, Sheet], MapCard]
Told = tuple[tuple[Predicate, ...], tuple[str, ...]]
"""Conditions, and the keys of the maps whose labels some star has that meets them."""


class Gallery:
    """Its page is empty until it is opened; the maps of a plane come when their figures are drawn.

    Parameters
    ----------
    make_card : makes a card that answers to the pointer and to zooms.
    on_maps : called with the cards, by key, when others are there or can be seen.
    on_refit : has the colour ranges of the maps with these keys fitted anew.
    """

    def __init__(
        self,
        stars: Stars,
        session: Session,
        opening: Opening,
        background: Background,
        make_card: MakeCard,
        on_maps: Callable[[Mapping[str, MapCard]], None],
        on_refit: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._stars = stars
        self._session = session
        self._opening = opening
        self._background = background
        self._make_card = make_card
        self._on_maps = on_maps
        self._on_refit = on_refit
        self._plane = ""
        self._cards: Mapping[str, MapCard] = {}
        self._made: dict[str, Mapping[str, MapCard]] = {}
        self._hung = ""
        self._telling: tuple[str, ...] = ()
        self._told_of: tuple[Predicate, ...] = ()
        self._new = ""
        self._later_told: Afterwards[tuple[str, Told]] = background.afterwards(
            lambda found: self._tell(*found)
        )
        self._board = Board(sizing_mode="stretch_width")
        self._absent = text("section")
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")

    def offered(self, plane: str) -> Mapping[str, Diagram]:
        """The maps of a plane that the catalogue has the columns of."""
        return {
            key: GALLERY[key]
            for key in self._opening.diagrams
            if key in GALLERY and GALLERY[key].plane == plane
        }

    def seen(self) -> tuple[str, ...]:
        """Keys of the maps that can be seen: those that some selected star has the label of, if any."""
        return self._telling or tuple(self._cards)

    def _tell_apart(self, plane: str, state: State) -> Told:
        """Which maps of a plane have something to tell in a state. For the workers."""
        clauses = state.selection.for_view(None)
        words = self._stars.select(clauses)
        known = {key: self._stars.known(diagram.label) for key, diagram in self.offered(plane).items()}
        return clauses, tuple(key for key, each in known.items() if (words & each).any())

    def follow(self, state: State) -> None:
        """Show what a state asks for; its maps may come a little later."""
        if not self.view.objects:
            self._build(state)
        self._controls_follow(state)
        if state.gallery.plane != self._plane:
            self._plane = state.gallery.plane
            if not self.offered(self._plane):
                self._hang({}, ((), ()), state)
                self._absent.object = self._why_not(state)
                return
            if self._plane not in self._made:
                self._absent.object = "The maps are being drawn."
            self._begin(self._plane, state)

    def _begin(self, plane: str, state: State) -> None:
        self._background.ask(partial(self._prepare, plane, state), partial(self._arrive, plane))

    def _prepare(self, plane: str, state: State) -> tuple[Models | None, Told]:
        """The figures of a plane, if they are not there, and what tells something. For the workers."""
        models = None if plane in self._made else self._opening.gallery.take(plane)
        return models, self._tell_apart(plane, state)

    def _arrive(self, plane: str, prepared: "Future[tuple[Models | None, Told]]") -> None:
        """Put the maps of a plane on the page, unless another was chosen meanwhile."""
        if plane != self._plane:
            return
        problem = prepared.exception()
        if problem is not None:
            self._plane = ""
            self._background.complain(problem)
            return
        state, (models, told) = self._session.state, prepared.result()
        if models is not None and plane not in self._made:
            sheet = Sheet(models, gallery_sheet(plane))
            maps = self.offered(plane).items()
            self._new = plane
            self._made[plane] = {key: self._make_card(diagram, state, sheet) for key, diagram in maps}
        self._hang(self._made[plane], told, state)

    def _hang(self, cards: Mapping[str, MapCard], told: Told, state: State) -> None:
        self._hung, self._cards = self._plane, cards
        self._told_of, self._telling = told
        self._turn(state)
        self._lay()
        self._on_maps(cards)

    def _tell(self, plane: str, told: Told) -> None:
        """Lay the maps that have something to tell by now."""
        if plane != self._hung:
            return
        self._told_of, telling = told
        if telling != self._telling:
            self._telling = telling
            self._lay()
            self._on_maps(self._cards)

    def _why_not(self, state: State) -> str:
        """What the catalogue lacks for this plane, as HTML."""
        plane = DIAGRAMS[self._plane]
        absent = lacking(self._stars, picture.columns_of(plane, state))
        return absent or "The catalogue has none of the labels that the gallery shows."

    def _turn(self, state: State) -> None:
        """Bring axes to where they are now: they were drawn for the page as it opens."""
        for card in self._cards.values():
            if DIAGRAMS[card.diagram.plane].y_choice:
                y = picture.columns_of(card.diagram, state)[1]
                home = state.with_view(card.diagram.home, window=None)
                described = self._stars.describe(y, state.derived)
                card.turn(described, picture.window_of(self._stars, card.diagram, home))
            card.follow(picture.window_of(self._stars, card.diagram, state))
            card.rule(state)

    def _lay(self) -> None:
        seen = self.seen()
        self._board.cards = [self._cards[key].view for key in seen]
        absent = [plain_title(self._cards[key].diagram.title) for key in self._cards if key not in seen]
        self._absent.object = f"No selected star has {', '.join(absent)}." if absent else ""

    # controls

    def _build(self, state: State) -> None:
        """Make the page when it is first opened."""
        planes = {plain_title(DIAGRAMS[key].title): key for key in PLANES}
        small: dict[str, Any] = {"size": "small"}
        self._choice = pmui.RadioButtonGroup(
            options=planes,
            value=state.gallery.plane,
            margin=(8, 8, 4, 0),
            width=390,
            sx=look.TOGGLES,
            **small,
        )
        self._one = pmui.Switch(
            label="One range for all [X/Fe]", value=state.gallery.shared, margin=(13, 0, 3, 0), **small
        )
        self._bar = ColourBar(self._set_range, margin=(8, 8, 0, 8), visible=False)
        self._how = text("section", margin=(8, 0, 0, 0))
        fit = pmui.Button(
            label="Fit ranges", variant="text", size="small", margin=(10, 0, 0, 0),
            on_click=lambda _: self._fit(), description="Fit the colour ranges to what is drawn now",
        )  # fmt: skip
        self._choice.param.watch(lambda event: self._change(plane=event.new), "value")
        self._one.param.watch(lambda event: self._change(shared=event.new), "value")
        row = pmui.FlexBox(self._choice, self._one, self._bar, fit, align_items="center", gap="4px", margin=0)
        self.view[:] = [row, self._board, self._how, self._absent]

    def _controls_follow(self, state: State) -> None:
        self._choice.value = state.gallery.plane
        self._one.value = state.gallery.shared
        self._bar.visible = state.gallery.shared
        least = state.colouring.min_stars
        self._how.object = (
            f"Shown is the {state.colouring.statistic} in cells with at least {least} star{'s'[: least > 1]}."
        )

    def _change(self, **changes: Any) -> None:
        self._session.change(gallery=replace(self._session.state.gallery, **changes))

    def _set_range(self, low: float, high: float) -> None:
        log = self._bar.log
        if low < high and not (log and low <= 0):
            self._change(scale=Scale(low, high, log=log))

    def _fit(self) -> None:
        self._change(scale=None)
        self._on_refit(tuple(self._cards))

    def _look_again(self, state: State) -> None:
        """Have the workers find out which maps have something to tell, where other stars are selected now."""
        clauses = state.selection.for_view(None)
        if clauses != self._told_of:
            self._told_of, plane = clauses, self._hung
            self._later_told.ask(lambda _overtaken: (plane, self._tell_apart(plane, state)))

    def show(self, painted: Painted) -> None:
        """Lay the maps that have something to show, and the range that abundances share, if they do."""
        if not (self._cards.keys() & painted.pictures.keys()):
            return
        if self._new:
            self._opening.gallery.refill(self._new)
            self._new = ""
        self._look_again(painted.state)
        shared = painted.state.gallery.shared
        ratios = [key for key in painted.pictures if key in self._cards and self._cards[key].diagram.is_ratio]
        if not (shared and ratios):
            return
        drawn = painted.pictures[ratios[0]]
        column = self._stars.describe(drawn.colouring.label)
        counts = drawn.colouring.statistic == "count"
        self._bar.tell(
            low=drawn.scale.low, high=drawn.scale.high, log=drawn.scale.log,
            unit="stars" if counts else column.unit, name_plain="abundance",
            colours=colours_of(drawn.colouring, column),
        )  # fmt: skip

    def close(self) -> None:
        """Give up what is under way."""
        self._later_told.close()

"""One visitor's maps, on every page: their cards, what they show, and how they follow the state."""

from collections.abc import Callable, Hashable, Iterable, Mapping

import numpy as np

from data.schema import Column
from data.selection import Clause
from explorer import picture
from explorer.atlas import DIAGRAMS, HISTOGRAM, VIEWS, Diagram
from explorer.cards import MapCard, plain_title
from explorer.controls import colour_map_of
from explorer.notation import plain
from explorer.painter import Painted
from explorer.palette import Scale
from explorer.picture import Picture
from explorer.pointer import Drawn
from explorer.raster import Window
from explorer.rings import NOWHERE
from explorer.session import Colouring, Session, State
from explorer.sheet import Sheet
from explorer.spoken import in_words
from explorer.stars import Stars
from explorer.tints import Tints


class Maps:
    """Cards by the keys of their diagrams; those of a page are made when it is first opened.

    Parameters
    ----------
    drawable : the diagrams that the catalogue has the columns of.
    sheet : what the maps of the pages are drawn from; the gallery's have their own.
    on_settings : called with the key of a map whose settings are asked for.
    on_card : called with the key and the figure of every new map.

    Attributes
    ----------
    drawn : what each map shows now, shared with who answers the pointer.
    """

    def __init__(
        self,
        stars: Stars,
        session: Session,
        drawable: Mapping[str, Diagram],
        sheet: Sheet,
        drawn: dict[str, Drawn],
        on_settings: Callable[[str], None],
        on_card: Callable[[str, object], None],
    ) -> None:
        self._stars = stars
        self._session = session
        self._drawable = drawable
        self._sheet = sheet
        self._on_settings = on_settings
        self._on_card = on_card
        self._cards: dict[str, MapCard] = {}
        self._said: dict[str, tuple[Picture, Clause | None]] = {}
        self.drawn = drawn

    # cards

    def furnish(self, tab: str, state: State) -> Mapping[str, MapCard]:
        """Make the cards of a page; none if they are there, or it has none of its own."""
        group = {key: diagram for key, diagram in DIAGRAMS.items() if diagram.group == tab}
        if group.keys() <= self._cards.keys():
            return {}
        cards = {key: self.card(diagram, state, self._sheet) for key, diagram in group.items()}
        self._cards |= cards
        return cards

    def card(self, diagram: Diagram, state: State, sheet: Sheet) -> MapCard:
        """Make a card that answers to zooms and to the pointer."""
        card = MapCard(diagram, self._stars, sheet, state, self.zoomed, self._on_settings)
        if card.figure is not None:
            self._on_card(diagram.key, card.figure)
        return card

    def hang(self, cards: Mapping[str, MapCard]) -> list[str]:
        """Take these maps of the gallery for those that were there; gives the keys of those that are gone."""
        there = {key: card for key, card in self._cards.items() if card.diagram.label}
        gone = [key for key, card in there.items() if cards.get(key) is not card]
        for key in gone:
            del self._cards[key]
            for kept in (self.drawn, self._said):
                kept.pop(key, None)
        self._cards |= cards
        return gone

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the maps that there are figures of."""
        return tuple(key for key, card in self._cards.items() if card.figure is not None)

    def take_focus(self, key: str) -> None:
        """Have the keyboard come back to a map's card."""
        self._cards[key].view.take_focus()

    # windows

    def zoomed(self, key: str, window: Window) -> None:
        """Have the state hold the window that a map's axes were moved to."""
        diagram, state = VIEWS[key], self._session.state
        home = picture.window_of(self._stars, diagram, state.with_view(diagram.home, window=None))
        self._session.become(state.with_view(diagram.home, window=None if window == home else window))

    def zoom_to(self, key: str, window: Window) -> Window:
        """Move a map's axes, and give the window they now have."""
        shown = self._cards[key].move(window)
        self.zoomed(key, shown)
        return shown

    def turn(self, before: State, after: State) -> None:
        """Have axes follow the state."""
        for card in self._cards.values():
            diagram = card.diagram
            old, new = (picture.columns_of(diagram, state)[1] for state in (before, after))
            if card.figure is None:
                continue
            if new != old:
                home = after.with_view(diagram.home, window=None)
                described = self._stars.describe(new, after.derived)
                card.turn(described, picture.window_of(self._stars, diagram, home))
            if after.view(diagram.home) != before.view(diagram.home):
                card.follow(picture.window_of(self._stars, diagram, after))
                card.rule(after)

    # the star

    def mark(self, value_of: Callable[[str], float] | None, state: State) -> None:
        """Have every map, and the histogram, mark where a star is by its quantities; None for no star."""
        axes: dict[Sheet, dict[str, tuple[str, ...]]] = {self._sheet: {HISTOGRAM: (state.bars.column,) * 2}}
        for key, card in self._cards.items():
            if card.figure is not None:
                axes.setdefault(card.sheet, {})[key] = picture.columns_of(card.diagram, state)
        for sheet, figures in axes.items():
            sheet.rings.push({key: _place(value_of, *columns) for key, columns in figures.items()})

    # pictures

    def wanted(self, keys: Iterable[str], state: State) -> dict[str, Hashable]:
        """Those of some maps that can be drawn, each with what its picture depends on."""
        return {
            key: picture.essence(VIEWS[key], state)
            for key in keys
            if key in self._drawable and key in self._cards
        }

    def show(self, painted: Painted) -> None:
        """Show pictures, those of a sheet in one message."""
        pictures = {key: drawn for key, drawn in painted.pictures.items() if key in self._cards}
        for key, drawn in pictures.items():
            self.drawn[key] = Drawn(VIEWS[key], drawn, painted.state)
            sheet = self._cards[key].sheet
            if isinstance(drawn.lattice, Tints):
                sheet.tint(key, [subset.colour for subset in drawn.lattice.subsets])
            else:
                sheet.paint(key, colour_map_of(drawn.colouring, self.label(drawn.colouring)))
        for sheet in {self._cards[key].sheet for key in pictures}:
            mine = {key: drawn for key, drawn in pictures.items() if self._cards[key].sheet is sheet}
            sheet.push({key: (drawn.lattice.window, drawn.image) for key, drawn in mine.items()})

    def tell(self) -> None:
        """Have the headings tell of what is shown."""
        for key, shown in self.drawn.items():
            colouring = shown.picture.colouring
            self._cards[key].show(shown.picture, self._title(key, colouring), self.label(colouring))

    def explain(self, words: Callable[[Clause], str]) -> None:
        """Put maps and their brushes into words for screen readers, those that are new; `words` is HTML."""
        selection = self._session.state.selection
        for key, shown in self.drawn.items():
            home = VIEWS[key].home
            brush = next((clause for clause in selection if clause.source == home), None)
            now = shown.picture, brush
            if key in self._said and all(a is b for a, b in zip(now, self._said[key], strict=True)):
                continue
            self._said[key] = now
            title = plain_title(self._title(key, self._session.state.colouring))
            label = self.label(shown.picture.colouring)
            self._cards[key].view.speak(
                in_words(title, shown.picture, label, plain(words(brush)) if brush else "")
            )

    def scale(self, key: str) -> Scale:
        """The colour range that a map shows."""
        return self.drawn[key].picture.scale

    def label(self, colouring: Colouring) -> Column:
        """What colours tell of."""
        return self._stars.describe(colouring.label, self._session.state.derived)

    def _title(self, key: str, colouring: Colouring) -> str:
        diagram, state = VIEWS[key], self._session.state
        title = diagram.title
        if diagram.y_choice:
            x, y = (
                self._stars.describe(name, state.derived).tex for name in picture.columns_of(diagram, state)
            )
            title = f"${y}$ against ${x}$"
        if diagram.counts or diagram.label or colouring == state.colouring:
            return title
        return f"{title} · {colouring.statistic} ${self.label(colouring).tex}$"


def _place(value_of: Callable[[str], float] | None, x: str, y: str) -> tuple[float, float]:
    if value_of is None:
        return NOWHERE
    across, up = value_of(x), value_of(y)
    return (across, up) if np.isfinite([across, up]).all() else NOWHERE


def shared_scale(painted: Painted) -> Scale | None:
    """The range of the maps without colours of their own, if any was painted."""
    return next(
        (
            drawn.scale
            for key, drawn in painted.pictures.items()
            if painted.state.view(key).colouring is None
            and not (VIEWS[key].counts or VIEWS[key].label or isinstance(drawn.lattice, Tints))
        ),
        None,
    )

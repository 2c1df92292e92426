"""The linked page: its board, whose cards a person moves, sizes, maximises, removes and puts back."""

from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import Children, JSComponent

from data.problem import DataError
from explorer import arrangement
from explorer.arrangement import Area
from explorer.cards import Placed
from explorer.session import Layout, Session

HERE = Path(__file__).parent

LEAST_SIDE, MOST_SIDE = 100, 8000
"""Of an area that a browser may tell, in CSS pixels."""

ACTS: Mapping[str, Callable[[Layout, str], Layout]] = {
    "left": lambda layout, key: arrangement.moved(layout, key, -1),
    "right": lambda layout, key: arrangement.moved(layout, key, 1),
    "larger": lambda layout, key: arrangement.resized(layout, key, 1),
    "smaller": lambda layout, key: arrangement.resized(layout, key, -1),
    "maximise": arrangement.maximised,
    "restore": lambda layout, _key: arrangement.maximised(layout, None),
    "remove": arrangement.removed,
}
"""What a card's buttons do to the arrangement."""


class LinkedBoard(JSComponent):
    """A grid of cards with their `keys`; each takes as many columns and rows as its entry in `spans`.

    `largest` tells that the only one fills the page.

    The browser remembers `keep` when it changes, and tells what it kept before if asked to `recall`.
    """

    cards = Children()
    keys = param.List(default=[], item_type=str)
    spans = param.List(default=[], item_type=int)
    rows = param.List(default=[], item_type=int, doc="rows of each card, where they are not as many")
    largest = param.Boolean(default=False)
    keep = param.String(default="")
    recall = param.Boolean(default=False)

    _esm = HERE / "linked.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "linked.css").read_text()]

    def __init__(self, on_message: Callable[[Any], None], **params: Any) -> None:
        super().__init__(margin=0, sizing_mode="stretch_width", **params)
        self._on_message = on_message

    def _handle_msg(self, data: Any) -> None:
        self._on_message(data)


class ViewsMenu(JSComponent):
    """A button with a list of `views`: each has a key, its title in HTML, and whether it is there."""

    views = param.List(default=[], item_type=list)

    _esm = HERE / "views.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "views.css").read_text()]

    def __init__(self, on_message: Callable[[Any], None], **params: Any) -> None:
        super().__init__(**params)
        self._on_message = on_message

    def _handle_msg(self, data: Any) -> None:
        self._on_message(data)


class Linked:
    """The cards of one visitor's linked page; what a person does to them goes to the session.

    Parameters
    ----------
    session : the visitor's.
    recall : whether the browser's own arrangement is wanted, as for a visitor who brought none.
    on_recall : called with it once the session has it.
    """

    def __init__(self, session: Session, on_recall: Callable[[Layout], None], *, recall: bool = True) -> None:
        self._session = session
        self._on_recall = on_recall
        self._area = Area()
        self._placed: dict[str, Placed] = {}
        self._titles: dict[str, str] = {}
        self.board = LinkedBoard(self._told, recall=recall)
        self.menu = ViewsMenu(self._chosen, margin=(8, 0, 0, 4))

    def place(self, cards: Mapping[str, tuple[str, Placed]]) -> None:
        """Lay the cards that there are, by key, each with its title as HTML."""
        self._placed = {key: cards[key][1] for key in arrangement.USUAL if key in cards}
        self._titles = {key: cards[key][0] for key in self._placed}
        for placed in self._placed.values():
            placed.card.movable = True
        self.follow(self._session.state.layout)

    def seen(self, layout: Layout) -> tuple[str, ...]:
        """Keys of the cards that can be seen."""
        return tuple(key for key in arrangement.seen(layout) if key in self._placed)

    def follow(self, layout: Layout) -> None:
        """Lay the cards as an arrangement says."""
        keys = self.seen(layout)
        for key in keys:
            self._placed[key].fit(*arrangement.box(layout, key, self._area))
            self._placed[key].card.largest = layout.largest == key
        self.board.param.update(
            keys=[*keys],
            cards=[self._placed[key].card for key in keys],
            spans=[1 if layout.largest else arrangement.span(layout, key, self._area) for key in keys],
            rows=[1 if layout.largest else arrangement.rows(layout, key, self._area) for key in keys],
            largest=layout.largest is not None,
        )
        there = arrangement.order(layout)
        self.menu.views = [[key, title, key in there] for key, title in self._titles.items()]

    def keep(self, layout: Layout) -> None:
        """Have the browser remember an arrangement."""
        self.board.keep = arrangement.written(layout)

    # what the browser sends; anything but what our scripts send is dropped

    def _told(self, data: Any) -> None:
        asked = data if isinstance(data, dict) else {}
        recall, self.board.recall = self.board.recall, False
        layout = self._session.state.layout
        keys = self.seen(layout)
        if recall and isinstance(asked.get("kept"), str):
            self._recall(asked["kept"])
        elif _is_one_of(asked.get("act"), ACTS) and _is_one_of(asked.get("card"), keys):
            self._arrange(ACTS[asked["act"]](layout, asked["card"]))
        elif all(_is_one_of(key, keys) for key in _pair(asked.get("swap"))):
            self._session.change(layout=arrangement.swapped(layout, *asked["swap"]))
        elif all(type(side) is int and LEAST_SIDE <= side <= MOST_SIDE for side in _pair(asked.get("area"))):
            self._area = Area(*asked["area"])
            self.follow(layout)

    def _arrange(self, layout: Layout) -> None:
        """Arrange the cards anew, unless none would be left that the page has."""
        if self.seen(layout):
            self._session.change(layout=layout)

    def _recall(self, text: str) -> None:
        try:
            layout = arrangement.read(text)
        except DataError:
            self.board.keep = ""
            return
        self._session.change(layout=layout)
        self._on_recall(layout)

    def _chosen(self, data: Any) -> None:
        asked = data if isinstance(data, dict) else {}
        if asked.get("usual") is True:
            self._session.change(layout=Layout())
        elif _is_one_of(asked.get("view"), self._placed) and isinstance(asked.get("there"), bool):
            change = arrangement.added if asked["there"] else arrangement.removed
            layout = arrangement.maximised(self._session.state.layout, None)
            self._arrange(change(layout, asked["view"]))


def _is_one_of(name: Any, names: Container[str]) -> bool:
    return isinstance(name, str) and name in names


def _pair(things: Any) -> list[Any]:
    """Two things, if it is them; else one that is nothing."""
    return things if isinstance(things, list) and len(things) == 2 else [None]

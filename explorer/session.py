"""What one visitor looks at. Everything on the page follows from (catalogue, state); only Session changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from data.selection import Selection
from explorer.palette import Scale
from explorer.raster import Window


@dataclass(frozen=True)
class Colouring:
    """What the colours of a map say.

    `colour_map` and `scale` of None mean: as suits the quantity, and fitted once to what is drawn.
    """

    label: str
    statistic: str = "mean"
    min_stars: int = 3
    log: bool = False
    colour_map: str | None = None
    scale: Scale | None = None

    @property
    def question(self) -> tuple[str, str, bool]:
        """What decides the fitted range: it stays put for as long as this does."""
        label = "" if self.statistic == "count" else self.label
        return label, self.statistic, self.log


@dataclass(frozen=True)
class ViewState:
    """One diagram: its window if zoomed, its own vertical column and colours if it has them."""

    window: Window | None = None
    y: str | None = None
    colouring: Colouring | None = None


@dataclass(frozen=True)
class Bars:
    """The histogram: its column, and whether the numbers of stars are drawn logarithmically."""

    column: str
    log: bool = False


@dataclass(frozen=True)
class Derived:
    """A quantity a person computed: a name to show and an expression over columns."""

    name: str
    expression: str


@dataclass(frozen=True)
class State:
    """All a visitor chose; an immutable value, so that it can be remembered, compared and written down."""

    selection: Selection
    colouring: Colouring
    bars: Bars
    views: Mapping[str, ViewState] = field(default_factory=lambda: MappingProxyType({}))
    derived: tuple[Derived, ...] = ()

    def view(self, key: str) -> ViewState:
        """State of one diagram."""
        return self.views.get(key, ViewState())

    def with_view(self, key: str, **changes: Any) -> "State":
        """The state with something of one diagram changed."""
        changed = replace(self.view(key), **changes)
        return replace(self, views=MappingProxyType({**self.views, key: changed}))

    def colouring_of(self, key: str) -> Colouring:
        """Colours of one diagram: its own, or those all maps share."""
        return self.view(key).colouring or self.colouring


Listener = Callable[[State, State], None]


class Session:
    """The one mutable thing: the present state of a visitor, and who wants to hear of its changes."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._listeners: list[Listener] = []

    @property
    def state(self) -> State:
        """The present state."""
        return self._state

    def listen(self, listener: Listener) -> None:
        """Call `listener(before, after)` at every change."""
        self._listeners.append(listener)

    def become(self, state: State) -> None:
        """Change to another state; nothing happens if it is the same."""
        before, self._state = self._state, state
        if state != before:
            for listener in tuple(self._listeners):
                listener(before, state)

    def change(self, **changes: Any) -> None:
        """Change some fields of the state."""
        self.become(replace(self._state, **changes))

    def close(self) -> None:
        """Let go of every listener, so that a visitor who left leaves nothing in memory."""
        self._listeners.clear()

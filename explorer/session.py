"""What one visitor looks at. Everything on the page follows from (catalogue, state); only Session changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from data.expression import Expression
from data.predicate import Where
from data.selection import Selection
from explorer.palette import Scale
from explorer.raster import Window

MOST_STEPS = 200
"""So many changes of the selection can be undone."""

MOST_DERIVED = 20
"""So many columns can be computed on the page."""

Value = str | bool | int | float | tuple[str, ...]
"""Of a control: what is typed, whether it is ticked, or what is chosen from a list."""

Chosen = Mapping[str, Value]
"""Values of the controls of a page of science, by the names of these in links."""


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
    """One diagram: its window if zoomed, its own vertical column and colours if it has them.

    `landmarks` are the lines over it that a person chose; None are the usual ones.
    """

    window: Window | None = None
    y: str | None = None
    colouring: Colouring | None = None
    landmarks: tuple[str, ...] | None = None


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
class Subset:
    """Stars kept under a name: those that meet a condition, whatever is selected now.

    Attributes
    ----------
    name : what a person calls it; no two of a state have one name.
    condition : which stars.
    colour : #rrggbb.
    shown : whether it is drawn on the maps and in the histogram.
    """

    name: str
    condition: Expression
    colour: str
    shown: bool = True


@dataclass(frozen=True)
class Layout:
    """The cards of the linked page, as a person arranged them.

    Attributes
    ----------
    order : keys of the cards that are there, first to last; empty is the usual arrangement.
    sizes : of cards that are larger than usual: 2 is twice as wide and high.
    largest : the one that fills the page, if any.
    """

    order: tuple[str, ...] = ()
    sizes: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    largest: str | None = None


@dataclass(frozen=True)
class Gallery:
    """All labels at once over one plane.

    Attributes
    ----------
    plane : key of the diagram whose axes the maps have.
    shared : whether all abundances relative to iron have one colour range.
    scale : that range where a person set it.
    """

    plane: str = "rz"
    shared: bool = False
    scale: Scale | None = None


@dataclass(frozen=True)
class Star:
    """The star a visitor looks at.

    Attributes
    ----------
    name : by which number it is known: "obsid", "source_id", or "source_row", its row in the file from 0.
    number : that number, which no other row has.
    """

    name: str
    number: int


@dataclass(frozen=True)
class State:
    """All a visitor chose; an immutable value, so that it can be remembered, compared and written down.

    `tab` is the page that is open; `subsets_as` tells how subsets are shown: "contours" or "tints"; `chosen`
    is what is chosen on each page of science, by key. A page that is not in it has what it opens with.
    """

    selection: Selection
    colouring: Colouring
    bars: Bars
    views: Mapping[str, ViewState] = field(default_factory=lambda: MappingProxyType({}))
    derived: tuple[Derived, ...] = ()
    subsets: tuple[Subset, ...] = ()
    subsets_as: str = "contours"
    tab: str = "maps"
    layout: Layout = field(default_factory=Layout)
    gallery: Gallery = field(default_factory=Gallery)
    star: Star | None = None
    chosen: Mapping[str, Chosen] = field(default_factory=lambda: MappingProxyType({}))

    def view(self, key: str) -> ViewState:
        """State of one diagram."""
        return self.views.get(key, ViewState())

    def with_view(self, key: str, **changes: Any) -> "State":
        """The state with something of one diagram changed; one that is as usual again is not listed."""
        views = {**self.views, key: replace(self.view(key), **changes)}
        listed = {name: view for name, view in views.items() if view != ViewState()}
        return replace(self, views=MappingProxyType(listed))

    def with_chosen(self, page: str, chosen: Chosen | None) -> "State":
        """The state with other choices on a page of science; None for what it opens with."""
        others = {name: each for name, each in self.chosen.items() if name != page}
        pages = others if chosen is None else {**others, page: chosen}
        return replace(self, chosen=MappingProxyType(pages))

    def colouring_of(self, key: str) -> Colouring:
        """Colours of one diagram: its own, or those all maps share."""
        return self.view(key).colouring or self.colouring


@dataclass(frozen=True)
class Choice:
    """What can be undone: which stars are selected, and which are kept as subsets.

    `derived` are the computed columns that the selection names, which come back with it.
    """

    selection: Selection
    subsets: tuple[Subset, ...]
    derived: tuple[Derived, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, state: State) -> "Choice":
        """That of a state."""
        named = {quantity for clause in state.selection for quantity in clause.predicate.quantities}
        needed = tuple(column for column in state.derived if column.expression in named)
        return cls(state.selection, state.subsets, needed)

    def within(self, state: State) -> State:
        """The state with this choice, and all else as it is.

        Where a column can't come back, as its name is taken or there are too many, the conditions on it are
        written out: they select the same stars.
        """
        known, selection = state.derived, self.selection
        for column in self.derived:
            if column.expression in {each.expression for each in known}:
                continue
            if len(known) < MOST_DERIVED and column.name.lower() not in {each.name.lower() for each in known}:
                known = (*known, column)
            else:
                selection = _written_out(selection, column.expression)
        return replace(state, selection=selection, subsets=self.subsets, derived=known)


def _written_out(selection: Selection, quantity: str) -> Selection:
    for clause in selection:
        if quantity in clause.predicate.quantities:
            where = Where(clause.predicate.expression)
            selection = selection.with_(replace(clause, predicate=where))
    return selection


Listener = Callable[[State, State], None]


class Session:
    """The one mutable thing: what a visitor has now, what can be undone, and who wants to hear of changes.

    `fit` makes a state consistent in itself; every state goes through it.
    """

    def __init__(self, state: State, fit: Callable[[State], State] = lambda state: state) -> None:
        self._fit = fit
        self._state = fit(state)
        self._listeners: list[Listener] = []
        self._past: list[Choice] = []
        self._future: list[Choice] = []
        self._moving: Choice | None = None

    @property
    def state(self) -> State:
        """The present state."""
        return self._state

    @property
    def settled(self) -> bool:
        """Whether no gesture, such as the drag of a brush, is under way."""
        return self._moving is None

    @property
    def can_undo(self) -> bool:
        """Whether there is a change of the selection to take back."""
        return bool(self._past) or self._changed

    @property
    def can_redo(self) -> bool:
        """Whether there is one to do again."""
        return bool(self._future) and not self._changed

    @property
    def _changed(self) -> bool:
        """Whether the gesture under way has changed the choice so far."""
        return self._moving is not None and Choice.of(self._with(self._moving)) != Choice.of(self._state)

    def listen(self, listener: Listener) -> None:
        """Call `listener(before, after)` at every change, and at the end of a gesture."""
        self._listeners.append(listener)

    def become(self, state: State, *, settled: bool | None = None) -> None:
        """Change to another state; nothing happens if it is the same.

        Parameters
        ----------
        state : what to change to.
        settled : False for a part of a gesture and True for its end: all of it is undone in one step. None
            for what belongs to no gesture: it ends one only if it changes the selection or the subsets.
        """
        before, now = self._state, self._fit(state)
        self._state = before if now == before else now
        was = Choice.of(before)
        if settled is None:
            settled = self._moving is None or Choice.of(self._with(was)) != Choice.of(now)
        ends = settled and self._moving is not None
        self._moving = self._moving or was
        if settled:
            self._settle()
        if ends or now != before:
            self._tell(before)

    def _settle(self) -> None:
        """End the gesture, if one is under way: what it changed is a step."""
        if self._changed and self._moving is not None:
            self._past.append(self._moving)
            del self._past[:-MOST_STEPS]
            self._future.clear()
        self._moving = None

    def change(self, *, settled: bool | None = None, **changes: Any) -> None:
        """Change some fields of the state, as `become` does."""
        self.become(replace(self._state, **changes), settled=settled)

    def undo(self) -> None:
        """Take back the last change of the selection or the subsets; the rest of the state stays.

        In a gesture, that is the gesture.
        """
        self._step(self._past, self._future)

    def redo(self) -> None:
        """Do again what was undone last."""
        self._step(self._future, self._past)

    def _step(self, source: list[Choice], target: list[Choice]) -> None:
        before, ends = self._state, self._moving is not None
        self._settle()
        if source:
            target.append(Choice.of(before))
            self._state = self._with(source.pop())
        if ends or self._state is not before:
            self._tell(before)

    def _with(self, choice: Choice) -> State:
        return self._fit(choice.within(self._state))

    def _tell(self, before: State) -> None:
        for listener in tuple(self._listeners):
            listener(before, self._state)

    def close(self) -> None:
        """Let go of every listener, so that a visitor who left leaves nothing in memory."""
        self._listeners.clear()

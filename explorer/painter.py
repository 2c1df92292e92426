"""Paints the views of one visitor, off the event loop. Latest wins: only the newest state waits."""

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType

import numpy as np

from explorer import picture
from explorer.atlas import Diagram
from explorer.palette import Scale
from explorer.picture import Histogram, Picture
from explorer.raster import Grid
from explorer.session import Colouring, State
from explorer.stars import Stars

LOG = logging.getLogger(__name__)

Slot = tuple[str, tuple[str, str, bool]]
"""Whose colour range it is ("" for all maps that share theirs), and the question it answers."""

HISTOGRAM = "histogram"
"""The view that is no map: asked for and delivered under this name."""


@dataclass(frozen=True)
class Painted:
    """What was painted of one state.

    Attributes
    ----------
    state : what was painted.
    pictures : by diagram.
    histogram : if it was asked for.
    selected : number of stars that pass every cut that all views share.
    relief : where none does: source of each cut -> how many stars would pass without it.
    """

    state: State
    pictures: Mapping[str, Picture]
    histogram: Histogram | None
    selected: int
    relief: Mapping[str, int]


@dataclass(frozen=True)
class Threads:
    """Where work is done, shared by all visitors: `views` paints views, `crews` runs a visitor's turn."""

    views: Executor
    crews: Executor


class Easel:
    """Paints views of states for one visitor, and remembers the colour ranges it fitted: they stay put.

    `fitted` is what was fitted before, as to the page that all visitors open with.
    """

    def __init__(
        self,
        stars: Stars,
        diagrams: Mapping[str, Diagram],
        views: Executor,
        fitted: Mapping[Slot, Scale] = MappingProxyType({}),
    ) -> None:
        self._stars = stars
        self._diagrams = diagrams
        self._views = views
        self._fitted = dict(fitted)
        self._outdated: set[Slot] = set()

    @property
    def fitted(self) -> Mapping[Slot, Scale]:
        """A copy of the colour ranges fitted so far."""
        return MappingProxyType(dict(self._fitted))

    def refit(self, state: State, view: str = "") -> None:
        """Forget a view's fitted colour range, or the shared one: what is painted next fits it anew."""
        self._outdated.add(self._slot(view, state) if view else ("", state.colouring.question))

    def _slot(self, view: str, state: State) -> Slot:
        """Whose range a view has: its own, its page's for counts, or that of all maps that ask the same."""
        diagram = self._diagrams[view]
        question = picture.colouring_of(diagram, state).question
        if diagram.counts:
            return diagram.group, question
        return ("" if state.view(view).colouring is None else view), question

    def paint(self, state: State, views: Iterable[str]) -> Painted:
        """Paint views of a state, now."""
        while self._outdated:
            self._fitted.pop(self._outdated.pop(), None)
        keys = sorted({*views} & self._diagrams.keys())
        grids = dict(zip(keys, self._views.map(lambda key: self._grid(key, state), keys), strict=True))
        scales = self._scales(state, grids)
        pictures = self._views.map(
            lambda key: picture.paint(self._stars, self._diagrams[key], state, grids[key], scales[key]), keys
        )
        histogram = self._histogram(state) if HISTOGRAM in views else None
        selected = self._stars.number(state.selection.for_view(None))
        relief = {} if selected else self._relief(state)
        return Painted(state, dict(zip(keys, pictures, strict=True)), histogram, selected, relief)

    def _relief(self, state: State) -> dict[str, int]:
        selection = state.selection
        without = {clause.source: selection.without(clause.source) for clause in selection.clauses}
        return {source: self._stars.number(rest.for_view(None)) for source, rest in without.items()}

    def _grid(self, key: str, state: State) -> Grid:
        return picture.grid_of(self._stars, self._diagrams[key], state)

    def _scales(self, state: State, grids: Mapping[str, Grid]) -> dict[str, Scale]:
        """Each map's colour range: set by hand, fitted before, or fitted now to all that share it."""
        scales: dict[str, Scale] = {}
        for key in grids:
            colouring = picture.colouring_of(self._diagrams[key], state)
            known = colouring.scale or self._fitted.get(self._slot(key, state))
            scales[key] = known or self._fit(key, colouring, state, grids)
        return scales

    def _fit(self, view: str, colouring: Colouring, state: State, grids: Mapping[str, Grid]) -> Scale:
        """Fit a range to all maps that share it; it stays, unless there was nothing to fit it to."""
        sharing = [
            key
            for key, grid in grids.items()
            if self._slot(key, state) == self._slot(view, state) and np.isfinite(grid.values).any()
        ]
        spatial = [key for key in sharing if self._diagrams[key].sets_range] or sharing
        kind = self._stars.describe(colouring.label, state.derived).kind
        scale = picture.fit((grids[key] for key in spatial), colouring, kind)
        if sharing:
            self._fitted[self._slot(view, state)] = scale
        return scale

    def _histogram(self, state: State) -> Histogram:
        column = self._stars.describe(state.bars.column, state.derived)
        return picture.histogram(self._stars, state.bars, column.low, column.high, state)


class Painter:
    """Paints what one visitor asks for on other threads; only the newest state waits.

    `deliver` and `fail` are called from another thread, with what was painted or with what went wrong.
    """

    def __init__(
        self,
        easel: Easel,
        crews: Executor,
        deliver: Callable[[Painted], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._easel = easel
        self._crews = crews
        self._deliver = deliver
        self._fail = fail
        self._lock = Lock()
        self._waiting: tuple[State, frozenset[str]] | None = None
        self._busy = False

    def request(self, state: State, views: Iterable[str]) -> None:
        """Ask for views of a state; what still waits of an older state is painted as of this one."""
        with self._lock:
            older = self._waiting[1] if self._waiting else frozenset()
            self._waiting = (state, older | frozenset(views))
            if self._busy:
                return
            self._busy = True
        self._crews.submit(self._work)

    def refit(self, state: State, view: str = "") -> None:
        """Forget a view's fitted colour range, or the shared one: what is painted next fits it anew."""
        self._easel.refit(state, view)

    def _work(self) -> None:
        while True:
            with self._lock:
                task, self._waiting = self._waiting, None
                if task is None:
                    self._busy = False
                    return
            self._attempt(*task)

    def _attempt(self, state: State, views: frozenset[str]) -> None:
        """Paint and deliver; whatever goes wrong reaches the log and the visitor, and the painter goes on."""
        try:
            self._deliver(self._easel.paint(state, views))
        except Exception as problem:
            LOG.exception("painting failed")
            try:
                self._fail(problem)
            except Exception:
                LOG.exception("the visitor could not be told")

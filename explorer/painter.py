"""Paints the views of one visitor, off the event loop. Latest wins: only the newest state waits."""

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from types import MappingProxyType

import numpy as np

from explorer import overlays, picture
from explorer.atlas import HISTOGRAM, Diagram
from explorer.bitsets import Each
from explorer.overlays import Overlays
from explorer.overtaking import Overtaken, OvertakenError, attend, attentive
from explorer.palette import Scale
from explorer.picture import Histogram, Picture
from explorer.raster import Grid
from explorer.session import State
from explorer.stars import Stars

LOG = logging.getLogger(__name__)

Slot = tuple[str, tuple[str, str, bool]]
"""Whose colour range it is ("" for all maps that share theirs), and the question it answers."""

PATIENCE = 1.0
"""Seconds that a painting may go on while a newer state waits. Each that is given up doubles it for the next,
until one is delivered: something is, however long paintings take and however often the state changes."""


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
    overlays : what was asked for of subsets.
    """

    state: State
    pictures: Mapping[str, Picture]
    histogram: Histogram | None
    selected: int
    relief: Mapping[str, int]
    overlays: Overlays = field(default_factory=Overlays)


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
        """Whose range a view has: its own, its page's for counts, or that of all maps that ask the same.

        Of the gallery each map has its own, or all abundances of a plane have one: they must not hang on
        what was visited before.
        """
        diagram = self._diagrams[view]
        question = picture.colouring_of(diagram, state).question
        if diagram.counts:
            return diagram.group, question
        if state.gallery.shared and diagram.is_ratio:
            return f"{diagram.group} {diagram.plane}", ("", *question[1:])
        shares = state.view(view).colouring is None and not diagram.label
        return ("" if shares else view), question

    def paint(self, state: State, views: Iterable[str], overtaken: Overtaken = bool) -> Painted:
        """Paint views of a state, now. Not to be called from one of the threads that paint views.

        Raises OvertakenError where it is overtaken before it has ended.
        """
        while self._outdated:
            self._fitted.pop(self._outdated.pop(), None)
        each, alone = (attentive(way, overtaken) for way in (self._views.map, map))

        def draw(key: str) -> tuple[Grid, Picture | None]:
            attend(overtaken)
            return self._draw(key, state, alone)

        overlays.prepare(self._stars, state, each)
        keys = sorted({*views} & self._diagrams.keys())
        self._prepare(state, keys, each)
        if HISTOGRAM in views:
            self._stars.known(state.bars.column, each)
        bars = self._views.submit(self._histogram, state, alone) if HISTOGRAM in views else None
        drawn = dict(zip(keys, self._views.map(draw, keys), strict=True))
        scales = self._scales(state, {key: grid for key, (grid, _) in drawn.items()})
        selected = self._stars.number(state.selection.for_view(None), each)
        relief = {} if selected else self._relief(state, each)
        pictures = {
            key: made or picture.paint(self._stars, self._diagrams[key], state, grid, scales[key])
            for key, (grid, made) in drawn.items()
        }
        attend(overtaken)
        over = overlays.draw(self._stars, self._diagrams, self._views, state, views, each)
        return Painted(state, pictures, bars.result() if bars else None, selected, relief, over)

    def _prepare(self, state: State, keys: Iterable[str], each: Each) -> None:
        """Make what several views need, each part of it on all threads, before they need it."""
        stars = self._stars
        for clause in state.selection:
            if clause.enabled:
                stars.bits(clause.effective, each)
        for key in keys:
            diagram = self._diagrams[key]
            colouring = picture.colouring_of(diagram, state)
            for quantity in picture.columns_of(diagram, state):
                stars.values(quantity, each)
            stars.place(*picture.columns_of(diagram, state), picture.window_of(stars, diagram, state), each)
            if colouring.statistic != "count":
                stars.known(colouring.label, each)
                picture.label_of(stars, colouring, each)

    def _draw(self, key: str, state: State, each: Each) -> tuple[Grid, Picture | None]:
        """A view's grid, and its picture if its colour range is known."""
        diagram = self._diagrams[key]
        grid = picture.grid_of(self._stars, diagram, state, each)
        scale = self._known(key, state)
        return grid, picture.paint(self._stars, diagram, state, grid, scale) if scale else None

    def _known(self, key: str, state: State) -> Scale | None:
        """A map's colour range, if it was set by hand or fitted before."""
        colouring = picture.colouring_of(self._diagrams[key], state)
        return colouring.scale or self._fitted.get(self._slot(key, state))

    def _relief(self, state: State, each: Each) -> dict[str, int]:
        selection = state.selection
        without = {clause.source: selection.without(clause.source) for clause in selection.clauses}
        return {source: self._stars.number(rest.for_view(None), each) for source, rest in without.items()}

    def _scales(self, state: State, grids: Mapping[str, Grid]) -> dict[str, Scale]:
        """Each map's colour range: set by hand, fitted before, or fitted now to all that share it."""
        scales: dict[str, Scale] = {}
        for key in grids:
            scales[key] = self._known(key, state) or self._fit(key, state, grids)
        return scales

    def _fit(self, view: str, state: State, grids: Mapping[str, Grid]) -> Scale:
        """Fit a range to all maps that share it; it stays, unless there was nothing to fit it to."""
        colouring = picture.colouring_of(self._diagrams[view], state)
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

    def _histogram(self, state: State, each: Each) -> Histogram:
        column = self._stars.describe(state.bars.column, state.derived)
        return picture.histogram(self._stars, state.bars, column.low, column.high, state, each)


class Painter:
    """Paints what one visitor asks for on other threads; only the newest state waits.

    A painting that takes longer than the `patience`, in seconds, is given up for a newer state.
    `deliver` and `fail` are called from another thread, with what was painted or with what went wrong.
    """

    def __init__(
        self,
        easel: Easel,
        crews: Executor,
        deliver: Callable[[Painted], None],
        fail: Callable[[BaseException], None],
        patience: float = PATIENCE,
    ) -> None:
        self._easel = easel
        self._crews = crews
        self._deliver = deliver
        self._fail = fail
        self._least_patience = self._patience = patience
        self._lock = Lock()
        self._waiting: tuple[State, frozenset[str]] | None = None
        self._busy = False
        self._closed = False

    def request(self, state: State, views: Iterable[str]) -> None:
        """Ask for views of a state; what still waits of an older state is painted as of this one."""
        with self._lock:
            if self._closed:
                return
            older = self._waiting[1] if self._waiting else frozenset()
            self._waiting = (state, older | frozenset(views))
            if self._busy:
                return
            self._busy = True
        self._crews.submit(self._work)

    def refit(self, state: State, view: str = "") -> None:
        """Forget a view's fitted colour range, or the shared one: what is painted next fits it anew."""
        self._easel.refit(state, view)

    def close(self) -> None:
        """Give up what waits and what is under way, and take nothing more."""
        with self._lock:
            self._closed = True
            self._waiting = None

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
        end = monotonic() + self._patience
        try:
            painted = self._easel.paint(state, views, lambda: self._overtaken(end))
            self._patience = self._least_patience
            if not self._closed:
                self._deliver(painted)
        except OvertakenError:
            self._patience *= 2
            self._pass_on(views)
        except Exception as problem:
            LOG.exception("painting failed")
            try:
                self._fail(problem)
            except Exception:
                LOG.exception("the visitor could not be told")

    def _overtaken(self, end: float) -> bool:
        """Whether the visitor left, or a newer state waits after the end of our patience."""
        return self._closed or (self._waiting is not None and monotonic() > end)

    def _pass_on(self, views: frozenset[str]) -> None:
        """Have views that were given up painted of the state that waits."""
        with self._lock:
            if self._waiting:
                self._waiting = (self._waiting[0], self._waiting[1] | views)

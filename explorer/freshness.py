"""Which views of a page are out of date: what each shows, what is on its way, and what it depends on."""

from collections.abc import Callable, Hashable, Iterable, Mapping

from explorer import overlays
from explorer.atlas import DIAGRAMS, HISTOGRAM
from explorer.session import State

COUNT = "count"
"""What the header says, which comes with whatever is painted."""

Essences = Mapping[str, Hashable]
"""Views by key, each with everything that what it shows depends on."""


class Freshness:
    """What the views of one page show.

    Parameters
    ----------
    maps : tells what those of some views that are maps depend on in a state.
    """

    def __init__(self, maps: Callable[[Iterable[str], State], Essences]) -> None:
        self._maps = maps
        self._shown: dict[str, Hashable] = {}
        self._coming: list[tuple[State, dict[str, Hashable]]] = []

    def wanted(self, views: Iterable[str], state: State) -> dict[str, Hashable]:
        """All that is painted for views of a state, each with what it depends on."""
        wanted: dict[str, Hashable] = {COUNT: state.selection.for_view(None), **self._maps(views, state)}
        if HISTOGRAM in views:
            wanted[HISTOGRAM] = (state.selection.for_view(HISTOGRAM), state.bars)
        lined = [DIAGRAMS[key] for key in wanted if key in DIAGRAMS]
        return wanted | overlays.wanted(state, lined, bars=HISTOGRAM in wanted)

    def _essences(self, keys: Iterable[str], state: State) -> dict[str, Hashable]:
        """The same of some of what `wanted` names."""
        asked = {*keys}
        wanted = self.wanted([key.removeprefix(overlays.LINES) for key in asked], state)
        return {key: wanted[key] for key in wanted.keys() & asked}

    def stale(self, wanted: Essences) -> set[str]:
        """Those that neither are as is wanted nor were asked for so."""
        there = dict(self._shown)
        for _, asked in self._coming:
            there |= asked
        return {key for key, essence in wanted.items() if key not in there or there[key] != essence}

    def awaits(self, state: State) -> bool:
        """Whether something that was asked for in this very state is on its way."""
        return any(asked is state for asked, _ in self._coming)

    def ask(self, state: State, keys: Iterable[str]) -> None:
        """Views of a state are on their way."""
        self._coming.append((state, dict(self._essences(keys, state))))

    def come(self, state: State) -> None:
        """What was painted of a state is there, and with it all that had waited of older states.

        It may have been asked for of an older state, and is of this one now: a painter's latest wins.
        """
        last = max((k for k, (asked, _) in enumerate(self._coming) if asked is state), default=-1)
        keys = {key for _, asked in self._coming[: last + 1] for key in asked}
        del self._coming[: last + 1]
        self._shown |= self._essences(keys, state)

    def fail(self) -> None:
        """Nothing that is on its way can be counted on."""
        for _, asked in self._coming:
            for key in asked:
                self._shown.pop(key, None)
        self._coming.clear()

    def forget(self, keys: Iterable[str]) -> None:
        """Views are empty again."""
        gone = {*keys}
        for views in (self._shown, *(asked for _, asked in self._coming)):
            for key in gone & views.keys():
                del views[key]

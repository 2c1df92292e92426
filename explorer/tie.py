"""What ties the controls of a page of science to the session, so that links, back and forward hold them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from explorer.filling import Filling
from explorer.session import Chosen, Session, State, Value


class Tie:
    """Of one page. As soon as a person changes one of its widgets, the session has the values of all.

    While nobody did, or all are again as the page opens, the session says nothing of it.

    Parameters
    ----------
    session : the visitor's.
    page : its key among the pages of science.
    widgets : as they open, by their names in links; one that fills others comes before them.
    filling : entered when widgets are filled; the page's, if it fills some itself.
    usual : gives the values that widgets open with in a state, where they hang on it.
    """

    def __init__(
        self,
        session: Session,
        page: str,
        widgets: Mapping[str, Any],
        filling: Filling | None = None,
        usual: Callable[[State], Chosen] | None = None,
    ) -> None:
        self._session, self._page, self._widgets = session, page, widgets
        self._filling, self._usual = Filling() if filling is None else filling, usual
        self._opened = self._values
        self._shown: Chosen | None = None
        for widget in widgets.values():
            widget.param.watch(self._take, "value")

    @property
    def _values(self) -> Chosen:
        return MappingProxyType({name: _value(widget) for name, widget in self._widgets.items()})

    def _opening(self, state: State) -> Chosen:
        return {**self._opened, **(self._usual(state) if self._usual else {})}

    def _take(self, _event: Any) -> None:
        """Tell the session what a person chose."""
        if self._filling:
            return
        state, values = self._session.state, self._values
        chosen = None if values == self._opening(state) else values
        if chosen != state.chosen.get(self._page):
            self._shown = chosen
            self._session.become(state.with_chosen(self._page, chosen))

    def follow(self, state: State) -> None:
        """Show what a state says, unless that is shown."""
        chosen = state.chosen.get(self._page)
        whole = chosen is not None and chosen.keys() >= self._widgets.keys()
        if chosen is self._shown and (whole or self._usual is None):
            return
        self._shown = chosen
        wanted = {**self._opening(state), **(chosen or {})}
        with self._filling:
            for name, widget in self._widgets.items():
                value = wanted[name]
                if _value(widget) != value:
                    widget.value = [*value] if isinstance(value, tuple) else value


def _value(widget: Any) -> Value:
    value: Value | list[str] | None = widget.value
    if isinstance(value, list):
        return tuple(value)
    return "" if value is None else value

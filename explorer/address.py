"""The page's address: it follows what a visitor chooses, and reload, back and forward bring that back."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.document import Document
from panel.custom import JSComponent

from data.problem import DataError
from explorer.link import from_token, to_token
from explorer.pause import Pause
from explorer.session import Layout, Session, State
from explorer.stars import Stars

HERE = Path(__file__).parent

PAUSE_MS = 700
"""The address changes so long after the last change."""

KEY = "s"
"""Name of the token among the arguments of an address."""


def asked() -> str:
    """The token in the address of the page that is being made; "" if it has none."""
    values: list[bytes] = (pn.state.session_args or {}).get(KEY, [b""])
    return values[0].decode("utf-8", "replace")


class AddressBar(JSComponent):
    """The token in the browser's address. Back and forward call `on_visit` with what it is then.

    What is `written` waits there for a browser that is still drawing the page.
    """

    opened = param.String(default="", doc="the token that the page was made for")
    written = param.List(default=[], doc="a token for the address, and the number of the last visit by then")

    _esm = HERE / "address.js"
    _stylesheets: ClassVar[list[str]] = [".said { white-space: nowrap; font-size: 12.5px; opacity: 0.75; }"]

    def __init__(self, on_visit: Callable[[str], None], opened: str) -> None:
        super().__init__(margin=(0, 4), align="center", opened=opened)
        self._on_visit = on_visit
        self._visits = 0

    def write(self, token: str) -> None:
        """Put a token into the address, unless the visitor has gone back or forward meanwhile."""
        self.written = [token, self._visits]

    def copy(self) -> None:
        """Have the browser copy its address, and say so."""
        self._send_msg({"copy": True})

    def _handle_msg(self, data: Any) -> None:
        """What the browser sent; anything but a token is dropped."""
        token, number = (data.get("visit"), data.get("number")) if isinstance(data, dict) else (None, None)
        if isinstance(token, str) and isinstance(number, int):
            self._visits = number
            self._on_visit(token)


@dataclass(frozen=True)
class Links:
    """Links to a page with some `tabs`: "" to the state it `opens` in, a token to any other."""

    stars: Stars
    opens: State
    tabs: Collection[str]

    def write(self, state: State) -> str:
        """The token of a state; DataError where it is too long, or could not be read again."""
        token = "" if state == self.opens else to_token(state)
        if self.read(token) != state:
            raise DataError("A link to this view would show another: take back what you changed last")
        return token

    def read(self, token: str) -> State:
        """The state of a token; DataError says what is wrong with it."""
        return from_token(token, self.stars, self.tabs) if token else self.opens

    def with_layout(self, layout: Layout) -> "Links":
        """The same for a page that opens with another arrangement of its cards."""
        return replace(self, opens=replace(self.opens, layout=layout))


class Address:
    """Ties the address to a session. `view` is the button that copies the link.

    `restore` has the page become a state; `complain` tells the visitor what is wrong with a link.
    """

    def __init__(
        self,
        links: Links,
        session: Session,
        document: Document,
        restore: Callable[[State], None],
        complain: Callable[[BaseException], None],
    ) -> None:
        self._links = links
        self._session = session
        self._restore = restore
        self._complain = complain
        self._pause = Pause(document, PAUSE_MS)
        self._says = session.state
        self._bar = AddressBar(self._visit, asked())
        button = pmui.Button(
            label="Copy link", icon="link", variant="text", size="small", margin=0, align="center",
            on_click=self._copy,
        )  # fmt: skip
        self.view = pn.Row(self._bar, button, margin=0, align="center")
        session.listen(self._changed)

    def _changed(self, _before: State, after: State) -> None:
        """Write the address a while after the last change, never in the middle of a gesture."""
        self._pause.end()
        if self._session.settled and after != self._says:
            self._pause.ask(self._write_quietly)

    def _write_quietly(self) -> None:
        """Write the address; one that would be too long stays as it is, which the button tells."""
        with suppress(DataError):
            self._write()

    def _write(self) -> None:
        state = self._session.state
        if state != self._says:
            self._bar.write(self._links.write(state))
            self._says = state

    def open_with(self, layout: Layout) -> None:
        """Take an arrangement of the cards for that of the page as it opens."""
        opened, self._links = self._links.opens, self._links.with_layout(layout)
        if self._says == opened:
            self._says = self._links.opens
        if self._says == self._session.state:
            self._pause.end()

    def _visit(self, token: str) -> None:
        """Show what the address says that the visitor went back or forward to."""
        self._pause.end()
        try:
            state = self._links.read(token)
        except DataError as problem:
            self._complain(problem)
            return
        self._restore(state)
        self._says = self._session.state
        self._pause.end()

    def _copy(self, _event: Any) -> None:
        self._pause.end()
        try:
            self._write()
        except DataError as problem:
            self._complain(problem)
            return
        self._bar.copy()

    def close(self) -> None:
        """Let go of what still waits."""
        self._pause.end()

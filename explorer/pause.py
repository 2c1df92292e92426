"""What is done when nothing more was asked for a while."""

from collections.abc import Callable
from typing import Any

from bokeh.document import Document

from explorer.sending import together


class Pause:
    """Does the newest of what it is asked, `milliseconds` after it was asked last."""

    def __init__(self, document: Document, milliseconds: int) -> None:
        self._document = document
        self._milliseconds = milliseconds
        self._timer: Any = None

    def ask(self, callback: Callable[[], None]) -> None:
        """Do this next, in place of what waits."""
        self.end()

        def run() -> None:
            self._timer = None
            callback()

        self._timer = self._document.add_timeout_callback(together(run), self._milliseconds)

    def end(self) -> None:
        """Give up what waits."""
        timer, self._timer = self._timer, None
        if timer is not None:
            self._document.remove_timeout_callback(timer)

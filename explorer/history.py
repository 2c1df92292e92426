"""Undo and redo in the header, and the keys of the page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import param

from explorer.component import Component

HERE = Path(__file__).parent


class History(Component):
    """Buttons for undo, redo and the list of keys; the same by key from anywhere on the page."""

    can_undo = param.Boolean(default=False)
    can_redo = param.Boolean(default=False)

    _esm = HERE / "history.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "history.css").read_text()]

    def __init__(self, on_undo: Callable[[], None], on_redo: Callable[[], None]) -> None:
        super().__init__(margin=0, align="center")
        self._on = {"undo": on_undo, "redo": on_redo}

    def _handle_msg(self, data: Any) -> None:
        """What the browser sent; anything but a step is not from our script and is dropped."""
        step = data.get("step") if isinstance(data, dict) else None
        if isinstance(step, str) and step in self._on:
            self._on[step]()

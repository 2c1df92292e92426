"""Chips: things in words, each with a button to change it, if it can be, and one to remove it."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

HERE = Path(__file__).parent


class Chips(JSComponent):
    """A list of chips, empty at first; `on_remove` and `on_edit` are called with the source of a chip."""

    chips = param.List(default=[], item_type=dict)
    edit_name = param.String(default="", doc="what the button that changes says; there is none without")
    remove_name = param.String(default="Remove")

    _esm = HERE / "chips.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "chips.css").read_text()]

    def __init__(
        self,
        *,
        on_remove: Callable[[str], None],
        on_edit: Callable[[str], None] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(margin=0, sizing_mode="stretch_width", **params)
        self._on = {"remove": on_remove} | ({"edit": on_edit} if on_edit else {})

    def show(self, chips: Iterable[tuple[str, str]]) -> None:
        """Show chips: the source of each, and its words in HTML, escaped already."""
        self.chips = [{"source": source, "words": words} for source, words in chips]

    def _handle_msg(self, data: Any) -> None:
        """What the browser sent; anything but an action on a chip that is shown is dropped."""
        asked = list(data.items()) if isinstance(data, dict) else []
        shown = [chip["source"] for chip in self.chips]
        for action, source in asked:
            if action in self._on and source in shown:
                self._on[action](source)

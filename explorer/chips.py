"""Chips: things in words, each with buttons to change, invert, switch off or remove it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import param

from explorer.component import Component

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Chip:
    """One thing: its source, its words as HTML (escaped already), and the actions that are in force.

    `states` may hold "invert" and "toggle": its button then offers to take that back.
    """

    source: str
    words: str
    states: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """What a button does, called with the source of its chip, and its name: another one if it is in force."""

    act: Callable[[str], None]
    name: str
    other: str = ""


class Chips(Component):
    """A list of chips, empty at first. Actions are "edit", "invert", "toggle" and "remove", as are wanted."""

    chips = param.List(default=[], item_type=dict)
    actions = param.Dict(default={}, doc="action -> names of its button: before, and while in force")

    _esm = HERE / "chips.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "chips.css").read_text()]

    def __init__(self, actions: Mapping[str, Action]) -> None:
        names = {key: [action.name, action.other] for key, action in actions.items()}
        super().__init__(actions=names, margin=0, sizing_mode="stretch_width")
        self._act = {key: action.act for key, action in actions.items()}

    def show(self, chips: Iterable[Chip]) -> None:
        """Show chips."""
        self.tell(
            chips=[{"source": chip.source, "words": chip.words, "states": [*chip.states]} for chip in chips]
        )

    def _handle_msg(self, data: Any) -> None:
        """What the browser sent; anything but an action on a chip that is shown is dropped."""
        asked = list(data.items()) if isinstance(data, dict) else []
        shown = [chip["source"] for chip in self.chips]
        for action, source in asked:
            if action in self._act and source in shown:
                self._act[action](source)

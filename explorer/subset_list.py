"""The list of subsets in the browser, and what a person does with it, checked before it is believed."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import param

from data.expression import Expression
from explorer.algebra import MOST_LETTERS
from explorer.component import Component
from explorer.session import Subset

HERE = Path(__file__).parent

MOST_SENT = 200
"""Longer texts from the browser are dropped."""


class SubsetList(Component):
    """A row for each subset. `on` holds what is called for each deed, with a name and what goes with it."""

    subsets = param.List(default=[], item_type=dict)
    letters = param.Integer(default=MOST_LETTERS)
    refused = param.Integer(default=0, doc="how often a deed was refused: the list is drawn as it is")

    _esm = HERE / "subset_list.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "subset_list.css").read_text()]

    def __init__(self, on: Mapping[str, Callable[..., None]], **params: Any) -> None:
        super().__init__(margin=0, sizing_mode="stretch_width", **params)
        self._on = dict(on)

    def show(self, subsets: Iterable[Subset], numbers: Mapping[Expression, int], cuts: Iterable[str]) -> None:
        """Show subsets with the numbers of stars that are known; `cuts` are the names used as cuts."""
        used = {*cuts}
        self.subsets = [
            {
                "name": subset.name,
                "colour": subset.colour,
                "shown": subset.shown,
                "number": f"{numbers[subset.condition]:,} stars"
                if subset.condition in numbers
                else "counting",
                "condition": subset.condition.text,
                "cut": subset.name in used,
            }
            for subset in subsets
        ]

    def _handle_msg(self, data: Any) -> None:
        """What the browser sent; anything but a deed on a subset that is listed is dropped."""
        listed = {each["name"] for each in self.subsets}
        for deed, told in data.items() if isinstance(data, dict) else ():
            parts = told if isinstance(told, list) else [told]
            fits = deed in _SHAPES and tuple(map(type, parts)) == _SHAPES[deed] and parts[0] in listed
            if fits and not any(isinstance(part, str) and len(part) > MOST_SENT for part in parts):
                self._on[deed](*parts)


_SHAPES: Mapping[str, tuple[type, ...]] = {
    "colour": (str, str),
    "show": (str, bool),
    "rename": (str, str),
    "cut": (str,),
    "remove": (str,),
}

"""The drawer in which a star is studied, as the browser has it: its frame, and what a person asks in it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, get_args

import param
from panel.custom import Child

from data.parser import LARGEST
from data.problem import DataError
from explorer.component import Component
from explorer.curves import Below

LOG = logging.getLogger(__name__)
HERE = Path(__file__).parent

LONGEST = 2000
"""Signs of what a person types."""
MOST_LABELS = 100
TABS = ("labels", "fit", "orbit", "about")
"""Beside the spectrum."""


@dataclass(frozen=True)
class Asked:
    """What a person asks of a star: what of it, and how it is to be.

    `what` is close, observation, model, manner, below, exclude, opened, trial, hold or where.
    """

    what: str
    how: Any = None


class Drawer(Component):
    """The frame. `on_asked` hears of what a person does in it; texts are HTML where they say so."""

    shown = param.Boolean(default=False)
    stale = param.Boolean(default=False, doc="whether what is drawn is of the star before")
    head = param.String(default="", doc="name and facts, HTML")
    note = param.String(default="", doc="what is the matter, HTML")
    busy = param.String(default="")
    links = param.List(default=[], doc="[words, address] each")
    observations = param.List(default=[], doc="[number, words] each")
    observation = param.Integer(default=0)
    models = param.List(default=[], doc="[name, words] each")
    model = param.String(default="")
    labels = param.List(default=[], doc="[name, plain title] of labels whose pixels can be shown")
    below = param.List(default=["residual", ""])
    manner = param.Dict(default={})
    excluded = param.String(default="")
    plot = Child()
    labels_panel = Child()
    fit = Child()
    orbit = Child()
    about = Child()

    _esm = HERE / "drawer.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "drawer.css").read_text()]

    def __init__(self, on_asked: Callable[[Asked], None], **params: Any) -> None:
        super().__init__(margin=0, sizing_mode="stretch_width", **params)
        self._on_asked = on_asked

    def _handle_msg(self, data: Any) -> None:
        _hear(read(data), self._on_asked)


class LabelTable(Component):
    """The labels with their sliders. `on_asked` hears of trial, hold and where."""

    rows = param.List(default=[])
    first = param.String(default="Catalogue", doc="what the published values are")
    where = param.String(default="")
    note = param.String(default="")
    fits = param.Boolean(default=False, doc="whether there is a spectrum to fit")

    _esm = HERE / "star_labels.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "star_labels.css").read_text()]

    def __init__(self, on_asked: Callable[[Asked], None]) -> None:
        super().__init__(margin=0, sizing_mode="stretch_width")
        self._on_asked = on_asked

    def say(self, what: str) -> None:
        """Tell the browser that a trial is "drawn", conditions are "fitted", or all is "fresh"."""
        self._send_msg({what: True})

    def _handle_msg(self, data: Any) -> None:
        _hear(read(data), self._on_asked)


def _hear(asked: "Asked | DataError", on_asked: Callable[[Asked], None]) -> None:
    if isinstance(asked, DataError):
        LOG.warning("dropped what a browser sent: %s", asked)
    else:
        on_asked(asked)


def read(data: Any) -> Asked | DataError:
    """What a browser tells, or what is wrong where that is nothing of ours."""
    found: Asked | None = None
    match data:
        case {"close": True}:
            found = Asked("close")
        case {"opened": str(tab)} if tab in TABS:
            found = Asked("opened", tab)
        case {"observation": int(number)} if -1 <= number < MOST_LABELS:
            found = Asked("observation", number)
        case {"model": str(text)} | {"exclude": str(text)} | {"where": str(text)} if len(text) <= LONGEST:
            found = Asked(next(iter(data)), text)
        case {"below": [str(what), str(label)]} if what in get_args(Below) and len(label) <= LONGEST:
            found = Asked("below", (what, label))
        case {"manner": {"raw": bool(raw), "observed": bool(observed), "air": bool(air)}}:
            found = Asked("manner", {"raw": raw, "observed": observed, "air": air})
        case {"trial": dict(values)} | {"hold": dict(values)} if _are_labels(values):
            found = Asked(next(iter(data)), {name: float(value) for name, value in values.items()})
    if found is None or len(data) != 1:
        return DataError(f"{data!r:.80} is nothing that can be asked of a star")
    return found


def _are_labels(values: dict[Any, Any]) -> bool:
    return len(values) <= MOST_LABELS and all(
        isinstance(name, str)
        and len(name) <= LONGEST
        and type(value) in (int, float)
        and abs(value) <= LARGEST
        for name, value in values.items()
    )

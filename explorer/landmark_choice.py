"""Switches for the landmarks of a diagram, each with where it comes from."""

import html
import re
from collections.abc import Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui

from explorer.atlas import Diagram
from explorer.landmarks import LANDMARKS, over, shown_over
from explorer.notation import plain
from explorer.session import Session
from explorer.text import text


class LandmarkChoice:
    """One visitor's switches, which change the session.

    Attributes
    ----------
    keys : of the landmarks that the diagram's plane has.
    view : what is laid out.
    """

    def __init__(self, session: Session, diagram: Diagram) -> None:
        self._session = session
        self._following = False
        self._diagram = diagram
        self.keys = tuple(over(diagram.x, diagram.y))
        shown = shown_over(diagram, session.state.view(diagram.home).landmarks)
        self._switches = {
            key: pmui.Checkbox(
                label=plain(LANDMARKS[key].name), value=key in shown, size="small", margin=(0, 0, 0, 4)
            )
            for key in self.keys
        }
        for switch in self._switches.values():
            switch.param.watch(self._choose, "value")
        self.view = pn.Column(
            *(_row(switch, LANDMARKS[key].source) for key, switch in self._switches.items()), margin=0
        )

    def _choose(self, _event: Any) -> None:
        if self._following:
            return
        chosen = tuple(key for key, switch in self._switches.items() if switch.value)
        usual = shown_over(self._diagram, None)
        landmarks = None if chosen == usual else chosen
        home = self._diagram.home
        if landmarks != self._session.state.view(home).landmarks:
            self._session.become(self._session.state.with_view(home, landmarks=landmarks))

    def follow(self, landmarks: Sequence[str] | None) -> None:
        """Show what was chosen elsewhere."""
        shown = shown_over(self._diagram, None if landmarks is None else tuple(landmarks))
        self._following = True
        for key, switch in self._switches.items():
            switch.value = key in shown
        self._following = False


def _row(switch: Any, source: str) -> Any:
    told = re.sub(r"\b([A-Zv])_(\w+)", r"\1<sub>\2</sub>", html.escape(source)).replace("phi", "φ")
    note = text("note-block", told, margin=(2, 0, 0, 8), sizing_mode=None, width=430)
    return pn.Row(switch, note, margin=0)

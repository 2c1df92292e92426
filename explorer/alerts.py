"""What the page has to tell a visitor, over the views."""

import html
from collections.abc import Mapping

import panel as pn
import panel_material_ui as pmui

from data.problem import DataError

FLOATING = {
    "position": "fixed", "bottom": "16px", "left": "50%", "transform": "translateX(-50%)", "z-index": "1250",
    "width": "min(720px, 90vw)",
}  # fmt: skip
"""At the lower edge of the screen: what comes and goes while a person brushes must not move the views."""


class Alerts:
    """Messages over the views: one at a time, each can be closed."""

    def __init__(self) -> None:
        self.view = pn.Column(margin=0, styles=FLOATING)

    def complain(self, problem: BaseException) -> None:
        """Show what went wrong: a person's mistake in its own words, anything else as ours."""
        ours = "" if isinstance(problem, DataError) else "This failed, through no fault of yours: "
        self.say(f"{ours}{html.escape(str(problem))}", "error")

    def say(self, words: str, severity: str = "info") -> None:
        """Show words, HTML escaped already."""
        self.view[:] = [
            pmui.Alert(object=words, severity=severity, closeable=True, margin=0, variant="filled")
        ]

    def explain_emptiness(self, relief: Mapping[str, int], words: Mapping[str, str]) -> None:
        """Say that no star passes, and which condition removes most.

        Parameters
        ----------
        relief : source of each condition -> how many stars would pass without it.
        words : the condition of each source, as HTML.
        """
        source, number = max(relief.items(), key=lambda item: item[1])
        advice = (
            f"Without {words[source]} there would be {number:,}." if number else "No single cut explains it."
        )
        self.say(f"No star passes these cuts. {advice}")

    def calm(self) -> None:
        """Take back what was said of the selection; errors stay."""
        if any(said.severity != "error" for said in self.view):
            self.view[:] = [said for said in self.view if said.severity == "error"]

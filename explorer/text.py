"""Pieces of text on the page, in one style sheet: page-wide styles don't reach their shadow trees."""

from pathlib import Path
from typing import Any

import panel as pn

STYLE = (Path(__file__).parent / "page.css").read_text()


def text(kind: str, content: str = "", **params: Any) -> Any:
    """A pane of HTML in one of the style sheet's kinds. The content must be escaped already."""
    params = {"margin": 0, "sizing_mode": "stretch_width", **params}
    return pn.pane.HTML(content, css_classes=[kind], stylesheets=[STYLE], **params)

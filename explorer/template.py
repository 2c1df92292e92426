"""Bokeh models made once and copied for each visitor: a copy costs a fraction of drawing them anew."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from bokeh.document import Document

Models = Mapping[str, Any]
"""Bokeh models by their names."""


class Template:
    """Models in the form in which Bokeh sends them; the originals are let go of."""

    def __init__(self, roots: Iterable[Any]) -> None:
        document = Document()
        for root in roots:
            document.add_root(root)
        self._written = document.to_json()

    def copy(self) -> Models:
        """Every named model of a fresh copy, belonging to no document yet."""
        document = Document.from_json(self._written)
        named = {model.name: model for model in document.models if model.name}
        document.clear()
        return MappingProxyType(named)

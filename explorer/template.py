"""Bokeh models made once and copied for each visitor: a copy costs a fraction of drawing them anew."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bokeh.core.serialization import Deserializer
from bokeh.document import Document
from bokeh.model import collect_models

Models = Mapping[str, Any]
"""Bokeh models by their names."""


class Template:
    """Models in the form in which Bokeh sends them; the originals are let go of."""

    def __init__(self, roots: Iterable[Any]) -> None:
        document = Document()
        for root in roots:
            document.add_root(root)
        self._written: Any = document.to_json()
        self._written.content["defs"] = []  # nothing is defined that a server's browsers do not know
        document.clear()

    def copy(self, old: str = "", new: str = "") -> Models:
        """Every named model of a fresh copy, belonging to no document yet.

        `new` stands for `old` in every name that is it, or begins with it and "_".
        """
        written = self._written
        if old:
            written = replace(written, content=_renamed(written.content, old, new))
        roots = Deserializer().deserialize(written)["roots"]
        return MappingProxyType({model.name: model for model in collect_models(*roots) if model.name})


def _renamed(written: Any, old: str, new: str) -> Any:
    """The written form with other names, and with other ids, so that many copies may be in one document."""
    if isinstance(written, dict):
        return {
            key: f"{new}:{value}" if key == "id" else _renamed(value, old, new)
            for key, value in written.items()
        }
    if isinstance(written, list):
        return [_renamed(value, old, new) for value in written]
    if isinstance(written, tuple):
        return tuple(_renamed(value, old, new) for value in written)
    if isinstance(written, str) and (written == old or written.startswith(f"{old}_")):
        return new + written.removeprefix(old)
    return written

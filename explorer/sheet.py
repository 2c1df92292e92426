"""The sheet all maps of a page are drawn on: one Bokeh data source, into which new pictures are pushed.

A change of the selection then costs one message and no re-rendering.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from explorer import columns, tints
from explorer.figures import image_columns
from explorer.palette import Bytes, palette
from explorer.raster import Window
from explorer.rings import Rings
from explorer.template import Models


class Sheet:
    """One visitor's maps: their data source, figures, colours and rings, by the names of a template."""

    def __init__(self, models: Models, name: str = "sheet") -> None:
        self._models = models
        self.source = models[name]
        self.rings = Rings(models, name)

    def figure(self, key: str) -> Any:
        """The figure of a diagram."""
        return self._models[key]

    def push(self, pictures: Mapping[str, tuple[Window, Bytes]]) -> None:
        """Send new pictures to the browser in one message."""
        changed: dict[str, list[Any]] = {}
        for key, (window, image) in pictures.items():
            changed |= image_columns(key, window, image)
        columns.push(self.source, changed)

    def paint(self, key: str, colour_map: str) -> None:
        """Change one map's colours."""
        self._set(key, palette(colour_map))

    def tint(self, key: str, shown: Iterable[str]) -> None:
        """Give one map the colours of subsets."""
        self._set(key, tints.colours(shown))

    def _set(self, key: str, colours: Sequence[str]) -> None:
        mapper = self._models[f"{key}_colours"]
        if mapper.palette != [*colours]:
            mapper.palette = [*colours]

"""The colour bar that all maps share: its ends can be dragged or typed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import param

from explorer.component import Component

HERE = Path(__file__).parent


class ColourBar(Component):
    """Colours from `low` to `high`; calls `on_range(low, high)` when a person sets others."""

    low = param.Number(default=0.0)
    high = param.Number(default=1.0)
    log = param.Boolean(default=False)
    unit = param.String(default="")
    name_plain = param.String(default="")
    colours = param.List(default=["#000000", "#ffffff"], item_type=str)

    _esm = HERE / "colourbar.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "colourbar.css").read_text()]

    def __init__(self, on_range: Callable[[float, float], None], **params: Any) -> None:
        super().__init__(**params)
        self._on_range = on_range

    def _handle_msg(self, data: Any) -> None:
        """What the browser sent; anything but two numbers is not from our script and is dropped."""
        low, high = data.get("low"), data.get("high")
        if isinstance(low, int | float) and isinstance(high, int | float):
            self._on_range(float(low), float(high))

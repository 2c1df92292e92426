"""How many stars are selected, in the header."""

from pathlib import Path
from typing import ClassVar

import param

from explorer.component import Component

HERE = Path(__file__).parent


class Count(Component):
    """So many `selected` of so many `stars`."""

    selected = param.Integer(default=0)
    stars = param.Integer(default=0)

    _esm = HERE / "count.js"
    _stylesheets: ClassVar[list[str]] = [
        ".selected { font-size: 14px; font-variant-numeric: tabular-nums; white-space: nowrap; }"
    ]

"""What a data source in the browser is sent: of its columns those that changed, in one message."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource
from numpy.typing import NDArray

Values = NDArray[Any] | list[Any]


def push(source: ColumnDataSource, columns: Mapping[str, Values]) -> None:
    """Have a source hold these columns, which are not to be changed afterwards."""
    held = source.data
    news = {name: column for name, column in columns.items() if not _same(held.get(name, []), column)}
    if news:
        held.update(news)


def _same(held: Values, column: Values) -> bool:
    if len(held) != len(column):
        return False
    if isinstance(column, np.ndarray):
        return bool(np.array_equal(held, column, equal_nan=column.dtype.kind == "f"))
    return all(map(np.array_equal, held, column))

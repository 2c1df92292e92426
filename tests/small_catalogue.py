"""A small catalogue of columns that a test makes up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.schema import COLUMNS, Column


def catalogue_of(columns: dict[str, NDArray[Any]], described: Mapping[str, Column] = COLUMNS) -> Catalogue:
    """The catalogue that holds these columns alone, which nobody may change any more."""
    for values in columns.values():
        values.flags.writeable = False
    rows = np.arange(len(next(iter(columns.values()))))
    return Catalogue(
        name="small",
        source=Path("small.parquet"),
        checksum="",
        mapping_name="",
        mapping_notes=(),
        columns=columns,
        described={name: described[name] for name in columns},
        source_row=rows,
        row_of_source=rows,
        found=tuple(columns),
    )

"""A survey's tables, and their values at the rows that a match found."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.schema import COLUMNS
from data.surveys import SurveyTable, read_survey
from explorer.survey import Input

Integers = NDArray[np.int64]
Notes = list[str]
"""What is to be told of how things were found."""


def read_input(given: Input, notes: Notes) -> SurveyTable:
    """Read a table, and note what its users must know.

    Raises
    ------
    DataError
        If it can't be read, or is of another kind.
    """
    table = read_survey(
        given.table, given.survey, mapping=given.mapping, gaia_release=given.gaia_release or None
    )
    told = (f"{table.path.name}: {note}" for note in table.notes)
    notes += [note for note in told if note not in notes]
    return table


def taken(table: SurveyTable, name: str, rows: Integers, notes: Notes) -> NDArray[Any]:
    """Values of a column at some rows; missing at row -1, and everywhere where there is no such column."""
    column = COLUMNS.get(name) or table.described.get(name)
    missing = np.nan if column is None else column.missing
    if name in table:
        return picked(table[name], rows, missing)
    told = f"{table.path.name} gives no {name}: it is missing"
    if told not in notes:
        notes.append(told)
    return np.full(len(rows), missing)


def picked(values: NDArray[Any], rows: Integers, missing: Any) -> NDArray[Any]:
    """Values at some rows; `missing` at row -1."""
    found: NDArray[Any] = np.where(rows >= 0, values[rows], np.asarray(missing, values.dtype))
    return found

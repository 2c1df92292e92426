"""Labels frozen while others are inferred: at one value, or at each star's own from a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.labels import LabelTable, read_labels
from data.problem import DataError
from explorer.reading import About

Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Frozen:
    """Labels that are not inferred.

    Attributes
    ----------
    fixed : the same for all stars, by name.
    table : of those with a value for each star, if any.
    ranges : of the training stars, by label. A value is absurd if it lies beyond by more than their width.
    """

    fixed: Mapping[str, float]
    table: LabelTable | None = None
    ranges: Ranges = field(default_factory=dict)

    @classmethod
    def of(cls, words: Sequence[str], place: Path | None, key: str | None, ranges: Ranges) -> "Frozen":
        """Labels that words freeze: NAME=VALUE, or NAME=COLUMN of a table.

        Raises
        ------
        DataError
            If words name no label of the model, or one twice, or an absurd value, or the table does not fit.
        """
        fixed: dict[str, float] = {}
        columns: dict[str, str] = {}
        for text in words:
            name, _, value = (part.strip() for part in text.partition("="))
            if not value:
                raise DataError(f"--freeze '{text[:60]}' lacks a value: write NAME=VALUE or NAME=COLUMN")
            if name not in ranges:
                raise DataError(f"--freeze names {name[:60]}: the model's labels are {', '.join(ranges)}")
            if name in fixed or name in columns:
                raise DataError(f"--freeze gives {name} twice: give each label once")
            number = _number(value)
            if number is None:
                columns[name] = value
            elif absurd(number, *ranges[name]):
                raise DataError(
                    f"--freeze {name}={value[:60]} is absurd for this model: its stars have {name} from "
                    f"{span(*ranges[name])}; give a value near them"
                )
            else:
                fixed[name] = number
        return cls(fixed, _table(columns, place, key), ranges)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the labels."""
        return (*self.fixed, *(self.table.names if self.table else ()))

    def __str__(self) -> str:
        """What is frozen at what."""
        each = [f"{name} = {value:g}" for name, value in self.fixed.items()]
        if self.table:
            pairs = zip(self.table.names, self.table.columns, strict=True)
            each += [f"{name} = {column} of {self.table.path.name}" for name, column in pairs]
        return ", ".join(each)

    def reason(self, star: About) -> str:
        """Why a star can't be used; "" if it can."""
        if self.table is None:
            return ""
        row = self.table.row(star.obsid, star.file)
        if row is None:
            return "not in the table of frozen labels"
        values = dict(zip(self.table.names, self.table.values[row].tolist(), strict=True))
        if np.isnan(list(values.values())).any():
            return "a frozen label is missing"
        far = [name for name, value in values.items() if absurd(value, *self.ranges[name])]
        return f"frozen {far[0]} is absurd: training stars have {span(*self.ranges[far[0]])}" if far else ""

    def values(self, stars: Sequence[About]) -> Mapping[str, float | NDArray[np.float64]]:
        """Of each label, for stars that have no reason against them."""
        if self.table is None:
            return self.fixed
        rows = [row for one in stars if (row := self.table.row(one.obsid, one.file)) is not None]
        return {**self.fixed, **dict(zip(self.table.names, self.table.values[rows].T, strict=True))}


def absurd(value: float, low: float, high: float) -> bool:
    """Whether a label lies beyond the training stars by more than they span."""
    return not low - (high - low) <= value <= high + (high - low)


def span(low: float, high: float) -> str:
    """A range in words."""
    return f"{low:.6g} to {high:.6g}"


def _number(text: str) -> float | None:
    """A finite number, or None where the text is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    if not np.isfinite(number):
        raise DataError(f"--freeze has the value {text[:60]}: expected a finite number or a column's name")
    return number


def _table(columns: Mapping[str, str], place: Path | None, key: str | None) -> LabelTable | None:
    words = [f"{name}={column}" for name, column in columns.items()]
    if place is None:
        if words:
            raise DataError(
                f"--freeze {words[0][:60]} is no number: write NAME=VALUE, or add --frozen-from TABLE, which "
                "has that column"
            )
        return None
    if not words:
        raise DataError(f"--frozen-from {place} is not used: say --freeze NAME=COLUMN for its columns")
    return read_labels(place, labels=words, key=key, option="--freeze")

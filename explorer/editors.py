"""Fields in which a condition is changed by typing; each follows the condition without losing the focus."""

import re
from collections.abc import Callable, Sequence
from types import UnionType
from typing import Any, Protocol

import panel as pn
import panel_material_ui as pmui

from data.predicate import Box, OneOf, Polygon, Predicate, Range
from data.problem import DataError
from data.schema import Column
from explorer.text import text

OnChange = Callable[[Predicate], None]
OnProblem = Callable[[str], None]

WIDE: dict[str, Any] = {"size": "small", "sizing_mode": "stretch_width"}


def typed_number(typed: str) -> float | None:
    """A number a person typed, None for an open end."""
    cleaned = typed.strip().replace("−", "-").replace(",", "")
    if not cleaned:
        return None
    try:
        return float(cleaned)
    except ValueError:
        raise DataError(f"'{typed[:20]}' is not a number: type one, or nothing for an open end") from None


def written(value: float | None) -> str:
    """A number as a person would type it."""
    return "" if value is None else f"{value:.10g}"


class Editor(Protocol):
    """Fields for one condition: `view` is drawn, `show` puts another condition of its `kind` into them."""

    kind: type[Predicate] | UnionType
    view: Any

    def show(self, present: Any) -> None:
        """Show a condition."""


class Ends:
    """Two typed numbers, either of them open where it is empty. `on_typed` is called when one changes."""

    def __init__(self, column: Column, on_typed: Callable[[], None], *, named: bool = False) -> None:
        says = (f"{column.plain} from", "to") if named else ("from", "to")
        self._fields = [
            pmui.TextInput(
                label=label, placeholder="open", margin=(4, 4, 4, 0), **WIDE,
                description=f"{end} which {column.plain}",
            )
            for label, end in zip(says, ("from", "to"), strict=True)
        ]  # fmt: skip
        self._showing = False
        self._on_typed = on_typed
        for field in self._fields:
            field.param.watch(self._typed, "value")
        self.view = pn.Row(*self._fields, margin=0, sizing_mode="stretch_width")

    def _typed(self, _event: Any) -> None:
        if not self._showing:
            self._on_typed()

    def show(self, low: float | None, high: float | None) -> None:
        """Put two numbers into the fields."""
        self._showing = True
        try:
            for field, value in zip(self._fields, (low, high), strict=True):
                field.value = written(value)
        finally:
            self._showing = False

    @property
    def typed(self) -> list[float | None]:
        """What the fields hold; DataError where that is no number."""
        return [typed_number(field.value or "") for field in self._fields]


class RangeEditor:
    """Slider and numbers for the two ends of a range; `present` of None is a range still to be typed."""

    kind: type[Predicate] | UnionType = Range

    def __init__(
        self, column: Column, present: Range | None, on_change: OnChange, on_problem: OnProblem
    ) -> None:
        self._column, self._present, self._on_change, self._on_problem = (
            column,
            present,
            on_change,
            on_problem,
        )
        self._ends = Ends(column, self._typed)
        self._slider = pmui.RangeSlider(
            label="", start=column.low, end=column.high, value=(column.low, column.high), show_value=False,
            margin=(0, 12), **WIDE,
        )  # fmt: skip
        self._slider.param.watch(self._slid, "value_throttled")
        self.view = pn.Column(self._slider, self._ends.view, margin=0, sizing_mode="stretch_width")
        self.show(present)

    def show(self, present: Range | None) -> None:
        """Show a range."""
        self._present = present
        low, high = (None, None) if present is None else (present.low, present.high)
        self._ends.show(low, high)
        column = self._column
        ends = column.low if low is None else low, column.high if high is None else high
        start, end = min(column.low, *ends), max(column.high, *ends)
        self._slider.param.update(start=start, end=end, step=(end - start) / 200, value=ends)

    def _typed(self) -> None:
        try:
            changed = Range(self._column.name, *self._ends.typed)
        except ValueError as problem:
            self._on_problem(str(problem))
            return
        if changed != self._present:
            self._on_change(changed)

    def _slid(self, event: Any) -> None:
        lowest, highest = (float(f"{value:.4g}") for value in event.new)
        low, high = (None, None) if self._present is None else (self._present.low, self._present.high)
        ends = (
            None if low is None and lowest <= self._slider.start else lowest,
            None if high is None and highest >= self._slider.end else highest,
        )
        if ends != (None, None):
            self._on_change(Range(self._column.name, *ends))


class BoxEditor:
    """Four numbers of a box; while one side is open at both ends, it is a range of the other."""

    kind: type[Predicate] | UnionType = Box | Range

    def __init__(
        self,
        columns: Sequence[Column],
        present: Box | Range | None,
        on_change: OnChange,
        on_problem: OnProblem,
    ) -> None:
        self._columns, self._on_change, self._on_problem = columns, on_change, on_problem
        self._present = present
        self._sides = [Ends(column, self._typed, named=True) for column in columns]
        self.view = pn.Column(*(side.view for side in self._sides), margin=0, sizing_mode="stretch_width")
        self.show(present)

    def show(self, present: Box | Range | None) -> None:
        """Show a box."""
        self._present = present
        ranges = [present.x, present.y] if isinstance(present, Box) else [] if present is None else [present]
        known = {side.column: (side.low, side.high) for side in ranges}
        for column, side in zip(self._columns, self._sides, strict=True):
            side.show(*known.get(column.name, (None, None)))

    def _typed(self) -> None:
        try:
            changed = self._read()
        except ValueError as problem:
            self._on_problem(str(problem))
            return
        if changed is not None and changed != self._present:
            self._on_change(changed)

    def _read(self) -> Box | Range | None:
        typed = [side.typed for side in self._sides]
        ranges = [
            Range(column.name, *ends)
            for column, ends in zip(self._columns, typed, strict=True)
            if ends != [None, None]
        ]
        return Box(*ranges) if len(ranges) == 2 else ranges[0] if ranges else None


class PolygonEditor:
    """The corners of a polygon as text: "x y" each, with commas or new lines between them."""

    kind: type[Predicate] | UnionType = Polygon

    def __init__(
        self, columns: Sequence[Column], present: Polygon | None, on_change: OnChange, on_problem: OnProblem
    ) -> None:
        self._columns, self._present, self._on_change, self._on_problem = (
            columns,
            present,
            on_change,
            on_problem,
        )
        x, y = (column.plain for column in columns)
        self._text = pmui.TextAreaInput(
            label=f"corners: {x} {y}, …", rows=5, max_rows=8, max_length=20_000, margin=(4, 0), **WIDE
        )
        self._showing = False
        self._text.param.watch(self._typed, "value")
        self.view = self._text
        self.show(present)

    def show(self, present: Polygon | None) -> None:
        """Show a polygon."""
        self._present = present
        corners = () if present is None else present.vertices
        self._showing = True
        self._text.value = "\n".join(f"{written(x)} {written(y)}" for x, y in corners)
        self._showing = False

    def _typed(self, event: Any) -> None:
        if self._showing or not event.new.strip():
            return
        try:
            x, y = (column.name for column in self._columns)
            changed = Polygon(x, y, corners_of(event.new))
        except ValueError as problem:
            self._on_problem(str(problem))
            return
        if changed != self._present:
            self._on_change(changed)


def corners_of(typed: str) -> tuple[tuple[float, float], ...]:
    """Corners a person typed; DataError says which is none."""
    corners = []
    for corner in re.split(r"[\n,;]+", typed.strip().strip(",;")):
        numbers = [typed_number(part) for part in corner.split()]
        if len(numbers) != 2 or None in numbers:
            raise DataError(f"'{corner.strip()[:30]}' is not a corner: give two numbers with a space between")
        corners.append((float(numbers[0] or 0), float(numbers[1] or 0)))
    return tuple(corners)


class FlagEditor:
    """Whether a flag is to be set."""

    kind: type[Predicate] | UnionType = OneOf

    def __init__(self, column: Column, present: OneOf, on_change: OnChange) -> None:
        self.view = pmui.RadioButtonGroup(options={"yes": 1, "no": 0}, value=present.values[0], size="small")
        self.view.param.watch(lambda event: on_change(OneOf(column.name, (event.new,))), "value")

    def show(self, present: OneOf) -> None:
        """Show a choice."""
        self.view.value = present.values[0]


class ValuesEditor:
    """Which values a column of text may have."""

    kind: type[Predicate] | UnionType = OneOf

    def __init__(self, column: Column, values: list[str], present: OneOf, on_change: OnChange) -> None:
        present_values = [*map(str, present.values)]
        self.view = pmui.MultiChoice(
            options=[*values, *(each for each in present_values if each not in values)],
            value=present_values,
            sizing_mode="stretch_width",
        )

        def choose(event: Any) -> None:
            if event.new:
                on_change(OneOf(column.name, tuple(event.new)))

        self.view.param.watch(choose, "value")

    def show(self, present: OneOf) -> None:
        """Show a choice."""
        self.view.value = [*map(str, present.values)]


class Advice:
    """What to do about a condition that can't be changed by typing."""

    kind: type[Predicate] | UnionType = Predicate

    def __init__(self, words: str) -> None:
        self.view = text("section", words)

    def show(self, present: Predicate) -> None:
        """The same for every condition."""

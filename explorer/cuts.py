"""The cuts of the sidebar: each condition on the stars is a chip that can be read, changed and removed."""

import html
from collections.abc import Callable
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from data.predicate import OneOf, Predicate, Range, Where
from data.problem import DataError
from data.schema import Column
from data.selection import Clause, Selection
from explorer.atlas import DIAGRAMS
from explorer.cards import title_html
from explorer.chips import Chips
from explorer.choices import flat, quantities
from explorer.formula import definitions
from explorer.notation import to_html
from explorer.session import Derived, Session
from explorer.stars import Stars
from explorer.text import text

MOST_VALUES = 60
"""A column of text offers its values as choices up to this many."""

BY_CONDITION = "write a condition …"


def words_of(predicate: Predicate, column: Column | None) -> str:
    """A condition as HTML for its chip."""
    if isinstance(predicate, Range) and column is not None:
        name, unit = (
            to_html(column.tex),
            html.escape(f" {column.unit}" if column.unit not in ("", "dex") else ""),
        )
        if predicate.low is None:
            return f"{name} ≤ {_number(predicate.high)}{unit}"
        if predicate.high is None:
            return f"{name} ≥ {_number(predicate.low)}{unit}"
        return f"{_number(predicate.low)} ≤ {name} ≤ {_number(predicate.high)}{unit}"
    if isinstance(predicate, OneOf) and column is not None:
        if column.kind == "flag":
            return to_html(column.tex) if predicate.values == (1,) else f"not {to_html(column.tex)}"
        return f"{to_html(column.tex)}: {html.escape(', '.join(map(str, predicate.values)))}"
    return f"<code>{html.escape(predicate.text)}</code>"


def _number(value: float | None) -> str:
    return f"{value:.6g}".replace("-", "−")


class Cuts:
    """The list of cuts and the way to add one. Changes go to the session; `show` follows it."""

    def __init__(self, stars: Stars, session: Session) -> None:
        self._stars = stars
        self._session = session
        self._editing: str | None = None
        names = {"edit_name": "Change this cut", "remove_name": "Remove this cut"}
        self._chips = [Chips(on_remove=self._remove, on_edit=self._edit, **names) for _ in range(2)]
        self._editing_here = pn.Column(margin=0, sizing_mode="stretch_width")
        self._problem = text("problem", visible=False, margin=(4, 0))
        self._add = pmui.Select(
            label="Add a cut",
            options=self._offers(()),
            value="",
            searchable=True,
            size="small",
            sizing_mode="stretch_width",
        )
        self._add.param.watch(self._added, "value")
        self._condition = pmui.TextInput(
            label="Condition",
            placeholder="fe_h < -1 and abs(z) > 2",
            size="small",
            sizing_mode="stretch_width",
        )
        self._condition.param.watch(self._conditioned, "value")
        self._words = pn.Column(margin=0, sizing_mode="stretch_width")
        above, below = self._chips
        self.view = pmui.Column(
            above,
            self._editing_here,
            below,
            self._add,
            self._words,
            self._problem,
            margin=0,
            sizing_mode="stretch_width",
        )

    def _offers(self, derived: tuple[Derived, ...]) -> dict[str, str]:
        categories = {
            c.plain: c.name
            for c in self._stars.catalogue.described.values()
            if c.kind == "category" and c.name in self._stars.catalogue
        }
        return {
            "choose a column": "",
            BY_CONDITION: BY_CONDITION,
            **flat(quantities(self._stars, derived)),
            **categories,
        }

    def offer(self, derived: tuple[Derived, ...]) -> None:
        """Offer quantities that were computed since."""
        self._add.options = self._offers(derived)

    def show(self, selection: Selection) -> None:
        """Draw the chips of a selection, with the editor below the one that is edited."""
        self._problem.visible = False
        clauses = selection.clauses
        sources = [clause.source for clause in clauses]
        last = sources.index(self._editing) if self._editing in sources else len(clauses) - 1
        for chips, part in zip(self._chips, (clauses[: last + 1], clauses[last + 1 :]), strict=True):
            chips.show((clause.source, self._words_of(clause)) for clause in part)
        edited = selection.clauses[last : last + 1] if self._editing in sources else ()
        self._editing_here[:] = [self._editor(clause, self._column_of(clause.predicate)) for clause in edited]

    def _words_of(self, clause: Clause) -> str:
        words = self.words(clause.predicate)
        if clause.views is None:
            return words
        titles = [title_html(DIAGRAMS[key].title) for key in sorted(clause.views) if key in DIAGRAMS]
        return f"{words} <span class='note'>in {' and '.join(titles)} only</span>"

    def words(self, predicate: Predicate) -> str:
        """A condition as HTML."""
        return words_of(predicate, self._column_of(predicate))

    def _column_of(self, predicate: Predicate) -> Column | None:
        if not isinstance(predicate, Range | OneOf):
            return None
        return self._stars.describe(predicate.column, self._session.state.derived)

    def _edit(self, source: str) -> None:
        self._editing = None if self._editing == source else source
        self.show(self._session.state.selection)

    def _remove(self, source: str) -> None:
        self._session.change(selection=self._session.state.selection.without(source))

    def _set(self, clause: Clause, predicate: Predicate) -> None:
        self._problem.visible = False
        changed = Clause(clause.source, predicate, clause.views)
        self._session.change(selection=self._session.state.selection.with_(changed))

    def _added(self, event: Any) -> None:
        self._words[:] = [self._condition] if event.new == BY_CONDITION else []
        if event.new in ("", BY_CONDITION):
            return
        self._add.value = ""
        column = self._stars.describe(event.new, self._session.state.derived)
        self._editing = f"cut:{column.name}"
        self._session.change(
            selection=self._session.state.selection.with_(
                Clause(self._editing, self._first_cut(column), None)
            )
        )

    def _first_cut(self, column: Column) -> Predicate:
        if column.kind == "flag":
            return OneOf(column.name, (1,))
        if column.kind == "category":
            return OneOf(column.name, (self._values_of(column)[0],))
        return Range(column.name, column.low, column.high)

    def _values_of(self, column: Column) -> list[str]:
        values = [value.decode() for value in np.unique(self._stars.catalogue[column.name]) if value]
        if not values or len(values) > MOST_VALUES:
            raise DataError(
                f"{column.name} has {len(values)} values: write a condition, as {column.name} == '...'"
            )
        return values

    def _conditioned(self, event: Any) -> None:
        self._problem.visible = False
        if not event.new.strip():
            return
        try:
            described = self._stars.catalogue.described
            known = definitions(self._session.state.derived, described)
            where = Where.parse(event.new, described, known)
            where.mask({name: self._stars.catalogue[name][:1] for name in where.columns})
        except DataError as problem:
            self._complain(str(problem))
            return
        self._condition.value = ""
        self._session.change(
            selection=self._session.state.selection.with_(Clause(f"where:{where.text}", where, None))
        )

    def _complain(self, text: str) -> None:
        self._problem.object = html.escape(text)
        self._problem.visible = True

    def _editor(self, clause: Clause, column: Column | None) -> Any:
        predicate = clause.predicate
        if isinstance(predicate, Range) and column is not None:
            return range_editor(column, predicate, lambda changed: self._set(clause, changed), self._complain)
        if isinstance(predicate, OneOf) and column is not None and column.kind == "flag":
            choice = pmui.RadioButtonGroup(
                options={"yes": 1, "no": 0}, value=predicate.values[0], size="small"
            )
            choice.param.watch(lambda event: self._set(clause, OneOf(column.name, (event.new,))), "value")
            return choice
        if isinstance(predicate, OneOf) and column is not None:
            values = pmui.MultiChoice(
                options=self._values_of(column), value=list(predicate.values), sizing_mode="stretch_width"
            )

            def choose(event: Any) -> None:
                if event.new:
                    self._set(clause, OneOf(column.name, tuple(event.new)))

            values.param.watch(choose, "value")
            return values
        return text("section", "Remove this condition and write another.")


def typed_number(typed: str) -> float | None:
    """A number a person typed, None for an open end."""
    cleaned = typed.strip().replace("−", "-").replace(",", "")
    if not cleaned:
        return None
    try:
        return float(cleaned)
    except ValueError:
        raise DataError(f"'{typed[:20]}' is not a number: type one, or nothing for an open end") from None


def range_editor(
    column: Column, present: Range, on_change: Callable[[Range], None], on_problem: Callable[[str], None]
) -> Any:
    """Slider and numbers for the two ends of a range; an empty number is an open end."""
    low = column.low if present.low is None else present.low
    high = column.high if present.high is None else present.high
    start, end = min(column.low, low), max(column.high, high)
    slider = pmui.RangeSlider(
        label="", start=start, end=end, step=(end - start) / 200, value=(low, high), show_value=False,
        size="small", margin=(0, 12), sizing_mode="stretch_width",
    )  # fmt: skip
    ends = [
        pmui.TextInput(
            label=label, placeholder="open", value="" if value is None else f"{value:.6g}", size="small",
            sizing_mode="stretch_width", margin=(4, 4, 4, 0), description=f"{label} which {column.plain}",
        )
        for label, value in (("from", present.low), ("to", present.high))
    ]  # fmt: skip

    def typed(_event: Any) -> None:
        try:
            changed = Range(column.name, *(typed_number(field.value) for field in ends))
        except ValueError as problem:
            on_problem(str(problem))
            return
        if changed != present:
            on_change(changed)

    def slid(event: Any) -> None:
        lowest, highest = (float(f"{value:.4g}") for value in event.new)
        stays_open = present.low is None and lowest <= start, present.high is None and highest >= end
        if not all(stays_open):
            on_change(
                Range(column.name, None if stays_open[0] else lowest, None if stays_open[1] else highest)
            )

    slider.param.watch(slid, "value_throttled")
    for field in ends:
        field.param.watch(typed, "value")
    return pn.Column(
        slider, pn.Row(*ends, margin=0, sizing_mode="stretch_width"), margin=0, sizing_mode="stretch_width"
    )

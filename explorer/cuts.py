"""The cuts of the sidebar: each condition on the stars is a chip that can be read, changed and removed."""

import html
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from data.predicate import Box, OneOf, Polygon, Predicate, Range, Where
from data.problem import DataError
from data.schema import Column
from data.selection import Clause, Selection, named
from explorer.algebra import CLAUSE
from explorer.atlas import VIEWS
from explorer.cards import title_html
from explorer.chips import Action, Chip, Chips
from explorer.choices import flat, quantities
from explorer.editors import (
    Advice,
    BoxEditor,
    Editor,
    FlagEditor,
    PolygonEditor,
    RangeEditor,
    ValuesEditor,
)
from explorer.formula import definitions
from explorer.session import Derived, Session
from explorer.shapes import is_brush, without_brushes
from explorer.stars import Stars
from explorer.text import text
from explorer.words import brush_name, condition

MOST_VALUES = 60
"""A column of text offers its values as choices up to this many."""

BY_CONDITION = "write a condition …"


class Cuts:
    """The list of cuts and the way to add one. Changes go to the session; `show` follows it."""

    def __init__(self, stars: Stars, session: Session) -> None:
        self._stars = stars
        self._session = session
        self._describe = lru_cache(64)(stars.describe)
        self._name = lru_cache(64)(partial(stars.describe, shown=False))
        self._editing: tuple[Clause, Editor] | None = None
        actions = {
            "edit": Action(self._edit, "Change this cut"),
            "invert": Action(self._invert, "Select what is outside instead", "Select what is inside again"),
            "toggle": Action(self._toggle, "Switch this cut off", "Switch this cut on"),
            "remove": Action(self._remove, "Remove this cut"),
        }
        self._chips = [Chips(actions) for _ in range(2)]
        self._editing_here = pn.Column(margin=0, sizing_mode="stretch_width")
        self._problem = text("problem", visible=False, margin=(4, 0))
        self._clear_brushes = self._button("Clear brushes", without_brushes)
        self._clear_all = self._button("Clear all", lambda _: Selection())
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
        clear = pn.Row(self._clear_brushes, self._clear_all, margin=0)
        self.view = pmui.Column(
            above, self._editing_here, below, clear, self._add, self._words, self._problem,
            margin=0, sizing_mode="stretch_width",
        )  # fmt: skip

    def _button(self, label: str, change: Callable[[Selection], Selection]) -> Any:
        def press(_event: Any) -> None:
            self._session.change(selection=change(self._session.state.selection))

        return pmui.Button(label=label, variant="text", size="small", margin=0, visible=False, on_click=press)

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
        self._follow(selection)
        last = sources.index(self._editing[0].source) if self._editing else len(clauses) - 1
        for chips, part in zip(self._chips, (clauses[: last + 1], clauses[last + 1 :]), strict=True):
            chips.show(Chip(clause.source, self._words_of(clause), _states(clause)) for clause in part)
        self._clear_all.visible = bool(clauses)
        self._clear_brushes.visible = any(is_brush(source) for source in sources)

    def _follow(self, selection: Selection) -> None:
        """Have the editor show what the condition is now; it goes where the condition went."""
        if self._editing is None:
            return
        began, editor = self._editing
        present = selection[began.source].predicate if began.source in selection else None
        if isinstance(present, editor.kind) and present.columns <= began.predicate.columns:
            editor.show(present)
        else:
            self._editing = None
            self._editing_here[:] = []

    def _words_of(self, clause: Clause) -> str:
        words = self.words(clause)
        if clause.views is None:
            return words
        titles = [title_html(VIEWS[key].title) for key in sorted(clause.views) if key in VIEWS]
        return f"{words} <span class='note'>in {' and '.join(titles)} only</span>"

    def words(self, clause: Clause) -> str:
        """A condition as HTML, with what is special about it."""
        tags = ["off"] * (not clause.enabled) + ["outside"] * clause.inverted
        words = self._subset_of(clause) or condition(clause.predicate, self._named, brush_name(clause.source))
        return "".join(f"<span class='tag'>{tag}</span> " for tag in tags) + words

    def _subset_of(self, clause: Clause) -> str:
        """The name of the subset that a cut is, as HTML; empty where it is none."""
        if not clause.source.startswith(CLAUSE):
            return ""
        name, meant = clause.source.removeprefix(CLAUSE), clause.predicate.expression
        known = any(each.name == name and each.condition == meant for each in self._session.state.subsets)
        return f"subset {html.escape(name)}" if known else ""

    def _column(self, quantity: str) -> Column:
        """What a quantity is, and where its values lie."""
        return self._describe(quantity, self._session.state.derived)

    def _named(self, quantity: str) -> Column:
        """What a quantity is called."""
        return self._name(quantity, self._session.state.derived)

    def _edit(self, source: str) -> None:
        closes = self._editing is not None and self._editing[0].source == source
        self._open(None if closes else self._session.state.selection[source])

    def _open(self, clause: Clause | None) -> None:
        """Open the editor of a condition, or none."""
        try:
            self._editing = None if clause is None else (clause, self._editor(clause))
        except DataError as problem:
            self._complain(str(problem))
            return
        self._editing_here[:] = [self._editing[1].view] if self._editing else []
        self.show(self._session.state.selection)

    def _invert(self, source: str) -> None:
        self._replace(source, inverted=not self._session.state.selection[source].inverted)

    def _toggle(self, source: str) -> None:
        self._replace(source, enabled=not self._session.state.selection[source].enabled)

    def _replace(self, source: str, **changes: Any) -> None:
        """Change something of a condition, if it is there still."""
        self._problem.visible = False
        selection = self._session.state.selection
        if source in selection:
            self._session.change(selection=selection.with_(replace(selection[source], **changes)))

    def _remove(self, source: str) -> None:
        self._session.change(selection=self._session.state.selection.without(source))

    def _added(self, event: Any) -> None:
        self._words[:] = [self._condition] if event.new == BY_CONDITION else []
        if event.new in ("", BY_CONDITION):
            return
        self._add.value = ""
        column = self._stars.describe(event.new, self._session.state.derived)
        try:
            clause = Clause(named("cut", column.name), self._first_cut(column))
        except DataError as problem:
            self._complain(str(problem))
            return
        self._session.change(selection=self._session.state.selection.with_(clause))
        self._open(clause)

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
            selection=self._session.state.selection.with_(Clause(named("where", where.text), where))
        )

    def _complain(self, text: str) -> None:
        self._problem.object = html.escape(text)
        self._problem.visible = True

    def _editor(self, clause: Clause) -> Editor:
        """Fields that fit a condition."""
        predicate = clause.predicate

        def change(changed: Predicate) -> None:
            self._replace(clause.source, predicate=changed)

        if isinstance(predicate, Range):
            return RangeEditor(self._column(predicate.column), predicate, change, self._complain)
        if isinstance(predicate, Box):
            columns = [self._named(name) for name in predicate.quantities]
            return BoxEditor(columns, predicate, change, self._complain)
        if isinstance(predicate, Polygon):
            columns = [self._named(name) for name in predicate.quantities]
            return PolygonEditor(columns, predicate, change, self._complain)
        if isinstance(predicate, OneOf):
            column = self._column(predicate.column)
            if column.kind == "flag":
                return FlagEditor(column, predicate, change)
            return ValuesEditor(column, self._values_of(column), predicate, change)
        return Advice("Remove this condition and write another.")


def _states(clause: Clause) -> tuple[str, ...]:
    """Actions that are in force."""
    return ("invert",) * clause.inverted + ("toggle",) * (not clause.enabled)

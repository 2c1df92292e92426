"""New columns computed on the page: a name and an expression, which then behave like any other column."""

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from data.expression import Expression, define
from data.parser import parse
from data.predicate import Box, Outside, Range
from data.problem import DataError, UnknownColumnError
from data.schema import Column
from data.syntax import walk
from explorer.atlas import VIEWS
from explorer.cards import plain_title
from explorer.chips import Action, Chip, Chips
from explorer.session import MOST_DERIVED, Derived, Session, State, ViewState
from explorer.stars import Stars
from explorer.text import text

NAME = re.compile(r"[A-Za-z0-9 _/+*().,:\[\]-]{1,40}")
"""What a name may be made of: it is set as mathematics, where other signs would be commands."""

MOST_WORDS = 100
"""Columns, numbers, signs and functions of an expression that becomes a column."""


def definitions(derived: Iterable[Derived], described: Mapping[str, Column]) -> Mapping[str, Expression]:
    """What the names of computed columns stand for in a text."""
    return define({known.name: known.expression for known in derived}, described)


def users_of(derived: Derived, state: State) -> list[str]:
    """Where a computed column is in use, in words."""
    quantity = derived.expression
    views = [VIEWS[key].title for key, view in state.views.items() if quantity in _of(view)]
    cuts = [clause for clause in state.selection if quantity in clause.predicate.quantities]
    pages = [page for page, chosen in state.chosen.items() if quantity in chosen.values()]
    return [
        *(["the colours"] if state.colouring.label == quantity else []),
        *(["the histogram"] if state.bars.column == quantity else []),
        *(plain_title(title) for title in views),
        *(["a cut"] if cuts else []),
        *(f"the page {page.capitalize()}" for page in pages),
    ]


def _of(view: ViewState) -> tuple[str | None, ...]:
    return view.y, view.colouring.label if view.colouring else None


def compute(stars: Stars, name: str, text: str, known: tuple[Derived, ...]) -> Derived:
    """A new column, tried out on the catalogue; DataError says what is wrong with it."""
    made = read(stars, name, text, known)
    if not np.isfinite(stars.values(made.expression)).any():
        raise DataError(f"'{text[:60]}' has no finite value for any star: check its columns")
    return made


def read(stars: Stars, name: str, text: str, known: tuple[Derived, ...]) -> Derived:
    """A new column that fits the catalogue, not computed yet; DataError says what is wrong with it."""
    if len(known) >= MOST_DERIVED:
        raise DataError(f"there are {MOST_DERIVED} computed columns already: remove one first")
    if not text.strip():
        raise DataError("write an expression, such as eu_fe - ba_fe")
    name = name.strip() or text.strip()[:40]
    if not NAME.fullmatch(name):
        raise DataError(
            f"the name '{name[:40]}' may hold letters, digits, spaces and _ / + - * ( ) [ ] . , : only"
        )
    described = stars.catalogue.described
    expression = Expression.parse(text, described, definitions(known, described))
    if expression.is_condition:
        raise DataError(f"'{text[:60]}' is a condition, not a number: add it as a cut instead")
    _leave_room(expression)
    shown = {column.plain for column in stars.catalogue.described.values()}
    if name in shown:
        raise DataError(f"the name {name} is that of a column of the catalogue: choose another")
    if name in {each.name for each in known}:
        raise DataError(f"there is a computed column {name} already: choose another name")
    made = Derived(name, expression.text)
    definitions((*known, made), described)
    absent = sorted(column for column in expression.columns if column not in stars.catalogue)
    if absent:
        raise UnknownColumnError(f"the catalogue has no column {', '.join(absent)}", absent[0])
    return made


def _leave_room(expression: Expression) -> None:
    """Refuse an expression so long or so deep that the conditions on it could not be read any more."""
    most = sum(1 for _ in walk(expression.tree))
    if most > MOST_WORDS:
        raise DataError(
            f"{most} columns, numbers and signs are too many for a column, once computed columns are written "
            f"out: at most {MOST_WORDS}"
        )
    side = Range(expression.text, 0.0, 1.0)
    try:
        parse(Outside(Box(side, side)).text)
    except DataError as problem:
        raise DataError(f"too deep for a column, on which conditions are put: {problem}") from problem


class Formulas:
    """The form for a new column, sent to the browser when it is first asked for, and the list of columns."""

    def __init__(self, stars: Stars, session: Session) -> None:
        self._stars = stars
        self._session = session
        wide: dict[str, Any] = {"size": "small", "sizing_mode": "stretch_width", "margin": (4, 0)}
        self._open = pmui.Button(
            label="New column", icon="add", variant="text", size="small", margin=0, on_click=self._toggle
        )
        self._name = pmui.TextInput(label="Name", placeholder="[Eu/Ba]", **wide)
        self._text = pmui.TextInput(label="Expression", placeholder="eu_fe - ba_fe", **wide)
        self._text.param.watch(self._make, "enter_pressed")
        self._problem = text("problem", visible=False, margin=(4, 0))
        self._form = pn.Column(visible=False, margin=0, sizing_mode="stretch_width")
        self._list = Chips({"remove": Action(self._remove, "Remove this column")})
        self.view = pmui.Column(
            self._open,
            self._form,
            self._problem,
            self._list,
            margin=(12, 0, 0, 0),
            sizing_mode="stretch_width",
        )

    def _toggle(self, _event: Any) -> None:
        make = pmui.Button(label="Compute", size="small", margin=(4, 0), on_click=self._make)
        self._form[:] = self._form.objects or [self._name, self._text, make]
        self._name.value = self._text.value = ""
        self._form.visible = not self._form.visible
        self._problem.visible = False

    def _make(self, _event: Any) -> None:
        known = self._session.state.derived
        try:
            made = compute(self._stars, self._name.value_input or "", self._text.value_input or "", known)
        except DataError as problem:
            self._problem.object = html.escape(str(problem))
            self._problem.visible = True
            return
        self._problem.visible = False
        self._form.visible = False
        self._session.change(derived=(*known, made))

    def show(self, derived: Iterable[Derived]) -> None:
        """List the columns there are."""
        self._problem.visible = False
        self._list.show(
            Chip(each.name, f"{html.escape(each.name)} = <code>{html.escape(each.expression)}</code>")
            for each in derived
        )

    def _remove(self, name: str) -> None:
        state = self._session.state
        gone = next(each for each in state.derived if each.name == name)
        used = users_of(gone, state)
        self._problem.visible = bool(used)
        if used:
            self._problem.object = html.escape(
                f"{name} is in use ({', '.join(used)}): choose another there first"
            )
            return
        self._session.change(derived=tuple(each for each in state.derived if each is not gone))

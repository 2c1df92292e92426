"""New columns computed on the page: a name and an expression, which then behave like any other column."""

import html
import re
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from data.expression import Expression
from data.problem import DataError
from explorer.session import Derived, Session
from explorer.stars import Stars
from explorer.text import text

NAME = re.compile(r"[A-Za-z0-9 /+().,:\[\]-]{1,40}")
"""What a name may be made of: it is set as mathematics, where other signs would be commands."""

MOST = 20


def compute(stars: Stars, name: str, text: str, known: tuple[Derived, ...]) -> Derived:
    """A new column, tried out on the catalogue; DataError says what is wrong with it."""
    if len(known) >= MOST:
        raise DataError(f"there are {MOST} computed columns already: open the page anew to begin again")
    if not text.strip():
        raise DataError("write an expression, such as eu_fe - ba_fe")
    name = name.strip() or text.strip()[:40]
    if not NAME.fullmatch(name):
        raise DataError(
            f"the name '{name[:40]}' may hold letters, digits, spaces and / + - ( ) [ ] . , : only"
        )
    expression = Expression.parse(text, stars.catalogue.described)
    if expression.is_condition:
        raise DataError(f"'{text[:60]}' is a condition, not a number: add it as a cut instead")
    shown = {column.plain for column in stars.catalogue.described.values()}
    if name in shown:
        raise DataError(f"the name {name} is that of a column of the catalogue: choose another")
    taken = {old.name: stars.describe(old.expression, known) for old in known}
    expression.describe(name, {**stars.catalogue.described, **taken})
    absent = sorted(column for column in expression.columns if column not in stars.catalogue)
    if absent:
        raise DataError(f"the catalogue has no column {', '.join(absent)}")
    if not np.isfinite(stars.values(expression.text)).any():
        raise DataError(f"'{text[:60]}' has no finite value for any star: check its columns")
    return Derived(name, expression.text)


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
        self._list = text("formulas")
        self.view = pn.Column(
            self._open, self._form, self._list, margin=(12, 0, 0, 0), sizing_mode="stretch_width"
        )

    def _toggle(self, _event: Any) -> None:
        make = pmui.Button(label="Compute", size="small", margin=(4, 0), on_click=self._make)
        self._form[:] = self._form.objects or [self._name, self._text, make, self._problem]
        self._name.value = self._text.value = ""
        self._form.visible = not self._form.visible

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
        derived = (*known, made)
        self._list.object = "".join(
            f"<div>{html.escape(each.name)} = <code>{html.escape(each.expression)}</code></div>"
            for each in derived
        )
        self._session.change(derived=derived)

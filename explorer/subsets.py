"""The sidebar's subsets: keep the present selection, write a condition, combine, or take one that is ready.

Changes go to the session; the list follows it. The forms are sent to the browser when they are asked for.
"""

import html
from collections.abc import Callable, Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui

from data.expression import Expression
from data.predicate import Where
from data.problem import DataError
from data.selection import Clause
from explorer import algebra, contours, look
from explorer.formula import definitions
from explorer.outlines import LINES_SAY
from explorer.populations import POPULATIONS, Population
from explorer.session import Session, State
from explorer.stars import Stars
from explorer.subset_list import SubsetList
from explorer.text import text

WIDE: dict[str, Any] = {"size": "small", "sizing_mode": "stretch_width", "margin": (4, 0)}
AS = {"contours": "Contours", "tints": "Tints"}
SAYS = {
    "contours": f"{LINES_SAY} (thick: fewest), whatever is selected. "
    f"A subset with fewer than {contours.FEWEST} stars in a window has no lines there.",
    "tints": "A cell has the colour of the subset with most stars in it (of equal ones the first of the "
    "list), whatever is selected. Colours of labels are not shown meanwhile.",
}
ALWAYS = (
    "Lines in the histogram are numbers of stars. "
    f"At most {algebra.MOST_SHOWN} subsets at once: more can't be told apart."
)
JOINS = {"and": "and", "or": "or", "minus": "minus", "not (first only)": "not"}


class Subsets:
    """The list of subsets, and the ways to make one."""

    def __init__(self, stars: Stars, session: Session) -> None:
        self._stars = stars
        self._session = session
        self._numbers: dict[Expression, int] = {}
        self._list = SubsetList(
            {
                "colour": self._do(self._colour),
                "show": self._do(self._show),
                "rename": self._do(self._rename),
                "cut": self._do(self._cut),
                "remove": self._do(self._remove),
            }
        )
        self._problem = text("problem", visible=False, margin=(4, 0))
        keep = pmui.Button(
            label="Keep as subset", icon="add", variant="text", size="small", margin=0,
            on_click=lambda _: self._do(self._keep)(),
        )  # fmt: skip
        more = pmui.Button(
            label="Ready-made, written, combined", icon="expand_more", variant="text", size="small", margin=0,
            on_click=lambda _: self._toggle(),
        )  # fmt: skip
        self._as = pmui.RadioButtonGroup(
            options={name: key for key, name in AS.items()}, value=session.state.subsets_as, size="small",
            margin=(4, 0), sx=look.TOGGLES,
        )  # fmt: skip
        self._as.param.watch(lambda event: session.change(subsets_as=event.new), "value")
        self._says = text("note-block", margin=(0, 0, 4, 0))
        self._shown = pn.Column(self._as, self._says, visible=False, margin=0, sizing_mode="stretch_width")
        self._form = pn.Column(visible=False, margin=0, sizing_mode="stretch_width")
        self.view = pmui.Column(
            self._list, self._shown, keep, more, self._problem, self._form, margin=0,
            sizing_mode="stretch_width",
        )  # fmt: skip
        session.listen(lambda _, after: self.show(after))
        self.show(session.state)

    # what is shown

    def show(self, state: State) -> None:
        """Follow a state."""
        cuts = [clause.source.removeprefix(algebra.CLAUSE) for clause in state.selection.clauses]
        self._list.show(state.subsets, self._numbers, cuts)
        self._as.value = state.subsets_as
        self._says.object = f"{SAYS[state.subsets_as]} {ALWAYS}"
        self._shown.visible = bool(state.subsets)

    def count(self, numbers: Mapping[Expression, int]) -> None:
        """Show how many stars meet conditions."""
        if numbers:
            self._numbers = dict(numbers)
            self.show(self._session.state)

    def _do(self, deed: Callable[..., None]) -> Callable[..., None]:
        """Have a person's mistake told in words, beside the list."""

        def attempt(*told: Any) -> None:
            self._problem.visible = False
            try:
                deed(*told)
            except DataError as problem:
                self._problem.object = html.escape(str(problem))
                self._problem.visible = True
                self._list.refused += 1

        return attempt

    # what is done with one

    def _colour(self, name: str, colour: str) -> None:
        checked = algebra.checked_colour(colour)
        self._session.change(subsets=algebra.changed(self._session.state.subsets, name, colour=checked))

    def _show(self, name: str, shown: bool) -> None:
        self._session.change(subsets=algebra.changed(self._session.state.subsets, name, shown=shown))

    def _rename(self, old: str, new: str) -> None:
        self._session.become(algebra.renamed(self._session.state, old, new))

    def _cut(self, name: str) -> None:
        state = self._session.state
        where = Where(algebra.named(state.subsets, name).condition)
        self._session.change(selection=state.selection.with_(Clause(algebra.CLAUSE + name, where)))

    def _remove(self, name: str) -> None:
        self._session.change(subsets=algebra.without(self._session.state.subsets, name))

    # how one is made

    def _add(self, wish: str, condition: Expression) -> None:
        """Keep a condition, tried out on the first star, under a name like the one that is wished for."""
        columns = self._stars.catalogue
        absent = sorted(name for name in condition.columns if name not in columns)
        if absent:
            raise DataError(f"the catalogue has no column {', '.join(absent)}")
        condition.evaluate({name: columns[name][:1] for name in condition.columns})
        subsets = self._session.state.subsets
        self._session.change(subsets=algebra.added(subsets, algebra.free_name(subsets, wish), condition))

    def _keep(self) -> None:
        state = self._session.state
        self._add(f"subset {len(state.subsets) + 1}", algebra.kept(state.selection))

    def _write(self, name: str, written: str) -> None:
        described = self._stars.catalogue.described
        known = definitions(self._session.state.derived, described)
        where = Where.parse(written, described, known)
        if name.strip():
            algebra.checked_name(name, (subset.name for subset in self._session.state.subsets))
        self._add(name or f"subset {len(self._session.state.subsets) + 1}", where.condition)

    def _combine(self, first: str, word: str, second: str) -> None:
        if word not in JOINS.values():
            raise DataError(f"subsets are combined by {', '.join(JOINS)}, not '{word[:20]}'")
        subsets = self._session.state.subsets
        one, other = algebra.named(subsets, first), algebra.named(subsets, second)
        made = algebra.combined(one, word, other, self._stars.catalogue.described)
        self._add(algebra.combined_name(first, word, second), made)

    def _take(self, population: Population) -> None:
        catalogue = self._stars.catalogue
        self._add(population.name, population.expression(catalogue.described, catalogue.columns))

    # the forms

    def _toggle(self) -> None:
        if not self._form.objects:
            self._form[:] = [*self._ready(), *self._written(), *self._joined()]
        self._form.visible = not self._form.visible

    def _ready(self) -> list[Any]:
        held = self._stars.catalogue.columns
        offered = {each.name: each for each in POPULATIONS if not each.lacking(held)}
        choice = pmui.Select(label="Ready-made", options=["choose one", *offered], value="choose one", **WIDE)
        words = text("note-block")

        def chosen(event: Any) -> None:
            population = offered.get(event.new)
            if population is not None:
                words.object = (
                    f"<b>{html.escape(population.name)}</b>: {html.escape(population.meaning)} "
                    f"<i>From: {html.escape(population.origin)}.</i>"
                )
                choice.value = "choose one"
                self._do(self._take)(population)

        choice.param.watch(chosen, "value")
        return [choice, words, text("note-block", self._lacking(), margin=(0, 0, 4, 0))]

    def _lacking(self) -> str:
        """Why ready-made ones are not offered, as HTML."""
        catalogue = self._stars.catalogue
        told = []
        for population in POPULATIONS:
            for column in population.lacking(catalogue.columns)[:1]:
                why = catalogue.missing.get(column, "the file has no such column")
                told.append(f"<i>{html.escape(population.name)}</i> needs {column} ({html.escape(why)})")
        return f"Not offered: {'; '.join(told)}." if told else ""

    def _written(self) -> list[Any]:
        name = pmui.TextInput(label="Name of the subset", placeholder="metal-poor", **WIDE)
        written = pmui.TextInput(
            label="Condition of the subset", placeholder="fe_h < -1 and abs(z) > 2", **WIDE
        )

        def make(_event: Any) -> None:
            before = self._session.state.subsets
            self._do(self._write)(name.value_input or "", written.value_input or "")
            if self._session.state.subsets != before:
                name.value = written.value = ""

        written.param.watch(make, "enter_pressed")
        button = pmui.Button(label="Keep these stars", size="small", margin=(4, 0), on_click=make)
        return [name, written, button]

    def _joined(self) -> list[Any]:
        first = pmui.Select(label="First subset", **WIDE)
        word = pmui.Select(label="Combined by", options=JOINS, value="and", **WIDE)
        second = pmui.Select(label="Second subset", **WIDE)
        note = text("note-block", "Stars for which a subset is unknown, as a value is missing, are left out.")

        def offer(state: State) -> None:
            names = [subset.name for subset in state.subsets]
            button.disabled = len(names) < 2
            for select in (first, second):
                kept = select.value if select.value in names else next(iter(names), None)
                select.param.update(options=names, value=kept)

        def make(_event: Any) -> None:
            self._do(self._combine)(first.value or "", word.value, second.value or "")

        button = pmui.Button(label="Combine", size="small", margin=(4, 0), on_click=make)
        offer(self._session.state)
        self._session.listen(lambda _, after: offer(after))
        return [first, word, second, note, button]

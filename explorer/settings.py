"""The settings of one view: its own colours and vertical axis, its window and brush in numbers."""

import html
from collections.abc import Callable
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from data.predicate import Box, Polygon, Predicate, Range
from data.problem import DataError
from data.schema import Column
from explorer import picture
from explorer.atlas import HISTOGRAM, VIEWS
from explorer.cards import title_html
from explorer.choices import planes
from explorer.controls import ColourControls
from explorer.editors import BoxEditor, Editor, RangeEditor, typed_number
from explorer.landmark_choice import LandmarkChoice
from explorer.palette import Scale
from explorer.raster import Window
from explorer.session import Colouring, Session
from explorer.shapes import axes_of, brushed, source_of
from explorer.stars import Stars
from explorer.text import text


def numbers(w: Window) -> list[float]:
    """The ends of a window, to as many digits as a person reads."""
    return [float(f"{end:.5g}") for end in (w.x0, w.x1, w.y0, w.y1)]


def window_of(ends: list[float | None]) -> Window:
    """The window between two pairs of ends; DataError where there is none."""
    x0, x1, y0, y1 = (np.nan if end is None else end for end in ends)
    if not (x0 < x1 and y0 < y1):
        raise DataError("Each 'from' must be a number below its 'to'.")
    return Window(x0, x1, y0, y1)


class ViewSettings:
    """A dialog, filled when a person asks for a view's settings."""

    def __init__(
        self,
        stars: Stars,
        session: Session,
        on_refit: Callable[[str], None],
        on_window: Callable[[str, Window], Window],
        scale_of: Callable[[str], Scale],
        on_closed: Callable[[str], None],
    ) -> None:
        self._stars = stars
        self._session = session
        self._on_refit = on_refit
        self._on_window = on_window
        self._scale = scale_of
        self._own: tuple[str, ColourControls] | None = None
        self._key = ""
        self._body = pn.Column(margin=0, width=620)
        self.dialog = pmui.Dialog(
            self._body, title="View settings", open=False, close_on_click=True, show_close_button=True
        )
        self._on_closed = on_closed
        self.dialog.param.watch(self._opened, "open")

    def open(self, key: str) -> None:
        """Show the settings of a view."""
        self._own, self._key = None, key
        about = (
            "<h3>Histogram</h3>How many stars have which value: of the selected, before those of all."
            if key == HISTOGRAM
            else f"<h3>{title_html(VIEWS[key].title)}</h3>{VIEWS[key].meaning}"
        )
        self._body[:] = [text("section", about), *self._fields(key)]
        self.dialog.open = True

    def _opened(self, event: Any) -> None:
        if not event.new:
            self._on_closed(self._key)

    def close(self) -> None:
        """Put the dialog away."""
        self._own = None
        self.dialog.open = False

    def show(self, key: str, column: Column, scale: Scale) -> None:
        """Show the colours a view was painted in, if they are its own and its settings are on the screen."""
        if self._own is not None and self._own[0] == key:
            self._own[1].show(column, scale)

    def _fields(self, key: str) -> list[Any]:
        fields: list[Any] = []
        if key == HISTOGRAM:
            return [self._brush(key)]
        if VIEWS[key].y_choice:
            fields.append(self._vertical(key))
        if not VIEWS[key].counts:
            fields.append(self._own_colours(key))
        return [*fields, *self._landmarks(key), self._window(key), self._brush(key)]

    def _brush(self, key: str) -> Any:
        """The view's brush in numbers; a lasso is changed at its chip."""
        state = self._session.state
        source, said = source_of(key), text("said")
        present = state.selection[source].predicate if source in state.selection else None
        columns = [self._stars.describe(name, state.derived) for name in axes_of(key, state)]

        def change(predicate: Predicate | None) -> None:
            said.object = ""
            selection = brushed(self._session.state.selection, key, predicate, edited=True)
            self._session.change(selection=selection)
            editor.show(predicate)

        def complain(problem: str) -> None:
            said.object = html.escape(problem)

        editor: Editor
        if len(columns) == 1:
            shown = present if isinstance(present, Range) else None
            editor = RangeEditor(columns[0], shown, change, complain)
        else:
            editor = BoxEditor(
                columns, present if isinstance(present, Box | Range) else None, change, complain
            )

        button = pmui.Button(
            label="Let go of the brush", variant="text", size="small", on_click=lambda _: change(None)
        )
        if isinstance(present, Polygon):
            said.object = "The brush is a lasso now; numbers here put a box in its place."
        return pn.Column(
            text("section", "<h4>Brush</h4>"), editor.view, said, button, margin=(0, 0, 16, 0), width=420
        )

    def _landmarks(self, key: str) -> list[Any]:
        """Switches for the lines over the view."""
        choice = LandmarkChoice(self._session, VIEWS[key])
        return [text("section", "<h4>Lines</h4>"), choice.view] if choice.keys else []

    def _vertical(self, key: str) -> Any:
        present = self._session.state.view(key).y or VIEWS[key].y
        choice = pmui.Select(
            label="Vertical axis",
            options=planes(self._stars, self._session.state.derived),
            value=present,
            size="small",
            width=200,
            margin=(8, 0),
        )
        choice.param.watch(
            lambda event: self._session.become(self._session.state.with_view(key, y=event.new, window=None)),
            "value",
        )
        return choice

    def _own_colours(self, key: str) -> Any:
        state = self._session.state
        own = state.view(key).colouring
        switch = pmui.Switch(label="Colours of its own", value=own is not None, margin=(8, 0))
        place = pn.Column(margin=0)

        def controls(colouring: Colouring) -> Any:
            def change(new: Colouring) -> None:
                self._session.become(self._session.state.with_view(key, colouring=new))

            def refit() -> None:
                made.release_range()
                change(made.colouring)
                self._on_refit(key)

            made = ColourControls(self._stars, colouring, state.derived, change, refit)
            made.show(self._stars.describe(colouring.label, state.derived), self._scale(key))
            self._own = key, made
            return made.row

        def toggle(event: Any) -> None:
            present = self._session.state
            colouring = present.colouring if event.new else None
            self._session.become(present.with_view(key, colouring=colouring))
            self._own = None
            place[:] = [controls(colouring)] if colouring else []

        switch.param.watch(toggle, "value")
        if own is not None:
            place[:] = [controls(own)]
        return pn.Column(switch, place, margin=0)

    def _window(self, key: str) -> Any:
        window = picture.window_of(self._stars, VIEWS[key], self._session.state)
        says = ("horizontal from", "to", "vertical from", "to")
        fields = [
            pmui.TextInput(label=label, value=f"{value:g}", size="small", width=130, margin=(0, 8, 0, 0))
            for value, label in zip(numbers(window), says, strict=True)
        ]
        said = text("said")

        def typed(_event: Any) -> None:
            try:
                asked = window_of([typed_number(field.value) for field in fields])
            except DataError as problem:
                said.object = html.escape(str(problem))
                return
            shown = self._on_window(key, asked)
            x0, x1, y0, y1 = (f"{end:g}".replace("-", "−") for end in numbers(shown))
            wider = f"Both axes keep one scale: shown is {x0} to {x1} and {y0} to {y1}."
            said.object = "" if numbers(shown) == numbers(asked) else wider

        for field in fields:
            field.param.watch(typed, "value")
        return pn.Column(
            text("section", "<h4>Window</h4>"), pn.Row(*fields, margin=0), said, margin=(0, 0, 16, 0)
        )

"""The settings of one view: colours of its own, the column of its vertical axis, its window in numbers."""

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui

from data.schema import Column
from explorer import picture
from explorer.atlas import DIAGRAMS
from explorer.cards import title_html
from explorer.choices import planes
from explorer.controls import ColourControls
from explorer.palette import Scale
from explorer.raster import Window
from explorer.session import Colouring, Session
from explorer.stars import Stars
from explorer.text import text


class ViewSettings:
    """A dialog, filled when a person asks for a view's settings."""

    def __init__(
        self,
        stars: Stars,
        session: Session,
        on_refit: Callable[[str], None],
        on_window: Callable[[str, Window], None],
        scale_of: Callable[[str], Scale],
    ) -> None:
        self._stars = stars
        self._session = session
        self._on_refit = on_refit
        self._on_window = on_window
        self._scale = scale_of
        self._own: tuple[str, ColourControls] | None = None
        self._body = pn.Column(margin=0, width=620)
        self.dialog = pmui.Dialog(
            self._body, title="View settings", open=False, close_on_click=True, show_close_button=True
        )

    def open(self, key: str) -> None:
        """Show the settings of a view."""
        self._own = None
        self._body[:] = [
            text("section", f"<h3>{title_html(DIAGRAMS[key].title)}</h3>{DIAGRAMS[key].meaning}"),
            *self._fields(key),
        ]
        self.dialog.open = True

    def show(self, key: str, column: Column, scale: Scale) -> None:
        """Show the colours a view was painted in, if they are its own and its settings are on the screen."""
        if self._own is not None and self._own[0] == key:
            self._own[1].show(column, scale)

    def _fields(self, key: str) -> list[Any]:
        fields: list[Any] = []
        if DIAGRAMS[key].y_choice:
            fields.append(self._vertical(key))
        if not DIAGRAMS[key].counts:
            fields.append(self._own_colours(key))
        return [*fields, self._window(key)]

    def _vertical(self, key: str) -> Any:
        present = self._session.state.view(key).y or DIAGRAMS[key].y
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
        window = picture.window_of(self._stars, DIAGRAMS[key], self._session.state)
        names = ("x0", "x1", "y0", "y1")
        says = ("horizontal from", "to", "vertical from", "to")
        fields = [
            pmui.FloatInput(
                label=label,
                value=float(f"{getattr(window, name):.5g}"),
                size="small",
                width=130,
                margin=(0, 8, 0, 0),
            )
            for name, label in zip(names, says, strict=True)
        ]

        def typed(_event: Any) -> None:
            ends = [field.value for field in fields]
            if None not in ends and ends[0] < ends[1] and ends[2] < ends[3]:
                self._on_window(key, Window(*ends))

        for field in fields:
            field.param.watch(typed, "value")
        return pn.Column(text("section", "<h4>Window</h4>"), pn.Row(*fields, margin=0), margin=0)

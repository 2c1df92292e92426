"""What a cell says when the pointer rests on it: asked of the server, since the browser only has colours."""

import html
from collections.abc import Callable
from typing import Any

import numpy as np
from bokeh.events import MouseLeave, MouseMove
from bokeh.models import ColumnDataSource, CustomJS, Div

from data.schema import Column
from explorer.notation import measured, to_html
from explorer.picture import Cell

STYLES = {
    "position": "fixed",
    "z-index": "2000",
    "pointer-events": "none",
    "left": "0px",
    "top": "0px",
    "padding": "6px 10px",
    "border-radius": "4px",
    "font-size": "12px",
    "line-height": "1.45",
    "white-space": "nowrap",
    "font-variant-numeric": "tabular-nums",
    "background": "rgba(22, 26, 32, 0.92)",
    "color": "#f4f6f8",
}

EVERY_MS = 70
"""The browser asks at most this often, and never while a button is down."""

_ASK = """
const view = Bokeh.index.find_one(figure)
const note = Bokeh.index.find_one(tip)
if (view == null || note == null) return
// Kept beside the model's properties, of which each change is told to the server.
const kept = pointer.kept ??= {last: 0, timer: null, down: false}
if (kept.listening == null) {
  const press = (event) => {
    kept.down = event.buttons > 0
    if (kept.down) {
      clearTimeout(kept.timer)
      Bokeh.index.find_one(tip)?.el.style.setProperty("visibility", "hidden")
    }
  }
  for (const name of ["pointerdown", "pointermove", "pointerup"]) window.addEventListener(name, press, true)
  kept.listening = true
}
clearTimeout(kept.timer)
if (kept.down) return
const box = view.el.getBoundingClientRect()
const left = box.left + cb_obj.sx, top = box.top + cb_obj.sy
const flip = left > window.innerWidth - 260
const place = note.el.style
// Its own left and top are set anew from the model whenever the note shows.
const x = flip ? left - 236 : left + 16, y = Math.min(top + 14, window.innerHeight - 110)
place.setProperty("transform", `translate(${x}px, ${y}px)`)
place.removeProperty("visibility")
const ask = () => {
  kept.last = Date.now()
  pointer.data = {view: [key], x: [cb_obj.x], y: [cb_obj.y]}
}
const wait = every - (Date.now() - kept.last)
if (wait <= 0) ask()
else kept.timer = setTimeout(ask, wait)
"""
_LEAVE = """
clearTimeout(pointer.kept?.timer)
if (pointer.data.view[0] !== '') pointer.data = {view: [''], x: [0], y: [0]}
tip.visible = false
"""

Ask = Callable[[str, float, float], None]


class Tip:
    """The note that follows the pointer. `ask(view, x, y)` is called where it rests; answer with `say`."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.div = Div(
            text="",
            visible=False,
            styles=STYLES,
        )
        self._pointer = ColumnDataSource(data={"view": [""], "x": [0.0], "y": [0.0]}, name="pointer")
        self._pointer.on_change("data", self._moved)

    def attach(self, key: str, figure: Any) -> None:
        """Ask about a figure's cells."""
        args = {"figure": figure, "tip": self.div, "pointer": self._pointer, "key": key, "every": EVERY_MS}
        figure.js_on_event(MouseMove, CustomJS(args=args, code=_ASK))
        figure.js_on_event(MouseLeave, CustomJS(args=args, code=_LEAVE))

    def _moved(self, _attr: str, _old: Any, new: Any) -> None:
        view, x, y = new["view"][0], new["x"][0], new["y"][0]
        if view:
            self._ask(str(view), float(x), float(y))

    def say(self, view: str, text: str) -> None:
        """Show a text, if the pointer is still in that view; hide the note if there is nothing to say."""
        if self._pointer.data["view"][0] == view:
            self.div.text = text
            self.div.visible = bool(text)


def number_of_stars(cell: Cell | None) -> str:
    """How many stars a cell has, as HTML; empty outside the map."""
    if cell is None:
        return ""
    return f"<b>{cell.n:,}</b> star{'s' if cell.n != 1 else ''}" if cell.n else "no star"


def text_of(cell: Cell | None, label: Column) -> str:
    """A cell in words, as HTML; empty outside the map."""
    stars = number_of_stars(cell)
    if cell is None or cell.n == 0:
        return stars
    name = to_html(label.tex)
    if cell.finite == 0:
        return f"{stars}<br>none with {name}"
    unit = html.escape(label.unit)
    some = "" if cell.finite == cell.n else f"<br>{cell.finite:,} with {name}"
    value = measured(cell.mean, cell.standard_error)
    if np.isfinite(cell.standard_error):
        median = measured(cell.median, cell.standard_error, bare=True)
        return f"{stars}{some}<br>mean {name} = {value} {unit}<br>median {median} {unit}"
    return f"{stars}{some}<br>{name} = {value} {unit}"

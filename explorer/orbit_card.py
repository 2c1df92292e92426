"""How the orbit of a star is shown: its numbers as a table, its course seen from the side and from above."""

import html
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.models import CDSView, ColumnDataSource, IndexFilter, Line, Scatter
from numpy.typing import NDArray

from data.schema import ALIASES, COLUMNS, Column
from explorer.columns import push
from explorer.notation import to_html
from explorer.outlines import DARK, LIGHT
from explorer.plain_figure import plain_figure, turn_window
from model.kinematics import DEFAULT_FRAME, SolarFrame

if TYPE_CHECKING:  # galpy takes a second or two, for those who ask for an orbit
    from model.orbit import Interval, Orbit

SIDE = 142
"""Width and height of a plot's frame, CSS pixels."""
ACCENT = "#3b7cc4"
RING = (LIGHT, 4.0), (DARK, 1.6)
"""Colours and widths of what reads on any ground."""
SUN, CENTRE, YELLOW = "circle", "cross", "#f2b134"
MARKS = "The ring is the star now, the yellow point the Sun, + the Galactic centre."
"""What the plots mark, in words to stand below them."""
MARGIN = 1.1
"""How far a plot reaches beyond what it shows."""
WITHIN = 1.0
"""Least of the Galaxy that a plot shows, kpc."""
FEW_TICKS = 5

NONE = "<td class='none'>none</td>"


def table_of(orbit: "Orbit", frame: SolarFrame = DEFAULT_FRAME) -> str:
    """An orbit as an HTML table with what it rests on.

    Parameters
    ----------
    orbit : what is shown; numbers without a value are "none", and medians are shown where there are draws.
    frame : the Sun's place and motion, in which it was told.
    """
    drawn = any(math.isfinite(number.middle) for number in orbit.numbers.values())
    median = "<th scope='col'>Median of draws</th>" if drawn else ""
    rows = "".join(_row(name, number, drawn=drawn) for name, number in orbit.numbers.items())
    return (
        f"<p>{html.escape(orbit.words)}</p>"
        * bool(orbit.words)
        + f"<table><thead><tr><th scope='col'>Orbit</th><th scope='col'>Value</th>{median}</tr></thead>"
        f"<tbody>{rows}</tbody></table><p class='note'>{html.escape(_basis(orbit, frame, drawn=drawn))}</p>"
    )


def _row(name: str, number: "Interval", *, drawn: bool) -> str:
    column = COLUMNS[ALIASES.get(name, name)]
    cells = _cell(_plain(number.value)) + (_cell(_median(number)) if drawn else "")
    return f"<tr><th scope='row' title='{html.escape(column.meaning)}'>{_heading(column)}</th>{cells}</tr>"


def _heading(column: Column) -> str:
    """A word where the quantity has one, else its letter, with the unit."""
    words = column.plain if column.plain.isalpha() else to_html(column.tex)
    unit = re.sub(r"([A-Za-z])(\d)", r"\1<sup>\2</sup>", html.escape(column.unit))
    return f"{words} <small>[{unit}]</small>" if unit else words


def _cell(words: str) -> str:
    return f"<td>{words}</td>" if words else NONE


def _plain(value: float) -> str:
    """Four digits that count; "" for what is no number."""
    return _signed(f"{float(f'{value:.4g}') + 0.0:,.10g}") if math.isfinite(value) else ""


def _median(number: "Interval") -> str:
    """The median and how far it is to 16 and 84 %, to two digits of the nearer; "" without draws."""
    up, down = number.high - number.middle, number.middle - number.low
    if not (math.isfinite(up) and math.isfinite(down)):
        return ""
    least = min((error for error in (up, down) if error > 0), default=0.0)
    if not least:
        return _plain(number.middle)
    digits = 1 - int(f"{least:.1e}".split("e")[1])
    middle, up, down = (round(each, digits) + 0.0 for each in (number.middle, up, down))
    shown = max(0, digits)
    return _signed(f"{middle:,.{shown}f} <small>+{up:,.{shown}f} -{down:,.{shown}f}</small>")


def _signed(text: str) -> str:
    """With a minus as typeset; there is no hyphen in these numbers or their tags."""
    return text.replace("-", "−")


def _basis(orbit: "Orbit", frame: SolarFrame, *, drawn: bool) -> str:
    """What the numbers rest on."""
    time = orbit.course.time
    followed = ""
    if time.size:
        followed = f", followed for {abs(time[-1]):g} Gyr{' into the past' if time[-1] < 0 else ''}"
    said = f"In the potential {orbit.potential}{followed}. {frame.name}."
    if drawn:
        said += (
            f" Draws: {orbit.draws:,} within the errors of the star, seed {orbit.seed}; medians with 16th "
            "and 84th percentile."
        )
    return said


class OrbitPlot:
    """The course of one star in two figures of equal scales: (R, z), and (X, Y) from above.

    Attributes
    ----------
    source : columns R, z, X, Y (kpc) of the course, the present first.
    figures : both, (R, z) first; of no document yet.
    """

    def __init__(self, frame: SolarFrame = DEFAULT_FRAME) -> None:
        """Draw empty figures; `frame` says where the Sun is marked."""
        self._sun = frame.R0
        self.source = ColumnDataSource(data=_columns(), name="orbit")
        self._side = _figure("R", "z", self.source, {SUN: (frame.R0, frame.z_sun)})
        self._above = _figure("X", "Y", self.source, {SUN: (frame.R0, 0.0), CENTRE: (0.0, 0.0)})
        self.figures = (self._side, self._above)
        self._fit(_columns())

    def show(self, orbit: "Orbit") -> None:
        """Draw the course of an orbit; of one without a course, nothing."""
        stars = orbit.course.stars
        columns = _columns(stars.R, stars.z, *orbit.course.from_above) if stars.R.size else _columns()
        self._fit(columns)
        push(self.source, columns)

    def clear(self) -> None:
        """Draw no course."""
        push(self.source, _columns())

    def _fit(self, columns: dict[str, NDArray[np.float32]]) -> None:
        """Let each figure show the whole course, as many kpc in width as in height."""
        R, z = columns["R"], columns["z"]
        low, high = (float(end(np.append(R, self._sun))) for end in (np.nanmin, np.nanmax))
        half = MARGIN * max((high - low) / 2, float(np.nanmax(np.abs(np.append(z, 0)))), WITHIN)
        middle = max((low + high) / 2, half)
        turn_window(self._side, (middle - half, middle + half), (-half, half))
        turn_window(self._above, *[(-MARGIN * high, MARGIN * high)] * 2)


def _columns(*arrays: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """What the source holds; without arrays one point that is nowhere, for the ring to be of a point."""
    given = arrays or [np.full(1, np.nan)] * 4
    return {name: np.asarray(array, np.float32) for name, array in zip("RzXY", given, strict=True)}


def _figure(x: str, y: str, source: ColumnDataSource, marks: Mapping[str, tuple[float, float]]) -> Any:
    """An empty figure over two columns, with marks at (x, y) by their markers."""
    drawn = plain_figure(
        FEW_TICKS, name=f"orbit_{x}{y}", frame_width=SIDE, frame_height=SIDE, x_axis_label=f"{x} [kpc]",
        y_axis_label=f"{y} [kpc]", tools="pan,wheel_zoom,reset,save", active_scroll="wheel_zoom",
    )  # fmt: skip
    drawn.add_glyph(source, Line(x=x, y=y, line_color=ACCENT, line_alpha=0.7, line_join="round"))
    _mark(drawn, marks)
    now = CDSView(filter=IndexFilter([0]))
    for colour, width in RING:
        ring = Scatter(x=x, y=y, size=11, fill_color=None, line_color=colour, line_width=width)
        drawn.add_glyph(source, ring, view=now)
    return drawn


def _mark(drawn: Any, marks: Mapping[str, tuple[float, float]]) -> None:
    """The Sun and the centre, which no course moves, by the names of their markers."""
    x, y = zip(*marks.values(), strict=True)
    places = ColumnDataSource(data={"x": x, "y": y, "marker": [*marks]})
    for colour, width in RING:
        mark = Scatter(marker="marker", size=9, fill_color=YELLOW, line_color=colour, line_width=width)
        drawn.add_glyph(places, mark)

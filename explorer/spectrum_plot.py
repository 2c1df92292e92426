"""The plots of a spectrum: flux with the model over it, and below it what is left between them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import panel as pn
from bokeh.events import RangesUpdate, SelectionGeometry
from bokeh.models import (
    BoxAnnotation,
    BoxSelectTool,
    BoxZoomTool,
    ColumnDataSource,
    CustomJS,
    CustomJSTickFormatter,
    Line,
    Pane,
    PanTool,
    Patches,
    Quad,
    Range1d,
    ResetTool,
    SaveTool,
    Segment,
    Span,
    Text,
    WheelZoomTool,
    layouts,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from explorer import columns, look
from explorer.curves import Curves, Manner, runs
from explorer.line_marks import LineMark, every_mark, marks_of, named

UPPER, LOWER = 186, 116
"""Heights of the plots, CSS pixels."""
LEFT = 78
"""Room for the vertical axis: as much in both plots, or a wavelength would not lie below itself."""

_SHORT = """
const size = Math.abs(tick)
if (tick === 0 || (size >= 0.01 && size < 1e5)) return String(Number(tick.toPrecision(4))).replace('-', '−')
return tick.toExponential().length > 6 ? tick.toExponential(1) : tick.toExponential()
"""
"""Numbers that fit into that room."""

LOWER_NAMES = {"residual": "residual [σ]", "gradient": "slope", "information": "information"}
CLEAN = 4000.0
"""From here on, A, a spectrum's flux decides the axis: bluer pixels of cool stars are mostly noise."""
SIGMA: Mapping[str, Any] = {"line_color": "#8a8a8a", "line_width": 1, "level": "underlay"}
"""Of the lines at 0, 1 and 3 sigma."""

INKS = {"ink": ("#1b1f24", "#e6e6e6"), "accent": ("#c2410c", "#ffa066"), "trial": ("#0f766e", "#5eead4")}
"""Colours by the page's theme, light and dark: of the data, of the model, of another model that is tried."""

_INK = """
const [r, g, b] = (cb_obj.background_fill_color ?? '#fff').match(/[0-9a-f]{2}/gi)?.length === 3
  ? cb_obj.background_fill_color.match(/[0-9a-f]{2}/gi).map(part => parseInt(part, 16))
  : (cb_obj.background_fill_color.match(/\\d+/g) ?? [255, 255, 255]).map(Number)
const dark = 0.3 * r + 0.6 * g + 0.1 * b < 128 ? 1 : 0
for (const [ink, glyph, how] of glyphs) glyph[how] = inks[ink][dark]
"""
"""Has glyphs follow the page's theme."""

CURVES = ("wavelength", "flux", "continuum", "model", "trial", "lower")
"""Columns of the source of the curves."""

Range = tuple[float, float]
Floats = NDArray[np.float64]


class SpectrumPlot:
    """One visitor's plots.

    Parameters
    ----------
    on_excluded : called with the two ends, A as shown, that a person drags over the spectrum.
    """

    def __init__(self, on_excluded: Callable[[float, float], None]) -> None:
        self._on_excluded = on_excluded
        self._marks: tuple[LineMark, ...] = every_mark()
        self._manner, self._z = Manner(), np.nan
        empty: Mapping[str, Any] = dict.fromkeys(CURVES, np.empty(0))
        self.pixels = ColumnDataSource(data={**empty}, name="spectrum")
        self.bands = {
            name: ColumnDataSource(data={"xs": [], "ys": []}, name=f"spectrum_{name}")
            for name in ("sigma", "scatter")
        }
        self.marks = ColumnDataSource(data={"x": [], "name": []}, name="spectrum_marks")
        self.windows = ColumnDataSource(data={"left": [], "right": []}, name="spectrum_windows")
        self.excluded = ColumnDataSource(data={"left": [], "right": []}, name="spectrum_excluded")
        self.upper = _figure("spectrum_flux", UPPER, None)
        self.lower = _figure("spectrum_lower", LOWER, self.upper.x_range)
        self._draw()
        stack = layouts.Column(
            children=[Pane(elements=[self.upper]), Pane(elements=[self.lower])], sizing_mode="stretch_width"
        )
        self.view = pn.pane.Bokeh(stack, margin=0, sizing_mode="stretch_width")
        self.upper.on_event(SelectionGeometry, self._brushed)
        self.upper.on_event(RangesUpdate, lambda _event: self._moved())

    def _draw(self) -> None:
        """Put the glyphs into the figures, those below first."""
        upper, lower = self.upper, self.lower
        strip: dict[str, Any] = {"left": "left", "right": "right", "line_color": None}
        for plot in (upper, lower):
            _add(
                plot, self.windows, Quad(**strip, bottom=-1e6, top=1e6, fill_color="#3b7cc4", fill_alpha=0.13)
            )
        sigma = Patches(xs="xs", ys="ys", line_color=None, fill_alpha=0.22)
        scatter = Patches(xs="xs", ys="ys", line_color=None, fill_alpha=0.25)
        _add(upper, self.bands["sigma"], sigma)
        flux = Line(x="wavelength", y="flux", line_width=1)
        _add(upper, self.pixels, flux)
        _add(upper, self.bands["scatter"], scatter)
        model = Line(x="wavelength", y="model", line_width=1.4)
        _add(upper, self.pixels, model)
        _add(upper, self.pixels, Line(x="wavelength", y="continuum", line_color="#3b7cc4", line_width=1.8))
        trial = Line(x="wavelength", y="trial", line_width=1.4, line_dash=[5, 3])
        _add(upper, self.pixels, trial)
        left = Line(x="wavelength", y="lower", line_width=1)
        _add(lower, self.pixels, left)
        for plot in (upper, lower):
            hidden = Quad(
                **strip, bottom=-1e6, top=1e6, fill_color="#808080", fill_alpha=0.28,
                hatch_pattern="/", hatch_color="#808080", hatch_alpha=0.5,
            )  # fmt: skip
            _add(plot, self.excluded, hidden)
        for height, dash in ((0, "solid"), (1, [2, 3]), (-1, [2, 3]), (3, [6, 4]), (-3, [6, 4])):
            lower.add_layout(Span(**SIGMA, dimension="width", location=height, line_dash=dash))
        self._add_marks()
        inks = [
            ("ink", flux, "line_color"), ("ink", sigma, "fill_color"), ("ink", left, "line_color"),
            ("accent", model, "line_color"), ("accent", scatter, "fill_color"),
            ("trial", trial, "line_color"),
        ]  # fmt: skip
        for ink, glyph, how in inks:
            glyph.update(**{how: INKS[ink][0]}, syncable=False)
        self.inks = CustomJS(args={"glyphs": [list(one) for one in inks], "inks": {**INKS}}, code=_INK)
        upper.js_on_change("background_fill_color", self.inks)

    def _add_marks(self) -> None:
        """Ticks at lines, hanging from the upper edge, and their names."""
        self.upper.extra_y_ranges = {"edge": _fixed(0, 1)}
        tick = Segment(x0="x", x1="x", y0=0.9, y1=0.86, line_color="#808080")
        words = Text(
            x="x", y=0.905, text="name", text_align="center", text_baseline="bottom", text_font_size="10.5px",
            text_color="#808080",
        )  # fmt: skip
        for glyph in (tick, words):
            _add(self.upper, self.marks, glyph, y_range_name="edge")

    # what is shown

    def show(self, curves: Curves, manner: Manner, z: float) -> None:
        """Draw a spectrum; where the frame is another, all of it."""
        fresh = (self._manner.observed, self._manner.air) != (manner.observed, manner.air)
        below = (self._manner.below, self._manner.label) != (manner.below, manner.label)
        first = not len(self.pixels.data["wavelength"])
        self._manner, self._z = manner, z
        columns.push(
            self.pixels,
            {
                "wavelength": curves.wavelength,
                "flux": curves.flux,
                "model": curves.model,
                "trial": np.full(curves.model.shape, np.nan),
                "continuum": curves.continuum,
                "lower": curves.lower,
            },
        )
        for name, middle, half in (
            ("sigma", curves.flux, curves.sigma),
            ("scatter", curves.model, curves.s),
        ):
            xs, ys = runs(curves.wavelength, middle - half, middle + half)
            columns.push(self.bands[name], {"xs": xs, "ys": ys})
        if fresh or first:
            ends = float(curves.wavelength[0]), float(curves.wavelength[-1])
            self.upper.x_range.update(start=ends[0], end=ends[1], reset_start=ends[0], reset_end=ends[1])
        self._fit_flux()
        if below or first or manner.below != "residual":
            self._turn_lower(manner)
        self._fit(self.lower, _lower_ends(curves.lower, manner), 0.0)
        self.upper.xaxis.axis_label = None
        self.lower.xaxis.axis_label = manner.axis
        self.upper.yaxis.axis_label = "flux (relative)" if manner.raw else "flux / continuum"
        self._name_marks()

    def clear(self) -> None:
        """Draw nothing."""
        nothing = np.empty(0)
        columns.push(self.pixels, dict.fromkeys(CURVES, nothing))
        for band in self.bands.values():
            columns.push(band, {"xs": [], "ys": []})
        self.show_excluded(())

    def _turn_lower(self, manner: Manner) -> None:
        self.lower.yaxis.axis_label = LOWER_NAMES[manner.below]
        for line in self.lower.center:
            if isinstance(line, Span) and line.location != 0:
                line.visible = manner.below == "residual"

    @staticmethod
    def _fit(plot: Any, ends: Range, head: float) -> None:
        """Have a vertical axis hold these ends, with room for the names of lines above."""
        low, high = ends
        margin = 0.04 * (high - low)
        start, end = low - margin, high + margin + head * (high - low)
        plot.y_range.update(start=start, end=end, reset_start=start, reset_end=end)

    def try_model(self, flux: Floats) -> None:
        """Draw another model."""
        columns.push(self.pixels, {"trial": flux})

    def show_windows(self, label: str) -> None:
        """Mark the lines of a label and the windows around them; of all elements where it has none."""
        mine = marks_of(label)
        self._marks = mine or every_mark()
        shown = [self._shown((mark.low, mark.high)) for mark in mine]
        columns.push(self.windows, {"left": [low for low, _ in shown], "right": [high for _, high in shown]})
        self._name_marks()

    def show_excluded(self, ranges: Sequence[Range]) -> None:
        """Veil what is left out of the fit: ranges at rest in vacuum, A."""
        shown = [self._shown(one) for one in ranges]
        columns.push(self.excluded, {"left": [low for low, _ in shown], "right": [high for _, high in shown]})

    def _shown(self, ends: Range) -> Range:
        low, high = self._manner.wavelength(np.array(ends), self._z)
        return float(low), float(high)

    @property
    def _window(self) -> Range:
        """Wavelengths that are in sight, as shown."""
        ends = self.upper.x_range.start, self.upper.x_range.end
        low, high = (float(end) if end is not None else np.nan for end in ends)
        return min(low, high), max(low, high)

    def _moved(self) -> None:
        """Other wavelengths are in sight."""
        self._name_marks()
        if len(self.pixels.data["wavelength"]):
            self._fit_flux()

    def _fit_flux(self) -> None:
        """Have the axis of the flux hold what is in sight."""
        data = self.pixels.data
        self._fit(self.upper, _ends(data["wavelength"], (data["flux"], data["model"]), self._window), 0.16)

    def _name_marks(self) -> None:
        """Mark the lines in the window, and name those that have room."""
        centres = self._manner.wavelength(np.array([mark.centre for mark in self._marks]), self._z)
        names = named(self._marks, centres.tolist(), *self._window)
        columns.push(self.marks, {"x": centres, "name": names})

    # what a person does

    def _brushed(self, event: SelectionGeometry) -> None:
        """A person dragged over a part of the spectrum."""
        geometry = event.geometry
        ends = geometry.get("x0"), geometry.get("x1")
        if event.final and all(isinstance(end, int | float) and np.isfinite(end) for end in ends):
            low, high = sorted(float(end) for end in ends)
            self._on_excluded(low, high)


def _figure(name: str, height: int, x_range: Any) -> Any:
    tools = [PanTool(dimensions="width"), WheelZoomTool(dimensions="width"), BoxZoomTool(dimensions="width")]
    if x_range is None:
        overlay = BoxAnnotation(
            syncable=False, level="overlay", visible=False, line_color="#808080", fill_color="#808080",
            fill_alpha=0.2,
        )  # fmt: skip
        tools.insert(0, BoxSelectTool(dimensions="width", renderers=[], overlay=overlay, persistent=False))
    plot = figure(
        name=name, height=height, sizing_mode="stretch_width", output_backend="canvas",
        tools=[*tools, ResetTool(), SaveTool()], toolbar_location="right",
        **({} if x_range is None else {"x_range": x_range}), min_border_right=8, min_border_left=LEFT,
    )  # fmt: skip
    if x_range is None:
        plot.x_range = _fixed(3900, 8900)
        plot.xaxis.visible = False
    plot.y_range = _fixed(0, 1)
    plot.toolbar.update(
        active_drag=tools[0], active_scroll=tools[1 + (x_range is None)], logo=None, autohide=True
    )
    plot.update(**look.FIGURE)
    for axis in (*plot.xaxis, *plot.yaxis):
        axis.update(**look.AXIS)
        axis.axis_label_standoff = 4
    plot.yaxis.ticker.desired_num_ticks = 4 if x_range is None else 3
    plot.yaxis.formatter = CustomJSTickFormatter(code=_SHORT)
    plot.xgrid.visible = False
    plot.ygrid.visible = False
    return plot


def _fixed(start: float, end: float) -> Any:
    return Range1d(start, end)


def _add(plot: Any, source: ColumnDataSource, glyph: Any, **how: Any) -> None:
    plot.add_glyph(
        source,
        glyph,
        selection_glyph=None,
        nonselection_glyph=None,
        hover_glyph=None,
        muted_glyph=None,
        **how,
    )


def _ends(wavelength: Floats, curves: Sequence[Floats], window: Range) -> Range:
    """Of the flux in a window: all but the wildest pixels of spectrum and model."""
    low, high = window
    clean = (wavelength >= max(low, CLEAN) if high > CLEAN else wavelength >= low) & (wavelength <= high)
    ends: list[float] = []
    for values in curves:
        known = values[clean & np.isfinite(values)]
        if known.size:
            ends += np.quantile(known, [0.001, 0.999]).tolist()
    return (min(ends), max(ends)) if ends and max(ends) > min(ends) else (0.0, 1.2)


def _lower_ends(lower: Floats, manner: Manner) -> Range:
    known = lower[np.isfinite(lower)]
    if manner.below == "residual" or not known.size:
        most = float(np.quantile(np.abs(known), 0.998)) if known.size else 3.0
        return -max(4.0, most), max(4.0, most)
    low, high = float(known.min()), float(known.max())
    return (min(low, 0.0), high) if high > low else (low - 1, high + 1)

"""What a star's drawer is made of, when it is first opened."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer.drawer import Asked, Drawer, LabelTable
from explorer.orbit_tab import OrbitTab
from explorer.spectrum_plot import SpectrumPlot
from explorer.text import text


@dataclass(frozen=True, eq=False)
class Parts:
    """What a drawer is made of."""

    plot: SpectrumPlot
    table: LabelTable
    fit: Any
    about: Any
    orbit: OrbitTab
    frame: Drawer

    @classmethod
    def of(
        cls, on_asked: Callable[[Asked], None], on_brushed: Callable[[float, float], None], orbit: OrbitTab
    ) -> "Parts":
        """Make them; what a person asks and drags is told."""
        plot, table = SpectrumPlot(on_brushed), LabelTable(on_asked)
        fit, about = text("star"), text("star")
        frame = Drawer(on_asked, plot=plot.view, labels_panel=table, fit=fit, orbit=orbit.view, about=about)
        return cls(plot, table, fit, about, orbit, frame)

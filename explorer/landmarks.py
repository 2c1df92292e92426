"""Lines that the paper reads its planes by, as data: what each is, where it comes from, and where it runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from explorer.atlas import Diagram
from model.chemistry import kiel_split

Points = NDArray[np.float64]
Axes = tuple[str, str]

FAR = 1e5
"""An end of lines that go on, in the units of any axis here."""
CIRCLING = (1200, 1800, 2100, 2400, 2700, 3000)
"""Angular momenta of the curves, kpc km/s; 1500 is a landmark of its own."""
RIDGE = ((8.0, 257.5), (8.0, 274.5), (12.5, 178.5), (12.5, 161.5), (8.0, 257.5))
"""Corners of the box in R (kpc) and v_phi (km/s): about L_z = 2130 kpc km/s."""
ALONG = 20.0
"""Slope, km/s/kpc, of the line through the origin on which the curves' numbers stand."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """How a landmark runs over one plane.

    Attributes
    ----------
    lines : (points, 2) each, in the units of the axes.
    words : places and words of what is written at them.
    """

    lines: tuple[Points, ...]
    words: tuple[tuple[float, float, str], ...] = ()


@dataclass(frozen=True)
class Landmark:
    """What a plane is read by.

    Attributes
    ----------
    name : what it is called; HTML.
    source : where it comes from, and what of it is ours.
    planes : by the columns of the axes, how it runs.
    usual : whether it is there when the page opens.
    """

    name: str
    source: str
    planes: Mapping[Axes, Callable[[], Drawn]]
    usual: bool = False


def _circling(*momenta: float) -> Drawn:
    """R v_phi = L_z, with the numbers where the curves cross one line."""
    radius = np.linspace(1, 40, 400)
    lines = tuple(np.column_stack([radius, momentum / radius]) for momentum in momenta)
    at = [np.sqrt(momentum / ALONG) for momentum in momenta]
    words = zip(at, momenta, strict=True)
    return Drawn(lines, tuple((float(x), float(ALONG * x), f"{momentum:.0f}") for x, momentum in words))


def _straight(*ends: tuple[float, float]) -> Drawn:
    return Drawn((np.array(ends, dtype=np.float64),))


def _split() -> Drawn:
    teff = np.array([3000.0, 5200.0, 5200.0001, 9000.0])
    return Drawn((np.column_stack([teff, kiel_split(teff)]),))


LANDMARKS: Mapping[str, Landmark] = MappingProxyType(
    {
        "eq1": Landmark(
            "line between giants and dwarfs",
            "eq. 1 of the paper, of LAMOST's own T_eff and log g",
            {("teff", "logg"): _split},
            usual=True,
        ),
        "ridge": Landmark(
            "ridge",
            "dashed box of the paper's Fig. 12; its text gives no corners: these are ours, about "
            "L_z = 2130 kpc km/s",
            {("R", "vT"): lambda: _straight(*RIDGE)},
        ),
        "momentum": Landmark(
            "L<sub>z</sub> = const",
            "R v_phi = L_z, in kpc km/s; which values are drawn is ours, the paper's text names none",
            {("R", "vT"): lambda: _circling(*CIRCLING)},
        ),
        "jphi": Landmark(
            "J<sub>φ</sub> = 1500",
            "section 5.4 of the paper: J_phi of about 1500 kpc km/s parts disc and halo at large R, less so "
            "at small R",
            {
                ("R", "vT"): lambda: _circling(1500),
                ("Jphi", "JR"): lambda: _straight((1500, -FAR), (1500, FAR)),
            },
        ),
        "jr": Landmark(
            "J<sub>R</sub> = 100",
            "section 5.4 of the paper: J_R of about 100 kpc km/s parts disc and halo at large R, less so at "
            "small R",
            {("Jphi", "JR"): lambda: _straight((-FAR, 100), (FAR, 100))},
        ),
    }
)


def over(x: str, y: str) -> Mapping[str, Landmark]:
    """Those of a plane, by the columns of its axes."""
    return {key: landmark for key, landmark in LANDMARKS.items() if (x, y) in landmark.planes}


def shown_over(diagram: Diagram, chosen: tuple[str, ...] | None) -> tuple[str, ...]:
    """Keys of those that a diagram shows: those that were chosen, or the usual ones."""
    there = over(diagram.x, diagram.y)
    return tuple(key for key in there if (there[key].usual if chosen is None else key in chosen))

"""The diagrams we draw, as data: a new map is a new row here.

Ranges: (R, z) is the paper's Fig. 10. The axes of its Figs. 11 and 12 are not in its text; those are ours.
Cuts: the paper's defaults for maps (section 5.1, captions of Figs. 11 and 12).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from explorer.raster import Window

Group = str


@dataclass(frozen=True)
class Diagram:
    """Two columns drawn against each other.

    Attributes
    ----------
    key, title : how the code and a person call it; the title may hold TeX between dollar signs.
    x, y : columns.
    window : what it shows at first.
    group : which page it is on.
    meaning : one sentence for a person who meets the diagram for the first time.
    flip_x, flip_y : whether the axis grows to the left, or downward.
    equal : whether both axes have one scale.
    counts : whether it always shows the number of stars.
    marks : names of what is drawn over it.
    y_choice : whether a person chooses the column of its vertical axis.
    sets_range : whether the fitted colour range looks at it: the maps proper do, planes of labels do not.
    """

    key: str
    title: str
    x: str
    y: str
    window: Window
    group: Group
    meaning: str
    flip_x: bool = False
    flip_y: bool = False
    equal: bool = False
    counts: bool = False
    marks: tuple[str, ...] = ()
    y_choice: bool = False
    sets_range: bool = False


DIAGRAMS: Mapping[str, Diagram] = MappingProxyType(
    {
        diagram.key: diagram
        for diagram in (
            Diagram(
                "rz", "$(R, z)$", "R", "z", Window(7.5, 15, -4, 4), "maps",
                "Side view of the disc, summed over azimuth (the paper's Fig. 10).",
                equal=True, marks=("sun",), sets_range=True,
            ),
            Diagram(
                "xy", "$(X, Y)$", "X", "Y", Window(6, 14, -4, 4), "maps",
                "The disc seen from the north Galactic pole (the paper's Fig. 11; the axes are ours).",
                equal=True, marks=("compass", "sun"), sets_range=True,
            ),
            Diagram(
                "rv", r"$(R, v_\phi)$", "R", "vT", Window(7, 14, 140, 300), "maps",
                "Rotation velocity against radius: ridges show (the paper's Fig. 12; the axes are ours).",
                sets_range=True,
            ),
            Diagram(
                "kiel", "Kiel diagram", "teff", "logg", Window(3500, 7500, 0, 5.2), "maps",
                "Surface gravity against temperature, with the line that parts giants from dwarfs (eq. 1).",
                flip_x=True, flip_y=True, marks=("eq1",),
            ),
            Diagram(
                "plane", r"$[\mathrm{X}/\mathrm{Fe}]$", "fe_h", "mg_fe", Window(-2, 0.5, -0.2, 0.5), "maps",
                "An abundance relative to iron against the abundance of iron.", y_choice=True,
            ),
            Diagram(
                "sky", "Sky", "l", "b", Window(0, 360, -90, 90), "footprint",
                "Where on the sky the stars are, in Galactic coordinates.",
                flip_x=True, equal=True, counts=True,
            ),
            Diagram(
                "face", "Face-on", "X", "Y", Window(0, 20, -10, 10), "footprint",
                "How far the survey reaches, seen from the north Galactic pole (the paper's Fig. 1).",
                equal=True, counts=True, marks=("compass", "sun"),
            ),
            Diagram(
                "edge", "Edge-on", "R", "z", Window(0, 20, -10, 10), "footprint",
                "How far the survey reaches from the plane (the paper's Fig. 1).",
                equal=True, counts=True, marks=("sun",),
            ),
        )
    }
)  # fmt: skip


@dataclass(frozen=True)
class DefaultCut:
    """A cut the paper makes by default: a chip that is there when the page opens.

    `low` and `high` bound the column (None is open); `views` are the diagrams it holds in, all if empty.
    """

    column: str
    low: float | None
    high: float | None
    views: frozenset[str] = frozenset()


DEFAULT_CUTS: tuple[DefaultCut, ...] = (
    DefaultCut("giantmodel", 1, 1),
    DefaultCut("chi2", None, 7000),
    DefaultCut("Jz", None, 30, frozenset({"xy", "rv"})),
)

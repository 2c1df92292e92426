"""The diagrams we draw, as data: a new map is a new row here.

Ranges: (R, z) is the paper's Fig. 10. The axes of its Figs. 11 and 12 are not in its text; those are ours.
Cuts: the paper's defaults for maps (section 5.1, captions of Figs. 11 and 12).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from data.schema import COLUMNS, Column
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
    shares_brush : the diagram whose brush is drawn here too; its own where empty.
    plane : the diagram whose axes and window it has, if it is one of the gallery.
    label : what its colours always show, if it is one of the gallery.
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
    shares_brush: str = ""
    plane: str = ""
    label: str = ""

    @property
    def home(self) -> str:
        """The view whose window and vertical axis are its own."""
        return self.plane or self.key

    @property
    def is_ratio(self) -> bool:
        """Whether its colours always show an abundance relative to iron."""
        return self.label.endswith("_fe")

    @property
    def source(self) -> str:
        """Whose clause of the selection its brush is: the one that it ignores itself."""
        return self.shares_brush or self.key


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
                flip_x=True, flip_y=True,
            ),
            Diagram(
                "plane", r"$[\mathrm{X}/\mathrm{Fe}]$", "fe_h", "mg_fe", Window(-2, 0.5, -0.2, 0.5), "maps",
                "An abundance relative to iron against the abundance of iron.", y_choice=True,
            ),
            Diagram(
                "actions", r"$(J_\phi, J_R)$", "Jphi", "JR", Window(0, 3500, 0, 200), "maps",
                "Radial action against angular momentum: near-circular orbits lie at the bottom.",
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

HISTOGRAM = "histogram"
"""The view that is no diagram, by which it is asked for and its brush is known."""

PLANES = tuple(key for key, diagram in DIAGRAMS.items() if diagram.group == "maps")
"""Diagrams over which the gallery can show all labels."""

GALLERY_LABELS = (
    "fe_h", "o_fe", "eu_fe", "mg_fe", "al_fe", "mn_fe", "ba_fe", "alpha_fe", "sc_fe", "s_fe",
    "teff", "logg", "a_v",
)  # fmt: skip
"""Labels of the gallery: those of the paper's Figs. 10 and 11, and the dwarfs' own abundances."""


def _small(plane: Diagram, label: Column) -> Diagram:
    return replace(
        plane,
        key=f"{plane.key}.{label.name}",
        title=f"${label.tex}$",
        group="gallery",
        meaning=f"{label.meaning} {plane.meaning}",
        y_choice=False,
        shares_brush=plane.source,
        plane=plane.key,
        label=label.name,
    )


GALLERY: Mapping[str, Diagram] = MappingProxyType(
    {
        diagram.key: diagram
        for plane in PLANES
        for diagram in (_small(DIAGRAMS[plane], COLUMNS[label]) for label in GALLERY_LABELS)
    }
)
"""The small maps of the gallery: every plane with every label."""

VIEWS: Mapping[str, Diagram] = MappingProxyType({**DIAGRAMS, **GALLERY})
"""Every diagram there is: the way to find one by its key."""


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

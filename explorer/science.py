"""Pages of science over the selected stars: each is empty until it is opened, and computes when asked to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from data.selection import Selection
from explorer.background import Background
from explorer.binary_tab import BinaryTab
from explorer.calibration_page import CalibrationPage
from explorer.cluster_page import ClusterPage
from explorer.difference_page import DifferencePage
from explorer.pair_source import PairSource
from explorer.profile_page import ProfilePage
from explorer.session import Session
from explorer.space_planes_page import SpacePlanesPage
from explorer.star_models import StarModels
from explorer.stars import Stars
from explorer.systematics_page import SystematicsPage


class SciencePage(Protocol):
    """One visitor's page."""

    @property
    def view(self) -> Any:
        """What is laid out."""

    def follow(self) -> None:
        """Make what is in it, when it is opened first."""

    def close(self) -> None:
        """Give up what is under way: the visitor left."""


@dataclass(frozen=True, eq=False)
class Desk:
    """What such pages work with.

    Attributes
    ----------
    stars, session : the stars, and what the visitor chose.
    models : of the catalogue.
    pairs : of its stars; None where there are none.
    usual : selection that a visitor's page opens with.
    background : has work done off the page's thread.
    """

    stars: Stars
    session: Session
    models: StarModels
    pairs: PairSource | None
    usual: Selection
    background: Background


@dataclass(frozen=True)
class Kind:
    """A page: its title among the tabs, and how it is made."""

    title: str
    make: Callable[[Desk], SciencePage]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "profiles": Kind("Profiles", lambda d: ProfilePage(d.stars, d.session, d.background)),
        "planes": Kind("Planes", lambda d: SpacePlanesPage(d.stars, d.session, d.background)),
        "differences": Kind("Differences", lambda d: DifferencePage(d.stars, d.session, d.background)),
        "systematics": Kind("Systematics", lambda d: SystematicsPage(d.stars, d.session, d.background)),
        "binaries": Kind(
            "Binaries",
            lambda d: BinaryTab(d.stars, d.session, d.models, d.pairs, d.usual, d.background),
        ),
        "clusters": Kind("Clusters", lambda d: ClusterPage(d.stars, d.session, d.background)),
        "calibration": Kind(
            "Calibration", lambda d: CalibrationPage(d.stars, d.session, d.pairs, d.background)
        ),
    }
)

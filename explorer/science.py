"""Pages of science over the selected stars: each is empty, and computes nothing, until it is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from data.problem import DataError
from data.selection import Selection
from explorer import (
    binary_form,
    calibration_page,
    cluster_form,
    difference_form,
    profile_form,
    space_planes_form,
    systematics_page,
)
from explorer.background import Background
from explorer.binary_tab import BinaryTab
from explorer.calibration_page import CalibrationPage
from explorer.cluster_page import ClusterPage
from explorer.difference_page import DifferencePage
from explorer.offer import Offers, admitted
from explorer.pair_source import PairSource
from explorer.profile_page import ProfilePage
from explorer.session import Chosen, Session, State
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
        """Make what is in it when it is opened first, and have it follow the session while it is open."""

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
    """A page of science.

    Attributes
    ----------
    title : among the tabs.
    make : makes it.
    offers : what its controls offer in a state.
    check : refuses, with a DataError, choices that do not go together.
    """

    title: str
    make: Callable[[Desk], SciencePage]
    offers: Callable[[Stars, State], Offers]
    check: Callable[[Chosen], None] = lambda _chosen: None


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "profiles": Kind(
            "Profiles", lambda d: ProfilePage(d.stars, d.session, d.background), profile_form.offers
        ),
        "planes": Kind(
            "Planes", lambda d: SpacePlanesPage(d.stars, d.session, d.background), space_planes_form.offers
        ),
        "differences": Kind(
            "Differences", lambda d: DifferencePage(d.stars, d.session, d.background), difference_form.offers
        ),
        "systematics": Kind(
            "Systematics",
            lambda d: SystematicsPage(d.stars, d.session, d.background),
            systematics_page.offers,
        ),
        "binaries": Kind(
            "Binaries",
            lambda d: BinaryTab(d.stars, d.session, d.models, d.pairs, d.usual, d.background),
            binary_form.offers,
        ),
        "clusters": Kind(
            "Clusters",
            lambda d: ClusterPage(d.stars, d.session, d.background),
            cluster_form.offers,
            cluster_form.check,
        ),
        "calibration": Kind(
            "Calibration",
            lambda d: CalibrationPage(d.stars, d.session, d.pairs, d.background),
            calibration_page.offers,
        ),
    }
)


def chosen(given: object, stars: Stars, state: State) -> Mapping[str, Chosen]:
    """Read what is chosen on pages of science.

    Parameters
    ----------
    given : whatever a link says of them.
    stars, state : what the pages are of: columns and subsets of the state can be chosen.

    Raises
    ------
    DataError
        Where there is no such page, or it does not offer that; UnknownColumnError where that is a column.
    """
    if not isinstance(given, dict) or given.keys() - KINDS.keys():
        raise DataError(f"choices are of the pages {', '.join(KINDS)}, not {given!r:.80}")
    pages: dict[str, Chosen] = {}
    for page, each in given.items():
        kind = KINDS[page]
        pages[page] = admitted(each, kind.offers(stars, state), kind.title)
        kind.check(pages[page])
    return MappingProxyType(pages)

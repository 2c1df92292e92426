"""Open clusters that are ready to be looked at, as data.

Centres, half-number radii, proper motions with their spread, and distances are those of Cantat-Gaudin &
Anders (2020, A&A 633, A99, table 1: r50, s_pmRA, s_pmDE, dmode). How many of these make a cut is ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from model.clusters import ClusterCut

REFERENCE = "Cantat-Gaudin & Anders 2020, A&A 633, A99"
REACH = 3.0
"""Of half-number radii on the sky, and of spreads in proper motion."""
DEPTH = 0.15
"""Largest difference in distance, as a part of the distance: errors of distances are larger than clusters."""
LEAST_PM = 1.0
"""Smallest limit on proper motion, mas/yr: the spread is that of members with smaller errors than ours."""


@dataclass(frozen=True)
class OpenCluster:
    """A cluster as the catalogue gives it.

    Attributes
    ----------
    name, listed : usual name, and that of the catalogue.
    ra, dec : degrees.
    r50 : radius that holds half the members, degrees.
    pmra, s_pmra, pmdec, s_pmdec : mean proper motion and its spread, mas/yr.
    distance : pc.
    """

    name: str
    listed: str
    ra: float
    dec: float
    r50: float
    pmra: float
    s_pmra: float
    pmdec: float
    s_pmdec: float
    distance: float

    @property
    def cut(self) -> ClusterCut:
        """The limits that make its members."""
        spread = max(REACH * max(self.s_pmra, self.s_pmdec), LEAST_PM)
        away = self.distance / 1000
        return ClusterCut(
            self.ra, self.dec, round(REACH * self.r50, 3), self.pmra, self.pmdec, round(spread, 2),
            round(away, 4), round(DEPTH * away, 3),
        )  # fmt: skip


_TABLE = (
    ("Praesepe", "NGC_2632", 130.054, 19.621, 0.985, -36.09, 1.115, -12.919, 0.997, 185.5),
    ("Pleiades", "Melotte_22", 56.601, 24.114, 1.274, 20.077, 1.062, -45.503, 1.183, 135.6),
    ("alpha Per", "Melotte_20", 51.617, 48.975, 2.027, 22.864, 1.127, -25.378, 1.205, 175.5),
    ("NGC 752", "NGC_752", 29.223, 37.794, 0.485, 9.81, 0.272, -11.713, 0.266, 441.0),
    ("M34", "NGC_1039", 40.531, 42.722, 0.403, 0.722, 0.292, -5.681, 0.325, 505.5),
    ("M67", "NGC_2682", 132.846, 11.814, 0.166, -10.986, 0.193, -2.964, 0.201, 859.1),
    ("M35", "NGC_2168", 92.272, 24.336, 0.319, 2.308, 0.239, -2.905, 0.235, 862.4),
    ("NGC 6811", "NGC_6811", 294.34, 46.378, 0.19, -3.399, 0.116, -8.812, 0.123, 1112.5),
    ("M37", "NGC_2099", 88.074, 32.545, 0.161, 1.924, 0.201, -5.648, 0.175, 1438.1),
)
OPEN_CLUSTERS: Mapping[str, OpenCluster] = MappingProxyType({row[0]: OpenCluster(*row) for row in _TABLE})

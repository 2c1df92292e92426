"""Stars born together: open clusters and wide binaries planted in the mock survey.

Positions, distances and proper motions of the clusters are near those of Cantat-Gaudin et al. (2018, A&A 618,
A93), ages, radial velocities and [Fe/H] usual ones; abundances and numbers of members are the mock's.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.dust import extinction
from model.footprint import PLATE_RADIUS, Plates, offset
from model.galaxy import THIN_AGES, birth_radius_of
from model.kinematics import cylindrical, galactic
from model.survey import Plan, Sample, endow

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

PAIR_SHARE = 0.0015
"""Wide binaries per star of the survey."""
PAIR_REACH = 1.0
"""Binaries lie nearer than this, kpc."""


@dataclass(frozen=True)
class Cluster:
    """An open cluster.

    Attributes
    ----------
    name : as in catalogues.
    ra, dec : degrees.
    distance : kpc.
    pmra, pmdec : mas/yr.
    rv : km/s.
    age : Gyr.
    fe_h : dex.
    radius : core radius on the sky, degrees.
    richness : most members the survey can take.
    """

    name: str
    ra: float
    dec: float
    distance: float
    pmra: float
    pmdec: float
    rv: float
    age: float
    fe_h: float
    radius: float
    richness: int


CLUSTERS = (
    Cluster("Praesepe", 130.05, 19.67, 0.186, -36.05, -12.92, 35.0, 0.70, 0.16, 0.75, 420),
    Cluster("Pleiades", 56.75, 24.12, 0.136, 20.00, -45.55, 5.7, 0.13, -0.01, 0.90, 320),
    Cluster("M67", 132.85, 11.81, 0.88, -10.99, -2.96, 34.0, 3.8, 0.03, 0.25, 280),
    Cluster("NGC 752", 29.22, 37.79, 0.45, 9.81, -11.71, 6.0, 1.6, -0.03, 0.45, 140),
    Cluster("M35", 92.27, 24.34, 0.88, 2.31, -2.90, -7.5, 0.15, -0.10, 0.25, 300),
    Cluster("M37", 88.07, 32.55, 1.45, 1.92, -5.65, 8.0, 0.50, 0.05, 0.20, 260),
)

BRIGHT, FAINT = 7.5, 16.5
"""Limits of a cluster's own plate in G."""
FULL_RICHNESS = 250_000
"""Surveys of fewer stars hold fewer members, in proportion."""


def with_clusters(plan: Plan) -> Plan:
    """A plan with one more plate for each of CLUSTERS behind the others, filled with members only."""
    count, old = len(CLUSTERS), plan.plates
    plates = Plates(
        name=np.append(old.name, [f"MOCK {each.name}".encode() for each in CLUSTERS]).astype("S16"),
        ra=np.append(old.ra, [each.ra for each in CLUSTERS]),
        dec=np.append(old.dec, [each.dec for each in CLUSTERS]),
        bright=np.append(old.bright, np.full(count, BRIGHT)),
        faint=np.append(old.faint, np.full(count, FAINT)),
        clumps=np.append(old.clumps, np.ones(count)),
        share=np.append(old.share, np.zeros(count)),
    )
    return replace(plan, plates=plates)


def member_counts(start: int, stop: int, stars: int) -> Integers:
    """Members of each cluster among rows `start` to `stop` of a survey of so many stars."""
    richness = np.array([each.richness for each in CLUSTERS])
    total = np.minimum(richness, richness * stars // FULL_RICHNESS)
    counts: Integers = stop * total // stars - start * total // stars
    return counts


def _places(plan: Plan, number: int, count: int, random: np.random.Generator) -> Sample:
    """Where members of a cluster are; stars not yet given."""
    cluster = CLUSTERS[number]
    size = np.radians(cluster.radius)
    away = np.minimum(size * random.rayleigh(1.0, count), np.radians(0.98 * PLATE_RADIUS))
    ra, dec = offset(
        np.full(count, cluster.ra), np.full(count, cluster.dec), away, 2 * np.pi * random.random(count)
    )
    distance = cluster.distance * (1 + size * random.standard_normal(count))
    R, phi, z = cylindrical(ra, dec, distance, frame=plan.frame)
    age, fe_h = np.full(count, cluster.age), np.full(count, cluster.fe_h)
    empty = np.full(count, np.nan)
    return Sample(
        plate=np.full(count, len(plan.plates) - len(CLUSTERS) + number),
        component=np.full(count, np.searchsorted(THIN_AGES, cluster.age) - 1),
        ra=ra,
        dec=dec,
        distance=distance,
        R=R,
        phi=phi,
        z=z,
        age=age,
        fe_h=fe_h,
        birth_radius=birth_radius_of(fe_h, age),
        teff=empty,
        logg=empty,
        a_v=extinction(*galactic(ra, dec), distance, np.ones(count)),
        g=empty,
    )


def members(plan: Plan, number: int, count: int, random: np.random.Generator) -> Sample:
    """Draw members of a cluster.

    Parameters
    ----------
    plan : as with_clusters gives.
    number : in CLUSTERS.
    count : how many.
    random : source of random numbers.
    """
    drawn = endow(plan, _places(plan, number, count, random), random)[0]
    while len(drawn) < count:
        drawn = drawn.join(endow(plan, _places(plan, number, count, random), random)[0])
    return drawn.take(np.arange(count))


def companions(plan: Plan, field: Sample, count: int, random: np.random.Generator) -> tuple[Sample, Integers]:
    """Draw dwarf companions of nearby dwarfs, 5 to 60 arcsec from them on the same plate.

    Parameters
    ----------
    plan : of the survey.
    field : stars that may get a companion.
    count : how many.
    random : source of random numbers.

    Returns
    -------
    at most `count` companions and the row in `field` of the star each belongs to.
    """
    dwarfs = np.flatnonzero((field.logg > 4.1) & (field.distance < PAIR_REACH))
    primary = dwarfs[: 3 * count]
    places = field.take(primary)
    away = np.radians(5.0 / 3600) * 12.0 ** random.random(len(places))
    ra, dec = offset(places.ra, places.dec, away, 2 * np.pi * random.random(len(places)))
    drawn, kept = endow(plan, replace(places, ra=ra, dec=dec), random)
    usable = np.flatnonzero(drawn.logg > 4.1)[:count]
    return drawn.take(usable), primary[kept][usable]

"""What is true of the mock stars: field stars, and companions and cluster members beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.enrichment import abundances
from model.galaxy import POPULATIONS, THIN, populations
from model.kinematics import PhaseSpace, galactocentric, heliocentric
from model.motion import velocities
from model.siblings import CLUSTERS, PAIR_SHARE, companions, member_counts, members
from model.survey import Plan, Sample, draw
from model.tracks import microturbulence

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Truth:
    """What is true of the stars of a chunk.

    Attributes
    ----------
    sample : places and stellar parameters.
    pmra, pmdec, rv : mas/yr and km/s.
    vT : km/s.
    labels : true labels, [X/Fe] among them.
    cluster : number in siblings.CLUSTERS, or -1.
    binary : number of the wide binary, or -1.
    """

    sample: Sample
    pmra: Floats
    pmdec: Floats
    rv: Floats
    vT: Floats
    labels: Mapping[str, Floats]
    cluster: Integers
    binary: Integers


@dataclass(frozen=True, eq=False)
class Stars:
    """Stars of a chunk: field stars, then companions, then cluster members.

    Attributes
    ----------
    field : stars with motions and abundances of their own.
    companions : of some of them.
    primary : row in `field` of each companion's other half.
    members : of clusters.
    cluster : number in siblings.CLUSTERS of each member.
    """

    field: Sample
    companions: Sample
    primary: Integers
    members: Sample
    cluster: Integers

    def spread(self, own: Floats, of_members: Floats) -> Floats:
        """Values of all stars: companions take over those of their other half."""
        return np.concatenate((own, own[self.primary], of_members))


def _draw_stars(plan: Plan, start: int, stop: int, stars: int, random: np.random.Generator) -> Stars:
    counts = member_counts(start, stop, stars)
    pairs = int(stop * PAIR_SHARE) - int(start * PAIR_SHARE)
    field = draw(plan, stop - start - pairs - int(counts.sum()), random)
    others, primary = companions(plan, field, pairs, random)
    if len(others) < pairs:
        field = field.join(draw(plan, pairs - len(others), random))
    grouped = [members(plan, number, int(count), random) for number, count in enumerate(counts)]
    return Stars(
        field, others, primary, grouped[0].join(*grouped[1:]), np.repeat(np.arange(len(CLUSTERS)), counts)
    )


def draw_truth(
    plan: Plan,
    dispersions: Floats,
    clusters: Mapping[str, Floats],
    rows: tuple[int, int, int],
    random: np.random.Generator,
) -> Truth:
    """Draw stars and all that is true of them.

    Parameters
    ----------
    plan : of the survey, with clusters.
    dispersions : as motion.dispersion_table gives.
    clusters : as cluster_abundances gives.
    rows : first row, row after the last, and rows of the whole survey.
    random : source of random numbers.
    """
    start, stop, stars = rows
    drawn = _draw_stars(plan, start, stop, stars, random)
    field = drawn.field
    sample = field.join(drawn.companions, drawn.members)
    motion = velocities(dispersions, field.component, field.R, field.z, random)
    place = (field.R, field.phi, field.z)
    seen = heliocentric(PhaseSpace(*place, motion.vR, motion.vT, motion.vz), frame=plan.frame)[3:]
    moving = _cluster_motion(drawn.cluster, random)
    pmra, pmdec, rv = (drawn.spread(own, theirs) for own, theirs in zip(seen, moving, strict=True))
    chemistry = abundances(populations(field.component), field.fe_h, field.age, place, motion.ridge, random)
    labels = {
        "teff": sample.teff,
        "logg": sample.logg,
        "vmic": microturbulence(sample.teff, sample.logg),
        "fe_h": sample.fe_h,
        **{name: drawn.spread(own, clusters[name][drawn.cluster]) for name, own in chemistry.items()},
    }
    orbit = galactocentric(sample.ra, sample.dec, sample.distance, pmra, pmdec, rv, frame=plan.frame)
    cluster, binary = _groups(drawn, int(start * PAIR_SHARE))
    return Truth(sample, pmra, pmdec, rv, orbit.vT, labels, cluster, binary)


def _groups(drawn: Stars, pairs_before: int) -> tuple[Integers, Integers]:
    """Cluster and wide binary of every star, -1 where none."""
    alone = np.full(len(drawn.field), -1)
    binary = alone.copy()
    binary[drawn.primary] = pairs_before + np.arange(len(drawn.companions))
    cluster = np.concatenate((alone, np.full(len(drawn.companions), -1), drawn.cluster))
    return cluster, np.concatenate((binary, binary[drawn.primary], np.full(drawn.cluster.size, -1)))


def cluster_abundances(random: np.random.Generator) -> dict[str, Floats]:
    """Draw [X/Fe] of each of siblings.CLUSTERS, dex."""
    fe_h = np.array([each.fe_h for each in CLUSTERS])
    age = np.array([each.age for each in CLUSTERS])
    thin = np.full(fe_h.shape, POPULATIONS.index(THIN))
    nowhere = np.zeros_like(fe_h)
    return abundances(thin, fe_h, age, (nowhere + 8.0, nowhere, nowhere), nowhere, random)


def _cluster_motion(cluster: Integers, random: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Proper motions and radial velocities of members: the cluster's, and 0.6 km/s of their own."""
    facts = np.array([(each.pmra, each.pmdec, each.rv, each.distance) for each in CLUSTERS])[cluster].T
    noise = 0.6 * random.standard_normal((3, cluster.size))
    per_km_s = 1 / (4.74047 * facts[3])
    return facts[0] + noise[0] * per_km_s, facts[1] + noise[1] * per_km_s, facts[2] + noise[2]

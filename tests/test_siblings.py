"""Clusters and binaries: where and how many."""

from itertools import pairwise

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from model.footprint import PLATE_RADIUS
from model.kinematics import SolarFrame
from model.siblings import CLUSTERS, PAIR_REACH, companions, member_counts, members, with_clusters
from model.survey import draw, plan_survey


@pytest.fixture(scope="module")
def survey():
    return with_clusters(plan_survey(np.random.default_rng(1), SolarFrame()))


@pytest.mark.parametrize("stars", [1, 999, 200_000, 3_900_000])
def test_counts_of_all_chunks_add_up(stars):
    edges = np.append(np.arange(0, stars, 100_000), stars)
    total = sum(member_counts(int(a), int(b), stars) for a, b in pairwise(edges))
    richness = np.array([each.richness for each in CLUSTERS])
    np.testing.assert_array_equal(total, np.minimum(richness, richness * stars // 250_000))


@pytest.mark.parametrize("number", range(len(CLUSTERS)))
def test_members_are_where_the_cluster_is(survey, number):
    cluster = CLUSTERS[number]
    stars = members(survey, number, 200, np.random.default_rng(2))
    assert len(stars) == 200
    centre = SkyCoord(cluster.ra * u.deg, cluster.dec * u.deg)
    away = centre.separation(SkyCoord(stars.ra * u.deg, stars.dec * u.deg)).deg
    assert away.max() < PLATE_RADIUS
    assert np.median(away) == pytest.approx(1.18 * cluster.radius, rel=0.2)
    assert np.mean(stars.distance) == pytest.approx(cluster.distance, rel=0.01)
    assert set(stars.fe_h) == {cluster.fe_h}
    assert set(stars.age) == {cluster.age}
    assert set(survey.plates.name[stars.plate]) == {f"MOCK {cluster.name}".encode()}
    assert np.all(stars.g < survey.plates.faint[stars.plate])


def test_praesepe_is_at_its_real_place():
    praesepe = next(each for each in CLUSTERS if each.name == "Praesepe")
    real = SkyCoord("08h40m12.9s +19d37m16s")
    assert real.separation(SkyCoord(praesepe.ra * u.deg, praesepe.dec * u.deg)).deg < 0.1
    assert praesepe.distance == pytest.approx(0.186, abs=0.004)


def test_companions_are_dwarfs_beside_dwarfs(survey):
    field = draw(survey, 5000, np.random.default_rng(3))
    others, primary = companions(survey, field, 100, np.random.default_rng(4))
    assert len(others) == len(primary) == len(set(primary)) == 100
    first = field.take(primary)
    away = SkyCoord(first.ra * u.deg, first.dec * u.deg).separation(
        SkyCoord(others.ra * u.deg, others.dec * u.deg)
    )
    assert np.all((away.arcsec > 4.99) & (away.arcsec < 60.01))
    for name in ("distance", "age", "fe_h", "birth_radius", "plate", "component"):
        np.testing.assert_array_equal(getattr(others, name), getattr(first, name))
    assert np.all(others.logg > 4.1)
    assert np.all(first.distance < PAIR_REACH)
    assert np.mean(np.abs(others.teff - first.teff) > 100) > 0.5


def test_asking_for_no_companions_gives_none(survey):
    field = draw(survey, 200, np.random.default_rng(5))
    others, primary = companions(survey, field, 0, np.random.default_rng(6))
    assert len(others) == len(primary) == 0

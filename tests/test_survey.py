"""Drawing stars: limits, counts, determinism, and one plate against brute force."""

from dataclasses import fields, replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from model.dust import extinction
from model.footprint import PLATE_RADIUS, scatter_in_plates
from model.galaxy import COMPONENTS, birth
from model.kinematics import SolarFrame, cylindrical, galactic
from model.luminosity import rows
from model.survey import STEPS, draw, modulus, plan_survey

STARS = 40_000


@pytest.fixture(scope="module")
def survey():
    return plan_survey(np.random.default_rng(1), SolarFrame())


@pytest.fixture(scope="module")
def stars(survey):
    return draw(survey, STARS, np.random.default_rng(2))


def test_asked_for_number_of_stars(stars):
    assert {len(getattr(stars, field.name)) for field in fields(stars)} == {STARS}
    for field in fields(stars):
        if field.name != "birth_radius":
            assert np.all(np.isfinite(getattr(stars, field.name)))


def test_same_state_draws_the_same_stars(survey):
    first, again, other = (draw(survey, 3_000, np.random.default_rng(seed)) for seed in (2, 2, 3))
    for field in fields(first):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(first, field.name))
    assert not np.isin(other.ra, first.ra).any()


def test_stars_keep_their_plates_limits(survey, stars):
    assert np.all(stars.g > survey.plates.bright[stars.plate])
    assert np.all(stars.g < survey.plates.faint[stars.plate])
    centre = SkyCoord(survey.plates.ra[stars.plate] * u.deg, survey.plates.dec[stars.plate] * u.deg)
    assert centre.separation(SkyCoord(stars.ra * u.deg, stars.dec * u.deg)).deg.max() < PLATE_RADIUS + 1e-9
    assert stars.dec.min() > -10


def test_plates_get_their_share(survey, stars):
    counts = np.bincount(stars.plate, minlength=len(survey.plates))
    expected = STARS * survey.plates.share
    assert np.sum((counts - expected) ** 2 / expected) / len(counts) == pytest.approx(1, abs=0.2)


def only(survey, plate):
    """Give the plan with one plate of the survey."""
    cells = np.diff(survey.cumulative, prepend=0).reshape(len(survey.plates), -1)
    kept = np.zeros_like(cells)
    kept[plate] = cells[plate]
    return replace(survey, cumulative=np.cumsum(kept.ravel()) / cells[plate].sum())


@pytest.mark.parametrize("kind", [b"V", b"M"])
def test_one_plate_holds_what_brute_force_says(survey, kind):
    """Distances and populations of a plate, from places all over its cone that are weighted one by one."""
    _, latitude = galactic(survey.plates.ra, survey.plates.dec)
    of_kind = np.char.endswith(survey.plates.name, kind)
    plate = int(np.flatnonzero(of_kind & (np.abs(latitude - 12) < 2))[0])
    drawn = draw(only(survey, plate), 20_000, np.random.default_rng(4))
    random = np.random.default_rng(5)
    count = 60_000
    distance = np.exp(random.uniform(np.log(0.05), np.log(30), count))
    ra, dec = scatter_in_plates(
        np.full(count, survey.plates.ra[plate]), np.full(count, survey.plates.dec[plate]), random
    )
    R, _, z = cylindrical(ra, dec, distance)
    shift = modulus(
        distance, extinction(*galactic(ra, dec), distance, np.full(count, survey.plates.clumps[plate]))
    )
    weights = []
    for number, component in enumerate(COMPONENTS):
        which = np.full(count, number)
        age = random.uniform(*component.ages, count)
        row = rows(which, birth(which, R, age, random)[1])
        seen = survey.light.share(row, survey.plates.faint[plate] - shift)
        seen = seen - survey.light.share(row, survey.plates.bright[plate] - shift)
        weights.append(distance**3 * component.density(R, z) * survey.light.total[row] * seen)
    weight = np.array(weights)
    mix = np.bincount(drawn.component, minlength=len(COMPONENTS)) / len(drawn)
    np.testing.assert_allclose(mix, weight.sum(axis=1) / weight.sum(), atol=0.012)
    order = np.argsort(distance)
    running = np.cumsum(weight.sum(axis=0)[order]) / weight.sum()
    below = np.searchsorted(np.sort(drawn.distance), distance[order]) / len(drawn)
    assert np.max(np.abs(below - running)) < 0.025


def test_plan_has_a_cell_for_every_plate_distance_and_component(survey):
    assert survey.cumulative.shape == survey.expected.shape == (len(survey.plates) * STEPS * len(COMPONENTS),)
    assert np.all(np.diff(survey.cumulative) >= 0)
    assert survey.cumulative[-1] == 1

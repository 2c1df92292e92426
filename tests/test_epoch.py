"""Proper motions: against astropy's space motion, there and back, and what is missing stays."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from model.epoch import propagate

ARCSEC = 1 / 3600


def stars(number=2000, seed=1):
    """All over the sky, with motions from a mas to ten arcsec per year; some at the poles and at 0h."""
    random = np.random.default_rng(seed)
    ra = random.uniform(0, 360, number)
    dec = np.degrees(np.arcsin(random.uniform(-1, 1, number)))
    ra[:50], dec[50:70], dec[70:90] = 1e-7, 90 - 1e-6, -90 + 1e-6
    speed, angle = 10 ** random.uniform(0, 4, number), random.uniform(0, 2 * np.pi, number)
    return ra, dec, speed * np.cos(angle), speed * np.sin(angle)


def apart(ra, dec, other_ra, other_dec):
    """Separation by astropy, arcsec."""
    one, other = SkyCoord(ra, dec, unit="deg"), SkyCoord(other_ra, other_dec, unit="deg")
    return one.separation(other).arcsec


@pytest.mark.parametrize(("start", "end"), [(2015.5, 2013.5), (2016.0, 2000.0), (2015.5, 2115.5)])
def test_positions_are_those_of_astropy(start, end):
    ra, dec, pmra, pmdec = stars()
    here = SkyCoord(
        ra * u.deg, dec * u.deg, distance=10 * u.pc, radial_velocity=0 * u.km / u.s,
        pm_ra_cosdec=pmra * u.mas / u.yr, pm_dec=pmdec * u.mas / u.yr,
        obstime=Time(start, format="jyear", scale="tcb"),
    )  # fmt: skip
    there = here.apply_space_motion(new_obstime=Time(end, format="jyear", scale="tcb"))
    moved = propagate(ra, dec, pmra, pmdec, start, end)
    assert apart(*moved, there.ra.deg, there.dec.deg).max() < 1e-4
    assert apart(*moved, ra, dec).max() > 5


def test_a_barnard_like_star_moves_by_its_proper_motion():
    ra, dec = propagate([269.45], [4.69], [-801.55], [10362.39], 2016.0, 2026.0)
    assert apart(ra, dec, 269.45, 4.69)[0] == pytest.approx(10 * np.hypot(801.55, 10362.39) / 1000, rel=1e-6)
    assert dec[0] > 4.69
    assert ra[0] < 269.45


def test_what_is_missing_leaves_the_position_as_it_was():
    nan = np.nan
    ra, dec = np.array([10.1, 20.2, 30.3, 40.4, nan]), np.array([1.1, -2.2, 3.3, 4.4, 5.5])
    pmra, pmdec = [nan, 1.0, 5.0, 9e3, 1.0], [1.0, nan, 5.0, 0.0, 1.0]
    moved = propagate(ra, dec, pmra, pmdec, [2015.5, 2015.5, nan, 2015.5, 2015.5], 2000)
    np.testing.assert_array_equal(moved[0][:3], ra[:3])
    np.testing.assert_array_equal(moved[1][[0, 1, 2, 4]], dec[[0, 1, 2, 4]])
    assert moved[0][3] != ra[3]
    assert np.isnan(moved[0][4])


def test_the_callers_arrays_stay_and_one_epoch_may_be_given_for_each_star():
    ra, dec, pmra, pmdec = stars(10)
    kept = ra.copy()
    years = np.linspace(2000, 2020, 10)
    together = propagate(ra, dec, pmra, pmdec, years, 2013.5)
    for star in range(10):
        alone = propagate(ra[star], dec[star], pmra[star], pmdec[star], years[star], 2013.5)
        assert (together[0][star], together[1][star]) == (alone[0], alone[1])
    np.testing.assert_array_equal(ra, kept)


@given(
    st.floats(0, 360, exclude_max=True), st.floats(-90, 90), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4),
    st.floats(-100, 100),
)  # fmt: skip
def test_moved_positions_are_on_the_sphere_at_the_right_distance(ra, dec, pmra, pmdec, years):
    moved_ra, moved_dec = propagate([ra], [dec], [pmra], [pmdec], 2000.0, 2000.0 + years)
    assert 0 <= moved_ra[0] < 360
    assert -90 <= moved_dec[0] <= 90
    way = np.hypot(pmra, pmdec) * abs(years) / 1000 * ARCSEC
    expected = np.degrees(np.arctan(np.radians(way))) / ARCSEC
    assert apart(moved_ra, moved_dec, ra, dec)[0] == pytest.approx(expected, rel=1e-9, abs=2e-9)

"""Plates: where they are, against astropy's geometry."""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from model.footprint import DEC_HIGH, DEC_LOW, PLATE_RADIUS, offset, plates, scatter_in_plates
from model.kinematics import galactic


def test_stars_lie_on_their_plate_and_in_the_survey():
    field = plates(np.random.default_rng(1))
    which = np.random.default_rng(2).integers(len(field), size=20_000)
    ra, dec = scatter_in_plates(field.ra[which], field.dec[which], np.random.default_rng(3))
    centre = SkyCoord(field.ra[which] * u.deg, field.dec[which] * u.deg)
    away = centre.separation(SkyCoord(ra * u.deg, dec * u.deg)).deg
    assert away.max() <= PLATE_RADIUS * (1 + 1e-9)
    assert np.median(away) / PLATE_RADIUS > 0.68
    assert dec.min() > DEC_LOW
    assert dec.max() < DEC_HIGH
    assert np.all((ra >= 0) & (ra < 360))


def test_survey_favours_the_anticentre():
    field = plates(np.random.default_rng(1))
    longitude, latitude = galactic(field.ra, field.dec)
    anticentre = (np.abs(longitude - 180) < 40) & (np.abs(latitude) < 30)
    opposite = (np.abs(longitude - 60) < 40) & (np.abs(latitude) < 30)
    assert field.share[anticentre].sum() > 4 * field.share[opposite].sum()
    assert 0.3 < field.share[anticentre].sum() < 0.6


def test_plates_are_distinct_and_share_all_stars():
    field = plates(np.random.default_rng(1))
    assert len(np.unique(field.name)) == len(field)
    assert np.all(field.share > 0)
    assert abs(field.share.sum() - 1) < 1e-12
    assert np.all(field.faint > field.bright)


def test_offset_is_astropys():
    draw = np.random.default_rng(4)
    ra, dec, away = draw.uniform(0, 360, 1000), draw.uniform(-85, 85, 1000), draw.uniform(0, 0.1, 1000)
    turn = draw.uniform(0, 2 * np.pi, 1000)
    expected = SkyCoord(ra * u.deg, dec * u.deg).directional_offset_by(turn * u.rad, away * u.rad)
    moved = SkyCoord(*(each * u.deg for each in offset(ra, dec, away, turn)))
    assert expected.separation(moved).deg.max() < 1e-10

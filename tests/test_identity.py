"""Names and numbers against astropy's sexagesimal text."""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from model.identity import designations, obsids, source_ids


def test_designations_are_cut_positions():
    draw = np.random.default_rng(1)
    ra, dec = draw.uniform(0, 360, 500), draw.uniform(-10, 80, 500)
    for name, place in zip(designations(ra, dec), SkyCoord(ra * u.deg, dec * u.deg), strict=True):
        hours, degrees = name.decode().removeprefix("MOCK J")[:9], name.decode().removeprefix("MOCK J")[9:]
        assert 0 <= place.ra.hourangle * 3600 - _seconds(hours) < 0.0100001
        assert 0 <= abs(place.dec.deg) * 3600 - _seconds(degrees[1:]) < 0.1000001
        assert degrees[0] == ("-" if place.dec.deg < 0 else "+")


def _seconds(text):
    return int(text[:2]) * 3600 + int(text[2:4]) * 60 + float(text[4:])


def test_known_designation():
    assert designations(np.array([101.25]), np.array([-0.5])).tolist() == [b"MOCK J064500.00-003000.0"]


def test_ids_are_no_real_stars_and_need_64_bits():
    ids = source_ids(np.arange(5000))
    assert ids.dtype == np.int64
    assert ids.min() > 201_326_592 * 2**35
    assert len(np.unique(ids)) == 5000
    assert np.mean(ids.astype(np.float64).astype(np.int64) != ids) > 0.9
    assert len(np.unique(obsids(np.arange(5000)))) == 5000

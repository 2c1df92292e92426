"""Crossmatches against brute force and astropy, on small skies with poles, 0h, duplicates and ties."""

from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from astropy.coordinates import SkyCoord, match_coordinates_sky
from hypothesis import given, settings
from hypothesis import strategies as st

from data import crossmatch
from data.crossmatch import first_of_each, match_gaia, match_identifiers, match_sky
from data.problem import DataError
from data.surveys import SurveyTable
from model.epoch import propagate

ARCSEC = 1 / 3600
BIG = 4_929_746_660_437_392_257


def separations(ra, dec, other_ra, other_dec):
    """Every row against every other, arcsec, by the formula of Vincenty, good at all angles."""
    a, d = np.radians(ra)[:, None], np.radians(dec)[:, None]
    b, e = np.radians(other_ra)[None], np.radians(other_dec)[None]
    across = np.hypot(
        np.cos(e) * np.sin(b - a), np.cos(d) * np.sin(e) - np.sin(d) * np.cos(e) * np.cos(b - a)
    )
    along = np.sin(d) * np.sin(e) + np.cos(d) * np.cos(e) * np.cos(b - a)
    return np.degrees(np.arctan2(across, along)) / ARCSEC


def brute_force(ra, dec, other_ra, other_dec, radius, prefer=None):
    """The rule, spelt out row by row."""
    apart = separations(ra, dec, other_ra, other_dec)
    ranks = np.zeros(len(other_ra)) if prefer is None else np.where(np.isnan(prefer), np.inf, prefer)
    rows = []
    for each in apart:
        inside = [(ranks[row], each[row], row) for row in np.flatnonzero(each <= radius)]
        rows.append((min(inside)[2] if inside else -1, len(inside)))
    return np.array([row for row, _ in rows]), np.array([count for _, count in rows]), apart


def clumps(random, number, centre):
    """Stars within a few arcsec around a place, also over a pole and over 0h, with some exact duplicates."""
    ra, dec = centre
    x, y = random.normal(0, 3, (2, number))
    from_pole = propagate(np.full(number, ra), np.full(number, dec), x * 1000, y * 1000, 0, 1)
    ra, dec = from_pole
    ra[-5:], dec[-5:] = ra[:5], dec[:5]
    return ra, dec


@pytest.mark.parametrize("preferring", [False, True], ids=["nearest", "brightest"])
@pytest.mark.parametrize(
    "centre",
    [(0.0, 10.0), (360.0, -60.0), (123.0, 90.0), (10.0, -90.0), (77.0, 89.9995), (180.0, 0.0)],
    ids=["0h", "24h", "north pole", "south pole", "by the pole", "equator"],
)
def test_it_is_brute_force(centre, preferring):
    random = np.random.default_rng(3)
    ra, dec = clumps(random, 80, centre)
    other_ra, other_dec = clumps(random, 120, centre)
    prefer = np.round(random.uniform(8, 12, 120)) if preferring else None
    if prefer is not None:
        prefer[::7] = np.nan
    found = match_sky(ra, dec, other_ra, other_dec, 1.5, prefer=prefer)
    row, count, apart = brute_force(ra, dec, other_ra, other_dec, 1.5, prefer)
    assert 0 < (row >= 0).sum() < 80
    assert (count > 1).any()
    np.testing.assert_array_equal(found.candidates, count)
    matched = row >= 0
    np.testing.assert_array_equal(found.row >= 0, matched)
    np.testing.assert_allclose(
        found.separation[matched], apart[np.flatnonzero(matched), row[matched]], atol=1e-7
    )
    assert np.isnan(found.separation[~matched]).all()
    same_place = separations(other_ra[row], other_dec[row], other_ra[found.row], other_dec[found.row])
    assert (np.diag(same_place)[matched] == 0).all()
    if prefer is not None:
        np.testing.assert_array_equal(prefer[found.row[matched]], prefer[row[matched]])


def test_it_is_astropys_nearest():
    random = np.random.default_rng(5)
    sky = [random.uniform(0, 360, 3000), np.degrees(np.arcsin(random.uniform(-1, 1, 3000)))]
    near = [sky[0][:2000] + random.normal(0, 0.5 * ARCSEC, 2000), sky[1][:2000]]
    found = match_sky(*near, *sky, 2.0)
    index, apart, _ = match_coordinates_sky(SkyCoord(*near, unit="deg"), SkyCoord(*sky, unit="deg"))
    inside = apart.arcsec <= 2
    assert inside.sum() > 1900
    np.testing.assert_array_equal(found.row, np.where(inside, index, -1))
    np.testing.assert_allclose(found.separation[inside], apart.arcsec[inside], atol=1e-8)


meridians = st.sampled_from([0.0, 1e-4, 359.9999, 360.0, 90.0, 90.0001])
parallels = st.sampled_from([90.0, 89.9999, -90.0, 0.0, 1e-4])
places = st.lists(st.tuples(meridians, parallels), min_size=1, max_size=12)


@settings(deadline=None)
@given(places, places, st.sampled_from([0.1, 0.5, 1.0, 2.0]), st.data())
def test_rules_hold_on_any_sky(here, there, radius, data):
    ra, dec = np.array(here).T
    other_ra, other_dec = np.array(there).T
    prefer = data.draw(
        st.none() | st.lists(st.sampled_from([8.0, 9.0, np.nan]), min_size=len(there), max_size=len(there))
    )
    values = None if prefer is None else np.array(prefer)
    found = match_sky(ra, dec, other_ra, other_dec, radius, prefer=values)
    row, count, apart = brute_force(ra, dec, other_ra, other_dec, radius, values)
    np.testing.assert_array_equal(found.row >= 0, row >= 0)
    np.testing.assert_array_equal(found.candidates, count)
    matched = np.flatnonzero(row >= 0)
    best, ours = apart[matched, row[matched]], apart[matched, found.row[matched]]
    np.testing.assert_allclose(ours, best, atol=1e-7)
    np.testing.assert_allclose(found.separation[matched], ours, atol=1e-7)


def test_equal_ones_go_by_the_lowest_row_and_the_radius_counts():
    other_ra, other_dec = np.full(4, 10.0), np.full(4, 20.0)
    found = match_sky([10.0], [20.0], other_ra, other_dec, 1.0)
    assert (found.row[0], found.separation[0], found.candidates[0]) == (0, 0, 4)
    assert match_sky([10.0], [20.0], other_ra, other_dec, 1.0, prefer=[9, 8, 8, np.nan]).row[0] == 1
    shifted = match_sky([10.0], [20.0 + 1.0001 * ARCSEC], other_ra, other_dec, 1.0)
    assert (shifted.row[0], shifted.candidates[0]) == (-1, 0)
    assert match_sky([10.0], [20.0 + 0.9999 * ARCSEC], other_ra, other_dec, 1.0).row[0] == 0


def test_the_brightest_is_taken_though_another_is_nearer():
    found = match_sky([0.0], [0.0], [0.1 * ARCSEC, 0.9 * ARCSEC, 1.5 * ARCSEC], [0, 0, 0], prefer=[18, 12, 5])
    assert found.row[0] == 1
    assert found.separation[0] == pytest.approx(0.9, abs=1e-9)


def test_what_has_no_position_matches_nothing():
    nan = np.nan
    found = match_sky([10, nan, 10, 30], [20, 20, nan, 40], [nan, 10, 30], [20, 20, nan])
    np.testing.assert_array_equal(found.row, [1, -1, -1, -1])
    np.testing.assert_array_equal(found.candidates, [1, 0, 0, 0])
    assert match_sky([10.0], [20.0], [], []).row.tolist() == [-1]
    assert match_sky([], [], [10.0], [20.0]).row.tolist() == []
    assert match_sky([10.0], [20.0], [nan], [nan]).report.matched == 0


def test_chunks_shares_and_threads_change_nothing(monkeypatch):
    random = np.random.default_rng(8)
    ra, dec = clumps(random, 300, (0.0, 40.0))
    other_ra, other_dec = clumps(random, 400, (0.0, 40.0))
    prefer = random.uniform(8, 12, 400)
    whole = match_sky(ra, dec, other_ra, other_dec, 1.0, prefer=prefer)
    monkeypatch.setattr(crossmatch, "_CHUNK", 37)
    monkeypatch.setattr(crossmatch, "_PAIRS", 11)
    split = match_sky(ra, dec, other_ra, other_dec, 1.0, prefer=prefer, workers=2)
    np.testing.assert_array_equal(split.row, whole.row)
    np.testing.assert_array_equal(split.separation, whole.separation)
    np.testing.assert_array_equal(split.candidates, whole.candidates)


@pytest.mark.parametrize("radius", [0, -1, np.nan, 36_001])
def test_a_strange_radius_is_refused(radius):
    with pytest.raises(DataError, match="radius of a match"):
        match_sky([1.0], [1.0], [1.0], [1.0], radius)


def test_lengths_that_differ_are_refused():
    with pytest.raises(DataError, match="expected one length"):
        match_sky([1.0, 2.0], [1.0], [1.0], [1.0])
    with pytest.raises(DataError, match="one value for each of 1 rows"):
        match_sky([1.0], [1.0], [1.0], [1.0], prefer=[1.0, 2.0])


def test_the_report_counts():
    other_ra = np.array([10.0, 10.0 + 0.5 * ARCSEC, 50.0])
    found = match_sky([10, 10.0, 50, 90], [0, 0.2 * ARCSEC, 0.4 * ARCSEC, 0], other_ra, np.zeros(3))
    report = found.report
    assert (report.rows, report.matched, report.unmatched) == (4, 3, 1)
    assert (report.ambiguous, report.shared) == (2, 1)
    assert report.median_separation == pytest.approx(0.2, abs=1e-9)
    assert str(report) == (
        "3 of 4 rows matched, 1 not; 2 had more than one to choose from; "
        "1 of the other table went to several, median separation 0.2 arcsec"
    )
    assert "median" not in str(match_identifiers(np.array([1]), np.array([1])).report)


# stars that move


def test_fast_stars_are_found_where_they_were_and_not_where_they_are():
    random = np.random.default_rng(12)
    ra, dec = random.uniform(0, 360, 60), np.degrees(np.arcsin(random.uniform(-1, 1, 60)))
    pmra, pmdec = random.uniform(500, 900, (2, 60))
    seen = propagate(ra, dec, pmra, pmdec, 2016.0, 2013.5)
    assert match_sky(*seen, ra, dec, 1.0).report.matched == 0
    found = match_sky(ra, dec, *propagate(*seen, pmra, pmdec, 2013.5, 2016.0), 1.0)
    np.testing.assert_array_equal(found.row, np.arange(60))
    assert found.separation.max() < 1e-3


# identifiers


def test_identifiers_of_64_bits_are_matched_exactly():
    ids = np.array([BIG, BIG + 1, -1, 7, BIG - 1])
    found = match_identifiers(ids, np.array([7, BIG + 1, BIG, -1]))
    np.testing.assert_array_equal(found.row, [2, 1, -1, 0, -1])
    assert np.isnan(found.separation).all()


def test_unsigned_identifiers_are_matched_exactly_too():
    found = match_identifiers(np.array([BIG, BIG + 1]), np.array([BIG + 1, BIG], dtype=np.uint64))
    np.testing.assert_array_equal(found.row, [1, 0])
    with pytest.raises(DataError, match="beyond 64 signed bits"):
        match_identifiers(np.array([1]), np.array([2**64 - 1], dtype=np.uint64))


def test_texts_are_matched_whatever_their_widths():
    found = match_identifiers(np.array([b"J1", b"", b"J123"]), np.array([b"", b"J1234567", b"J123", b"J1"]))
    np.testing.assert_array_equal(found.row, [3, -1, 2])


def test_the_first_of_duplicates_is_taken_and_they_are_counted():
    found = match_identifiers(np.array([5, 6, 5]), np.array([6, 5, 5, 9, 5]))
    np.testing.assert_array_equal(found.row, [1, 0, 1])
    np.testing.assert_array_equal(found.candidates, [3, 1, 3])
    assert (found.report.ambiguous, found.report.shared) == (2, 1)


@given(st.lists(st.integers(-1, 6)), st.lists(st.integers(-1, 6)))
def test_identifiers_are_brute_force(ids, others):
    found = match_identifiers(np.array(ids, dtype=np.int64), np.array(others, dtype=np.int64))
    expected = [others.index(each) if each >= 0 and each in others else -1 for each in ids]
    assert found.row.tolist() == expected
    assert found.candidates.tolist() == [others.count(each) if each >= 0 else 0 for each in ids]


@pytest.mark.parametrize(
    ("one", "other"), [([1.0], [1]), ([1], [b"1"]), ([1.0], [1.0]), (["1"], ["1"])], ids=str
)
def test_identifiers_that_are_no_identifiers_are_refused(one, other):
    with pytest.raises(DataError, match="cannot be matched"):
        match_identifiers(np.array(one), np.array(other))


@given(st.lists(st.sampled_from([-1, 0, 1, 2, 3, BIG, BIG + 1])))
def test_the_first_of_each_identifier_is_that_of_a_plain_loop(ids):
    seen, expected = set(), []
    for each in ids:
        expected.append(each <= 0 or each not in seen)
        seen.add(each)
    assert first_of_each(np.array(ids, dtype=np.int64)).tolist() == expected


# Gaia releases


def gaia(name, release, ids=(BIG,)):
    columns = {"source_id": np.array(ids)} if ids else {}
    return SurveyTable(
        Path(name), "gaia", "gaia", len(ids), MappingProxyType(columns), {}, {}, release, 2016.0, ()
    )


def test_tables_of_one_release_are_matched_by_source_id():
    assert match_gaia(gaia("a", "DR2"), gaia("b", "Gaia DR2", (7, BIG))).row.tolist() == [1]
    assert match_gaia(gaia("a", "EDR3"), gaia("b", "DR3")).row.tolist() == [0]


@pytest.mark.parametrize("other", ["DR3", "EDR3", "DR1"])
def test_identifiers_of_different_releases_are_not_joined_by_number(other):
    with pytest.raises(DataError, match="different stars in them; match the tables by position"):
        match_gaia(gaia("a.fits", "DR2"), gaia("b.fits", other))


def test_a_release_that_is_not_known_is_asked_for():
    with pytest.raises(DataError, match=r"b\.fits does not say of which Gaia release"):
        match_gaia(gaia("a.fits", "DR2"), gaia("b.fits", ""))
    with pytest.raises(DataError, match="gives no source_id"):
        match_gaia(gaia("a.fits", "DR2"), gaia("b.fits", "", ()))

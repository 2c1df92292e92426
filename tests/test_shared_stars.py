"""Stars that two catalogues share: against plain loops, each star once, releases that must agree."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import example, given
from hypothesis import strategies as st

from data.problem import DataError
from data.shared_stars import shared_by_id, shared_by_place

ids = st.lists(st.integers(-1, 9), max_size=12)


@given(ids, ids)
def test_identifiers_are_matched_as_plainly(one, other):
    found = shared_by_id(np.array(one, np.int64), np.array(other, np.int64), "DR3", "EDR3")
    expected, taken, dropped = [], set(), 0
    for row, name in enumerate(one):
        if name < 0 or name not in other:
            continue
        place = other.index(name)
        if place in taken:
            dropped += 1
            continue
        taken.add(place)
        expected.append((row, place))
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert found.dropped == dropped
    assert found.nameless == sum(name < 0 for name in one)
    assert found.doubtful == sum(other.count(one[row]) > 1 for row, _ in expected)
    assert (found.rows, found.others) == (len(one), len(other))


rows_of_ids = st.lists(st.tuples(st.integers(-1, 6), st.booleans()), max_size=12)


@given(rows_of_ids, rows_of_ids)
@example(
    [(1, False), (1, True), (2, True), (3, True)], [(1, True), (2, False), (2, True), (3, True)]
)  # both first rows fail
def test_every_star_with_a_row_that_passes_in_both_is_shared(one, other):
    ids, passes = (np.array([each[0] for each in one], np.int64), np.array([each[1] for each in one], bool))
    others, others_pass = (
        np.array([each[0] for each in other], np.int64),
        np.array([each[1] for each in other], bool),
    )
    found = shared_by_id(ids[passes], others[others_pass], "DR3", "DR3").of_whole(passes, others_pass)
    stars = {name for name, passed in one if passed and name >= 0}
    stars &= {name for name, passed in other if passed}
    expected = sorted((one.index((name, True)), other.index((name, True))) for name in stars)
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert (found.rows, found.others) == (sum(passes), sum(others_pass))
    assert found.out_of == (len(one), len(other))
    assert len(found) + found.dropped == sum(name in stars for name, passed in one if passed)
    assert found.is_narrowed == (not (all(passes) and all(others_pass)))


def test_large_identifiers_stay_exact():
    one = np.array([661322846519248896, 661322846519248897], np.int64)
    found = shared_by_id(one, one[::-1].copy(), "DR2", "gaia dr2")
    assert (found.first.tolist(), found.second.tolist()) == ([0, 1], [1, 0])


@pytest.mark.parametrize(
    ("releases", "told"),
    [
        (("", "DR3"), "the first catalogue does not say"),
        (("DR3", ""), "the other catalogue does not say"),
        (("DR2", "DR3"), "the same number names different stars"),
    ],
)
def test_releases_must_be_known_and_agree(releases, told):
    with pytest.raises(DataError, match=told):
        shared_by_id(np.array([1]), np.array([1]), *releases)


def test_positions_are_matched_as_plainly():
    random = np.random.default_rng(4)
    ra, dec = random.uniform(0, 0.02, 300) + 359.99, random.uniform(88.0, 88.02, 300)
    ra[5] = np.nan
    rows = random.integers(0, 300, 200)
    other_ra = (np.nan_to_num(ra[rows], nan=10) + random.normal(0, 2e-3, 200)) % 360
    other_dec = dec[rows] + random.normal(0, 1e-4, 200)
    found = shared_by_place(ra % 360, dec, other_ra, other_dec, 1.0)
    others = SkyCoord(other_ra * u.deg, other_dec * u.deg)
    best = {}
    for row in range(300):
        if row == 5:
            continue
        apart = SkyCoord(ra[row] * u.deg, dec[row] * u.deg).separation(others).arcsec
        place = int(np.argmin(apart))
        if apart[place] <= 1 and apart[place] < best.get(place, (2.0, 0))[0]:
            best[place] = apart[place], row
    expected = sorted((row, place) for place, (_, row) in best.items())
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert found.dropped > 0
    assert found.nameless == 1
    apart = [best[place][0] for _, place in expected]
    assert found.separation == pytest.approx(apart, abs=1e-6)
    assert "median separation" in str(found)


def test_what_became_of_rows_is_told():
    found = shared_by_id(np.array([1, 1, 2, -1]), np.array([1, 2, 2]), "DR3", "DR3")
    assert str(found) == (
        "2 stars of 4 and 3 rows are the same; 1 had several rows to choose from; 1 left out, as another row "
        "of the same star was taken; 1 without an identifier or position"
    )


def test_rows_that_fail_conditions_are_told():
    passes, others_pass = np.array([False, True, True, True]), np.array([True, False, True, True])
    ids, others = np.array([1, 1, 2, 3]), np.array([1, 2, 2, 3])
    matched = shared_by_id(ids[passes], others[others_pass], "DR3", "DR3")
    found = matched.of_whole(passes, others_pass)
    assert (found.first.tolist(), found.second.tolist()) == ([1, 2, 3], [0, 2, 3])
    assert str(found) == ("3 stars of 3 and 3 rows, those of 4 and 4 that pass the conditions, are the same")
    everything = np.ones(3, bool)
    assert str(matched.of_whole(everything, everything)) == "3 stars of 3 and 3 rows are the same"

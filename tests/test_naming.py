"""What a person calls a star: every way to write it, and what is said where there is no such star."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from data.problem import DataError
from explorer.naming import CONE, LONGEST, identify, observations
from explorer.stars import Stars
from model.identity import designations
from tests.test_stars import catalogue_of

N = 5000
TWIN = 10
"""This row and the next two are spectra of one star."""


@pytest.fixture(scope="module")
def catalogue():
    rng = np.random.default_rng(4)
    ra, dec = rng.uniform(0, 360, N), np.degrees(np.arcsin(rng.uniform(-1, 1, N)))
    ra[TWIN : TWIN + 3], dec[TWIN : TWIN + 3] = 83.8221 + np.array([0, 1e-5, 0]), -5.39111
    ra[0], dec[0] = 359.9999, 89.999
    ra[1], dec[1] = 0.0001, 0.5
    ra[20] = np.nan
    names = designations(np.nan_to_num(ra), dec)
    source_id = 5_853_498_713_190_525_696 + np.arange(N)
    source_id[TWIN : TWIN + 3] = source_id[TWIN]
    source_id[30:40] = -1
    names[30:32] = names[30]
    names[35] = b""
    columns = {
        "ra": ra, "dec": dec, "designation": names, "source_id": source_id,
        "obsid": 101_001 + 3 * np.arange(N),
    }  # fmt: skip
    return replace(catalogue_of(columns), metadata={"gaia_release": "DR3"})


@pytest.fixture(scope="module")
def stars(catalogue):
    return Stars(catalogue)


def without(catalogue, *names):
    kept = {name: catalogue[name] for name in catalogue.columns if name not in names}
    return Stars(replace(catalogue_of(kept), metadata=catalogue.metadata))


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("101001", 0), (" 101301 ", 100), ("obsid 101301", 100), ("LAMOST obsid: 101301", 100),
        ("5853498713190525796", 100), ("Gaia DR3 5853498713190525796", 100),
        ("gaia edr3 5853498713190525797", 101), ("DR3 5853498713190525697", 1),
        ("Gaia 5853498713190525697", 1), ("source_id = 5853498713190525697", 1),
    ],
)  # fmt: skip
def test_numbers_to_the_last_digit(stars, text, row):
    assert identify(stars, text).rows == (row,)


def test_designations_with_and_without_the_survey(stars, catalogue):
    name = catalogue["designation"][77].decode().removeprefix("MOCK ")
    for text in (name, name.lower(), f"LAMOST {name}", f"MOCK {name}", name.replace("-", "−")):
        assert identify(stars, text).rows == (77,)
    assert identify(stars, name).note == ""


def test_a_designation_of_another_catalogue_is_a_position(catalogue):
    """Cut off at 0.01 s and 0.1 arcsec, it is within 0.2 arcsec of its star."""
    name = catalogue["designation"][77].decode().removeprefix("MOCK ")
    found = identify(without(catalogue, "designation"), name)
    assert found.rows == (77,)
    assert found.note.startswith("no star here is called so; this one is 0.")


FORMS = (
    lambda c: f"{c.ra.deg:.6f} {c.dec.deg:+.6f}",
    lambda c: f"{c.ra.deg:.6f}, {c.dec.deg:.6f}",
    lambda c: c.to_string("hmsdms", precision=3),
    lambda c: c.to_string("hmsdms", sep=":", precision=3),
    lambda c: c.to_string("hmsdms", sep=" ", precision=3),
    lambda c: c.to_string("hmsdms", sep=":", precision=3).replace(" ", ", "),
)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, N - 1), st.floats(0, 20), st.floats(0, 360), st.sampled_from(FORMS))
def test_positions_mean_the_nearest_star(stars, catalogue, row, arcsec, angle, form):
    """Held to astropy's own separations from every star, across the poles and 0 h too."""
    known = np.isfinite(catalogue["ra"])
    if not known[row]:
        return
    places = SkyCoord(catalogue["ra"][known], catalogue["dec"][known], unit="deg")
    at = SkyCoord(catalogue["ra"][row], catalogue["dec"][row], unit="deg")
    at = at.directional_offset_by(angle * u.deg, arcsec * u.arcsec)
    apart = at.separation(places).arcsec
    if abs(apart.min() - CONE) < 0.01:
        return
    if apart.min() > CONE:
        with pytest.raises(DataError, match="no star of this catalogue is within 10 arcsec of ra"):
            identify(stars, form(at))
    else:
        found = identify(stars, form(at))
        near = np.flatnonzero(known)[apart <= apart.min() + 0.01]
        assert found.rows[0] in near
        assert abs(float(found.note.partition("″")[0]) - apart.min()) < 0.07


def test_all_spectra_of_a_star_come_with_it(stars):
    for row in range(TWIN, TWIN + 3):
        found = identify(stars, str(101_001 + 3 * row))
        assert found.rows[0] == row
        assert sorted(found.rows) == [TWIN, TWIN + 1, TWIN + 2]
        assert found.note == "3 spectra of this star"
    assert identify(stars, "Gaia DR3 5853498713190525706").rows == (TWIN, TWIN + 1, TWIN + 2)
    found = identify(stars, "05:35:17.30 -05:23:28.0")
    assert found.note == "0.1″ from that position; 3 spectra of this star"


def test_without_a_source_id_a_designation_tells_which_spectra_are_of_one_star(stars):
    assert observations(stars, 30) == (30, 31)
    assert observations(stars, 31) == (31, 30)
    assert observations(stars, 32) == (32,)
    assert observations(stars, 35) == (35,)


def test_ids_of_another_release_are_refused(stars, catalogue):
    with pytest.raises(DataError, match="ids of this catalogue are of DR3, and in DR2 the same number"):
        identify(stars, "Gaia DR2 5853498713190525697")
    silent = Stars(replace(catalogue, metadata={}))
    found = identify(silent, "Gaia DR2 5853498713190525697")
    assert found.rows == (1,)
    assert found.note == "the catalogue does not say of which Gaia release its ids are"
    assert identify(silent, "Gaia 5853498713190525697").note == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no name of a star: give a LAMOST obsid, a designation"),
        ("halo", "'halo' is no name of a star"),
        ("1 2 3", "is no name of a star"),
        ("٣٤", "is no name of a star"),
        ("__import__('os').system('x')", "is no name of a star"),
        ("-1", "is no name of a star"),
        ("12345678901234567890", "is no name of a star"),
        ("9" * 19, "no star of this catalogue has the obsid or Gaia source_id 9999999999999999999"),
        ("obsid 7", "no star of this catalogue has the obsid 7: look for it by ra and dec"),
        ("Gaia DR3 12", "no star of this catalogue has the Gaia source_id 12"),
        ("400 10", "ra runs from 0 to 360 and dec from -90 to 90 degrees, not 400 and 10"),
        ("10 95.5", "not 10 and 95.5"),
        ("23:59:59 -95:00:00", "are no position on the sky"),
        ("24:00:00 10:00:00", "is no name of a star"),
        ("J235959.99-890000.0", "no star of this catalogue is within"),
        ("J996199.99+990000.0", "is no name of a star"),
        ("x" * (LONGEST + 1), "too long for the name of a star: at most 100 letters"),
    ],
)
def test_what_is_no_star_here_is_told(stars, text, said):
    with pytest.raises(DataError) as problem:
        identify(stars, text)
    assert said in str(problem.value)
    assert len(str(problem.value)) < 400


def test_what_the_catalogue_lacks_is_told(catalogue):
    bare = without(catalogue, "ra", "obsid", "source_id", "designation")
    for text, said in (
        ("10 20", "this catalogue has no ra and dec"),
        ("obsid 5", "this catalogue has no obsid: give ra and dec"),
        ("Gaia DR3 5", "this catalogue has no Gaia source_id"),
        ("5", "no star of this catalogue has the obsid or Gaia source_id 5"),
    ):
        with pytest.raises(DataError, match=said):
            identify(bare, text)

"""Which spectra are of one star, of one observation, and which model is theirs, against the obvious loops."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from data.problem import DataError
from explorer import joins
from explorer.gaia import by_name
from explorer.joins import first_of, giantmodel_of, joined, model_of, stars_of, with_lamost
from explorer.reference_stars import references
from explorer.sources import FACTS, MISSING, exposure
from explorer.survey import ModelPlan
from explorer.survey_file import read_survey
from model.chemistry import LABEL_SETS

BIG = 4_929_746_660_437_392_257
NAN = np.nan
TWO = (ModelPlan("dwarf", LABEL_SETS["dwarf"], None), ModelPlan("giant", LABEL_SETS["giant"], None))
ONE = (ModelPlan("all", ("teff",), None),)

VISITS = st.lists(
    st.tuples(st.sampled_from([b"", b"J1", b"J2", b"J3"]), st.sampled_from([-1, 7, 8, 2**62 + 1])),
    min_size=1,
    max_size=12,
)


def numbered(keys):
    """Numbers of keys, in the order in which they first come; None is a key of its own each time."""
    seen = {}
    return [seen.setdefault(object() if key is None else key, len(seen)) for key in keys]


def named_source(visits, name, source):
    """The source of a visit, or the only one of those of its designation."""
    others = {other for other_name, other in visits if other_name == name and other >= 0}
    return others.pop() if source < 0 and name and len(others) == 1 else source


@given(VISITS)
def test_stars_are_counted_as_they_first_come(visits):
    names, ids = zip(*visits, strict=True)
    names = np.array(names, "S4")
    sources = by_name(names, np.array(ids, np.int64))
    visits = [(name, named_source(visits, name, source)) for name, source in visits]
    assert sources.tolist() == [source for _, source in visits]
    keys = [(source,) if source >= 0 else name or None for name, source in visits]
    assert stars_of(names, sources).tolist() == numbered(keys)


def test_two_spectra_of_one_name_are_one_star_though_one_lies_too_far_from_its_source():
    """Positions differ between releases; a third has the name of two sources, and stays by itself."""
    names = np.array([b"J1", b"J1", b"J2", b"J2", b"J2", b""])
    sources = by_name(names, np.array([7, -1, 8, 9, -1, -1]))
    assert sources.tolist() == [7, 7, 8, 9, -1, -1]
    assert stars_of(names, sources).tolist() == [0, 0, 1, 2, 3, 4]


@given(st.lists(st.sampled_from([-1, 3, 4, 5]), min_size=1, max_size=12))
def test_an_observation_counts_once(obsids):
    expected = []
    for row, obsid in enumerate(obsids):
        first = obsids.index(obsid)
        expected.append(first if obsid >= 0 and first < row else -1)
    assert first_of(np.array(obsids)).tolist() == expected


def test_eq_1_divides_stars_between_two_models():
    teff = np.array([4500, 4500, 5800, 5800, np.nan, 5000])
    logg = np.array([2.5, 4.6, 3.7, 4.2, 2.0, np.nan])
    number = model_of(TWO, teff, logg)
    assert number.tolist() == [1, 0, 1, 0, -1, -1]
    assert giantmodel_of(TWO, number).tolist() == [1, 0, 1, 0, -1, -1]


def test_one_model_serves_all_stars():
    number = model_of(ONE, np.array([np.nan, 5000]), np.array([1.0, np.nan]))
    assert number.tolist() == [0, 0]
    assert giantmodel_of(ONE, number).tolist() == [-1, -1]


def test_an_exposure_is_named_by_all_it_needs():
    assert exposure(55862, "B6212", 6, 7) == b"55862-B6212-6-7"
    assert exposure(-1, "B6212", 6, 7) == exposure(55862, "", 6, 7) == exposure(55862, "B6212", -1, 7) == b""


def facts(**columns):
    """What headers say of spectra: of FACTS, missing but for what is given."""
    count = len(next(iter(columns.values())))
    told = {name: np.array(columns.get(name, [MISSING[kind]] * count), kind) for name, kind in FACTS.items()}
    return {**told, "unreadable": told["problem"] != b""}


def survey_of(folder, text, **tables):
    """A survey of tables given as columns."""
    for name, columns in tables.items():
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)
    file = folder / "survey.toml"
    file.write_text(
        '[spectra]\nplace = "spectra"\n[models.all]\nfile = "M.cannon"\n' + text, encoding="utf-8"
    )
    return read_survey(file)


LAMOST = {
    "obsid": [11, 12, 13, 14], "designation": ["J1", "J2", "J3", "J4"], "ra": 10.0, "dec": 20.0,
    "lmjd": [56000, 56000, 56001, 56002], "planid": "B1", "spid": [1, 1, 1, 2], "fiberid": [5, 6, 5, 7],
    "teff": [4000.0, 5000.0, 6000.0, 7000.0], "logg": 4.0, "feh": 0.0,
}  # fmt: skip


def test_a_spectrum_without_obsid_is_known_by_its_exposure(tmp_path):
    exposures = [b"", b"56001-B1-1-5", b"56000-B1-1-6", b"56009-B1-1-6", b"", b"56000-B1-1-5"]
    seen = facts(
        obsid=[14, -1, -1, -1, -1, 99],
        exposure=exposures,
        lmjd=[56002, 56001, 56000, 56009, np.nan, 56000],
    )
    survey = survey_of(tmp_path, '[lamost]\ntable = "lamost.csv"\n', lamost=LAMOST)
    found = with_lamost(seen, survey, [])
    np.testing.assert_array_equal(found["teff_lamost"], [7000, 6000, 5000, np.nan, np.nan, np.nan])
    assert found["obsid"].tolist() == [14, 13, 12, -1, -1, 99]


@pytest.mark.parametrize(("obsids", "named"), [([14, 99], 0), ([-1, 99], 2), ([-1, -1], 2)])
def test_exposures_are_named_only_for_days_of_spectra_without_obsid(tmp_path, monkeypatch, obsids, named):
    """An obsid that no row has is no reason to name all exposures of LAMOST's catalogue."""
    asked = []
    monkeypatch.setattr(joins, "exposure", lambda *where: asked.append(where) or exposure(*where))
    seen = facts(obsid=obsids, lmjd=[56000, 56000], exposure=[b"56000-B1-1-6", b"56000-B1-1-6"])
    with_lamost(seen, survey_of(tmp_path, '[lamost]\ntable = "lamost.csv"\n', lamost=LAMOST), [])
    assert len(asked) == named


GAIA = {
    "source_id": [BIG, BIG + 1, BIG + 2, BIG + 3], "ra": [10.0, 11.0, 12.0, 13.0], "dec": 20.0,
    "pmra": 1.0, "pmdec": 2.0, "phot_g_mean_mag": 14.0,
}  # fmt: skip
SKY = '[gaia]\ntable = "gaia.csv"\nsurvey = "gaia-dr2"\nepoch = false\n[distances]\ntable = "distances.csv"\n'
DISTANCES = {"source_id": GAIA["source_id"], "r_est": [1e3, 2e3, 3e3, 4e3], "r_lo": 900.0, "r_hi": 5e3}


@pytest.mark.parametrize(
    ("asked", "flags", "kept", "told"),
    [
        ("", [1, 2, 0, None], [1, NAN, NAN, NAN], "3 spectra go without, for their result_flag"),
        ("flags = [1, 2]", [1, 2, 0, None], [1, 2, NAN, NAN], "2 spectra go without"),
        ("flags = false", [1, 2, 0, None], [1, 2, 3, 4], "4 of 4 spectra have one"),
        ("", [], [1, 2, 3, 4], "gives no result_flag: all its distances are taken"),
    ],
)
def test_only_good_distances_of_2018_are_taken(tmp_path, asked, flags, kept, told):
    table = DISTANCES | ({"result_flag": pd.array(flags, "Int64")} if flags else {})
    text = f'{SKY}survey = "bailer-jones-2018"\n{asked}\n'
    survey = survey_of(tmp_path, text, gaia=GAIA, distances=table)
    found, notes, _ = joined(facts(ra=GAIA["ra"], dec=[20.0] * 4), survey)
    np.testing.assert_array_equal(found["distance"], kept)
    np.testing.assert_array_equal(np.isnan(found["distance_hi"]), np.isnan(kept))
    assert any(told in note for note in notes), notes


def test_the_flag_of_2021_is_another_one(tmp_path):
    table = {
        "source_id": GAIA["source_id"], "r_med_geo": [1e3, 2e3, 3e3, 4e3], "r_lo_geo": 900.0,
        "r_hi_geo": 5e3, "flag": [10033, 20022, 10000, 99999],
    }  # fmt: skip
    gaia = SKY.replace("gaia-dr2", "gaia-dr3") + 'survey = "bailer-jones-2021"\n'
    survey = survey_of(tmp_path, gaia, gaia=GAIA, distances=table)
    found, notes, _ = joined(facts(ra=GAIA["ra"], dec=[20.0] * 4), survey)
    assert found["distance"].tolist() == [1, 2, 3, 4]
    assert not any("flag" in note for note in notes)


@pytest.mark.parametrize("flags", ["1", "[]", '["good"]', "[true]", "[1.5]"])
def test_flags_are_whole_numbers(tmp_path, flags):
    with pytest.raises(DataError, match="flags"):
        survey_of(tmp_path, f'{SKY}survey = "bailer-jones-2018"\nflags = {flags}\n')


def test_a_spectrum_has_all_that_is_known_of_its_names_source(tmp_path):
    survey = survey_of(
        tmp_path, SKY + 'survey = "bailer-jones-2018"\n', gaia=GAIA,
        distances=DISTANCES | {"result_flag": 1},
    )  # fmt: skip
    seen = facts(ra=[10.0, 10.0, 10.5], dec=[20.0, 20.001, 20.0], designation=[b"J1", b"J1", b""])
    found, notes, _ = joined(seen, survey)
    assert found["star"].tolist() == [0, 0, 1]
    assert found["source_id"].tolist() == [BIG, BIG, -1]
    assert found["distance"].tolist()[:2] == [1, 1]
    assert any(note.startswith("Gaia: 1 spectra without a source near them have that") for note in notes)


FAST = {
    "source_id": [BIG, BIG + 1, BIG + 2], "ra": [10.0, 11.0, 12.0], "dec": 60.0, "pmra": [900.0, 0.0, None],
    "pmdec": [-400.0, 0.0, None], "phot_g_mean_mag": 14.0,
}  # fmt: skip


def seen_in(year):
    """Where astropy has the fast star, and the others, in a year."""
    coordinates = SkyCoord(
        FAST["ra"] * u.deg, [60.0] * 3 * u.deg, distance=100 * u.pc,
        pm_ra_cosdec=[900, 0, 0] * u.mas / u.yr, pm_dec=[-400, 0, 0] * u.mas / u.yr,
        radial_velocity=0 * u.km / u.s, obstime=Time(2015.5, format="jyear"),
    ).apply_space_motion(Time(year, format="jyear"))  # fmt: skip
    return coordinates.ra.deg, coordinates.dec.deg


@pytest.mark.parametrize(
    ("gaia", "photometry", "lost"),
    [("", 'mapping = "of_2000.toml"', []), ("epoch = false", 'mapping = "of_2000.toml"', [0]), ("", "", [0])],
)
def test_photometry_is_looked_for_where_the_star_was(tmp_path, gaia, photometry, lost):
    """The first star moves by 13 arcsec from 2000 to LAMOST's 2013.5; the third's motion is not known."""
    (tmp_path / "of_2000.toml").write_text(
        'name = "mine"\ndescription = "of 2000"\nepoch = 2000.0\n[columns]\nra = {from = "ra"}\n'
    )
    ra, dec = seen_in(2000.0)
    magnitudes = {"h_m": [10.0, 11.0, 12.0], "w2mpro": 9.0, "h_msigcom": 0.02, "w2mpro_error": 0.02}
    text = (
        f'[gaia]\ntable = "gaia.csv"\nsurvey = "gaia-dr2"\nradius = 10\n{gaia}\n'
        f'[photometry]\ntable = "photometry.csv"\n{photometry}\n'
    )
    survey = survey_of(tmp_path, text, gaia=FAST, photometry={"ra": ra, "dec": dec, **magnitudes})
    there = seen_in(2013.5)
    found, _, _ = joined(facts(ra=there[0], dec=there[1]), survey)
    assert found["source_id"].tolist() == FAST["source_id"]
    expected = 0.918 * (np.array([1.0, 2.0, 3.0]) - 0.08)
    expected[lost] = np.nan
    np.testing.assert_allclose(found["a_k"], expected)


def test_reference_stars_are_looked_for_where_the_star_was(tmp_path):
    ra, dec = seen_in(2000.0)
    table = {
        "sobject_id": [1, 2, 3], "raj2000": ra, "dej2000": dec, "teff": [4000.0, 5000.0, 6000.0],
        "flag_cannon": 0, "snr_c1": 50.0, "chi2_cannon": 1.0,
    }  # fmt: skip
    text = (
        '[reference]\ntable = "galah.csv"\nsurvey = "galah-dr2"\n[gaia]\ntable = "gaia.csv"\n'
        'survey = "gaia-dr2"\n'
    )
    survey = replace(survey_of(tmp_path, text, gaia=FAST, galah=table), models=ONE)
    there = seen_in(2013.5)
    spectra, _, _ = joined(facts(ra=there[0], dec=there[1], snrz=[99.0] * 3), survey)
    chosen = references(0, survey, spectra)
    assert chosen.rows.tolist() == [0, 1, 2]
    assert chosen.labels.tolist() == [[4000], [5000], [6000]]

"""Open clusters: members against astropy, and the drift that the mock's Praesepe was planted with."""

import math
from dataclasses import replace
from types import MappingProxyType

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from data.catalogue import open_catalogue
from data.problem import DataError
from explorer.cluster_options import LIMITS, LONGEST, MOST_IDS, ClusterOptions, cut_of, identifiers
from explorer.cluster_study import labels_of, name_of, study_cluster
from explorer.demo import make_demo
from explorer.open_clusters import DEPTH, OPEN_CLUSTERS, REACH
from model.clusters import NARROWEST, ClusterCut, Drift, running_median
from model.measurement import DWARFS, dwarf_trend
from model.siblings import CLUSTERS
from tests.lamost_mock import silent
from tests.small_catalogue import catalogue_of

PRAESEPE = OPEN_CLUSTERS["Praesepe"].cut
STARS = 20_000


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """A small mock survey with clusters as rich as in a large one."""
    place = tmp_path_factory.mktemp("rich") / "rich.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.siblings.FULL_RICHNESS", STARS)
        make_demo(place, stars=STARS, seed=2)
    return open_catalogue(place, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def everyone(catalogue):
    return np.ones(len(catalogue), bool)


@pytest.fixture(scope="module")
def praesepe(catalogue, everyone):
    return study_cluster(catalogue, everyone, ClusterOptions(PRAESEPE, draws=300), silent)


def test_cut_is_that_of_astropy():
    random = np.random.default_rng(3)
    ra, dec = random.uniform(0, 360, 5000), random.uniform(-90, 90, 5000)
    ra[:2500], dec[:2500] = 359 + random.normal(0, 3, 2500), 88 + random.normal(0, 1, 2500)
    dec = dec.clip(-90, 90)
    pmra, pmdec, distance = random.normal(0, 2, (3, 5000))
    ra[7] = pmra[8] = distance[9] = np.nan
    cut = ClusterCut(359.5, 88.0, 1.5, 1.0, -1.0, 2.0, 0.5, 0.8)
    cone, moving, placed = cut.steps(ra, dec, pmra, pmdec, distance)
    centre = SkyCoord(359.5 * u.deg, 88 * u.deg)
    known = np.isfinite(ra)
    apart = centre.separation(SkyCoord(ra[known] * u.deg, dec[known] * u.deg)).deg
    assert cone[known].tolist() == (apart <= 1.5).tolist()
    assert not cone[7]
    assert 100 < cone.sum() < 2500
    assert moving.tolist() == [math.hypot(a - 1, b + 1) <= 2 for a, b in zip(pmra, pmdec, strict=True)]
    assert placed.tolist() == [-0.3 <= away <= 1.3 for away in distance]


def test_without_a_limit_all_pass_it():
    nothing = np.full(3, np.nan)
    _, moving, placed = ClusterCut(0, 0, 1).steps([0, 1, 2], [0, 0, 0], nothing, nothing, nothing)
    assert moving.all()
    assert placed.all()


@pytest.mark.parametrize("stars", [NARROWEST - 1, NARROWEST, 100, 1300])
def test_running_median_is_the_plain_one(stars):
    random = np.random.default_rng(1)
    x, y = random.integers(4500, 6500, stars).astype(float), random.standard_normal(stars)
    across, up = running_median(x, y)
    window = min(max(stars // 6, 11), 101)
    order = sorted(range(stars), key=lambda star: x[star])
    starts = range(max(stars - window + 1, 0))
    assert across.tolist() == [np.median(x[order[a : a + window]]) for a in starts]
    assert up.tolist() == [np.median(y[order[a : a + window]]) for a in starts]


def test_drift_says_what_the_slope_leaves():
    random = np.random.default_rng(4)
    teff = random.uniform(4500, 6500, 400)
    label = 1e-4 * (teff - 5500) + 0.03 * random.standard_normal(400)
    label[5] = np.nan
    drift = Drift.of(teff, label, np.random.default_rng(1), 100)
    assert drift.slope.stars == 399
    assert drift.about == pytest.approx(0.03, rel=0.15)
    assert drift.scatter == pytest.approx(np.nanstd(label, ddof=1))
    assert drift.core > 1.5 * drift.about


def planted_slope(quality, true, teff, random):
    """Mean over draws of errors: those of a label move the slope of a course that is no line."""
    spread = np.sqrt(quality.scatter**2 - quality.trend**2)
    course = quality.trend * dwarf_trend(true)
    drawn = course + spread * random.standard_normal((25, len(true)))
    return np.mean([stats.theilslopes(label, teff).slope for label in drawn])


def test_mock_praesepe_shows_the_drift_that_was_planted(catalogue, praesepe):
    """Intervals hold the slopes that the planted course has among the same members, as T_eff was measured."""
    assert set(praesepe.drifts) == {"fe_h", "o_fe", "eu_fe", "alpha_fe", "sc_fe", "s_fe"}
    true = np.asarray(catalogue["true_teff"], float)[praesepe.rows]
    for number, (name, drift) in enumerate(praesepe.drifts.items()):
        quality = DWARFS[name.removesuffix("_fe") if name != "fe_h" else name]
        planted = planted_slope(quality, true, praesepe.teff, np.random.default_rng(number))
        assert drift.slope.low <= planted <= drift.slope.high, name
        assert drift.slope.excludes_zero, name
        assert np.sign(planted) == np.sign(quality.trend)
        assert drift.about < drift.core


def test_true_labels_do_not_drift(catalogue, praesepe):
    """What stars were born with is the same for all members: nothing is left but the planted errors."""
    true = np.asarray(catalogue["true_alpha_fe"], float)[praesepe.rows]
    assert np.ptp(true) < 1e-6
    left = praesepe.values["alpha_fe"] - DWARFS["alpha"].trend * dwarf_trend(
        np.asarray(catalogue["true_teff"], float)[praesepe.rows]
    )
    drift = Drift.of(praesepe.teff, left, np.random.default_rng(1), 300)
    assert not drift.slope.excludes_zero


def test_members_are_those_that_were_planted(catalogue, praesepe):
    names = np.asarray(catalogue["true_cluster"])
    planted = np.flatnonzero((names == b"Praesepe") & (np.asarray(catalogue["giantmodel"]) == 0))
    found = set(praesepe.rows.tolist())
    assert len(found & set(planted.tolist())) >= 0.95 * len(planted)
    assert len(found - set(planted.tolist())) <= 0.05 * len(found)
    assert "planted in Praesepe" in praesepe.notes[0]


@pytest.mark.parametrize("name", [each.name for each in CLUSTERS])
def test_ready_made_cuts_find_the_mock_clusters(catalogue, everyone, name):
    """The mock's clusters follow an older catalogue of nearly the same values."""
    study = study_cluster(catalogue, everyone, ClusterOptions(OPEN_CLUSTERS[name].cut, draws=100), silent)
    inside = np.asarray(catalogue["true_cluster"])[study.rows] == name.encode()
    assert inside.mean() > 0.8
    assert inside.sum() > 30
    assert study.name == name


def test_ready_made_cuts_are_as_stated():
    for name, known in OPEN_CLUSTERS.items():
        assert ClusterOptions(known.cut).cut == known.cut
        assert known.name == name
        assert known.cut.radius == pytest.approx(REACH * known.r50, abs=1e-3)
        assert known.cut.distance == pytest.approx(known.distance / 1000, abs=1e-4)
        assert known.cut.depth == pytest.approx(DEPTH * known.distance / 1000, abs=1e-3)
        assert known.cut.pm_radius >= 3 * max(known.s_pmra, known.s_pmdec) - 0.01


def test_named_members_are_the_same_stars(catalogue, everyone, praesepe):
    ids = tuple(np.asarray(catalogue["source_id"])[praesepe.rows].tolist())
    named = study_cluster(catalogue, everyone, ClusterOptions(None, (*ids, 17), draws=300), silent)
    assert sorted(named.rows.tolist()) == sorted(praesepe.rows.tolist())
    assert named.drifts["alpha_fe"].slope == praesepe.drifts["alpha_fe"].slope
    assert named.name == "stars by identifier"
    assert named.left[-1] == (f"of the {len(ids) + 1} in the list", len(ids))


def test_only_chosen_stars_and_trusted_labels_count(catalogue, everyone, praesepe):
    half = everyone.copy()
    half[praesepe.rows[::2]] = False
    fewer = study_cluster(catalogue, half, ClusterOptions(PRAESEPE, draws=100), silent)
    assert fewer.rows.tolist() == praesepe.rows[1::2].tolist()
    careful = study_cluster(catalogue, everyone, ClusterOptions(PRAESEPE, trusted=True, draws=100), silent)
    flags = [np.asarray(catalogue[name])[praesepe.rows] for name in ("kiel_extrap", "alpha_fe_extrap")]
    doubtful = (flags[0] == 1) | (flags[1] == 1)
    assert 0 < doubtful.sum() < len(doubtful)
    assert np.isnan(careful.values["alpha_fe"]).tolist() == doubtful.tolist()
    assert careful.drifts["alpha_fe"].slope.stars == (~doubtful).sum()


def test_of_several_rows_of_a_star_the_first_counts(catalogue, everyone, praesepe):
    ids = np.array(catalogue["source_id"])
    ids[praesepe.rows[1:4]] = ids[praesepe.rows[0]]
    repeated = replace(catalogue, columns=MappingProxyType({**catalogue.columns, "source_id": ids}))
    found = study_cluster(repeated, everyone, ClusterOptions(PRAESEPE, draws=100), silent)
    assert found.rows.tolist() == [praesepe.rows[0], *praesepe.rows[4:]]
    assert found.left[-1] == ("one row a star", len(praesepe.rows) - 3)


def test_where_nothing_is_flagged_no_label_can_be_trusted_more(catalogue, everyone):
    plain = MappingProxyType(
        {name: column for name, column in catalogue.columns.items() if not name.endswith("_extrap")}
    )
    options = ClusterOptions(PRAESEPE, trusted=True)
    with pytest.raises(DataError, match="does not flag what is extrapolated"):
        study_cluster(replace(catalogue, columns=plain), everyone, options, silent)


def test_dwarfs_and_giants_together_are_said_to_be_of_two_models(catalogue, everyone):
    found = study_cluster(catalogue, everyone, ClusterOptions(PRAESEPE, kind="all", draws=100), silent)
    assert any("come from two models" in note for note in found.notes)


def test_same_seed_gives_the_same(catalogue, everyone, praesepe):
    again = study_cluster(catalogue, everyone, ClusterOptions(PRAESEPE, draws=300), silent)
    other = study_cluster(catalogue, everyone, ClusterOptions(PRAESEPE, draws=300, seed=2), silent)
    assert {n: d.slope for n, d in again.drifts.items()} == {n: d.slope for n, d in praesepe.drifts.items()}
    assert other.drifts["alpha_fe"].slope.low != praesepe.drifts["alpha_fe"].slope.low


def test_what_is_missing_is_told(catalogue, everyone):
    with pytest.raises(DataError, match="fewer than 10 members"):
        study_cluster(catalogue, everyone, ClusterOptions(ClusterCut(1, 89, 0.01)), silent)
    columns = {name: np.asarray(catalogue[name]).copy() for name in ("ra", "dec", "teff", "alpha_fe")}
    bare = catalogue_of(columns)
    assert labels_of(bare) == ("alpha_fe",)
    with pytest.raises(DataError, match="no column 'pmra'"):
        study_cluster(bare, everyone, ClusterOptions(PRAESEPE, kind="all"), silent)
    cold = catalogue_of({name: columns[name] for name in ("ra", "dec", "alpha_fe")})
    with pytest.raises(DataError, match="has no T_eff"):
        study_cluster(cold, everyone, ClusterOptions(PRAESEPE, kind="all"), silent)
    with pytest.raises(DataError, match="no column 'giantmodel'"):
        study_cluster(bare, everyone, ClusterOptions(ClusterCut(130, 19, 3)), silent)
    with pytest.raises(DataError, match="no column 'source_id'"):
        study_cluster(bare, everyone, ClusterOptions(None, (1, 2), kind="all"), silent)
    with pytest.raises(DataError, match="choose a narrower cut"):
        study_cluster(bare, everyone, ClusterOptions(ClusterCut(130, 19, 90), kind="all"), silent)
    alone = study_cluster(
        bare, everyone, ClusterOptions(ClusterCut(130, 19.67, 3), kind="all", draws=100), silent
    )
    assert np.isnan(alone.errors["alpha_fe"])
    assert len(alone.notes) == 1
    assert "No limit on proper motion" in alone.notes[0]
    assert name_of(alone.options) == "stars of an own cut"


@pytest.mark.parametrize(
    "numbers",
    [
        {"ra": math.nan}, {"ra": 361.0}, {"dec": -90.1}, {"radius": 0.0}, {"radius": math.inf},
        {"radius": "1"}, {"radius": True}, {"pmra": math.inf}, {"pm_radius": 0.0}, {"pm_radius": math.nan},
        {"depth": -1.0}, {"distance": math.nan},
    ],
)  # fmt: skip
def test_numbers_out_of_bounds_are_refused(numbers):
    with pytest.raises(DataError, match="give a number"):
        ClusterOptions(ClusterCut(**{"ra": 1.0, "dec": 1.0, "radius": 1.0, **numbers}))


@pytest.mark.parametrize(
    "choices",
    [
        {"kind": "nova"},
        {"draws": 99},
        {"draws": 1e3},
        {"seed": -1},
        {"seed": True},
        {"ids": (1,)},
        {"cut": None},
    ],
)  # fmt: skip
def test_other_choices_out_of_bounds_are_refused(choices):
    with pytest.raises(DataError):
        ClusterOptions(**{"cut": PRAESEPE, **choices})


def test_cuts_are_put_together_or_say_what_they_lack():
    assert set(LIMITS) == set(PRAESEPE.__dataclass_fields__)
    whole = [getattr(PRAESEPE, name) for name in LIMITS]
    assert cut_of(*whole) == PRAESEPE
    assert cut_of(1.0, 2.0, 3.0, None, None, None, None, None) == ClusterCut(1, 2, 3)
    assert cut_of(1.0, 2.0, 3.0, None, None, math.inf, None, math.inf) == ClusterCut(1, 2, 3)
    for place, told in (
        (2, "a cone needs the radius"),
        (4, "a limit on proper motion"),
        (6, "a limit on distance"),
    ):
        with pytest.raises(DataError, match=told):
            cut_of(*whole[:place], None, *whole[place + 1 :])


@given(st.text(max_size=80))
def test_lists_of_identifiers_are_read_or_refused_in_words(text):
    try:
        found = identifiers(text)
    except DataError:
        return
    assert len(set(found)) == len(found) > 0
    assert all(0 <= one < 2**63 for one in found)


def test_identifiers_stay_exact():
    assert identifiers("661322846519248896, 661322846519248897\n661322846519248896;5") == (
        661322846519248896, 661322846519248897, 5,
    )  # fmt: skip
    for bad in ("", " ,", "1.5", "-3", str(2**63), "x", "1e5", "٣"):
        with pytest.raises(DataError):
            identifiers(bad)
    with pytest.raises(DataError, match="too long"):
        identifiers("1" * (LONGEST + 1))
    with pytest.raises(DataError, match="at most"):
        identifiers(" ".join(map(str, range(MOST_IDS + 1))))

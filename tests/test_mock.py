"""The mock survey as a whole: what was planted is seen again in its columns."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import CartesianDifferential, Galactocentric, SkyCoord
from scipy.stats import linregress

from data.schema import COLUMNS, LABELS
from model.chemistry import is_giant
from model.galaxy import ACCRETED, FE_H_GRADIENT, HEATED, POPULATIONS, THICK, THIN, populations
from model.measurement import DWARFS, GIANTS, measure
from model.mock import CHUNK, POTENTIAL, Mock
from model.siblings import CLUSTERS, members
from model.truth import draw_truth

STARS = 8_000


@pytest.fixture(scope="module")
def mock():
    return Mock.prepare(STARS, seed=3)


@pytest.fixture(scope="module")
def columns(mock):
    return mock.simulate(0)


@pytest.fixture(scope="module")
def truth(mock):
    """All that is true of a larger draw."""
    rows = (0, 150_000, 150_000)
    return draw_truth(mock.plan, mock.dispersions, mock.clusters, rows, np.random.default_rng(7))


@pytest.fixture(scope="module")
def giants(truth):
    giant = is_giant(truth.sample.teff, truth.sample.logg)
    values = {
        **truth.labels,
        "R": truth.sample.R,
        "height": np.abs(truth.sample.z),
        "vT": truth.vT,
        "population": populations(truth.sample.component),
    }
    return {name: value[giant] for name, value in values.items()}


def in_layers(giants, label, edges):
    near = (giants["R"] > 7.5) & (giants["R"] < 9.5)
    layer = np.digitize(giants["height"], edges) - 1
    return np.array([giants[label][near & (layer == number)].mean() for number in range(len(edges) - 1)])


def test_columns_are_known_and_whole(columns):
    assert set(columns) <= set(COLUMNS)
    missing = set(COLUMNS) - set(columns)
    assert missing == {"eccentricity", "z_max", "r_peri", "r_apo", "n_obs", "pmra_pmdec_corr"}
    for name, values in columns.items():
        assert len(values) == STARS
        assert (values.dtype.kind == "S") == (COLUMNS[name].dtype == "str")


def test_values_are_finite_where_they_should_be(columns):
    lacking = {f"{kind}{label.name}" for kind in ("", "e_", "chi2_") for label in LABELS[3:]}
    for name, values in columns.items():
        if values.dtype.kind == "f" and name not in lacking | {"true_birth_radius", "JR", "Jz"}:
            assert np.all(np.isfinite(values)), name
    assert np.array_equal(np.isnan(columns["JR"]), columns["actions_failed"] == 1)
    assert np.mean(columns["actions_failed"]) < 0.003


def test_same_seed_gives_the_same_stars_and_another_others(columns):
    again = Mock.prepare(STARS, seed=3).simulate(0)
    for name, values in columns.items():
        np.testing.assert_array_equal(again[name], values)
    other = Mock.prepare(2_000, seed=4).simulate(0)
    assert not np.isin(other["ra"], columns["ra"]).any()


def test_chunks_stand_alone():
    """The second chunk is the same whether or not the first was asked for, and its rows go on counting."""
    mock = Mock.prepare(CHUNK + 500, seed=5)
    assert mock.chunks == 2
    second = mock.simulate(1)
    assert len(second["ra"]) == 500
    assert second["source_id"][0] == 9_000_000_000_000_000_001 + CHUNK


@pytest.mark.parametrize(("stars", "seed"), [(0, 1), (-5, 1), (10, -1)])
def test_impossible_requests_say_so(stars, seed):
    with pytest.raises(ValueError, match="give"):
        Mock.prepare(stars, seed=seed)


def test_a_single_star_is_a_survey_too():
    assert len(Mock.prepare(1, seed=1).simulate(0)["ra"]) == 1


def test_giants_have_the_papers_share_and_follow_eq_1(columns):
    assert 0.20 < columns["giantmodel"].mean() < 0.26
    line = np.where(columns["teff_lamost"] < 5200, 4.18, -6e-4 * columns["teff_lamost"] + 7.3)
    clear = np.abs(columns["logg_lamost"] - line) > 1e-5
    np.testing.assert_array_equal((columns["logg_lamost"] < line)[clear], columns["giantmodel"][clear] == 1)


def test_observed_orbits_follow_from_what_was_observed(columns):
    """Astropy's Galactocentric frame on the stored values."""
    sky = SkyCoord(
        ra=columns["ra"] * u.deg,
        dec=columns["dec"] * u.deg,
        distance=columns["distance"].astype(np.float32).astype(np.float64) * u.kpc,
        pm_ra_cosdec=columns["pmra"] * u.mas / u.yr,
        pm_dec=columns["pmdec"] * u.mas / u.yr,
        radial_velocity=columns["rv"].astype(np.float32).astype(np.float64) * u.km / u.s,
    )
    motion = CartesianDifferential([11.1, 232.24, 7.25] * u.km / u.s)
    seen = sky.transform_to(
        Galactocentric(galcen_distance=np.hypot(8, 0.025) * u.kpc, z_sun=25 * u.pc, galcen_v_sun=motion)
    )
    x, y = seen.x.to_value(u.kpc), seen.y.to_value(u.kpc)
    np.testing.assert_allclose(columns["X"], -x, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(columns["Y"], -y, rtol=1e-8, atol=1e-8)
    turning = (y * seen.v_x.to_value(u.km / u.s) - x * seen.v_y.to_value(u.km / u.s)) / np.hypot(x, y)
    np.testing.assert_allclose(columns["vT"], turning, rtol=1e-8, atol=1e-6)
    np.testing.assert_allclose(columns["Jphi"], columns["R"] * columns["vT"], rtol=1e-12, atol=1e-9)
    assert POTENTIAL == "MWPotential2014"


def test_true_and_observed_agree_within_errors(columns):
    assert np.median(np.abs(columns["R"] - columns["true_R"])) < 0.05
    assert np.std((columns["rv"] - columns["true_rv"]) / columns["e_rv"]) == pytest.approx(1, abs=0.03)
    pull = (columns["parallax"] - 1 / columns["true_distance"]) / columns["e_parallax"]
    assert np.std(pull) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("model", "flag"), [(DWARFS, 0), (GIANTS, 1)])
def test_stated_errors_are_the_scatter_of_the_survey(columns, model, flag):
    mine = columns["giantmodel"] == flag
    for name, quality in model.items():
        column = name if name in ("teff", "logg", "vmic", "fe_h") else f"{name}_fe"
        scatter = np.std((columns[column] - columns[f"true_{column}"])[mine])
        assert scatter == pytest.approx(quality.scatter, rel=0.10)


def test_thin_disc_has_the_planted_gradient(truth):
    stars = truth.sample
    thin = populations(stars.component) == POPULATIONS.index(THIN)
    narrow = thin & (np.abs(stars.age - 3.0) < 0.25)
    birth = linregress(stars.birth_radius[narrow], stars.fe_h[narrow])
    assert birth.slope == pytest.approx(FE_H_GRADIENT, abs=0.003)
    assert -0.075 < linregress(stars.R[thin], stars.fe_h[thin]).slope < -0.03


def test_thin_disc_flares_and_thickens_with_age(truth):
    stars = truth.sample
    thin = (populations(stars.component) == POPULATIONS.index(THIN)) & (stars.logg < 3.5)

    def height(radius, low, high):
        here = thin & (np.abs(stars.R - radius) < 0.75) & (stars.age > low) & (stars.age < high)
        return np.median(np.abs(stars.z[here]))

    assert height(9, 0, 2) < height(9, 2, 5) < height(9, 5, 10)
    for low, high in ((0, 3), (3, 7)):
        assert height(9, low, high) < height(10.5, low, high) < height(12, low, high)


@pytest.mark.parametrize("label", ["fe_h", "o", "eu", "mg", "mn", "ba"])
def test_labels_are_monotonic_in_height(giants, label):
    steps = np.diff(in_layers(giants, label, [0, 0.5, 1, 1.5, 2, 2.75, 4, 6]))
    assert np.all(steps > 0) if label in ("o", "eu", "mg") else np.all(steps < 0)


def test_aluminium_peaks_near_2_kpc(giants):
    edges = np.array([0, 0.5, 1, 1.5, 2.5, 3.25, 4, 6])
    means = in_layers(giants, "al", edges)
    assert np.argmax(means) == 3
    assert np.all(np.diff(means[:4]) > 0)
    assert np.all(np.diff(means[3:]) < 0)


def test_disc_turns_and_halo_does_not(giants):
    def speeds(*names):
        return giants["vT"][np.isin(giants["population"], [POPULATIONS.index(name) for name in names])]

    assert np.mean(speeds(THIN, THICK) > 100) > 0.95
    assert np.mean(speeds(ACCRETED)) == pytest.approx(0, abs=8)
    assert 50 < np.std(speeds(ACCRETED, HEATED)) < 100


def test_halo_changes_at_minus_one(giants):
    """Barium is flat in the in-situ halo above [Fe/H] = -1 and falls in the accreted one below."""
    halo = np.isin(giants["population"], [POPULATIONS.index(name) for name in (ACCRETED, HEATED)])
    rich, poor = halo & (giants["fe_h"] > -0.9), halo & (giants["fe_h"] < -1.1)
    assert abs(linregress(giants["fe_h"][rich], giants["ba"][rich]).slope) < 0.2
    assert linregress(giants["fe_h"][poor], giants["ba"][poor]).slope > 0.3
    assert np.mean(giants["population"][rich] == POPULATIONS.index(HEATED)) > 0.7
    assert np.mean(giants["population"][poor] == POPULATIONS.index(ACCRETED)) > 0.9


def test_observed_barium_depends_on_stellar_parameters(columns):
    giant = columns["giantmodel"] == 1
    wrong = (columns["ba_fe"] - columns["true_ba_fe"])[giant]
    assert np.corrcoef(wrong, columns["true_logg"][giant])[0, 1] < -0.3
    assert np.corrcoef(wrong, columns["true_teff"][giant])[0, 1] < -0.3
    near = np.abs(columns["true_distance"][giant] - 1) < 0.7
    assert wrong[near].mean() < wrong[~near].mean() - 0.05


@pytest.mark.parametrize("cluster", CLUSTERS, ids=lambda each: each.name)
def test_clusters_share_abundances_and_motion(columns, cluster):
    here = columns["true_cluster"] == cluster.name.encode()
    assert np.count_nonzero(here) == cluster.richness * STARS // 250_000
    for name in ("fe_h", "o_fe", "eu_fe", "alpha_fe", "sc_fe", "s_fe", "mg_fe", "al_fe", "mn_fe", "ba_fe"):
        assert len(set(columns[f"true_{name}"][here])) == 1
    assert np.median(columns["true_rv"][here]) == pytest.approx(cluster.rv, abs=1)
    assert np.median(columns["pmra"][here]) == pytest.approx(cluster.pmra, abs=1)
    assert np.all(columns["true_binary"][here] == -1)


def test_praesepe_scatters_more_in_alpha_than_cross_validation(mock):
    """0.07 dex against 0.06 (paper, appendix B)."""
    stars = members(
        mock.plan, [each.name for each in CLUSTERS].index("Praesepe"), 1000, np.random.default_rng(6)
    )
    labels = {"teff": stars.teff, "logg": stars.logg, "alpha": np.zeros(len(stars))}
    measured, _ = measure(labels, np.zeros(len(stars), dtype=bool), np.random.default_rng(7))
    assert np.std(measured["alpha"]) == pytest.approx(0.07, abs=0.005)
    assert np.corrcoef(measured["alpha"], stars.teff)[0, 1] > 0.6


def test_binaries_come_in_pairs_that_share_all_but_the_star(columns):
    number = columns["true_binary"]
    paired = np.flatnonzero(number >= 0)
    order = paired[np.argsort(number[paired], kind="stable")]
    first, second = order[::2], order[1::2]
    np.testing.assert_array_equal(number[first], number[second])
    assert len(np.unique(number[first])) == len(first) == 12
    for name in ("distance", "rv", "age", "fe_h", "o_fe", "eu_fe", "alpha_fe", "sc_fe", "s_fe", "ba_fe"):
        np.testing.assert_array_equal(columns[f"true_{name}"][first], columns[f"true_{name}"][second])
    error = np.hypot(columns["e_pmra"][first], columns["e_pmra"][second])
    assert np.all(np.abs(columns["pmra"][first] - columns["pmra"][second]) < 5 * error)
    assert np.all(columns["true_teff"][first] != columns["true_teff"][second])


def test_metal_poor_stars_are_rare_and_old(columns):
    age = columns["true_age"]
    assert age.min() > 0.05
    assert age.max() < 13.1
    halo = np.isin(columns["true_population"], [ACCRETED.encode(), HEATED.encode()])
    assert 0.01 < halo.mean() < 0.1
    assert age[halo].min() >= 9

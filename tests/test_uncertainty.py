"""Draws against linear propagation, a plain loop, the distributions' own integrals, and a mock's truth."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import model.uncertainty
from model.actions import orbital_energy, staeckel_actions
from model.kinematics import galactocentric
from model.uncertainty import (
    QUANTITIES,
    Observed,
    drawn_distance,
    drawn_phase_space,
    percentiles,
    uncertainty,
)


def sample(stars=6, error=1.0, seed=1, **changed):
    """Disc stars, 1 to 3 kpc away; `error` scales all errors."""
    random = np.random.default_rng(seed)
    distance = random.uniform(1, 3, stars)
    columns = {
        "star": 2_740_354_684_364_096_000 + np.arange(stars),
        "ra": random.uniform(0, 360, stars),
        "dec": random.uniform(-20, 60, stars),
        "distance": distance,
        "distance_lo": distance * (1 - 0.06 * error),
        "distance_hi": distance * (1 + 0.10 * error),
        "pmra": random.normal(0, 3, stars),
        "pmdec": random.normal(-2, 3, stars),
        "e_pmra": np.full(stars, 0.4 * error),
        "e_pmdec": np.full(stars, 0.3 * error),
        "rv": random.normal(0, 30, stars),
        "e_rv": np.full(stars, 6.0 * error),
        "pm_corr": random.uniform(-0.9, 0.9, stars),
    }
    return Observed(**columns | changed)


def derived(sky):
    """All quantities, (9, ...), of ra, dec, distance, pmra, pmdec, rv."""
    place = galactocentric(*sky)
    actions = staeckel_actions(place)
    return np.array([getattr(place, name, getattr(actions, name, None)) for name in QUANTITIES])


def all_of(found):
    return np.array([getattr(found, name) for name in QUANTITIES])


def density(x, at, low, high, centre):
    """Density of distance, not normalised: two half normals, cut at 0."""
    near, far = at - low, high - at
    height = (1, 1) if centre == "mode" else (1 / (near * (0.5 - norm.cdf(-at / near))), 1 / (far * 0.5))
    return height[0] * np.exp(-(((x - at) / near) ** 2) / 2) if x < at else (
        height[1] * np.exp(-(((x - at) / far) ** 2) / 2)
    )  # fmt: skip


@pytest.mark.parametrize("centre", ["mode", "median"])
@pytest.mark.parametrize(("at", "low", "high"), [(2.0, 1.8, 2.5), (1.0, 0.2, 3.0), (1.0, 0.95, 1.01)])
def test_distances_have_the_shares_that_integrals_say(at, low, high, centre):
    end = high + 10 * (high - at)

    def mass(below):
        parts = [(0, min(at, below)), (at, below)] if below > at else [(0, below)]
        return sum(quad(density, *ends, args=(at, low, high, centre), epsrel=1e-10)[0] for ends in parts)

    for share in (0.02, 0.16, 0.4, 0.5, 0.84, 0.99):
        x = float(drawn_distance(share, at, low, high, centre=centre))
        assert mass(x) / mass(end) == pytest.approx(share, abs=1e-7)


def test_ends_of_the_interval_are_what_the_centre_says():
    shares = np.linspace(0, 1, 200_002)[1:-1]
    drawn = drawn_distance(shares, 2.0, 1.9, 2.3)
    assert np.mean((drawn > 1.9) & (drawn < 2.3)) == pytest.approx(0.682689, abs=1e-4)
    found = drawn_distance(norm.cdf([-1, 0, 1]), 2.0, 1.9, 2.3, centre="median")
    np.testing.assert_allclose(found, [1.9, 2.0, 2.3], rtol=1e-12)


def test_distances_without_error_and_without_sense():
    assert drawn_distance([0.1, 0.9], 2.0, 2.0, 2.0).tolist() == [2, 2]
    assert drawn_distance([0.1, 0.9], 2.0, 2.0, 2.5)[0] > 2
    assert drawn_distance([0.1, 0.9], 2.0, 1.5, 2.0)[1] < 2
    wrong = [(-1, -2, 1), (2, 2.1, 3), (2, 1, 1.9), (np.nan, 1, 2), (2, np.nan, 3), (2, 1, np.inf)]
    assert np.isnan([drawn_distance(0.3, *three) for three in wrong]).all()
    assert (drawn_distance(np.linspace(1e-15, 1 - 1e-15, 999), 0.5, -30, 40) > 0).all()


def test_tiny_errors_propagate_linearly():
    """Widths are those of J C J^T, with J by central differences."""
    stars = sample(error=1e-3)
    middle = dataclasses.replace(
        stars, distance_lo=stars.distance * (1 - 1e-4), distance_hi=stars.distance * (1 + 1e-4)
    )
    sky = np.array([stars.ra, stars.dec, stars.distance, stars.pmra, stars.pmdec, stars.rv])
    steps = np.array([1e-4 * stars.distance, stars.e_pmra, stars.e_pmdec, stars.e_rv])
    slopes = []
    for row, step in enumerate(steps, start=2):
        up, down = sky.copy(), sky.copy()
        up[row] += step
        down[row] -= step
        slopes.append((derived(up) - derived(down)) / 2)
    d, a, b, v = slopes
    variance = d**2 + a**2 + b**2 + v**2 + 2 * stars.pm_corr * a * b
    low, median, high = np.moveaxis(all_of(uncertainty(middle, draws=4000)), -1, 0)
    one_sigma = 2 * norm.ppf(0.84)
    np.testing.assert_allclose((high - low) / one_sigma, np.sqrt(variance), rtol=0.06)
    assert np.all(np.abs(median - derived(sky)) < 0.08 * np.sqrt(variance))


@pytest.mark.parametrize("centre", ["mode", "median"])
def test_draws_are_those_of_a_plain_loop(centre):
    stars, draws, seed = sample(3), 25, 7
    found = uncertainty(stars, draws=draws, seed=seed, centre=centre)
    for i, star in enumerate(stars.star):
        raw = np.random.Philox(key=np.array([seed, star], dtype=np.uint64)).random_raw(4 * draws)
        chance = iter((int(bits) // 2**11 + 0.5) / 2**53 for bits in raw)
        made = []
        for _ in range(draws):
            u, p, q, r = (next(chance) for _ in range(4))
            low, at, high = (getattr(stars, name)[i] for name in ("distance_lo", "distance", "distance_hi"))
            distance = drawn_distance(u, at, low, high, centre=centre)
            n, m, rho = norm.ppf(p), norm.ppf(q), stars.pm_corr[i]
            pmra = stars.pmra[i] + stars.e_pmra[i] * n
            pmdec = stars.pmdec[i] + stars.e_pmdec[i] * (rho * n + np.sqrt(1 - rho**2) * m)
            rv = stars.rv[i] + stars.e_rv[i] * norm.ppf(r)
            made.append(derived((stars.ra[i], stars.dec[i], distance, pmra, pmdec, rv)))
        expected = np.percentile(made, [16, 50, 84], axis=0).T
        np.testing.assert_allclose(all_of(found)[:, i], expected, rtol=1e-8)


def test_truth_is_inside_as_often_as_it_should():
    """A mock: true stars, observed with errors."""
    n, random = 400, np.random.default_rng(9)
    true = sample(n, seed=4)
    e_distance = 0.05 * true.distance
    noise = random.standard_normal((4, n))
    seen = dataclasses.replace(
        true,
        distance=true.distance + e_distance * noise[0],
        distance_lo=true.distance + e_distance * (noise[0] - 1),
        distance_hi=true.distance + e_distance * (noise[0] + 1),
        pmra=true.pmra + true.e_pmra * noise[1],
        pmdec=true.pmdec + true.e_pmdec * (true.pm_corr * noise[1] + np.sqrt(1 - true.pm_corr**2) * noise[2]),
        rv=true.rv + true.e_rv * noise[3],
    )
    truth = derived([true.ra, true.dec, true.distance, true.pmra, true.pmdec, true.rv])
    low, _, high = np.moveaxis(all_of(uncertainty(seen, draws=100)), -1, 0)
    inside = np.mean((low < truth) & (truth < high), axis=1)
    np.testing.assert_allclose(inside, 0.68, atol=0.07)


def test_neither_chunks_nor_other_stars_matter(monkeypatch):
    stars = sample(12)
    whole = uncertainty(stars, draws=50)
    monkeypatch.setattr(model.uncertainty, "_AT_ONCE", 250)
    some = uncertainty(stars.rows(slice(3, 10)), draws=50)
    names = (*QUANTITIES, "unbound", "failed")
    for name in names:
        assert getattr(some, name).tobytes() == getattr(whole, name)[3:10].tobytes()
    assert (some.draws, some.seed) == (50, 1)


def test_more_draws_begin_with_the_same():
    few, many = (drawn_phase_space(sample(), draws=draws, seed=3) for draws in (10, 30))
    np.testing.assert_array_equal(few.vT, many.vT[:, :10])
    other = drawn_phase_space(sample(), draws=10, seed=4)
    assert not np.any(other.vT == few.vT)


def test_without_errors_all_percentiles_are_the_value(golden_actions):
    golden = pd.read_csv(golden_actions, na_values=["sentinel9999.99"])
    sky = ["ra_deg", "dec_deg", "dist_kpc", "pmra_cosdec_masyr", "pmdec_masyr", "vlos_kms"]
    ra, dec, distance, pmra, pmdec, rv = (golden[name].to_numpy(float) for name in sky)
    stars = Observed(np.arange(len(ra)), ra, dec, distance, distance, distance, pmra, pmdec, 0, 0, rv, 0)
    found = uncertainty(stars, draws=3)
    bound = golden["bound"].to_numpy()
    for mine, theirs in (("J_R", "JR_galpy_dstar"), ("J_z", "Jz_galpy_dstar")):
        values = np.broadcast_to(golden[theirs].to_numpy()[bound, np.newaxis], (bound.sum(), 3))
        np.testing.assert_allclose(getattr(found, mine)[bound], values, rtol=1e-6)
    np.testing.assert_array_equal(found.unbound, np.where(bound, 0, 1))
    assert np.isnan(found.J_R[~bound]).all()
    assert np.isfinite(found.vT).all()


def test_share_of_unbound_draws():
    stars = sample(4, rv=np.full(4, 450.0), e_rv=np.full(4, 150.0))
    found = uncertainty(stars, draws=300)
    drawn = drawn_phase_space(stars, draws=300, seed=1)
    expected = (orbital_energy(drawn) >= 0).mean(axis=1)
    assert np.all((expected > 0.02) & (expected < 0.98))
    np.testing.assert_allclose(found.unbound, expected)
    assert np.all(found.failed >= found.unbound)
    expected = np.nanpercentile(staeckel_actions(drawn).J_R, [16, 50, 84], axis=1).T
    np.testing.assert_allclose(found.J_R, expected)


def test_azimuth_stays_on_its_side_behind_the_centre():
    """Two stars a hair beside the centre, drawn from before it to beyond, in front of and past phi = pi."""
    stars = sample(
        2, ra=np.array([266.39, 266.42]), dec=np.full(2, -28.936), distance=np.full(2, 9.0),
        distance_lo=np.full(2, 3.0), distance_hi=np.full(2, 15.0),
    )  # fmt: skip
    phi = drawn_phase_space(stars, draws=1000, seed=1).phi
    assert np.abs(phi).max() > 3.1
    assert np.abs(phi).min() < 0.1
    assert np.all(np.sign(phi) == np.sign(phi[:, :1]))
    assert phi[0, 0] * phi[1, 0] < 0


def test_missing_input_spoils_what_rests_on_it():
    stars = sample(4)
    stars.rv[0], stars.e_pmra[1], stars.distance_lo[2], stars.pm_corr[3] = np.nan, -1, np.nan, np.nan
    found = uncertainty(stars, draws=20)
    assert np.isnan(found.R).any(axis=1).tolist() == [False, False, True, False]
    for name in ("vR", "vT", "vz", "J_R", "J_phi", "J_z"):
        assert np.isnan(getattr(found, name)).all(axis=1).tolist() == [True, True, True, False]
    for shares in (found.unbound, found.failed):
        assert np.isnan(shares).tolist() == [True, True, True, False]


def test_percentiles_are_numpys():
    random = np.random.default_rng(1)
    values = random.normal(size=(50, 21))
    values[random.random(values.shape) < 0.3] = np.nan
    values[0], values[1, 1:] = np.nan, np.nan
    found = percentiles(values)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1:], np.nanpercentile(values[1:], [16, 50, 84], axis=1).T)


def test_no_star_serves_too():
    found = uncertainty(sample(3).rows(slice(0, 0)), draws=5)
    assert found.J_R.shape == (0, 3)
    assert found.unbound.shape == (0,)


def test_wrong_input_is_refused():
    for wrong in ({"draws": 0}, {"seed": -1}, {"seed": 2**64}, {"centre": "mean"}):
        with pytest.raises(ValueError, match="give a draw or more"):
            uncertainty(sample(), **wrong)
    with pytest.raises(ValueError, match="whole numbers"):
        sample(star=np.arange(6.0))
    with pytest.raises(ValueError, match=r"rv has shape \(5,\)"):
        sample(rv=np.zeros(5))
    with pytest.raises(ValueError, match="pm_corr"):
        sample(pm_corr=np.full(6, 1.5))


def test_no_threads_beyond_those_allowed():
    """With OMP_NUM_THREADS=1, as workers set it, a run starts no thread."""
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        pytest.skip("the system does not list threads in /proc")
    code = (
        "import os; from model.uncertainty import uncertainty; from tests.test_uncertainty import sample\n"
        "before = len(os.listdir('/proc/self/task')); uncertainty(sample(30), draws=100)\n"
        "print(before, len(os.listdir('/proc/self/task')))"
    )
    root = Path(__file__).resolve().parents[1]
    for threads, more in (("1", 0), ("2", 1)):
        env = os.environ | {"OMP_NUM_THREADS": threads, "PYTHONPATH": str(root)}
        run = subprocess.run([sys.executable, "-c", code], cwd=root, env=env, capture_output=True, check=True)
        before, after = map(int, run.stdout.split())
        assert after - before == more

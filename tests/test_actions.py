"""Actions against golden values, galpy itself, an exact potential and orbits integrated step by step.

galpy is imported inside the tests, after `model.actions` has tamed it.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

import model.actions
from model.actions import POTENTIALS, focal_length, orbit_extremes, orbital_energy, staeckel_actions
from model.kinematics import PhaseSpace, galactocentric

NAMES = [field.name for field in dataclasses.fields(PhaseSpace)]


def disc_and_halo(stars=300):
    draw = np.random.default_rng(2)
    R, phi, z = draw.uniform(0.5, 18, stars), draw.uniform(-3, 3, stars), draw.normal(0, 2, stars)
    vR, vT, vz = draw.normal([[0], [120], [0]], 80, (3, stars))
    return PhaseSpace(R, phi, z, vR, vT, vz)


def one_star(**changed):
    star = {"R": 8.0, "phi": 0.0, "z": 0.1, "vR": 30.0, "vT": 210.0, "vz": 20.0} | changed
    return PhaseSpace(**{name: np.array([value]) for name, value in star.items()})


def exact_potential(**scale):
    from galpy.potential import KuzminKutuzovStaeckelPotential

    return KuzminKutuzovStaeckelPotential(ac=4.0, Delta=1.4, normalize=1.0, **scale)


@pytest.fixture(scope="module")
def golden(golden_actions):
    return pd.read_csv(golden_actions, na_values=["sentinel9999.99"])


@pytest.fixture(scope="module")
def golden_stars(golden):
    sky = ["ra_deg", "dec_deg", "dist_kpc", "pmra_cosdec_masyr", "pmdec_masyr", "vlos_kms"]
    return galactocentric(*(golden[name] for name in sky))


@pytest.fixture(scope="module")
def exact_orbit():
    """An orbit in a true Staeckel potential: (potential, galpy's orbit, its phase space at many times)."""
    from galpy.orbit import Orbit

    potential = exact_potential(ro=8.0, vo=220.0)
    orbit = Orbit([1.0, 0.35, 0.8, 0.25, 0.3, 0.1], ro=8.0, vo=220.0)
    times = np.linspace(0, 1000, 20_001)
    with pytest.warns(match="Using C implementation"):
        orbit.integrate(times, potential, method="dop853_c", rtol=1e-13, atol=1e-13)
    return potential, orbit, PhaseSpace(**{name: getattr(orbit, name)(times[::20]) for name in NAMES})


@pytest.mark.parametrize(("delta", "policy"), [(0.45, "d0p45"), ("per-star", "dstar")])
def test_golden_actions(golden, golden_stars, delta, policy):
    actions = staeckel_actions(golden_stars, delta=delta)
    bound = golden["bound"].to_numpy()
    assert bound.tolist() == [True] * 9 + [False]
    assert actions.failed.tolist() == (~bound).tolist()
    assert np.isnan([actions.J_R[~bound], actions.J_z[~bound]]).all()
    np.testing.assert_allclose(actions.J_R[bound], golden[f"JR_galpy_{policy}"][bound], rtol=1e-6)
    np.testing.assert_allclose(actions.J_z[bound], golden[f"Jz_galpy_{policy}"][bound], rtol=1e-6)
    np.testing.assert_allclose(actions.J_phi, golden["Jphi_kpckms"], rtol=1e-8)


def test_golden_energy_and_focal_length(golden, golden_stars):
    """The golden energies count from a nearer infinity: 0.13 (km/s)^2 higher."""
    np.testing.assert_allclose(orbital_energy(golden_stars), golden["E_minus_Einf_kms2"], rtol=0, atol=0.2)
    found = focal_length(golden_stars.R, golden_stars.z)
    np.testing.assert_allclose(found, golden["delta_perstar"], rtol=1e-9)


def test_focal_length_is_galpys():
    from galpy.actionAngle import estimateDeltaStaeckel
    from galpy.potential import MWPotential2014

    stars = disc_and_halo(200)
    stars.z[:20] = 0
    before = stars.z.copy()
    found = focal_length(stars.R, stars.z)
    np.testing.assert_array_equal(stars.z, before)
    theirs = estimateDeltaStaeckel(MWPotential2014, stars.R / 8, stars.z / 8, no_median=True)
    np.testing.assert_allclose(found, theirs, rtol=1e-12)


def test_exact_potential_has_one_focal_length():
    stars = disc_and_halo(200)
    np.testing.assert_allclose(
        focal_length(stars.R, stars.z, potential=exact_potential(ro=8.0, vo=220.0)), 1.4, rtol=1e-6
    )


def test_actions_are_conserved_along_an_orbit(exact_orbit):
    potential, _, stars = exact_orbit
    actions = staeckel_actions(stars, potential=potential, delta=1.4)
    assert not actions.failed.any()
    for action in (actions.J_R, actions.J_phi, actions.J_z):
        assert action.min() > 10
        np.testing.assert_allclose(action, action[0], rtol=1e-8)
    np.testing.assert_allclose(
        orbital_energy(stars, potential=potential), orbital_energy(stars, potential=potential)[0], rtol=1e-10
    )


def test_orbit_reaches_its_extremes(exact_orbit):
    """Followed for long enough, the orbit comes as near to its bounds as one likes."""
    potential, orbit, stars = exact_orbit
    extremes = orbit_extremes(stars, potential=potential, delta=1.4)
    expected = {
        "r_peri": orbit.rperi(),
        "r_apo": orbit.rap(),
        "z_max": orbit.zmax(),
        "eccentricity": orbit.e(),
    }
    for name, value in expected.items():
        found = getattr(extremes, name)
        np.testing.assert_allclose(found, found[0], rtol=1e-8)
        assert found[0] == pytest.approx(value, rel=2e-4), name


def test_orbit_in_the_plane_against_quadrature():
    """In the plane the fudge is exact: J_R is the integral of v_R between the points where it vanishes."""
    from galpy.potential import MWPotential2014, evaluatePotentials

    star = one_star(z=0.0, vz=0.0, vR=60.0)
    extremes, momentum = orbit_extremes(star), 8.0 * 210.0

    def radial_speed_squared(r):
        deep, here = (220**2 * evaluatePotentials(MWPotential2014, x / 8, 0.0) for x in (r, 8.0))
        return 60.0**2 + 210.0**2 + 2 * (here - deep) - (momentum / r) ** 2

    low, high = float(extremes.r_peri[0]), float(extremes.r_apo[0])
    assert low < 8 < high
    assert [radial_speed_squared(low), radial_speed_squared(high)] == pytest.approx([0, 0], abs=1e-3)
    middle, half = (low + high) / 2, (high - low) / 2
    area = quad(
        lambda t: half * np.cos(t) * np.sqrt(abs(radial_speed_squared(middle + half * np.sin(t)))),
        -np.pi / 2,
        np.pi / 2,
    )[0]
    actions = staeckel_actions(star)
    assert actions.J_R[0] == pytest.approx(area / np.pi, rel=1e-6)
    assert actions.J_z[0] == 0
    assert actions.J_phi[0] == momentum


def test_energy_vanishes_at_escape_and_is_galpys():
    from galpy.orbit import Orbit
    from galpy.potential import MWPotential2014, evaluatePotentials, vesc

    speed = 220 * vesc(MWPotential2014, 1.25)
    assert orbital_energy(one_star(R=10.0, z=0.0, vR=0.6 * speed, vT=0.8 * speed, vz=0.0))[
        0
    ] == pytest.approx(0, abs=1e-5)
    stars = disc_and_halo(50)
    vectors = np.column_stack(
        [stars.R / 8, stars.vR / 220, stars.vT / 220, stars.z / 8, stars.vz / 220, stars.phi]
    )
    theirs = Orbit(vectors).E(pot=MWPotential2014) - evaluatePotentials(MWPotential2014, 1e12, 0.0)
    np.testing.assert_allclose(orbital_energy(stars), 220**2 * theirs, rtol=1e-12)


@pytest.mark.parametrize(
    ("changed", "failed"),
    [
        ({"vR": 700.0}, True),
        ({"vR": 286.0, "vT": 220.0, "z": 0.0, "vz": 330.0}, True),
        ({"R": 0.0}, True),
        ({"R": 0.0, "z": 0.0}, True),
        ({"R": -8.0}, True),
        ({"vz": np.nan}, False),
        ({"vR": np.nan}, False),
        ({"R": np.nan}, False),
        ({"z": np.inf}, False),
    ],
)
@pytest.mark.parametrize("delta", ["per-star", 0.45])
def test_what_fails_is_missing_and_spoils_only_its_own_row(changed, failed, delta):
    alone = one_star()
    rows = PhaseSpace(
        *(np.array([getattr(s, n)[0] for s in (alone, one_star(**changed), alone)]) for n in NAMES)
    )
    clean, found = staeckel_actions(alone, delta=delta), staeckel_actions(rows, delta=delta)
    assert found.failed.tolist() == [False, failed, False]
    np.testing.assert_array_equal(found.J_R, [clean.J_R[0], np.nan, clean.J_R[0]])
    np.testing.assert_array_equal(found.J_z, [clean.J_z[0], np.nan, clean.J_z[0]])
    np.testing.assert_array_equal(found.J_phi, rows.R * rows.vT)
    extremes, reach = orbit_extremes(rows, delta=delta), orbit_extremes(alone, delta=delta)
    for field in dataclasses.fields(extremes):
        value = getattr(reach, field.name)[0]
        np.testing.assert_array_equal(getattr(extremes, field.name), [value, np.nan, value])


def test_a_bound_star_that_fails_keeps_its_energy():
    star = one_star(vR=286.0, vT=220.0, z=0.0, vz=330.0)
    assert -20_000 < orbital_energy(star)[0] < 0


def test_chunks_shapes_and_precision_do_not_matter(monkeypatch):
    stars = disc_and_halo(24)
    whole = staeckel_actions(stars)
    monkeypatch.setattr(model.actions, "_CHUNK", 7)
    table = PhaseSpace(*(getattr(stars, name).reshape(4, 6) for name in NAMES))
    actions = staeckel_actions(table)
    for name in ("J_R", "J_phi", "J_z", "failed"):
        np.testing.assert_array_equal(getattr(actions, name), getattr(whole, name).reshape(4, 6))
    assert orbital_energy(table).shape == orbit_extremes(table).z_max.shape == (4, 6)
    single = PhaseSpace(*(getattr(stars, name).astype("float32") for name in NAMES))
    double = PhaseSpace(*(getattr(single, name).astype("float64") for name in NAMES))
    np.testing.assert_array_equal(staeckel_actions(single).J_R, staeckel_actions(double).J_R)


def test_no_star_and_a_plain_number_serve_too():
    none = PhaseSpace(*(np.zeros(0) for _ in NAMES))
    assert (
        staeckel_actions(none).J_R.shape
        == orbital_energy(none).shape
        == orbit_extremes(none).r_apo.shape
        == (0,)
    )
    number = PhaseSpace(*(getattr(one_star(), name)[0] for name in NAMES))
    assert staeckel_actions(number).J_z == staeckel_actions(one_star()).J_z[0]


def test_inputs_stay_as_they_were():
    stars = disc_and_halo(30)
    stars.z[:10] = 0
    before = [getattr(stars, name).copy() for name in NAMES]
    for name in NAMES:
        getattr(stars, name).flags.writeable = False
    staeckel_actions(stars)
    orbit_extremes(stars)
    orbital_energy(stars)
    for name, values in zip(NAMES, before, strict=True):
        np.testing.assert_array_equal(getattr(stars, name), values)


def test_a_potential_twice_as_large_has_twice_the_actions():
    stars = disc_and_halo(100)
    twice = dataclasses.replace(stars, R=2 * stars.R, z=2 * stars.z)
    small, large = exact_potential(ro=8.0, vo=220.0), exact_potential(ro=16.0, vo=220.0)
    np.testing.assert_allclose(
        staeckel_actions(twice, potential=large).J_R,
        2 * staeckel_actions(stars, potential=small).J_R,
        rtol=1e-10,
    )
    np.testing.assert_allclose(
        orbital_energy(twice, potential=large), orbital_energy(stars, potential=small), rtol=1e-12
    )


def test_wrong_potentials_and_deltas_are_refused():
    from galpy.potential import DehnenBarPotential, SphericalShellPotential

    star = one_star()
    with pytest.raises(ValueError, match="MWPotential2014"):
        staeckel_actions(star, potential="MWPotential2041")
    with pytest.raises(ValueError, match=r"ro= \(kpc\)"):
        orbital_energy(star, potential=exact_potential())
    for unfit in (DehnenBarPotential(ro=8, vo=220), SphericalShellPotential(ro=8, vo=220), None):
        with pytest.raises(ValueError, match="axisymmetric galpy potential"):
            orbit_extremes(star, potential=unfit)
    for delta in ("per star", 0.0, -0.45, np.nan):
        with pytest.raises(ValueError, match="focal length"):
            staeckel_actions(star, delta=delta)


def test_named_potential_keeps_its_published_scale():
    milky_way = POTENTIALS["MWPotential2014"]
    assert (milky_way.ro, milky_way.vo) == (8.0, 220.0)

"""Orbits against what they conserve, scipy, closed forms, golden values and draws made elsewhere."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from astropy import constants, units
from scipy.integrate import solve_ivp

from model.actions import POTENTIALS, orbit_courses, orbit_extremes, orbital_energy, staeckel_actions
from model.kinematics import PhaseSpace, galactocentric
from model.orbit import FOLLOWED, MOST_DRAWS, NUMBERS, Course, follow, orbit
from model.uncertainty import Observed, drawn_phase_space, uncertainty

NAMES = [field.name for field in dataclasses.fields(PhaseSpace)]
KPC_PER_KM_S_GYR = float((units.km / units.s * units.Gyr).to(units.kpc))
G = constants.G.to_value(units.kpc * units.km**2 / units.s**2 / units.Msun)

each_potential = pytest.mark.parametrize("potential", POTENTIALS)


def one_star(**changed):
    return PhaseSpace(**({"R": 8.0, "phi": 0.3, "z": 0.1, "vR": 30.0, "vT": 210.0, "vz": 20.0} | changed))


def on_circle(potential, R=8.0):
    return one_star(R=R, z=0.0, vR=0.0, vT=circular(potential, R), vz=0.0)


def circular(potential, R):
    from galpy.potential import vcirc

    scaled = POTENTIALS[potential]
    return scaled.vo * vcirc(scaled.potential, R / scaled.ro)


@pytest.fixture(scope="module")
def golden(golden_actions):
    return pd.read_csv(golden_actions, na_values=["sentinel9999.99"])


@pytest.fixture(scope="module")
def golden_stars(golden):
    sky = ["ra_deg", "dec_deg", "dist_kpc", "pmra_cosdec_masyr", "pmdec_masyr", "vlos_kms"]
    stars = galactocentric(*(golden[name] for name in sky))
    return [PhaseSpace(*(getattr(stars, name)[row] for name in NAMES)) for row in range(len(golden))]


def observed(**changed):
    star = {
        "ra": 329.2, "dec": 39.6, "distance": 1.83, "distance_lo": 1.7, "distance_hi": 1.99, "pmra": -6.0,
        "pmdec": -4.8, "e_pmra": 0.05, "e_pmdec": 0.06, "rv": -31.0, "e_rv": 3.0,
    } | changed  # fmt: skip
    return Observed(np.array([1234]), **{name: np.array([value]) for name, value in star.items()})


def reach(course):
    return dict(zip(NUMBERS, course.reach.tolist(), strict=False))


def seen(star):
    sky = (star.ra, star.dec, star.distance, star.pmra, star.pmdec, star.rv)
    return galactocentric(*sky)


@each_potential
def test_energy_and_angular_momentum_are_conserved(golden_stars, potential):
    for star in golden_stars[:-1]:
        stars = follow(star, gyr=10.0, potential=potential).stars
        energy = orbital_energy(stars, potential=potential)
        np.testing.assert_allclose(energy, energy[0], rtol=1e-6)
        np.testing.assert_allclose(stars.R * stars.vT, star.R * star.vT, rtol=1e-7)


def pull_of_milky_way(x, y, z):
    """Acceleration in (km/s)^2 / kpc, from the published masses (solar) and lengths (kpc)."""
    r, R2 = np.sqrt(x * x + y * y + z * z), x * x + y * y
    inward = G * sum(mass / (r * (r + length) ** 2) for mass, length in ((5e9, 1.0), (1.71e9, 0.07)))
    inward += G * 5.4e11 * (np.log1p(r / 15.62) - r / (r + 15.62)) / r**3
    soft = np.hypot(z, 0.28)
    disc = G * 6.8e10 / (R2 + (3.0 + soft) ** 2) ** 1.5
    return np.array([-x * (inward + disc), -y * (inward + disc), -z * (inward + disc * (3.0 + soft) / soft)])


def pull_of_2014(x, y, z):
    from galpy.potential import MWPotential2014, evaluateRforces, evaluatezforces

    R = np.hypot(x, y)
    outward = evaluateRforces(MWPotential2014, R / 8, z / 8) * 220**2 / 8
    return np.array(
        [outward * x / R, outward * y / R, evaluatezforces(MWPotential2014, R / 8, z / 8) * 220**2 / 8]
    )


@pytest.mark.parametrize(
    ("potential", "pull", "tolerance"),
    [("MilkyWayPotential", pull_of_milky_way, 2e-3), ("MWPotential2014", pull_of_2014, 1e-5)],
)
@pytest.mark.parametrize("star", [one_star(), one_star(R=4.0, z=3.0, vR=-120.0, vT=-60.0, vz=80.0)])
def test_course_is_scipys(potential, pull, tolerance, star):
    """In Cartesian coordinates seen from above; two values of G differ by 1e-4 or so in the first."""
    course = follow(star, gyr=1.0, potential=potential)
    X, Y = star.R * np.cos(star.phi), -star.R * np.sin(star.phi)
    radial, turning = np.array([X, Y]) / star.R, np.array([Y, -X]) / star.R
    begin = np.r_[X, Y, star.z, star.vR * radial + star.vT * turning, star.vz]

    def motion(_, state):
        return np.r_[state[3:], pull(*state[:3])] * KPC_PER_KM_S_GYR

    found = solve_ivp(motion, (0, 1), begin, "DOP853", course.time, rtol=1e-10, atol=1e-10)
    expected = found.y[:3]
    apart = np.array([*course.from_above, course.stars.z]) - expected
    assert np.abs(apart).max() < tolerance * 8


@each_potential
def test_a_circle_stays_a_circle(potential):
    star = on_circle(potential)
    course = follow(star, gyr=3.0, potential=potential)
    angle = 0.3 + star.vT / 8.0 * course.time * KPC_PER_KM_S_GYR
    X, Y = course.from_above
    np.testing.assert_allclose(X, 8 * np.cos(angle), atol=1e-5)
    np.testing.assert_allclose(Y, -8 * np.sin(angle), atol=1e-5)
    assert (np.abs(course.stars.phi) <= np.pi).all()
    np.testing.assert_allclose(course.stars.z, 0, atol=1e-12)
    assert reach(course)["eccentricity"] < 1e-6
    found = orbit(star, potential=potential).numbers
    assert found["r_peri"].value == pytest.approx(8, rel=1e-6)
    assert found["J_R"].value == pytest.approx(0, abs=0.01)
    assert found["J_phi"].value == pytest.approx(8 * star.vT)


@each_potential
def test_small_motions_are_epicycles(potential):
    """Radius 8 +- v_R / kappa and height v_z / nu; J_R = v_R^2 / 2 kappa, J_z = v_z^2 / 2 nu."""
    from galpy.potential import epifreq, verticalfreq

    scaled = POTENTIALS[potential]
    kappa, nu = (f(scaled.potential, 8 / scaled.ro) * scaled.vo / scaled.ro for f in (epifreq, verticalfreq))
    star = dataclasses.replace(on_circle(potential), vR=1.0, vz=1.0)
    found = orbit(star, gyr=3.0, potential=potential)
    for name, expected in (
        ("r_peri", 8 - 1 / kappa),
        ("r_apo", 8 + 1 / kappa),
        ("z_max", 1 / nu),
    ):
        assert reach(found.course)[name] == pytest.approx(expected, rel=1e-2 if name == "z_max" else 2e-4)
        assert found.numbers[name].value == pytest.approx(expected, rel=1e-2 if name == "z_max" else 2e-4)
    assert found.numbers["J_R"].value == pytest.approx(1 / (2 * kappa), rel=0.02)
    assert found.numbers["J_z"].value == pytest.approx(1 / (2 * nu), rel=0.02)
    rising = np.flatnonzero((found.course.stars.z[:-1] < 0) & (found.course.stars.z[1:] >= 0))
    period = np.diff(found.course.time[rising]).mean()
    assert period == pytest.approx(2 * np.pi / nu / KPC_PER_KM_S_GYR, rel=5e-3)


def test_golden_actions_and_states(golden, golden_stars):
    for row, star in zip(golden.itertuples(), golden_stars, strict=True):
        found = orbit(star)
        assert (found.state == "bound") == row.bound
        assert found.numbers["J_phi"].value == pytest.approx(row.Jphi_kpckms, rel=1e-8)
        assert found.numbers["energy"].value == pytest.approx(row.E_minus_Einf_kms2, abs=0.2)
        if row.bound:
            assert found.numbers["J_R"].value == pytest.approx(row.JR_galpy_dstar, rel=1e-6)
            assert found.numbers["J_z"].value == pytest.approx(row.Jz_galpy_dstar, rel=1e-6)
            assert found.words == ""


@each_potential
def test_reach_is_that_of_the_finest_course(golden_stars, potential):
    """Between the points a parabola tells it: on points twenty times closer it is the same."""
    for star in golden_stars[:-1]:
        coarse = follow(star, gyr=1.0, potential=potential)
        time = np.linspace(0, 1, 16_001)
        rows = PhaseSpace(*(np.array([getattr(star, name)]) for name in NAMES))
        fine = orbit_courses(rows, time, potential=potential)
        fine = Course(time, PhaseSpace(*(getattr(fine, name)[0] for name in NAMES)))
        r, z = np.hypot(fine.stars.R, fine.stars.z), np.abs(fine.stars.z)
        expected = [r.min(), r.max(), z.max(), (r.max() - r.min()) / (r.max() + r.min())]
        np.testing.assert_allclose(coarse.reach, expected, rtol=2e-3)
        np.testing.assert_allclose(fine.reach, expected, rtol=2e-5)


def test_reach_is_near_the_bounds_of_the_catalogue(golden_stars):
    """Which the fudge tells, to a tenth or two off the disc."""
    for star in golden_stars[:-1]:
        found = orbit(star, gyr=10.0).numbers
        bounds = orbit_extremes(star)
        for name in NUMBERS[:4]:
            assert found[name].value == pytest.approx(float(getattr(bounds, name)), rel=0.25, abs=0.02), name
        assert found["r_apo"].value == pytest.approx(float(bounds.r_apo), rel=0.02)


def test_the_past_is_the_way_back():
    star = one_star()
    past = follow(star, gyr=-2.0)
    assert past.time[0] == 0
    assert past.time[-1] == -2.0
    then = PhaseSpace(*(getattr(past.stars, name)[-1] for name in NAMES))
    back = follow(then, gyr=2.0)
    for name in NAMES:
        assert getattr(back.stars, name)[-1] == pytest.approx(getattr(star, name), abs=2e-3)
        assert getattr(past.stars, name)[0] == pytest.approx(getattr(star, name), rel=1e-12)


def test_stars_turn_towards_negative_y_from_the_suns_side():
    X, Y = follow(one_star(phi=0.0), gyr=0.02).from_above
    assert X[0] == 8
    assert Y[0] == 0
    assert (np.diff(Y) < 0).all()


@each_potential
def test_percentiles_are_those_of_the_table_of_errors(potential):
    star = observed()
    found = orbit(seen(star), star, draws=200, seed=7, centre="median", potential=potential, gyr=1.0)
    table = uncertainty(star, draws=200, seed=7, centre="median", potential=potential)
    for name in ("J_R", "J_phi", "J_z"):
        number = found.numbers[name]
        np.testing.assert_array_equal([number.low, number.middle, number.high], getattr(table, name)[0])
    assert (found.draws, found.seed, found.unbound, found.failed) == (200, 7, 0.0, 0.0)
    for name in NUMBERS:
        number = found.numbers[name]
        assert number.low < number.middle < number.high
        assert number.low < number.value < number.high


def test_percentiles_of_pericentres_are_those_of_the_draws():
    star = observed(e_rv=20.0)
    found = orbit(seen(star), star, draws=FOLLOWED + 50, gyr=1.0)
    drawn = drawn_phase_space(star, draws=FOLLOWED + 50, seed=1)
    courses = [
        follow(PhaseSpace(*(getattr(drawn, name)[0, k] for name in NAMES)), gyr=1.0) for k in range(FOLLOWED)
    ]
    expected = np.percentile([course.reach for course in courses], [16, 50, 84], axis=0).T
    for name, three in zip(NUMBERS[:4], expected, strict=True):
        number = found.numbers[name]
        np.testing.assert_allclose([number.low, number.middle, number.high], three, rtol=1e-10)


def test_draws_follow_from_the_seed():
    star = observed()
    one, again, other = (orbit(seen(star), star, draws=50, seed=seed) for seed in (1, 1, 2))
    assert dict(one.numbers) == dict(again.numbers)
    assert one.numbers["J_R"].middle != other.numbers["J_R"].middle


def test_without_errors_there_are_no_percentiles():
    bare = orbit(one_star())
    assert (bare.draws, bare.words) == (0, "")
    assert np.isnan([n for number in bare.numbers.values() for n in (number.low, number.high)]).all()
    assert np.isfinite([number.value for number in bare.numbers.values()]).all()
    star = observed(e_rv=np.nan)
    lacking = orbit(seen(star), star, draws=10)
    assert lacking.words == "Nothing can be drawn within its errors: some of them are missing."
    assert lacking.numbers["J_R"].value == orbit(seen(star)).numbers["J_R"].value


def test_an_unbound_star_is_told_in_words():
    from galpy.potential import MWPotential2014, vesc

    found = orbit(one_star(z=0.0, vR=700.0, vT=0.0, vz=0.0))
    assert found.state == "unbound"
    assert found.speed == pytest.approx(700)
    assert found.escape == pytest.approx(220 * vesc(MWPotential2014, 1.0), rel=1e-6)
    assert found.words == (
        "The star is unbound in MWPotential2014: it moves at 700 km/s where 513 let it escape, so that it "
        "has no apocentre and no actions."
    )
    assert found.course.time.size == 0
    assert [array.size for array in found.course.from_above] == [0, 0]
    assert np.isnan([found.numbers[name].value for name in ("r_peri", "r_apo", "z_max", "J_R", "J_z")]).all()
    assert found.numbers["energy"].value > 0


def test_what_is_just_faster_than_escape_is_unbound():
    escape = orbit(one_star()).escape
    for factor, state in ((1.0001, "unbound"), (0.9999, "near escape")):
        assert orbit(one_star(vR=0.0, vT=0.0, vz=factor * escape)).state == state


def test_a_star_near_escape_has_a_course_and_no_actions():
    found = orbit(one_star(z=0.0, vR=286.0, vT=220.0, vz=330.0), gyr=1.0)
    assert found.state == "near escape"
    assert "so near to it that its actions cannot be told" in found.words
    assert "In 1 Gyr it does not go in and out once" in found.words
    assert found.numbers["r_apo"].value == found.course.reach[1] > 100
    assert np.isnan(found.numbers["J_R"].value)
    assert -20_000 < found.numbers["energy"].value < 0


def test_a_course_that_is_too_short_is_told_in_words():
    star = one_star(vR=100.0)
    short, long = (orbit(star, gyr=gyr) for gyr in (-0.05, 1.0))
    words = "In 0.05 Gyr it does not go in and out once, so that its pericentre or apocentre lies beyond"
    assert short.words.startswith(words)
    assert short.course.turns < 2
    assert long.words == ""
    assert long.course.turns > 8
    assert orbit(on_circle("MWPotential2014"), gyr=0.05).words == ""
    once = next(gyr for gyr in np.arange(0.01, 1, 0.01) if follow(star, gyr=gyr).turns == 2)
    assert orbit(star, gyr=once).words == ""
    assert orbit(star, gyr=once - 0.02).words != ""


def test_draws_that_are_unbound_are_counted():
    star = observed(rv=-580.0, e_rv=150.0)
    found = orbit(seen(star), star, draws=500)
    table = uncertainty(star, draws=500)
    assert 0.02 < found.unbound == table.unbound[0] < 0.98
    assert found.failed == table.failed[0] >= found.unbound
    assert f"{100 * found.unbound:.3g} % of 500 draws within its errors are unbound." in found.words


@pytest.mark.parametrize(
    "changed", [{name: np.nan} for name in NAMES] + [{"R": 0.0}, {"R": -8.0}, {"z": np.inf}]
)
def test_a_star_of_unknown_place_is_told_in_words(changed):
    found = orbit(one_star(**changed), observed(), draws=10)
    assert found.state == "unknown"
    assert found.words == "Its orbit cannot be told: part of its place or velocity is missing."
    assert found.course.time.size == 0


@pytest.mark.parametrize(
    ("star", "more", "words"),
    [
        (one_star(R=np.array([8.0, 9.0])), {}, "2 stars were given"),
        (one_star(), {"gyr": 0.0}, "give at most 14, or -14"),
        (one_star(), {"gyr": 15.0}, "give at most 14, or -14"),
        (one_star(), {"gyr": np.nan}, "give at most 14, or -14"),
        (one_star(), {"potential": "Kepler"}, "no potential is called 'Kepler'"),
    ],
)
def test_what_will_not_do_is_refused_in_words(star, more, words):
    for ask in (follow, orbit):
        with pytest.raises(ValueError, match=words):
            ask(star, **more)


def test_a_course_needs_a_whole_star():
    for changed in ({"R": 0.0}, {"vz": np.nan}):
        with pytest.raises(ValueError, match="give a whole one"):
            follow(one_star(**changed))


@pytest.mark.parametrize("draws", [0, MOST_DRAWS + 1])
def test_draws_are_bounded(draws):
    with pytest.raises(ValueError, match="of one star"):
        orbit(one_star(), observed(), draws=draws)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"seed": 2**64}, {"centre": "mean"}])
def test_what_nothing_is_drawn_by_is_refused_in_words(wrong):
    with pytest.raises(ValueError, match="give a draw or more"):
        orbit(one_star(), observed(), **wrong)


def test_circular_speed_of_the_heavier_galaxy_is_that_of_its_parts():
    for R in (2.0, 8.0, 20.0):
        expected = np.sqrt(-pull_of_milky_way(R, 0.0, 0.0)[0] * R)
        assert circular("MilkyWayPotential", R) == pytest.approx(expected, rel=1e-3)
    assert circular("MilkyWayPotential", 8.0) > circular("MWPotential2014", 8.0)


def test_actions_of_the_heavier_galaxy_are_conserved_along_a_course():
    """As far as the fudge is true, for a star of the disc."""
    stars = follow(one_star(), gyr=2.0, potential="MilkyWayPotential").stars
    actions = staeckel_actions(stars, potential="MilkyWayPotential")
    for action in (actions.J_R, actions.J_z):
        assert action.std() < 0.03 * action.mean()

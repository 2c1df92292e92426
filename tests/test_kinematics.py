"""Galactocentric coordinates against astropy, golden values, real stars and themselves."""

import dataclasses
import math

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.coordinates import CylindricalDifferential, CylindricalRepresentation, Galactocentric, SkyCoord
from hypothesis import given
from hypothesis import strategies as st

from model.kinematics import (
    PhaseSpace,
    SolarFrame,
    cylindrical,
    equatorial,
    face_on,
    galactic,
    galactocentric,
    handedness,
    heliocentric,
)

FRAMES = [SolarFrame(), SolarFrame(R0=8.122, z_sun=0.0208, U=12.9, V=245.6, W=7.78), SolarFrame(z_sun=-0.3)]
OTHER = FRAMES[1]


def random_sky(stars=10_000, seed=5):
    """All over the sky, 0.01 to 30 kpc away, with disc and halo motions."""
    draw = np.random.default_rng(seed)
    distance = 10 ** draw.uniform(-2, 1.5, stars)
    speed = draw.normal(0, 150, (2, stars)) / (4.74 * distance)
    ra, dec = draw.uniform(0, 360, stars), np.degrees(np.arcsin(draw.uniform(-1, 1, stars)))
    return ra, dec, distance, *speed, draw.normal(0, 150, stars)


def seen_by_astropy(sky, frame):
    """R, phi, z, vR, vT, vz by astropy: its azimuth is 0 away from the Sun and grows against rotation."""
    units = (u.deg, u.deg, u.kpc, u.mas / u.yr, u.mas / u.yr, u.km / u.s)
    names = ("ra", "dec", "distance", "pm_ra_cosdec", "pm_dec", "radial_velocity")
    stars = SkyCoord(
        **{n: value * unit for n, value, unit in zip(names, sky, units, strict=True)}
    ).transform_to(
        Galactocentric(
            galcen_distance=math.hypot(frame.R0, frame.z_sun) * u.kpc,
            z_sun=frame.z_sun * u.kpc,
            galcen_v_sun=[frame.U, frame.V, frame.W] * u.km / u.s,
        )
    )
    place = stars.data.represent_as(CylindricalRepresentation, CylindricalDifferential)
    motion = place.differentials["s"]
    turn = (place.rho * motion.d_phi).to_value(u.km / u.s, u.dimensionless_angles())
    azimuth = (math.pi - place.phi.to_value(u.rad) + math.pi) % (2 * math.pi) - math.pi
    return (
        place.rho.to_value(u.kpc),
        azimuth,
        place.z.to_value(u.kpc),
        motion.d_rho.to_value(u.km / u.s),
        -turn,
        motion.d_z.to_value(u.km / u.s),
    )


def on_sky(ra, dec):
    """Unit vectors, in which differences are the same everywhere on the sky."""
    ra, dec = np.radians(ra), np.radians(dec)
    return np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


@pytest.mark.parametrize("frame", FRAMES)
def test_agrees_with_astropy(frame):
    """Within 1e-9 kpc, radians and km/s: absolute, for stars up to 30 kpc away."""
    sky = random_sky()
    ours = dataclasses.astuple(galactocentric(*sky, frame=frame))
    theirs = seen_by_astropy(sky, frame)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-9)


def test_golden_values(golden_actions):
    stars = pd.read_csv(golden_actions)
    sky = ["ra_deg", "dec_deg", "dist_kpc", "pmra_cosdec_masyr", "pmdec_masyr", "vlos_kms"]
    found = galactocentric(*(stars[name] for name in sky))
    assert len(stars) == 10
    for name, column in {
        "R": "R_kpc", "phi": "phi_rad_lh", "z": "z_kpc", "vR": "vR_kms", "vT": "vT_kms", "vz": "vz_kms",
    }.items():  # fmt: skip
        np.testing.assert_allclose(getattr(found, name), stars[column], rtol=1e-8, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("frame", FRAMES)
def test_heliocentric_undoes_galactocentric(frame):
    sky = random_sky()
    back = heliocentric(galactocentric(*sky, frame=frame), frame=frame)
    np.testing.assert_allclose(on_sky(*back[:2]), on_sky(*sky[:2]), rtol=0, atol=1e-11)
    assert np.all((back[0] >= 0) & (back[0] < 360))
    np.testing.assert_allclose(back[2], sky[2], rtol=1e-11)
    for mine, given_ in zip(back[3:5], sky[3:5], strict=True):
        np.testing.assert_allclose(mine * sky[2], given_ * sky[2], rtol=0, atol=1e-9)
    np.testing.assert_allclose(back[5], sky[5], rtol=0, atol=1e-9)


def test_velocity_is_the_change_of_position():
    """Stars that fly straight on past a Sun that does too: where they are 1 Myr apart tells how they move."""
    sky, frame = random_sky(500), SolarFrame()
    ra, dec, distance, pmra, pmdec, rv = sky
    east = on_sky(ra + 90, np.zeros_like(dec))
    north = on_sky(ra, dec + 90)
    drift = rv * on_sky(ra, dec) + 4.740470463533349 * distance * (pmra * east + pmdec * north)
    myr = (1 * u.Myr).to_value(u.kpc / (u.km / u.s))
    maps = []
    for time in (-myr / 2, myr / 2):
        x, y, z = distance * on_sky(ra, dec) + drift * time
        far = np.sqrt(x * x + y * y + z * z)
        R, phi, height = cylindrical(np.degrees(np.arctan2(y, x)), np.degrees(np.arcsin(z / far)), far)
        maps.append(np.array([R * np.cos(phi), R * np.sin(phi), height]))
    out, along, up = (maps[1] - maps[0]) / myr + np.array([[-frame.U], [frame.V], [frame.W]])
    stars = galactocentric(*sky)
    sine, cosine = np.sin(stars.phi), np.cos(stars.phi)
    np.testing.assert_allclose(stars.vR, out * cosine + along * sine, rtol=0, atol=1e-8)
    np.testing.assert_allclose(stars.vT, along * cosine - out * sine, rtol=0, atol=1e-8)
    np.testing.assert_allclose(stars.vz, up, rtol=0, atol=1e-8)


def test_sun_itself():
    near = galactocentric(10, 20, 1e-12, 0, 0, 0, frame=OTHER)
    found = [float(value) for value in dataclasses.astuple(near)]
    assert found == pytest.approx([8.122, 0, 0.0208, -12.9, 245.6, 7.78], abs=1e-9)


def test_galactic_agrees_with_astropy():
    ra, dec = random_sky()[:2]
    longitude, latitude = galactic(ra, dec)
    theirs = SkyCoord(ra * u.deg, dec * u.deg).galactic
    np.testing.assert_allclose(
        on_sky(longitude, latitude), on_sky(theirs.l.deg, theirs.b.deg), rtol=0, atol=1e-14
    )
    np.testing.assert_allclose(on_sky(*equatorial(longitude, latitude)), on_sky(ra, dec), rtol=0, atol=1e-14)


@given(ra=st.floats(-720, 720), dec=st.floats(-90, 90))
def test_longitudes_stay_in_range_everywhere(ra, dec):
    longitude, latitude = galactic(ra, dec)
    assert 0 <= longitude < 360
    assert -90 <= latitude <= 90
    back, same = equatorial(longitude, latitude)
    assert 0 <= back < 360
    np.testing.assert_allclose(on_sky(back, same), on_sky(ra, dec), rtol=0, atol=1e-14)


def test_real_giants_are_where_their_authors_put_them(real_data):
    """Published R to 0.01 kpc and Z to 0.03: two decimals of an untilted frame, Z = d sin b + 0.027."""
    path = real_data / "lamost-dr3-giants" / "LMDR3_diskRGB2.dat"
    names = path.read_text(encoding="ascii").split("\n", 1)[0].lstrip("# ").split()
    stars = pd.read_csv(path, sep=r"\s+", comment="#", names=names)
    assert len(stars) == 21_954
    R, _, z = cylindrical(stars.ra, stars.dec, stars.dist, frame=SolarFrame(z_sun=0))
    np.testing.assert_allclose(R, stars.R, rtol=0, atol=0.01)
    np.testing.assert_allclose(z + 0.027, stars.Z, rtol=0, atol=0.03)
    longitude, latitude = galactic(stars.ra, stars.dec)
    np.testing.assert_allclose(on_sky(longitude, latitude), on_sky(stars.l, stars.b), rtol=0, atol=1e-6)


def test_maps_seen_from_the_north():
    """The Sun at X = +8, rotation towards -Y: phi = 90 degrees is a quarter turn ahead."""
    X, Y = face_on([8.0, 2.0], [0.0, math.pi / 2])
    np.testing.assert_allclose([X, Y], [[8, 0], [0, -2]], atol=1e-15)


def test_handedness_tells_a_mirrored_catalogue():
    ra, dec, distance = random_sky()[:3]
    R, phi, _ = cylindrical(ra, dec, distance)
    Y = face_on(R, phi)[1]
    Y[:100] = np.nan
    longitude = galactic(ra, dec)[0]
    assert handedness(longitude, Y) > 0.999
    assert handedness(longitude, -Y) < 0.001
    assert handedness(longitude, np.where(np.arange(len(Y)) % 4, Y, -Y)) == pytest.approx(0.75, abs=0.01)
    assert math.isnan(handedness([0.0, 180.0, np.nan, 90.0], [0.0, 0.0, 1.0, np.nan]))


@pytest.mark.parametrize(
    "spoiled", [{"distance": 0.0}, {"distance": -1.0}, {"distance": np.inf}, {"dec": 90.1}, {"ra": np.nan}]
)
def test_what_cannot_be_placed_is_missing(spoiled):
    star = {"ra": 10.0, "dec": 20.0, "distance": 1.0, "pmra": 3.0, "pmdec": -2.0, "rv": 40.0}
    given_ = {name: np.array([value, spoiled.get(name, value), value]) for name, value in star.items()}
    whole = galactocentric(**{name: [value] for name, value in star.items()})
    for field in dataclasses.fields(PhaseSpace):
        found, clean = getattr(galactocentric(**given_), field.name), getattr(whole, field.name)[0]
        np.testing.assert_array_equal(found, [clean, np.nan, clean])


def test_a_missing_motion_leaves_the_position():
    stars = galactocentric([10.0, 10.0], 20.0, 1.0, 3.0, -2.0, [np.nan, 40.0])
    assert np.isfinite([stars.R, stars.phi, stars.z]).all()
    assert np.isfinite([stars.vR, stars.vT, stars.vz]).tolist() == [[False, True]] * 3


def test_shapes_broadcast_and_inputs_stay_as_they_were():
    ra, dec, distance, pmra, pmdec, rv = random_sky(3)
    draws = np.array([[0.5], [1.0]]) * distance
    before = draws.copy()
    stars = galactocentric(ra, dec, draws, pmra.astype(">f4"), pmdec, rv)
    assert {getattr(stars, field.name).shape for field in dataclasses.fields(stars)} == {(2, 3)}
    assert {getattr(stars, field.name).dtype for field in dataclasses.fields(stars)} == {np.dtype(float)}
    np.testing.assert_array_equal(draws, before)
    many_rv = galactocentric(1.0, 2.0, 3.0, 4.0, 5.0, rv)
    assert many_rv.R.shape == many_rv.vz.shape == (3,)
    with pytest.raises(ValueError, match=r"ra \(3,\), dec \(3,\), distance \(2,\)"):
        cylindrical(ra, dec, [1.0, 2.0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"R0": -8.0}, "positive distance"),
        ({"R0": math.nan}, "finite"),
        ({"z_sun": 25.0}, "z_sun = 25.0 kpc"),
        ({"V": -232.24}, "with Galactic rotation"),
        ({"U": math.inf}, "U = inf"),
    ],
)
def test_a_wrong_sun_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        SolarFrame(**wrong)


def test_frame_says_what_was_chosen():
    assert SolarFrame(z_sun=0.25).name == (
        "Sun at R = 8 kpc, z = 250 pc, moving at (11.1, 232.24, 7.25) km/s "
        "towards (Galactic centre, rotation, north)"
    )

"""What a browser sends of a star, and what is typed: what is ours is taken, the rest refused in words."""

import base64
import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given
from hypothesis import strategies as st

from data.lamost import read_spectrum
from data.problem import DataError
from explorer.conventions import USUAL
from explorer.drawer import Asked, read
from explorer.line_marks import ROOM, every_mark, marks_of, named
from explorer.own_spectrum import LARGEST, _parse, placed
from explorer.own_spectrum import read as read_own
from explorer.spectra import find_spectra
from explorer.wavelength_ranges import ranges_of, ranges_text
from model.actions import staeckel_actions
from model.kinematics import galactocentric

SCRAPS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        ({"close": True}, Asked("close")),
        ({"opened": "orbit"}, Asked("opened", "orbit")),
        ({"observation": -1}, Asked("observation", -1)),
        ({"model": "giant"}, Asked("model", "giant")),
        ({"below": ["gradient", "mg_fe"]}, Asked("below", ("gradient", "mg_fe"))),
        ({"trial": {"teff": 4800}}, Asked("trial", {"teff": 4800.0})),
        ({"hold": {}}, Asked("hold", {})),
        (
            {"manner": {"raw": True, "observed": False, "air": True}},
            Asked("manner", {"raw": True, "observed": False, "air": True}),
        ),
    ],
)
def test_what_is_ours_is_taken(sent, asked):
    assert read(sent) == asked


@pytest.mark.parametrize(
    "sent",
    [
        {"close": True, "opened": "orbit"},
        {"opened": "everything"},
        {"close": False},
        {"observation": 1e9},
        {"observation": 101},
        {"exclude": "1" * 2001},
        {"below": ["everything", ""]},
        {"trial": {"teff": float("nan")}},
        {"trial": {"teff": float("inf")}},
        {"trial": {"teff": True}},
        {"trial": {f"x{k}": 0 for k in range(101)}},
        {"manner": {"raw": 1, "observed": 0, "air": 0}},
        [],
        None,
    ],
)
def test_what_is_not_is_not(sent):
    assert isinstance(read(sent), DataError)


@given(SCRAPS)
def test_anything_is_taken_or_refused(sent):
    assert isinstance(read(sent), Asked | DataError)


@given(
    st.dictionaries(
        st.sampled_from(
            ["close", "observation", "model", "exclude", "where", "below", "manner", "trial", "hold"]
        ),
        SCRAPS,
        max_size=2,
    )
)
def test_nearly_right_is_taken_or_refused(sent):
    found = read(sent)
    assert isinstance(found, DataError) or found.what in sent


# ranges of wavelength


@given(st.lists(st.tuples(st.integers(3900, 5000), st.integers(5001, 8900)), max_size=5))
def test_ranges_come_back(ranges):
    assert ranges_of(ranges_text([(float(low), float(high)) for low, high in ranges])) == [
        [low, high] for low, high in ranges
    ]


@pytest.mark.parametrize("typed", ["6860", "6860-", "a-b", "1-2-3", "6860-6960, x", "__import__('os')-1"])
def test_what_is_no_range_is_refused(typed):
    with pytest.raises(DataError, match="is no range of wavelength"):
        ranges_of(typed)


def test_other_dashes_and_signs_between_ranges():
    assert ranges_of(" 6860\N{EN DASH}6960 ; 7590 - 7700,") == [[6860, 6960], [7590, 7700]]
    assert ranges_of("") == []


# marks of lines


@given(st.floats(3900, 8000), st.floats(10, 5000))
def test_names_have_room(low, span):
    marks = every_mark()
    centres = [mark.centre for mark in marks]
    names = named(marks, centres, low, low + span)
    places = [centre for centre, name in zip(centres, names, strict=True) if name]
    assert all(low <= place <= low + span for place in places)
    assert all(b - a >= ROOM * span * (1 - 1e-9) for a, b in pairwise(places))
    edge = 0.3 * ROOM * span  # half a name
    seen = [centre for centre in centres if low + edge <= centre <= low + span - edge]
    assert bool(places) == bool(seen)


def test_lines_of_a_label():
    assert {mark.name for mark in marks_of("mg_fe")} == {"Mg"}
    assert any(mark.low < 5185.05 < mark.high for mark in marks_of("mg_fe"))
    assert marks_of("teff") == ()


# spectra of one's own


@pytest.fixture(scope="module")
def file(real_data):
    return find_spectra(real_data / "lamost-spectra")[0]


def sent_as(name, content):
    return {"file": {"name": name, "data": base64.b64encode(content).decode()}}


def test_a_file_arrives_as_it_is(file):
    name, content = read_own(sent_as(file.name, file.read_bytes()))
    spectrum = _parse(name, content, lambda: False)
    np.testing.assert_array_equal(spectrum.flux, read_spectrum(file).flux)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (sent_as("x.fits", b"0" * (LARGEST + 4)), "less than 4 MiB"),
        ({"file": {"name": "x.fits", "data": "!!!"}}, "did not arrive whole"),
        ({"file": {"name": "x" * 201, "data": ""}}, "no spectrum and no place"),
        ({"file": {"name": "x", "data": "", "path": "/etc/passwd"}}, "no spectrum and no place"),
        ({"place": {"distance": 1, "pmra": 0, "pmdec": 0}}, "no spectrum and no place"),
        ({"place": {"distance": "1", "pmra": 0, "pmdec": 0, "rv": 0}}, "no spectrum and no place"),
        ({"place": {"distance": float("nan"), "pmra": 0, "pmdec": 0, "rv": 0}}, "no spectrum and no place"),
        (None, "no spectrum and no place"),
    ],
)
def test_other_messages_are_refused(sent, said):
    with pytest.raises(DataError, match=said):
        read_own(sent)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../../etc/passwd", b"root:x:0:0"),
        ("/etc/passwd", b""),
        ("..", b"x"),
        ("bomb.fits.gz", gzip.compress(b"\0" * (64 << 20))),
        ("cut.fits", b"SIMPLE  =                    T" + b" " * 50),
        ("endless.fits", b" " * 2880 * 20),
    ],
)
def test_hostile_files_are_refused_by_their_bare_names(name, content):
    with pytest.raises(DataError) as refused:
        _parse(name, content, lambda: False)
    assert "/" not in str(refused.value).split(":")[0]
    assert (Path(name).name or "your file") in str(refused.value)


def test_damaged_anywhere_it_is_read_or_refused(file):
    content = bytearray(read_packed(file))
    rng = np.random.default_rng(1)
    for _ in range(60):
        hurt = bytearray(content)
        for place in rng.integers(0, 2880 * 3, 8):
            hurt[place] = int(rng.integers(0, 256))
        try:
            _parse("hurt.fits", bytes(hurt), lambda: False)
        except DataError as problem:
            assert "hurt.fits" in str(problem)  # noqa: PT017 - most are read as they were


def read_packed(file):
    content = file.read_bytes()
    return gzip.decompress(content) if file.name.endswith(".gz") else content


def test_a_star_is_placed_as_astropy_places_it(file):
    spectrum = read_spectrum(file)
    numbers = {"distance": 1.3, "pmra": -3.0, "pmdec": 5.0, "rv": 40.0}
    found = placed(spectrum, numbers, USUAL)
    seen = SkyCoord(
        spectrum.ra * u.deg, spectrum.dec * u.deg, 1.3 * u.kpc,
        pm_ra_cosdec=-3.0 * u.mas / u.yr, pm_dec=5.0 * u.mas / u.yr, radial_velocity=40 * u.km / u.s,
    )  # fmt: skip
    sky = seen.galactic.cartesian
    assert found["X"] == pytest.approx(8.0 - sky.x.to_value(u.kpc), abs=0.01)
    assert found["Y"] == pytest.approx(-sky.y.to_value(u.kpc), abs=0.01)
    assert found["z"] == pytest.approx(0.025 + sky.z.to_value(u.kpc), abs=0.01)
    star = galactocentric(*np.array([[spectrum.ra, spectrum.dec, 1.3, -3.0, 5.0, 40.0]]).T)
    actions = staeckel_actions(star)
    assert [found["JR"], found["Jphi"], found["Jz"]] == pytest.approx(
        [actions.J_R[0], actions.J_phi[0], actions.J_z[0]]
    )
    with pytest.raises(DataError, match="up to 1000 kpc"):
        placed(spectrum, {**numbers, "distance": -1.0}, USUAL)

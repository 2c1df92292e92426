"""Orbits of stars of a catalogue: which numbers they start from, and what is said where some are missing."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from data.catalogue import open_catalogue
from data.problem import DataError
from explorer.demo import make_demo
from explorer.derive import derivations
from explorer.orbit_errors import OBSERVED, Drawing
from explorer.star_orbit import PLACE, SEEN, sky_orbit, star_orbit
from model.kinematics import SolarFrame, face_on, galactocentric
from model.uncertainty import Observed, uncertainty

DRAWING = Drawing(30, 4, "mode", SolarFrame(), "MWPotential2014", "per-star")
ROW = 17


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory, own_folders):
    place = make_demo(tmp_path_factory.mktemp("mock") / "small.parquet", stars=100)
    with pytest.MonkeyPatch.context() as patch:
        for name, folder in own_folders.items():
            patch.setenv(name, folder)
        yield open_catalogue(place, derivations=derivations())


def having(catalogue, **columns):
    """The catalogue with other columns; None for those that it lacks."""
    kept = {name: values for name, values in catalogue.columns.items() if columns.get(name, 0) is not None}
    added = {name: values for name, values in columns.items() if values is not None}
    return replace(catalogue, columns=MappingProxyType(kept | added))


def spoilt(catalogue, name):
    values = np.array(catalogue[name])
    values[ROW] = np.nan
    return having(catalogue, **{name: values})


def test_orbit_is_that_of_the_row(catalogue):
    found = star_orbit(catalogue, ROW, DRAWING, gyr=1.0)
    assert found.state == "bound"
    for name, column in {"J_R": "JR", "J_phi": "Jphi", "J_z": "Jz", "energy": "energy"}.items():
        assert found.numbers[name].value == pytest.approx(catalogue[column][ROW], rel=2e-4), name
    X, Y = found.course.from_above
    assert (X[0], Y[0]) == pytest.approx(face_on(catalogue["R"][ROW], catalogue["phi"][ROW]), rel=1e-5)
    assert found.course.stars.z[0] == pytest.approx(catalogue["z"][ROW], rel=1e-5)


def test_an_orbit_from_the_sky_is_that_of_the_row_that_says_the_same(catalogue):
    seen = [float(catalogue[name][ROW]) for name in SEEN]
    found, row = (
        sky_orbit(seen, replace(DRAWING, draws=0), gyr=0.5),
        star_orbit(catalogue, ROW, replace(DRAWING, draws=0), gyr=0.5),
    )
    assert found.numbers["J_R"].value == row.numbers["J_R"].value
    np.testing.assert_array_equal(found.course.stars.R, row.course.stars.R)


def test_draws_are_those_of_the_table_of_errors(catalogue):
    columns = {name: np.asarray(catalogue[name][[ROW]], float) for name in OBSERVED}
    table = uncertainty(Observed(np.asarray(catalogue["source_id"][[ROW]]), **columns), draws=30, seed=4)
    found = star_orbit(catalogue, ROW, DRAWING, gyr=0.5).numbers["J_R"]
    assert [found.low, found.middle, found.high] == table.J_R[0].tolist()


def test_frame_potential_and_time_are_those_asked_for(catalogue):
    other = replace(DRAWING, frame=SolarFrame(R0=8.2), potential="MilkyWayPotential")
    found = star_orbit(catalogue, ROW, other, gyr=-0.5)
    assert found.potential == "MilkyWayPotential"
    assert found.course.time[-1] == -0.5
    seen = galactocentric(*(float(catalogue[name][ROW]) for name in SEEN), frame=SolarFrame(R0=8.2))
    assert found.course.stars.R[0] == pytest.approx(float(seen.R))
    columns = {name: np.asarray(catalogue[name][[ROW]], float) for name in OBSERVED}
    table = uncertainty(
        Observed(np.asarray(catalogue["source_id"][[ROW]]), **columns),
        draws=30, seed=4, frame=SolarFrame(R0=8.2), potential="MilkyWayPotential",
    )  # fmt: skip
    assert found.numbers["J_phi"].middle == table.J_phi[0, 1]


@pytest.mark.parametrize("name", ["rv", "distance"])
def test_a_star_that_is_not_wholly_seen_starts_from_its_own_phase_space(catalogue, name):
    for other in (spoilt(catalogue, name), having(catalogue, **{name: None})):
        found = star_orbit(other, ROW, DRAWING, gyr=0.5)
        assert found.draws == 0
        assert found.course.stars.vz[0] == pytest.approx(catalogue["vz"][ROW])
        assert found.numbers["J_R"].value == pytest.approx(catalogue["JR"][ROW], rel=1e-4)


def test_a_star_without_errors_has_no_draws(catalogue):
    none = star_orbit(having(catalogue, e_rv=None), ROW, DRAWING, gyr=0.5)
    assert none.draws == 0
    lost = star_orbit(spoilt(catalogue, "e_rv"), ROW, DRAWING, gyr=0.5)
    assert "Nothing can be drawn" in lost.words


def test_a_star_of_unknown_place_is_told_in_words(catalogue):
    lacking = spoilt(spoilt(catalogue, "rv"), "vz")
    assert star_orbit(lacking, ROW, DRAWING).words.startswith("Its orbit cannot be told")


def test_what_will_not_do_is_refused_in_words(catalogue):
    bare = having(catalogue, rv=None, **dict.fromkeys(PLACE[3:]))
    with pytest.raises(DataError, match=r"lacks what an orbit starts from: vR, vT, vz; a mapping can"):
        star_orbit(bare, ROW, DRAWING)
    for drawing, gyr, words in (
        (replace(DRAWING, potential="Kepler"), 1.0, "no potential is called 'Kepler'"),
        (DRAWING, 50.0, "give at most 14"),
        (DRAWING, np.nan, "give at most 14"),
        (replace(DRAWING, draws=-1), 1.0, "of one star"),
    ):
        with pytest.raises(DataError, match=words):
            star_orbit(catalogue, ROW, drawing, gyr=gyr)


def test_without_draws_it_is_the_same_course_and_no_errors(catalogue):
    drawn, bare = (star_orbit(catalogue, 0, replace(DRAWING, draws=draws), gyr=1.0) for draws in (20, 0))
    np.testing.assert_array_equal(bare.course.stars.R, drawn.course.stars.R)
    assert np.isfinite(drawn.numbers["r_apo"].middle)
    assert np.isnan(bare.numbers["r_apo"].middle)
    assert bare.draws == 0

"""What a row of a catalogue says of its star's spectra."""

import numpy as np
import pytest

from data.observation_name import MOST, ObservationName, Star, exposure

COLUMNS = {
    "obsid": np.array([11, 12, 13, -1, 15]),
    "source_id": np.array([2**62 + 1, -1, 2**62 + 1, -1, 2**62 + 2]),
    "designation": np.array([b"J1", b"LAMOST J2", b"J3", b"LAMOST J2", b""]),
    "plate": np.array([b"A", b"B", b"C", b"D", b""]),
    "lmjd": np.array([1.0, np.nan, 3, 4, -9999]),
    "spid": np.array([1, 2, 3, 4, -1]),
    "fiberid": np.array([1, 2, 3, 4, -1]),
}


def test_rows_of_one_source_id_the_asked_one_first():
    star = Star.at(COLUMNS, 2)
    assert [name.row for name in star.names] == [2, 0]
    assert star.names[0] == ObservationName(obsid=13, lmjd=3, planid="C", spid=3, fiberid=3, row=2)
    assert star.names[0].exposure == "3-C-3-3"


def test_source_ids_are_compared_to_the_last_digit():
    assert [name.row for name in Star.at(COLUMNS, 4).names] == [4]


def test_rows_of_one_designation_where_there_is_no_source_id():
    star = Star.at(COLUMNS, 1)
    assert (star.designation, [name.row for name in star.names]) == ("J2", [1, 3])
    assert [str(name) for name in star.names] == ["obsid 12", "4-D-4-4"]
    assert star.names[0].exposure == ""


@pytest.mark.parametrize("columns", [{}, {"obsid": np.array([5])}, {"designation": np.array([b""])}])
def test_whatever_columns_there_are(columns):
    (name,) = Star.at(columns, 0).names
    assert name.obsid == (5 if "obsid" in columns else -1)


def test_not_more_than_are_looked_at():
    columns = {"source_id": np.full(1000, 3), "obsid": np.arange(1000)}
    rows = [name.row for name in Star.at(columns, 999).names]
    assert (len(rows), rows[0]) == (MOST, 999)


@pytest.mark.parametrize("changes", [{"lmjd": -1}, {"planid": ""}, {"spid": -1}, {"fiberid": -1}])
def test_half_an_exposure_is_none(changes):
    known = {"lmjd": 0, "planid": "P", "spid": 0, "fiberid": 0}
    assert exposure(**known) == "0-P-0-0"
    assert exposure(**{**known, **changes}) == ""

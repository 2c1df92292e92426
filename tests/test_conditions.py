"""Conditions of a fit: what a person may ask, and what is refused in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.problem import DataError
from explorer.conditions import MOST_RANGES, Conditions, label_values

RANGES = {"teff": (4000.0, 6000.0), "logg": (1.0, 4.0), "fe_h": (-2.0, 0.5)}

ends = st.floats(-1e5, 1e5).map(lambda x: round(x, 1))
pairs = st.lists(st.tuples(ends, ends).map(sorted).filter(lambda pair: pair[0] < pair[1]), max_size=20)


def test_conditions_are_values_in_one_order():
    one = Conditions.of(RANGES, {"fe_h": -1, "teff": 5000}, [[5000, 5100], (4000.0, 4100.0)])
    other = Conditions.of(RANGES, {"teff": 5000.0, "fe_h": -1.0}, [(4000, 4100), (5000, 5050), (5050, 5100)])
    assert one == other
    assert hash(one) == hash(other)
    assert one.held == (("teff", 5000.0), ("fe_h", -1.0))
    assert one.excluded == ((4000.0, 4100.0), (5000.0, 5100.0))
    assert str(one) == "teff held at 5000, fe_h held at -1, 4000 to 4100 A left out, 5000 to 5100 A left out"
    assert not one.are_none


def test_no_conditions_leave_everything():
    none = Conditions.of(RANGES)
    assert none == Conditions()
    assert none.are_none
    assert str(none) == ""
    assert none.names == ()
    assert none.pixels(np.arange(5.0)).all()


@given(pairs, st.lists(ends, min_size=1))
def test_a_pixel_is_left_out_if_it_is_in_any_range(given_pairs, wavelengths):
    found = Conditions.of(RANGES, None, given_pairs)
    expected = [not any(low <= x <= high for low, high in given_pairs) for x in wavelengths]
    assert found.pixels(np.array(wavelengths)).tolist() == expected
    flat = [end for pair in found.excluded for end in pair]
    assert (np.diff(flat) > 0).all()


@pytest.mark.parametrize(
    ("held", "excluded", "words"),
    [
        ({"mg_fe": 0.1}, (), "no label is called 'mg_fe': give some of teff, logg, fe_h"),
        ({7: 0.1}, (), "no label is called 7"),
        ({"x" * 500: 0.1}, (), "no label is called 'xxx"),
        ({"teff": np.nan}, (), "the value of teff is nan: give a finite number"),
        ({"teff": float("inf")}, (), "finite number"),
        ({"teff": 10**400}, (), "finite number"),
        ({"teff": "5000"}, (), "the value of teff is '5000'"),
        ({"teff": True}, (), "finite number"),
        ({"teff": None}, (), "finite number"),
        ({"teff": 5000j}, (), "finite number"),
        ({"teff": 1e6}, (), "teff = 1e+06 is absurd for this model: its stars have teff from 4000 to 6000"),
        ({"teff": 5000, "logg": 2, "fe_h": 0}, (), "all labels are held"),
        ({}, [(5100, 5000)], "upside down"),
        ({}, [(5000, 5000)], "empty"),
        ({}, [(5000, np.nan)], "an end of a range left out is nan"),
        ({}, [(-np.inf, 5000)], "finite number"),
        ({}, [(5000,)], "give its two ends"),
        ({}, ["ab"], "give its two ends"),
        ({}, [5000], "give its two ends"),
        ({}, [{5000: 1, 5001: 2}], "give its two ends"),
        ({}, [("5000", 5100)], "finite number"),
        ({}, [(k, k + 0.5) for k in range(MOST_RANGES + 1)], "at most 100"),
    ],
)
def test_what_will_not_do_is_refused_in_words(held, excluded, words):
    with pytest.raises(DataError) as refused:
        Conditions.of(RANGES, held, excluded)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 200
    assert "\n" not in str(refused.value)


def test_values_may_lie_beyond_by_as_much_as_stars_span():
    assert label_values({"teff": 8000, "fe_h": np.float32(-4.5)}, RANGES) == {"teff": 8000.0, "fe_h": -4.5}
    for value in (1999.0, 8001.0):
        with pytest.raises(DataError, match="absurd"):
            label_values({"teff": value}, RANGES)

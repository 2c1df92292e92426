"""Choices of a study of binaries: what is out of bounds is refused in words."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.problem import DataError
from explorer.binary_options import LONGEST, BinaryOptions, listed, sigmas


@pytest.mark.parametrize(
    "given_",
    [
        {"kind": "nova"}, {"kind": ["dwarf"]}, {"match": ("ra",)}, {"teff_cut": math.nan}, {"teff_cut": 0.0},
        {"teff_cut": -math.inf}, {"teff_cut": 1e9}, {"teff_cut": True}, {"teff_cut": "250"},
        {"chance": math.nan}, {"chance": 0.0}, {"sought": 0}, {"sought": 101}, {"sought": 2.5},
        {"draws": 99}, {"draws": 10**9}, {"seed": -1}, {"seed": 2**32}, {"seed": True},
        {"sigma": {"o_fe": 0.0}}, {"sigma": {"o_fe": math.inf}}, {"sigma": {"o_fe": math.nan}},
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_refused(given_):
    with pytest.raises(DataError):
        BinaryOptions(**given_)


def test_no_cut_is_a_choice_that_is_not_usual():
    assert BinaryOptions(teff_cut=math.inf, chance=math.inf).unusual == ("teff_cut", "chance")
    assert BinaryOptions(kind="giant", seed=5, draws=300, sought=8).unusual == ()


def test_scatters_are_read_as_typed():
    assert dict(sigmas(" o_fe = 0.1; eu_fe=.17, ")) == {"o_fe": 0.1, "eu_fe": 0.17}
    assert dict(sigmas("")) == {}
    for text in ("o_fe", "o_fe=", "o_fe=x", "=", "a" * (LONGEST + 1)):
        with pytest.raises(DataError):
            sigmas(text)


@given(st.text(max_size=2 * LONGEST))
def test_any_text_is_read_or_refused_in_words(text):
    for read in (sigmas, listed):
        with suppress(DataError):
            assert len(read(text)) <= LONGEST


def test_names_are_listed_once_each():
    assert listed(" o_fe, eu_fe,,o_fe ") == ("o_fe", "eu_fe")
    assert listed("") == ()

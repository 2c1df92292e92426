"""Numbers as tables show them, and as a person types them."""

import math

import pytest

from data.problem import DataError
from explorer.numerals import plain, signed, whole


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.1234, 3, "+0.123"),
        (-0.1234, 2, "\N{MINUS SIGN}0.12"),
        (-12345.6, 0, "\N{MINUS SIGN}12,346"),
        (0.0, 2, "+0.00"),
        (math.nan, 3, "\N{EN DASH}"),
        (-math.inf, 3, "\N{EN DASH}"),
    ],
)
def test_signed_numbers(value, digits, shown):
    assert signed(value, digits) == shown


@pytest.mark.parametrize(
    ("value", "digits", "shown"), [(0.1234, 3, "0.123"), (1234.5, 0, "1,234"), (math.nan, 3, "\N{EN DASH}")]
)
def test_plain_numbers(value, digits, shown):
    assert plain(value, digits) == shown


@pytest.mark.parametrize(
    ("typed", "number"), [("0", 0), (" 7 ", 7), ("007", 7), ("999999999999", 999_999_999_999)]
)
def test_whole_numbers_are_read(typed, number):
    assert whole("the seed", typed) == number


@pytest.mark.parametrize(
    "typed",
    ["", "1e3", "-60", "60.5", "1,000", "\u0661\u0662", "\u00b2", "9" * 13, "9" * 5000, None, "<b>"],
)
def test_what_is_no_whole_number_is_refused(typed):
    with pytest.raises(DataError, match=r"^the seed is '.{0,20}': give a whole number$"):
        whole("the seed", typed)


@pytest.mark.parametrize("typed", ["", "49", "2001", "-60", "99999", 10**9])
def test_whole_numbers_lie_between_their_ends(typed):
    assert (whole("draws", "50", 50, 2000), whole("draws", "2000", 50, 2000)) == (50, 2000)
    with pytest.raises(DataError, match=r"give a whole number from 50 to 2,000$"):
        whole("draws", typed, 50, 2000)

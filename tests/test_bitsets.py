"""Conditions as bitsets, against the expression language on whole columns and against its three values."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.expression import Expression
from data.parser import parse
from data.predicate import Box, OneOf, Outside, Polygon, Range, Where
from data.problem import DataError
from data.syntax import Compare
from explorer import bitsets
from explorer.bitsets import Bitsets, evaluated, interval, parts_of
from explorer.kept import Kept
from tests.plain_bits import bits
from tests.small_catalogue import catalogue_of
from tests.test_stars import COLUMN, COLUMNS, OWN, WIDE, N

DESCRIBED = {**COLUMNS, "own": OWN}
CATALOGUE = catalogue_of(COLUMN, DESCRIBED)
SHARED = Bitsets(CATALOGUE, Kept(1 << 20), Kept(1 << 20))
"""One for all examples: what it kept of one must not show in another."""

ENDS = st.floats(-6, 16) | st.sampled_from(COLUMN["R"][np.isfinite(COLUMN["R"])].tolist()[:50])
QUANTITIES = st.sampled_from(("R", "z", "ra", "own", "abs(z)", "fe_h + mg_fe", "R ** 2 / 10", "-z"))


@st.composite
def ranges(draw):
    low, high = sorted((draw(ENDS), draw(ENDS)))
    ends = draw(st.sampled_from(((low, high), (low, None), (None, high))))
    return Range(draw(QUANTITIES), *ends)


@st.composite
def polygons(draw):
    corner = st.tuples(st.floats(5, 17), st.floats(-6, 6))
    corners = tuple(draw(st.lists(corner, min_size=3, max_size=12)))
    return Polygon(
        draw(st.sampled_from(("R", "ra / 20", "giantmodel"))), draw(st.sampled_from(("z", "abs(z)"))), corners
    )


CONSTANT = (
    "1 < 2 and z > 0", "1 > 2 or z > 0", "1 + 1 > 0 and z > 0", "not (1 < 2) or R > 8",
    "z > 0 or 2 in (1, 2)",
    "inside(1, z, 0, -9, 2, -9, 2, 9)", "inside(R, 0 / 0, 0, 0, 9, 0, 9, 9) or z > 0", "missing(1) or z > 0",
    "isfinite(1 / 0) or z > 0", "z > 0 and 1 / 0 > 5", "(0 / 0 > 1 and z > 0) or z < -1",
)  # fmt: skip
"""Conditions with a part that is the same for every row."""

TEXTS = st.sampled_from(
    (
        "giantmodel", "missing(fe_h)", "isfinite(fe_h + mg_fe)", 'plate in ("HD01", "M31")', "R < z",
        "z != 0", "giantmodel >= 1", "7 < R < 9 < 10", "3 > z > -3", "1 == own", "own == 0.5", "z > 1 > 0",
        "R - 8 <= 1", "where(giantmodel, z, R) > 2", 'plate != "HD01"', "source_id > 5", "missing(plate)",
        *CONSTANT,
    )
).map(lambda text: Where.parse(text, DESCRIBED))  # fmt: skip
LEAVES = st.one_of(ranges(), polygons(), st.builds(Box, ranges(), ranges()), TEXTS)


def joined(word, parts):
    text = f" {word} ".join(f"({part.text})" for part in parts)
    return Where.parse(text, DESCRIBED)


CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Outside),
        inner.map(lambda part: Where.parse(f"not ({part.text})", DESCRIBED)),
        st.builds(joined, st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=300)
@given(CONDITIONS)
def test_rows_for_which_a_condition_holds_or_fails(condition):
    """The language's own three values, row by row: 1, 0, and -1 for unknown."""
    told = condition.expression.values(COLUMN)
    assert np.array_equal(SHARED.of(condition, map), bits(told == 1))
    assert np.array_equal(SHARED.of(condition, map, holds=False), bits(told == 0))


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("1 < 2 and z > 0", WIDE["z"] > 0),
        ("1 + 1 > 0 and z > 0", WIDE["z"] > 0),
        ("1 + 1 < 0 or z > 0", WIDE["z"] > 0),
        ("inside(1, z, 0, -9, 2, -9, 2, 9)", (WIDE["z"] >= -9) & (WIDE["z"] < 0)),
        ("missing(1) or z > 0", WIDE["z"] > 0),
        ("z > 0 or 2 in (1, 2)", np.ones(N, bool)),
        ("z > 0 or 0 / 0 > 1", WIDE["z"] > 0),
    ],
)
@pytest.mark.parametrize("words", [3, bitsets.PART])
def test_parts_that_are_the_same_for_every_row(text, mask, words, monkeypatch):
    """In every part of the work, the last and shorter one too."""
    monkeypatch.setattr(bitsets, "PART", words)
    condition = Where.parse(text, DESCRIBED)
    assert np.array_equal(condition.mask(COLUMN), mask)
    for _ in range(2):
        assert np.array_equal(SHARED.of(condition, map), bits(mask))
    alone = Bitsets(CATALOGUE, Kept(1 << 20), Kept(1 << 20))
    with ThreadPoolExecutor(2) as pool:
        assert np.array_equal(alone.of(condition, pool.map), bits(mask))


@settings(deadline=None, max_examples=30)
@given(CONDITIONS, st.integers(1, 9))
def test_threads_and_parts_make_no_difference(condition, words):
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(3) as pool:
        patch.setattr(bitsets, "PART", words)
        alone = Bitsets(CATALOGUE, Kept(1 << 20), Kept(1 << 20))
        expected = condition.mask(COLUMN)
        assert np.array_equal(alone.of(condition, pool.map), bits(expected))


def test_conditions_and_their_parts_are_worked_out_once():
    kept = Kept(1 << 20)
    made = Bitsets(CATALOGUE, kept, Kept(1 << 20))
    first = made.of(Range("R", 8.0, 9.0), map)
    assert made.of(Range("R", 8, 9), map) is first
    box = made.of(Box(Range("R", 8.0, 9.0), Range("z", 0.0, 1.0)), map)
    assert made.of(Box(Range("R", 8.0, 9.0), Range("z", 0.0, 1.0)), map) is box
    assert made.of(Range("R", 8.0, 9.0), map) is first
    polygon = Polygon("R", "z", ((8, 0), (9, 0), (9, 1)))
    assert made.of(polygon, map) is made.of(Polygon("R", "z", ((8, 0), (9, 0), (9, 1))), map)


def test_work_is_shared_by_all_threads():
    """Two threads each wait for the other inside their part: it ends only if both work at once."""
    meeting = threading.Barrier(2, timeout=30)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(bitsets, "PART", len(bits(WIDE["R"] > 0)) // 2 + 1)
        assert len(parts_of(N)) == 2
        bitsets.fill(pool.map, lambda _part: meeting.wait(), N)


def test_failure_of_a_part_is_told():
    def fail(part):
        raise ZeroDivisionError

    with ThreadPoolExecutor(2) as pool, pytest.raises(ZeroDivisionError):
        bitsets.fill(pool.map, fail, N)


def test_what_looks_like_an_early_end_is_a_failure():
    with pytest.raises((ValueError, RuntimeError)):
        bitsets.fill(map, lambda part: next(iter(())), N)


@pytest.mark.parametrize("rows", [0, 1, 64, 65, 64 * bitsets.PART, 64 * bitsets.PART + 1])
def test_parts_cover_every_word_once(rows):
    parts = parts_of(rows)
    covered = [word for first, last in parts for word in range(first, last)]
    assert covered == list(range(-(-rows // 64)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 <= R <= 2", (1, 2)),
        ("1 < R", (np.nextafter(1, 2), np.inf)),
        ("R < 2", (-np.inf, np.nextafter(2, 1))),
        ("R >= -1", (-1, np.inf)),
        ("2 > R > 1", (np.nextafter(1, 2), np.nextafter(2, 1))),
        ("R == 3", (3, 3)),
        ("3 == R", (3, 3)),
        ("4 <= R == 3", (4, 3)),
        ("abs(R) <= 4", (-np.inf, 4)),
        ("R < z", None),
        ("R != 1", None),
        ("R < 5 < 6", None),
        ("1 < R < z", None),
        ('plate == "A"', None),
    ],
)
def test_comparisons_that_are_ranges(text, expected):
    tree = parse(text)
    assert isinstance(tree, Compare)
    found = interval(tree)
    assert (found and found[1:]) == expected


def test_condition_on_what_is_not_there():
    for condition in (
        Range("teff", 1.0),
        Polygon("R", "teff", ((0, 0), (1, 0), (1, 1))),
        OneOf("teff", (1,)),
    ):
        with pytest.raises(DataError, match="teff"):
            SHARED.of(condition, map)


def test_numbers_are_computed_part_by_part():
    made = np.empty(N)
    expression = Expression.parse("fe_h * 2", DESCRIBED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bitsets, "PART", 3)
        evaluated(CATALOGUE, expression, made, map)
    np.testing.assert_array_equal(made, WIDE["fe_h"] * 2)

"""Arrangements of cards: whatever is done to them, no card is lost and none is there twice."""

import json
from functools import reduce
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.problem import DataError
from explorer import arrangement
from explorer.arrangement import GAP, HEIGHT, SIZES, USUAL, WIDTH, Area, order
from explorer.session import Layout

KEYS = st.sampled_from(USUAL)
STEPS = st.integers(-9, 9)
AREAS = st.builds(Area, st.integers(100, 4000), st.integers(100, 3000))
CHANGES = st.one_of(
    st.builds(lambda a, b: lambda layout: arrangement.swapped(layout, a, b), KEYS, KEYS),
    st.builds(lambda a, n: lambda layout: arrangement.moved(layout, a, n), KEYS, STEPS),
    st.builds(lambda a, n: lambda layout: arrangement.resized(layout, a, n), KEYS, STEPS),
    st.builds(lambda a: lambda layout: arrangement.maximised(layout, a), st.none() | KEYS),
)
COMINGS = st.one_of(
    st.builds(lambda a: lambda layout: arrangement.removed(layout, a), KEYS),
    st.builds(lambda a: lambda layout: arrangement.added(layout, a), KEYS),
)


def after(changes):
    return reduce(lambda layout, change: change(layout), changes, Layout())


LAYOUTS = st.builds(after, st.lists(CHANGES | COMINGS, max_size=20))


@given(st.lists(CHANGES))
def test_no_card_is_lost_or_doubled(changes):
    assert sorted(order(after(changes))) == sorted(USUAL)


@given(st.lists(CHANGES | COMINGS))
def test_cards_come_and_go_one_by_one(changes):
    layout = Layout()
    for change in changes:
        before, layout = {*order(layout)}, change(layout)
        keys = order(layout)
        assert len({*keys}) == len(keys) > 0
        assert {*keys} <= {*USUAL}
        assert len(before ^ {*keys}) <= 1
        assert layout.sizes.keys() <= {*keys}
        assert {*layout.sizes.values()} <= {*SIZES[1:]}
        assert layout.largest in {None, *keys}


@given(LAYOUTS, KEYS, KEYS)
def test_swapping_twice_changes_nothing(layout, one, other):
    swapped = arrangement.swapped(layout, one, other)
    assert arrangement.swapped(swapped, one, other) == layout
    if {one, other} <= {*order(layout)}:
        assert order(swapped).index(one) == order(layout).index(other)
        stays = [key for key in order(layout) if key not in (one, other)]
        assert [key for key in order(swapped) if key not in (one, other)] == stays


@given(LAYOUTS, KEYS, STEPS)
def test_a_moved_card_leaves_the_others_in_order(layout, key, step):
    moved = order(arrangement.moved(layout, key, step))
    assert [other for other in moved if other != key] == [other for other in order(layout) if other != key]
    if key in order(layout):
        wanted = order(layout).index(key) + step
        assert moved.index(key) == min(max(wanted, 0), len(moved) - 1)


@given(LAYOUTS, KEYS)
def test_what_is_removed_and_put_back_is_there(layout, key):
    gone = arrangement.removed(layout, key)
    assert key not in order(gone) or order(gone) == (key,)
    assert key in order(arrangement.added(gone, key))


def test_putting_all_back_is_the_usual_arrangement():
    for key in USUAL:
        assert arrangement.added(arrangement.removed(Layout(), key), key) == Layout()


@given(LAYOUTS, KEYS)
def test_sizes_stay_between_usual_and_largest(layout, key):
    larger, smaller = (arrangement.resized(layout, key, step) for step in (99, -99))
    there = key in order(layout)
    assert arrangement.size(larger, key) == (SIZES[-1] if there else 1)
    assert arrangement.size(smaller, key) == 1
    assert order(larger) == order(layout)


@given(LAYOUTS, KEYS)
def test_the_largest_is_seen_alone_and_all_come_back(layout, key):
    big = arrangement.maximised(layout, key)
    assert arrangement.seen(big) == ((key,) if key in order(layout) else order(layout))
    back = arrangement.maximised(big, None)
    assert (order(back), back.sizes) == (order(layout), layout.sizes)
    assert arrangement.seen(back) == order(layout)


@given(LAYOUTS, KEYS, AREAS)
def test_a_card_is_never_wider_than_the_page(layout, key, area):
    width, height = arrangement.box(layout, key, area)
    assert WIDTH <= width <= max(area.width, WIDTH)
    assert height >= HEIGHT
    if layout.largest == key:
        assert (width, height) == (max(area.width, WIDTH), max(area.height, HEIGHT))
    else:
        n, m = arrangement.span(layout, key, area), arrangement.rows(layout, key, area)
        assert (width + GAP, height + GAP) == (n * (WIDTH + GAP), m * (HEIGHT + GAP))
        assert n == m or key in arrangement.WIDE


def test_six_of_the_usual_size_fit_on_the_designs_screens():
    """1440 and 1024 pixels, less the sidebar and the margins; a bar to scroll with may take 15."""
    assert [Area(width).columns for width in (1192, 1177, 776)] == [3, 3, 2]


@given(LAYOUTS)
def test_an_arrangement_comes_back_from_a_browser(layout):
    assert arrangement.read(arrangement.written(layout)) == layout
    assert len(arrangement.written(layout)) < arrangement.MOST_CHARACTERS


PLAIN = {"order": ["xy", "rz"], "sizes": {"xy": 2}, "largest": "rz"}


def test_what_is_kept_of_cards_that_are_not_there_is_left_out():
    kept = json.dumps({**PLAIN, "sizes": {"kiel": 2}, "largest": "kiel"})
    assert arrangement.read(kept) == Layout(("xy", "rz"))
    assert arrangement.read(json.dumps(PLAIN)) == Layout(("xy", "rz"), MappingProxyType({"xy": 2}), "rz")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "[" * 5000,
        "9" * 5000,
        '{"order": ' + "[" * 1900,
        *(
            json.dumps({**PLAIN, **change})
            for change in (
                {"order": "xy"},
                {"order": ["xy", "xy"]},
                {"order": ["xy", "moon"]},
                {"order": ["xy", 1]},
                {"order": [["xy"]]},
                {"order": None},
                {"sizes": []},
                {"sizes": {"xy": 99}},
                {"sizes": {"xy": True}},
                {"sizes": {"xy": "2"}},
                {"sizes": {"xy": [2]}},
                {"sizes": {"moon": 2}},
                {"largest": "moon"},
                {"largest": ["xy"]},
                {"largest": 1},
            )
        ),
    ],
    ids=lambda text: text[:60],
)
def test_what_is_no_arrangement_is_refused_in_words(text):
    with pytest.raises(DataError, match="anew"):
        arrangement.read(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda s: st.lists(s) | st.dictionaries(st.text(), s),
    )
)
def test_no_json_breaks_the_reading(plain):
    text = json.dumps(plain)
    says_nothing = isinstance(plain, dict) and not plain.keys() & {"order", "sizes", "largest"}
    if says_nothing and len(text) <= arrangement.MOST_CHARACTERS:
        assert arrangement.read(text) == Layout()
    else:
        with pytest.raises(DataError):
            arrangement.read(text)

"""Colours: bytes that give their values back, maps that grow evenly lighter, ranges a person can read."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from data.schema import COLUMNS
from explorer.palette import (
    COLOUR_MAPS,
    DEFAULT_MAP,
    GHOST,
    LEVELS,
    Scale,
    ghost,
    kind_shown,
    palette,
    robust_range,
)
from explorer.raster import STATISTICS

SIZES = st.floats(1e-6, 1e6)
SIGNED = st.one_of(SIZES, SIZES.map(lambda size: -size), st.just(0.0))


@st.composite
def scales(draw, *, log=None):
    low, wide = draw(SIGNED), draw(SIZES)
    logarithmic = draw(st.booleans()) if log is None else log
    if logarithmic:
        return Scale(abs(low) + 1e-6, (abs(low) + 1e-6) * (1.01 + wide), log=True)
    return Scale(low, low + max(wide, 1e-6 * abs(low)))


def position(scale, value):
    """Where a value lies in its range, in levels."""
    ends = np.array([scale.low, scale.high])
    low, high = np.log10(ends) if scale.log else ends
    return ((np.log10(value) if scale.log else value) - low) / (high - low) * LEVELS


@settings(deadline=None)
@given(scales(), hnp.arrays(np.float64, 20, elements=st.floats(0, 1)))
def test_values_come_back_within_half_a_level(scale, shares):
    ends = np.array([scale.low, scale.high])
    low, high = np.log10(ends) if scale.log else ends
    middle = low + shares * (high - low)
    values = 10**middle if scale.log else middle
    levels = scale.levels(values)
    assert levels.dtype == np.uint8
    assert levels.min() > GHOST
    assert np.abs(position(scale, scale.values(levels)) - position(scale, values)).max() <= 0.5 + 1e-6


@settings(deadline=None)
@given(scales(), hnp.arrays(np.float64, 20, elements=st.floats(-1e7, 1e7)))
def test_levels_never_fall_where_values_rise(scale, values):
    values = np.sort(values[values > 0] if scale.log else values)
    assert (np.diff(scale.levels(values).astype(int)) >= 0).all()


@settings(deadline=None)
@given(scales())
def test_every_level_is_used_once(scale):
    levels = np.arange(256, dtype=np.uint8)
    values = scale.values(levels)
    assert np.isnan(values[: GHOST + 1]).all()
    assert np.array_equal(scale.levels(values[GHOST + 1 :]), levels[GHOST + 1 :])


@settings(deadline=None)
@given(scales())
def test_ends_and_what_lies_beyond(scale):
    beyond = np.array([scale.low, scale.high, scale.low - abs(scale.low) - 1, 2 * abs(scale.high) + 1])
    first, last, below, above = scale.levels(beyond)
    assert first == GHOST + 1
    assert (last, above) == (255, 255)
    assert below == (0 if scale.log else GHOST + 1)


def test_what_has_no_place_is_transparent():
    values = np.array([np.nan, np.inf, -np.inf])
    assert Scale(-1, 1).levels(values).tolist() == [0, 0, 0]
    assert Scale(1, 10, log=True).levels(np.array([*values, -3.0])).tolist() == [0, 0, 0, 0]
    assert Scale(1, 10, log=True).levels(np.array([0.0])).tolist() == [GHOST + 1]


@pytest.mark.parametrize("ends", [(1, 1), (2, 1), (np.nan, 1), (0, np.inf), (-np.inf, 0)])
def test_impossible_range(ends):
    with pytest.raises(ValueError, match="a colour range needs a low end below its high end"):
        Scale(*ends)


@pytest.mark.parametrize("low", [0, -1])
def test_logarithms_need_positive_ends(low):
    with pytest.raises(ValueError, match="a logarithmic colour range needs ends above 0"):
        Scale(low, 10, log=True)


@settings(deadline=None)
@given(hnp.arrays(np.int64, (6, 6), elements=st.one_of(st.just(0), st.integers(0, 4_000_000))))
def test_ghost_stays_below_the_colours(n):
    levels = ghost(n.astype(np.float64))
    assert levels.dtype == np.uint8
    assert levels.max() <= GHOST
    assert np.array_equal(levels > 0, n > 0)
    order = np.argsort(n, axis=None)
    assert (np.diff(levels.ravel()[order].astype(int)) >= 0).all()
    if n.max() > 1:
        assert levels.max() == GHOST


def test_colours_lie_over_the_ghost():
    values = np.array([[np.nan, 0.5], [np.nan, -7.0]])
    below = np.array([[3, 3], [0, 0]], np.uint8)
    levels = Scale(0, 1).levels(values, below)
    own = Scale(0, 1).levels(values)
    assert np.array_equal(levels, np.where(own > 0, own, below))
    assert levels.tolist() == [[3, GHOST + 1 + LEVELS // 2], [0, GHOST + 1]]
    assert below.tolist() == [[3, 3], [0, 0]]


@settings(deadline=None)
@given(
    scales(), hnp.arrays(np.float64, 30, elements=st.floats(-1e7, 1e7) | st.sampled_from([np.nan, np.inf]))
)
def test_levels_are_the_plain_formula(scale, values):
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.floor(position(scale, values))
        drawn = np.isfinite(values) & ~np.isnan(level)
        expected = np.where(drawn, GHOST + 1 + np.clip(level, 0, LEVELS - 1), 7)
    found = scale.levels(values, np.full(30, 7, np.uint8))
    assert np.array_equal(found == 7, expected == 7)
    assert np.abs(found - expected).max(initial=0) <= (1 if scale.log else 0)  # rounding of logarithms


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_palette_has_a_colour_for_each_byte(name):
    colours = palette(name)
    assert len(colours) == 256
    assert all(re.fullmatch(r"#[0-9a-f]{8}", colour) for colour in colours)
    alphas = [int(colour[-2:], 16) for colour in colours]
    assert alphas[0] == 0
    assert alphas[1 : GHOST + 1] == sorted(alphas[1 : GHOST + 1])
    assert alphas[1] > 0
    assert alphas[GHOST] < 255
    assert set(alphas[GHOST + 1 :]) == {255}
    assert len({colour[:7] for colour in colours[1 : GHOST + 1]}) == 1


def luminance(colour):
    """CIE 1976 L* of an sRGB colour."""
    coded = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    y = linear @ (0.2126, 0.7152, 0.0722)
    return 116 * np.cbrt(y) - 16 if y > 216 / 24389 else y * 24389 / 27


SEQUENTIAL, DIVERGING = (
    [name for name, colour_map in COLOUR_MAPS.items() if kinds & set(colour_map.kinds)]
    for kinds in ({"sequential", "count"}, {"diverging"})
)


def test_luminance_of_known_colours():
    found = [luminance(colour) for colour in ("#000000", "#ffffff", "#777777", "#ff0000", "#0000ff")]
    assert found == pytest.approx([0, 100, 50.03, 53.24, 32.30], abs=0.01)


@pytest.mark.parametrize("name", SEQUENTIAL)
def test_more_is_evenly_lighter(name):
    """So that a map reads the same in grey print and for any eye."""
    light = np.array([luminance(colour) for colour in COLOUR_MAPS[name].colours])
    assert light[-1] - light[0] > 60
    assert np.diff(light).min() > -0.1  # colours are rounded to whole bytes
    even = np.linspace(light[0], light[-1], light.size)
    assert np.abs(light - even).max() < 4


@pytest.mark.parametrize("name", DIVERGING)
def test_both_signs_are_equally_dark(name):
    light = np.array([luminance(colour) for colour in COLOUR_MAPS[name].colours])
    assert np.abs(light - light[::-1]).max() < 2
    half = light[: LEVELS // 2]
    assert np.diff(half).min() > -0.1
    assert half[-1] - half[0] > 25
    assert COLOUR_MAPS[name].colours[0] != COLOUR_MAPS[name].colours[-1]


def test_angles_close_their_circle():
    colours = COLOUR_MAPS[DEFAULT_MAP["angle"]].colours
    first, last = ([int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in (colours[0], colours[-1]))
    assert np.abs(np.subtract(first, last)).max() < 8


@pytest.mark.parametrize("statistic", STATISTICS)
def test_every_quantity_has_colours(statistic):
    for column in COLUMNS.values():
        if column.is_number:
            kind = kind_shown(column.kind, statistic)
            assert kind in COLOUR_MAPS[DEFAULT_MAP[kind]].kinds or kind == "flag"


@pytest.mark.parametrize(
    ("kind", "statistic", "shown"),
    [
        ("diverging", "mean", "diverging"),
        ("diverging", "median", "diverging"),
        ("diverging", "standard deviation", "sequential"),
        ("diverging", "standard error", "sequential"),
        ("diverging", "count", "count"),
        ("angle", "mean", "angle"),
        ("count", "mean", "sequential"),
        ("sequential", "count", "count"),
    ],
)
def test_kind_shown(kind, statistic, shown):
    assert kind_shown(kind, statistic) == shown


def labels(elements=SIGNED, least=0):
    """Values as means of a map have them: any size, constant or not, some missing."""
    constant = st.tuples(elements, st.integers(1, 50)).map(lambda drawn: np.full(drawn[1], drawn[0]))
    varied = hnp.arrays(np.float64, st.integers(least, 50), elements=st.one_of(elements, st.just(np.nan)))
    nearly = constant.map(lambda values: values * (1 + 1e-16 * np.arange(values.size)))
    return st.one_of(varied, constant, nearly)


def significant(value):
    """Digits needed to write a number."""
    return len(f"{abs(value):.15g}".replace(".", "").split("e")[0].strip("0"))


@settings(deadline=None)
@given(labels(), st.booleans())
def test_range_holds_the_bulk_of_the_values(values, symmetric):
    scale = robust_range(values, log=False, symmetric=symmetric)
    assert scale.low < scale.high
    assert not scale.log
    finite = values[np.isfinite(values)]
    if finite.size:
        low, high = np.percentile(finite, (2, 98))
        slack = 1e-6 * (scale.high - scale.low)
        assert scale.low <= low + slack
        assert scale.high >= high - slack
        if high - low > 1e-6 * max(abs(low), abs(high)) and not symmetric:
            assert scale.high - scale.low <= 1.2 * (high - low)
    if symmetric:
        assert scale.low == -scale.high


@settings(deadline=None)
@given(labels(SIZES))
def test_logarithmic_range_holds_all_positive_values(values):
    scale = robust_range(np.append(values, (-3.0, 0.0)), log=True)
    assert scale.log
    assert scale.high >= 10 * scale.low * (1 - 1e-12)
    finite = values[np.isfinite(values)]
    if finite.size:
        assert scale.low <= finite.min() * (1 + 1e-6)
        assert scale.high >= finite.max() * (1 - 1e-6)
    assert significant(scale.low) == 1
    assert significant(scale.high) <= 2


@settings(deadline=None)
@given(SIGNED, SIZES)
def test_ends_are_short_numbers(low, wide):
    """No more digits than tell the two ends apart."""
    wide = max(wide, 1e-3 * abs(low))
    scale = robust_range(np.linspace(low, low + wide, 200), log=False)
    digits = np.log10(max(abs(scale.low), abs(scale.high)) / (scale.high - scale.low))
    assert max(significant(scale.low), significant(scale.high)) <= 4 + max(0, digits)


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        (np.empty(0), {}, (0, 1)),
        (np.full(3, np.nan), {}, (0, 1)),
        (np.empty(0), {"symmetric": True}, (-1, 1)),
        (np.zeros(5), {"symmetric": True}, (-0.1, 0.1)),
        (np.array([-1.0, 0.0]), {"log": True}, (1, 10)),
        (np.linspace(-0.113, 0.391, 1000), {}, (-0.12, 0.4)),
        (np.linspace(-20, 50, 1000), {"symmetric": True}, (-50, 50)),
        (np.array([1.0, 7.0, 300.0, 4312.0]), {"log": True}, (1, 6000)),
        (np.array([3.0, 4.0]), {"log": True}, (2, 20)),
        (np.full(9, 0.1 + 0.2), {}, (0.3, 0.4)),
    ],
)
def test_ranges_worked_out_by_hand(values, options, expected):
    scale = robust_range(values, **{"log": False, **options})
    assert (scale.low, scale.high) == expected


def test_few_wild_values_do_not_stretch_the_range():
    values = np.append(np.linspace(0, 1, 1000), [1e6] * 10)
    assert robust_range(values, log=False).high <= 1.1

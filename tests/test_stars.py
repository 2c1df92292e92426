"""The store of stars: what it keeps and what it answers, against plain numpy on the columns."""

import gc
import html
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.predicate import OneOf, Outside, Range, Where
from data.problem import DataError
from data.schema import COLUMNS, Column
from explorer import kernels
from explorer.codes import FINEST, MISSING
from explorer.notation import to_html
from explorer.palette import GHOST
from explorer.raster import FINE, Window, coarsen
from explorer.session import Derived
from explorer.stars import Stars
from tests.plain_bits import bits
from tests.small_catalogue import catalogue_of

N = 2000
WINDOW = Window(7.5, 15, -4, 4)
OWN = Column("own", "float32", "", "q", "own", "A survey's own column.", "it", 0, 1)


def random_columns():
    rng = np.random.default_rng(11)

    def floats(low, high, dtype=np.float32):
        values = rng.uniform(low, high, N).astype(dtype)
        values[rng.random(N) < 0.1] = np.nan
        values[rng.random(N) < 0.01] = np.inf
        return values

    ids = rng.integers(2**60, 2**62, N)
    ids[rng.random(N) < 0.1] = -1
    return {
        "R": floats(6, 16),
        "z": floats(-5, 5),
        "fe_h": floats(-2, 0.5),
        "mg_fe": floats(-0.1, 0.4),
        "ra": floats(0, 360, np.float64),
        "giantmodel": rng.integers(-1, 2, N).astype(np.int8),
        "source_id": ids,
        "plate": rng.choice(np.array([b"HD01", b"HD02", b"M31", b""]), N),
        "own": floats(0, 1),
    }


COLUMN = random_columns()
WIDE = {name: values.astype(np.float64) for name, values in COLUMN.items() if values.dtype.kind == "f"}


@pytest.fixture
def stars():
    return Stars(catalogue_of(COLUMN, {**COLUMNS, "own": OWN}))


SHARED = Stars(catalogue_of(COLUMN, {**COLUMNS, "own": OWN}))
"""One store for all examples of a property: what it kept of one example must not show in another."""


# values


def test_stored_numbers_are_used_in_place(stars):
    assert len(stars) == N
    for name in ("R", "ra", "own"):
        assert np.shares_memory(stars.values(name), COLUMN[name])
        assert stars.values(name).dtype == COLUMN[name].dtype


def test_missing_flags_and_identifiers_are_nan(stars):
    flags = stars.values("giantmodel")
    assert flags.dtype == np.float32
    assert np.array_equal(np.isnan(flags), COLUMN["giantmodel"] == -1)
    assert np.array_equal(flags[~np.isnan(flags)], COLUMN["giantmodel"][COLUMN["giantmodel"] >= 0])
    assert np.array_equal(np.isnan(stars.values("source_id")), COLUMN["source_id"] == -1)


def test_computed_quantities(stars):
    found = stars.values("fe_h + mg_fe * 2")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, (WIDE["fe_h"] + WIDE["mg_fe"] * 2).astype(np.float32))
    assert stars.values("fe_h + mg_fe * 2") is found
    np.testing.assert_array_equal(stars.values("own * 2"), (WIDE["own"] * 2).astype(np.float32))


def test_conditions_count_as_one_and_zero(stars):
    assert np.array_equal(stars.values("fe_h > -1"), (WIDE["fe_h"] > -1).astype(np.float32))


def test_known_rows_have_a_finite_value(stars):
    for quantity in ("R", "ra", "giantmodel", "fe_h + mg_fe"):
        assert np.array_equal(stars.known(quantity), bits(np.isfinite(stars.values(quantity))))


def test_labels_are_codes_where_those_are_fine_enough(stars):
    """Those of a quantity with far outliers would be too coarse."""
    made = stars.label("fe_h")
    assert stars.label("fe_h") is made
    finite = np.isfinite(WIDE["fe_h"])
    meant = made.low + (made.codes + 0.5) * made.step
    assert np.abs(meant - WIDE["fe_h"])[finite].max() <= 0.5001 * made.step
    assert np.array_equal(made.codes == MISSING, ~finite)
    assert np.array_equal(made.known, bits(finite))
    assert made.step <= FINEST * (COLUMNS["fe_h"].high - COLUMNS["fe_h"].low)
    assert np.array_equal(stars.label("1 / own"), stars.values("1 / own"), equal_nan=True)


@pytest.mark.parametrize("quantity", ["teff", "nonsense", "fe_h +", "fe_h + teff"])
def test_unknown_quantities(stars, quantity):
    assert not stars.has(quantity)
    with pytest.raises(DataError):
        stars.values(quantity)


def test_what_can_be_drawn(stars):
    drawable = ("R", "ra", "own", "giantmodel", "fe_h - mg_fe", "abs(z)", "own + z")
    assert all(stars.has(quantity) for quantity in drawable)
    assert not any(stars.has(quantity) for quantity in ("source_id", "plate", "plate + 1"))


# descriptions


def test_columns_are_described_by_the_catalogue(stars):
    assert stars.describe("fe_h") is COLUMNS["fe_h"]
    assert stars.describe("own") is OWN


@pytest.mark.parametrize("name", [None, "Mg/H", "sum of both [dex]"])
def test_computed_quantities_are_described(stars, name):
    quantity = "fe_h + mg_fe"
    derived = [Derived("other", "fe_h"), *([Derived(name, quantity)] if name else [])]
    column = stars.describe(quantity, derived)
    assert (column.name, column.plain, column.unit) == (quantity, name or quantity, "dex")
    assert column.kind == "sequential"
    assert html.unescape(to_html(column.tex)) == (name or quantity)
    assert quantity in column.meaning
    values = stars.values(quantity)
    assert [column.low, column.high] == pytest.approx(np.percentile(values[np.isfinite(values)], (1, 99)))


def test_units_of_computed_quantities(stars):
    assert stars.describe("abs(z)").unit == "kpc"
    assert stars.describe("giantmodel * 1").unit == ""


@pytest.mark.parametrize(("quantity", "expected"), [("0 * own", (0, 1)), ("own / 0 - own / 0", (0, 1))])
def test_computed_constant_or_missing_everywhere(stars, quantity, expected):
    column = stars.describe(quantity)
    assert (column.low, column.high) == expected


# selections

ENDS = st.one_of(st.none(), st.floats(-6, 6), st.integers(0, N - 1))


@st.composite
def ranges(draw):
    """A range of a column or a computed quantity, its ends often values that a star has, and its mask."""
    quantity, values = draw(
        st.sampled_from(
            [*WIDE.items(), ("fe_h + mg_fe", WIDE["fe_h"] + WIDE["mg_fe"]), ("abs(z)", abs(WIDE["z"]))]
        )
    )
    finite = values[np.isfinite(values)]
    ends = [
        float(finite[end % finite.size]) if isinstance(end, int) else end for end in (draw(ENDS), draw(ENDS))
    ]
    if ends == [None, None]:
        ends = [0.0, 0.0]
    if None not in ends:
        ends.sort()
    low, high = ends
    inside = np.ones(N, bool) if low is None else values >= low
    inside &= ~np.isnan(values) if high is None else values <= high
    return Range(quantity, low, high), inside


FLAG, ID, TEXT = COLUMN["giantmodel"], COLUMN["source_id"], COLUMN["plate"]
some_ids = st.lists(st.sampled_from([*ID[ID > 0][:20].tolist(), 5]), min_size=1).map(tuple)
some_plates = st.lists(st.sampled_from(["HD01", "HD02", "M31", "M33"]), min_size=1).map(tuple)
lists = st.one_of(
    st.sampled_from([(0,), (1,), (0, 1)]).map(lambda v: (OneOf("giantmodel", v), np.isin(FLAG, v))),
    some_ids.map(lambda v: (OneOf("source_id", v), np.isin(ID, v))),
    some_plates.map(lambda v: (OneOf("plate", v), np.isin(TEXT, np.array(v, "S")))),
)
conditions = st.sampled_from(
    [
        ("fe_h < -1 and abs(z) > 2", (WIDE["fe_h"] < -1) & (abs(WIDE["z"]) > 2)),
        ("giantmodel", FLAG == 1),
        ("giantmodel or R > 12", (FLAG == 1) | (WIDE["R"] > 12)),
        ("own > 0.5", WIDE["own"] > 0.5),
        ("missing(fe_h)", np.isnan(WIDE["fe_h"])),
    ]
).map(lambda pair: (Where.parse(pair[0], {**COLUMNS, "own": OWN}), pair[1]))
outside_of = st.floats(-3, 3).map(lambda end: (Outside(Range("z", end)), WIDE["z"] < end))


@settings(deadline=None)
@given(st.lists(st.one_of(ranges(), lists, conditions, outside_of), max_size=4))
def test_selected_rows_pass_every_condition(chosen):
    expected = np.logical_and.reduce([np.ones(N, bool), *(mask for _, mask in chosen)])
    predicates = [predicate for predicate, _ in chosen]
    assert np.array_equal(SHARED.select(predicates), bits(expected))
    assert SHARED.number(predicates) == expected.sum()


def test_selecting_never_changes_what_is_kept(stars):
    everything, first = stars.everything.copy(), stars.bits(Range("R", 8.0, 9.0)).copy()
    stars.select([Range("R", 8.0, 9.0), Range("z", 0.0)])
    assert np.array_equal(stars.everything, everything)
    assert np.array_equal(stars.bits(Range("R", 8.0, 9.0)), first)


def test_conditions_that_are_equal_share_their_bits(stars):
    assert stars.bits(Range("R", 8.0, 9.0)) is stars.bits(Range("R", 8, 9))
    assert stars.bits(Range("R", 8.0, 9.0)) is not stars.bits(Range("R", 8.0, 9.5))


def test_condition_on_a_column_that_is_not_there(stars):
    with pytest.raises(DataError, match="teff"):
        stars.select([Range("teff", 4000.0)])


# places


@pytest.mark.parametrize("y", ["z", "abs(z)", "ra"])
def test_places_in_a_window(stars, y):
    place = stars.place("R", y, WINDOW)
    assert stars.place("R", y, Window(7.5, 15, -4, 4)) is place
    assert stars.place("R", y, Window(7.5, 15, -4, 5)) is not place
    up = {"abs(z)": abs(WIDE["z"]), **WIDE}[y]
    inside = (WIDE["R"] >= 7.5) & (WIDE["R"] <= 15) & (up >= -4) & (up <= 4)
    assert np.array_equal(place.inside, bits(inside))
    column = (WIDE["R"][inside] - 7.5) / 7.5 * FINE
    row = (up[inside] + 4) / 8 * FINE
    assert np.array_equal(place.pixels[inside], row.astype(int) * FINE + column.astype(int))
    assert place.nbytes == N * 4 + place.inside.nbytes


def test_bins_of_a_histogram(stars):
    place = stars.bins("fe_h", -2.0, 0.5, 80)
    assert stars.bins("fe_h", -2, 0.5, 80) is place
    values = WIDE["fe_h"]
    inside = (values >= -2) & (values <= 0.5)
    assert np.array_equal(place.inside, bits(inside))
    expected, _ = np.histogram(values[inside], 80, (-2.0, 0.5))
    assert np.array_equal(np.bincount(place.pixels[inside], minlength=80), expected)
    assert np.array_equal(stars.everyone("fe_h", -2.0, 0.5, 80), expected)


def test_ghost_is_the_density_of_all_stars(stars):
    made = stars.ghost("R", "z", WINDOW, 16)
    assert stars.ghost("R", "z", WINDOW, 16) is made
    assert stars.ghost("R", "z", WINDOW, 10).shape == (40, 40)
    finite = np.isfinite(WIDE["R"]) & np.isfinite(WIDE["z"])
    n, _, _ = np.histogram2d(WIDE["z"][finite], WIDE["R"][finite], 25, ((-4, 4), (7.5, 15)))
    assert np.array_equal(made > 0, n > 0)
    assert made[n == n.max()].tolist() == [GHOST] * int((n == n.max()).sum())
    place = stars.place("R", "z", WINDOW)
    assert np.array_equal(coarsen(kernels.counts(place.inside, place.pixels, FINE * FINE), 16), n)


def test_stars_leave_nothing_behind():
    stars = Stars(catalogue_of({"R": COLUMN["R"], "z": COLUMN["z"]}))
    stars.ghost("R", "z", WINDOW, 16)
    gone = weakref.ref(stars)
    del stars
    gc.collect()
    assert gone() is None

"""The star that is meant: by pointing, as a neighbour, in a state, each against plain numpy on all rows."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.predicate import Box, OneOf, Range, Where
from data.problem import DataError
from data.selection import Clause, Selection
from explorer.atlas import VIEWS
from explorer.finding import MOST_TIED, REACH, TIE, beyond, near, row_of, star_of
from explorer.raster import Window
from explorer.session import Bars, Colouring, Star, State, Subset
from explorer.stars import Stars
from tests.test_stars import catalogue_of

N = 20_000
NAMES = ("R", "z", "teff", "logg", "fe_h", "mg_fe")
STATE = State(Selection(), Colouring("mg_fe"), Bars("fe_h"))
RNG = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(8)
    ranges = {"R": (7, 15), "z": (-4, 4), "teff": (3400, 7600), "logg": (0, 5.3)}
    columns = {name: rng.uniform(*ranges.get(name, (-1.5, 0.6)), N).astype("f4") for name in NAMES}
    for values in columns.values():
        values[rng.random(N) < 0.05] = np.nan
    columns["R"][:40], columns["z"][:40] = 9.5, 1.25
    columns["R"][40:43], columns["z"][40:43] = 15.0, [-4, 4, 0]
    columns["logg"][:5] = np.inf
    columns["obsid"] = np.arange(N) * 7 + 100
    columns["obsid"][:3] = [-1, 121, 121]
    columns["source_id"] = np.arange(N) + 2**62
    columns["source_id"][:2] = -1
    return columns


@pytest.fixture(scope="module")
def stars(table):
    rows = np.random.default_rng(2).permutation(N)
    places = np.empty(N, int)
    places[rows] = np.arange(N)
    return Stars(replace(catalogue_of({**table}), source_row=rows, row_of_source=places))


def plainly(table, axes, window, mask, place, scale):
    """Rows that may be meant, by brute force."""
    x, y = (table[name].astype(float) for name in axes)
    shown = mask & (x >= window.x0) & (x <= window.x1) & (y >= window.y0) & (y <= window.y1)
    squares = ((x - place[0]) * scale[0]) ** 2 + ((y - place[1]) * scale[1]) ** 2
    rows = np.flatnonzero(shown & (squares <= REACH**2))
    if not rows.size:
        return ()
    rows = rows[squares[rows] <= (math.sqrt(squares[rows].min()) + TIE) ** 2]
    return tuple(sorted(rows.tolist(), key=lambda row: (squares[row], row))[:MOST_TIED])


@settings(deadline=None, max_examples=150)
@given(RNG, st.sampled_from(("rz", "kiel", "plane", "rz.mg_fe")), st.booleans(), st.booleans())
def test_nearest_of_those_shown(stars, table, rng, key, zoomed, cut):
    """Whichever way axes grow (Kiel's both grow backwards): distances do not know it."""
    diagram, state = VIEWS[key], STATE
    if zoomed:
        w = diagram.window
        ends = [np.sort(rng.uniform(*side, 2)).tolist() for side in ((w.x0, w.x1), (w.y0, w.y1))]
        state = state.with_view(diagram.home, window=Window(*ends[0], *ends[1]))
    mask = np.ones(N, bool)
    if cut:
        state = replace(state, selection=Selection((Clause("cut", Range("mg_fe", -0.2, 0.1)),)))
        mask = (table["mg_fe"] >= -0.2) & (table["mg_fe"] <= 0.1)
    window = state.view(diagram.home).window or diagram.window
    scale = (264 / (window.x1 - window.x0), 264 / (window.y1 - window.y0))
    place = (
        rng.uniform(window.x0 - 15 / scale[0], window.x1 + 15 / scale[0]),
        rng.uniform(window.y0 - 15 / scale[1], window.y1 + 15 / scale[1]),
    )
    found = near(stars, diagram, state, place, scale)
    assert found == plainly(table, (diagram.x, diagram.y), window, mask, place, scale)


def test_stars_in_one_place_take_turns(stars):
    found = near(stars, VIEWS["rz"], STATE, (9.5, 1.26), (35.0, 33.0))
    assert found[:40] == tuple(range(40))


def test_most_that_take_turns(stars):
    assert len(near(stars, VIEWS["rz"], STATE, (11, 0), (1e-3, 1e-3))) == MOST_TIED


@pytest.mark.parametrize(("place", "row"), [((15.0, -4.0), 40), ((15.2, 4.1), 41), ((15.0, 0.0), 42)])
def test_stars_on_the_edge_of_a_window(stars, place, row):
    assert near(stars, VIEWS["rz"], STATE, place, (35.0, 33.0))[0] == row


@pytest.mark.parametrize("place", [(30.0, 0.0), (11.0, -5.0), (-1e300, 1e300)])
def test_nothing_beyond_reach(stars, place):
    assert near(stars, VIEWS["rz"], STATE, place, (35.0, 33.0)) == ()


def test_none_where_none_is_shown(stars):
    state = replace(STATE, selection=Selection((Clause("cut", Range("R", 50, 60)),)))
    assert near(stars, VIEWS["rz"], state, (9.5, 1.25), (35.0, 33.0)) == ()


def test_a_map_ignores_its_own_brush_in_pointing_too(stars):
    brush = Clause("rz", Box(Range("R", 12, 13), Range("z", 2, 3)))
    state = replace(STATE, selection=Selection((brush,)))
    found = near(stars, VIEWS["rz"], state, (9.5, 1.25), (35.0, 33.0))
    assert found[0] == 0
    assert near(stars, VIEWS["rz.mg_fe"], state, (9.5, 1.25), (35.0, 33.0)) == found
    elsewhere = near(stars, VIEWS["plane"], state, (-0.5, 0.1), (5.0, 5.0))
    x, y = (stars.values(name)[list(elsewhere)] for name in ("R", "z"))
    assert elsewhere
    assert ((x >= 12) & (x <= 13) & (y >= 2) & (y <= 3)).all()


def test_tinted_maps_show_the_stars_of_subsets(stars, table):
    halo = Subset("halo", Where.parse("fe_h < -1").condition, "#aa0000")
    hidden = Subset("hidden", Where.parse("fe_h > 0").condition, "#00aa00", shown=False)
    none = Selection((Clause("cut", Range("R", 50, 60)),))
    state = replace(STATE, selection=none, subsets=(halo, hidden), subsets_as="tints")
    place, scale = (11.0, 0.5), (35.0, 33.0)
    right = plainly(table, ("R", "z"), VIEWS["rz"].window, table["fe_h"] < -1, place, scale)
    assert near(stars, VIEWS["rz"], state, place, scale) == right
    assert right


# in a state


def test_what_names_a_star(stars):
    """Obsid, where no other row has it; else source_id; else the row in the file."""
    assert star_of(stars, 5) == Star("obsid", 135)
    assert star_of(stars, 3) == Star("source_id", 2**62 + 3)
    assert star_of(stars, 2) == Star("source_id", 2**62 + 2)
    assert star_of(stars, 0) == Star("source_row", int(stars.catalogue.source_row[0]))
    for row in (0, 1, 2, 3, 5, N - 1):
        assert row_of(stars, star_of(stars, row)) == row


@pytest.mark.parametrize(
    "star",
    [
        Star("obsid", 3), Star("obsid", 121), Star("obsid", -1), Star("obsid", 2**70),
        Star("source_row", N), Star("source_row", -1), Star("designation", 1), Star("fe_h", 0),
    ],
)  # fmt: skip
def test_names_of_no_star_here(stars, star):
    with pytest.raises(DataError, match="is not in this catalogue"):
        row_of(stars, star)


def test_a_walk_through_the_selection_in_the_order_of_the_file(stars, table):
    state = replace(STATE, selection=Selection((Clause("cut", Range("mg_fe", -0.2, -0.19)),)))
    chosen = np.flatnonzero((table["mg_fe"] >= -0.2) & (table["mg_fe"] <= np.float32(-0.19)))
    order = stars.catalogue.source_row
    walk = chosen[np.argsort(order[chosen])].tolist()
    assert len(walk) > 20
    row, seen = walk[0], []
    for _ in walk:
        row = beyond(stars, state, row, 1)
        seen.append(row)
    assert seen == [*walk[1:], walk[0]]
    back = [row := beyond(stars, state, row, -1) for _ in walk]
    assert back == walk[::-1]


def test_a_walk_begins_at_a_star_outside_the_selection_and_ends_where_there_is_none(stars, table):
    one = replace(STATE, selection=Selection((Clause("cut", OneOf("obsid", (135,))),)))
    assert beyond(stars, one, 100, 1) == beyond(stars, one, 100, -1) == beyond(stars, one, 5, 1) == 5
    none = replace(STATE, selection=Selection((Clause("cut", Range("R", 50, 60)),)))
    assert beyond(stars, none, 5, 1) is None
    assert np.isnan(table["R"]).any()

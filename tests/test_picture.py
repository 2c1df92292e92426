"""From a state to pictures: every number of a map, its histogram and its hover against plain numpy."""

from dataclasses import replace

import numpy as np
import pytest

from data.predicate import OneOf, Range, Where
from data.schema import COLUMNS
from data.selection import Clause, Selection
from explorer import picture
from explorer.atlas import DIAGRAMS
from explorer.palette import GHOST, Scale
from explorer.raster import FINE, STATISTICS, Window
from explorer.session import Bars, Colouring, Derived, State
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of

N = 20_000
RZ = DIAGRAMS["rz"]
SELECTION = Selection(
    (
        Clause("cut:giantmodel", OneOf("giantmodel", (1,))),
        Clause("cut:z", Where.parse("abs(z) < 2"), frozenset({"rz", "kiel"})),
        Clause("rz", Range("R", 8.0, 9.5)),
        Clause("histogram", Range("fe_h", -1.0)),
        Clause("off", Range("teff", 9000.0), enabled=False),
    )
)
STATE = State(SELECTION, Colouring("mg_fe"), Bars("fe_h"))


def random_columns():
    rng = np.random.default_rng(2)
    mg_fe = rng.normal(0.1, 0.1, N)
    mg_fe[rng.random(N) < 0.3] = np.nan
    mg_fe[:2] = np.inf
    return {
        "R": rng.uniform(7, 16, N).astype(np.float32),
        "z": rng.normal(0, 1.5, N).astype(np.float32),
        "teff": rng.uniform(3500, 7500, N).astype(np.float32),
        "logg": rng.uniform(0, 5, N).astype(np.float32),
        "fe_h": rng.normal(-0.4, 0.4, N).astype(np.float32),
        "mg_fe": mg_fe.astype(np.float32),
        "rv": rng.normal(0, 40, N).astype(np.float32),
        "l": rng.uniform(0, 360, N),
        "b": rng.uniform(-90, 90, N),
        "giantmodel": rng.integers(-1, 2, N).astype(np.int8),
    }


COLUMN = random_columns()
WIDE = {name: values.astype(np.float64) for name, values in COLUMN.items()}


@pytest.fixture(scope="module")
def stars():
    return Stars(catalogue_of(COLUMN))


def passing(view):
    """Rows that SELECTION lets a view show, condition by condition."""
    mask = WIDE["giantmodel"] == 1
    if view in ("rz", "kiel"):
        mask &= np.abs(WIDE["z"]) < 2
    if view != "rz":
        mask &= (WIDE["R"] >= 8) & (WIDE["R"] <= 9.5)
    if view != "histogram":
        mask &= WIDE["fe_h"] >= -1
    return mask


def cells_of(x, y, window, factor):
    """(inside, row, column) of each star's cell: Datashader's rule in float64."""
    sx, sy = FINE / (window.x1 - window.x0), FINE / (window.y1 - window.y0)
    inside = (x >= window.x0) & (x <= window.x1) & (y >= window.y0) & (y <= window.y1)
    column, row = (
        np.minimum((np.where(inside, along, start) * scale - start * scale).astype(int), FINE - 1) // factor
        for along, scale, start in ((x, sx, window.x0), (y, sy, window.y0))
    )
    return inside, row, column


# which columns, window and colours


def test_a_diagram_draws_its_own_columns_in_its_own_window(stars):
    assert picture.columns_of(RZ, STATE) == ("R", "z")
    assert picture.window_of(stars, RZ, STATE) == RZ.window
    zoomed = STATE.with_view("rz", window=Window(8, 9, 0, 1))
    assert picture.window_of(stars, RZ, zoomed) == Window(8, 9, 0, 1)


def test_a_chosen_column_brings_its_own_range(stars):
    plane = DIAGRAMS["plane"]
    chosen = STATE.with_view("plane", y="rv")
    assert picture.columns_of(plane, chosen) == ("fe_h", "rv")
    column = COLUMNS["rv"]
    expected = Window(plane.window.x0, plane.window.x1, column.low, column.high)
    assert picture.window_of(stars, plane, chosen) == expected
    zoomed = chosen.with_view("plane", window=Window(-1, 0, -5, 5))
    assert picture.window_of(stars, plane, zoomed) == Window(-1, 0, -5, 5)


def test_colours_are_shared_own_or_counts():
    own = Colouring("fe_h", "median")
    state = STATE.with_view("kiel", colouring=own)
    assert picture.colouring_of(RZ, state) == STATE.colouring
    assert picture.colouring_of(DIAGRAMS["kiel"], state) == own
    assert picture.colouring_of(DIAGRAMS["sky"], state).statistic == "count"


# maps


@pytest.mark.parametrize("view", ["rz", "kiel", "plane", "sky"])
def test_a_view_shows_what_every_condition_but_its_own_lets_through(stars, view):
    diagram = DIAGRAMS[view]
    grid = picture.grid_of(stars, diagram, STATE)
    x, y = (WIDE[name] for name in picture.columns_of(diagram, STATE))
    inside, row, column = cells_of(x, y, grid.window, grid.coarsening)
    used = inside & passing(view)
    assert grid.inside == used.sum()
    if not diagram.counts:
        used &= np.isfinite(WIDE["mg_fe"])
    n = np.zeros((grid.cells, grid.cells))
    np.add.at(n, (row[used], column[used]), 1)
    assert np.array_equal(grid.n, n)


def test_map_of_a_computed_quantity(stars):
    quantity = "fe_h + 2 * abs(z)"
    derived = (Derived("sum", quantity),)
    grid = picture.grid_of(
        stars, RZ, replace(STATE, colouring=Colouring(quantity, min_stars=1), derived=derived)
    )
    inside, row, column = cells_of(WIDE["R"], WIDE["z"], grid.window, grid.coarsening)
    total, n = np.zeros((2, grid.cells, grid.cells))
    used = inside & passing("rz")
    np.add.at(total, (row[used], column[used]), (WIDE["fe_h"] + 2 * np.abs(WIDE["z"]))[used])
    np.add.at(n, (row[used], column[used]), 1)
    np.testing.assert_allclose(grid.values[n > 0], total[n > 0] / n[n > 0], rtol=0, atol=2e-4)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_painted_bytes_give_the_values_back(stars, statistic):
    state = replace(STATE, colouring=Colouring("mg_fe", statistic, min_stars=5))
    grid = picture.grid_of(stars, RZ, state)
    scale = Scale(*np.nanpercentile(grid.values, (10, 90)))
    painted = picture.paint(stars, RZ, state, grid, scale)
    assert (painted.lattice, painted.colouring, painted.scale) == (grid.lattice, state.colouring, scale)
    assert painted.known == grid.n.sum()
    assert painted.ends == (np.nanmin(grid.values), np.nanmax(grid.values))
    assert painted.image.dtype == np.uint8

    shown = np.isfinite(grid.values)
    assert 0 < shown.sum() < shown.size
    assert np.array_equal(painted.image > GHOST, shown)
    level = (scale.high - scale.low) / 240
    back = scale.values(painted.image)[shown]
    true = np.clip(grid.values[shown], scale.low + level / 2, scale.high - level / 2)
    assert np.abs(back - true).max() < 0.51 * level

    inside, row, column = cells_of(WIDE["R"], WIDE["z"], grid.window, grid.coarsening)
    everyone = np.zeros(shown.shape, bool)
    everyone[row[inside], column[inside]] = True
    assert np.array_equal(painted.image > 0, everyone)


def test_nobody_selected_leaves_the_ghost(stars):
    nobody = replace(STATE, selection=Selection((Clause("cut", Range("R", 90.0)),)))
    grid = picture.grid_of(stars, RZ, nobody)
    painted = picture.paint(stars, RZ, nobody, grid, picture.fit([grid], nobody.colouring, "sequential"))
    assert (grid.inside, painted.known) == (0, 0)
    assert np.isnan(painted.ends).all()
    assert 0 < painted.image.max() <= GHOST


@pytest.mark.parametrize(
    ("label", "statistic", "symmetric"),
    [
        ("rv", "mean", True),
        ("rv", "standard deviation", False),
        ("fe_h", "mean", False),
        ("rv", "count", False),
    ],
)
def test_fitted_range(stars, label, statistic, symmetric):
    state = replace(STATE, colouring=Colouring(label, statistic))
    grids = [picture.grid_of(stars, DIAGRAMS[key], state) for key in ("rz", "kiel")]
    scale = picture.fit(grids, state.colouring, COLUMNS[label].kind)
    drawn = np.concatenate([grid.values[np.isfinite(grid.values)] for grid in grids])
    low, high = np.percentile(drawn, (2, 98))
    assert (scale.low == -scale.high) == symmetric
    assert scale.low <= low < high <= scale.high
    if not symmetric:
        assert scale.high - scale.low <= 1.2 * (high - low)


def test_fitted_range_of_nothing():
    assert picture.fit([], Colouring("fe_h"), "sequential").low == 0
    assert picture.fit([], Colouring("fe_h", "count", log=True), "sequential").log


# histogram


def test_histogram_is_numpys_and_ignores_its_own_condition(stars):
    made = picture.histogram(stars, Bars("fe_h"), -2.0, 0.5, STATE)
    assert made.column == "fe_h"
    everyone, edges = np.histogram(WIDE["fe_h"], picture.BINS, (-2.0, 0.5))
    selected, _ = np.histogram(WIDE["fe_h"][passing("histogram")], picture.BINS, (-2.0, 0.5))
    np.testing.assert_allclose(made.edges, edges, rtol=0, atol=1e-15)
    assert np.array_equal(made.everyone, everyone)
    assert np.array_equal(made.selected, selected)
    assert 0 < selected.sum() < everyone.sum()


# hover


@pytest.mark.parametrize("statistic", ["mean", "count"])
@pytest.mark.parametrize("window", [None, Window(8, 9, -1, 1), Window(11, 11.01, 0, 0.01)])
def test_cells_are_described_by_their_stars(stars, statistic, window):
    state = replace(STATE, colouring=Colouring("mg_fe", statistic)).with_view("rz", window=window)
    grid = picture.grid_of(stars, RZ, state)
    w = grid.window
    inside, row, column = cells_of(WIDE["R"], WIDE["z"], w, grid.coarsening)
    used = inside & passing("rz")
    rng = np.random.default_rng(4)
    for x, y in zip(rng.uniform(w.x0, w.x1, 150), rng.uniform(w.y0, w.y1, 150), strict=True):
        at = grid.cell(x, y)
        label = WIDE["mg_fe"][used & (row == at[0]) & (column == at[1])]
        finite = label[np.isfinite(label)]
        cell = picture.examine(stars, RZ, state, grid, x, y)
        assert (cell.n, cell.finite) == (label.size, finite.size)
        assert grid.n[at] == (label.size if statistic == "count" else finite.size)
        expected = (
            [finite.mean(), np.median(finite)] if finite.size else [np.nan, np.nan],
            [finite.std(ddof=1) / np.sqrt(finite.size) if finite.size > 1 else np.nan],
        )
        found = ([cell.mean, cell.median], [cell.standard_error])
        assert found[0] == pytest.approx(expected[0], abs=1e-12, nan_ok=True)
        assert found[1] == pytest.approx(expected[1], abs=1e-12, nan_ok=True)


def test_cells_tell_of_the_label_that_colours_their_map(stars):
    state = STATE.with_view("rz", colouring=Colouring("teff"))
    cell = picture.examine(stars, RZ, state, picture.grid_of(stars, RZ, state), 9.0, 0.0)
    assert 3500 < cell.mean < 7500
    sky = DIAGRAMS["sky"]
    grid = picture.grid_of(stars, sky, STATE)
    row, column = np.unravel_index(grid.n.argmax(), grid.n.shape)
    longitude, latitude = (column + 0.5) * 360 / grid.cells, (row + 0.5) * 180 / grid.cells - 90
    cell = picture.examine(stars, sky, STATE, grid, longitude, latitude)
    assert cell.n == grid.n.max()
    assert abs(cell.mean - longitude) <= 180 / grid.cells


def test_outside_the_map_there_is_no_cell(stars):
    grid = picture.grid_of(stars, RZ, STATE)
    assert picture.examine(stars, RZ, STATE, grid, 20.0, 0.0) is None
    assert picture.examine(stars, RZ, STATE, grid, 9.0, -4.01) is None


def test_what_is_drawn_is_described_though_the_window_has_moved_on(stars):
    grid = picture.grid_of(stars, RZ, STATE)
    moved = STATE.with_view("rz", window=Window(8, 8.5, 0, 0.5))
    cell = picture.examine(stars, RZ, moved, grid, 12.0, -1.0)
    assert cell == picture.examine(stars, RZ, STATE, grid, 12.0, -1.0)
    assert cell.n > 0

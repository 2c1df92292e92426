"""Every statistic against a computation by cell in float64, and against Datashader's own aggregates."""

import datashader
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer import kernels
from explorer.raster import (
    COARSENINGS,
    FINE,
    STARS_PER_CELL,
    STATISTICS,
    Lattice,
    Window,
    cell_numbers,
    rasterise,
    suitable_coarsening,
)
from tests.plain_bits import bits, located

WINDOW = Window(7.5, 15, -4, 4)
STARS = 30_000
PANDAS = {"mean": "mean", "median": "median", "standard deviation": "std", "standard error": "sem"}


@pytest.fixture(scope="module", params=[np.float32, np.float64], ids=["float32", "float64"])
def sky(request):
    """Stars crowded towards one corner, a fifth without a label, some infinite, half of them selected."""
    rng = np.random.default_rng(3)
    x = (7 + 9 * rng.random(STARS) ** 2).astype(request.param)
    y = rng.normal(0, 1.5, STARS).astype(request.param)
    label = (0.2 - 0.05 * x + 0.1 * rng.normal(size=STARS)).astype(request.param)
    label[rng.random(STARS) < 0.2] = np.nan
    label[:3] = np.inf, -np.inf, np.nan
    chosen = rng.random(STARS) < 0.5
    ends = (WINDOW.x0, WINDOW.x1, WINDOW.y0, WINDOW.y1)
    pixels, inside = located(x, y, ends, FINE)
    table = pd.DataFrame({"x": x, "y": y, "label": np.where(np.isfinite(label), label, np.nan)})
    used = chosen & (x >= WINDOW.x0) & (x <= WINDOW.x1) & (y >= WINDOW.y0) & (y <= WINDOW.y1)
    return bits(chosen) & inside, pixels, label, table[used].astype(np.float64)


def grid_of(sky, **options):
    words, pixels, label, _ = sky
    return rasterise(words, pixels, label, WINDOW, **options)


def by_cell(table, factor):
    """The selected stars' labels in float64, grouped by cell with plain arithmetic."""
    side = FINE // factor
    sx, sy = FINE / (WINDOW.x1 - WINDOW.x0), FINE / (WINDOW.y1 - WINDOW.y0)
    column = np.minimum((table["x"] * sx - WINDOW.x0 * sx).astype(int), FINE - 1) // factor
    row = np.minimum((table["y"] * sy - WINDOW.y0 * sy).astype(int), FINE - 1) // factor
    return table["label"].groupby(row * side + column), range(side * side)


@pytest.mark.parametrize("factor", COARSENINGS)
@pytest.mark.parametrize("statistic", sorted(PANDAS))
def test_statistics_are_those_of_each_cell(sky, statistic, factor):
    grid = grid_of(sky, statistic=statistic, coarsening=factor)
    groups, cells = by_cell(sky[3], factor)
    assert np.array_equal(grid.n.ravel(), groups.count().reindex(cells, fill_value=0))
    expected = groups.agg(PANDAS[statistic]).reindex(cells).to_numpy()
    assert np.isfinite(expected).sum() > 100
    np.testing.assert_allclose(grid.values.ravel(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("factor", COARSENINGS)
def test_counts_are_of_all_stars_with_or_without_a_label(sky, factor):
    grid = grid_of(sky, statistic="count", coarsening=factor, min_stars=50)
    groups, cells = by_cell(sky[3], factor)
    expected = groups.size().reindex(cells, fill_value=0).to_numpy()
    assert np.array_equal(grid.n.ravel(), expected)
    assert np.array_equal(grid.values.ravel(), np.where(expected > 0, expected, np.nan), equal_nan=True)
    assert grid.inside == expected.sum() == len(sky[3])


def blocks(fine, factor):
    side = FINE // factor
    return fine.reshape(side, factor, side, factor).sum(axis=(1, 3))


@pytest.mark.parametrize("factor", COARSENINGS)
def test_maps_are_datashaders(sky, factor):
    """Pixel by pixel on the fine grid; on coarser ones, its fine grid added up."""
    canvas = datashader.Canvas(FINE, FINE, (WINDOW.x0, WINDOW.x1), (WINDOW.y0, WINDOW.y1))
    theirs = canvas.points(
        sky[3],
        "x",
        "y",
        datashader.summary(
            stars=datashader.count(),
            n=datashader.count("label"),
            mean=datashader.mean("label"),
            std=datashader.std("label"),
        ),
    )
    n = theirs["n"].to_numpy().astype(float)
    mean, variance = (np.nan_to_num(theirs[name].to_numpy()) for name in ("mean", "std"))
    total, squares = n * mean, n * (variance**2 + mean**2)
    n, total, squares = (blocks(part, factor) for part in (n, total, squares))
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = total / n
        spread = np.sqrt(np.maximum(squares - total**2 / n, 0) / np.where(n > 1, n - 1, np.nan))

    counted = grid_of(sky, statistic="count", coarsening=factor)
    assert np.array_equal(counted.n, blocks(theirs["stars"].to_numpy(), factor))
    found = grid_of(sky, statistic="mean", coarsening=factor)
    assert np.array_equal(found.n, n)
    np.testing.assert_allclose(found.values, expected, rtol=0, atol=1e-12)
    found = grid_of(sky, statistic="standard deviation", coarsening=factor)
    np.testing.assert_allclose(found.values, spread, rtol=0, atol=1e-7)  # theirs loses digits in the squares


def test_spread_keeps_its_digits_far_from_zero():
    """A label of 5000 with a spread of a millionth: squares about zero would leave no digit."""
    rng = np.random.default_rng(5)
    values = 5000 + 1e-3 * rng.normal(size=900)
    x = np.repeat(np.arange(9), 100) / 9
    window = Window(0, 1, 0, 1)
    pixels, words = located(x, x, (0, 1, 0, 1), FINE)
    grid = rasterise(words, pixels, values, window, "standard deviation", coarsening=1)
    expected = values.reshape(9, 100).std(axis=1, ddof=1)
    np.testing.assert_allclose(grid.values[np.isfinite(grid.values)], expected, rtol=1e-7)


@pytest.mark.parametrize("statistic", sorted(STATISTICS))
@pytest.mark.parametrize("least", [1, 2, 3, 20, 10_000])
def test_cells_with_too_few_stars_are_empty(sky, statistic, least):
    free = grid_of(sky, statistic=statistic, coarsening=8)
    grid = grid_of(sky, statistic=statistic, coarsening=8, min_stars=least)
    assert np.array_equal(grid.n, free.n)
    of_spread = statistic.startswith("standard")
    kept = grid.n >= (1 if statistic == "count" else max(least, 2 if of_spread else 1))
    assert np.array_equal(np.isfinite(grid.values), kept)
    assert np.array_equal(grid.values[kept], free.values[kept])


@pytest.mark.parametrize("statistic", sorted(STATISTICS))
@pytest.mark.parametrize("rows", [0, 1])
def test_hardly_any_star(statistic, rows):
    """No star, or one: nothing but emptiness, and no warning."""
    mask = np.arange(10) < rows
    grid = rasterise(bits(mask), np.zeros(10, np.uint32), np.full(10, 0.25, np.float32), WINDOW, statistic)
    assert (grid.inside, grid.coarsening, grid.n.sum()) == (rows, COARSENINGS[-1], rows)
    expected = {"mean": 0.25, "median": 0.25, "count": 1.0}
    shown = [expected[statistic]] if rows and statistic in expected else []
    assert grid.values[np.isfinite(grid.values)].tolist() == shown


@pytest.mark.parametrize("statistic", sorted(set(STATISTICS) - {"count"}))
def test_label_nobody_has(statistic):
    nobody = np.full(10, np.nan, np.float32)
    grid = rasterise(bits(np.ones(10, bool)), np.zeros(10, np.uint32), nobody, WINDOW, statistic)
    assert (grid.inside, grid.n.sum()) == (10, 0)
    assert np.isnan(grid.values).all()


def test_grid_grows_finer_with_the_number_of_stars():
    borders = [STARS_PER_CELL * (FINE // factor) ** 2 for factor in COARSENINGS]
    around = [border + step for border in borders for step in (-1, 0, 1)]
    numbers = np.unique([*np.geomspace(1, 5e6, 2000).astype(int), *around])
    factors = [suitable_coarsening(number) for number in [0, *numbers]]
    assert factors == sorted(factors, reverse=True)
    assert set(factors) == set(COARSENINGS)
    for number, factor in zip(numbers, factors[1:], strict=True):
        finer = [finer for finer in COARSENINGS if finer < factor]
        assert all(number < STARS_PER_CELL * (FINE // one) ** 2 for one in finer)
        assert factor == COARSENINGS[-1] or number >= STARS_PER_CELL * (FINE // factor) ** 2


def test_grid_is_chosen_by_the_stars_inside(sky):
    grid = grid_of(sky)
    assert grid.coarsening == suitable_coarsening(grid.inside)
    assert grid.n.shape == grid.values.shape == (grid.cells, grid.cells)
    assert grid.cells * grid.coarsening == FINE


@pytest.mark.parametrize("factor", COARSENINGS)
def test_cells_are_whole_numbers_of_pixels(factor):
    assert FINE % factor == 0
    pixels = np.arange(FINE * FINE, dtype=np.uint32)
    side = FINE // factor
    expected = np.kron(np.arange(side * side).reshape(side, side), np.ones((factor, factor), int))
    assert np.array_equal(cell_numbers(pixels, factor), expected.ravel())


@pytest.mark.parametrize(
    "ends",
    [
        (1, 1, 0, 1), (0, 1, 2, 2), (1, 0, 0, 1), (0, 1, 1, 0), (np.nan, 1, 0, 1), (0, np.inf, 0, 1),
        (0, 1, -np.inf, 1), (0, 1, 0, np.nan),
    ],
)  # fmt: skip
def test_impossible_windows(ends):
    with pytest.raises(ValueError, match="a window needs finite x0 < x1 and y0 < y1"):
        Window(*ends)


def whole(window, cells):
    return Lattice(window, FINE // cells, 0)


@settings(deadline=None)
@given(
    st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.floats(-1e4, 1e4), st.floats(1e-3, 1e4),
    st.sampled_from([FINE // factor for factor in COARSENINGS]), st.data(),
)  # fmt: skip
def test_cell_at_a_position(x0, width, y0, height, cells, data):
    window = Window(x0, x0 + width, y0, y0 + height)
    row, column = (data.draw(st.integers(0, cells - 1)) for _ in range(2))
    right, up = (data.draw(st.floats(0.01, 0.99)) for _ in range(2))
    x, y = x0 + (column + right) * width / cells, y0 + (row + up) * height / cells
    grid = whole(window, cells)
    assert grid.cell(x, y) == (row, column)
    assert grid.cell(window.x0, window.y0) == (0, 0)
    assert grid.cell(window.x1, window.y1) == (cells - 1, cells - 1)
    for outside in (
        (x0 - width, y),
        (x0 + 2 * width, y),
        (x, y0 - height),
        (x, y0 + 2 * height),
        (np.nan, y),
    ):
        assert grid.cell(*outside) is None


def test_stars_are_found_at_their_own_position(sky):
    """The cell under a position is the one that the pixel rule put a star of that position in."""
    table = sky[3].iloc[:3000]
    x, y = (table[name].to_numpy() for name in "xy")
    pixels, _ = located(x, y, (WINDOW.x0, WINDOW.x1, WINDOW.y0, WINDOW.y1), FINE)
    for cells in (400, 80, 25):
        grid, numbers = whole(WINDOW, cells), cell_numbers(pixels, FINE // cells)
        found = [grid.cell(*position) for position in zip(x, y, strict=True)]
        assert found == [divmod(int(number), cells) for number in numbers]


def test_map_of_real_giants(real_data):
    """[Fe/H] over the Kiel diagram of the published giants, stored as float32, against Datashader."""
    path = real_data / "lamost-dr3-giants" / "LMDR3_diskRGB2.dat"
    teff, logg, label = np.loadtxt(path, usecols=(5, 6, 7), unpack=True, dtype=np.float32)
    window = Window(3500, 7500, 0, 5.2)
    pixels, words = located(teff, logg, (3500, 7500, 0, 5.2), FINE)
    table = pd.DataFrame({"x": teff, "y": logg, "label": label}).astype(np.float64)
    canvas = datashader.Canvas(FINE, FINE, (3500, 7500), (0, 5.2))
    theirs = canvas.points(table, "x", "y", datashader.mean("label")).to_numpy()
    grid = rasterise(words, pixels, label, window, "mean", coarsening=1)
    assert grid.inside == kernels.population(words) > 20_000
    np.testing.assert_allclose(grid.values, theirs, rtol=0, atol=1e-12)

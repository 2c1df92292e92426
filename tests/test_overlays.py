"""What is drawn of subsets: contours, tints and steps against brute force, whatever is selected."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from data.expression import Expression
from data.predicate import Range
from data.schema import COLUMNS
from data.selection import Clause, Selection
from explorer import algebra, contours, overlays, picture, tints
from explorer.atlas import DIAGRAMS, HISTOGRAM, VIEWS
from explorer.outlines import WIDTHS, edge_of
from explorer.overlays import LINES, ROWS, SIZES
from explorer.painter import Easel
from explorer.palette import GHOST, LEVELS, ghost
from explorer.raster import Window
from explorer.session import Bars, Colouring, State
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of

N = 40_000
RZ = DIAGRAMS["rz"]
RNG = np.random.default_rng(11)


def made_columns():
    radius = np.concatenate([RNG.normal(9, 0.8, N // 2), RNG.normal(12, 1.2, N // 2)])
    z = np.concatenate([RNG.normal(0, 0.4, N // 2), RNG.normal(0.8, 1.2, N // 2)])
    radius[::50] = np.nan
    return {
        "R": radius.astype(np.float32),
        "z": z.astype(np.float32),
        "fe_h": RNG.normal(-0.4, 0.4, N).astype(np.float32),
        "teff": RNG.uniform(3500, 7500, N).astype(np.float32),
    }


COLUMN = made_columns()
WIDE = {name: values.astype(np.float64) for name, values in COLUMN.items()}
SELECTED = Selection((Clause("kiel", Range("teff", 4000.0, 5000.0)),))


@pytest.fixture(scope="module")
def stars():
    return Stars(catalogue_of(COLUMN))


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def state_of(*texts, shown_as="contours", selection=SELECTED):
    subsets = ()
    for k, text in enumerate(texts):
        subsets = algebra.added(subsets, f"s{k}", Expression.parse(text))
    return State(selection, Colouring("fe_h"), Bars("fe_h"), subsets=subsets, subsets_as=shown_as)


def counted(keep, cells, w=RZ.window):
    found, _, _ = np.histogram2d(
        WIDE["z"][keep], WIDE["R"][keep], bins=cells, range=[(w.y0, w.y1), (w.x0, w.x1)]
    )
    return found


# contours


@pytest.mark.parametrize("number", [300, 3000, 40_000])
def test_contours_enclose_the_stated_part_of_the_stars(number):
    """Star by star: the smoothed density where it stands, against the level of the line."""
    window = Window(-5, 5, -4, 4)
    rng = np.random.default_rng(number)
    x = np.concatenate([rng.normal(-1.5, 0.8, number // 2), rng.normal(2, 0.5, number - number // 2)])
    y = rng.normal(0, 1, number)
    inside = (np.abs(x) < 5) & (np.abs(y) < 4)
    n, _, _ = np.histogram2d(y, x, bins=100, range=[(-4, 4), (-5, 5)])
    density = contours.smoothed(n)
    assert density.sum() == pytest.approx(n.sum())
    centres = (np.arange(100) + 0.5) / 100
    at = RegularGridInterpolator(
        (8 * centres - 4, 10 * centres - 5), density, bounds_error=False, fill_value=None
    )
    found = at(np.column_stack([y, x])[inside])
    for fraction, line in zip(contours.FRACTIONS, contours.lines(n, window), strict=True):
        drawn = np.isfinite(line.x)
        there = drawn & (np.abs(line.x) < 4.9) & (np.abs(line.y) < 3.9)
        levels = at(np.column_stack([line.y, line.x])[there])
        assert there.sum() > 20
        assert np.ptp(levels) < 0.01 * density.max()
        assert np.mean(found > levels.mean()) == pytest.approx(fraction, abs=0.02)


def test_contour_around_a_round_cloud_is_a_circle_of_the_right_radius():
    """90 % of a round Gaussian lie within sqrt(-2 ln 0.1) sigma."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 400_000))
    n, _, _ = np.histogram2d(y, x, bins=100, range=[(-5, 5), (-5, 5)])
    for fraction, line in zip(contours.FRACTIONS, contours.lines(n, Window(-5, 5, -5, 5)), strict=True):
        radius = np.hypot(line.x, line.y)
        assert np.nanmean(radius) == pytest.approx(np.sqrt(-2 * np.log(1 - fraction)), rel=0.03)
        assert np.nanstd(radius) < 0.05


def test_too_few_stars_have_no_contours():
    n = np.zeros((100, 100))
    n[50, 50] = contours.FEWEST - 1
    window = Window(0, 1, 0, 1)
    assert all(line.x.size == 0 for line in contours.lines(n, window))
    n[50, 50] += 1
    assert all(line.x.size for line in contours.lines(n, window))


def test_contours_of_a_map_are_those_of_its_stars_whatever_is_selected(stars, threads):
    state = state_of("R < 10", "z > 1")
    drawn = overlays.draw(stars, {"rz": RZ}, threads, state, [f"{LINES}rz"]).lines["rz"]
    assert len(drawn) == ROWS
    for k, keep in enumerate((WIDE["R"] < 10, WIDE["z"] > 1)):
        expected = contours.lines(counted(keep, 100), RZ.window)
        for line, right in zip(drawn[3 * k : 3 * k + 3], expected, strict=True):
            assert np.array_equal(line.x, right.x, equal_nan=True)
            assert np.array_equal(line.y, right.y, equal_nan=True)
            assert line.x.size
    assert all(line.x.size == 0 for line in drawn[6:])
    everything = overlays.draw(
        stars, {"rz": RZ}, threads, replace(state, selection=Selection()), [f"{LINES}rz"]
    )
    assert np.array_equal(everything.lines["rz"][0].x, drawn[0].x, equal_nan=True)


# what is out of date


def essences(state):
    return overlays.wanted(state, [RZ], bars=True)


def test_lines_are_drawn_anew_for_what_they_show_and_never_for_a_brush():
    state = state_of("R < 10", "z > 1")
    first = essences(state)
    assert first == essences(replace(state, selection=Selection()))
    assert first == essences(replace(state, colouring=Colouring("teff")))

    def stale(other):
        return {key for key, essence in essences(other).items() if essence != first[key]}

    assert stale(state.with_view("rz", window=Window(8, 9, -1, 1))) == {"lines:rz"}
    assert stale(replace(state, bars=Bars("teff"))) == {"lines:histogram"}
    assert stale(replace(state, subsets_as="tints")) == {"lines:rz"}
    recoloured = algebra.changed(state.subsets, "s0", colour="#123456")
    assert stale(replace(state, subsets=recoloured)) == {"lines:rz", "lines:histogram"}
    assert stale(replace(state, subsets=algebra.without(state.subsets, "s1"))) == {*first}
    hidden = algebra.changed(algebra.changed(state.subsets, "s0", shown=False), "s1", shown=False)
    nothing = essences(replace(state, subsets=hidden))
    assert nothing["lines:rz"] == nothing["lines:histogram"] == ()
    assert nothing == essences(replace(state, subsets=hidden).with_view("rz", window=Window(8, 9, -1, 1)))


def test_maps_follow_the_selection_but_tinted_ones_do_not():
    state = state_of("R < 10")
    tinted = replace(state, subsets_as="tints")
    for each, follows in ((state, True), (tinted, False)):
        other = replace(each, selection=Selection())
        assert (picture.essence(RZ, each) != picture.essence(RZ, other)) == follows
    zoomed = tinted.with_view("rz", window=Window(8, 9, -1, 1))
    assert picture.essence(RZ, zoomed) != picture.essence(RZ, tinted)
    small = VIEWS["rz.fe_h"]
    assert picture.essence(small, tinted) == picture.essence(small, state)
    hidden = replace(tinted, subsets=algebra.changed(tinted.subsets, "s0", shown=False))
    assert picture.essence(RZ, hidden) == picture.essence(RZ, replace(state, subsets=()))


# tints


def slow_tints(state, cells):
    """Cell by cell."""
    conditions = [subset.condition.evaluate(COLUMN) for subset in algebra.shown(state)]
    numbers = [counted(keep, cells) for keep in conditions]
    most = max(2.0, float(np.max(numbers)))
    below = ghost(counted(np.ones(N, bool), cells))
    band = LEVELS // len(numbers)
    out = np.zeros((cells, cells), np.uint8)
    for row in range(cells):
        for column in range(cells):
            here = [n[row, column] for n in numbers]
            best = max(here)
            out[row, column] = below[row, column]
            if best:
                step = int(np.log(best) / np.log(most) * (band - 1))
                out[row, column] = GHOST + 1 + here.index(best) * band + step
    return out


@pytest.mark.parametrize("texts", [("R < 10",), ("R < 10", "z > 1"), ("R < 10", "z > 1", "fe_h < -0.8")])
def test_tints_are_those_of_a_slow_loop(stars, threads, texts):
    state = state_of(*texts, shown_as="tints")
    painted = Easel(stars, {"rz": RZ}, threads).paint(state, ["rz", HISTOGRAM])
    drawn = painted.pictures["rz"]
    assert np.array_equal(drawn.image, slow_tints(state, drawn.lattice.cells))
    union = np.logical_or.reduce([subset.condition.evaluate(COLUMN) for subset in algebra.shown(state)])
    assert drawn.lattice.inside == counted(union, 10).sum()
    brushed = (WIDE["teff"] >= 4000) & (WIDE["teff"] <= 5000)
    assert painted.selected == brushed.sum()
    x, y = 9.0, 0.1
    cell = drawn.lattice.cell(x, y)
    words = drawn.lattice.words(x, y).split("<br>")
    assert words == [f"s{k}: <b>{drawn.lattice.numbers[k][cell]:,.0f}</b>" for k in range(len(texts))]
    assert drawn.lattice.words(0, 0) == ""


def test_colours_of_tints_are_the_subsets_own_from_faint_to_full():
    shown = ["#0072b2", "#d55e00", "#009e73"]
    for number in (1, 2, 3):
        colours = tints.colours(shown[:number])
        assert len(colours) == 256
        band = LEVELS // number
        for k, tone in enumerate(shown[:number]):
            own = colours[GHOST + 1 + k * band : GHOST + 1 + (k + 1) * band]
            assert {each[:7] for each in own} == {tone}
            opacity = [int(each[7:], 16) for each in own]
            assert opacity == sorted(opacity)
            assert opacity[0] == tints.FAINTEST
            assert opacity[-1] == 255


def test_fitted_colour_ranges_survive_tints(stars, threads):
    easel = Easel(stars, {"rz": RZ}, threads)
    state = state_of("R < 10", selection=Selection())
    before = easel.paint(state, ["rz"]).pictures["rz"].scale
    easel.paint(replace(state, subsets_as="tints"), ["rz"])
    assert easel.paint(state, ["rz"]).pictures["rz"].scale == before


# the histogram and the numbers


@pytest.mark.parametrize("log", [False, True])
def test_steps_over_the_histogram_are_its_own_bins(stars, threads, log):
    state = replace(state_of("R < 10", "z > 1"), bars=Bars("fe_h", log=log))
    drawn = overlays.draw(stars, {}, threads, state, [LINES + HISTOGRAM]).lines[HISTOGRAM]
    own = drawn[len(WIDTHS) - 1 :: len(WIDTHS)]
    low, high = COLUMNS["fe_h"].low, COLUMNS["fe_h"].high
    for line, keep in zip(own, (WIDE["R"] < 10, WIDE["z"] > 1), strict=False):
        n, edges = np.histogram(WIDE["fe_h"][keep], bins=80, range=(low, high))
        heights = np.log10(np.maximum(n, 0.5)) if log else n
        assert np.allclose(line.x, np.repeat(edges, 2))
        assert np.allclose(line.y[1:-1], np.repeat(heights, 2), atol=1e-6)
        assert line.y[0] == line.y[-1] == pytest.approx(np.log10(0.5) if log else 0)
    assert sum(line.x.size > 0 for line in drawn) == 2


def test_every_subset_has_its_number_of_stars(stars, threads):
    state = state_of("R < 10", "z > 1", "fe_h < -0.8", "R > 100")
    numbers = overlays.draw(stars, {}, threads, state, [SIZES]).numbers
    assert [numbers[subset.condition] for subset in state.subsets] == [
        (WIDE["R"] < 10).sum(), (WIDE["z"] > 1).sum(), (WIDE["fe_h"] < -0.8).sum(), 0,
    ]  # fmt: skip
    assert overlays.draw(stars, {}, threads, state, ["rz", HISTOGRAM]) == overlays.Overlays()


def test_an_empty_subset_draws_nothing_and_fails_nowhere(stars, threads):
    state = state_of("R > 100")
    asked = ["rz", LINES + "rz", LINES + HISTOGRAM, SIZES]
    painted = Easel(stars, {"rz": RZ}, threads).paint(state, asked)
    assert all(line.x.size == 0 for line in painted.overlays.lines["rz"])
    tinted = Easel(stars, {"rz": RZ}, threads).paint(replace(state, subsets_as="tints"), asked)
    assert tinted.pictures["rz"].image.max() <= GHOST


def test_lines_have_an_edge_that_sets_them_off():
    assert edge_of("#0072b2") == edge_of("#000000") == "#ffffff"
    assert edge_of("#f0e442") == edge_of("#ffffff") != "#ffffff"

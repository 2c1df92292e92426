"""Abundance planes in space against a loop over stars; the choice of stars, and the cuts that panels make."""

from types import SimpleNamespace

import numpy as np
import pytest

from data.predicate import Box, Range
from data.problem import DataError
from data.selection import Clause, Selection
from explorer.background import Background
from explorer.overtaking import OvertakenError
from explorer.profile_page import ProfilePage
from explorer.raster import Window
from explorer.session import Bars, Colouring, Session, State
from explorer.space_planes import (
    FEWEST_CELLS,
    LEAST,
    MOST_CELLS,
    MOST_SHOWN,
    Asked,
    cells_for,
    check,
    chosen_box,
    chosen_panel,
    few,
    others,
    planes,
    with_box,
    with_panel,
)
from explorer.space_planes_page import SpacePlanesPage, summary
from explorer.space_planes_plot import SpacePlanesPlot
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of

MANY = 6_007
ACROSS, UP = (3.0, 7.0, 9.0, 13.0), (0.0, 1.0, 4.0)
WINDOW = Window(-2.0, 0.5, -0.5, 0.5)


@pytest.fixture(scope="module")
def stars():
    random = np.random.default_rng(2)
    columns = {
        "R": random.normal(8.5, 2, MANY).astype(np.float32),
        "z": random.normal(0, 1.2, MANY).astype(np.float32),
        "fe_h": random.normal(-0.5, 0.5, MANY).astype(np.float32),
        "ba_fe": random.normal(0, 0.3, MANY).astype(np.float32),
        "vT": random.normal(200, 50, MANY).astype(np.float32),
        "teff": random.uniform(4500, 5300, MANY).astype(np.float32),
    }
    for values in columns.values():
        values[random.integers(0, MANY, 80)] = np.nan
    columns["R"][:4] = (3.0, 7.0, 13.0, 9.0)
    columns["z"][:4] = (0.0, -1.0, -4.0, 1.0)
    return Stars(catalogue_of(columns))


def asked(**changes):
    usual = {
        "label": "ba_fe", "colour": "vT", "shows": "stars", "across": ACROSS, "up": UP, "teff": None,
        "predicates": (), "seed": 1, "window": WINDOW,
    }  # fmt: skip
    return Asked(**{**usual, **changes})


def panel_of(R, z):
    """By the definition of an interval, whose last one has both its ends; -1 for none."""
    place = []
    for value, edges in ((abs(z), UP), (R, ACROSS)):
        own = [
            k
            for k in range(len(edges) - 1)
            if edges[k] <= value < edges[k + 1] or (k == len(edges) - 2 and value == edges[-1])
        ]
        if not own:
            return -1
        place.append(own[0])
    return place[0] * (len(ACROSS) - 1) + place[1]


def members(stars, teff=None, least_v=None):
    """Rows of each panel, star by star."""
    columns = {name: np.asarray(stars.catalogue[name], np.float64) for name in stars.catalogue.columns}
    found = [[] for _ in range(6)]
    for row in range(len(stars)):
        star = {name: values[row] for name, values in columns.items()}
        k = panel_of(star["R"], star["z"])
        known = np.isfinite(star["fe_h"]) and np.isfinite(star["ba_fe"])
        hot = teff is None or teff[0] <= star["teff"] <= teff[1]
        if k >= 0 and known and hot and (least_v is None or star["vT"] >= least_v):
            found[k].append(row)
    return found, columns


@pytest.mark.parametrize(("teff", "least_v"), [(None, None), ((4800.0, 5000.0), None), (None, 180.0)])
def test_panels_have_the_stars_of_a_loop(stars, teff, least_v):
    cuts = () if least_v is None else (Range("vT", least_v, None),)
    found = planes(stars, asked(teff=teff, predicates=cuts), bool)
    rows, columns = members(stars, teff, least_v)
    assert found.stars.tolist() == [len(each) for each in rows]
    for k, own in enumerate(rows):
        drawn = found.panel == k
        assert drawn.sum() == min(len(own), MOST_SHOWN)
        there = {(columns["fe_h"][row], columns["ba_fe"][row]) for row in own}
        shown = set(zip(found.x[drawn], found.y[drawn], strict=True))
        assert shown <= there
        if len(own) <= MOST_SHOWN:
            assert shown == there
            np.testing.assert_array_equal(found.colour[drawn], columns["vT"][own])
    assert any(len(own) > MOST_SHOWN for own in rows) or teff is not None
    assert found.number.size == 0
    assert f"{sum(map(len, rows)):,} selected stars" in summary(found)


@pytest.mark.parametrize("shows", ["mean", "number"])
def test_maps_are_those_of_numpy(stars, shows):
    found = planes(stars, asked(shows=shows), bool)
    rows, columns = members(stars)
    side = cells_for(found.stars)
    assert found.number.shape == found.mean.shape == (6, side, side)
    assert len(found.panel) == 0
    ends = [[WINDOW.y0, WINDOW.y1], [WINDOW.x0, WINDOW.x1]]
    for k, own in enumerate(rows):
        place = columns["ba_fe"][own], columns["fe_h"][own]
        number = np.histogram2d(*place, bins=side, range=ends)[0]
        np.testing.assert_array_equal(found.number[k], number)
        assert found.inside[k] == number.sum()
        colour = columns["vT"][own]
        known = np.isfinite(colour)
        place = [each[known] for each in place]
        count = np.histogram2d(*place, bins=side, range=ends)[0]
        total = np.histogram2d(*place, bins=side, range=ends, weights=colour[known])[0]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(count >= LEAST, total / count, np.nan)
        np.testing.assert_allclose(found.mean[k], mean, rtol=1e-9)


def test_stars_are_chosen_by_lot():
    rows, source = np.arange(20_000), np.random.default_rng(1).permutation(20_000)
    chosen = few(rows, source, 500, 7)
    assert len(set(chosen.tolist())) == 500
    assert chosen.tolist() == few(rows[::-1], source, 500, 7).tolist()
    assert chosen.tolist() != few(rows, source, 500, 8).tolist()
    assert few(rows[:300], source, 500, 7).tolist() == rows[:300].tolist()
    many = np.concatenate([few(rows, source, 500, seed) for seed in range(200)])
    counts = np.bincount(source[many] // 1000, minlength=20)
    assert abs(counts - 5000).max() < 6 * np.sqrt(5000)
    lots = [few(rows[:40], source, 10, seed) for seed in range(2000)]
    counts = np.bincount(np.concatenate(lots), minlength=40)
    assert abs(counts - 500).max() < 6 * np.sqrt(500)


def test_a_lot_is_the_stars_own(stars):
    """It hangs on the number of the star in its file: stars that stay selected stay drawn."""
    random = np.random.default_rng(3)
    rows, source = np.arange(5_000), random.permutation(5_000)
    less = np.sort(random.choice(rows, 3_000, replace=False))
    before, after = set(few(rows, source, 700, 1).tolist()), set(few(less, source, 700, 1).tolist())
    assert before & set(less.tolist()) <= after
    order = random.permutation(5_000)
    again = few(rows, source[order], 700, 1)
    assert set(source[order][again].tolist()) == {int(source[row]) for row in before}


def test_a_panel_is_a_cut_in_each_quantity_and_goes_when_it_is_chosen_again(stars):
    other = Clause("cut:vT", Range("vT", 150.0, None))
    selection = Selection((other,))
    question = asked(teff=(4800.0, 5000.0), predicates=others(selection))
    cut = with_panel(selection, question, 1, 2)
    assert [clause.predicate for clause in cut] == [
        other.predicate, Range("R", 9.0, 13.0), Range("abs(z)", 1.0, 4.0), Range("teff", 4800.0, 5000.0),
    ]  # fmt: skip
    assert others(cut) == others(selection)
    assert chosen_panel(cut, question) == (1, 2)
    assert chosen_panel(selection, question) is None
    assert chosen_panel(with_panel(cut, question, 0, 0), question) == (0, 0)
    assert with_panel(cut, question, 1, 2) == selection
    number = planes(stars, question, bool).stars[5]
    known = (Range("fe_h", -1e9, None), Range("ba_fe", -1e9, None))
    assert stars.number((*cut.for_view(None), *known)) == number


def test_a_box_cuts_to_its_panel_too(stars):
    cut = with_box(with_panel(Selection(), asked(), 1, 2), asked(), 0, 1, (-1.0, -0.5, -0.1, 0.2))
    assert [clause.predicate for clause in cut] == [
        Range("R", 7.0, 9.0),
        Range("abs(z)", 0.0, 1.0),
        Box(Range("fe_h", -1.0, -0.5), Range("ba_fe", -0.1, 0.2)),
    ]
    assert others(cut) == ()
    assert chosen_box(cut, asked()) == (-1.0, -0.5, -0.1, 0.2)
    assert chosen_box(cut, asked(label="eu_fe")) is None
    assert chosen_box(Selection(), asked()) is None
    assert len(with_panel(cut, asked(), 1, 1)) == 2


def test_a_cut_that_is_switched_off_is_not_the_panel():
    cut = with_panel(Selection(), asked(), 1, 2)
    assert chosen_panel(cut.switched("planes.R", enabled=False), asked()) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"label": "eu_fe"}, "eu_fe"), ({"colour": "JR"}, "JR"), ({"label": "fe_h"}, "other axis")],
)
def test_what_can_t_be_had_is_refused(stars, changes, words):
    with pytest.raises(DataError, match=words):
        check(stars, asked(**changes))


def test_work_of_no_use_ends(stars):
    with pytest.raises(OvertakenError):
        planes(stars, asked(), lambda: True)


def test_a_catalogue_without_places_is_told_what_it_lacks():
    few_columns = catalogue_of({name: np.zeros(3, np.float32) for name in ("fe_h", "ba_fe")})
    session = Session(State(Selection(), Colouring("fe_h"), Bars("fe_h")))
    stars = Stars(few_columns)
    page = SpacePlanesPage(stars, session, Background(None, lambda do: do(), lambda _problem: None))
    page.follow()
    page.follow()
    assert "<b>R</b>" in page.view[0].object
    page.close()
    one = Stars(catalogue_of({"fe_h": np.zeros(3, np.float32)}))
    profiles = ProfilePage(one, session, Background(None, lambda do: do(), lambda _problem: None))
    profiles.follow()
    profiles.follow()
    assert "needs two columns" in profiles.view[0].object
    profiles.close()


def plotted(stars):
    """A figure that shows a grid, and what it was told of."""
    told = []
    plot = SpacePlanesPlot(lambda *panel: told.append(panel), lambda *box: told.append(box))
    described = (stars.describe(name) for name in ("ba_fe", "fe_h", "vT"))
    plot.show(planes(stars, asked(), bool), *described)
    return plot, told


@pytest.mark.parametrize(
    ("x", "y"), [(None, 0.5), (np.nan, 0.5), (np.inf, 0.5), ("1", 0.5), (-0.1, 0.5), (3.1, 0.5), (0.5, 2.05)]
)
def test_clicks_beside_panels_are_dropped(stars, x, y):
    plot, told = plotted(stars)
    plot._tapped(SimpleNamespace(x=x, y=y))
    assert told == []
    plot._tapped(SimpleNamespace(x=2.5, y=1.5))
    assert told == [(1, 2)]


@pytest.mark.parametrize(
    "geometry",
    [{}, {"x0": 0.1, "x1": 0.2, "y0": 0.1}, {"x0": np.nan, "x1": 0.2, "y0": 0, "y1": 1},
     {"x0": "0", "x1": 0.2, "y0": 0, "y1": 1}, {"x0": 7, "x1": 9, "y0": 0, "y1": 1},
     {"x0": 0.5, "x1": 0.5, "y0": 0.1, "y1": 0.9}],
)  # fmt: skip
def test_boxes_that_are_none_are_dropped(stars, geometry):
    plot, told = plotted(stars)
    plot._boxed(SimpleNamespace(geometry=geometry, final=True))
    assert told == []


def test_a_box_ends_at_the_edges_of_its_panel(stars):
    plot, told = plotted(stars)
    geometry = {"x0": 1.9, "x1": 1.2, "y0": -0.4, "y1": 0.5}
    plot._boxed(SimpleNamespace(geometry=geometry, final=False))
    assert told == []
    plot._boxed(SimpleNamespace(geometry=geometry, final=True))
    (((row, column, (x0, x1, y0, y1)),)) = told
    assert (row, column) == (0, 1)
    assert y0 == WINDOW.y0
    assert y1 == pytest.approx(WINDOW.y0 + (WINDOW.y1 - WINDOW.y0) * (0.5 - 0.025) / 0.845, abs=1e-3)
    assert WINDOW.x0 < x0 < x1 < WINDOW.x1
    assert x1 - x0 == pytest.approx(0.7 / 0.95 * 2.5, abs=2e-3)


@pytest.mark.parametrize(("stars", "side"), [(0, FEWEST_CELLS), (5 * 30**2, 30), (10**7, MOST_CELLS)])
def test_cells_follow_the_fullest_panel(stars, side):
    assert cells_for(np.array([0, stars])) == side

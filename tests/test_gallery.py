"""The gallery's diagrams: a plane's axes, window, cuts and brush, and a label of their own."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from data.predicate import Range
from data.schema import COLUMNS, LABELS
from data.selection import Clause, Selection
from explorer import picture
from explorer.atlas import DIAGRAMS, GALLERY, GALLERY_LABELS, PLANES, VIEWS
from explorer.figures import drawable
from explorer.painter import Easel
from explorer.palette import GHOST, Scale
from explorer.raster import Window
from explorer.session import Bars, Colouring, Gallery, State
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of

N = 4000
STATE = State(Selection(), Colouring("mg_fe", min_stars=1), Bars("fe_h"))
ONE = replace(STATE, gallery=Gallery(shared=True))
RATIOS = ("rz.mg_fe", "rz.o_fe", "rz.al_fe")
each_map = pytest.mark.parametrize("diagram", GALLERY.values(), ids=GALLERY)


def random_columns():
    rng = np.random.default_rng(5)
    radius, height = rng.uniform(7, 15, N), rng.normal(0, 1, N)
    return {
        "R": radius,
        "z": height,
        "X": radius,
        "Y": rng.normal(0, 1, N),
        "teff": rng.uniform(3500, 7500, N),
        "fe_h": -0.05 * radius,
        "mg_fe": 0.02 * radius,
        "o_fe": 0.3 + 0.01 * height,
        "al_fe": -0.2 + 0.03 * height,
    }


COLUMN = {name: values.astype(np.float32) for name, values in random_columns().items()}


@pytest.fixture(scope="module")
def stars():
    return Stars(catalogue_of(COLUMN))


@pytest.fixture
def easel(stars):
    with ThreadPoolExecutor(2) as views:
        yield Easel(stars, {key: each for key, each in VIEWS.items() if drawable(stars, each, STATE)}, views)


# diagrams


def test_every_plane_has_every_label():
    assert {(diagram.plane, diagram.label) for diagram in GALLERY.values()} == {
        (plane, label) for plane in PLANES for label in GALLERY_LABELS
    }
    assert {*PLANES} == {key for key, diagram in DIAGRAMS.items() if diagram.group == "maps"}
    assert {column.name for column in LABELS} - {*GALLERY_LABELS} == {"vmic"}
    assert VIEWS.keys() == DIAGRAMS.keys() | GALLERY.keys()


@each_map
def test_map_has_its_planes_axes_and_a_label_of_its_own(diagram):
    plane, label = DIAGRAMS[diagram.plane], COLUMNS[diagram.label]
    assert VIEWS[diagram.key] is diagram
    for name in ("x", "y", "window", "flip_x", "flip_y", "equal", "marks", "source"):
        assert getattr(diagram, name) == getattr(plane, name)
    assert diagram.title == f"${label.tex}$"
    assert diagram.is_ratio == label.plain.endswith("/Fe]")
    state = STATE.with_view(plane.key, window=Window(1, 2, 3, 4), y="z")
    assert picture.columns_of(diagram, state) == (plane.x, "z")
    assert picture.essence(diagram, state) != picture.essence(diagram, STATE)
    assert picture.colouring_of(diagram, STATE) == replace(STATE.colouring, label=diagram.label)


def test_catalogue_without_a_label_has_no_map_of_it(stars):
    offered = {key for key, diagram in GALLERY.items() if drawable(stars, diagram, STATE)}
    labels = ("fe_h", "mg_fe", "o_fe", "al_fe", "teff")
    assert offered == {f"{plane}.{label}" for plane in ("rz", "xy", "plane") for label in labels}


# cuts and brushes


@pytest.mark.parametrize("label", ["mg_fe", "fe_h", "teff"])
def test_map_ignores_the_brush_of_its_plane_and_obeys_all_others(stars, label):
    brush = Clause("rz", Range("R", 8.0, 9.0))
    state = replace(STATE, selection=Selection((brush,)))
    inside = (COLUMN["R"] >= 8) & (COLUMN["R"] <= 9)
    shown = {plane: picture.grid_of(stars, VIEWS[f"{plane}.{label}"], state).inside for plane in ("rz", "xy")}
    assert shown == {"rz": in_window("rz").sum(), "xy": (in_window("xy") & inside).sum()}


def test_cut_of_some_views_holds_in_their_gallery_too(stars):
    cut = Clause("cut:z", Range("z", None, 0.0), frozenset({"xy"}))
    state = replace(STATE, selection=Selection((cut,)))
    below = COLUMN["z"] <= 0
    shown = {plane: picture.grid_of(stars, VIEWS[f"{plane}.mg_fe"], state).inside for plane in ("rz", "xy")}
    assert shown == {"rz": in_window("rz").sum(), "xy": (in_window("xy") & below).sum()}


def in_window(plane):
    x, y, w = (getattr(DIAGRAMS[plane], name) for name in ("x", "y", "window"))
    return (COLUMN[x] >= w.x0) & (COLUMN[x] <= w.x1) & (COLUMN[y] >= w.y0) & (COLUMN[y] <= w.y1)


# colours


def scales(easel, state, keys=(*RATIOS, "rz.fe_h")):
    return {key: made.scale for key, made in easel.paint(state, keys).pictures.items()}


def test_range_for_each_label_is_that_of_the_maps_coloured_by_it(easel):
    found = scales(easel, STATE)
    assert len({*found.values()}) == len(found)
    for key, scale in found.items():
        label = VIEWS[key].label
        assert scales(easel, replace(STATE, colouring=Colouring(label, min_stars=1)), ("rz",)) == {
            "rz": scale
        }


def test_one_range_covers_all_abundances_and_no_other_label(stars, easel):
    alone, together = scales(easel, STATE), scales(easel, ONE)
    assert {together[key] for key in RATIOS} == {together["rz.mg_fe"]}
    assert together["rz.fe_h"] == alone["rz.fe_h"]
    grids = [picture.grid_of(stars, VIEWS[key], ONE) for key in RATIOS]
    assert together["rz.mg_fe"] == picture.fit(grids, ONE.colouring, "sequential")
    few = replace(ONE, selection=Selection((Clause("cut", Range("z", None, 0.0)),)))
    assert scales(easel, few) == together
    for key in RATIOS:
        easel.refit(few, key)
    assert scales(easel, few) != together
    assert scales(easel, STATE) == alone


@pytest.mark.parametrize("state", [STATE, ONE], ids=["each", "one"])
def test_ranges_do_not_hang_on_what_was_visited_before(stars, state):
    """In whatever order the linked maps and the planes of the gallery are opened."""
    pages = (("rz", "xy", "plane"), (*RATIOS, "rz.fe_h"), ("plane.mg_fe", "plane.o_fe", "plane.fe_h"))
    iron = replace(state, colouring=replace(state.colouring, label="fe_h"))
    found = []
    for order in permutations(pages):
        with ThreadPoolExecutor(2) as views:
            easel = Easel(stars, VIEWS, views)
            found.append({key: scale for page in order for key, scale in scales(easel, iron, page).items()})
    assert found == [found[0]] * len(found)
    assert len({found[0][key] for key in ("rz", "rz.fe_h", "plane.fe_h")}) > 1


def test_range_that_a_person_typed(easel):
    by_hand = Scale(-1, 1)
    typed = replace(STATE, gallery=Gallery(shared=True, scale=by_hand))
    assert {*(scale for key, scale in scales(easel, typed).items() if key in RATIOS)} == {by_hand}
    assert scales(easel, typed)["rz.fe_h"] != by_hand
    assert by_hand not in scales(easel, replace(typed, gallery=Gallery(scale=by_hand))).values()
    shared = replace(STATE, colouring=replace(STATE.colouring, scale=by_hand))
    assert [key for key, scale in scales(easel, shared).items() if scale == by_hand] == ["rz.mg_fe"]
    assert picture.essence(VIEWS["rz.o_fe"], typed) != picture.essence(VIEWS["rz.o_fe"], ONE)


def test_ranges_are_one_or_many_without_any_other_change():
    assert picture.essence(VIEWS["rz.o_fe"], STATE) != picture.essence(VIEWS["rz.o_fe"], ONE)
    assert picture.essence(VIEWS["rz.fe_h"], STATE) == picture.essence(VIEWS["rz.fe_h"], ONE)


@pytest.mark.parametrize("statistic", ["mean", "median", "standard deviation", "count"])
def test_statistic_is_the_shared_one_and_logarithms_are_for_what_has_them(stars, easel, statistic):
    state = replace(STATE, colouring=Colouring("teff", statistic, min_stars=7, log=True))
    for key, made in easel.paint(state, RATIOS).pictures.items():
        assert made.colouring == replace(
            state.colouring, label=VIEWS[key].label, log=statistic not in ("mean", "median")
        )
        assert made.scale.log == made.colouring.log
        grid = picture.grid_of(stars, VIEWS[key], state)
        assert np.array_equal(made.image > GHOST, np.isfinite(grid.values))
        n = grid.n[np.isfinite(grid.values)]
        assert n.min() >= (1 if statistic == "count" else 7)

"""The benchmark of brushing measures what it says: its parts run on a tiny mock, its brushes fit."""

import json

import numpy as np
import pytest

from benchmarks.answers import LABEL, Hand, Studio, measure
from benchmarks.brushing import conclude, handed
from benchmarks.findings import Findings
from benchmarks.hand import box
from benchmarks.rows import tiled
from benchmarks.still import BOTH, StillEasel
from data.catalogue import open_catalogue
from explorer.atlas import HISTOGRAM, VIEWS
from explorer.derive import derivations
from tests.browser import MAPS, Visit


@pytest.fixture(scope="module")
def catalogue(mock_file, tmp_path_factory):
    return open_catalogue(mock_file, derivations=derivations(), cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def studio(catalogue):
    studio = Studio.of(catalogue)
    yield studio
    studio.views.shutdown()


@pytest.mark.parametrize("share", [0.01, 0.42, 1])
def test_its_boxes_hold_their_share_and_no_two_are_alike(catalogue, share):
    boxes = Hand(catalogue).boxes(share)
    made = [next(boxes) for _ in range(5)]
    for each in made:
        assert abs(np.mean(each.mask(catalogue.columns)) - share) < 0.01
    assert len(set(made)) == len(made)


def test_the_server_alone_gives_its_figures(catalogue):
    found = Findings()
    measure(catalogue, 2, found)
    wanted = {f"server_p95_ms_{share}" for share in (1, 25, 42, 100)} | {
        "slider_server_ms",
        "server_lasso_ms",
    }
    assert wanted <= found.figures.keys()
    assert all(time > 0 for times in found.times.values() for time in times)


def test_more_rows_are_the_same_stars_a_little_elsewhere(catalogue):
    many = tiled(catalogue, 2 * len(catalogue) + 1)
    assert len(many) == len(many["R"]) == 2 * len(catalogue) + 1
    for name in ("R", LABEL):
        first, second = np.nanstd(catalogue[name]), np.nanstd(many[name])
        assert abs(second / first - 1) < 0.01
        assert len(np.unique(many[name][:100])) > 90


def test_the_floor_gives_pictures_that_were_painted_before(studio):
    easel = StillEasel(studio.stars, VIEWS, studio.views)
    boxes = Hand(studio.stars.catalogue).boxes(0.3)
    states = [studio.brushed(next(boxes)) for _ in range(4)]
    first, second, third, fourth = (easel.paint(state, {*MAPS, HISTOGRAM}) for state in states)
    for key in MAPS:
        assert third.pictures[key] is first.pictures[key]
        assert fourth.pictures[key] is second.pictures[key]
        assert (first.pictures[key].image != second.pictures[key].image).any()
    assert [painted.state for painted in (first, fourth)] == [states[0], states[3]]
    assert easel.paint(states[0], {"rz"}).pictures.keys() == {"rz"}


def test_the_floor_shows_most_of_the_stars(catalogue):
    """So that it sends as many bytes as pages that really answer."""
    for selection in BOTH:
        assert np.mean(selection.mask(catalogue.columns)) > 0.5


def test_pages_are_compared_by_what_was_measured():
    found = Findings()
    for name, times in {"ours_box": [100.0], "floor_box": [80.0], "stock_box": [4000.0]}.items():
        found.spread(name, times, "")
    found.say("floor_drag_hz", 10, "")
    found.spread("ours_release", [150.0], "")
    conclude(found)
    told = json.loads(found.line)
    assert (told["speedup_vs_stock"], told["box_over_floor"], told["drag_lag_frames"]) == (40, 1.25, 1.5)
    assert "lasso_over_floor" not in told
    assert told["times_ms"]["ours_box"] == [100.0]


def test_a_page_notes_when_its_maps_answered_a_box(browser, served, mock_file):
    with Visit.of(browser, served(mock_file).url) as visit:
        hand = handed(visit)
        everyone = visit.count[0]
        made = hand.stroke(box(np.random.default_rng(1)), "rz")
        assert made.lag > 0
        assert made.frames > 0
        assert made.bytes > 0
        assert visit.count[0] < everyone

"""The painter of a visitor: the latest state wins, no view is lost, ranges stay, faults are told."""

import queue
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread

import numpy as np
import pytest

from data.expression import Expression
from data.predicate import Range, Where
from data.problem import DataError
from data.schema import COLUMNS
from data.selection import Clause, Selection
from explorer import painter, picture
from explorer.atlas import DIAGRAMS, HISTOGRAM
from explorer.overlays import LINES, SIZES
from explorer.overtaking import OvertakenError
from explorer.painter import Easel, Painter
from explorer.palette import Scale
from explorer.raster import Window
from explorer.session import Bars, Colouring, State
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of

N = 5000
STATE = State(Selection(), Colouring("mg_fe", min_stars=1), Bars("fe_h"))
SOON = 30
"""Seconds after which something will not happen any more."""


def random_columns():
    rng = np.random.default_rng(8)
    radius = rng.uniform(7, 15, N)
    return {
        "R": radius,
        "z": rng.normal(0, 1, N),
        "X": radius,
        "Y": rng.normal(0, 1, N),
        "teff": rng.uniform(3500, 7500, N),
        "logg": rng.uniform(0, 5, N),
        "fe_h": rng.normal(-0.3, 0.3, N),
        "mg_fe": 0.02 * radius + 0.01 * rng.normal(size=N),
    }


COLUMN = {name: values.astype(np.float32) for name, values in random_columns().items()}


@pytest.fixture(scope="module")
def stars():
    return Stars(catalogue_of(COLUMN))


class Gated(ThreadPoolExecutor):
    """Threads that begin nothing while their gate is shut, and tell that somebody waits before it."""

    def __init__(self):
        super().__init__(2)
        self.gate, self.knocked = Event(), Event()
        self.gate.set()
        self.begun = 0

    def submit(self, *args, **kwargs):
        self.knocked.set()
        assert self.gate.wait(SOON)
        self.begun += 1
        return super().submit(*args, **kwargs)


class Visit:
    """A painter with its threads and what it handed over; it gives nothing up unless it is told to."""

    def __init__(self, stars, patience=np.inf):
        self.views, self.crews = Gated(), ThreadPoolExecutor(2)
        self.painted, self.problems = queue.Queue(), queue.Queue()
        self.painter = Painter(
            Easel(stars, DIAGRAMS, self.views), self.crews, self.painted.put, self.problems.put, patience
        )

    def paint(self, state, *views):
        self.painter.request(state, views)
        return self.painted.get(timeout=SOON)

    @contextmanager
    def busy_with(self, state, *views):
        """While a painting of this state is under way and held up."""
        self.views.gate.clear()
        self.views.knocked.clear()
        self.painter.request(state, views)
        assert self.views.knocked.wait(SOON)
        yield
        self.views.gate.set()

    def close(self):
        self.views.gate.set()
        self.crews.shutdown()
        self.views.shutdown()


@pytest.fixture
def visit(stars):
    yield from visited(Visit(stars))


@pytest.fixture
def hasty(stars):
    """Gives up whatever is overtaken."""
    yield from visited(Visit(stars, patience=0))


def visited(visit):
    yield visit
    visit.close()
    assert visit.painted.empty()
    assert visit.problems.empty()


def selected(high):
    return replace(STATE, selection=Selection((Clause("cut", Range("R", None, high)),)))


# painting


def test_what_was_asked_for_is_painted(stars, visit):
    state = selected(10.0)
    painted = visit.paint(state, "rz", "kiel", HISTOGRAM, "no such view")
    assert painted.state is state
    assert set(painted.pictures) == {"rz", "kiel"}
    assert painted.selected == (COLUMN["R"] <= 10).sum()
    for key, made in painted.pictures.items():
        expected = picture.grid_of(stars, DIAGRAMS[key], state)
        repainted = picture.paint(stars, DIAGRAMS[key], state, expected, made.scale)
        assert np.array_equal(made.image, repainted.image)
        assert made.ends == (np.nanmin(expected.values), np.nanmax(expected.values))
    assert painted.histogram.selected.sum() <= painted.selected
    assert painted.histogram.edges[[0, -1]].tolist() == [COLUMNS["fe_h"].low, COLUMNS["fe_h"].high]


def test_histogram_only_if_asked_for(visit):
    assert visit.paint(STATE, "rz").histogram is None
    alone = visit.paint(STATE, HISTOGRAM)
    assert not alone.pictures
    assert alone.histogram is not None


def test_latest_state_wins_and_no_view_is_lost(visit):
    states = [selected(high) for high in (9.0, 10.0, 11.0, 12.0)]
    with visit.busy_with(states[0], "rz"):
        visit.painter.request(states[1], ["xy"])
        visit.painter.request(states[2], ["kiel", HISTOGRAM])
        visit.painter.request(states[3], ["rz"])
    first, second = (visit.painted.get(timeout=SOON) for _ in range(2))
    assert (first.state, set(first.pictures)) == (states[0], {"rz"})
    assert (second.state, set(second.pictures)) == (states[3], {"rz", "xy", "kiel"})
    assert second.histogram is not None


def test_a_crowd_of_requests(visit):
    """Whatever the timing: states come in order, up to the last, with all views asked for until then."""
    states = [selected(8.0 + k / 100) for k in range(60)]
    keys = ("rz", "xy", "kiel")
    for k, state in enumerate(states):
        visit.painter.request(state, [keys[k % 3]])
    painted = [visit.painted.get(timeout=SOON)]
    while painted[-1].state is not states[-1]:
        painted.append(visit.painted.get(timeout=SOON))
    order = [states.index(each.state) for each in painted]
    assert order == sorted(set(order))
    asked = 0
    for each, k in zip(painted, order, strict=True):
        assert set(each.pictures) == {keys[i % 3] for i in range(asked, k + 1)}
        asked = k + 1


def test_requests_from_many_threads(visit):
    states = [selected(8.0 + k / 100) for k in range(40)]
    senders = [Thread(target=visit.painter.request, args=(state, ["rz"])) for state in states]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    last = selected(15.0)
    visit.painter.request(last, ["xy"])
    while (painted := visit.painted.get(timeout=SOON)).state is not last:
        assert set(painted.pictures) == {"rz"}
    assert "xy" in painted.pictures


def test_who_stands_in_the_way_where_nobody_is_left(visit):
    cuts = {"far": Range("R", 14.0), "near": Range("R", None, 8.0), "high": Range("z", 0.0)}
    clauses = tuple(Clause(source, cut) for source, cut in cuts.items())
    painted = visit.paint(replace(STATE, selection=Selection(clauses)), "rz")
    far, near, high = COLUMN["R"] >= 14, COLUMN["R"] <= 8, COLUMN["z"] >= 0
    assert painted.selected == 0
    assert painted.relief == {"far": (near & high).sum(), "near": (far & high).sum(), "high": 0}
    assert visit.paint(STATE, "rz").relief == {}


# giving up


def long_selection(first):
    """Many terms, none of which was worked out before."""
    text = " or ".join(f"R < {first + k / 1000}" for k in range(150))
    return replace(STATE, selection=Selection((Clause("cut", Where.parse(text)),)))


def test_what_is_overtaken_is_given_up_and_its_views_are_painted_of_the_newest(hasty):
    newest = selected(9.1)
    with hasty.busy_with(long_selection(7), "rz", HISTOGRAM):
        begun = hasty.views.begun
        hasty.painter.request(newest, ["xy"])
    painted = hasty.painted.get(timeout=SOON)
    assert painted.state is newest
    assert set(painted.pictures) == {"rz", "xy"}
    assert painted.histogram is not None
    assert hasty.views.begun - begun < 30


def test_what_nothing_overtakes_is_painted_however_long_it_takes(hasty):
    state = long_selection(7.5)
    with hasty.busy_with(state, "rz"):
        pass
    assert hasty.painted.get(timeout=SOON).state is state


def test_a_visitor_who_left_has_nothing_painted(visit):
    with visit.busy_with(long_selection(8), "rz"):
        begun = visit.views.begun
        visit.painter.request(selected(9.2), ["xy"])
        visit.painter.close()
    visit.painter.request(selected(9.3), ["xy"])
    visit.crews.shutdown()
    assert visit.views.begun - begun <= 2


class Slow:
    """An easel that takes ten seconds by the clock to paint, in which a newer state comes each second."""

    def __init__(self):
        self.now, self.states, self.given_up = 0, [selected(8 + k / 10) for k in range(50)], 0

    def paint(self, state, views, overtaken):
        for _ in range(10):
            self.now += 1
            if self.states:
                self.painter.request(self.states.pop(0), [f"view {len(self.states)}"])
            if overtaken():
                self.given_up += 1
                raise OvertakenError
        return state, views


def test_something_is_delivered_however_often_the_state_changes(monkeypatch):
    """And no view is lost on the way."""
    easel, delivered = Slow(), queue.Queue()
    monkeypatch.setattr(painter, "monotonic", lambda: easel.now)
    with ThreadPoolExecutor(1) as crews:
        easel.painter = Painter(easel, crews, delivered.put, delivered.put, patience=1)
        easel.painter.request(STATE, ["first"])
    found = [*delivered.queue]
    assert easel.given_up > len(found) >= 2
    assert {"first", "view 49", "view 40"} <= found[0][1]
    assert {*range(50)} == {int(name.split()[1]) for _, views in found for name in views - {"first"}}
    assert found[-1][0].selection == selected(8 + 49 / 10).selection


@pytest.mark.parametrize("high", [10.5, 0.5])
def test_a_painting_given_up_anywhere_leaves_nothing_wrong(stars, high):
    """With stars in it and without, where it looks for what stands in the way."""
    views = ("rz", "kiel", HISTOGRAM, LINES + "rz", SIZES)
    asked = []

    def paint(easel, most=np.inf):
        del asked[:]
        return easel.paint(selected(high), views, lambda: asked.append(1) or len(asked) > most)

    with ThreadPoolExecutor(2) as threads:
        easel, other = (Easel(Stars(stars.catalogue), DIAGRAMS, threads) for _ in range(2))
        expected = paint(other)
        for most in (*range(0, len(asked), 3), len(asked) - 1):
            with pytest.raises(OvertakenError):
                paint(Easel(Stars(stars.catalogue), DIAGRAMS, threads), most)
            with pytest.raises(OvertakenError):
                paint(easel, 0)
        found = paint(easel)
    for key, picture_ in expected.pictures.items():
        assert np.array_equal(found.pictures[key].image, picture_.image)
        assert found.pictures[key].scale == picture_.scale
    assert (found.selected, found.relief) == (expected.selected, expected.relief)


def test_computed_axes_and_bars_are_given_up_too(stars, visit, monkeypatch):
    monkeypatch.setattr(Expression, "evaluate", lambda *_: pytest.fail("computed for nobody"))
    easel = Easel(stars, DIAGRAMS, visit.views)
    turned = STATE.with_view("plane", y="mg_fe + fe_h * 3")
    for state, view in ((turned, "plane"), (replace(STATE, bars=Bars("mg_fe - fe_h * 3")), HISTOGRAM)):
        with pytest.raises(OvertakenError):
            easel.paint(state, [view], lambda: True)


# faults


def test_failure_is_told_and_the_painter_goes_on(visit, caplog):
    visit.painter.request(replace(STATE, colouring=Colouring("ba_fe")), ["rz"])
    problem = visit.problems.get(timeout=SOON)
    assert isinstance(problem, DataError)
    assert "ba_fe" in str(problem)
    assert "painting failed" in caplog.text
    assert set(visit.paint(STATE, "rz").pictures) == {"rz"}


def test_failure_while_more_waits(visit, caplog):
    with visit.busy_with(replace(selected(13.37), colouring=Colouring("ba_fe")), "rz"):
        visit.painter.request(STATE, ["xy"])
    assert isinstance(visit.problems.get(timeout=SOON), DataError)
    assert set(visit.painted.get(timeout=SOON).pictures) == {"xy"}
    assert "painting failed" in caplog.text


def test_failure_of_the_receiver_is_told_too(stars, caplog):
    visit = Visit(stars)

    def refuse(painted):
        if painted.state is STATE:
            raise RuntimeError("no")
        visit.painted.put(painted)

    visit.painter = Painter(Easel(stars, DIAGRAMS, visit.views), visit.crews, refuse, visit.problems.put)
    visit.painter.request(STATE, ["rz"])
    assert str(visit.problems.get(timeout=SOON)) == "no"
    assert set(visit.paint(selected(9.0), "xy").pictures) == {"xy"}
    visit.close()
    assert "painting failed" in caplog.text


# colour ranges


def scale_of(visit, state, key="rz"):
    return visit.paint(state, key).pictures[key].scale


def test_fitted_range_stays_until_asked_for_anew(visit):
    fitted = scale_of(visit, STATE)
    few = selected(8.0)
    assert scale_of(visit, STATE.with_view("rz", window=Window(8, 9, -1, 1))) == fitted
    assert scale_of(visit, few) == fitted
    assert scale_of(visit, few, "kiel") == fitted
    visit.painter.refit(few)
    anew = scale_of(visit, few)
    assert anew.high < fitted.high
    assert scale_of(visit, STATE) == anew


def test_another_question_has_another_range_and_the_first_is_remembered(visit):
    fitted = scale_of(visit, STATE)
    spread = scale_of(visit, replace(STATE, colouring=Colouring("mg_fe", "standard deviation")))
    iron = scale_of(visit, replace(STATE, colouring=Colouring("fe_h")))
    assert len({fitted, spread, iron}) == 3
    assert scale_of(visit, replace(selected(8.0), colouring=Colouring("mg_fe", min_stars=7))) == fitted


def test_range_set_by_hand_is_used_and_not_remembered(visit):
    by_hand = Scale(-1, 1)
    held = replace(STATE, colouring=replace(STATE.colouring, scale=by_hand))
    assert scale_of(visit, held) is by_hand
    assert scale_of(visit, STATE) != by_hand


def test_range_is_fitted_to_the_maps_that_share_it(stars, visit):
    """Not to a plane of labels, nor to a map with colours of its own."""
    own = Colouring("mg_fe", "median", min_stars=1)
    state = STATE.with_view("xy", colouring=own)
    painted = visit.paint(state, "rz", "xy", "kiel")
    grids = {key: picture.grid_of(stars, DIAGRAMS[key], state) for key in ("rz", "xy", "kiel")}
    scales = {key: made.scale for key, made in painted.pictures.items()}
    assert scales["rz"] == scales["kiel"] == picture.fit([grids["rz"]], STATE.colouring, "sequential")
    assert scales["xy"] == picture.fit([grids["xy"]], own, "sequential")


def test_range_of_a_plane_alone(stars, visit):
    """It has to be fitted to something."""
    grid = picture.grid_of(stars, DIAGRAMS["kiel"], STATE)
    assert scale_of(visit, STATE, "kiel") == picture.fit([grid], STATE.colouring, "sequential")


def test_nothing_drawn_leaves_no_range_behind(visit):
    """An empty selection, then a full one: the range is that of the stars that came."""
    nobody = selected(0.0)
    assert scale_of(visit, nobody) == Scale(0, 1)
    scale = scale_of(visit, STATE)
    assert scale.low > 0
    assert scale.high < 0.5


def test_range_asked_for_while_painting_is_that_of_the_new_state(stars, visit):
    few = selected(8.0)
    with visit.busy_with(STATE, "rz"):
        visit.painter.refit(few)
        visit.painter.request(few, ["rz"])
    old, new = (visit.painted.get(timeout=SOON).pictures["rz"] for _ in range(2))
    assert old.scale != new.scale
    grid = picture.grid_of(stars, DIAGRAMS["rz"], few)
    assert new.scale == picture.fit([grid], few.colouring, "sequential")

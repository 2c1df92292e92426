"""What a browser may tell of a star, and which question is answered when several wait."""

from collections import deque
from concurrent.futures import Future

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.predicate import Range
from data.problem import DataError
from data.selection import Clause, Selection
from explorer.background import Background
from explorer.finder import Click, Finder, read
from explorer.session import Bars, Colouring, Session, Star, State
from explorer.stars import Stars
from tests.test_stars import catalogue_of

N = 30
STATE = State(Selection(), Colouring("z"), Bars("z"))
AT = {"view": "rz", "x": 9, "y": 0.5, "scale": [35.0, 33]}


@pytest.fixture(scope="module")
def stars():
    """Three stars in each of ten places."""
    columns = {
        "R": np.repeat(np.arange(8, 13, 0.5), 3).astype("f4"), "z": np.zeros(N, "f4"),
        "obsid": np.arange(N) + 100,
    }  # fmt: skip
    return Stars(catalogue_of(columns))


class Workers:
    """Does what it is given when it is told to."""

    def __init__(self):
        self.waiting = deque()

    def submit(self, work):
        done = Future()
        self.waiting.append((work, done))
        return done

    def work(self):
        while self.waiting:
            work, done = self.waiting.popleft()
            try:
                done.set_result(work())
            except DataError as problem:
                done.set_exception(problem)


class Visitor:
    def __init__(self, stars, state=STATE):
        self.workers, self.problems, self.said = Workers(), [], []
        self.session = Session(state)
        self.finder = Finder(
            stars, self.session, Background(self.workers, lambda callback: callback(), self.problems.append)
        )
        self.finder.box.say = lambda words, *, wrong=False: self.said.append((words, wrong))

    def tell(self, *messages):
        for message in messages:
            self.finder.box._handle_msg(message)
        self.workers.work()
        return self.finder.row

    def click(self, x, y=0.0):
        return {"click": {**AT, "x": x, "y": y}}


def test_what_a_browser_tells():
    assert read({"click": AT}) == Click("rz", (9.0, 0.5), (35.0, 33.0))
    assert read({"find": "101"}) == "101"
    assert [read({"step": step}) for step in (1, -1)] == [1, -1]
    assert read({"leave": True}) is None


@pytest.mark.parametrize(
    "data",
    [
        None, [], "find", {}, {"find": 3}, {"find": "a" * 1001}, {"find": "a", "step": 1}, {"step": 2},
        {"step": 1.0}, {"step": True}, {"step": "1"}, {"leave": 1.5}, {"leave": False}, {"click": {}},
        {"click": {**AT, "view": "nope"}}, {"click": {**AT, "view": ["rz"]}}, {"click": {**AT, "x": "9"}},
        {"click": {**AT, "x": float("nan")}}, {"click": {**AT, "y": 10**400}}, {"click": {**AT, "x": True}},
        {"click": {**AT, "scale": [35, 0]}}, {"click": {**AT, "scale": [-1, -1]}},
        {"click": {**AT, "scale": 35}},
        {"click": {**AT, "scale": [1, 2, 3]}}, {"click": {**AT, "scale": [float("inf"), 1]}},
    ],
)  # fmt: skip
def test_what_is_not_from_our_script_is_dropped(stars, data):
    with pytest.raises(DataError):
        read(data)
    visitor = Visitor(stars)
    assert visitor.tell(data) is None
    assert (visitor.session.state, visitor.said, visitor.problems) == (STATE, [], [])


@given(x=st.floats(-1e300, 1e300), y=st.floats(-1e300, 1e300), scale=st.floats(1e-300, 1e300))
def test_any_click_is_answered(stars, x, y, scale):
    visitor = Visitor(stars)
    visitor.tell({"click": {**AT, "x": x, "y": y, "scale": [scale, scale]}})
    assert visitor.problems == []


def test_clicks_at_one_place_take_turns_and_another_begins_anew(stars):
    visitor = Visitor(stars)
    assert [visitor.tell(visitor.click(9.0 + k / 100)) for k in range(4)] == [6, 7, 8, 6]
    assert visitor.tell(visitor.click(10.01)) == 12
    assert visitor.tell(visitor.click(9.0)) == 6
    assert visitor.tell({"step": 1}) == 7
    assert visitor.tell(visitor.click(9.0)) == 6
    assert visitor.tell(visitor.click(9.0, 3.0)) == 6  # nothing there


def test_the_newest_question_counts(stars):
    visitor = Visitor(stars)
    assert visitor.tell(visitor.click(9.0), visitor.click(10.0), {"find": "129"}) == 29
    assert visitor.session.state.star == Star("obsid", 129)
    assert visitor.tell({"find": "105"}, {"leave": True}) is None
    assert visitor.session.state.star is None


def test_no_step_is_lost(stars):
    selection = Selection((Clause("cut", Range("R", 9, 10)),))
    visitor = Visitor(stars, State(selection, Colouring("z"), Bars("z"), star=Star("obsid", 106)))
    assert visitor.finder.row == 6
    assert visitor.finder.box.chosen == "obsid 106"
    assert visitor.tell(*[{"step": 1}] * 5) == 11
    assert visitor.tell(*[{"step": -1}] * 7) == 13
    assert visitor.tell({"step": 1}, {"step": -1}, {"step": -1}) == 12
    assert visitor.tell(*[{"step": 1}] * 3, {"find": "120"}) == 20


def test_a_step_without_a_star_or_a_selection_goes_nowhere(stars):
    visitor = Visitor(stars)
    assert visitor.tell({"step": 1}) is None
    assert visitor.tell(visitor.click(9.0)) == 6
    empty = Selection((Clause("cut", Range("R", 90, 91)),))
    visitor.session.change(selection=empty)
    assert visitor.tell({"step": 1}) == 6


def test_what_was_found_is_said(stars):
    visitor = Visitor(stars, State(Selection((Clause("cut", Range("R", 9, 10)),)), Colouring("z"), Bars("z")))
    visitor.tell({"find": "129"})
    visitor.tell({"find": "109"})
    visitor.tell({"find": "999"})
    assert visitor.said[:2] == [("not among the selected stars", False), ("", False)]
    words, wrong = visitor.said[2]
    assert wrong
    assert words.startswith("no star of this catalogue has the obsid or Gaia source_id 999")
    assert visitor.finder.row == 9
    assert visitor.problems == []


def test_the_star_is_no_step_of_undo(stars):
    visitor = Visitor(stars)
    visitor.session.change(selection=Selection((Clause("cut", Range("R", 9, 10)),)))
    visitor.tell(visitor.click(9.0))
    visitor.session.undo()
    assert visitor.session.state.selection == Selection()
    assert visitor.finder.row == 6
    assert not visitor.session.can_undo

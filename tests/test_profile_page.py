"""The page of profiles without a browser: what becomes of a bootstrap that is cancelled or overtaken."""

from concurrent.futures import Executor, Future

import numpy as np
import panel_material_ui as pmui
import pytest

from data.predicate import Range
from data.selection import Clause, Selection
from explorer.background import Background
from explorer.profile_page import ProfilePage
from explorer.session import Bars, Colouring, Session, State
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of


class Waiting(Executor):
    """Does nothing before it is told to."""

    def __init__(self):
        self.waiting = []

    def submit(self, fn, /, *args, **kwargs):
        self.waiting.append(lambda: fn(*args, **kwargs))
        return Future()

    def work(self):
        while self.waiting:
            self.waiting.pop(0)()


class Desk:
    """A page that is opened and shows its profiles, and the hands on it."""

    def __init__(self):
        random = np.random.default_rng(1)
        columns = {"R": random.uniform(7, 15, 400), "fe_h": random.normal(0, 0.2, 400)}
        stars = Stars(catalogue_of({name: each.astype(np.float32) for name, each in columns.items()}))
        self.session = Session(State(Selection(), Colouring("fe_h"), Bars("fe_h")))
        self.workers = Waiting()
        self.page = ProfilePage(stars, self.session, Background(self.workers, lambda do: do(), pytest.fail))
        self.page.follow()
        self.workers.work()

    def press(self, label):
        (button,) = self.page.view.select(lambda each: isinstance(each, pmui.Button) and each.label == label)
        assert not button.disabled
        button.clicks += 1

    @property
    def words(self):
        said = [getattr(pane, "object", None) for pane in self.page.view]
        return " ".join(each for each in said if isinstance(each, str))


@pytest.fixture
def desk():
    return Desk()


def test_a_bootstrap_is_shown_when_it_is_done(desk):
    assert "analytic" in desk.words
    desk.press("Run")
    assert "Stars are drawn: 0 %" in desk.words
    desk.workers.work()
    assert "bootstrap over stars, 200 draws, seed 1" in desk.words
    assert "Stars are drawn" not in desk.words


def test_a_bootstrap_that_is_cancelled_shows_nothing(desk):
    desk.press("Run")
    desk.press("Cancel")
    desk.workers.work()
    assert "The bootstrap was cancelled." in desk.words
    assert "analytic" in desk.words
    desk.press("Run")
    desk.workers.work()
    assert "200 draws" in desk.words


def test_a_bootstrap_goes_where_other_stars_are_selected(desk):
    desk.press("Run")
    desk.session.change(selection=Selection((Clause("cut:R", Range("R", None, 9.0)),)))
    desk.page.follow()
    assert "given up" in desk.words
    desk.workers.work()
    assert "analytic" in desk.words
    assert "200 draws" not in desk.words
    desk.page.close()


def test_a_page_that_was_left_asks_for_nothing_more(desk):
    desk.press("Run")
    desk.page.close()
    desk.workers.work()
    assert "200 draws" not in desk.words

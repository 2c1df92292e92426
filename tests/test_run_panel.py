"""Buttons of a page of science without a browser: what they say after a mistake, a cancel, and a result."""

from concurrent.futures import Future

import numpy as np
import pytest

from data.predicate import Range
from data.problem import DataError
from data.selection import Clause, Selection
from explorer.background import Background
from explorer.run_panel import NOTHING, OLD, YOUNG, RunPanel
from explorer.session import Bars, Colouring, Session, State
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of

R = np.linspace(1, 9, 100, dtype=np.float32)
CUT = Clause("cut", Range("R", 5, None))


class Page:
    """One whose options are typed, and whose study begins when `work` is called."""

    def __init__(self, **how):
        self.typed, self.waiting, self.shown, self.faded = "1", [], [], None
        self.session = Session(State(Selection((CUT,)), Colouring("R"), Bars("R")))
        self.panel = RunPanel(
            Stars(catalogue_of({"R": R})), self.session, Background(self, lambda do: do(), pytest.fail),
            options=self.options, study=self.study, show=self.shown.append, fade=self.fade, **how,
        )  # fmt: skip

    def submit(self, work, /):
        self.waiting.append(work)
        return Future()

    def options(self):
        if not self.typed.isdecimal():
            raise DataError(f"'{self.typed}' is no number: type one")
        return int(self.typed)

    def study(self, chosen, question, progress):
        progress(1, 2, "Stars")
        if not question.options:
            raise DataError("no star of that T_eff & log g")
        return int(chosen.sum()), question.options

    def fade(self, old):
        self.faded = old

    def work(self):
        while self.waiting:
            self.waiting.pop()()

    def press(self, typed):
        """Run with what is typed."""
        self.typed = typed
        self.panel._ask()

    @property
    def told(self):
        """What is said, and the mistake that is shown."""
        return self.panel.said.object, self.panel.problem.object if self.panel.problem.visible else ""


def test_a_mistake_is_told_of_alone_whatever_came_before():
    page = Page()
    assert page.told == (NOTHING, "")
    page.press("x")
    assert page.told == ("", "&#x27;x&#x27; is no number: type one")
    page.press("2")
    assert page.told[1] == ""
    page.panel._cancel()
    assert page.told == (f"Cancelled. {NOTHING}", "")
    page.press("x")
    assert page.told == ("", "&#x27;x&#x27; is no number: type one")
    page.work()
    assert page.shown == []
    page.press("0")
    page.work()
    assert page.told == ("", "no star of that T<sub>eff</sub> &amp; log g")
    assert not page.panel.run.disabled
    page.press("3")
    page.work()
    assert page.told == (YOUNG, "")
    assert page.shown == [(50, 3)]


def test_what_is_shown_grows_old_with_a_mistake_and_with_other_cuts():
    page = Page()
    page.press("3")
    page.work()
    assert page.faded is False
    page.press("x")
    assert page.told[0] == OLD
    assert page.faded is True
    page.press("3")
    page.work()
    page.session.change(selection=Selection())
    assert page.told == (OLD, "")


def test_a_page_may_have_cuts_of_its_own():
    page = Page(cuts=lambda selection: selection.for_view("cut"))
    page.press("3")
    page.work()
    assert page.shown == [(100, 3)]
    page.session.change(selection=Selection((Clause("cut", Range("R", 7, None)),)))
    assert page.told == (YOUNG, "")

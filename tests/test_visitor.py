"""A visitor's page without a browser: what it paints, and what it shows when things come late or fail."""

import queue
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Event, current_thread

import numpy as np
import panel as pn
import pytest
from bokeh.document import Document

from data.catalogue import open_catalogue
from data.predicate import Box, Range
from data.selection import Clause
from explorer.app import Explorer
from explorer.atlas import DIAGRAMS
from explorer.derive import derivations
from explorer.page import VisitorPage
from explorer.painter import Threads
from tests.plain_maps import MIN_STARS, PlainMap

PATIENCE_S = 60
A, B = (Clause("cut:R", Range("R", low, low + 1.5)) for low in (8.0, 10.0))


@pytest.fixture(scope="module")
def explorer(mock_file, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EXPLORER_CACHE", str(tmp_path_factory.mktemp("cache")))
        return Explorer(open_catalogue(mock_file, derivations=derivations()))


class Kept(Document):
    """A document that keeps what is to be run on the page's own thread."""

    def __init__(self):
        super().__init__()
        self.waiting = queue.Queue()
        self.paused = []

    def add_next_tick_callback(self, callback):
        self.waiting.put(callback)

    def add_timeout_callback(self, callback, _milliseconds):
        self.paused.append(callback)
        return callback

    def remove_timeout_callback(self, callback):
        self.paused.remove(callback)


class Held(ThreadPoolExecutor):
    """Threads that begin nothing while they are held."""

    def __init__(self):
        super().__init__(4, thread_name_prefix="worker")
        self.gate = Event()
        self.gate.set()
        self.under_way = []

    def submit(self, work, *args, **kwargs):
        asked = Future()

        def when_let():
            assert self.gate.wait(PATIENCE_S)
            if asked.set_running_or_notify_cancel():
                try:
                    asked.set_result(work(*args, **kwargs))
                except BaseException as problem:  # noqa: BLE001 - whoever asked is told
                    asked.set_exception(problem)

        self.under_way.append(super().submit(when_let))  # done when all who wait for it were told
        return asked


class Visitor:
    """A page whose workers and whose own thread do what they are told to."""

    def __init__(self, explorer, crews=None):
        self.crews, self.document = crews or Held(), Kept()
        threads = Threads(explorer.threads.views, self.crews)
        self.page = VisitorPage(explorer.stars, explorer.opening, threads, explorer.downloads, self.document)
        self.page.layout()
        self.session = self.page.session

    def settle(self):
        """Until nothing is under way any more."""
        while not self.idle():
            try:
                self.document.waiting.get(timeout=0.05)()
            except queue.Empty:
                if self.document.paused:
                    self.document.paused.pop()()

    def idle(self):
        """Whether nothing is under way."""
        busy = not all(each.done() for each in self.crews.under_way)
        return not busy and self.document.waiting.empty() and not self.document.paused

    def step(self):
        """Run the next thing on the page's own thread."""
        self.document.waiting.get(timeout=PATIENCE_S)()

    def brush(self, clause):
        self.session.change(selection=self.session.state.selection.with_(clause))

    def close(self):
        self.crews.gate.set()
        self.page.close()


@pytest.fixture
def visitor(explorer):
    pn.extension("mathjax")
    visitor = Visitor(explorer)
    visitor.settle()
    yield visitor
    visitor.close()
    visitor.crews.shutdown()


def inside(visitor, key):
    """How many stars a map shows, by its picture."""
    return visitor.page._maps.drawn[key].picture.lattice.inside


def in_window(table, key, keep):
    """How many of some stars lie in the window that a map opens with."""
    diagram = DIAGRAMS[key]
    window = diagram.window
    for name, low, high in ((diagram.x, window.x0, window.x1), (diagram.y, window.y0, window.y1)):
        keep = keep & (table[name] >= low) & (table[name] <= high)
    return int(keep.sum())


def expected(table, low, high):
    """In (R, z), of stars that pass the cuts and a range of R."""
    keep = (table["giantmodel"] == 1) & (table["chi2"] <= 7000) & (table["R"] >= low) & (table["R"] <= high)
    return in_window(table, "rz", keep)


def test_a_map_that_was_painted_of_a_later_brush_is_painted_anew(visitor, mock_table):
    visitor.session.change(tab="gallery")
    visitor.settle()
    visitor.session.change(tab="maps")
    visitor.settle()
    visitor.crews.gate.clear()
    visitor.brush(A)
    visitor.session.change(tab="gallery")
    visitor.brush(B)
    visitor.crews.gate.set()
    visitor.settle()
    visitor.session.undo()
    visitor.settle()
    visitor.session.change(tab="maps")
    visitor.settle()
    assert visitor.session.state.selection["cut:R"] == A
    assert inside(visitor, "rz") == expected(mock_table, 8.0, 9.5)


def test_what_could_not_be_painted_is_asked_for_again(visitor, mock_table, monkeypatch):
    def fail(*_):
        raise MemoryError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(visitor.page._painter._easel, "paint", fail)
        visitor.brush(A)
        visitor.settle()
    visitor.session.change(tab="footprint")
    visitor.settle()
    visitor.session.change(tab="maps")
    visitor.settle()
    assert inside(visitor, "rz") == expected(mock_table, 8.0, 9.5)


def test_another_plane_is_chosen_before_the_first_is_painted(visitor):
    visitor.session.change(tab="gallery")
    gallery = visitor.page._gallery
    while not gallery.seen():
        visitor.step()
    visitor.session.change(gallery=replace(visitor.session.state.gallery, plane="kiel"))
    visitor.settle()
    assert {key.split(".")[0] for key in gallery.seen()} == {"kiel"}
    assert {*gallery.seen()} <= visitor.page._maps.drawn.keys()


def test_which_labels_tell_something_is_found_out_by_workers(visitor, explorer, mock_table, monkeypatch):
    threads = set()

    def watched(of):
        return lambda *args: threads.add(current_thread().name.split("_")[0]) or of(*args)

    for name in ("select", "known"):
        monkeypatch.setattr(explorer.stars, name, watched(getattr(explorer.stars, name)))
    visitor.session.change(tab="gallery")
    visitor.settle()
    assert "rz.mg_fe" in visitor.page._gallery.seen()
    assert "rz.sc_fe" not in visitor.page._gallery.seen()
    cut = visitor.session.state.selection["cut:giantmodel"]
    visitor.session.change(selection=visitor.session.state.selection.without(cut.source))
    visitor.settle()
    known = [
        name for name in ("mg_fe", "sc_fe") if np.isfinite(mock_table[name][mock_table["chi2"] <= 7000]).any()
    ]
    assert [name for name in ("mg_fe", "sc_fe") if f"rz.{name}" in visitor.page._gallery.seen()] == known
    assert "MainThread" not in threads


def test_ten_visitors_brush_at_once(explorer, mock_table):
    """Their frames come in turns, and all share the threads."""
    pn.extension("mathjax")
    with Held() as crews:
        visitors = [Visitor(explorer, crews) for _ in range(10)]
        lows = [7.5 + 0.3 * k for k in range(10)]
        for width in (0.5, 1.0, 1.5):
            for visitor, low in zip(visitors, lows, strict=True):
                box = Box(Range("R", low, low + width), Range("z", 0.0, 3.0))
                visitor.page._brush("rz", box, moving=width < 1.5, edited=False)
        for visitor in visitors:
            visitor.settle()
        good = (mock_table["giantmodel"] == 1) & (mock_table["chi2"] <= 7000)
        for visitor, low in zip(visitors, lows, strict=True):
            keep = good & (mock_table["R"] >= low) & (mock_table["R"] <= low + 1.5)
            keep &= (mock_table["z"] >= 0) & (mock_table["z"] <= 3)
            assert visitor.page._count.selected == keep.sum()
            assert inside(visitor, "kiel") == in_window(mock_table, "kiel", keep)
            visitor.close()


def test_a_map_is_put_into_words_when_a_gesture_has_ended(visitor, mock_table):
    def said():
        return visitor.page._maps._cards["rz"].view.spoken

    keep = (mock_table["giantmodel"] == 1) & (mock_table["chi2"] <= 7000)
    window = DIAGRAMS["rz"].window
    columns = (mock_table[name][keep] for name in ("R", "z", "mg_fe"))
    plain = PlainMap.of(*columns, (window.x0, window.x1, window.y0, window.y1))
    means = plain.grid("mean", MIN_STARS)
    low, high = (f"{end:.3g}".replace("-", "−") for end in (np.nanmin(means), np.nanmax(means)))
    first = f"(R, z): {plain.inside:,} stars, mean [Mg/Fe] from {low} to {high} dex"
    assert said() == first
    box = Box(Range("R", 8.0, 9.0), Range("z", 0.0, 3.0))
    visitor.page._brush("rz", box, moving=True, edited=False)
    visitor.settle()
    assert said() == first
    visitor.page._brush("rz", box, moving=False, edited=False)
    visitor.settle()
    assert said() == f"{first}; brush box (R, z): 8 ≤ R ≤ 9 kpc, 0 ≤ z ≤ 3 kpc"

"""A visitor who left leaves nothing in the server's memory."""

import time

from tests.browser import Visit
from tests.served import Served, fetch, free_port

VISITORS = 3
"""One who touches everything, one who brushes, one who only looks."""
LINGER_S = 90.0
"""Longest that a session may outlive its visitor; Bokeh ends it after 15 s."""

WATCHED = """
import gc, sys
import panel as pn
from bokeh.document import Document
from tornado.web import RequestHandler
from data.catalogue import open_catalogue
from explorer.app import Explorer
from explorer.derive import derivations
from explorer.page import VisitorPage
from explorer.session import Session

class Alive(RequestHandler):
    def get(self):
        gc.collect()
        kinds = [type(each) for each in gc.get_objects()]
        self.write(" ".join(str(kinds.count(kind)) for kind in (VisitorPage, Session, Document)))

explorer = Explorer(open_catalogue(sys.argv[1], derivations=derivations()))
pn.extension("mathjax", exception_handler=explorer.report)
pn.serve(
    {"/": explorer.page}, port=int(sys.argv[2]), address="127.0.0.1", show=False,
    check_unused_sessions_milliseconds=500, extra_patterns=[(r"/alive", Alive)],
)
"""
"""The page as `explorer serve` has it, and beside it how many visitors' pages and documents are in memory."""


def use(visit):
    """Touch what keeps something: views, controls, tabs, dialogs, forms, the pointer."""
    visit.choose("Statistic", "count")
    visit.point_at("rz", 9.0, 0.5)
    visit.page.mouse.wheel(0, -300)
    visit.page.get_by_label("Change this cut").nth(1).click()
    visit.page.get_by_role("textbox", name="to").wait_for()
    visit.press("New column")
    visit.press("Download")
    visit.page.get_by_role("link", name="CSV").wait_for()
    visit.page.keyboard.press("Escape")
    visit.page.get_by_role("dialog").wait_for(state="hidden")
    visit.tab("Footprint")
    visit.wait_for("sky", "face", "edge")


def brush(visit):
    """Brush, keep, tint, leaf through it all, and come back by a link."""
    visit.drag("rz", (8, 0.3), (10.5, 2.5))
    visit.page.get_by_label("Select what is outside instead").nth(3).wait_for()
    visit.press("Keep as subset")
    visit.page.get_by_label("Name of subset 1").wait_for()
    visit.page.get_by_role("button", name="Tints").click()
    visit.tab("Gallery")
    visit.wait_for("rz.mg_fe")
    visit.press("Undo")
    visit.page.get_by_label("Name of subset 1").wait_for(state="detached")
    visit.press("Redo")
    visit.page.get_by_label("Name of subset 1").wait_for()
    before = visit.page.url
    visit.tab("Maps")
    visit.page.wait_for_function("before => location.href !== before", arg=before)
    visit.page.reload()
    visit.wait_for("rz")
    visit.page.get_by_label("Name of subset 1").wait_for()


def gone(now, nobody):
    """Whether pages and sessions are as before anybody came; of one document a husk may stay."""
    return now[:2] == nobody[:2] and now[2] <= nobody[2] + 1


def test_visitors_who_left_are_forgotten(browser, mock_file, own_folders, tmp_path):
    port = free_port()
    server = Served.start(["-c", WATCHED, str(mock_file), str(port)], port, tmp_path / "log", **own_folders)

    def alive() -> tuple[int, ...]:
        return tuple(int(number) for number in fetch(f"{server.url}/alive").split())

    try:
        server.wait()
        nobody = alive()
        visits = [Visit(browser, server.url) for _ in range(VISITORS)]
        for visit in visits:
            visit.open()
        use(visits[0])
        brush(visits[1])
        assert alive()[0] >= VISITORS
        for visit in visits:
            visit.close()
        until = time.monotonic() + LINGER_S
        while not gone(alive(), nobody) and time.monotonic() < until:
            time.sleep(0.5)
        pages, sessions, documents = alive()
        assert (pages, sessions) == (0, 0)
        assert documents <= nobody[2] + 1, "of one document the husk stays, in the context of the last visit"
    finally:
        server.stop()
    assert "Traceback" not in server.log.read_text()

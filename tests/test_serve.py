"""A visitor who left leaves nothing in the server's memory."""

import time

from tests.browser import Visit
from tests.served import Served, fetch, free_port

VISITORS = 5
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

class Alive(RequestHandler):
    def get(self):
        gc.collect()
        kinds = [type(each) for each in gc.get_objects()]
        self.write(f"{kinds.count(VisitorPage)} {kinds.count(Document)}")

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


def test_visitors_who_left_are_forgotten(browser, mock_file, own_folders, tmp_path):
    port = free_port()
    server = Served.start(["-c", WATCHED, str(mock_file), str(port)], port, tmp_path / "log", **own_folders)

    def alive() -> tuple[int, int]:
        pages, documents = fetch(f"{server.url}/alive").split()
        return int(pages), int(documents)

    try:
        server.wait()
        nobody = alive()
        visits = [Visit(browser, server.url) for _ in range(VISITORS)]
        for visit in visits:
            visit.open()
        use(visits[0])
        assert alive()[0] == VISITORS
        for visit in visits:
            visit.close()
        until = time.monotonic() + LINGER_S
        while alive()[0] and time.monotonic() < until:
            time.sleep(0.5)
        pages, documents = alive()
        assert pages == 0
        assert documents <= nobody[1] + 1, "of one document the husk stays, in the context of the last visit"
    finally:
        server.stop()
    assert "Traceback" not in server.log.read_text()

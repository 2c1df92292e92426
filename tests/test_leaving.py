"""A visitor who leaves in the midst of long work: it ends, and nothing comes of it."""

from bokeh.document import Document

from data.catalogue import open_catalogue
from data.predicate import Where
from data.selection import Clause
from explorer import bitsets
from explorer.app import Explorer
from explorer.page import VisitorPage

TERMS = 150


def test_long_work_ends_when_its_visitor_leaves(mock_file, own_folders, monkeypatch):
    """A condition of many terms: only a few of them are looked at after the visitor left."""
    for name, folder in own_folders.items():
        monkeypatch.setenv(name, folder)
    explorer = Explorer(open_catalogue(mock_file))
    page = VisitorPage(
        explorer.stars, explorer.opening, explorer.threads, explorer.downloads, document := Document()
    )
    opening = [*document.session_callbacks]
    looked_at = []
    between = bitsets.between

    def counted(*words):
        looked_at.append(words)
        if len(looked_at) == 5:
            page.close()
        between(*words)

    monkeypatch.setattr(bitsets, "between", counted)
    text = " or ".join(f"R < {8 + k / 1000}" for k in range(TERMS))
    session = page.session
    session.change(selection=session.state.selection.with_(Clause("cut", Where.parse(text))))
    explorer.threads.crews.shutdown()
    explorer.threads.views.shutdown()
    assert 5 <= len(looked_at) < 10
    assert document.session_callbacks == opening

"""The way to take the stars now shown home: links that the browser fetches over HTTP, beside the page."""

import html
import secrets
from typing import Any

import panel as pn
import panel_material_ui as pmui

from data.extract import Extract
from data.formats import FORMATS
from explorer.atlas import VIEWS
from explorer.cards import plain_title
from explorer.download import Downloads
from explorer.session import Session
from explorer.stars import Stars
from explorer.text import text

EVERY_VIEW = "all views share"


class DownloadMenu:
    """A button that opens a dialog with a link for each format, for the selection as it is then.

    `view` is the button; `dialog` stands elsewhere on the page.
    """

    def __init__(self, stars: Stars, session: Session, downloads: Downloads) -> None:
        self._stars = stars
        self._session = session
        self._downloads = downloads
        self._visitor = secrets.token_urlsafe(12)
        self.view = pmui.Button(
            label="Download",
            icon="download",
            variant="text",
            size="small",
            on_click=self._open,
            margin=0,
            align="center",
        )
        self._rows = pmui.Select(
            label="Rows that pass the cuts that",
            options=[EVERY_VIEW],
            value=EVERY_VIEW,
            size="small",
            width=300,
            margin=(10, 0, 0, 0),
        )
        self._rows.param.watch(lambda _: self._offer(), "value")
        self._links = text("download")
        self.dialog = pmui.Dialog(
            pn.Column(self._rows, self._links, width=560, margin=0),
            title="Download stars", open=False, close_on_click=True, show_close_button=True,
        )  # fmt: skip

    def _open(self, _event: Any) -> None:
        clauses = self._session.state.selection.clauses
        views = sorted({view for clause in clauses for view in clause.views or ()})
        titles = {f"hold in {plain_title(VIEWS[view].title)}": view for view in views if view in VIEWS}
        self._rows.options = {EVERY_VIEW: EVERY_VIEW, **titles}
        self._rows.value = EVERY_VIEW
        self._offer()
        self.dialog.open = True

    def _offer(self) -> None:
        state = self._session.state
        view = None if self._rows.value == EVERY_VIEW else self._rows.value
        condition = state.selection.expression(view)
        where = "" if condition is None else condition.text
        derived = {known.name: known.expression for known in state.derived}
        number = self._stars.number(state.selection.for_view(view))
        links = []
        for form in FORMATS:
            extract = Extract.of(self._stars.catalogue, form, where=where, derived=derived)
            token = self._downloads.offer(extract, self._visitor)
            links.append(f"<a class='file' href='download/{token}' download>{html.escape(form.upper())}</a>")
        mock = (
            "<p class='mock-note'>These are mock stars; the file says so.</p>"
            if self._stars.catalogue.mock
            else ""
        )
        self._links.object = (
            f"<p><b>{number:,}</b> stars, all columns, where</p>"
            f"<pre>{html.escape(where or 'everything')}</pre>"
            f"<p>{' '.join(links)}</p>{mock}"
            "<p class='note'>The file carries this condition, the catalogue’s checksum, versions "
            "and units. Links hold for a quarter of an hour.</p>"
        )

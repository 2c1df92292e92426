"""The server: one shared store of stars, a page for each visitor, streamed downloads beside them."""

import gc
import logging
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import panel as pn
from bokeh.document import Document

from data.catalogue import Catalogue
from data.problem import DataError
from explorer.download import DownloadHandler, Downloads
from explorer.opening import open_page
from explorer.page import VisitorPage
from explorer.painter import Threads
from explorer.pair_source import PairSource
from explorer.sending import send_all
from explorer.spectroscopy import NO_SPECTROSCOPY, Spectroscopy
from explorer.stars import Stars
from explorer.tagging import tag_own_only

LOG = logging.getLogger(__name__)

TITLE = "Milky Way enrichment explorer"


class Explorer:
    """What all visitors of one server share. Making it paints the page they open with."""

    def __init__(
        self,
        catalogue: Catalogue,
        spectroscopy: Spectroscopy = NO_SPECTROSCOPY,
        pairs: PairSource | None = None,
    ) -> None:
        self.stars = Stars(catalogue)
        self.pairs = pairs
        self.spectroscopy = spectroscopy
        views = ThreadPoolExecutor(os.cpu_count() or 2, thread_name_prefix="view")
        crews = ThreadPoolExecutor(8, thread_name_prefix="crew")
        self.threads = Threads(views, crews)
        self.opening = open_page(self.stars, views)
        self.downloads = Downloads()
        self._pages: dict[Document, VisitorPage] = {}
        self._preparing: Thread | None = None

    def page(self) -> Any:
        """A page for a visitor who just came."""
        document = pn.state.curdoc
        send_all(document)
        try:
            page = VisitorPage(
                self.stars, self.opening, self.threads, self.downloads, document,
                spectroscopy=self.spectroscopy, pairs=self.pairs,
            )  # fmt: skip
        except Exception:
            LOG.exception("a page could not be opened")
            return "# This page could not be opened\n\nThe fault is ours; the server's log says what it is."
        self._pages[document] = page
        pn.state.on_session_destroyed(lambda _context: self._forget(document))
        pn.state.onload(self.opening.figures.refill)
        pn.state.onload(self._prepare)
        return page.layout()

    def _prepare(self) -> None:
        """Read models while the first visitor looks at the page: the server was not to wait for them."""
        if self._preparing is None:
            self._preparing = self.spectroscopy.begin()

    def _forget(self, document: Document) -> None:
        page = self._pages.pop(document, None)
        if page is not None:
            page.close()

    def report(self, problem: Exception) -> None:
        """Tell the visitor whose click it was that it failed, and the log why."""
        LOG.error("a visitor's action failed", exc_info=problem)
        page = self._pages.get(pn.state.curdoc)
        if page is not None:
            page.complain(problem)


def serve(
    catalogue: Catalogue,
    spectroscopy: Spectroscopy = NO_SPECTROSCOPY,
    pairs: PairSource | None = None,
    *,
    port: int,
    address: str,
    origins: tuple[str, ...],
    show: bool,
) -> None:
    """Serve the explorer until interrupted.

    Raises
    ------
    DataError
        Where the port is taken or not allowed.
    """
    claim(address, port)
    explorer = Explorer(catalogue, spectroscopy, pairs)
    pn.extension("mathjax", exception_handler=explorer.report)
    settle()
    tag_own_only()
    pn.serve(
        {"/": explorer.page},
        port=port,
        address=address,
        websocket_origin=[*origins] or None,
        show=show,
        title=TITLE,
        extra_patterns=[(r"/download/(.*)", DownloadHandler, {"downloads": explorer.downloads})],
    )


def settle() -> None:
    """Leave what is in memory now out of garbage collections, which would halt pages that are being made."""
    gc.collect()
    gc.freeze()


def claim(address: str, port: int) -> None:
    """Check that an address and a port can be listened on, in words a person can act on."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except (OSError, TypeError) as problem:  # a TypeError for letters that no host name may have
            raise DataError(
                f"--address '{address[:60]}' can't be listened on ({getattr(problem, 'strerror', problem)}): "
                "give an IPv4 address of this machine, such as 127.0.0.1 or 0.0.0.0"
            ) from problem
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as problem:
            raise DataError(
                f"port {port} of {address} can't be used ({problem.strerror}): "
                "stop what listens there, or choose another with --port"
            ) from problem

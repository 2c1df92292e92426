"""Download of the rows now shown, over HTTP beside the page: streamed, bounded, forgotten after a while."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from threading import Lock
from typing import Any

from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from data.extract import Extract
from data.problem import DataError

LIFETIME_S = 900.0
"""How long an offer can be taken up."""
STALL_S = 60.0
"""How long a reader may take for one piece before it is given up."""
PIECE = 1 << 18
"""Bytes handed to the network at a time."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offer:
    """An extract that a visitor may download until it expires."""

    extract: Extract
    visitor: str
    expires: float


class Downloads:
    """The offers of one server, and how many of them may run at once.

    Parameters
    ----------
    most : offers kept; beyond it the oldest is forgotten.
    most_each : offers kept of one visitor.
    most_running : downloads at the same time; a further one is told to come back.
    clock : seconds that never run backwards.
    """

    def __init__(
        self,
        *,
        most: int = 1000,
        most_each: int = 10,
        most_running: int = 4,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._most_each, self._most_running, self._clock = most, most_each, most_running, clock
        self._offers: dict[str, Offer] = {}
        self._running = 0
        self._lock = Lock()
        self._workers = ThreadPoolExecutor(most_running, thread_name_prefix="download")

    def offer(self, extract: Extract, visitor: str = "") -> str:
        """Keep an extract for download.

        Parameters
        ----------
        extract : what to download; made by `Extract.of`, which checks it.
        visitor : who it is for; a visitor's oldest offers give way to new ones.

        Returns
        -------
        A token that cannot be guessed: the last part of the download's address.
        """
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._forget()
            own = [known for known, offer in self._offers.items() if offer.visitor == visitor]
            for oldest in own[: max(0, len(own) + 1 - self._most_each)]:
                del self._offers[oldest]
            if len(self._offers) >= self._most:
                del self._offers[next(iter(self._offers))]
            self._offers[token] = Offer(extract, visitor, self._clock() + LIFETIME_S)
        return token

    def find(self, token: str) -> Extract | None:
        """Give the extract of a token; None where it is unknown or has expired."""
        with self._lock:
            self._forget()
            offer = self._offers.get(token)
        return None if offer is None else offer.extract

    def _forget(self) -> None:
        now = self._clock()
        self._offers = {token: offer for token, offer in self._offers.items() if offer.expires > now}

    def begin(self) -> bool:
        """Take one of the places for running downloads; False where all are taken."""
        with self._lock:
            if self._running >= self._most_running:
                return False
            self._running += 1
            return True

    def end(self) -> None:
        """Give the place back."""
        with self._lock:
            self._running -= 1

    @property
    def running(self) -> int:
        """How many downloads run now."""
        return self._running

    async def work(self, task: Callable[..., Any], *arguments: Any) -> Any:
        """Run something in a download thread, away from the page's event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._workers, task, *arguments)

    def close(self) -> None:
        """Forget all offers and let the threads end."""
        with self._lock:
            self._offers = {}
        self._workers.shutdown(wait=False, cancel_futures=True)


class DownloadHandler(RequestHandler):
    """Answers `/download/TOKEN` with the file.

    A piece is computed only when the reader has taken the one before: memory stays bounded however slow the
    reader is. Where something fails midway the connection is cut, so that a part never passes for the whole.
    """

    def initialize(self, downloads: Downloads) -> None:
        """Receive the registry (tornado calls this)."""
        self._downloads = downloads

    async def get(self, token: str) -> None:
        """Stream the file of a token, or say in a line why not."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        extract = self._downloads.find(token)
        if extract is None:
            self._refuse(404, "This download is unknown or has expired: ask for it again on the page.")
        elif not self._downloads.begin():
            self._refuse(429, "Too many downloads are running: wait for one to end, then try again.")
        else:
            try:
                await self._send(extract)
            finally:
                self._downloads.end()

    def _refuse(self, status: int, message: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        if status == 429:
            self.set_header("Retry-After", "30")
        self.finish(message + "\n")

    async def _send(self, extract: Extract) -> None:
        try:
            _, pieces = await self._downloads.work(extract.stream)
        except DataError as problem:
            self._refuse(400, str(problem))
            return
        self.set_header("Content-Type", extract.format.media_type)
        self.set_header("Content-Disposition", f'attachment; filename="{extract.filename}"')
        with closing(pieces), ExitStack() as on_failure:
            on_failure.callback(self._cut)
            try:
                await self._pass_on(pieces)
            except (StreamClosedError, TimeoutError):
                _log.info("a reader left before the end of %s", extract.filename)
            else:
                on_failure.pop_all()

    async def _pass_on(self, pieces: Iterator[bytes]) -> None:
        while (piece := await self._downloads.work(next, pieces, None)) is not None:
            for start in range(0, len(piece), PIECE):
                self.write(piece[start : start + PIECE])
                await asyncio.wait_for(self.flush(), STALL_S)

    def _cut(self) -> None:
        connection = self.request.connection
        if isinstance(connection, HTTP1Connection):
            connection.close()

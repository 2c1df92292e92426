"""Downloads over a real server on loopback: whole, slow, abandoned, refused."""

import asyncio
import http.client
import io
import queue
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from data.catalogue import Catalogue
from data.extract import Extract
from data.problem import DataError
from data.schema import COLUMNS
from explorer import download
from explorer.download import LIFETIME_S, DownloadHandler, Downloads

N = 150_000


@pytest.fixture(scope="module")
def catalogue():
    rng = np.random.default_rng(5)
    columns = {name: rng.normal(size=N).astype("f4") for name in ("teff", "fe_h", "R", "z")}
    columns["source_id"] = rng.integers(2**62, 2**63 - 1, N)
    return Catalogue(
        name="small", source=Path("small.parquet"), checksum="00" * 32, mapping_name="own", mapping_notes=(),
        columns=MappingProxyType(columns), described={name: COLUMNS[name] for name in columns},
        source_row=np.arange(N), row_of_source=np.arange(N), found=tuple(columns),
    )  # fmt: skip


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@contextmanager
def serving(downloads):
    """A server in its own thread; gives its port."""
    listening, port = bind_unused_port()
    begun: queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def serve():
        application = Application([(r"/download/(.*)", DownloadHandler, {"downloads": downloads})])
        server = HTTPServer(application)
        server.add_sockets([listening])
        done = asyncio.Event()
        begun.put((asyncio.get_running_loop(), done))
        await done.wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    loop, done = begun.get(timeout=10)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
        downloads.close()
        assert not thread.is_alive()


def get(port, token):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", f"/download/{token}")
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def open_slowly(port, token):
    """A reader that has asked, takes little at a time and has read only the head of the answer."""
    reader = socket.create_connection(("127.0.0.1", port), timeout=20)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    reader.sendall(f"GET /download/{token} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert reader.recv(12) == b"HTTP/1.1 200"
    return reader


def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


@pytest.mark.parametrize("form", ["csv", "fits", "parquet"])
def test_the_browser_gets_the_bytes_of_the_file(catalogue, form):
    extract = Extract.of(catalogue, form, where="R > 0", derived={"twice": "z * 2"})
    downloads = Downloads()
    with serving(downloads) as port:
        status, headers, body = get(port, downloads.offer(extract))
    assert status == 200
    assert headers["Content-Disposition"] == f'attachment; filename="small-selection.{form}"'
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == extract.format.media_type
    assert body == b"".join(extract.stream()[1])
    ids = catalogue["source_id"][catalogue["R"] > 0]
    if form == "fits":
        with fits.open(io.BytesIO(body)) as file:
            np.testing.assert_array_equal(file[1].data["source_id"], ids)
    elif form == "parquet":
        np.testing.assert_array_equal(pq.read_table(io.BytesIO(body))["source_id"].to_numpy(), ids)
    else:
        assert body.count(b"\n") - body.count(b"\n#") - 1 == len(ids) + 1


def test_a_link_serves_twice_and_then_expires(catalogue):
    clock = Clock()
    downloads = Downloads(clock=clock)
    with serving(downloads) as port:
        token = downloads.offer(Extract.of(catalogue, "fits", where="R > 3"))
        clock.now = LIFETIME_S - 1
        assert [get(port, token)[0] for _ in range(2)] == [200, 200]
        clock.now = LIFETIME_S
        status, headers, body = get(port, token)
    assert (status, headers["Cache-Control"]) == (404, "no-store")
    assert headers["Content-Type"].startswith("text/plain")
    assert body == b"This download is unknown or has expired: ask for it again on the page.\n"


@pytest.mark.parametrize("token", ["", "nope", "../../etc/passwd", "%00", "a" * 3000])
def test_unknown_links_are_refused(token):
    downloads = Downloads()
    with serving(downloads) as port:
        assert get(port, token)[0] == 404


def test_tokens_cannot_be_guessed(catalogue):
    downloads = Downloads(most_each=1000)
    extract = Extract.of(catalogue, "csv")
    tokens = {downloads.offer(extract) for _ in range(200)}
    assert len(tokens) == 200
    assert min(map(len, tokens)) >= 32
    assert all(character.isalnum() or character in "-_" for token in tokens for character in token)


def test_offers_are_bounded_for_each_visitor_and_for_all(catalogue):
    downloads = Downloads(most=5, most_each=2)
    extract = Extract.of(catalogue, "csv")
    first = [downloads.offer(extract, "a") for _ in range(3)]
    assert [downloads.find(token) is extract for token in first] == [False, True, True]
    others = [downloads.offer(extract, visitor) for visitor in "bcde"]
    assert [downloads.find(token) is extract for token in (*first, *others)] == [
        False,
        False,
        True,
        *[True] * 4,
    ]


def test_one_too_many_at_once_is_told_to_wait_and_then_served(catalogue):
    downloads = Downloads(most_running=1)
    with serving(downloads) as port:
        token = downloads.offer(Extract.of(catalogue, "csv"))
        with open_slowly(port, token):
            status, headers, body = get(port, token)
            assert (status, headers["Retry-After"]) == (429, "30")
            assert body.startswith(b"Too many downloads are running")
        until(lambda: downloads.running == 0)
        assert get(port, token)[0] == 200


@pytest.fixture
def counted(catalogue):
    """An extract that counts how many chunks of rows were read from it."""
    read = []

    class Counting(dict):
        def __getitem__(self, name):
            read.append(name)
            return super().__getitem__(name)

    columns = Counting({name: np.tile(catalogue[name], 10) for name in ("R", "z", "fe_h")})
    row = np.arange(10 * N)
    large = replace(
        catalogue,
        columns=columns,
        source_row=row,
        row_of_source=row,
        described={name: COLUMNS[name] for name in columns},
    )
    return Extract.of(large, "csv"), read


def test_a_slow_reader_holds_the_work_back(counted):
    extract, read = counted
    downloads = Downloads()
    with serving(downloads) as port, open_slowly(port, downloads.offer(extract)) as reader:
        until(lambda: len(read) > 3)
        time.sleep(0.3)
        held = len(read)
        time.sleep(0.3)
        assert len(read) == held < 150  # of 276 for the whole
        assert downloads.running == 1
        tail = b""
        while piece := reader.recv(1 << 20):
            tail = (tail + piece)[-5:]
        assert tail == b"0\r\n\r\n"
        assert len(read) > 270


def test_a_reader_who_leaves_stops_the_work(counted):
    extract, read = counted
    downloads = Downloads()
    with serving(downloads) as port:
        with open_slowly(port, downloads.offer(extract)):
            until(lambda: len(read) > 3)
        until(lambda: downloads.running == 0)
        stopped = len(read)
        time.sleep(0.2)
        assert len(read) == stopped < 150


def test_a_reader_who_stalls_is_given_up(counted, monkeypatch):
    monkeypatch.setattr(download, "STALL_S", 0.3)
    downloads = Downloads()
    with serving(downloads) as port, open_slowly(port, downloads.offer(counted[0])):
        until(lambda: downloads.running == 0)


def test_what_fails_midway_never_passes_for_the_whole(catalogue, caplog):
    plates = np.full(N, b"fine", "S8")
    plates[-1] = b"\xff\xfe"
    columns = {**catalogue.columns, "plate": plates}
    broken = replace(catalogue, columns=columns, described={name: COLUMNS[name] for name in columns})
    downloads = Downloads()
    with serving(downloads) as port:
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            get(port, downloads.offer(Extract.of(broken, "csv")))
        until(lambda: downloads.running == 0)
    assert "plate holds text that is not UTF-8" in caplog.text


def test_what_cannot_be_made_says_why(catalogue):
    class Gone(dict):
        def __getitem__(self, name):
            raise DataError("the catalogue has gone: open it again")

    columns = Gone(catalogue.columns)
    downloads = Downloads()
    with serving(downloads) as port:
        extract = Extract.of(replace(catalogue, columns=columns), "csv", where="R > 0")
        status, headers, body = get(port, downloads.offer(extract))
    assert (status, body) == (400, b"the catalogue has gone: open it again\n")
    assert "Content-Disposition" not in headers

"""A web archive on this computer that does as it is told: answers, waits, breaks off, lies."""

import socket
import struct
from collections.abc import Callable
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread


class Archive:
    """Answers by path; what it was asked is in `asked`, and `go` lets those that wait go on."""

    def __init__(self):
        self.answers: dict[str, Callable] = {}
        self.asked: list[str] = []
        self.go = Event()
        self.url = ""
        self._lock = Lock()

    def count(self, path):
        return self.asked.count(path)

    def handle(self, request):
        with self._lock:
            self.asked.append(request.path)
        self.answers.get(request.path, status(404))(request)


@contextmanager
def running():
    archive = Archive()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.close_connection = True
            with suppress(OSError):  # who asked has gone
                archive.handle(self)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    archive.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield archive
    finally:
        archive.go.set()
        server.shutdown()
        thread.join()
        server.server_close()


def file(content, *, length=None, **headers):
    """Answer with bytes; the length may be a lie, "" leaves it out."""

    def answer(request):
        request.send_response(200)
        if length != "":
            request.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(content)

    return answer


def status(code, body=b"words", **headers):
    def answer(request):
        request.send_response(code)
        request.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def in_turn(*answers):
    """One answer after the other, the last again and again."""
    left = list(answers)

    def answer(request):
        turn = left.pop(0) if len(left) > 1 else left[0]
        turn(request)

    return answer


def silent_until(event):
    """No answer until then."""
    return lambda request: event.wait(60)


def drip(piece, event, start=b""):
    """Piece after piece without an end, quicker than the wait for one piece."""

    def answer(request):
        request.wfile.write(start)
        while not event.wait(0.02):
            request.wfile.write(piece)
            request.wfile.flush()

    return answer


def endless(block=bytes(1 << 16), chunked=False):
    """As many bytes as the other side takes."""

    def answer(request):
        request.send_response(200)
        if chunked:
            request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        while True:
            request.wfile.write(b"%x\r\n%b\r\n" % (len(block), block) if chunked else block)

    return answer


def reset(request):
    """Break the connection off."""
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()

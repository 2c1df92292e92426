"""One file from the web: within bounds of time and size, from the very host that was named."""

import gzip
import socket
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.problem import DataError, UnreachableError
from data.transfer import AbsentError, OfflineError, Patience, Transfer
from tests.archive_server import drip, endless, file, in_turn, reset, running, silent_until, status

QUICK = Patience(connect=2, read=0.3, total=1.0, tries=3, pause=0.01, largest=1 << 20)
HASTY = Patience(connect=2, read=0.3, total=0.5, tries=1, pause=0.01)
pytestmark = pytest.mark.usefixtures("no_proxy")


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def fetch(archive, pauses):
    return lambda path="/a", patience=QUICK: Transfer(patience, sleep=pauses.append).fetch(archive.url + path)


# what works


@pytest.mark.parametrize("length", [None, ""])
def test_a_file(archive, fetch, length):
    content = bytes(range(256)) * 1000
    archive.answers["/a"] = file(content, length=length)
    assert fetch() == content


def test_a_file_in_chunks(archive, fetch):
    def chunks(request):
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    archive.answers["/a"] = chunks
    assert fetch() == b"abcde"


def test_the_largest_file_that_may_be(archive, fetch):
    archive.answers["/a"] = file(bytes(QUICK.largest))
    assert len(fetch()) == QUICK.largest


def test_it_asks_for_bytes_as_they_are_and_says_who_asks(archive, fetch):
    seen = {}
    archive.answers["/a"] = lambda request: (seen.update(request.headers.items()), file(b"x")(request))
    fetch()
    assert seen["Accept-Encoding"] == "identity"
    assert seen["User-Agent"].startswith("enrichment-explorer")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_sent_on_at_the_same_host(archive, fetch, code):
    archive.answers |= {"/a": status(code, Location="/b"), "/b": file(b"there")}
    assert fetch() == b"there"


@pytest.mark.parametrize("trouble", [status(500), status(502), status(503), status(504), status(429), reset])
def test_tried_again_after_trouble(archive, fetch, pauses, trouble):
    archive.answers["/a"] = in_turn(trouble, trouble, file(b"at last"))
    assert fetch() == b"at last"
    assert pauses == [0.01, 0.02]


def test_tried_again_after_silence_and_after_a_file_that_broke_off(archive, fetch, pauses):
    archive.answers["/a"] = in_turn(silent_until(archive.go), file(b"bro", length=6), file(b"whole"))
    assert fetch() == b"whole"
    assert len(pauses) == 2


# what does not


@pytest.mark.parametrize("code", [404, 410, 204])
def test_absent(archive, fetch, code):
    archive.answers["/a"] = status(code, b"")
    with pytest.raises(AbsentError, match="no such spectrum"):
        fetch()
    assert archive.count("/a") == 1


@pytest.mark.parametrize(
    ("code", "says"), [(400, "address"), (401, "everybody"), (403, "everybody"), (418, "418")]
)
def test_refused_once_is_refused(archive, fetch, code, says):
    archive.answers["/a"] = status(code)
    with pytest.raises(DataError, match=says):
        fetch()
    assert archive.count("/a") == 1


@pytest.mark.parametrize(
    ("trouble", "says"),
    [(status(500), "answers 500"), (reset, "broke off"), (file(b"half", length=9), "after 4 of 9 bytes")],
)
def test_trouble_that_stays(archive, fetch, trouble, says):
    archive.answers["/a"] = trouble
    with pytest.raises(UnreachableError, match=says) as caught:
        fetch()
    assert archive.count("/a") == QUICK.tries
    assert not isinstance(caught.value, OfflineError)


def test_chunks_that_break_off(archive, fetch):
    def chunks(request):
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"9\r\nabc")

    archive.answers["/a"] = chunks
    with pytest.raises(UnreachableError, match="broke off"):
        fetch()


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
@pytest.mark.parametrize("piece", [b"X"])
def test_a_drip_ends_when_the_time_is_up(archive, fetch, start, piece):
    """In the first line, in a header, in the content: each piece comes in time, the whole never does."""
    archive.answers["/a"] = drip(piece, archive.go, start)
    with pytest.raises(OfflineError, match="too slowly"):
        fetch(patience=HASTY)


def test_silence_ends(archive, fetch):
    archive.answers["/a"] = silent_until(archive.go)
    with pytest.raises(OfflineError, match="too slowly"):
        fetch()


def test_no_other_try_that_would_begin_too_late(archive, fetch, pauses):
    archive.answers["/a"] = status(503)
    with pytest.raises(UnreachableError, match="answers 503"):
        fetch(patience=replace(QUICK, pause=QUICK.total))
    assert (archive.count("/a"), pauses) == (1, [])


@pytest.mark.parametrize("chunked", [False, True])
def test_an_endless_file_ends(archive, fetch, chunked):
    archive.answers["/a"] = endless(chunked=chunked)
    with pytest.raises(DataError, match="more than 1 MiB"):
        fetch()
    assert archive.count("/a") == 1


def test_a_huge_file_is_not_begun(archive, fetch):
    archive.answers["/a"] = file(b"", length=10**12)
    with pytest.raises(DataError, match="more than 1 MiB"):
        fetch()


def test_content_is_never_unpacked(archive, fetch):
    bomb = gzip.compress(bytes(50 << 20))
    archive.answers["/a"] = file(bomb, Content_Encoding="gzip")
    assert fetch() == bomb


@pytest.mark.parametrize(
    "there",
    [
        "http://localhost:1/",
        "https://127.0.0.1/a",
        "ftp://127.0.0.1/a",
        "//example.org/a",
        "http://127.0.0.1/a",
    ],
)
def test_sent_on_elsewhere(archive, fetch, there):
    archive.answers["/a"] = status(302, Location=there)
    with pytest.raises(DataError, match="which was not named"):
        fetch()


@pytest.mark.parametrize("there", ["/a", "file:///etc/passwd", "data:,x", "javascript:x"])
def test_sent_on_in_circles_or_out_of_the_web(archive, fetch, there):
    archive.answers["/a"] = status(302, Location=there)
    with pytest.raises(DataError, match="in circles, or to no place of the web"):
        fetch()
    assert archive.count("/a") < 10


def test_between_two_hosts_of_ours_neither_is_asked_for_the_other(archive, fetch):
    with running() as other:
        archive.answers["/a"] = status(302, Location=f"{other.url}/a")
        with pytest.raises(DataError, match="was not named"):
            fetch()
        assert other.asked == []


def test_offline(pauses):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/a"
        with pytest.raises(OfflineError, match=r"can't be reached .*online"):
            Transfer(QUICK, sleep=pauses.append).fetch(address)
    assert pauses == []


def test_a_name_that_nobody_has():
    with pytest.raises(OfflineError, match="can't be reached"):
        Transfer(QUICK).fetch("http://nobody.invalid/a")


def test_a_host_without_a_certificate(archive):
    with pytest.raises(DataError, match="can't be trusted"):
        Transfer(HASTY).fetch(archive.url.replace("http", "https") + "/a")


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://127.0.0.1/a", "data:text/plain,x"])
def test_what_is_not_of_the_web_is_not_opened(address):
    with pytest.raises(DataError):
        Transfer(QUICK).fetch(address)


@pytest.mark.parametrize("greeting", [b"SSH-2.0-x\r\n", b"\x00" * 100_000, b"HTTP/1.1 two hundred\r\n\r\n"])
def test_a_host_of_another_language(archive, fetch, greeting):
    archive.answers["/a"] = lambda request: request.wfile.write(greeting)
    with pytest.raises(DataError, match="broke off"):
        fetch()


@pytest.mark.parametrize(
    "there", ["http://[x/a", "http://127.0.0.1:port/a", "http://\xff\xfe/a", "http:///a", ""]
)
def test_sent_on_to_what_is_no_address(archive, fetch, there):
    archive.answers["/a"] = status(302, Location=there)
    with pytest.raises(DataError):
        fetch()


@pytest.mark.parametrize(
    "length", ["9" * 5000, "-1", "x", "1e3", "\u00b2".encode("latin-1").decode("latin-1")]
)
def test_a_length_that_is_none(archive, fetch, length):
    archive.answers["/a"] = file(b"abc", length=length)
    with suppress(DataError):
        assert fetch() == b"abc"


STARTS = (
    b"",
    b"HTTP/1.0 200\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: ",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: ",
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=200))
def test_whatever_bytes_come_it_is_a_file_or_words(archive, start, rest):
    archive.answers["/a"] = lambda request: request.wfile.write(start + rest)
    with suppress(DataError):
        assert isinstance(Transfer(HASTY, sleep=lambda _: None).fetch(archive.url + "/a"), bytes)


def test_a_flood_of_headers(archive, fetch):
    archive.answers["/a"] = lambda request: request.wfile.write(
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000
    )
    with pytest.raises(DataError, match="broke off"):
        fetch()

"""One small file from the web, within bounds of time and size, from the very host that was named."""

import http.client
import io
import ssl
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from http import HTTPStatus
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from data.problem import DataError, UnreachableError

_BLOCK = 1 << 16
_AGENT = "enrichment-explorer (LAMOST spectra, one by one)"
_PASSING = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT,
    }
)  # fmt: skip
"""Answers after which another try makes sense."""
_ABSENT = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.NO_CONTENT})
_DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED})


class AbsentError(DataError):
    """The host answers that it has no such file."""


class OfflineError(UnreachableError):
    """The host can't be reached, or answers too slowly: for other files too."""


@dataclass(frozen=True)
class Patience:
    """Bounds of one transfer.

    Attributes
    ----------
    connect, read : seconds to wait for a connection, and for each next piece.
    total : seconds for everything, other tries included.
    tries : how often at most.
    pause : seconds before the second try; twice as long before each other.
    largest : bytes of an answer.
    """

    connect: float = 5.0
    read: float = 10.0
    total: float = 30.0
    tries: int = 3
    pause: float = 0.5
    largest: int = 8 << 20


@dataclass(frozen=True)
class Transfer:
    """Fetches files.

    Attributes
    ----------
    patience : its bounds.
    clock, sleep : time in seconds, and how to wait.
    """

    patience: Patience = Patience()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def fetch(self, address: str) -> bytes:
        """Fetch a file.

        A host that answers that it is busy or broken, answers too slowly, or breaks off is tried again.
        Where it sends on to another host or scheme, nothing is fetched. Proxies are those of the environment.

        Parameters
        ----------
        address : http or https.

        Raises
        ------
        AbsentError
            If there is no such file.
        UnreachableError
            If the host can't be reached, or is broken or too slow: later it may be otherwise.
        DataError
            If it wants a key, sends on elsewhere, or sends too much.
        """
        end = self.clock() + self.patience.total
        pause = self.patience.pause
        for tried in range(1, self.patience.tries + 1):
            try:
                return self._try(address, end)
            except _AgainError as problem:
                if tried == self.patience.tries or self.clock() + pause >= end:
                    raise (OfflineError if problem.slow else UnreachableError)(str(problem)) from problem
            self.sleep(pause)
            pause *= 2
        raise ValueError(f"{self.patience.tries} tries: expected one or more")

    def _try(self, address: str, end: float) -> bytes:
        host = _host(address)
        first = min(self.patience.connect, max(end - self.clock(), 0.001))
        try:
            with _opener(_Deadline(end, self.patience.read, self.clock), address).open(
                address, timeout=first
            ) as answer:
                return self._content(answer, host)
        except HTTPError as error:
            with error:
                raise _refused(error.code, host) from error
        except DataError:
            raise
        except ValueError as error:
            raise DataError(f"{host} sends on to what is no address ({error})") from error
        except http.client.HTTPException as error:
            raise _AgainError(f"{host} broke off ({_said(error)}): try again later") from error
        except URLError as error:
            raise _failed(host, error.reason) from error
        except OSError as error:
            raise _failed(host, error) from error

    def _content(self, answer: Any, host: str) -> bytes:
        if answer.status != HTTPStatus.OK:
            raise _refused(answer.status, host)
        length: int | None = answer.length
        content = bytearray()
        if length is None or length <= self.patience.largest:
            while block := answer.read(_BLOCK):
                content += block
                if len(content) > self.patience.largest:
                    break
            else:
                if length is not None and len(content) < length:
                    raise _AgainError(f"{host} broke off after {len(content)} of {length} bytes")
                return bytes(content)
        raise DataError(
            f"{host} sends more than {self.patience.largest >> 20} MiB: expected one LAMOST spectrum, "
            "of 0.1 MiB; see that the address of the archive is right"
        )


class _AgainError(Exception):
    """A failure after which another try makes sense."""

    def __init__(self, text: str, *, slow: bool = False) -> None:
        super().__init__(text)
        self.slow = slow


@dataclass(frozen=True)
class _Deadline:
    """When a transfer is over, whatever still comes."""

    end: float
    read: float
    clock: Callable[[], float]

    @property
    def left(self) -> float:
        """Seconds to wait for the next piece. Raises TimeoutError when the time is up."""
        left = self.end - self.clock()
        if left <= 0:
            raise TimeoutError("it took too long in all")
        return min(left, self.read)


class _Pieces(io.RawIOBase):
    """What a host sends, each piece within the time that is left: also of headers that come byte by byte."""

    def __init__(self, sock: Any, raw: io.RawIOBase, deadline: _Deadline) -> None:
        super().__init__()
        self._sock, self._raw, self._deadline = sock, raw, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.left)
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, deadline: _Deadline, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Pieces(sock, self.fp.detach(), deadline))


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows where a host sends on to itself, and nowhere else."""

    max_redirections = 4

    def __init__(self, address: str) -> None:
        named = urlsplit(address)
        self._origin = named.scheme, named.netloc.lower()

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        there = urlsplit(newurl)
        if (there.scheme, there.netloc.lower()) != self._origin:
            raise DataError(
                f"{self._origin[1]} sends on to {there.scheme}://{there.netloc}, which was not named: "
                "if you trust that place, give its address"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self._answer = partial(_Answer, deadline=deadline)

    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_with(http.client.HTTPConnection, self._answer), req)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self, deadline: _Deadline) -> None:
        super().__init__(context=_certificates())
        self._answer = partial(_Answer, deadline=deadline)

    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_with(http.client.HTTPSConnection, self._answer), req, context=_certificates())


def _with(kind: Any, answer: Callable[..., Any]) -> Any:
    """Connections whose answers are read by a deadline."""

    def connection(*args: Any, **options: Any) -> Any:
        made = kind(*args, **options)
        made.response_class = answer
        return made

    return connection


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Whom to trust: read once, for that takes long."""
    return ssl.create_default_context()


def _opener(deadline: _Deadline, address: str) -> urllib.request.OpenerDirector:
    """What opens an address, and neither files nor other schemes."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        _Plain(deadline),
        _Secure(deadline),
        _SameHost(address),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", _AGENT), ("Accept-Encoding", "identity")]
    return opener


def _host(address: str) -> str:
    return urlsplit(address).netloc


def _said(reason: object) -> str:
    return str(getattr(reason, "strerror", None) or reason or type(reason).__name__)


def _failed(host: str, reason: object) -> Exception:
    """What to tell, or to do, where no answer came, or none to its end."""
    if isinstance(reason, TimeoutError):
        return _AgainError(f"{host} answers too slowly: try again later", slow=True)
    if isinstance(reason, ConnectionError) and not isinstance(reason, ConnectionRefusedError):
        return _AgainError(f"{host} broke off ({_said(reason)}): try again later")
    if isinstance(reason, ssl.SSLError):
        return DataError(f"{host} can't be trusted ({_said(reason)}): see that its address is right")
    return OfflineError(f"{host} can't be reached ({_said(reason)}): is this computer online?")


def _refused(code: int, host: str) -> Exception:
    if code in _PASSING:
        return _AgainError(f"{host} is out of order just now (it answers {code}): try again later")
    if code in _ABSENT:
        return AbsentError(f"{host} has no such spectrum (it answers {code})")
    if code in _DENIED:
        return DataError(f"{host} does not give this spectrum to everybody (it answers {code})")
    if 300 <= code < 400:
        return DataError(
            f"{host} sends on in circles, or to no place of the web: see that the address is right"
        )
    return DataError(f"{host} answers {code}: see that the address of the archive is right")

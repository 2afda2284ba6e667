"""The HTTP session under python-gitlab: no redirects, a deadline over the whole call, and a cap on what is read.

``requests`` counts its timeout per read, so a server that drips one byte at a time would hold a worker for ever
(reliability.md §2, row 11); here a timer cuts the socket. The session also knows whether anything was sent at all: only
then may a failed write have been done.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

LARGEST_REPLY = 16 * 2**20
"""Bytes; 50 issues with long descriptions stay far below."""

TRUSTED_FOR = 10
"""Seconds; servers and proxies in front of GitLab keep an idle connection longer."""

if TYPE_CHECKING:
    from urllib3.response import HTTPResponse

    _Connection = HTTPConnection
else:
    _Connection = object  # the real base stands beside it

_running = threading.local()


class _Call:
    """One HTTP call: its socket, and how far it got."""

    def __init__(self, on_sent: Callable[[], object]) -> None:
        self.on_sent = on_sent
        self.socket: socket.socket | None = None
        self.touched = False
        self.cut_off = False

    def cut(self) -> None:
        self.cut_off = True
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)


class _Observed(_Connection):
    """A connection that tells its call what happens on the wire."""

    def connect(self) -> None:
        super().connect()
        _running.call.socket, _running.call.touched = self.sock, True

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _running.call.socket, _running.call.touched = self.sock, True
        super().putrequest(*args, **kwargs)

    def getresponse(self) -> "HTTPResponse":  # type: ignore[override]  # urllib3 departs from http.client here
        _running.call.on_sent()
        return super().getresponse()


class _Plain(_Observed, HTTPConnection):
    pass


class _Secure(_Observed, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


class TooLarge(requests.RequestException):
    """The reply is larger than anything GitLab has to say."""


class Session(requests.Session):
    """Sends each request at most once and reads its reply whole. ``deadline``: seconds for all of it.

    A connection that was idle for long is not trusted: the other side may be closing it just now, and a creation that
    is cut off so is a creation nobody knows about.

    After a call: ``headers_received`` (of the reply, or empty) and ``touched`` (whether anything may have been sent).
    """

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self.deadline = deadline
        self.headers_received: MutableMapping[str, str] = {}
        self.touched = False
        self.on_sent: Callable[[], object] = nothing
        self._used_at = time.monotonic()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(max_retries=0))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests.Session.request, within the limits above."""
        if time.monotonic() - self._used_at > TRUSTED_FOR:
            self.close()  # the connections; the next call opens a new one
        call = _running.call = _Call(self.on_sent)
        self.headers_received = {}
        timer = threading.Timer(self.deadline, call.cut)
        timer.daemon = True
        timer.start()
        try:
            response = super().request(method, url, *args, **{**kwargs, "allow_redirects": False, "stream": True})
            self.headers_received = response.headers
            _read_whole(response)
        except requests.RequestException as error:
            if call.cut_off:
                raise requests.exceptions.ReadTimeout(f"No whole reply within {self.deadline:g} seconds.") from error
            raise
        finally:
            timer.cancel()
            self.touched, self._used_at = call.touched, time.monotonic()
        return response


def kept_session(url: str, deadline: float) -> Session:
    """This thread's session for a GitLab: connections stay open from one call to the next, whoever makes them."""
    key = (os.getpid(), url, deadline)
    kept: tuple[tuple[int, str, float], Session] | None = getattr(_running, "kept", None)
    if kept is not None:
        if kept[0] == key:
            return kept[1]
        session = kept[1]
        session.close()
    connection = Session(deadline)
    _running.kept = (key, connection)
    return connection


def nothing() -> None:
    """What happens once a request is sent: nothing, unless a test wants to crash there."""


def _read_whole(response: requests.Response) -> None:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(65536):
        size += len(part)
        if size > LARGEST_REPLY:
            response.close()
            raise TooLarge(f"The reply is larger than {LARGEST_REPLY // 2**20} MB.")
        parts.append(part)
    read: Any = response  # requests has no public way to give a reply its content
    read._content, read._content_consumed = b"".join(parts), True

"""The sandbox on a port: a small threaded HTTP/1.1 server, and `SandboxServer` which starts and ends everything.

One thread a connection and the sockets in our own hands: an application may hold a hundred connections without blocking
the others, or close one in the middle of a reply (tests do), which servers for WSGI do not offer.
"""

import contextlib
import logging
import secrets
import socket
import struct
import threading
import time
import uuid
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from workflow.gitlab_sandbox import seed
from workflow.gitlab_sandbox.application import Application
from workflow.gitlab_sandbox.reply import ConnectionDropped, Reply
from workflow.gitlab_sandbox.request import MAX_BODY, Request
from workflow.gitlab_sandbox.store import Store

log = logging.getLogger(__name__)
IDLE = 75  # seconds a kept-alive connection may be silent


class SandboxServer:
    """A GitLab of one's own on `http://host:port`, its state under `data_dir`.

    `token` is the administrator's (user root). `port` 0 takes any free one. With `premium` scoped labels are exclusive,
    issues have weights and several assignees. An empty `data_dir` is filled with the handbook's world unless `empty`;
    a filled one is kept. `bot_token` is the support bot's: as given, or as kept in `data_dir`, or a new one.
    `application` is the class that answers: Application, or one of its own kind that answers otherwise.
    """

    def __init__(
        self,
        data_dir: Path,
        token: str,
        port: int = 0,
        *,
        premium: bool = False,
        empty: bool = False,
        host: str = "127.0.0.1",
        bot_token: str | None = None,
        application: type[Application] = Application,
    ):
        self.data_dir, self.token, self.port, self.host = Path(data_dir), token, port, host
        self.premium, self.empty, self.bot_token = premium, empty, bot_token
        self._application_class = application
        self.application: Application | None = None
        self._http: _Server | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host
        return f"http://{host}:{self.port}"

    def start(self) -> "SandboxServer":
        """Fill the data directory if need be, and serve in a daemon thread; returns when connections are accepted."""
        http = _Server((self.host, self.port), _Handler)
        self.port = http.server_address[1]
        try:
            store = Store(self.data_dir)
            self.application = self._application_class(store, self.url, premium=self.premium)
            session = self.application.new_session()
            bot_token = self.bot_token or store.setting("bot_token") or f"glpat-{secrets.token_urlsafe(15)}"
            self.bot_token = seed.prepare(session, self.token, empty=self.empty, bot_token=bot_token)
        except BaseException:
            http.server_close()
            raise
        self._http = http
        self.application.deliverer.start()
        http.start(self.application)
        return self

    def close(self) -> None:
        """Stop: no new connections, open ones are closed, hooks under way end; the state stays on disk."""
        if self._http is None or self.application is None:
            return
        self.application.closing.set()
        self._http.stop()
        self.application.deliverer.close()
        self.application.store.close()
        self._http = None

    def __enter__(self) -> "SandboxServer":
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    application: Application

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]):
        self._open: set[Any] = set()
        self._lock, self._stopping = threading.Lock(), threading.Event()
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # HTTPServer looks up its own host name here, which may take seconds without a resolver
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def start(self, application: Application) -> None:
        self.application = application
        self._accepting = threading.Thread(target=self._accept, name="sandbox-gitlab", daemon=True)
        self._accepting.start()

    def stop(self) -> None:
        """Accept no more and end every open connection; their threads notice and finish."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self.socket.getsockname()[:2], timeout=1).close()  # wakes accept()
        self._accepting.join(timeout=2)
        with self._lock:
            waiting = list(self._open)
        for request in waiting:
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                request, address = self.get_request()
            except OSError:
                time.sleep(0.05)  # out of descriptors for the moment
                continue
            if self._stopping.is_set():
                self.shutdown_request(request)
            else:
                self.process_request(request, address)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("Connection from %s ended early", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
        elif len(self.raw_requestline) > 65536:
            self.send_error(414)
        elif self.parse_request():
            length = int(self.headers.get("Content-Length") or 0)
            if length > MAX_BODY:
                self.send_error(413)
            elif "Transfer-Encoding" in self.headers:
                self.send_error(411)
            else:
                self._serve(self.rfile.read(length) if length else b"")

    def _serve(self, body: bytes) -> None:
        application = self.server.application
        method = "GET" if self.command == "HEAD" else self.command
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._send(application.answer(Request.read(method, self.path, headers, body, application.base_url)))
        except ConnectionDropped as dropped:
            self._drop(dropped.reset)

    def _send(self, reply: Reply) -> None:
        payload = reply.payload()
        self.send_response_only(reply.status, HTTPStatus(reply.status).phrase)
        headers = {
            "Content-Type": reply.content_type,
            "Date": format_datetime(self.server.application.now(), usegmt=True),
            "Cache-Control": "no-cache",
            "X-Request-Id": uuid.uuid4().hex,
            "Content-Length": str(len(payload)),
            **reply.headers,
        }
        if reply.status in (204, 304):
            del headers["Content-Type"]
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for chunk in (b"",) if self.command == "HEAD" else reply.chunks or (payload,):
            self.wfile.write(chunk)
            self.wfile.flush()

    def _drop(self, reset: bool) -> None:
        """Close the socket without a (complete) reply."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            self.wfile.flush()
            if not reset:
                self.connection.shutdown(socket.SHUT_RDWR)

"""The sandbox on a port: a small threaded HTTP/1.1 server, and `SandboxServer` which starts and ends everything.

Waitress would serve the application as well, but not close a connection in the middle of a reply on purpose, nor hold a
hundred of them without blocking the others; hence one thread a connection and the sockets in our own hands.
"""

import contextlib
import io
import logging
import secrets
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from workflow.gitlab_sandbox import seed
from workflow.gitlab_sandbox.application import Application
from workflow.gitlab_sandbox.clock import Clock
from workflow.gitlab_sandbox.faults import ConnectionDropped
from workflow.gitlab_sandbox.request import MAX_BODY
from workflow.gitlab_sandbox.store import Store

log = logging.getLogger(__name__)
IDLE = 75  # seconds a kept-alive connection may be silent


class SandboxServer:
    """A GitLab of one's own on `http://host:port`, its state under `data_dir`.

    `token` is the administrator's (user root). `port` 0 takes any free one. With `premium` scoped labels are exclusive,
    issues have weights and several assignees. An empty `data_dir` is filled with the handbook's world unless `empty`;
    a filled one is kept. `bot_token` is the support bot's: as given, or as kept in `data_dir`, or a new one.
    """

    def __init__(
        self, data_dir: Path, token: str, port: int = 0, premium=False, empty=False, host="127.0.0.1", bot_token=None
    ):
        self.data_dir, self.token, self.port, self.host = Path(data_dir), token, port, host
        self.premium, self.empty, self.bot_token = premium, empty, bot_token
        self.application = self._http = self._store = None

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host
        return f"http://{host}:{self.port}"

    def start(self):
        """Fill the data directory if need be, and serve in a daemon thread; returns when connections are accepted."""
        self._http = _Server((self.host, self.port), _Handler)
        self.port = self._http.server_address[1]
        try:
            self._store = Store(self.data_dir)
            self.application = Application(self._store, Clock(), self.url, self.premium)
            self._http.application = self.application
            self.bot_token = seed.prepare(
                self.application,
                self.token,
                empty=self.empty,
                bot_token=self.bot_token or self._store.setting("bot_token") or f"glpat-{secrets.token_urlsafe(15)}",
            )
        except BaseException:
            self._http.server_close()
            self._http = None
            raise
        self.application.deliverer.start()
        self._http.start()
        return self

    def close(self):
        """Stop: no new connections, open ones are closed, hooks under way end; the state stays on disk."""
        if self._http is None:
            return
        self.application.closing.set()
        self._http.stop()
        self.application.deliverer.close()
        self._store.close()
        self._http = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    application = None

    def __init__(self, address, handler):
        self._open, self._lock, self._stopping = set(), threading.Lock(), threading.Event()
        super().__init__(address, handler)

    def server_bind(self):
        # HTTPServer looks up its own host name here, which may take seconds without a resolver
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    def start(self):
        self._accepting = threading.Thread(target=self._accept, name="sandbox-gitlab", daemon=True)
        self._accepting.start()

    def stop(self):
        """Accept no more and end every open connection; their threads notice and finish."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self.server_address[:2], timeout=1).close()  # wakes accept()
        self._accepting.join(timeout=2)
        with self._lock:
            waiting = list(self._open)
        for request in waiting:
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def _accept(self):
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

    def process_request(self, request, client_address):
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        log.debug("Connection from %s ended early", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *args):
        """Quiet: the request log is in the database."""

    def handle_one_request(self):
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
        elif len(self.raw_requestline) > 65536:
            self.send_error(414)
        elif self.parse_request():
            try:
                self._serve()
            except ConnectionDropped as dropped:
                self._drop(dropped.reset)

    def _serve(self):
        environ = self._environ()
        if environ is None:
            return
        started = {}

        def start_response(status, headers, exc_info=None):
            started.update(status=status, headers=headers)

        body = self.server.application(environ, start_response)
        code, _, phrase = started["status"].partition(" ")
        self.send_response_only(int(code), phrase)
        for name, value in started["headers"]:
            self.send_header(name, value)
        self.end_headers()
        for chunk in body:
            self.wfile.write(chunk)
            self.wfile.flush()

    def _environ(self):
        length = int(self.headers.get("Content-Length") or 0)
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            content = self._chunks()
            length = len(content)
        elif length > MAX_BODY:
            self.send_error(413)
            return None
        else:
            content = self.rfile.read(length) if length else b""
        path, _, query = self.path.partition("?")
        environ = {
            "REQUEST_METHOD": self.command,
            "REQUEST_URI": self.path,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.input": io.BytesIO(content),
            "wsgi.url_scheme": "http",
        }
        for name, value in self.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        return environ

    def _chunks(self):
        whole = b""
        while size := int(self.rfile.readline(1024).split(b";")[0] or b"0", 16):
            whole += self.rfile.read(size)
            self.rfile.readline(1024)
        while self.rfile.readline(1024).strip():
            continue
        return whole

    def _drop(self, reset):
        """Close the socket without a (complete) reply."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            self.wfile.flush()
        if not reset:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

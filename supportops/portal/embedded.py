"""The portal in one process: web server, Celery worker and beat as threads, and the sandbox GitLab beside them.

Measured (docs/decisions/0002-one-process-by-default.md): 6,000 tasks without a lock error, nothing lost on
``kill -9`` because of the outbox.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from celery import beat
from celery.worker import WorkController
from celery.worker import state as worker_state
from django.conf import settings
from django.db import connections
from waitress.server import create_server

from supportops import celery_app, data_folder
from workflow.gitlab_sandbox import SandboxServer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"


class PortTaken(Exception):
    """A port that the portal is to listen on cannot be had; says which, and how to choose another."""

    def __init__(self, setting: str, port: int, error: OSError) -> None:
        taken = "is taken" if error.errno == errno.EADDRINUSE else "cannot be had"
        other = port + 1 if port < 65535 else port - 1
        why = os.strerror(error.errno or 0)
        super().__init__(f"Port {port} {taken} on {HOST}: {why}; choose another with {setting}={other} make run.")


class Portal:
    """Everything ``manage.py up`` runs, started in order and stopped in reverse."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stopping = threading.Event()
        self._cleanup = contextlib.ExitStack()

    def claim(self) -> None:
        """Have the data folder and the port to itself, before anything takes time; people who come early wait.

        Raises ``data_folder.InUse`` or PortTaken.
        """
        self._cleanup.callback(data_folder.claim(settings.VAR).close)
        listening = socket.socket()
        self._cleanup.callback(listening.close)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, self._port))
            listening.listen(1024)
        except OSError as error:
            raise PortTaken("PORT", self._port, error) from error
        self._listening = listening

    def start_sandbox(self) -> None:
        """Start the sandbox GitLab on its port, unless a real GitLab is configured. Raises PortTaken."""
        if settings.USES_SANDBOX:
            sandbox = SandboxServer(
                settings.VAR / "sandbox",
                token=settings.SANDBOX_ADMIN_TOKEN,
                port=settings.SANDBOX_PORT,
                bot_token=settings.GITLAB_TOKEN,
            )
            try:
                sandbox.start()
            except OSError as error:
                if error.filename or error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise  # about a file
                raise PortTaken("SANDBOX_PORT", settings.SANDBOX_PORT, error) from error
            self._cleanup.callback(sandbox.close)

    def start_worker(self) -> None:
        """Start a Celery worker and beat in threads of this process."""
        ready = threading.Event()
        worker = WorkController(
            app=celery_app,
            pool="threads",
            concurrency=2,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            ready_callback=lambda consumer: ready.set(),
        )
        thread = threading.Thread(target=worker.start, name="celery-worker", daemon=True)
        thread.start()
        ready.wait(10)
        self._cleanup.callback(self._stop_worker, thread)
        clock: Any = beat.EmbeddedService(
            celery_app, thread=True, scheduler_cls="celery.beat:Scheduler", max_interval=1
        )
        clock.start()
        self._cleanup.callback(clock.stop)

    def serve(self, application: WSGIApplication, ready: Callable[[], object]) -> None:
        """Serve ``application`` on the claimed port, call ``ready``, and go on until a signal.

        Everything is stopped when this returns.
        """
        server = create_server(application, sockets=[self._listening], threads=8, ident=None)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        serving = threading.Thread(target=self._run, args=(server,), name="waitress", daemon=True)
        serving.start()
        ready()
        try:
            self._stopping.wait()
        finally:
            server.task_dispatcher.shutdown(cancel_pending=True)  # pages under way are finished before their sockets go
            server.close()
            self.close()

    def close(self) -> None:
        """Stop what was started."""
        self._cleanup.close()
        connections.close_all()

    def _run(self, server: Any) -> None:
        with contextlib.suppress(OSError):  # the listening socket is closed under it when the portal stops
            server.run()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._stopping.is_set():
            os._exit(130)  # the second Ctrl-C: now
        self._stopping.set()

    @staticmethod
    def _stop_worker(thread: threading.Thread) -> None:
        worker_state.should_stop = 0  # type: ignore[assignment]  # celery-types knows only None
        thread.join(15)

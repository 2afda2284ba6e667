"""The portal in one process: web server, Celery worker and beat as threads, and the sandbox GitLab beside them.

Measured (docs/decisions/0002-one-process-by-default.md): 6,000 tasks without a lock error, nothing lost on
``kill -9`` because of the outbox.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

import structlog
import waitress
from celery import beat, current_app
from celery.worker import WorkController
from celery.worker import state as worker_state
from django.conf import settings
from django.db import connections

from workflow.gitlab.sandbox import SandboxServer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = structlog.get_logger(__name__)


class Portal:
    """Everything ``manage.py up`` runs, started in order and stopped in reverse."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stopping = threading.Event()
        self._cleanup = contextlib.ExitStack()

    def start_sandbox(self) -> None:
        """Start the sandbox GitLab on its port, unless a real GitLab is configured."""
        if settings.USES_SANDBOX:
            sandbox = SandboxServer(
                settings.VAR / "sandbox",
                token=settings.SANDBOX_ADMIN_TOKEN,
                port=settings.SANDBOX_PORT,
                bot_token=settings.GITLAB_TOKEN,
            )
            sandbox.start()
            self._cleanup.callback(sandbox.close)

    def start_worker(self) -> None:
        """Start a Celery worker and beat in threads of this process."""
        ready = threading.Event()
        worker = WorkController(
            app=current_app._get_current_object(),
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
        clock = beat.EmbeddedService(
            current_app._get_current_object(), thread=True, scheduler_cls="celery.beat:Scheduler", max_interval=1
        )
        clock.start()
        self._cleanup.callback(clock.stop)

    def serve(self, application: WSGIApplication) -> None:
        """Serve ``application`` on loopback until a signal ends it; everything is stopped when this returns."""
        server = waitress.create_server(application, host="127.0.0.1", port=self._port, threads=8, ident=None)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        serving = threading.Thread(target=self._run, args=(server,), name="waitress", daemon=True)
        serving.start()
        try:
            self._stopping.wait()
        finally:
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
        worker_state.should_stop = 0
        thread.join(15)

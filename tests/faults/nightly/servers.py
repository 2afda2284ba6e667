"""A PostgreSQL and a Redis of a test's own, to be stopped, cut off and filled up: never those of the machine."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.browser.portal import free_port

PATIENCE = 60
OWNER = "postgres"
"""Whose process the server is where the tests are root's: PostgreSQL refuses to be that."""


def own_folder(name):
    """A fresh folder, in memory where there is such a place: what is killed here is processes, never the power."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix=f"supportops-{name}-", dir=memory if os.access(memory, os.W_OK) else None))


def until(condition, seconds, complaint):
    """Wait until it holds; if it never does, AssertionError with the complaint (or what that returns when called)."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise AssertionError(complaint() if callable(complaint) else complaint)
        time.sleep(0.2)


class Server:
    """A process that answers on a port of its own, with a folder of its own."""

    def __init__(self):
        self.port = free_port()
        self._process = None

    def start(self):
        """Start it and wait until it answers."""
        with (self.folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log, **self._as_whom())
        until(self._answers, PATIENCE, lambda: f"It does not answer:\n{(self.folder / 'server.log').read_text()}")
        return self

    def stop(self, number=signal.SIGQUIT):
        """End it at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def close(self):
        """End it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _as_whom(self):
        return {}

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


class Postgres(Server):
    """A PostgreSQL with a fresh cluster. ``place``: an existing folder to keep it in."""

    def __init__(self, place=None):
        super().__init__()
        self._binaries = _postgres_binaries()
        self.folder = Path(place or own_folder("postgres"))
        self._data = self.folder / "data"
        if os.geteuid() == 0:
            shutil.chown(self.folder, OWNER)
        how = ("-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        command = [self._binaries / "initdb", *how]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._as_whom())

    @property
    def url(self):
        """A DATABASE_URL."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def _command(self):
        small = ("-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_wal_size=32MB", "-c", "min_wal_size=32MB")
        where = ("-D", self._data, "-p", str(self.port), "-k", self.folder, "-c", "listen_addresses=127.0.0.1")
        return [self._binaries / "postgres", *where, *small]

    def _as_whom(self):
        return {"user": OWNER, "group": OWNER, "extra_groups": []} if os.geteuid() == 0 else {}

    def _answers(self):
        try:
            psycopg.connect(self.url.replace("postgres://", "postgresql://"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class Redis(Server):
    """A Redis that keeps nothing."""

    def __init__(self):
        super().__init__()
        self._binary = shutil.which("redis-server") or pytest.skip("no redis-server to start")
        self.folder = own_folder("redis")

    @property
    def url(self):
        """A CELERY_BROKER_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def forget_all(self):
        """FLUSHALL."""
        from redis import Redis as Client

        with closing(Client(port=self.port)) as client:
            client.flushall()

    def _command(self):
        nothing = ("--save", "", "--appendonly", "no", "--bind", "127.0.0.1")
        return [self._binary, "--port", str(self.port), "--dir", str(self.folder), *nothing]


def _postgres_binaries():
    """Where PostgreSQL's own programs are; skips the test if nowhere."""
    beside = shutil.which("initdb")
    places = [Path(beside).parent] if beside else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None) or pytest.skip(
        "no PostgreSQL to start"
    )

"""The whole portal in processes of its own, each of which may die: web, two workers, beat, and its GitLab."""

import base64
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import requests
from redis import Redis, RedisError

from tests.browser.portal import free_port
from tests.faults.portal import BOT, ROOT, Scene

WORKERS = ("worker-1", "worker-2")
WATCHES = "soak"
"""How the soak's own connections to PostgreSQL are called; nobody cuts those."""
PATIENCE = 120
"""Seconds anything may take to come up on a busy machine."""


class House(Scene):
    """A Scene with all its rooms lit. Every process is the leader of a group of its own."""

    def __init__(self, folder):
        self._web_port = free_port()
        self.url = f"http://127.0.0.1:{self._web_port}"
        self._signing = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self._maintained = os.environ.get("DATABASE_URL", "")
        self._born, self._struck = {}, set()
        self.processes, self.fallen = {}, []
        self.broker_port = None
        super().__init__(folder)

    @property
    def folder(self):
        """Where everything lies."""
        return Path(self._folder)

    @property
    def on_sqlite(self):
        """Whether the database is a file."""
        return self._database.startswith("sqlite")

    @property
    def database_url(self):
        """Where the database is."""
        return self._database

    def _make_broker(self):
        """The Redis that is named, else one of our own: a Redis found on the machine may be somebody's."""
        if os.environ.get("CELERY_BROKER_URL", "").startswith("redis"):
            return super()._make_broker()
        if shutil.which("redis-server") is None:
            raise RuntimeError("There is no broker. Install redis-server, or name one in CELERY_BROKER_URL.")
        self.broker_port = free_port()
        return f"redis://127.0.0.1:{self.broker_port}/0", {"global_keyprefix": str(self._folder)}

    def environment(self, **changes):
        """What every process is started with: as in production, only quicker."""
        ours = {
            "PORT": str(self._web_port),
            "PORTAL_URL": self.url,
            "GITLAB_WEBHOOK_SIGNING_TOKEN": self._signing,
            "GITLAB_TIMEOUT_SECONDS": "4",
            "GITLAB_LEASE_SECONDS": "15",
            "GITLAB_QUARANTINE_SECONDS": "10",
            "TELL_AFTER_SECONDS": "4",
            "PGAPPNAME": "portal",
            "TELL_AT_LATEST_SECONDS": "20",
            "LOG_LEVEL": "20",
            "DJANGO_SETTINGS_MODULE": "supportops.settings",
        }
        return super().environment(**{**ours, **changes})

    # Processes ------------------------------------------------------------------------------------------------------

    def begin(self):
        """Prepare the database and start everything; returns when pages are answered and GitLab is connected."""
        if self.broker_port:
            self.rise("broker")
            _until(self._broker_answers, "Redis does not answer.")
        self.run("-m", "tests.soak.stage")
        self.rise("gitlab")
        self.wait_for_gitlab()
        self.rise("web")
        self.wait_for_web()
        self.run("manage.py", "gitlab_connect")
        for name in (*WORKERS, "beat"):
            self.rise(name)

    def run(self, *command):
        """Run a command of the portal to its end; RuntimeError with its words if it fails."""
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=self.environment(), capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def rise(self, name):
        """Start the process of this name, unless it lives. One that died unbidden is told of in ``fallen``."""
        if name in self.processes:
            code = self.processes[name].poll()
            if code is None:
                return
            if name not in self._struck:
                self.fallen.append(f"{name}.{self._born[name]} ended by itself with code {code}.")
        self._struck.discard(name)
        self._born[name] = self._born.get(name, 0) + 1
        log = (self.folder / f"{name}.{self._born[name]}.log").open("w")
        with log:
            process = subprocess.Popen(
                self._command(name),
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes[name] = process
        self._stack.callback(_end_group, process)

    def _command(self, name):
        if name == "broker":
            where = ("--bind", "127.0.0.1", "--port", str(self.broker_port), "--dir", str(self.folder))
            return "redis-server", *where, "--save", "", "--appendonly", "no"
        return sys.executable, *self._python_command(name)

    def _python_command(self, name):
        celery = ("-m", "celery", "-A", "tests.soak.worker")
        if name == "web":
            bind = ("--bind", f"127.0.0.1:{self._web_port}", "--workers", "2", "--threads", "4")
            return "-m", "gunicorn", "tests.soak.wsgi", "--no-control-socket", "--worker-class", "gthread", *bind
        if name == "beat":
            place = str(self.folder / "beat-schedule")
            return *celery, "beat", "--schedule", place, "--pidfile=", "-l", "WARNING"
        if name == "gitlab":
            return self._gitlab_command()
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        return *celery, "worker", "--concurrency", "2", "-n", f"{name}@soak", "-l", "INFO", *quiet

    def strike(self, name, number=signal.SIGKILL):
        """Send a signal to the process: with SIGKILL to all of its group, as when its host dies."""
        process = self.processes[name]
        if process.poll() is not None:
            return
        self._struck.add(name)
        if number == signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        self._reap(name, process)

    @staticmethod
    def _reap(name, process):
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def children_of(self, name):
        """Process numbers of the pool's own processes."""
        parent = self.processes[name].pid
        try:
            found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        except OSError:
            return []
        return [int(pid) for pid in found]

    def rise_all(self):
        """Start whatever is not alive."""
        if self.broker_port:
            self.rise("broker")
        for name in ("gitlab", "web", *WORKERS, "beat"):
            self.rise(name)

    def _broker_answers(self):
        with closing(Redis.from_url(self._broker, socket_connect_timeout=2)) as client, suppress(RedisError):
            return client.ping()
        return False

    def wait_for_gitlab(self):
        """Wait until the sandbox answers."""
        _until(lambda: _answers(f"{self.gitlab_url}/-/health"), "GitLab does not answer.")

    def wait_for_web(self):
        """Wait until the portal answers."""
        _until(lambda: _answers(f"{self.url}/healthz"), "The portal does not answer.")

    def logs(self):
        """[(name, text)] of everything the processes of the portal printed, GitLab's own apart."""
        places = sorted(self.folder.glob("*.log"))
        return [(place.name, place.read_text(errors="replace")) for place in places if "gitlab" not in place.name]

    # What the portal stands on --------------------------------------------------------------------------------------

    def lose_messages(self):
        """Whatever waits in the broker is gone, as after a FLUSHALL; only the soak's own."""
        self._forget_queues(self._broker)

    def hold_database(self):
        """A connection that holds SQLite's write lock until it is closed."""
        connection = sqlite3.connect(
            self._database.removeprefix("sqlite:///"), timeout=20, isolation_level=None, check_same_thread=False
        )
        connection.execute("BEGIN IMMEDIATE")
        return connection

    def cut_connections(self):
        """PostgreSQL ends every connection of the portal's processes."""
        name = self._database.rpartition("/")[2]
        others = f"datname = '{name}' AND application_name <> '{WATCHES}' AND pid <> pg_backend_pid()"
        end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
        self._maintain(self._maintained, end)

    # GitLab's own ----------------------------------------------------------------------------------------------------

    def set_token(self, *, revoked):
        """Revoke the bot's token, or take that back."""
        self.gitlab("PUT", "/sandbox/tokens", {"token": BOT, "revoked": revoked})

    def spoil_hooks(self, mischief):
        """What becomes of webhooks from now on; None: they are sent."""
        self.gitlab("PUT", "/sandbox/hooks", {"mischief": mischief})


def _end_group(process):
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _answers(url):
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _until(condition, complaint):
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(complaint)
        time.sleep(0.1)

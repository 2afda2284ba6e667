"""Where measurements happen: a fresh database, the sandbox GitLab as a process, and this process as the portal.

Django is set up by ``begin``; nothing of the portal may be imported before.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from tests.browser.portal import free_port
from tests.faults.portal import ADMIN, BOT, ROOT, Scene

HOOK_SECRET = "secret-of-the-measured-hooks"
LIKE_A_REAL_ONE = {
    "GITLAB_WEBHOOK_SECRET": HOOK_SECRET,
    "GITLAB_QUARANTINE_SECONDS": "150",
    "GITLAB_TIMEOUT_SECONDS": "20",
    "GITLAB_LEASE_SECONDS": "120",
    "LOG_LEVEL": "40",
}
"""A Scene hurries; measurements wait as long as an installation does."""

_CELERY = ("-m", "celery", "-A", "tests.faults.worker")


class Grounds(Scene):
    """A Scene whose GitLab may go, come back and be copied."""

    def environment(self, **changes):
        """As a Scene's, with the waits of a real installation."""
        return super().environment(**LIKE_A_REAL_ONE, **changes)

    def begin(self):
        """GitLab up, this process set up as the portal, a seeded database."""
        os.environ.update(self.environment())
        os.environ["CELERY_BROKER_URL"] = "memory://localhost/"
        os.environ["DJANGO_SETTINGS_MODULE"] = "supportops.settings"
        self.gitlab_process = self.serve_gitlab("gitlab", self._port)
        _prepare()

    def serve_gitlab(self, data, port):
        """Serve the sandbox GitLab whose state is in the folder ``data``; returns its process once it answers."""
        place = str(self._folder / data)
        command = ("--port", str(port), "--data", place, "--token", ADMIN, "--bot-token", BOT)
        process = self.start(f"{data}-{port}", "-m", "tests.gitlab_faults", *command)
        until_it_answers(f"http://127.0.0.1:{port}/api/v4/version")
        return process

    def gitlab_goes(self):
        """GitLab's process ends: whoever calls is refused the connection."""
        self.gitlab_process.terminate()
        self.gitlab_process.wait(30)

    def gitlab_comes_back(self):
        """It serves what it had, on the same port."""
        self.gitlab_process = self.serve_gitlab("gitlab", self._port)

    def begin_to_ring(self):
        """From now on what this process does wakes the scene's workers."""
        from supportops.celery import app

        os.environ["CELERY_BROKER_URL"] = self._broker
        app.conf.broker_url = self._broker
        app.conf.broker_transport_options = self._broker_options

    def start_celery(self, name):
        """One more worker for everything."""
        quietly = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING")
        return self.start(f"worker-{name}", *_CELERY, "worker", "-P", "solo", "-n", name, *quietly)

    def start_beat(self):
        """The clock."""
        return self.start("beat", *_CELERY, "beat", "-l", "WARNING", "--schedule", str(self._folder / "schedule"))

    def start_web(self):
        """The pages; returns their address once they answer."""
        port = free_port()
        settings = {"DJANGO_SETTINGS_MODULE": "supportops.settings"}
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"],
            cwd=ROOT,
            check=True,
            env=self.environment(**settings),
        )
        how = ("--no-control-socket", "--worker-class", "gthread", "--workers", "3", "--threads", "8")
        where = ("--bind", f"127.0.0.1:{port}")
        self.web = self.start("web", "-m", "gunicorn", "tests.benchmarks.wsgi", *how, *where, **settings)
        until_it_answers(f"http://127.0.0.1:{port}/healthz")
        return f"http://127.0.0.1:{port}"

    def another_gitlab(self, name):
        """One more that begins where the first is now; its address."""
        self.gitlab_goes()
        shutil.copytree(self._folder / "gitlab", self._folder / name)
        self.gitlab_comes_back()
        port = free_port()
        self.serve_gitlab(name, port)
        return f"http://127.0.0.1:{port}"

    def take_time(self, url, seconds):
        """From now on this GitLab takes so long to answer, at least."""
        fault = {"name": "slow", "match": {"path": "^/api/"}, "times": None, "seconds": seconds}
        if seconds:
            requests.post(f"{url}/sandbox/faults", headers={"PRIVATE-TOKEN": ADMIN}, json=fault, timeout=20)


def until_it_answers(url, seconds=60):
    """Wait for a server; TimeoutError if it does not come."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(requests.RequestException):
            if requests.get(url, timeout=2).status_code < 500:
                return
        time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer.")


@contextmanager
def grounds():
    """Grounds in a folder of their own; nothing is left of them."""
    folder = Path(tempfile.mkdtemp(prefix="supportops-measure-"))
    scene = Grounds(folder)
    try:
        scene.begin()
        yield scene
    finally:
        _let_go()
        scene.close()
        shutil.rmtree(folder, ignore_errors=True)


def _prepare():
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    call_command("seed_catalogue", verbosity=0)
    call_command("seed_label_schemes", verbosity=0)


def _let_go():
    if "django.db" in sys.modules:
        from django.db import connections

        connections.close_all()


def database_name():
    """ "SQLite" or "PostgreSQL", as the portal was configured."""
    from django.db import connection

    return connection.vendor.replace("sqlite", "SQLite").replace("postgresql", "PostgreSQL")

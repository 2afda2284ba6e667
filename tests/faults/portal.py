"""A portal taken apart: its database, its broker, its workers and its GitLab as processes that may be killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import requests
from celery import Celery

from tests.browser.portal import free_port
from tests.services import redis

ROOT = Path(__file__).resolve().parents[2]
ADMIN, BOT = "admin-token-of-the-faults", "bot-token-of-the-faults"


class Scene:
    """Everything a fault needs, under one folder; ``close`` leaves nothing running and nothing behind."""

    def __init__(self, folder):
        self._folder = Path(folder)
        self._stack = ExitStack()
        self._database = self._make_database()
        self._broker, self._broker_options = self._make_broker()
        self._port = free_port()
        self.gitlab_url = f"http://127.0.0.1:{self._port}"
        self._celery = Celery(broker=self._broker, set_as_current=False)
        self._celery.conf.broker_transport_options = self._broker_options

    def close(self):
        """End every process and remove the database and the queues."""
        self._stack.close()

    # Parts ----------------------------------------------------------------------------------------------------------

    def _make_database(self):
        named = os.environ.get("DATABASE_URL", "")
        if not named.startswith("postgres"):
            return f"sqlite:///{self._folder / 'portal.sqlite3'}"
        name = f"faults_{uuid.uuid4().hex[:12]}"
        self._maintain(named, f"CREATE DATABASE {name}")
        self._stack.callback(self._maintain, named, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        return f"{named.rpartition('/')[0]}/{name}"

    @staticmethod
    def _maintain(url, statement):
        with psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True) as connection:
            connection.execute(statement)

    def _make_broker(self):
        if url := redis():
            self._stack.callback(self._forget_queues, url)
            return url, {"global_keyprefix": str(self._folder)}
        return self._broker_of_files()

    def _broker_of_files(self):
        for name in ("queue", "control"):
            (self._folder / name).mkdir()
        place = str(self._folder / "queue")
        control = str(self._folder / "control")
        return "filesystem://", {"data_folder_in": place, "data_folder_out": place, "control_folder": control}

    def _forget_queues(self, url):
        from redis import Redis

        with closing(Redis.from_url(url)) as client:
            keys = list(client.scan_iter(f"{self._folder}*"))
            if keys:
                client.delete(*keys)

    def environment(self, **changes):
        """What every process of the portal is started with."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CRASHPOINT", "DJANGO"))}
        return inherited | {
            "SAMPLE": "true",
            "VAR_DIR": str(self._folder / "var"),
            "DATABASE_URL": self._database,
            "CELERY_BROKER_URL": self._broker,
            "FAULTS_FOLDER": str(self._folder),
            "GITLAB_URL": self.gitlab_url,
            "GITLAB_TOKEN": BOT,
            "GITLAB_QUARANTINE_SECONDS": "3",
            "GITLAB_LEASE_SECONDS": "8",
            "GITLAB_TIMEOUT_SECONDS": "4",
            "LOG_LEVEL": "30",
            **changes,
        }

    # Acts -----------------------------------------------------------------------------------------------------------

    def start(self, name, *command, **changes):
        """Start a process of the portal; its output goes to a file of its name."""
        log = self._stack.enter_context((self._folder / f"{name}.log").open("w"))
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=self.environment(**changes), stdout=log, stderr=subprocess.STDOUT
        )
        self._stack.callback(_end, process)
        return process

    def start_gitlab(self):
        """Start the sandbox GitLab, which can misbehave, and wait until it answers."""
        self.start("gitlab", *self._gitlab_command())
        _wait(lambda: _answers(f"{self.gitlab_url}/api/v4/version"), 120, "GitLab does not answer.")

    def _gitlab_command(self):
        place = ("--port", str(self._port), "--data", str(self._folder / "gitlab"))
        return "-m", "tests.gitlab_faults", *place, "--token", ADMIN, "--bot-token", BOT

    def start_worker(self, name, **changes):
        """Start a Celery worker on the queue ``name``."""
        return self.start(
            name,
            "-m",
            "celery",
            "-A",
            "tests.faults.worker",
            "worker",
            "-P",
            "solo",
            "-Q",
            name,
            "-l",
            "WARNING",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            **changes,
        )

    def file(self, count):
        """File requests that no worker is woken for; [(number, marker)]."""
        printed = subprocess.run(
            [sys.executable, "-m", "tests.faults.stage", str(count)],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
            env=self.environment(CELERY_BROKER_URL="memory://localhost/"),
        ).stdout
        return [(row["issue_id"], row["marker"]) for row in json.loads(printed.splitlines()[-1])]

    def send(self, task, *args, queue="celery"):
        """Put a task into a queue, as a page or beat would."""
        self._celery.send_task(task, args, queue=queue)

    def gitlab(self, method, path, sent=None):
        """Ask the sandbox as its administrator."""
        reply = requests.request(
            method, f"{self.gitlab_url}{path}", headers={"PRIVATE-TOKEN": ADMIN}, json=sent, timeout=30
        )
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def issues_with(self, marker):
        """How many GitLab issues carry the marker, anywhere."""
        issues, page = [], 1
        while found := self.gitlab("GET", f"/api/v4/issues?scope=all&per_page=100&page={page}"):
            issues, page = [*issues, *found], page + 1
        return sum(f"supportops:begin {marker} " in (issue["description"] or "") for issue in issues)

    def mirrors(self):
        """{number: (status, GitLab's iid, last error)} as the database has it."""
        query = "SELECT issue_id, status, iid, last_error FROM gitlab_mirror_gitlablink"
        if self._database.startswith("sqlite"):
            with closing(sqlite3.connect(self._database.removeprefix("sqlite:///"), timeout=20)) as connection:
                rows = connection.execute(query).fetchall()
        else:
            with psycopg.connect(self._database.replace("postgres://", "postgresql://")) as connection:
                rows = connection.execute(query).fetchall()
        return {number: (status, iid, error) for number, status, iid, error in rows}

    def log(self, name):
        """What a process printed."""
        return (self._folder / f"{name}.log").read_text()

    def sweep_until(self, done, seconds):
        """Sweep every second, as beat does every ten, until ``done`` or so many seconds have passed."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not done():
            self.send("workflow.gitlab.tasks.sweep_mirror")
            time.sleep(1)

    def wake_until_dead(self, workers, numbers, seconds):
        """Wake each worker for its request, again and again, until all have died; {name: exit code or None}."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and any(worker.poll() is None for worker in workers.values()):
            for name, worker in workers.items():
                if worker.poll() is None:
                    self.send("workflow.gitlab.tasks.push_issue", numbers[name], queue=name)
            time.sleep(2)
        return {name: worker.poll() for name, worker in workers.items()}


def _answers(url):
    try:
        return requests.get(url, timeout=10).status_code < 500
    except requests.RequestException:
        return False


def _wait(condition, seconds, complaint):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(complaint)
        time.sleep(0.1)


def _end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

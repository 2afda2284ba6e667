"""The portal as a person meets it: ``manage.py up`` in a process of its own, on free ports, with data of its own."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]


def free_port():
    """A port nobody listens on, from below those the system gives out by itself: nobody gets it by chance meanwhile."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class RunningPortal:
    """``manage.py up`` and the sandbox GitLab it brings."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.port, self.sandbox_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.gitlab_url = f"http://127.0.0.1:{self.sandbox_port}"
        self._log = (self.directory / "portal.log").open("w")
        inherited = {
            name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CELERY_BROKER_URL")
        }
        self.environment = {
            **inherited,
            "SAMPLE": "true",
            "VAR_DIR": str(self.directory / "var"),
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "LOG_LEVEL": "30",
            "TELL_AFTER_SECONDS": "0",  # a walk does not wait for the end of a sitting
        }
        self.environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)

    def start(self, seconds=120):
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=self.environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"The portal ended at once:\n{self.log}")
            try:
                if requests.get(f"{self.url}/healthz", timeout=2).status_code == 200:
                    return self
            except requests.RequestException:
                time.sleep(0.1)
        raise RuntimeError(f"The portal does not answer after {seconds} seconds:\n{self.log}")

    def stop(self):
        """Press Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(60)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self._log.close()

    @property
    def log(self):
        """What it printed so far."""
        return (self.directory / "portal.log").read_text()

    def mails(self, address):
        """The mails that left for the address so far. What is due leaves now; nobody waits for the next beat."""
        subprocess.run([sys.executable, "-m", "tests.browser.send_mails"], cwd=ROOT, env=self.environment, check=False)
        return [letter for letter in self._letters() if letter["To"] == address]

    def _letters(self):
        for file in sorted((self.directory / "var" / "mail").glob("*.log")):
            # Each ends with a line of dashes; one that does not is being written just now.
            for written in file.read_bytes().split(b"\n" + b"-" * 79 + b"\n")[:-1]:
                yield message_from_bytes(written, policy=default)

    def gitlab(self, path, **params):
        """GET from the sandbox's REST API as its administrator; the decoded JSON."""
        token = (self.directory / "var" / "sandbox_admin_token").read_text().strip()
        answer = requests.get(
            f"{self.gitlab_url}/api/v4{path}", params=params, headers={"PRIVATE-TOKEN": token}, timeout=30
        )
        answer.raise_for_status()
        return answer.json()

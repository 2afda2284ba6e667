"""The process: what survives a restart and a kill, many connections at once, uploads, seeding."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.gitlab_sandbox.client import TRACKER, Person, project

ROOT = Path(__file__).parents[2]


@pytest.fixture
def process(tmp_path):
    """`process()`: the management command in a process of its own on `tmp_path`; returns (Popen, url, bot's token)."""
    running = []

    def start(*arguments):
        command = [sys.executable, "manage.py", "gitlab_sandbox", "--port", "0", "--data", str(tmp_path / "data")]
        child = subprocess.Popen([*command, "--token", "t", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        running.append(child)
        words = child.stdout.readline().split()
        return child, words[3], words[6].rstrip(");")

    yield start
    for child in running:
        child.kill()
        child.wait()
        child.stdout.close()


@pytest.mark.faults
def test_the_command_survives_kill_9_and_keeps_what_was_answered(process):
    child, url, token = process()
    bot = Person(url, token)
    made = [bot.issue(title=str(number))["id"] for number in range(5)]
    bot.session.close()
    child.send_signal(signal.SIGKILL)
    child.wait()

    _, url, same_token = process()
    bot = Person(url, same_token)

    assert same_token == token
    assert sorted(row["id"] for row in bot.get(f"{project(TRACKER)}/issues").json()) == made
    bot.session.close()


@pytest.mark.faults
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_cleanly_when_told(process, number):
    child, url, _ = process("--empty")
    assert requests.get(f"{url}/-/health", timeout=30).json() == {"status": "ok"}

    child.send_signal(number)

    assert child.wait(timeout=60) == 0


@pytest.mark.faults
def test_the_package_needs_no_django_settings(tmp_path):
    code = (
        "from workflow.gitlab_sandbox import SandboxServer; import sys, urllib.request\n"
        "with SandboxServer(sys.argv[1], 't') as s: assert b'sandbox' in urllib.request.urlopen(s.url).read()\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}

    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], cwd=ROOT, env=environment, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_twenty_connections_at_once_lose_nothing(sandbox):
    def work(number):
        person = Person(sandbox.url, sandbox.bot_token)
        iids = [person.issue(title=f"{number}")["iid"] for _ in range(10)]
        person.session.close()
        return iids

    with ThreadPoolExecutor(20) as pool:
        iids = [iid for found in pool.map(work, range(20)) for iid in found]

    assert sorted(iids) == list(range(1, 201))


def test_a_held_request_does_not_hold_up_others(sandbox, root, bot):
    root.post("/sandbox/faults", {"name": "hang", "match": {"path": "/version$"}, "times": None, "seconds": 30})

    def hang(_):
        person = Person(sandbox.url, sandbox.bot_token)
        with pytest.raises(requests.ReadTimeout):
            person.call("GET", "/version", timeout=1)
        person.session.close()

    with ThreadPoolExecutor(20) as pool:
        held = [pool.submit(hang, number) for number in range(20)]
        assert bot.call("GET", "/user", timeout=20).status_code == 200  # one after the other would take 30 at least
        for one in held:
            one.result()

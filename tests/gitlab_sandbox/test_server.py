"""The process: what survives a restart and a kill, many connections at once, uploads, seeding."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.gitlab_sandbox.client import OTHER, TRACKER, Person, project
from workflow.gitlab_sandbox import SandboxServer

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


def test_a_second_start_keeps_everything_and_adds_nothing(tmp_path):
    seen = []
    for _ in range(2):
        with SandboxServer(tmp_path, "t") as server:
            root = Person(server.url, "t")
            seen.append(
                [
                    server.bot_token,
                    *(root.get(path, per_page=100).headers["X-Total"] for path in ("/projects", "/users", "/groups")),
                ]
            )
            root.session.close()

    assert seen[0] == seen[1]
    assert seen[0][1:3] == ["7", "10"]


def test_an_empty_sandbox_holds_only_the_administrator(tmp_path):
    with SandboxServer(tmp_path, "t", empty=True) as server:
        root = Person(server.url, "t")
        assert [row["username"] for row in root.get("/users").json()] == ["root"]
        assert root.get("/projects").json() == []
        root.session.close()


def test_the_bots_token_can_be_chosen_and_says_what_it_may(tmp_path):
    with SandboxServer(tmp_path, "t", bot_token="chosen") as server:
        bot = Person(server.url, "chosen")
        shown = bot.get("/personal_access_tokens/self").json()
        bot.session.close()

    assert (server.bot_token, shown["scopes"], shown["active"]) == ("chosen", ["api"], True)
    assert shown["expires_at"] > time.strftime("%Y-%m-%d")


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


def test_an_upload_comes_back_byte_for_byte_and_only_in_its_project(bot, sandbox):
    content = bytes(range(256)) * 5
    reply = bot.post(f"{project(TRACKER)}/uploads", files={"file": ("a b.png", content)})
    shown = reply.json()

    assert (reply.status_code, shown["markdown"]) == (201, f"![a_b]({shown['url']})")
    assert bot.get(f"{project(TRACKER)}{shown['url']}").content == content
    assert bot.get(f"{project(OTHER)}{shown['url']}").status_code == 404


def test_a_moved_issue_takes_its_files_along(bot):
    shown = bot.post(f"{project(TRACKER)}/uploads", files={"file": ("log.txt", b"lines")}).json()
    issue = bot.issue(description=shown["markdown"])
    target = bot.get(project(OTHER)).json()["id"]

    new = bot.post(f"/projects/{issue['project_id']}/issues/{issue['iid']}/move", {"to_project_id": target}).json()

    address = new["description"].split("(")[1].rstrip(")")
    assert address != shown["url"]
    assert bot.get(f"/projects/{target}{address}").content == b"lines"


@pytest.mark.parametrize("sent", [{"data": {"file": "text"}}, {"data": {}}])
def test_an_upload_without_a_file_is_refused(bot, sent):
    assert bot.post(f"{project(TRACKER)}/uploads", **sent).status_code == 400

"""A sender killed with -9 at each named point while it hands a mail over: never sent twice by itself, never lost.

Real processes on a real database, and a mail server that keeps what it took.
"""

import json
import signal
import subprocess
import sys
from collections import Counter

import pytest

from tests.faults.portal import ROOT, Scene
from tests.notifications.mail_server import MailServer

pytestmark = pytest.mark.faults
DEATHS = {"claimed": "message claimed", "begun": "message begun", "handed": "message handed over"}
"""{person: where the sender of their message dies}; nobody dies over ``alive``."""


class Telling(Scene):
    """A scene with a mail server; ``start`` of it speaks to that server."""

    def __init__(self, folder):
        super().__init__(folder)
        self.mails = MailServer()
        self._stack.callback(self.mails.close)

    def run(self, *words, **changes):
        """Start the process of ``tests.faults.telling`` with these words."""
        given = {
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mails.port}",
            "TELL_AFTER_SECONDS": "0",
            "GITLAB_LEASE_SECONDS": "1",
            "CELERY_BROKER_URL": "memory://localhost/",
            **changes,
        }
        command = [sys.executable, "-m", "tests.faults.telling", *map(str, words)]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment(**given), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def result(self, *words):
        """What such a process printed at its end."""
        process = self.run(*words)
        printed, trouble = process.communicate()
        assert process.returncode == 0, trouble
        return json.loads(printed.splitlines()[-1])

    def arrived(self):
        """{name: how many mails they have got}."""
        return Counter(mail["To"].partition("@")[0] for mail in self.mails.mails)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Senders died at every point, another went on, and a person sent again what nobody knew."""
    scene = Telling(tmp_path_factory.mktemp("telling"))
    try:
        messages = scene.result("stage", *DEATHS, "alive")
        deaths = {name: scene.run("send", messages[name], CRASHPOINT=point) for name, point in DEATHS.items()}
        scene.said = {name: process.communicate() for name, process in deaths.items()}
        scene.exits = {name: process.returncode for name, process in deaths.items()}
        scene.at_deaths = scene.arrived()
        scene.before, scene.unknown, scene.after = scene.result("rest")
        yield scene
    finally:
        scene.close()


@pytest.mark.parametrize("name", DEATHS)
def test_the_sender_really_died_there(told, name):
    assert told.exits[name] == -signal.SIGKILL, told.said[name]


def test_what_the_server_had_taken_when_they_died(told):
    assert told.at_deaths == {"handed": 1}


@pytest.mark.parametrize(
    ("name", "stood"),
    [
        ("alive", ["sent", False]),
        ("claimed", ["sent", False]),
        ("begun", ["unconfirmed", True]),
        ("handed", ["unconfirmed", True]),
    ],
)
def test_what_was_not_begun_is_sent_by_another_and_the_rest_is_shown_to_a_person(told, name, stood):
    assert told.before[name] == stood
    assert told.unknown == 2


def test_nothing_is_lost_and_twice_comes_only_what_a_person_sent_again(told):
    assert set(map(tuple, told.after.values())) == {("sent", False)}
    assert told.arrived() == {"alive": 1, "claimed": 1, "begun": 1, "handed": 2}


def test_the_two_that_a_person_allowed_carry_one_name(told):
    names = {mail["Message-ID"] for mail in told.mails.mails if mail["To"].startswith("handed")}
    assert len(names) == 1

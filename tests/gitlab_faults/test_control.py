"""What tests switch on besides faults: deliveries lost, doubled, reordered; a token revoked; one person's trouble."""

import json
import time

import pytest

from tests.gitlab_sandbox.client import TRACKER, project

ALL = {"issues_events": True, "note_events": True}


@pytest.fixture
def told(bot, root, receiver):
    """Make so many issues under a mischief; returns [(iid, Idempotency-Key)] as they were told of."""
    bot.post(f"{project(TRACKER)}/hooks", {"url": receiver.url} | ALL)

    def make(mischief, count):
        assert root.put("/sandbox/hooks", {"mischief": mischief}).status_code == 200
        for _ in range(count):
            bot.issue()
        if mischief == "reorder":
            receiver.wait_for(1, 30)
        else:
            _wait_until_idle(root)
        root.put("/sandbox/hooks", {"mischief": None})
        _wait_until_idle(root)
        return [
            (json.loads(body)["object_attributes"]["iid"], headers["Idempotency-Key"])
            for headers, body in receiver.received
        ]

    return make


def _wait_until_idle(root):
    until = time.monotonic() + 30
    while not root.get("/sandbox/hooks").json()["idle"]:
        assert time.monotonic() < until, "The hooks were not sent."
        time.sleep(0.01)


def test_lost_deliveries_are_told_to_nobody(told):
    assert told("lose", 3) == []


def test_doubled_deliveries_come_twice_with_the_same_key(told):
    heard = told("double", 2)
    assert len(heard) == 4
    assert len(set(heard)) == 2


def test_reordered_deliveries_all_come_and_not_the_oldest_first(told):
    heard = [iid for iid, _ in told("reorder", 5)]
    assert len(set(heard)) == 5
    assert heard != sorted(heard)


def test_an_unknown_mischief_is_refused(root):
    assert root.put("/sandbox/hooks", {"mischief": "nonsense"}).status_code == 400


def test_a_revoked_token_is_refused_until_that_is_taken_back(root, bot):
    assert root.put("/sandbox/tokens", {"token": bot.token}).json() == {"revoked": True}
    assert bot.get("/user").status_code == 401
    root.put("/sandbox/tokens", {"token": bot.token, "revoked": False})
    assert bot.get("/user").status_code == 200


def test_a_fault_may_concern_one_person_only(root, bot, ops):
    root.post("/sandbox/faults", {"name": "server_error", "match": {"user": "support-bot"}, "times": None})
    assert bot.get("/user").status_code == 500
    assert ops.get("/user").status_code == 200


def test_the_clock_can_be_shifted(bot, root):
    root.post("/sandbox/time", {"offset": 86400 * 40})

    issue = bot.issue()

    assert issue["created_at"] > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 86400 * 39))

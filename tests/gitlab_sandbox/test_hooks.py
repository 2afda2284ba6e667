import base64
import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.gitlab_sandbox.client import OTHER, PATIENCE, TRACKER, Person, project

ALL = {f"{event}_events": True for event in ("issues", "confidential_issues", "note", "confidential_note", "milestone")}
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def hook(bot, receiver):
    """Put a hook on a project; returns its JSON."""

    def add(path=TRACKER, **fields):
        reply = bot.post(f"{project(path)}/hooks", {"url": receiver.url} | (fields or ALL))
        assert reply.status_code == 201, reply.text
        return reply.json()

    return add


def bodies(receiver, count):
    return [json.loads(body) for _, body in receiver.wait_for(count)]


def idle(root):
    until = time.monotonic() + PATIENCE
    while not root.get("/sandbox/hooks").json()["idle"]:
        assert time.monotonic() < until, "The hooks never came to rest."
        time.sleep(0.01)


def test_a_new_issue_is_told_with_gitlabs_headers(bot, hook, receiver, sandbox):
    hook(token="hush", **ALL)
    issue = bot.issue(labels=["bug"])

    headers, body = receiver.wait_for(1)[0]

    assert (headers["X-Gitlab-Event"], headers["X-Gitlab-Token"]) == ("Issue Hook", "hush")
    assert headers["X-Gitlab-Instance"] == sandbox.url
    assert {"X-Gitlab-Event-UUID", "X-Gitlab-Webhook-UUID", "Idempotency-Key"} <= headers.keys()
    told = json.loads(body)
    assert (told["object_kind"], told["event_type"]) == ("issue", "issue")
    attributes = told["object_attributes"]
    assert (attributes["iid"], attributes["action"], attributes["url"]) == (issue["iid"], "open", issue["web_url"])
    assert told["project"]["path_with_namespace"] == TRACKER
    assert told["labels"][0]["title"] == "bug"


def test_the_signature_is_a_standard_webhook(bot, hook, receiver):
    shown = hook(signing_token=SECRET, **ALL)
    bot.issue()

    headers, body = receiver.wait_for(1)[0]

    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"k" * 32, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == headers["Idempotency-Key"]
    assert (shown["signing_token_present"], "signing_token" in shown) == (True, False)


def test_an_edit_tells_what_changed(bot, hook, receiver):
    issue = bot.issue(labels=["bug"])
    hook()
    bot.edit(issue, title="Other", add_labels="p1")

    told = bodies(receiver, 1)[0]

    assert told["object_attributes"]["action"] == "update"
    assert told["changes"]["title"] == {"previous": "Something is broken", "current": "Other"}
    assert [row["title"] for row in told["changes"]["labels"]["current"]] == ["bug", "p1"]


def test_an_edit_that_changes_nothing_is_not_told(bot, hook, receiver, root):
    issue = bot.issue(labels=["bug"])
    hook()
    bot.edit(issue, title=issue["title"], add_labels="bug")
    bot.edit(issue, state_event="close")

    assert [told["object_attributes"]["action"] for told in bodies(receiver, 1)] == ["close"]


def test_confidential_issues_and_internal_notes_have_their_own_triggers(bot, hook, receiver, root):
    hook(issues_events=True, note_events=True)
    issue = bot.issue(confidential=True)
    bot.note(issue, "hidden")
    open_issue = bot.issue()
    bot.note(open_issue, "between us", internal=True)
    bot.note(open_issue, "seen")
    idle(root)

    kinds = sorted(headers["X-Gitlab-Event"] for headers, _ in receiver.received)
    assert kinds == ["Issue Hook", "Note Hook"]
    assert receiver.received[0][1].count(b"hidden") == 0


def test_confidential_events_are_named_so(bot, hook, receiver):
    hook()
    issue = bot.issue(confidential=True)
    receiver.wait_for(1)
    bot.note(issue, "hidden")

    assert [headers["X-Gitlab-Event"] for headers, _ in receiver.wait_for(2)] == [
        "Confidential Issue Hook",
        "Confidential Note Hook",
    ]
    assert [told["event_type"] for told in bodies(receiver, 2)] == ["confidential_issue", "confidential_note"]


def test_a_note_is_told_with_its_issue(bot, hook, receiver):
    issue = bot.issue()
    hook()
    note = bot.note(issue, "words").json()

    told = bodies(receiver, 1)[0]

    attributes = told["object_attributes"]
    assert (attributes["id"], attributes["note"], attributes["action"]) == (note["id"], "words", "create")
    assert (attributes["noteable_type"], told["issue"]["iid"], attributes["system"]) == ("Issue", issue["iid"], False)


def test_deletions_are_not_told(bot, root, hook, receiver):
    issue = bot.issue()
    note = bot.note(issue, "words").json()
    hook()
    bot.delete(f"/projects/{issue['project_id']}/issues/{issue['iid']}/notes/{note['id']}")
    root.delete(f"/projects/{issue['project_id']}/issues/{issue['iid']}")
    idle(root)

    assert receiver.received == []


def test_a_move_tells_both_projects_and_the_old_one_only_of_a_close(bot, hook, receiver):
    issue = bot.issue()
    hook()
    hook(OTHER)
    bot.post(
        f"/projects/{issue['project_id']}/issues/{issue['iid']}/move",
        {"to_project_id": bot.get(project(OTHER)).json()["id"]},
    )

    told = {row["project"]["path_with_namespace"]: row["object_attributes"] for row in bodies(receiver, 2)}

    assert (told[TRACKER]["action"], told[OTHER]["action"]) == ("close", "open")
    assert told[TRACKER]["moved_to_id"] is None  # gitlab#12778: only reading the issue shows where it went
    assert bot.fresh(issue)["moved_to_id"] == told[OTHER]["id"]


def test_milestones_are_told(bot, hook, receiver):
    hook()
    bot.post(f"{project(TRACKER)}/milestones", {"title": "M"})

    told = bodies(receiver, 1)[0]
    assert (told["object_kind"], told["action"], told["object_attributes"]["title"]) == ("milestone", "create", "M")


def test_four_failures_switch_a_hook_off_for_a_minute_and_a_good_test_on_again(bot, root, hook, receiver):
    shown = hook()
    receiver.status = 500
    for count in range(1, 5):
        bot.issue()
        receiver.wait_for(count)
        idle(root)
    path = f"{project(TRACKER)}/hooks/{shown['id']}"
    assert bot.get(path).json()["alert_status"] == "temporarily_disabled"

    bot.issue()
    idle(root)
    assert len(receiver.received) == 4

    receiver.status = 200
    assert bot.post(f"{path}/test/issues_events").status_code == 201
    assert bot.get(path).json()["alert_status"] == "executable"


def test_a_failed_hook_is_not_sent_again(bot, root, hook, receiver):
    hook()
    receiver.status = 503
    bot.issue()
    receiver.wait_for(1)
    idle(root)
    receiver.status = 200
    bot.issue()

    told = [json.loads(body)["object_attributes"]["iid"] for _, body in receiver.wait_for(2)]
    assert told == [1, 2]


def test_many_writers_at_once_neither_lose_a_hook_nor_wait_for_one_another(hook, receiver, sandbox):
    hook()

    def write(number):
        person = Person(sandbox.url, sandbox.bot_token)
        for _ in range(10):
            person.issue(title=str(number))
        person.session.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))

    told = {json.loads(body)["object_attributes"]["iid"] for _, body in receiver.wait_for(80)}
    assert told == set(range(1, 81))


@pytest.mark.parametrize(
    ("fields", "status"),
    [({}, 400), ({"url": "ftp://example.com"}, 422), ({"url": "http://example.com", "signing_token": "short"}, 422)],
)
def test_a_hook_that_cannot_work_is_refused(bot, fields, status):
    assert bot.post(f"{project(TRACKER)}/hooks", fields).status_code == status


@pytest.mark.parametrize("kind", ["issue", "note_issue", "milestone"])
def test_hook_bodies_hold_every_key_of_gitlabs_documented_samples(bot, hook, receiver, kind):
    """The keys are kept in documented_keys.json: those of the samples in GitLab's documentation, without an incident's
    and two long gone."""
    hook()
    issue = bot.issue(labels=["bug"], assignee_ids=[2])
    bot.note(issue, "words")
    bot.edit(issue, add_labels="p1")
    bot.post(f"{project(TRACKER)}/milestones", {"title": "M"})
    wanted = {"issue": ("issue", "update"), "note_issue": ("note", "create"), "milestone": ("milestone", "create")}[
        kind
    ]
    body = next(one for one in bodies(receiver, 4) if (one["object_kind"], _action(one)) == wanted)

    documented = json.loads((Path(__file__).parent / "documented_keys.json").read_text(encoding="utf-8"))[kind]
    missing = {place: sorted(set(keys) - set(_at(body, place))) for place, keys in documented.items()}
    assert {place: keys for place, keys in missing.items() if keys} == {}


def _action(body):
    return body.get("action") or body["object_attributes"]["action"]


def _at(body, place):
    for part in filter(None, place.split(".")):
        body = body[0][part] if isinstance(body, list) else body[part]
    return body[0] if isinstance(body, list) else body

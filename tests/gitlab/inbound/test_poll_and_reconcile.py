"""What no webhook told of is found, by polling and by comparing (rows 8, 35, 42 and 47)."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import file_request
from tests.gitlab.inbound.looking import change, filed, look, mirror_of, note, path_of, push, push_later, shown
from tests.gitlab.pushing import minutes_after_it_was_not_found
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, PollCursor, Reconciliation
from workflow.gitlab.poll import poll_all
from workflow.gitlab.pull import look_at
from workflow.gitlab.reconcile import due_scopes, reconcile
from workflow.models import Comment, Issue
from workflow.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def bug(cast, mirrored):
    """A bug in step with GitLab."""
    return filed(cast)


def look_at_all():
    """Do the looks that are due."""
    for number in PendingPull.due_numbers():
        look_at(number)


@pytest.mark.fault(35)
def test_35_a_change_without_a_webhook_is_found_by_polling(cast, mirrored, bug):
    change(mirrored, bug, title="Nobody told")
    assert poll_all() >= 1
    look_at_all()
    assert Issue.objects.get(pk=bug.pk).title == "Nobody told"


@pytest.mark.fault(35)
def test_35_what_webhooks_keep_silent_about_is_remembered(cast, mirrored, bug):
    change(mirrored, bug, title="Nobody told")
    poll_all()
    cursor = PollCursor.objects.get(tracker=bug.tracker)
    assert (cursor.found, cursor.silent_since is not None) == (1, True)


@pytest.mark.fault(47)
def test_47_the_cursor_is_gitlabs_time_not_ours(cast, mirrored, bug):
    mirrored._own("POST", "time", {"offset": 3600})
    poll_all()
    until = PollCursor.objects.get(tracker=bug.tracker).polled_until
    assert abs((until - timezone.now()).total_seconds() - 3600) < 30


@pytest.mark.fault(61)
def test_61_a_change_dated_years_ahead_does_not_end_polling(cast, mirrored, bug):
    change(mirrored, bug, title="In 2099")
    ahead = {**shown(mirrored, bug), "updated_at": "2099-01-01T00:00:00.000Z"}
    mirrored.fail("wrong_types", method="GET", path=r"/issues$", body=[ahead], times=1)
    poll_all()
    assert PollCursor.objects.get(tracker=bug.tracker).polled_until < timezone.now() + timedelta(days=2)
    other = filed(cast)
    change(mirrored, other, title="Today")
    poll_all()
    look_at_all()
    assert Issue.objects.get(pk=other.pk).title == "Today"


def test_what_was_looked_at_since_is_not_asked_for_again(cast, mirrored, bug):
    poll_all()
    look_at_all()
    PendingPull.objects.update(seen_at=timezone.now() + timedelta(minutes=2))
    assert poll_all() == 0


@pytest.mark.fault(48)
def test_48_a_poll_that_fails_keeps_its_place(cast, mirrored, bug):
    poll_all()
    before = PollCursor.objects.get(tracker=bug.tracker).polled_until
    PollCursor.objects.update(polled_until=before - timedelta(hours=1))
    mirrored.fail("server_error", method="GET", path=r"/issues$")
    poll_all()
    assert PollCursor.objects.get(tracker=bug.tracker).polled_until == before - timedelta(hours=1)


def test_more_changes_than_a_page_are_all_found(cast, mirrored, bug):
    project = mirror_of(bug).project_id
    for number in range(105):
        mirrored.api("POST", f"/projects/{project}/issues", title=f"Other {number}")
    change(mirrored, bug, title="The last of many")
    poll_all()
    look_at_all()
    assert Issue.objects.get(pk=bug.pk).title == "The last of many"


def test_nothing_is_polled_while_paused(cast, mirrored, bug):
    Connection.load().pause("For a test.")
    mirrored.forget()
    assert (poll_all(), mirrored.calls()) == (0, [])


def test_a_comparison_that_finds_nothing_says_so(cast, mirrored, bug):
    row = reconcile("open")
    assert (row.checked, row.drifted, row.missing, row.twins, row.finished_at is not None) == (1, 0, 0, 0, True)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"remove_labels": "Stage::Triage"}, "labels.state"),
        ({"title": "Drifted"}, "title"),
        ({"state_event": "close"}, "state"),
        ({"description": "All gone."}, "block"),
    ],
)
def test_drift_is_found_named_and_healed(cast, mirrored, bug, changed, field):
    change(mirrored, bug, by="colleague", **changed)
    row = reconcile("open")
    assert (row.drifted, row.findings[0][0], field in row.findings[0][1]) == (1, bug.pk, True)
    look_at_all()
    push_later(bug)
    assert reconcile("open").drifted == 0
    assert Issue.objects.get(pk=bug.pk).state == State.TRIAGE


@pytest.mark.fault(19)
def test_19_deleted_issues_are_found_by_comparing(cast, mirrored, bug):
    mirrored.api("DELETE", path_of(bug))
    assert reconcile("open").missing == 1
    look_at_all()
    minutes_after_it_was_not_found(bug)
    look_at_all()
    assert mirror_of(bug).status == "orphaned"


@pytest.mark.fault(62)
@pytest.mark.parametrize("what", ["a push", "a comment", "a look that waits"])
def test_62_what_is_under_way_while_it_is_compared_is_no_drift(cast, mirrored, bug, monkeypatch, what):
    """The list is read after the request; whatever arrives between the two is nobody's mistake."""
    from workflow.actions import comment, set_priority
    from workflow.gitlab import reconcile as comparison

    if what == "a look that waits":
        change(mirrored, bug, title="Somebody is at it")
        PendingPull.ask(bug.pk, thorough=True)
    read = comparison._list

    def meanwhile(*args):
        if what == "a push":
            set_priority(bug.pk, 1, by=cast.ops)
            push(bug)
        if what == "a comment":
            comment(bug.pk, "Just now.", by=cast.requester)
            push(bug)
        return read(*args)

    monkeypatch.setattr(comparison, "_list", meanwhile)
    row = reconcile("open")
    assert (row.drifted, row.findings) == (0, [])


@pytest.mark.fault(42)
def test_42_a_deleted_comment_is_found_by_comparing(cast, mirrored, bug):
    written = note(mirrored, bug, "Never mind.", by="colleague")
    look(bug)
    mirrored.api("DELETE", f"{path_of(bug)}/notes/{written['id']}")
    row = reconcile("open")
    assert row.findings == [[bug.pk, ["comments"]]]
    look_at_all()
    with time_machine.travel(timezone.now() + timedelta(minutes=4), tick=True):
        look_at_all()
    assert Comment.objects.get(issue=bug).deleted_at is not None


def test_a_comment_of_ours_deleted_in_gitlab_is_no_drift_for_ever(cast, mirrored, bug):
    from workflow.actions import comment

    comment(bug.pk, "Ours.", by=cast.requester)
    push(bug)
    (ours,) = mirrored.notes(mirror_of(bug))
    mirrored.api("DELETE", f"{path_of(bug)}/notes/{ours['id']}")
    assert reconcile("open").drifted == 1
    look_at_all()
    with time_machine.travel(timezone.now() + timedelta(minutes=4), tick=True):
        look_at_all()
    push_later(bug)
    assert reconcile("open").drifted == 0
    assert Comment.objects.get(issue=bug).deleted_at is None


@pytest.mark.fault(8)
def test_8_a_comparison_goes_on_where_it_stopped(cast, mirrored, bug):
    second = file_request(cast)
    push(second)
    row = Reconciliation.objects.create(scope="open", position=bug.pk, checked=1)
    row = reconcile("open")
    assert (row.checked, row.finished_at is not None, Reconciliation.objects.count()) == (2, True, 1)


@pytest.mark.fault(48)
def test_48_a_list_that_fails_finds_nothing_missing(cast, mirrored, bug):
    mirrored.fail("server_error", method="GET", path=r"/issues$", times=1)
    assert reconcile("open").finished_at is None
    row = reconcile("open")
    assert (row.missing, row.finished_at is not None) == (0, True)


def test_what_is_still_to_be_pushed_is_no_drift(cast, mirrored, bug):
    from workflow.actions import set_priority

    set_priority(bug.pk, 1, by=cast.ops)
    assert reconcile("open").drifted == 0


def twin_of(gitlab, issue):
    """A second issue of the bot with the request's mark."""
    mirror = mirror_of(issue)
    description = shown(gitlab, issue)["description"]
    return gitlab.api(
        "POST", f"/projects/{mirror.project_id}/issues", sudo="support-bot", title="Twin", description=description
    )


@pytest.mark.parametrize("find", [poll_all, lambda: reconcile("open")], ids=["polling", "comparing"])
def test_a_late_twin_is_closed_with_one_comment(cast, mirrored, bug, find):
    twin = twin_of(mirrored, bug)
    find()
    find()
    path = f"/projects/{twin['project_id']}/issues/{twin['iid']}"
    assert mirrored.api("GET", path)["state"] == "closed"
    notes = [one for one in mirrored.api("GET", f"{path}/notes") if not one["system"]]
    assert len(notes) == 1
    assert f"[SO-{bug.pk}]" in notes[0]["body"]
    assert shown(mirrored, bug)["state"] == "opened"


def test_a_copy_somebody_else_made_is_not_closed(cast, mirrored, bug):
    there = mirrored.api("GET", path_of(bug))
    text = {"title": there["title"], "description": there["description"]}
    copy = mirrored.api("POST", f"/projects/{there['project_id']}/issues", sudo="ops", **text)
    poll_all()
    reconcile("open")
    assert mirrored.api("GET", f"/projects/{copy['project_id']}/issues/{copy['iid']}")["state"] == "opened"


def test_the_issue_a_creation_is_looking_for_is_no_twin(cast, mirrored, bug):
    twin = twin_of(mirrored, bug)
    GitLabLink.objects.filter(pk=bug.pk).update(status=GitLabLink.Status.UNKNOWN)
    poll_all()
    assert mirrored.api("GET", f"/projects/{twin['project_id']}/issues/{twin['iid']}")["state"] == "opened"


def test_comparisons_are_due_again_after_their_time(cast, mirrored):
    assert set(due_scopes()) == {"open", "all"}
    reconcile("open")
    reconcile("all")
    assert due_scopes() == []
    Reconciliation.objects.filter(scope="open").update(started_at=timezone.now() - timedelta(minutes=61))
    assert due_scopes() == ["open"]

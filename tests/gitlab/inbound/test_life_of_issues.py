"""What happens to issues: moved, deleted, renamed, laid open, twinned, out of sight (rows 17 to 22, 24, 38, 48)."""

import json

import pytest

from supportops.accounts.models import User
from tests.factories import file_request, request_at, restrict
from tests.gitlab.inbound.hooks import issue_body
from tests.gitlab.inbound.looking import change, filed, look, mirror_of, note, path_of, push, push_later, shown, sync
from tests.gitlab.pushing import minutes_after_it_was_not_found
from workflow.actions import comment
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route, Tracker
from workflow.gitlab.deliveries import take_in
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, WebhookDelivery
from workflow.models import Comment, Event, Issue
from workflow.states import Source, State
from workflow.verbs import Act

pytestmark = pytest.mark.django_db


@pytest.fixture
def bug(cast, mirrored):
    """A bug in step with GitLab."""
    return filed(cast)


@pytest.fixture
def elsewhere(cast, mirrored):
    """Another tracker, its project known."""
    tracker = Route.objects.get(key="fix").tracker
    push(file_request(cast, Kind.BUG, route="fix"))
    return Tracker.objects.get(pk=tracker.pk)


def move_in_gitlab(gitlab, issue, project_id, *, by="ops"):
    """A person moves the issue in GitLab."""
    gitlab.api("POST", f"{path_of(issue)}/move", sudo=by, to_project_id=project_id)


@pytest.mark.fault(21)
def test_21_a_moved_issue_is_followed_and_never_closes_the_request(cast, mirrored, bug, elsewhere):
    before = mirror_of(bug)
    move_in_gitlab(mirrored, bug, elsewhere.project_id)
    bug = sync(bug)
    after = mirror_of(bug)
    assert (bug.state, bug.tracker) == (State.TRIAGE, elsewhere)
    assert (after.project_id, after.status) == (elsewhere.project_id, "in-step")
    assert after.web_url == shown(mirrored, bug)["web_url"] != before.web_url
    event = Event.objects.get(issue=bug, verb=Act.MOVE)
    assert (event.actor, event.source) == (cast.ops, Source.GITLAB)


@pytest.mark.fault(21)
def test_21_a_request_that_ended_follows_too(cast, mirrored, elsewhere):
    done = request_at(State.COMPLETED, cast=cast)
    push(done)
    look(done)
    move_in_gitlab(mirrored, done, elsewhere.project_id)
    done = sync(done)
    assert (done.state, done.tracker, shown(mirrored, done)["state"]) == (State.COMPLETED, elsewhere, "closed")


@pytest.mark.fault(21)
def test_21_a_move_doubles_no_comment_and_leaves_none_behind(cast, mirrored, bug, elsewhere):
    note(mirrored, bug, "From GitLab.", by="colleague")
    comment(bug.pk, "From the portal.", by=cast.requester)
    push(bug)
    look(bug)
    move_in_gitlab(mirrored, bug, elsewhere.project_id)
    bug = sync(bug)
    comment(bug.pk, "Later.", by=cast.requester)
    push(bug)
    look(bug)
    bodies = [one.body for one in Comment.objects.filter(issue=bug).order_by("pk")]
    assert bodies == ["From the portal.", "From GitLab.", "Later."]
    assert not Comment.objects.filter(issue=bug, deleted_at__isnull=False).exists()
    there = [one["id"] for one in mirrored.notes(mirror_of(bug))]
    assert set(OutgoingNote.objects.filter(issue=bug).values_list("note_id", flat=True)) <= set(there)
    assert len(there) == 3


@pytest.mark.fault(21)
def test_21_a_move_and_a_move_back_are_followed(cast, mirrored, bug, elsewhere):
    home = bug.tracker
    move_in_gitlab(mirrored, bug, elsewhere.project_id)
    bug = sync(bug)
    move_in_gitlab(mirrored, bug, Tracker.objects.get(pk=home.pk).project_id)
    assert sync(bug).tracker == home


@pytest.mark.fault(21)
def test_21_a_move_to_where_the_portal_has_no_tracker_waits_for_a_person(cast, mirrored, bug):
    Tracker.objects.exclude(pk=bug.tracker_id).update(project_id=None)
    target = mirrored.api("GET", "/projects/gitlab-com%2Fsupport%2Fteam")["id"]
    move_in_gitlab(mirrored, bug, target)
    bug = sync(bug)
    assert (bug.state, mirror_of(bug).status) == (State.TRIAGE, "parked")
    assert "no tracker of the portal" in mirror_of(bug).last_error


@pytest.mark.fault(19)
def test_19_a_deleted_issue_is_orphaned_and_nothing_is_created(cast, mirrored, bug):
    mirrored.api("DELETE", path_of(bug))
    mirrored.forget()
    assert mirror_of(sync(bug)).status == "in-step"
    minutes_after_it_was_not_found(bug)
    bug = sync(bug)
    assert (bug.state, mirror_of(bug).status) == (State.TRIAGE, "orphaned")
    assert mirrored.calls("POST") == []
    mirrored.forget()
    sync(bug)
    assert mirrored.calls("POST") == []


@pytest.mark.fault(20)
def test_20_a_renamed_project_changes_nothing_but_the_address(cast, mirrored, bug):
    mirror = mirror_of(bug)
    mirrored.api("PUT", f"/projects/{mirror.project_id}", path="renamed-tracker")
    change(mirrored, bug, title="After the renaming")
    bug = sync(bug)
    assert (bug.title, mirror_of(bug).status) == ("After the renaming", "in-step")


def test_12_a_restricted_request_laid_open_in_gitlab_is_quarantined_at_once(cast, mirrored):
    secret = restrict(request_at(State.TRIAGE, cast=cast))
    push(secret)
    look(secret)
    note(mirrored, secret, "Between us.", by="federal")
    change(mirrored, secret, by="ops", confidential=False, title="Laid open")
    mirrored.forget()
    secret = sync(secret)
    assert mirror_of(secret).status == "parked"
    assert "made visible to everyone" in mirror_of(secret).last_error
    assert mirrored.calls("PUT") == [] == mirrored.calls("POST")
    assert secret.title != "Laid open"


def test_12_an_open_request_hidden_in_gitlab_is_not_laid_open_by_us(cast, mirrored, bug):
    change(mirrored, bug, by="ops", confidential=True)
    bug = sync(bug)
    assert mirror_of(bug).status == "parked"
    assert shown(mirrored, bug)["confidential"] is True


@pytest.mark.fault(17)
def test_17_a_token_that_is_no_longer_known_pauses_and_loses_nothing(cast, mirrored, bug):
    change(mirrored, bug, title="While the token was gone")
    mirrored.fail("unauthorized", method="GET")
    look(bug)
    assert Connection.load().paused
    assert PendingPull.objects.get(pk=bug.pk).due_at is not None
    mirrored.heal()
    Connection.load().resume()
    assert look(bug).title == "While the token was gone"


@pytest.mark.fault(18)
def test_18_an_issue_the_bot_may_not_read_waits_alone_and_says_why(cast, mirrored, bug):
    other = filed(cast)
    change(mirrored, other, title="Read all the same")
    mirrored.fail("forbidden", method="GET", path=rf"/issues/{mirror_of(bug).iid}$", times=None)
    look(bug)
    waiting = PendingPull.objects.get(pk=bug.pk)
    assert waiting.last_error.startswith("GitLab does not let the bot read this issue")
    assert (waiting.refused_since is None, waiting.due_at is None, Connection.load().paused) == (False, False, False)
    assert look(other).title == "Read all the same"
    mirrored.heal()
    look(bug)
    assert PendingPull.objects.get(pk=bug.pk).refused_since is None


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    "fault",
    [
        {"name": "server_error", "path": r"/issues/\d+$"},
        {"name": "server_error", "path": r"/notes"},
        {"name": "html_instead_of_json", "path": r"/issues/\d+$"},
        {"name": "html_instead_of_json", "path": r"resource_label_events"},
        {"name": "wrong_types", "path": r"/issues/\d+$", "body": {"iid": "one"}},
        {"name": "wrong_types", "path": r"/notes", "body": [{"id": "x"}]},
        {"name": "wrong_types", "path": r"resource_state_events", "body": {"no": "list"}},
        {"name": "cut_reply", "path": r"/notes"},
        {"name": "hang", "path": r"/issues/\d+$", "seconds": 5},
    ],
    ids=lambda fault: f"{fault['name']} {fault['path']}",
)
def test_24_a_reply_that_is_none_changes_nothing_and_is_asked_again(cast, mirrored, bug, fault, settings):
    change(mirrored, bug, title="Through the storm", add_labels="p1")
    fault = dict(fault)
    if "seconds" in fault:
        settings.GITLAB_TIMEOUT_SECONDS = 1
    mirrored.fail(fault.pop("name"), method="GET", path=fault.pop("path"), times=1, **fault)
    before = Issue.objects.get(pk=bug.pk)
    after = look(bug)
    settings.GITLAB_TIMEOUT_SECONDS = 30
    assert (after.title, after.priority, after.version) == (before.title, before.priority, before.version)
    assert PendingPull.objects.get(pk=bug.pk).due_at is not None
    assert look(bug).title == "Through the storm"


@pytest.mark.fault(16)
def test_16_too_many_calls_put_the_look_off_without_sleeping(cast, mirrored, bug):
    mirrored.fail("rate_limited", method="GET", retry_after=3600)
    look(bug)
    due = PendingPull.objects.get(pk=bug.pk).due_at
    assert (due - mirror_of(bug).pushed_at).total_seconds() > 3000


def stored(body, key="key-1"):
    """A delivery as the receiver stores it."""
    from django.utils import timezone

    return WebhookDelivery.objects.create(key=key, event="Issue Hook", body=json.dumps(body), due_at=timezone.now())


@pytest.mark.fault(38)
def test_38_a_webhook_that_comes_before_the_link_is_matched_by_its_mark(cast, mirrored):
    bug = file_request(cast)
    marker = GitLabLink.objects.get(pk=bug.pk).marker
    description = f"<!-- supportops:begin {marker} -->\nwords\n<!-- supportops:end -->"
    delivery = stored(issue_body(5, 99, description=description))
    assert take_in(delivery.pk) == bug.pk
    assert Issue.objects.count() == 1
    sync(bug)
    assert PendingPull.objects.get(pk=bug.pk).due_at is not None
    push(bug)
    sync(bug)
    assert PendingPull.objects.get(pk=bug.pk).due_at is None


@pytest.mark.fault(38)
def test_38_a_mark_that_no_row_has_yet_is_looked_up_again(cast, mirrored):
    description = "<!-- supportops:begin supportops999xabc -->\nwords\n<!-- supportops:end -->"
    delivery = stored(issue_body(5, 99, description=description))
    assert take_in(delivery.pk) is None
    assert WebhookDelivery.objects.get(pk=delivery.pk).due_at is not None


def test_an_issue_that_is_nobodys_leads_to_nothing(cast, mirrored):
    delivery = stored(issue_body(5, 99))
    assert take_in(delivery.pk) is None
    assert (WebhookDelivery.objects.get().due_at, Issue.objects.count()) == (None, 0)


def test_the_body_of_a_confidential_delivery_is_not_kept(cast, mirrored, bug):
    mirror = mirror_of(bug)
    delivery = stored(issue_body(mirror.project_id, mirror.iid, title="Canary"))
    WebhookDelivery.objects.update(event="Confidential Issue Hook")
    take_in(delivery.pk)
    assert "Canary" not in WebhookDelivery.objects.get().body


@pytest.mark.fault(31)
@pytest.mark.parametrize("times", [1, 2])
def test_every_task_may_run_twice(cast, mirrored, bug, times):
    mirror = mirror_of(bug)
    change(mirrored, bug, title="Once or twice")
    delivery = stored(issue_body(mirror.project_id, mirror.iid))
    for _ in range(times):
        take_in(delivery.pk)
        look(bug)
        push_later(bug)
    assert Event.objects.filter(issue=bug, source=Source.GITLAB).count() == 1


@pytest.mark.fault(49)
def test_49_a_person_without_an_account_in_gitlab_stays_named_in_the_text(cast, mirrored, bug):
    User.objects.filter(pk=cast.other_ops.pk).update(gitlab_username="")
    from workflow.actions import assign

    assign(bug.pk, cast.other_ops, by=cast.ops)
    push(bug)
    assert sync(bug).assignee == cast.other_ops
    assert shown(mirrored, bug)["assignees"] == []

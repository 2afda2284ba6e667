"""Real hooks of a running GitLab into a running portal: stored, looked at, pushed back (rows 35 to 42)."""

import time

import pytest
import requests

from tests.factories import Cast, file_request
from tests.gitlab.inbound.looking import change, mirror_of, note, push, push_later, shown
from tests.gitlab.sandboxed import ADMIN
from workflow.catalogue.models import Tracker
from workflow.gitlab.connect import set_up_hook
from workflow.gitlab.deliveries import due_deliveries, take_in
from workflow.gitlab.models.connection import Budget, Connection
from workflow.gitlab.models.inbound import PendingPull, WebhookDelivery
from workflow.gitlab.pull import look_at
from workflow.models import Comment, Event, Issue
from workflow.models.event import UNDONE
from workflow.states import Source, State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def live(live_server, gitlab, settings):
    """The sandbox calling this portal; returns (the sandbox, the people, a bug in step)."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.PORTAL_URL = live_server.url
    Budget.objects.all().delete()
    Connection.objects.all().delete()
    cast = Cast()
    bug = file_request(cast, title="Views are empty")
    push(bug)
    set_up_hook(Tracker.objects.get(pk=bug.tracker_id))
    return gitlab, cast, bug


def settle(gitlab, issue):
    """Wait until GitLab called, then do what a worker does until nothing is left."""
    until = time.monotonic() + 60
    while not requests.get(f"{gitlab.url}/sandbox/hooks", headers={"PRIVATE-TOKEN": ADMIN}, timeout=30).json()["idle"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    for _ in range(3):
        for pk in due_deliveries():
            take_in(pk)
        for number in PendingPull.due_numbers():
            look_at(number)
        push_later(issue)
    return Issue.objects.get(pk=issue.pk)


def test_a_change_in_gitlab_arrives_by_its_hook(live):
    gitlab, cast, bug = live
    change(gitlab, bug, title="Changed there", add_labels="p1")
    bug = settle(gitlab, bug)
    assert (bug.title, bug.priority) == ("Changed there", 1)
    assert WebhookDelivery.objects.filter(issue=bug, due_at=None).exists()


def test_a_comment_in_gitlab_arrives_by_its_hook_and_comes_once(live):
    gitlab, cast, bug = live
    note(gitlab, bug, "Seen too.", by="colleague")
    settle(gitlab, bug)
    settle(gitlab, bug)
    assert [one.body for one in Comment.objects.filter(issue=bug)] == ["Seen too."]


def test_an_internal_comment_arrives_by_the_confidential_hook(live):
    gitlab, cast, bug = live
    note(gitlab, bug, "Between us.", internal=True)
    settle(gitlab, bug)
    assert Comment.objects.get(issue=bug).internal
    assert "Between us." not in "".join(WebhookDelivery.objects.values_list("body", flat=True))


def test_a_comment_of_quick_actions_moves_the_stage(live):
    gitlab, cast, bug = live
    note(gitlab, bug, "Valid, taking it.\n\n/label ~Stage::Design ~Zendesk ~p2")
    bug = settle(gitlab, bug)
    assert (bug.state, bug.system, bug.priority) == (State.DESIGN, "Zendesk", 2)


def test_a_step_that_is_not_allowed_is_undone_and_the_echoes_end(live):
    gitlab, cast, bug = live
    change(gitlab, bug, by="colleague", add_labels="Stage::Design", remove_labels="Stage::Triage")
    settle(gitlab, bug)
    bug = settle(gitlab, bug)
    assert bug.state == State.TRIAGE
    assert "Stage::Design" not in shown(gitlab, bug)["labels"]
    assert Event.objects.filter(issue=bug, verb=UNDONE).count() == 1
    assert len(gitlab.notes(mirror_of(bug))) == 1


@pytest.mark.fault(39)
def test_39_after_our_own_push_everything_comes_to_rest(live):
    gitlab, cast, bug = live
    settle(gitlab, bug)
    gitlab.forget()
    events = Event.objects.count()
    bug_now = settle(gitlab, bug)
    assert [call for call in gitlab.calls() if call[0] != "GET"] == []
    assert (Event.objects.count(), bug_now.version) == (events, bug.version)


def test_a_move_in_gitlab_arrives_as_two_hooks_and_is_one_move(live):
    gitlab, cast, bug = live
    other = file_request(cast, route="fix")
    push(other)
    target = Tracker.objects.get(pk=other.tracker_id)
    set_up_hook(target)
    mirror = mirror_of(bug)
    gitlab.api(
        "POST", f"/projects/{mirror.project_id}/issues/{mirror.iid}/move", sudo="ops", to_project_id=target.project_id
    )
    bug = settle(gitlab, bug)
    assert (bug.state, bug.tracker) == (State.TRIAGE, target)
    assert Event.objects.filter(issue=bug, source=Source.GITLAB).count() == 1

"""Hints become looks: as few as possible, none lost, and what nobody understands keeps nobody waiting."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.gitlab.inbound.hooks import issue_body
from tests.gitlab.inbound.looking import change, filed, look, mirror_of, path_of, push_later, shown
from workflow.actions import set_priority
from workflow.gitlab import tasks as gitlab_tasks
from workflow.gitlab.deliveries import TRIES, due_deliveries, forget_old, take_in
from workflow.gitlab.models.inbound import PendingPull, Reconciliation, RejectedWebhook, WebhookDelivery
from workflow.gitlab.pull import look_at
from workflow.gitlab.schemas import Hint, hint_of
from workflow.gitlab.status import needing_a_person
from workflow.models import Issue

pytestmark = pytest.mark.django_db


def stored(body, key="key-1", **fields):
    """A delivery as the receiver stores it."""
    text = body if isinstance(body, str) else json.dumps(body)
    return WebhookDelivery.objects.create(key=key, event="Issue Hook", body=text, due_at=timezone.now(), **fields)


@pytest.fixture
def bug(cast, mirrored):
    """A bug in step with GitLab."""
    return filed(cast)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (issue_body(5, 9), Hint(project_id=5, iid=9, by=7)),
        ({**issue_body(5, 9), "object_kind": "work_item"}, Hint(project_id=5, iid=9, by=7)),
        (
            {
                "object_kind": "note",
                "user": {"id": 7},
                "object_attributes": {"noteable_type": "Issue"},
                "issue": {"project_id": 5, "iid": 9},
            },
            Hint(project_id=5, iid=9, by=7),
        ),
        ({"object_kind": "note", "object_attributes": {"noteable_type": "MergeRequest"}, "issue": {}}, None),
        ({"object_kind": "milestone", "object_attributes": {}}, Hint(milestone=True)),
        ({"object_kind": "pipeline"}, None),
        ({"object_kind": ["issue"]}, None),
        ({"object_kind": "issue", "object_attributes": []}, None),
        (issue_body("5", 9), None),
        (issue_body(5, True), None),
        (issue_body(5, 2**70), None),
        (issue_body(-5, 9), None),
    ],
)
def test_a_hint_is_read_from_what_gitlab_sends_and_from_nothing_else(body, hint):
    assert hint_of(body) == hint


@pytest.mark.fault(33)
def test_many_hints_about_one_issue_are_one_look(cast, mirrored, bug):
    mirror = mirror_of(bug)
    for number in range(30):
        take_in(stored(issue_body(mirror.project_id, mirror.iid), key=f"replayed {number}").pk)
    mirrored.forget()
    look_at(bug.pk)
    look_at(bug.pk)
    assert mirrored.calls().count(("GET", path_of(bug))) == 1


def test_a_hint_that_comes_during_a_look_leaves_it_due(cast, mirrored, bug):
    PendingPull.ask(bug.pk, thorough=True)
    seen = PendingPull.objects.get(pk=bug.pk)
    PendingPull.ask(bug.pk, thorough=True)
    seen.done()
    assert PendingPull.objects.get(pk=bug.pk).due_at is not None


def test_one_that_cannot_be_understood_keeps_none_of_the_others_waiting(cast, mirrored, bug):
    mirror = mirror_of(bug)
    deep = stored('{"a":' * 50_000 + "1" + "}" * 50_000)
    good = stored(issue_body(mirror.project_id, mirror.iid), key="good")
    for pk in due_deliveries():
        take_in(pk)
    assert WebhookDelivery.objects.get(pk=good.pk).issue_id == bug.pk
    assert WebhookDelivery.objects.get(pk=deep.pk).due_at is None


def test_an_issue_with_an_unknown_mark_is_let_go_after_a_few_tries(cast, mirrored):
    description = "<!-- supportops:begin supportops999xabc -->\nwords\n<!-- supportops:end -->"
    delivery = stored(issue_body(5, 99, description=description), attempts=TRIES)
    take_in(delivery.pk)
    assert WebhookDelivery.objects.get(pk=delivery.pk).outcome == "No request owns this issue"


def test_what_was_understood_long_ago_is_deleted_what_was_not_stays(db, settings):
    settings.GITLAB_DELIVERIES_KEPT_DAYS = 3
    old, young = timezone.now() - timedelta(days=4), timezone.now() - timedelta(days=2)
    stored({}, key="old", received_at=old)
    WebhookDelivery.objects.create(key="done", body="{}", received_at=old, due_at=None)
    WebhookDelivery.objects.create(key="young", body="{}", received_at=young, due_at=None)
    assert forget_old() == 1
    assert set(WebhookDelivery.objects.values_list("key", flat=True)) == {"old", "young"}


def test_old_figures_are_deleted_a_comparison_that_still_runs_is_not(db, settings):
    old = timezone.now() - timedelta(days=settings.GITLAB_FIGURES_KEPT_DAYS + 2)
    for day in (old.date(), timezone.localdate()):
        RejectedWebhook.objects.create(day=day, reason="forged")
    for scope, finished in (("open", old), ("open", timezone.now()), ("all", None)):
        Reconciliation.objects.create(scope=scope, started_at=old, finished_at=finished)
    forget_old()
    assert (RejectedWebhook.objects.count(), Reconciliation.objects.count()) == (1, 2)


@pytest.mark.fault(7, 31)
def test_the_sweep_finds_what_no_wake_up_reached(cast, mirrored, bug):
    mirror = mirror_of(bug)
    change(mirrored, bug, title="Nobody woke up")
    stored(issue_body(mirror.project_id, mirror.iid))
    gitlab_tasks.sweep_inbound()
    gitlab_tasks.look_at_issue(bug.pk)
    assert Issue.objects.get(pk=bug.pk).title == "Nobody woke up"


def test_every_periodic_task_of_the_inward_half_runs_twice_in_a_row(cast, mirrored, bug):
    for _ in range(2):
        gitlab_tasks.sweep_inbound()
        gitlab_tasks.poll_gitlab()
        gitlab_tasks.reconcile_gitlab("open")
        gitlab_tasks.reconcile_gitlab("all")
        gitlab_tasks.go_on_reconciling()
    assert mirror_of(bug).status == "in-step"


def test_a_look_that_fails_three_times_waits_for_a_person_and_pushing_goes_on(cast, mirrored, bug):
    change(mirrored, bug, due_date=(timezone.localdate() + timedelta(days=20)).isoformat())
    answer = {**shown(mirrored, bug), "due_date": "soon"}
    mirrored.fail("wrong_types", method="GET", path=r"/issues/\d+$", body=answer, times=3)
    PendingPull.ask(bug.pk, thorough=True)
    for _ in range(3):
        PendingPull.objects.update(due_at=timezone.now())
        look_at(bug.pk)
    failed = PendingPull.objects.get(pk=bug.pk)
    assert (failed.due_at, failed.last_error) == (None, "The portal failed (ValueError). Its log says more.")
    assert [issue.pk for issue in needing_a_person(cast.ops)] == [bug.pk]
    set_priority(bug.pk, 1, by=cast.ops)
    push_later(bug)
    assert "p1" in shown(mirrored, bug)["labels"]


def test_a_poisoned_look_keeps_no_other_waiting(cast, mirrored, bug):
    other = filed(cast)
    PendingPull.objects.filter(pk=bug.pk).update(due_at=None, last_error="The portal failed.")
    change(mirrored, other, title="Goes on")
    assert look(other).title == "Goes on"
    assert PendingPull.due_numbers() == []

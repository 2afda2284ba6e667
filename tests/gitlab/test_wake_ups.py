"""A change wakes a worker; a wake-up that is lost is made up for by the sweep."""

from datetime import timedelta

import pytest
from celery import Celery, current_app
from django.utils import timezone
from structlog.testing import capture_logs

from tests.factories import file_request
from tests.gitlab.pushing import push
from workflow import enqueue, tasks
from workflow.actions import comment
from workflow.actions.signals import issue_changed
from workflow.catalogue.kinds import Kind
from workflow.gitlab import tasks as gitlab_tasks
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.push import numbers_with_work
from workflow.models.lease import Lease

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch):
    """Numbers the broker was asked to wake a worker for."""
    numbers = []
    monkeypatch.setattr(enqueue, "_silent_until", 0.0)
    monkeypatch.setattr(
        current_app._get_current_object(), "send_task", lambda name, args, **how: numbers.append((name, args[0]))
    )
    return numbers


def test_a_committed_change_wakes_a_worker(cast, woken, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        issue = file_request(cast, Kind.BUG)
    assert ("workflow.gitlab.tasks.push_issue", issue.pk) in woken


@pytest.mark.fault(30)
def test_a_broker_that_is_away_costs_nobody_anything(monkeypatch):
    nobody = Celery(broker="redis://127.0.0.1:9/0", set_as_current=False)
    nobody.conf.broker_transport_options = {"max_retries": 1, "interval_start": 0}
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)  # Celery lets it win over the argument
    monkeypatch.setattr(enqueue, "current_app", nobody)
    monkeypatch.setattr(enqueue, "_silent_until", 0.0)
    with capture_logs() as logs:
        issue_changed.send(sender=None, number=1)
        issue_changed.send(sender=None, number=2)
    assert [(entry["event"], entry["ids"]) for entry in logs] == [("wake_up_lost", [1])]


@pytest.mark.fault(2, 30, 31)
def test_the_sweep_finds_what_no_wake_up_did(cast, woken):
    issue = file_request(cast, Kind.BUG)
    gitlab_tasks.sweep_mirror()
    assert woken == [("workflow.gitlab.tasks.push_issue", issue.pk)]


def test_the_sweep_finds_a_comment_on_a_request_in_step(cast, mirrored):
    issue = file_request(cast, Kind.BUG)
    push(issue)
    assert numbers_with_work() == []
    comment(issue.pk, "Hello.", by=cast.requester)
    assert numbers_with_work() == [issue.pk]


def test_the_sweep_leaves_alone_what_somebody_holds(cast):
    issue = file_request(cast, Kind.BUG)
    GitLabLink.objects.claim(issue.pk)
    assert numbers_with_work() == []


def test_the_sweep_leaves_alone_what_waits_for_a_person(cast, mirrored):
    issue = file_request(cast, Kind.BUG)
    mirrored.fail("unprocessable", path=r"/issues$")
    push(issue)
    comment(issue.pk, "Hello.", by=cast.requester)
    assert numbers_with_work() == []


def test_a_paused_connection_lets_everybody_sleep(cast):
    file_request(cast, Kind.BUG)
    Connection.load().pause("Until Monday.")
    assert numbers_with_work() == []


def test_the_longest_due_goes_first(cast):
    old, new = file_request(cast, Kind.BUG), file_request(cast, Kind.BUG)
    GitLabLink.objects.filter(pk=new.pk).update(due_at=timezone.now() - timedelta(hours=1))
    assert numbers_with_work() == [new.pk, old.pk]


@pytest.mark.fault(32)
def test_two_beats_sweep_once(cast, woken):
    file_request(cast, Kind.BUG)
    with Lease.hold("sweep"):
        gitlab_tasks.sweep_mirror()
    assert woken == []


@pytest.mark.fault(31)
def test_every_task_may_run_twice(cast, mirrored, woken):
    issue = file_request(cast, Kind.BUG)
    for _ in range(2):
        gitlab_tasks.push_issue(issue.pk)
        gitlab_tasks.sweep_mirror()
        tasks.tick_calendar()
        gitlab_tasks.sync_milestones()
    mirror = GitLabLink.objects.get(pk=issue.pk)
    assert (mirror.status, len(mirrored.with_marker(mirror))) == ("in-step", 1)

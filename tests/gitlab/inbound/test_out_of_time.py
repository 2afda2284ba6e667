"""A slow GitLab and a database away for a moment cost time only: nothing is parked and no attempt is burnt."""

from types import SimpleNamespace

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError
from django.utils import timezone

from tests.factories import accept, file_request
from tests.gitlab.inbound.looking import filed, look, mirror_of, note, push, push_later
from tests.gitlab.pushing import out_of_quarantine
from workflow.actions import comment
from workflow.gitlab import pull, session
from workflow.gitlab import push as pushing
from workflow.gitlab.client import Gateway
from workflow.gitlab.converge import looking_fails
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.retry import POISON
from workflow.models import Comment

pytestmark = pytest.mark.django_db


def too_late(*args, **fields):
    """What Celery does to a task at its soft limit, wherever that is just then."""
    raise SoftTimeLimitExceeded


@pytest.mark.fault(11)
def test_a_push_that_meets_the_tasks_limit_is_put_off_for_nothing(cast, mirrored, monkeypatch):
    issue = file_request(cast)
    push(issue)
    accept(issue, cast)
    with monkeypatch.context() as slow:
        slow.setattr(Gateway, "update_issue", too_late)
        for _ in range(4):
            mirror = push_later(issue)
    assert (mirror.status, mirror.parked, mirror.attempts, mirror.lease) == ("behind", False, 0, None)
    assert push_later(issue).status == "in-step"


@pytest.mark.fault(11)
def test_a_creation_that_meets_it_is_looked_for_and_not_made_twice(cast, mirrored, monkeypatch):
    issue = file_request(cast)
    with monkeypatch.context() as slow:
        real = Gateway.create_issue
        slow.setattr(Gateway, "create_issue", lambda *args: (real(*args), too_late()))
        assert push(issue).status == "creating"
    out_of_quarantine(issue)
    mirror = out_of_quarantine(issue)
    assert (mirror.status, len(mirrored.with_marker(mirror))) == ("in-step", 1)


@pytest.mark.fault(11)
def test_a_look_that_meets_it_is_put_off_for_nothing(cast, mirrored, monkeypatch):
    issue = filed(cast)
    note(mirrored, issue, "Somebody says something.")
    with monkeypatch.context() as slow:
        slow.setattr(pull, "observe", too_late)
        PendingPull.ask(issue.pk, thorough=True)
        for _ in range(POISON + 1):
            PendingPull.objects.filter(pk=issue.pk, due_at__isnull=False).update(due_at=timezone.now())
            pull.look_at(issue.pk)
    row = PendingPull.objects.get(pk=issue.pk)
    assert (looking_fails(issue.pk), row.due_at is not None, row.attempts) == (False, True, 0)
    look(issue)
    assert Comment.objects.filter(issue=issue).exists()


@pytest.mark.fault(11)
def test_all_rounds_together_end_before_the_tasks_limit(cast, mirrored, monkeypatch):
    issue = file_request(cast)
    push(issue)
    for number in range(12):
        comment(issue.pk, f"Words {number}.", by=cast.requester)
    clock, spend = [0], Connection.spend

    def slowly(*args, **fields):
        clock[0] += 5
        return spend(*args, **fields)

    monkeypatch.setattr(Connection, "spend", slowly)
    for module in (pushing, session):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    mirror = push(issue)
    assert clock[0] == 25
    assert (mirror.parked, mirror.attempts, mirror.lease) == (False, 0, None)


def failing(times, real):
    """``real``, but the database is away for the first so many calls."""
    left = [times]

    def call(*args, **fields):
        left[0] -= 1
        if left[0] >= 0:
            raise OperationalError("the connection is gone")
        return real(*args, **fields)

    return call


def test_a_push_gives_its_row_back_though_the_database_was_away(cast, mirrored, monkeypatch):
    issue = file_request(cast)
    monkeypatch.setattr(session, "PAUSES", (0, 0))
    monkeypatch.setattr(pushing, "settle", failing(1, pushing.settle))
    monkeypatch.setattr(GitLabLink, "release", failing(2, GitLabLink.release))
    mirror = push(issue)
    assert (mirror.lease, mirror.leased_until, mirror.attempts) == (None, None, 1)
    assert push_later(issue).status == "in-step"


def test_a_look_gives_it_back_too(cast, mirrored, monkeypatch):
    issue = filed(cast)
    monkeypatch.setattr(session, "PAUSES", (0, 0))
    monkeypatch.setattr(PendingPull, "put_off", failing(1, PendingPull.put_off))
    monkeypatch.setattr(pull, "observe", failing(1, pull.observe))
    monkeypatch.setattr(GitLabLink, "release", failing(2, GitLabLink.release))
    look(issue)
    assert mirror_of(issue).lease is None
    assert PendingPull.objects.get(pk=issue.pk).due_at is not None


def test_a_database_that_stays_away_is_not_asked_for_ever(cast, mirrored, monkeypatch):
    issue = file_request(cast)
    monkeypatch.setattr(session, "PAUSES", (0, 0))
    monkeypatch.setattr(pushing, "settle", failing(1, pushing.settle))
    monkeypatch.setattr(GitLabLink, "release", failing(99, GitLabLink.release))
    with pytest.raises(OperationalError):
        push(issue)

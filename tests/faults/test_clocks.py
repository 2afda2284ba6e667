"""Clocks that are wrong, or change: nothing is tried too early, nothing is missed (row 47).

Only the portal's clock is moved; GitLab's own goes right, and its ``Date`` is what quarantines and polls go by.
"""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories import file_request
from tests.gitlab.inbound.looking import change, filed
from tests.gitlab.pushing import out_of_quarantine, push, push_later
from workflow.gitlab.client import Gateway
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.inbound import PendingPull, PollCursor
from workflow.gitlab.poll import poll_all
from workflow.gitlab.pull import look_at
from workflow.gitlab.push import push_issue
from workflow.gitlab.session import in_seconds
from workflow.models import Issue

pytestmark = [pytest.mark.django_db, pytest.mark.fault(47)]
ISSUES = r"/projects/\d+/issues$"
HOUR = timedelta(hours=1)
WRONG = pytest.mark.parametrize("off", [HOUR, -HOUR], ids=["an hour ahead", "an hour behind"])


@pytest.fixture
def our_clock(monkeypatch):
    """``with our_clock(off):`` the portal's clock is off by that much."""
    right = timezone.now

    @contextmanager
    def moved(off):
        with monkeypatch.context() as patched:
            patched.setattr(timezone, "now", lambda: right() + off)
            yield

    return moved


def looked_for(gitlab):
    """Whether the bot listed its issues to find one."""
    return any(path.endswith("/issues") for _, path in gitlab.calls("GET"))


def test_a_clock_that_jumps_ahead_shortens_no_quarantine(cast, mirrored, settings, our_clock):
    settings.GITLAB_QUARANTINE_SECONDS = 150
    issue = file_request(cast)
    mirrored.fail("commit_late", path=ISSUES, seconds=600)
    assert push(issue).status == "unknown"
    mirrored.forget()
    with our_clock(HOUR):
        mirror = push(issue)
    assert (mirror.status, mirror.empty_looks, looked_for(mirrored)) == ("unknown", 0, False)
    assert mirrored.calls("POST") == []


@WRONG
def test_an_unconfirmed_creation_is_found_by_a_clock_that_is_wrong(cast, mirrored, our_clock, off):
    issue = file_request(cast)
    mirrored.fail("apply_then_timeout", path=ISSUES)
    with our_clock(off):
        begun = push_later(issue).creating_since
        assert abs((begun - datetime.now(UTC)).total_seconds()) < 60, "by GitLab's clock, not by ours"
        assert push_later(issue).status == "unknown", "the quarantine is not over"
        GitLabLink.objects.filter(pk=issue.pk).update(creating_since=datetime.now(UTC) - timedelta(minutes=10))
        mirror = push_later(issue)
    assert (mirror.status, len(mirrored.with_marker(mirror))) == ("in-step", 1)


def test_a_worker_whose_clock_is_ahead_takes_a_lease_too_early_and_creates_nothing_twice(
    cast, mirrored, our_clock, monkeypatch
):
    issue, create = file_request(cast), Gateway.create_issue

    def meanwhile(gateway, *what):
        monkeypatch.setattr(Gateway, "create_issue", create)
        with our_clock(HOUR):
            push_issue(issue.pk)
        assert mirrored.calls("POST") == [], "the early one waits: it sees that a creation was begun"
        return create(gateway, *what)

    monkeypatch.setattr(Gateway, "create_issue", meanwhile)
    push(issue)
    mirror = out_of_quarantine(issue)
    assert (mirror.status, len(mirrored.with_marker(mirror))) == ("in-step", 1)


@WRONG
def test_no_poll_is_lost_by_a_clock_that_is_wrong(cast, mirrored, our_clock, off):
    bug = filed(cast)
    with our_clock(off):
        poll_all()
        until = PollCursor.objects.get(tracker=bug.tracker).polled_until
        assert abs((until - datetime.now(UTC)).total_seconds()) < 60, "by GitLab's clock, not by ours"
    PendingPull.objects.update(due_at=None, seen_at=None)
    change(mirrored, bug, title="Changed after that")
    with our_clock(off):
        poll_all()
        for number in PendingPull.due_numbers():
            look_at(number)
    assert Issue.objects.get(pk=bug.pk).title == "Changed after that"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(
    "change", ["2026-03-29T00:59:30", "2026-10-25T00:59:30", "2026-03-08T06:59:30", "2026-11-01T05:59:30"]
)
def test_a_minute_is_a_minute_when_the_hour_is_doubled_or_left_out(cast, settings, monkeypatch, zone, change):
    settings.TIME_ZONE = zone
    moment = datetime.fromisoformat(change).replace(tzinfo=UTC)
    issue = file_request(cast)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    with timezone.override(zone):
        GitLabLink.objects.filter(pk=issue.pk).update(due_at=in_seconds(60))
        due = GitLabLink.objects.get(pk=issue.pk).due_at
        assert due - moment == timedelta(minutes=1)
        assert not GitLabLink.objects.due(moment + timedelta(seconds=59)).filter(pk=issue.pk).exists()
        assert GitLabLink.objects.due(moment + timedelta(seconds=60)).filter(pk=issue.pk).exists()

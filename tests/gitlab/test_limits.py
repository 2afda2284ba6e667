"""GitLab's limits: one budget for all workers, one 429 at most, trackers in turn, people before what can wait."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories import accept, file_request
from tests.gitlab.pushing import push
from workflow.actions import comment
from workflow.catalogue.kinds import Kind
from workflow.gitlab.errors import RateLimited
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models import connection as connection_models
from workflow.gitlab.models.connection import Budget, Connection
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.poll import metered_reader
from workflow.gitlab.push import numbers_with_work, push_issue
from workflow.gitlab.session import LookRun

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_minute(time_machine):
    """All of a test happens within one minute, however busy the machine is."""
    time_machine.move_to("2026-11-21T12:00:00Z", tick=False)


def paid(name, limit, tries):
    """How many of so many calls the budget let through."""
    through = 0
    for _ in range(tries):
        try:
            Budget.pay(name, limit)
            through += 1
        except RateLimited:
            pass
    return through


def connection_with(**limits):
    """The connection with these limits a minute."""
    connection = Connection.load()
    for name, value in limits.items():
        setattr(connection, f"{name}_per_minute", value)
    connection.save()
    return connection


@pytest.mark.parametrize("limit", [1, 49, 99, 100, 280, 1800])
def test_calls_that_are_paid_for_in_advance_are_as_many_as_the_limit_says(limit):
    assert paid("things", limit, limit + 60) == limit


def test_workers_together_stay_within_it_whatever_each_holds_in_advance(monkeypatch):
    through = 0
    for turn in range(700):
        monkeypatch.setattr(connection_models.os, "getpid", lambda worker=turn % 4: worker)
        through += paid("things", 500, 1)
    assert 500 - 4 * (500 // Budget.AT_ONCE) < through <= 500


def test_what_was_paid_for_ends_with_its_minute(time_machine):
    Budget.pay("things", 500)
    time_machine.shift(timedelta(seconds=61))
    assert paid("things", 500, 600) == 500


def test_ten_calls_cost_few_queries(django_assert_max_num_queries):
    Budget.pay("things", 1800)
    with django_assert_max_num_queries(2):
        assert paid("things", 1800, 10) == 10


@pytest.mark.fault(16)
def test_a_429_ends_what_was_paid_for_in_advance():
    Budget.pay("things", 500)
    Budget.block("things", 60)
    assert paid("things", 500, 5) == 0


def test_the_limit_for_all_calls_stops_all_of_them_whichever_met_it(cast, mirrored):
    issue, other = file_request(cast), file_request(cast)
    push(issue)
    comment(issue.pk, "Hello.", by=cast.requester)
    mirrored.fail("rate_limited", path="/notes$", retry_after=60)
    push(issue)
    mirrored.forget()
    assert push(other).status == "behind"
    assert mirrored.calls() == []


def test_the_limit_for_comments_stops_comments_only(cast, mirrored):
    issue, other = file_request(cast), file_request(cast)
    push(issue)
    mirrored.limit(note_create=1)
    for words in ("One.", "Two."):
        comment(issue.pk, words, by=cast.requester)
    push(issue)
    assert Budget.objects.get(name=Budget.NOTES).blocked_until > timezone.now()
    assert push(other).status == "in-step"


@pytest.mark.fault(16)
def test_of_many_that_are_due_one_meets_the_429(cast, mirrored):
    waiting = [file_request(cast) for _ in range(6)]
    mirrored.limit(issue_create=2)
    mirrored.forget()
    for issue in waiting:
        push_issue(issue.pk)
    assert sum(method == "POST" for method, _ in mirrored.calls()) == 3
    assert set(GitLabLink.objects.filter(status="behind").values_list("attempts", flat=True)) == {0}


def test_trackers_take_turns(cast):
    crowd = [file_request(cast, Kind.BUG) for _ in range(4)]
    lone = file_request(cast, Kind.ADMINISTRATIVE)
    GitLabLink.objects.exclude(pk=lone.pk).update(due_at=timezone.now() - timedelta(hours=1))
    assert set(numbers_with_work(limit=2)) == {crowd[0].pk, lone.pk}


def test_looks_take_turns_by_tracker_too(cast):
    crowd = [file_request(cast, Kind.BUG) for _ in range(3)]
    lone = file_request(cast, Kind.ADMINISTRATIVE)
    for issue in (*crowd, lone):
        PendingPull.ask(issue.pk, thorough=True)
    assert PendingPull.due_numbers(limit=2) == [crowd[0].pk, lone.pk]


CANNOT_BE_SENT = {
    "parked": {"status": "parked", "iid": 8},
    "gone from GitLab and let go": {"status": "orphaned", "iid": 8},
    "not there yet": {"status": "unknown"},
    "held by somebody": {"iid": 8, "leased_until": datetime(2026, 11, 21, 13, tzinfo=UTC)},
}


@pytest.mark.parametrize("why", CANNOT_BE_SENT)
def test_comments_that_cannot_be_sent_hide_none_that_can(cast, why):
    stuck, well = file_request(cast), file_request(cast)
    for number in range(11):  # one more than the sweep looks at for a limit of one
        comment(stuck.pk, f"Words {number}", by=cast.requester)
    comment(well.pk, "Hello.", by=cast.requester)
    GitLabLink.objects.update(due_at=None, status="in-step", project_id=1)
    GitLabLink.objects.filter(pk=well.pk).update(iid=7)
    GitLabLink.objects.filter(pk=stuck.pk).update(**CANNOT_BE_SENT[why])
    assert numbers_with_work(limit=1) == [well.pk]


def test_comments_do_not_wait_for_all_the_issues(cast, mirrored):
    issue = file_request(cast)
    push(issue)
    comment(issue.pk, "Hello.", by=cast.requester)
    crowd = [file_request(cast) for _ in range(4)]
    GitLabLink.objects.filter(pk__in=[other.pk for other in crowd]).update(due_at=timezone.now() - timedelta(hours=1))
    assert OutgoingNote.objects.get(issue=issue).due_at is not None
    assert issue.pk in numbers_with_work(limit=2)


def test_what_can_wait_leaves_half_of_the_budget_to_people(cast, mirrored):
    connection = connection_with(requests=20)
    reader = metered_reader(connection)
    with pytest.raises(RateLimited):
        for _ in range(20):
            reader.version()
    assert len(mirrored.calls()) == 10
    issue = file_request(cast)
    assert push(issue).status == "in-step"


def test_looks_leave_a_part_of_it_to_what_people_do_in_the_portal(cast, mirrored):
    connection, issue = connection_with(requests=40), file_request(cast)
    push(issue)
    while connection_spends(connection, LookRun.share):
        pass
    accept(issue, cast)
    assert push(issue).status == "in-step"


def connection_spends(connection, share):
    """Whether another call with this share of the budgets was let through."""
    try:
        connection.spend(Budget.REQUESTS, share=share)
    except RateLimited:
        return False
    return True

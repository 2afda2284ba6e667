"""Work that kills whoever does it is taken from everybody after the third death (row 10)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import file_request
from tests.gitlab.inbound.hooks import issue_body
from tests.gitlab.inbound.test_hints import stored
from tests.gitlab.pushing import push, push_later
from workflow.gitlab import deliveries
from workflow.gitlab import push as pushing
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.inbound import PendingPull, WebhookDelivery
from workflow.gitlab.operations import retry
from workflow.gitlab.pull import look_at
from workflow.gitlab.push import numbers_with_work
from workflow.gitlab.status import in_need_of_a_person
from workflow.models.outgoing import POISON

pytestmark = [pytest.mark.django_db, pytest.mark.fault(10)]


def die_holding(issue):
    """A worker claims the request and is never heard of again; its lease lapses."""
    assert GitLabLink.objects.claim(issue.pk) is not None
    lapse(issue)


def lapse(issue):
    GitLabLink.objects.filter(pk=issue.pk).update(leased_until=timezone.now() - timedelta(seconds=1))


def test_what_killed_three_workers_in_a_row_waits_for_a_person(cast):
    issue = file_request(cast)
    for _ in range(POISON):
        die_holding(issue)

    pushing.push_issue(issue.pk)

    mirror = GitLabLink.objects.get(pk=issue.pk)
    assert (mirror.status, mirror.due_at, mirror.lease) == ("parked", None, None)
    assert "3 workers in a row died" in mirror.last_error
    assert numbers_with_work() == []
    assert [row["issue"] for row in in_need_of_a_person()] == [issue.pk]


def test_two_deaths_are_bad_luck(cast, mirrored):
    issue = file_request(cast)
    for _ in range(POISON - 1):
        die_holding(issue)
    assert push(issue).status == "in-step"


def test_deaths_count_only_in_a_row(cast, mirrored):
    issue = file_request(cast)
    for _ in range(2):
        for _ in range(POISON - 1):
            die_holding(issue)
        mirrored.fail("server_error", method="GET")
        push(issue)  # a failure like any other: the worker lives, and gives the row back
        GitLabLink.objects.filter(pk=issue.pk).update(due_at=timezone.now())
    assert push_later(issue).status == "in-step"


def test_a_person_who_retries_gives_it_three_more(cast, mirrored):
    issue = file_request(cast)
    for _ in range(POISON):
        die_holding(issue)
    pushing.push_issue(issue.pk)
    retry(issue.pk, by=cast.ops)
    assert push(issue).status == "in-step"


def test_a_worker_out_of_memory_leaves_the_row_as_a_dead_one_does(cast, mirrored, monkeypatch):
    def hungry(run):
        raise MemoryError

    issue = file_request(cast)
    with monkeypatch.context() as patched:
        patched.setattr(pushing, "_send_everything", hungry)
        for _ in range(POISON):
            pushing.push_issue(issue.pk)
            lapse(issue)
    pushing.push_issue(issue.pk)
    assert GitLabLink.objects.get(pk=issue.pk).parked


def test_a_look_that_kills_is_quarantined_too(cast, mirrored):
    issue = file_request(cast)
    push(issue)
    for _ in range(POISON):
        assert GitLabLink.objects.hold(issue.pk)
        lapse(issue)
    PendingPull.ask(issue.pk, thorough=True)

    assert look_at(issue.pk) is False

    assert PendingPull.due_numbers() == []
    assert [row["issue"] for row in in_need_of_a_person()] == [issue.pk]


def test_a_delivery_that_kills_is_let_go_and_the_next_one_is_read_meanwhile(cast, monkeypatch):
    poison, good = stored({"poison": True}), stored(issue_body(5, 9), key="good")

    def deadly(pk):
        if pk == poison.pk:
            raise SystemExit("as good as killed")

    monkeypatch.setattr(deliveries, "_take_in", deadly)
    for _ in range(deliveries.TRIES + 1):
        with pytest.raises(SystemExit):
            deliveries.take_in(poison.pk)
        assert deliveries.due_deliveries() == [good.pk], "it comes back only after a while"
        WebhookDelivery.objects.filter(pk=poison.pk).update(due_at=timezone.now() - timedelta(hours=1))
    deliveries.take_in(poison.pk)
    assert WebhookDelivery.objects.get(pk=poison.pk).due_at is None

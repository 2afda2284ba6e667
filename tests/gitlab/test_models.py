"""Budgets, leases and claims hold between workers, by one conditional UPDATE each."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories import file_request
from workflow.gitlab.errors import RateLimited
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import Budget, Connection
from workflow.models.lease import Lease


@pytest.mark.django_db
def test_a_budget_lets_so_many_calls_through_and_says_how_long_to_wait():
    for _ in range(3):
        Budget.spend("notes", 3)
    with pytest.raises(RateLimited) as refused:
        Budget.spend("notes", 3)
    assert 1 <= refused.value.retry_after <= 60


@pytest.mark.django_db
def test_a_new_minute_is_a_new_budget(time_machine):
    time_machine.move_to("2026-11-21T12:00:00Z")
    Budget.spend("notes", 1)
    time_machine.move_to("2026-11-21T12:01:01Z")
    Budget.spend("notes", 1)
    assert Budget.objects.get().count == 1


@pytest.mark.django_db
def test_a_block_ends_by_itself(time_machine):
    time_machine.move_to("2026-11-21T12:00:00Z")
    Budget.block("notes", 90)
    with pytest.raises(RateLimited):
        Budget.spend("notes", 10)
    time_machine.move_to("2026-11-21T12:01:31Z")
    Budget.spend("notes", 10)


@pytest.mark.fault(32)
@pytest.mark.django_db
def test_a_lease_is_held_by_one_and_free_afterwards():
    with Lease.hold("sweep") as first, Lease.hold("sweep") as second:
        pass
    with Lease.hold("sweep") as third:
        pass
    assert (first, second, third) == (True, False, True)


@pytest.mark.fault(32)
@pytest.mark.django_db
def test_the_lease_of_a_crashed_holder_lapses(time_machine):
    time_machine.move_to("2026-11-21T12:00:00Z")
    abandoned = Lease.hold("sweep", seconds=30)
    abandoned.__enter__()
    time_machine.move_to("2026-11-21T12:00:31Z")
    with Lease.hold("sweep") as held:
        assert held


@pytest.mark.django_db
def test_the_first_reason_of_a_pause_stays():
    Connection.load().pause("The token is gone.")
    Connection.load().pause("Something else.")
    assert Connection.load().paused_reason == "The token is gone."


@pytest.mark.fault(3, 9)
@pytest.mark.django_db
def test_a_claimed_mirror_is_nobody_elses_until_its_lease_lapses(cast, time_machine):
    time_machine.move_to(timezone.now())
    issue = file_request(cast)
    first = GitLabLink.objects.claim(issue.pk)
    assert GitLabLink.objects.claim(issue.pk) is None
    time_machine.shift(timedelta(seconds=121))
    second = GitLabLink.objects.claim(issue.pk)
    assert second.lease != first.lease


@pytest.mark.fault(9)
@pytest.mark.django_db
def test_whoever_lost_the_lease_writes_nothing_more(cast, time_machine):
    time_machine.move_to(timezone.now())
    issue = file_request(cast)
    first = GitLabLink.objects.claim(issue.pk)
    time_machine.shift(timedelta(seconds=121))
    GitLabLink.objects.claim(issue.pk)
    assert first.release(last_error="from the grave") is False
    assert GitLabLink.objects.get(pk=issue.pk).last_error == ""


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_claims(cast):
    issue = file_request(cast)
    start, claims = threading.Barrier(6), []

    def work():
        start.wait()
        claims.append(GitLabLink.objects.claim(issue.pk))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len([claim for claim in claims if claim]) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_spend_exactly_the_budget():
    Budget.spend("notes", 10)
    start, spent = threading.Barrier(6), []

    def work():
        start.wait()
        for _ in range(4):
            try:
                Budget.spend("notes", 10)
                spent.append(1)
            except RateLimited:
                pass
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(spent) == 9

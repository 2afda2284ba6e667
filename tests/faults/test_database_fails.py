"""The database drops a transaction, is away, is contended, or ends one of two that wait for each other (rows 26 to 29).

Runs on both databases; what only PostgreSQL does, only there.
"""

import threading
from contextlib import contextmanager

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client

from tests.factories import Cast, file_request
from tests.gitlab.pushing import out_of_quarantine, push, push_later
from workflow.actions import Incomplete, Refused, Stale, comment, locking, take_step, transition
from workflow.gitlab import converge
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import Budget, Connection
from workflow.gitlab.session import Run
from workflow.models import Comment, Event, Issue
from workflow.states import Outcome, State
from workflow.verbs import Verb

ON_POSTGRESQL = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite lives in the portal's process and dies with it: rows 1 to 8"
)
WRITERS, EACH = 8, 12


def at_once(*deeds):
    """Do all of it at the same time, each on a connection of its own; what each returned or raised, in order."""
    barrier, results = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(place, deed):
        barrier.wait()
        try:
            results[place] = deed()
        except Exception as error:  # handed to the test
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def drop_this_connection():
    """The server ends this connection's backend, as a fail-over or an administrator does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    given = connection.get_connection_params()
    server = {name: given[name] for name in ("host", "port", "user", "password", "dbname") if given.get(name)}
    with psycopg.connect(**server, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])


@contextmanager
def away():
    """No statement reaches the database."""

    def refuse(execute, sql, params, many, context):
        raise OperationalError("the connection is gone")

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def mirrored_for_threads(gitlab, transactional_db):
    """A sandbox GitLab, and a database that other connections see."""
    Budget.objects.all().delete()
    Connection.objects.all().delete()
    return gitlab


# 26 -----------------------------------------------------------------------------------------------------------------


@ON_POSTGRESQL
@pytest.mark.fault(26)
@pytest.mark.django_db(transaction=True)
def test_a_step_whose_connection_is_dropped_half_way_did_not_happen_and_may_be_taken_again(monkeypatch):
    cast, rung, recorded = Cast(), [], transition.record
    issue = file_request(cast)
    monkeypatch.setattr("workflow.gitlab.receivers.enqueue", lambda task, number: rung.append(number))

    def dropped(*args, **kwargs):
        drop_this_connection()
        return recorded(*args, **kwargs)

    browser = Client(raise_request_exception=False)
    browser.force_login(cast.requester)
    monkeypatch.setattr(transition, "record", dropped)
    answer = browser.post(f"/issues/{issue.pk}/withdraw/", {"version": issue.version})
    connection.close()
    assert answer.status_code == 503
    assert Issue.objects.get(pk=issue.pk).state == State.TRIAGE
    assert (Event.objects.filter(issue=issue, verb="withdraw").count(), rung) == (0, [])

    monkeypatch.setattr(transition, "record", recorded)
    assert browser.post(f"/issues/{issue.pk}/withdraw/", {"version": issue.version}).status_code == 302
    assert Event.objects.filter(issue=issue, verb="withdraw").count() == 1


@ON_POSTGRESQL
@pytest.mark.fault(26)
@pytest.mark.django_db(transaction=True)
def test_a_creation_that_cannot_be_written_down_is_found_again(mirrored_for_threads, monkeypatch):
    linked = converge._link

    def dropped(run, remote):
        drop_this_connection()
        return linked(run, remote)

    issue = file_request(Cast())
    with monkeypatch.context() as patched:
        patched.setattr(converge, "_link", dropped)
        mirror = push(issue)
    assert (mirror.iid, mirror.parked, mirror.creating_since is not None) == (None, False, True)
    mirror = out_of_quarantine(issue)
    assert (mirror.status, len(mirrored_for_threads.with_marker(mirror))) == ("in-step", 1)


@pytest.mark.fault(26)
@pytest.mark.django_db
def test_a_step_that_is_rolled_back_wakes_nobody(cast, monkeypatch):
    rung = []
    monkeypatch.setattr("workflow.actions.signals.issue_changed.send_robust", lambda **told: rung.append(told))
    issue = file_request(cast)
    with pytest.raises(OperationalError), transaction.atomic():
        take_step(issue.pk, Verb.WITHDRAW, by=cast.requester)
        raise OperationalError("the connection is gone")
    assert (Issue.objects.get(pk=issue.pk).state, rung) == (State.TRIAGE, [])


@pytest.mark.fault(26, 28)
@pytest.mark.django_db
@pytest.mark.parametrize("place", ["write", "agree"])
def test_a_push_the_database_failed_is_tried_again_and_waits_for_nobody(cast, mirrored, monkeypatch, place):
    def locked(*args, **kwargs):
        raise OperationalError("database is locked")

    issue = file_request(cast)
    with monkeypatch.context() as patched:
        patched.setattr(Run, place, locked)
        mirror = push(issue)
    assert (mirror.parked, mirror.due_at is not None, mirror.lease) == (False, True, None)
    assert Connection.load().away_since is None, "GitLab is not the one to blame"
    mirror = push_later(issue) if place == "write" else out_of_quarantine(issue)
    assert (mirror.status, len(mirrored.with_marker(mirror))) == ("in-step", 1)


@pytest.mark.fault(26)
@pytest.mark.django_db
def test_no_call_to_gitlab_is_made_inside_a_transaction(cast, mirrored, monkeypatch):
    outside, depths = len(connection.savepoint_ids), []
    monkeypatch.setattr(Run, "_meter", lambda run, kind: depths.append(len(connection.savepoint_ids)))
    issue = file_request(cast)
    push(issue)
    comment(issue.pk, "And this.", by=cast.requester)
    take_step(issue.pk, Verb.WITHDRAW, by=cast.requester)
    push(issue)
    assert len(depths) >= 4
    assert set(depths) == {outside}


# 27 -----------------------------------------------------------------------------------------------------------------


@pytest.mark.fault(27)
@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/issues/"])
def test_without_the_database_a_page_says_so_and_when_to_come_again(cast, path):
    browser = Client(raise_request_exception=False)
    browser.force_login(cast.requester)
    with away():
        answer = browser.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "not saved" in answer.content.decode()
    assert browser.get(path).status_code == 200, "and when it is back, so is the page"


@pytest.mark.fault(27)
@pytest.mark.django_db
def test_a_fault_of_our_own_stays_a_500(cast, monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("workflow.pages.lists.render", broken)
    browser = Client(raise_request_exception=False)
    browser.force_login(cast.requester)
    assert browser.get("/issues/").status_code == 500


# 28 -----------------------------------------------------------------------------------------------------------------


@pytest.mark.fault(28)
@pytest.mark.django_db(transaction=True)
def test_eight_writers_at_once_lose_nothing():
    cast = Cast()
    issues = [file_request(cast) for _ in range(4)]

    def writing(writer):
        for number in range(EACH):
            comment(issues[(writer + number) % 4].pk, f"{writer}: {number}", by=cast.colleague)

    results = at_once(*(lambda writer=writer: writing(writer) for writer in range(WRITERS)))

    assert results == [None] * WRITERS
    assert Comment.objects.count() == WRITERS * EACH


# 29 -----------------------------------------------------------------------------------------------------------------


class Clashing:
    """An action whose transaction the database ends, so many times."""

    __name__ = "clashing"

    def __init__(self, times, sqlstate="40P01"):
        self.left, self.runs, self._sqlstate = times, 0, sqlstate

    def __call__(self, number):
        self.runs += 1
        self.left -= 1
        if self.left < 0:
            return number
        error = psycopg.OperationalError("deadlock detected")
        error.sqlstate = self._sqlstate
        raise OperationalError("deadlock detected") from error


@pytest.mark.fault(29)
@pytest.mark.parametrize("sqlstate", sorted(locking.ABORTED))
def test_what_the_database_ended_is_done_once_more(sqlstate):
    action = Clashing(1, sqlstate)
    assert locking.again_after_a_clash(action)(7) == 7
    assert action.runs == 2


@pytest.mark.fault(29)
@pytest.mark.parametrize(("action", "runs"), [(Clashing(5), 2), (Clashing(1, "57P01"), 1), (Clashing(1, None), 1)])
def test_it_is_not_done_for_ever_nor_for_other_reasons(action, runs):
    with pytest.raises(OperationalError):
        locking.again_after_a_clash(action)(7)
    assert action.runs == runs


@pytest.mark.fault(29)
@pytest.mark.django_db
def test_inside_a_larger_transaction_it_is_not_repeated_alone():
    action = Clashing(1)
    with pytest.raises(OperationalError):
        locking.again_after_a_clash(action)(7)
    assert action.runs == 1


@pytest.mark.fault(29)
@pytest.mark.django_db(transaction=True)
def test_two_that_close_each_other_as_duplicates_both_get_an_answer():
    cast = Cast()
    one, other = file_request(cast), file_request(cast)

    def closing(issue, original):
        given = {"text": "The same.", "outcome": Outcome.DUPLICATE, "duplicate_of": original}
        return lambda: take_step(issue.pk, Verb.CLOSE, by=cast.ops, given=given)

    results = at_once(closing(one, other), closing(other, one))

    assert all(isinstance(result, Issue | Refused | Stale | Incomplete) for result in results), results
    closed = [result for result in results if isinstance(result, Issue)]
    assert Event.objects.filter(verb="close").count() == len(closed) >= 1
    assert GitLabLink.objects.filter(wanted_version__gt=1).count() == len(closed)

"""While GitLab is away one call in a while asks whether it is back; the rest waits and burns nothing (row 50)."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories import accept, file_request
from tests.gitlab.pushing import push, push_later
from workflow.actions import attach, set_priority, store_file
from workflow.gitlab import circuit_breaker
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import Budget, Connection
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.poll import poll_all
from workflow.gitlab.pull import look_at, numbers_to_look_at
from workflow.gitlab.push import numbers_with_work, push_issue
from workflow.gitlab.reconcile import reconcile

pytestmark = pytest.mark.django_db


def go_away(gitlab, status=503):
    """From now on GitLab fails whatever it is asked."""
    gitlab.fail("server_error", method="", times=None, status=status)


def wait_is_over():
    """Pretend that the last try to reach GitLab was long ago."""
    Budget.objects.filter(name=Budget.UNANSWERED).update(blocked_until=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def silent(cast, mirrored):
    """GitLab is away and that is known; five requests wait, and the log is empty."""
    mirrored.waiting = [file_request(cast) for _ in range(5)]
    go_away(mirrored)
    for issue in mirrored.waiting[: circuit_breaker.TOLERATED]:
        push(issue)
    mirrored.forget()
    return mirrored


@pytest.mark.fault(50)
def test_who_finds_it_away_is_a_few_calls_and_nobody_else_asks(cast, mirrored):
    waiting = [file_request(cast) for _ in range(8)]
    go_away(mirrored)
    for issue in waiting:
        push_issue(issue.pk)
    assert len(mirrored.calls()) == circuit_breaker.TOLERATED
    untouched = GitLabLink.objects.filter(pk__in=[issue.pk for issue in waiting[circuit_breaker.TOLERATED :]])
    assert {(row.attempts, row.last_error, row.leased_until) for row in untouched} == {(0, "", None)}


@pytest.mark.fault(50)
def test_nothing_is_swept_polled_looked_at_or_compared_meanwhile(silent):
    PendingPull.ask(silent.waiting[0].pk, thorough=True)
    assert (numbers_with_work(), numbers_to_look_at(), poll_all()) == ([], [], 0)
    assert look_at(silent.waiting[0].pk) is False
    assert reconcile("open").finished_at is None
    assert silent.calls() == []


def test_after_a_while_one_asks_and_the_others_go_on_waiting(silent):
    wait_is_over()
    for issue in silent.waiting:
        push_issue(issue.pk)
    assert silent.calls() == [("GET", "/version")]


def test_the_waits_grow_and_stay_short(silent, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    waits = []
    for _ in range(5):
        wait_is_over()
        numbers_with_work()
        waits.append((Budget.objects.get(name=Budget.UNANSWERED).blocked_until - timezone.now()).total_seconds())
    assert waits == [10, 20, 30, 30, 30]


@pytest.mark.fault(50)
def test_when_it_is_back_everything_follows_each_once(silent):
    silent.heal()
    wait_is_over()
    mirrors = [push_later(issue) for issue in silent.waiting]
    assert {mirror.status for mirror in mirrors} == {"in-step"}
    assert [len(silent.with_marker(mirror)) for mirror in mirrors] == [1] * len(mirrors)
    assert Connection.load().away_since is None
    assert not Budget.objects.filter(name=Budget.UNANSWERED).exists()


def test_being_refused_is_an_answer(silent):
    silent.heal()
    silent.fail("unauthorized", method="GET", path="/version$")
    wait_is_over()
    assert push_later(silent.waiting[-1]).status == "in-step"


@pytest.mark.fault(50)
def test_a_worker_that_dies_while_it_asks_keeps_nobody_waiting_for_long(silent, monkeypatch, settings, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    settings.GITLAB_TIMEOUT_SECONDS = 20
    wait_is_over()
    monkeypatch.setattr(circuit_breaker, "_answers", lambda connection: False)  # as if it never came to say anything
    assert circuit_breaker.is_there(Connection.load()) is False
    assert circuit_breaker.is_there(Connection.load()) is False
    left = Budget.objects.get(name=Budget.UNANSWERED).blocked_until - timezone.now()
    assert left == timedelta(seconds=20 + circuit_breaker.FIRST_WAIT)


def test_one_request_that_gitlab_always_fails_on_is_not_gitlab_away(cast, mirrored):
    poison, others = file_request(cast), [file_request(cast) for _ in range(4)]
    push(poison)
    mirrored.fail(
        "server_error", method="PUT", path=rf"/issues/{GitLabLink.objects.get(pk=poison.pk).iid}$", times=None
    )
    for number, other in enumerate(others):
        set_priority(poison.pk, number % 4 + 1, by=cast.ops)
        assert push_later(poison).status == "behind"
        assert push(other).status == "in-step"


def test_a_run_that_got_no_answer_asks_nothing_more(cast, mirrored):
    issue = file_request(cast)
    push(issue)
    accept(issue, cast)
    file = store_file(SimpleUploadedFile("a.txt", b"words", content_type="text/plain"), by=cast.requester)
    attach(issue.pk, [file], by=cast.requester)
    mirrored.forget()
    mirrored.fail("server_error", method="", times=None)
    mirror = push(issue)
    assert len(mirrored.calls()) <= 2
    assert mirror.due_at > timezone.now()


def test_a_file_that_gets_no_answer_holds_up_nothing_else(cast, mirrored):
    issue = file_request(cast)
    push(issue)
    accept(issue, cast)
    file = store_file(SimpleUploadedFile("a.txt", b"words", content_type="text/plain"), by=cast.requester)
    attach(issue.pk, [file], by=cast.requester)
    mirrored.forget()
    mirrored.fail("server_error", path="/uploads$")
    push(issue)
    assert [path.rpartition("/")[2] for _, path in mirrored.calls()][:2] == ["uploads", "1"]
    assert push_later(issue).status == "in-step"


def test_a_creation_left_unanswered_while_another_worker_is_answered_waits_in_quarantine(cast, mirrored, monkeypatch):
    issue, real = file_request(cast), circuit_breaker.F
    monkeypatch.setattr(circuit_breaker, "F", lambda name: (circuit_breaker._back(Connection.load()), real(name))[1])
    mirrored.fail("server_error", method="POST", path="/issues$", status=503)
    assert push(issue).status == "unknown"


@pytest.mark.parametrize("fault", ["missing", "rate_limited"])
def test_a_refusal_is_an_answer_too(cast, mirrored, fault):
    mirrored.fail(fault, path="/issues$")
    push(file_request(cast))
    assert Connection.load().away_since is None


@pytest.mark.parametrize("fault", ["html_instead_of_json", "hang"])
def test_silence_and_a_proxys_words_are_none(cast, mirrored, fault):
    mirrored.fail(fault, path="/issues$", **({"seconds": 0} if fault == "hang" else {}))
    push(file_request(cast))
    assert Connection.load().away_since is not None

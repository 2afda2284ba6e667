"""A poll that meets trouble still gets somewhere: with the other trackers, and further in the same one."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests.gitlab.inbound.looking import filed, mirror_of, note, push, shown
from workflow.actions import comment
from workflow.catalogue.kinds import Kind
from workflow.gitlab import client, poll
from workflow.gitlab.models.connection import Budget, Connection
from workflow.gitlab.models.inbound import PendingPull, PollCursor
from workflow.gitlab.poll import poll_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(cast, mirrored):
    """Two requests in two trackers; the first one's is polled first. Somebody commented on the second in GitLab."""
    first, second = filed(cast, Kind.BUG), filed(cast, Kind.ADMINISTRATIVE)
    poll_all()
    aged(first, hours=2)
    note(mirrored, second, "Nobody told.", by="colleague")
    PendingPull.objects.update(seen_at=None, due_at=None)
    mirrored.forget()
    return first, second


def aged(issue, **ago):
    """The request's tracker was polled so long ago."""
    PollCursor.objects.filter(tracker=issue.tracker).update(polled_until=timezone.now() - timedelta(**ago))


def own_comment(cast, issue):
    """The portal pushed a comment, and nobody else did anything."""
    comment(issue.pk, "Ours.", by=cast.requester)
    push(issue)
    PendingPull.objects.update(seen_at=None, due_at=None)


def lists_of(issue):
    """The address below which GitLab lists the issues of the request's tracker."""
    return f"/projects/{mirror_of(issue).project_id}/issues"


def listed(gitlab):
    """The lists that were asked for, in order."""
    return [path for _, path in gitlab.calls("GET") if path.endswith("/issues")]


def read_comments(gitlab):
    """How many times comments were asked for."""
    return sum(path.endswith("/notes") for _, path in gitlab.calls("GET"))


def asked(issue):
    """Whether a look at the request is due."""
    return PendingPull.objects.get(pk=issue.pk).due_at is not None


def test_a_tracker_whose_list_fails_keeps_no_other_waiting(mirrored, two):
    first, second = two
    mirrored.fail("server_error", method="GET", path=lists_of(first) + "$", times=None, status=500)
    poll_all()
    assert listed(mirrored) == [lists_of(first), lists_of(second)]
    assert asked(second)


def test_once_gitlab_is_away_no_other_tracker_is_tried(mirrored, two, monkeypatch):
    first, _ = two
    monkeypatch.setattr("workflow.gitlab.circuit_breaker.TOLERATED", 1)
    mirrored.fail("server_error", method="GET", path="/issues$", times=None, status=503)
    poll_all()
    assert listed(mirrored) == [lists_of(first)]


def test_who_was_polled_longest_ago_comes_first(mirrored, two):
    for older, newer in (two, reversed(two)):
        aged(older, hours=3)
        mirrored.forget()
        poll_all()
        assert listed(mirrored) == [lists_of(older), lists_of(newer)]


def test_where_the_budget_ends_looks_are_asked_for_and_the_poll_goes_on(cast, mirrored):
    issues = [filed(cast) for _ in range(3)]
    for issue in issues:
        own_comment(cast, issue)
    Budget.objects.all().delete()
    Budget.empty_purse()
    Connection.objects.update(requests_per_minute=4)  # two are for polls: the list, and comments of one
    mirrored.forget()
    assert poll_all() == 2
    assert [asked(issue) for issue in issues] == [False, True, True]
    assert PollCursor.objects.get(tracker=issues[0].tracker).polled_until is not None


def test_comments_are_not_read_for_longer_than_a_poll_has_time_for(cast, mirrored, monkeypatch):
    issue = filed(cast)
    own_comment(cast, issue)
    mirrored.forget()
    monkeypatch.setattr(poll, "READS_FOR", 0)
    assert (poll_all(), read_comments(mirrored)) == (1, 0)


@pytest.mark.parametrize(
    ("fault", "params", "reads"),
    [("server_error", {"status": 500}, 1), ("html_instead_of_json", {"status": 404}, 1), ("missing", {}, 2)],
)
def test_comments_gitlab_does_not_show_are_left_to_a_look(cast, mirrored, fault, params, reads):
    for _ in range(2):
        own_comment(cast, filed(cast))
    mirrored.forget()
    mirrored.fail(fault, method="GET", path="/notes$", times=None, **params)
    assert (poll_all(), read_comments(mirrored)) == (2, reads)


def test_a_429_on_comments_blocks_what_follows(cast, mirrored):
    own_comment(cast, filed(cast))
    mirrored.fail("rate_limited", method="GET", path="/notes$", retry_after=60)
    assert poll_all() == 1
    assert Budget.objects.get(name=Budget.REQUESTS).blocked_until > timezone.now()


@pytest.fixture
def three_in_pages_of_two(cast, mirrored, monkeypatch):
    """Three changed requests in one tracker, oldest first, of which a list shows two at once."""
    monkeypatch.setattr(client, "PAGE", 2)
    monkeypatch.setattr(poll, "BATCH", 2)
    monkeypatch.setattr(poll, "OVERLAP", timedelta(hours=1))
    return [filed(cast) for _ in range(3)]


def there(gitlab, issue):
    """When the issue was changed last, as GitLab tells."""
    return datetime.fromisoformat(shown(gitlab, issue)["updated_at"])


def test_a_poll_cut_short_remembers_how_far_it_came(mirrored, three_in_pages_of_two):
    second = three_in_pages_of_two[1]
    mirrored.fail("server_error", method="GET", path="/issues$", times=None, after=1, status=500)
    poll_all()
    assert PollCursor.objects.get(tracker=second.tracker).polled_until == there(mirrored, second)


def test_a_poll_cut_short_goes_back_no_further_than_the_one_before(mirrored, three_in_pages_of_two):
    later = timezone.now() + timedelta(seconds=60)
    PollCursor.objects.update_or_create(tracker=three_in_pages_of_two[0].tracker, defaults={"polled_until": later})
    mirrored.fail("server_error", method="GET", path="/issues$", times=None, after=1, status=500)
    poll_all()
    assert PollCursor.objects.get().polled_until == later


def test_a_poll_cut_short_does_not_end_the_silence_of_webhooks(mirrored, three_in_pages_of_two):
    since = timezone.now() - timedelta(minutes=5)
    PendingPull.objects.update(seen_at=timezone.now() + timedelta(hours=1))  # nothing is untold in what it reads
    PollCursor.objects.update_or_create(tracker=three_in_pages_of_two[0].tracker, defaults={"silent_since": since})
    mirrored.fail("server_error", method="GET", path="/issues$", times=None, after=1, status=500)
    poll_all()
    assert PollCursor.objects.get().silent_since == since
    mirrored.heal()
    poll_all()
    assert PollCursor.objects.get().silent_since is None

"""What GitLab would not take is named until it is taken, blamed on nobody, and makes the portal deaf to nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import accept
from tests.gitlab.inbound.looking import change, filed, look, mirror_of, note, push, said_back, shown
from workflow.actions import set_due_date, set_priority
from workflow.gitlab.reconcile import reconcile
from workflow.models import Issue
from workflow.models.event import CONFLICT, UNDONE
from workflow.states import State

pytestmark = pytest.mark.django_db
GUEST, DEVELOPER = 10, 30
DAY = timezone.localdate() + timedelta(days=30)


@pytest.fixture
def bug(cast, mirrored):
    """A bug in step with GitLab."""
    return filed(cast)


def bot_is(gitlab, level):
    """A guest's labels, dates and assignees are dropped without a word."""
    gitlab.api("PUT", f"/groups/gitlab-com/members/{gitlab.bot_id}", access_level=level)


def refused(gitlab, issue, act):
    """``act`` is pushed while GitLab drops it."""
    bot_is(gitlab, GUEST)
    act()
    mirror = push(issue)
    bot_is(gitlab, DEVELOPER)
    return mirror


@pytest.mark.fault(58)
def test_58_it_is_named_and_nobody_is_blamed(cast, mirrored, bug):
    mirror = refused(mirrored, bug, lambda: set_due_date(bug.pk, DAY, by=cast.ops))
    assert (mirror.status, "due date" in mirror.last_error) == ("in-step", True)
    for _ in range(2):
        after = look(bug)
    assert after.due_date == DAY
    assert said_back(bug, UNDONE) == said_back(bug, CONFLICT) == []
    assert reconcile("open").drifted == 0
    assert "due date" in mirror_of(bug).last_error


@pytest.mark.fault(58)
def test_58_it_is_sent_again_with_whatever_comes_next_and_named_no_more(cast, mirrored, bug):
    refused(mirrored, bug, lambda: set_due_date(bug.pk, DAY, by=cast.ops))
    set_priority(bug.pk, 1, by=cast.ops)
    mirror = push(bug)
    assert shown(mirrored, bug)["due_date"] == DAY.isoformat()
    assert (mirror.last_error, mirror.dropped, mirror.refused) == ("", [], {})


@pytest.mark.fault(58)
def test_58_what_a_person_sets_there_by_hand_is_the_same_and_settles_it(cast, mirrored, bug):
    refused(mirrored, bug, lambda: set_due_date(bug.pk, DAY, by=cast.ops))
    change(mirrored, bug, due_date=DAY.isoformat())
    assert look(bug).due_date == DAY
    mirror = mirror_of(bug)
    assert (mirror.last_error, mirror.dropped, mirror.refused) == ("", [], {})
    assert said_back(bug, UNDONE) == said_back(bug, CONFLICT) == []


def test_pressing_retry_sends_it_again(cast, mirrored, bug):
    refused(mirrored, bug, lambda: set_due_date(bug.pk, DAY, by=cast.ops)).wake()
    mirror = push(bug)
    assert shown(mirrored, bug)["due_date"] == DAY.isoformat()
    assert (mirror.last_error, mirror.dropped, mirror.refused) == ("", [], {})


def test_what_is_wanted_no_more_is_refused_no_more_and_wanted_later_is_sent(cast, mirrored, bug):
    refused(mirrored, bug, lambda: set_due_date(bug.pk, DAY, by=cast.ops))
    set_due_date(bug.pk, None, by=cast.ops)
    mirror = push(bug)
    assert (mirror.last_error, mirror.dropped, mirror.refused) == ("", [], {})
    set_due_date(bug.pk, DAY, by=cast.ops)
    push(bug)
    assert shown(mirrored, bug)["due_date"] == DAY.isoformat()


@pytest.mark.fault(57)
def test_57_labels_that_were_dropped_once_make_deaf_to_none(cast, mirrored, bug):
    refused(mirrored, bug, lambda: accept(bug, cast))
    change(mirrored, bug, by="ops", add_labels="p1")
    assert look(bug).priority == 1
    change(mirrored, bug, by="ops", add_labels="Stage::Backlogged")
    note(mirrored, bug, "Later.", by="ops")
    look(bug)
    assert Issue.objects.get(pk=bug.pk).state == State.BACKLOG


@pytest.mark.fault(57)
def test_57_another_due_date_than_the_refused_one_is_taken(cast, mirrored, bug):
    refused(mirrored, bug, lambda: set_due_date(bug.pk, DAY, by=cast.ops))
    other = DAY + timedelta(days=7)
    change(mirrored, bug, by="ops", due_date=other.isoformat())
    assert look(bug).due_date == other
    assert said_back(bug, CONFLICT) == []

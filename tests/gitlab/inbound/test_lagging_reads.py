"""A reading that lags behind our own change is nobody's deed: no event, no undo, no comment; it is read again."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import accept
from tests.gitlab.inbound.looking import change, filed, look, mirror_of, note, push, shown
from workflow.actions import set_due_date, set_priority
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.pull import look_at
from workflow.models import Event, Issue
from workflow.states import Source, State

pytestmark = [pytest.mark.django_db, pytest.mark.fault(59)]
ISSUE = r"/projects/\d+/issues/\d+$"


@pytest.fixture
def bug(cast, mirrored):
    """A bug in step with GitLab."""
    return filed(cast)


def lags(gitlab, before, times=1):
    """GitLab answers so often from a copy that shows the issue as it was."""
    gitlab.fail("wrong_types", method="GET", path=ISSUE, body=before, times=times)


def from_gitlab(issue):
    """What is said to have been done in GitLab."""
    return list(Event.objects.filter(issue=issue, source=Source.GITLAB).values_list("verb", flat=True))


def settled(issue):
    """The look that follows by itself."""
    with time_machine.travel(timezone.now() + timedelta(seconds=10), tick=True):
        look_at(issue.pk)
    return Issue.objects.get(pk=issue.pk)


@pytest.mark.parametrize("what", ["due date", "priority", "state"])
def test_a_copy_without_our_change_is_read_again(cast, mirrored, bug, what):
    before = shown(mirrored, bug)
    day = timezone.localdate() + timedelta(days=9)
    {
        "due date": lambda: set_due_date(bug.pk, day, by=cast.ops),
        "priority": lambda: set_priority(bug.pk, 3, by=cast.ops),
        "state": lambda: accept(bug, cast),
    }[what]()
    push(bug)
    ours = Issue.objects.get(pk=bug.pk)
    lags(mirrored, before, times=3)

    for _ in range(3):
        look(bug)
    after = settled(bug)

    assert (after.due_date, after.priority, after.state) == (ours.due_date, ours.priority, ours.state)
    assert from_gitlab(bug) == [] and mirrored.notes(mirror_of(bug)) == []
    assert PendingPull.objects.get(pk=bug.pk).due_at is None


def test_what_a_person_did_long_ago_is_not_done_again_in_their_name(cast, mirrored, bug):
    change(mirrored, bug, by="ops", add_labels="p1")
    assert look(bug).priority == 1
    before = shown(mirrored, bug)
    set_priority(bug.pk, 3, by=cast.lead)
    push(bug)
    lags(mirrored, before)
    look(bug)
    assert settled(bug).priority == 3


def test_what_a_person_does_meanwhile_is_heard_with_the_next_reading(cast, mirrored, bug):
    before = shown(mirrored, bug)
    set_priority(bug.pk, 3, by=cast.lead)
    push(bug)
    change(mirrored, bug, by="ops", title="Their title")
    note(mirrored, bug, "Their words.", by="ops")
    lags(mirrored, before)
    look(bug)
    after = settled(bug)
    assert (after.title, after.priority, after.comments.count()) == ("Their title", 3, 1)


def test_an_older_state_that_stays_is_believed_in_the_end(cast, mirrored, bug):
    """GitLab was put back: what it shows is what there is."""
    before = shown(mirrored, bug)
    set_priority(bug.pk, 3, by=cast.lead)
    push(bug)
    lags(mirrored, before, times=50)
    with time_machine.travel(timezone.now() + timedelta(minutes=3), tick=True):
        look(bug)
    assert PendingPull.objects.get(pk=bug.pk).last_error == ""


def test_the_state_itself_never_goes_back_by_a_copy(cast, mirrored, bug):
    before = shown(mirrored, bug)
    accept(bug, cast)
    push(bug)
    lags(mirrored, before)
    look(bug)
    assert settled(bug).state == State.DESIGN

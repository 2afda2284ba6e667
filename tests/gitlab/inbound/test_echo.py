"""A poll that finds what the portal itself pushed looks no further, and loses nothing other people did with it."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import accept
from tests.gitlab.inbound.looking import change, filed, look, note, path_of, push, shown
from workflow.actions import comment, set_priority
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.poll import poll_all
from workflow.gitlab.pull import look_at
from workflow.models import Comment

pytestmark = pytest.mark.django_db
A_MINUTE_ON = 61


@pytest.fixture
def pushed(cast, mirrored):
    """A request somebody commented on in GitLab, and that the portal pushed just now; the log is empty."""
    issue = filed(cast)
    written = note(mirrored, issue, "Seen here, too.", by="colleague")
    look(issue)
    comment(issue.pk, "Ours.", by=cast.requester)
    issue = accept(issue, cast)
    push(issue)
    PendingPull.objects.update(seen_at=None)  # however short ago it was: the push came after it
    issue.note, issue.updated_at_there = written, shown(mirrored, issue)["updated_at"]
    mirrored.forget()
    return issue


def later(gitlab, seconds):
    """GitLab's clock goes on."""
    gitlab._own("POST", "time", {"offset": seconds})


def within_the_minute(gitlab, issue, act):
    """Somebody does something that GitLab's ``updated_at`` does not tell of."""
    act()
    gitlab.api("PUT", path_of(issue), updated_at=issue.updated_at_there)
    assert shown(gitlab, issue)["updated_at"] == issue.updated_at_there
    gitlab.forget()


def below_the_issue(gitlab):
    """What was asked about single issues."""
    return [path.rpartition("/")[2] for _, path in gitlab.calls() if "/issues/" in path]


def test_what_the_portal_pushed_itself_is_not_looked_at(mirrored, pushed):
    assert poll_all() == 0
    assert below_the_issue(mirrored) == ["notes"]
    assert PendingPull.objects.get(pk=pushed.pk).due_at is None


def test_once_nothing_can_hide_any_more_it_costs_nothing_at_all(mirrored, pushed):
    later(mirrored, A_MINUTE_ON)
    assert poll_all() == 0
    mirrored.forget()
    assert poll_all() == 0
    assert below_the_issue(mirrored) == []


FOREIGN = {
    "title": lambda gitlab, issue: change(gitlab, issue, title="Renamed"),
    "label": lambda gitlab, issue: change(gitlab, issue, add_labels="p1"),
    "text below": lambda gitlab, issue: change(
        gitlab, issue, description=shown(gitlab, issue)["description"] + "\n\nAnd this."
    ),
    "comment": lambda gitlab, issue: note(gitlab, issue, "One more.", by="colleague"),
    "edited comment": lambda gitlab, issue: gitlab.api(
        "PUT", f"{path_of(issue)}/notes/{issue.note['id']}", sudo="colleague", body="Seen there."
    ),
    "swapped comment": lambda gitlab, issue: (
        gitlab.api("DELETE", f"{path_of(issue)}/notes/{issue.note['id']}"),
        note(gitlab, issue, "Rather this.", by="colleague"),
    ),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_somebody_else_did_within_the_same_minute_is_found(mirrored, pushed, what):
    within_the_minute(mirrored, pushed, lambda: FOREIGN[what](mirrored, pushed))
    assert poll_all() == 1
    assert PendingPull.objects.get(pk=pushed.pk).thorough


def test_what_is_done_after_the_poll_but_within_that_minute_is_found_by_the_next(mirrored, pushed):
    assert poll_all() == 0
    within_the_minute(mirrored, pushed, lambda: FOREIGN["edited comment"](mirrored, pushed))
    later(mirrored, 300)
    assert poll_all() == 1
    look_at(pushed.pk)
    assert Comment.objects.filter(issue=pushed, body="Seen there.").exists()


def test_a_request_with_more_to_push_is_looked_at_as_ever(cast, mirrored, pushed):
    set_priority(pushed.pk, 1, by=cast.ops)
    assert poll_all() == 1


def test_the_only_comment_deleted_is_found_too(cast, mirrored):
    issue = filed(cast)
    written = note(mirrored, issue, "Never mind.", by="colleague")
    look(issue)
    mirrored.api("DELETE", f"{path_of(issue)}/notes/{written['id']}")
    push(accept(issue, cast))  # whose doing the changed time is, as far as the fields tell
    PendingPull.objects.update(seen_at=None)
    assert poll_all() == 1
    look_at(issue.pk)
    with time_machine.travel(timezone.now() + timedelta(minutes=4), tick=True):
        look_at(issue.pk)
    assert Comment.objects.get(issue=issue).deleted_at is not None

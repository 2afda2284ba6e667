"""Comments written in GitLab come in once, keep their audience, and the portal's own never come back (row 42)."""

from datetime import timedelta

import pytest
import requests
import time_machine
from django.utils import timezone

from supportops.accounts.models import User
from tests.gitlab.inbound.looking import filed, look, mirror_of, note, path_of, push, sync
from tests.gitlab.sandboxed import ADMIN
from workflow.actions import comment
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.inbound import ImportedNote, PendingPull
from workflow.gitlab.pull import look_at
from workflow.models import Attachment, Comment
from workflow.states import Source

pytestmark = pytest.mark.django_db
ABSENT = {"status": 404, "message": "404 Note Not Found"}


@pytest.fixture
def bug(cast, mirrored):
    """A bug in step with GitLab."""
    return filed(cast)


def comments(issue):
    """The request's comments, oldest first."""
    return list(Comment.objects.filter(issue=issue).order_by("pk"))


def test_a_comment_comes_in_with_its_author_and_time(cast, mirrored, bug):
    written = note(mirrored, bug, "Is it still so?", by="colleague")
    look(bug)
    (found,) = comments(bug)
    assert (found.author, found.body, found.internal, found.source) == (
        cast.colleague,
        "Is it still so?",
        False,
        Source.GITLAB,
    )
    assert found.created_at.isoformat()[:19] == written["created_at"][:19]


def test_a_comment_is_taken_once_however_often_it_is_hinted_at(cast, mirrored, bug):
    note(mirrored, bug, "Once.")
    for _ in range(3):
        sync(bug)
    assert [one.body for one in comments(bug)] == ["Once."]
    assert len(mirrored.notes(mirror_of(bug))) == 1


def test_the_portals_own_comments_do_not_come_back(cast, mirrored, bug):
    comment(bug.pk, "From here.", by=cast.requester)
    push(bug)
    sync(bug)
    assert [one.body for one in comments(bug)] == ["From here."]


def test_a_copied_mark_makes_a_comment_nobody_elses(cast, mirrored, bug):
    comment(bug.pk, "From here.", by=cast.requester)
    push(bug)
    ours = mirrored.notes(mirror_of(bug))[0]["body"]
    note(mirrored, bug, f"Look what I copied\n\n{ours}", by="colleague")
    look(bug)
    assert [one.author for one in comments(bug)] == [cast.requester, cast.colleague]


def test_a_comment_written_by_hand_with_the_bots_token_is_kept(cast, mirrored, bug):
    note(mirrored, bug, "By hand.", by="support-bot")
    look(bug)
    assert [(one.author, one.author_name) for one in comments(bug)] == [(None, "Support Bot (@support-bot)")]


def test_an_internal_comment_stays_internal(cast, mirrored, bug):
    note(mirrored, bug, "Between us.", internal=True)
    look(bug)
    assert comments(bug)[0].internal is True


def test_an_author_the_portal_does_not_know_is_named(cast, mirrored, bug):
    note(mirrored, bug, "Hello.", by="root")
    look(bug)
    assert (comments(bug)[0].author, comments(bug)[0].author_name) == (None, "Administrator (@root)")


def test_a_person_who_left_the_portal_is_named_not_impersonated(cast, mirrored, bug):
    User.objects.filter(pk=cast.colleague.pk).update(is_active=False)
    note(mirrored, bug, "Hello.", by="colleague")
    look(bug)
    assert (comments(bug)[0].author, comments(bug)[0].author_name) == (None, "Colin Colleague (@colleague)")


def test_a_name_that_was_given_to_somebody_else_is_not_trusted(cast, mirrored, bug):
    User.objects.filter(pk=cast.colleague.pk).update(gitlab_id=987654)
    note(mirrored, bug, "Hello.", by="colleague")
    look(bug)
    assert comments(bug)[0].author is None


@pytest.mark.fault(42)
def test_42_an_edited_comment_is_edited_here(cast, mirrored, bug):
    written = note(mirrored, bug, "Frist.", by="colleague")
    look(bug)
    mirrored.api("PUT", f"{path_of(bug)}/notes/{written['id']}", sudo="colleague", body="First.")
    look(bug)
    assert [(one.body, one.edited_at is not None) for one in comments(bug)] == [("First.", True)]


@pytest.mark.fault(42)
def test_42_a_deleted_comment_leaves_a_tombstone(cast, mirrored, bug):
    written = note(mirrored, bug, "Never mind.", by="colleague")
    look(bug)
    mirrored.api("DELETE", f"{path_of(bug)}/notes/{written['id']}", sudo="colleague")
    look_twice(bug)
    assert [(one.body, one.deleted_at is not None) for one in comments(bug)] == [("", True)]


def look_twice(issue):
    """A look, and the one that follows by itself when minutes have passed."""
    look(issue)
    with time_machine.travel(timezone.now() + timedelta(minutes=4), tick=True):
        look_at(issue.pk)


@pytest.mark.fault(53)
def test_53_absent_once_is_not_deleted(cast, mirrored, bug):
    """One list without it, and one 404 of its own: it is looked at again, and its words stay."""
    note(mirrored, bug, "Still here.", by="colleague")
    look(bug)
    mirrored.fail("wrong_types", method="GET", path=r"/notes$", body=[], times=1)
    mirrored.fail("unprocessable", method="GET", path=r"/notes/\d+$", times=1, **ABSENT)
    look(bug)
    assert ImportedNote.objects.get().absent_since is not None
    due = PendingPull.objects.get(pk=bug.pk)
    assert due.thorough and timedelta(minutes=2) < due.due_at - timezone.now() <= timedelta(minutes=3)
    with time_machine.travel(timezone.now() + timedelta(minutes=4), tick=True):
        assert look_at(bug.pk)
    assert [(one.body, one.deleted_at) for one in comments(bug)] == [("Still here.", None)]
    assert ImportedNote.objects.get().absent_since is None
    assert PendingPull.objects.get(pk=bug.pk).due_at is None


@pytest.mark.fault(53)
def test_53_what_was_buried_and_is_there_again_has_its_words_back(cast, mirrored, bug):
    note(mirrored, bug, "Still here.", by="colleague")
    look(bug)
    mirrored.fail("wrong_types", method="GET", path=r"/notes$", body=[], times=2)
    mirrored.fail("unprocessable", method="GET", path=r"/notes/\d+$", times=2, **ABSENT)
    look_twice(bug)
    assert [one.deleted_at is not None for one in comments(bug)] == [True]
    look(bug)
    assert [(one.body, one.deleted_at) for one in comments(bug)] == [("Still here.", None)]


@pytest.mark.fault(53)
def test_53_the_portals_own_comment_that_is_back_is_the_portals_again(cast, mirrored, bug):
    comment(bug.pk, "From here.", by=cast.requester)
    push(bug)
    note(mirrored, bug, "Something to look at.")
    number = OutgoingNote.objects.get().note_id
    mirrored.fail("wrong_types", method="GET", path=r"/notes$", body=[], times=2)
    mirrored.fail("unprocessable", method="GET", path=r"/notes/\d+$", times=2, **ABSENT)
    look_twice(bug)
    assert OutgoingNote.objects.get().note_id is None
    sync(bug)
    assert OutgoingNote.objects.get().note_id == number
    assert len([one for one in mirrored.notes(mirror_of(bug)) if "From here." in one["body"]]) == 1


@pytest.mark.fault(48)
def test_48_a_list_that_fails_buries_nothing(cast, mirrored, bug):
    note(mirrored, bug, "Still here.", by="colleague")
    look(bug)
    mirrored.fail("server_error", method="GET", path=r"/notes")
    look(bug)
    assert comments(bug)[0].deleted_at is None


@pytest.mark.fault(48)
def test_48_a_list_that_lacks_a_comment_buries_nothing_that_is_there(cast, mirrored, bug):
    note(mirrored, bug, "Still here.", by="colleague")
    look(bug)
    mirrored.fail("wrong_types", method="GET", path=r"/notes$", body=[], times=1)
    look(bug)
    assert comments(bug)[0].deleted_at is None


def test_what_the_system_notes_is_no_comment(cast, mirrored, bug):
    mirrored.api("PUT", path_of(bug), sudo="ops", title="Another title")
    look(bug)
    assert comments(bug) == []


def test_a_hundred_and_more_comments_come_in_in_order(cast, mirrored, bug):
    for number in range(103):
        note(mirrored, bug, f"Number {number}", by="colleague")
    look(bug)
    assert [one.body for one in comments(bug)] == [f"Number {number}" for number in range(103)]


def upload(gitlab, issue, name, content):
    """Put a file into the issue's project; returns its Markdown."""
    mirror = GitLabLink.objects.get(pk=issue.pk)
    reply = requests.post(
        f"{gitlab.url}/api/v4/projects/{mirror.project_id}/uploads",
        headers={"PRIVATE-TOKEN": ADMIN},
        files={"file": (name, content)},
        timeout=10,
    )
    return reply.json()["markdown"]


def test_a_file_in_a_comment_is_copied_into_the_portal(cast, mirrored, bug):
    markdown = upload(mirrored, bug, "screen.png", b"\x89PNG\r\n\x1a\n and more")
    note(mirrored, bug, f"See {markdown}", by="colleague")
    sync(bug)
    file = Attachment.objects.get(issue=bug)
    assert (file.comment, file.name, file.source, file.uploaded_by) == (
        comments(bug)[0],
        "screen.png",
        "gitlab",
        cast.colleague,
    )
    with file.file.open() as kept:
        assert kept.read() == b"\x89PNG\r\n\x1a\n and more"
    assert "/uploads/" not in comments(bug)[0].body
    assert not [path for _, path in mirrored.calls("POST") if path.endswith("/uploads")]


@pytest.mark.parametrize(
    ("name", "content"), [("evil.svg", b"<svg/>"), ("page.html", b"<p>"), ("fake.png", b"no picture")]
)
def test_a_file_the_portal_does_not_take_is_named_only(cast, mirrored, bug, name, content):
    note(mirrored, bug, f"See {upload(mirrored, bug, name, content)}", by="colleague")
    look(bug)
    assert not Attachment.objects.exists()
    assert name in comments(bug)[0].body


def test_a_file_that_is_too_large_is_named_only(cast, mirrored, bug, settings):
    settings.ATTACHMENT_MAX_BYTES = 100
    note(mirrored, bug, f"See {upload(mirrored, bug, 'long.txt', b'x' * 200)}", by="colleague")
    look(bug)
    assert not Attachment.objects.exists()


def test_a_comment_does_not_go_back_to_gitlab(cast, mirrored, bug):
    note(mirrored, bug, "One way.", by="colleague")
    before = OutgoingNote.objects.filter(issue=bug).count()
    sync(bug)
    assert OutgoingNote.objects.filter(issue=bug).count() == before

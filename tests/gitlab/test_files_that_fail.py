"""One file cannot be had: its comment and everything else arrive; the file alone follows, named, or is given up."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories import file_request
from tests.gitlab.inbound.looking import filed, look, mirror_of, note
from tests.gitlab.inbound.test_comments import upload
from tests.gitlab.pushing import push, push_later
from workflow.actions import attach, comment, store_file
from workflow.gitlab.models import OutgoingUpload, PendingFile, PendingPull
from workflow.gitlab.models.connection import Budget, Connection
from workflow.gitlab.operations import retry, skip
from workflow.gitlab.pull_files import due_files, fetch_file
from workflow.gitlab.retry import MOST_TRIES
from workflow.gitlab.status import in_need_of_a_person, ledger_of
from workflow.models import Attachment, Comment, Issue

pytestmark = [pytest.mark.django_db, pytest.mark.fault(55)]
BOT = "support-bot"
PICTURE = b"\x89PNG\r\n\x1a\n and more"
FROM_THERE = r"/uploads/[0-9a-f]{32}/"
TROUBLES = {
    "500": ("server_error", {}),
    "503 of a proxy": ("server_error", {"status": 503}),
    "empty": ("empty_reply", {}),
    "cut": ("cut_reply", {"bytes": 5}),
    "a page": ("html_instead_of_json", {}),
    "404": ("missing", {}),
    "403": ("forbidden", {}),
    "429": ("rate_limited", {"retry_after": 1}),
}


@pytest.fixture
def bug(cast, mirrored):
    """A bug in step with GitLab."""
    return filed(cast)


def written_with_a_file(gitlab, issue, name="screen.png"):
    """Somebody in GitLab writes a comment with a picture, and another one without."""
    note(gitlab, issue, f"See {upload(gitlab, issue, name, PICTURE)}", by="colleague")
    note(gitlab, issue, "And more.", by="colleague")


def said(issue):
    """The comments of a request, oldest first."""
    return list(Comment.objects.filter(issue=issue).order_by("created_at", "pk").values_list("body", flat=True))


def fetch_what_is_due():
    """The sweep finds files to fetch, whenever that is."""
    PendingFile.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))
    for pk in due_files():
        fetch_file(pk)


def hanging(issue):
    """What the ledger says is not on both sides yet."""
    return ledger_of(Issue.objects.get(pk=issue.pk)).hanging


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_comment_arrives_without_its_file_and_names_it(cast, mirrored, bug, trouble):
    written_with_a_file(mirrored, bug)
    fault, params = TROUBLES[trouble]
    mirrored.fail(fault, method="GET", path=FROM_THERE, times=None, **params)
    look(bug)
    look(bug)
    assert said(bug) == ["See *screen (screen.png)*", "And more."]
    assert (PendingFile.objects.count(), Attachment.objects.count(), Connection.load().paused) == (1, 0, False)
    assert not mirror_of(bug).parked


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_file_follows_by_itself_once(cast, mirrored, bug, trouble):
    written_with_a_file(mirrored, bug)
    fault, params = TROUBLES[trouble]
    mirrored.fail(fault, method="GET", path=FROM_THERE, times=1, **params)
    look(bug)
    Budget.objects.update(blocked_until=None)
    fetch_what_is_due()
    fetch_what_is_due()
    look(bug)
    file = Attachment.objects.get()
    assert (file.comment.body, file.name, file.source, file.issue_id) == (
        "See *screen (screen.png)*",
        "screen.png",
        "gitlab",
        bug.pk,
    )
    assert (PendingFile.objects.count(), len(said(bug))) == (0, 2)


def test_a_file_that_fails_does_not_keep_the_next_one(cast, mirrored, bug):
    mirrored.fail("server_error", method="GET", path=r"/uploads/[0-9a-f]{32}/broken", times=None)
    note(mirrored, bug, f"See {upload(mirrored, bug, 'broken.png', PICTURE)}", by="colleague")
    note(mirrored, bug, f"And {upload(mirrored, bug, 'whole.png', PICTURE)}", by="colleague")
    look(bug)
    look(bug)
    fetch_what_is_due()
    assert list(Attachment.objects.values_list("name", flat=True)) == ["whole.png"]
    assert list(PendingFile.objects.values_list("name", flat=True)) == ["broken.png"]


def given_up(gitlab, issue):
    """A file was tried for the last time."""
    written_with_a_file(gitlab, issue)
    gitlab.fail("server_error", method="GET", path=FROM_THERE, times=None)
    look(issue)
    PendingFile.objects.update(attempts=MOST_TRIES - 1)
    fetch_what_is_due()


def test_a_file_from_gitlab_is_given_up_in_the_end_and_named_to_whoever_must_look(cast, mirrored, bug):
    given_up(mirrored, bug)
    (row,) = hanging(bug)
    assert (row.what, row.parked, row.last_error[:8]) == ("A file from GitLab: screen.png", True, "Given up")
    assert [row["issue"] for row in in_need_of_a_person()] == [bug.pk]
    assert due_files() == []


def test_a_file_that_was_given_up_is_fetched_when_somebody_retries(cast, mirrored, bug):
    given_up(mirrored, bug)
    mirrored.heal()
    retry(bug.pk, by=cast.ops)
    fetch_what_is_due()
    assert (Attachment.objects.get().name, hanging(bug)) == ("screen.png", ())


def test_a_file_that_was_given_up_may_be_skipped(cast, mirrored, bug):
    given_up(mirrored, bug)
    skip(bug.pk, by=cast.ops)
    assert (hanging(bug), list(in_need_of_a_person()), due_files()) == ((), [], [])


def test_a_file_of_a_comment_that_was_deleted_meanwhile_is_not_kept(cast, mirrored, bug):
    written_with_a_file(mirrored, bug)
    mirrored.fail("server_error", method="GET", path=FROM_THERE, times=1)
    look(bug)
    Comment.objects.filter(issue=bug).update(deleted_at=timezone.now(), body="")
    fetch_what_is_due()
    assert (PendingFile.objects.count(), Attachment.objects.count()) == (0, 0)


def test_two_workers_fetch_a_file_once(cast, mirrored, bug):
    written_with_a_file(mirrored, bug)
    mirrored.fail("server_error", method="GET", path=FROM_THERE, times=1)
    look(bug)
    PendingFile.objects.update(due_at=timezone.now(), leased_until=timezone.now() + timedelta(minutes=1))
    mirrored.forget()
    fetch_file(PendingFile.objects.get().pk)
    assert (mirrored.calls(), PendingFile.objects.count()) == ([], 1)


def a_file(cast, name="trace.txt"):
    """A stored file."""
    return store_file(SimpleUploadedFile(name, b"It happened at noon."), by=cast.requester)


@pytest.mark.parametrize("trouble", ["500", "503 of a proxy", "a page", "403"])
def test_a_request_gets_its_issue_though_its_file_fails(cast, mirrored, trouble):
    issue = file_request(cast)
    attach(issue.pk, [a_file(cast)], by=cast.requester)
    fault, params = TROUBLES[trouble]
    mirrored.fail(fault, path=r"/uploads$", times=None, **params)
    mirror = push(issue)
    assert (mirror.status, "trace.txt" in mirrored.issue(mirror)["description"]) == ("in-step", True)
    mirrored.heal()
    assert "](/uploads/" in mirrored.issue(push_later(issue))["description"]


def test_a_file_that_gitlab_will_never_take_is_named_and_the_comment_arrives(cast, mirrored, bug):
    mirrored.fail("html_instead_of_json", path=r"/uploads$", times=None, status=413)
    comment(bug.pk, "See the trace.", by=cast.requester, files=[a_file(cast)])
    mirror = push(bug)
    assert ["trace.txt (in the portal)" in one["body"] for one in mirrored.notes(mirror)] == [True]
    (row,) = hanging(bug)
    assert (row.what, row.parked) == ("A file: trace.txt", True)


def test_a_file_on_its_way_to_gitlab_is_given_up_in_the_end_and_nothing_else_is(cast, mirrored, bug):
    mirrored.fail("server_error", path=r"/uploads$", times=None)
    comment(bug.pk, "See the trace.", by=cast.requester, files=[a_file(cast)])
    OutgoingUpload.objects.update(attempts=MOST_TRIES - 1)
    push(bug)
    mirror = push_later(bug)
    upload_row = OutgoingUpload.objects.get()
    assert (upload_row.parked, upload_row.last_error[:8], mirror.parked) == (True, "Given up", False)
    assert "See the trace." in mirrored.notes(mirror)[0]["body"]


def test_a_lost_reading_of_files_keeps_no_look_due(cast, mirrored, bug):
    written_with_a_file(mirrored, bug)
    mirrored.fail("server_error", method="GET", path=FROM_THERE, times=None)
    look(bug)
    look(bug)
    assert PendingPull.objects.get(pk=bug.pk).due_at is None

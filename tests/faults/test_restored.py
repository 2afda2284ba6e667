"""The database comes from yesterday's backup: GitLab's issues are found again by their marks, none is doubled (row 51).

Here what the backup would hold is put back by hand; ``nightly/test_backup.py`` dumps and restores a real one.
"""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.factories import file_request
from tests.gitlab.pushing import out_of_quarantine, push, push_later
from workflow.actions import comment
from workflow.catalogue.models import Tracker
from workflow.gitlab.escaping import managed_block
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.link import new_marker
from workflow.gitlab.reconcile import NOTES_APART, after_restore

pytestmark = [pytest.mark.django_db, pytest.mark.fault(51)]


def as_before_it_was_pushed(issue):
    """The rows as they were while GitLab knew nothing of the request."""
    GitLabLink.objects.filter(pk=issue.pk).update(
        status="behind",
        pushed_version=0,
        creating_since=None,
        project_id=None,
        iid=None,
        gitlab_id=None,
        web_url="",
        last_synced={},
        due_at=timezone.now(),
        pushed_at=None,
    )
    OutgoingNote.objects.filter(issue=issue).update(note_id=None, posting_since=None, due_at=timezone.now())


@pytest.fixture
def yesterday(cast, mirrored):
    """A request with a comment, both in GitLab since the backup was taken; returned as the backup holds it."""
    issue = file_request(cast)
    comment(issue.pk, "Said once.", by=cast.requester)
    push(issue)
    as_before_it_was_pushed(issue)
    return issue


def test_without_making_ready_there_would_be_a_second_one(cast, mirrored, yesterday):
    """Not a promise, a proof that the next test can fail."""
    assert len(mirrored.with_marker(push(yesterday))) == 2


def test_what_was_sent_since_is_found_by_its_mark_and_not_sent_again(cast, mirrored, yesterday):
    found = after_restore()
    mirror = push(yesterday)
    assert (found.looked_for, found.comments, mirror.status) == (1, 1, "unknown")
    mirror = out_of_quarantine(yesterday)
    assert mirror.status == "in-step"
    assert [issue["iid"] for issue in mirrored.with_marker(mirror)] == [mirror.iid]
    assert len(mirrored.notes(mirror)) == 1


def test_what_was_not_sent_yet_is_sent(cast, mirrored):
    issue = file_request(cast)
    after_restore()
    out_of_quarantine(issue)
    assert push_later(issue).status == "in-step"


def test_what_only_gitlab_still_has_is_named_and_its_number_is_not_given_out_again(cast, mirrored):
    push(file_request(cast))
    bot_project = Tracker.objects.exclude(project_id=None).first().project_id
    lost = max(GitLabLink.objects.values_list("pk", flat=True)) + 40
    mirrored.api(
        "POST",
        f"/projects/{bot_project}/issues",
        sudo="support-bot",
        title="Filed today",
        description=managed_block(new_marker(lost), "Words."),
    )
    mirrored.api(
        "POST",
        f"/projects/{bot_project}/issues",
        sudo="support-bot",
        title="No mark of ours",
        description=managed_block("supportops999999xforged", "Words."),
    )
    found = after_restore()
    assert [(number, title) for number, title, _ in found.lost] == [(lost, "Filed today")]
    assert found.next_number == lost + 1
    assert file_request(cast).pk == lost + 1


def test_no_comment_gets_the_mark_of_one_that_was_lost(cast, mirrored, yesterday):
    last = OutgoingNote.objects.latest("pk").pk
    after_restore()
    comment(yesterday.pk, "A new one.", by=cast.requester)
    assert OutgoingNote.objects.latest("pk").pk > last + NOTES_APART


def test_it_may_be_done_twice(cast, mirrored, yesterday):
    first, second = after_restore(), after_restore()
    assert (first.looked_for, first.lost) == (second.looked_for, second.lost)
    assert second.next_number - first.next_number <= 1
    out_of_quarantine(yesterday)
    assert len(mirrored.with_marker(push_later(yesterday))) == 1


def test_while_gitlab_cannot_be_asked_nothing_changes(cast, mirrored, yesterday):
    mirrored.fail("server_error", method="GET", status=502)
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("gitlab_after_restore")
    assert GitLabLink.objects.get(pk=yesterday.pk).creating_since is None


def test_the_command_says_what_to_do(cast, mirrored, yesterday, capsys):
    call_command("gitlab_after_restore")
    said = capsys.readouterr().out
    assert "looked for in GitLab before they are created: 1." in said
    assert "Start the portal now" in said

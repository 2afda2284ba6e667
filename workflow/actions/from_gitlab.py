"""What people did in GitLab arrives: their comments, a move, labels that are shared, and the answer they get.

Nothing here is refused: it has happened there already. What needs a permission goes through the other doors.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions.errors import Incomplete
from workflow.actions.fields import tell_people_needed
from workflow.actions.history import record
from workflow.actions.locking import locked
from workflow.actions.participation import mention, take_part
from workflow.actions.signals import announce, comment_written
from workflow.catalogue.models import Tracker
from workflow.catalogue.restriction import lets_out
from workflow.models import Attachment, Comment, Event, Issue, Milestone
from workflow.states import Source
from workflow.verbs import Act


def receive_comment(
    number: int,
    body: str,
    *,
    author: User | None,
    author_name: str = "",
    internal: bool = False,
    at: datetime,
    files: Iterable[Attachment] = (),
) -> Comment:
    """Keep a comment written in GitLab and return it. ``author``: the person, or None where ``author_name`` stands
    for them.

    ``files``: stored Attachments that came with it. Nothing goes back to GitLab: it is there.
    """
    with locked(number) as issue:
        new = Comment.objects.create(
            issue=issue,
            author=author,
            author_name=author_name if author is None else "",
            body=body,
            internal=internal,
            source=Source.GITLAB,
            created_at=at,
        )
        for file in files:
            file.issue, file.comment, file.internal, file.source = issue, new, internal, Source.GITLAB
            file.save(update_fields=["issue", "comment", "internal", "source"])
        take_part(issue, [author], internal=internal)
        mentioned = mention(issue, body, internal=internal, in_gitlab=True)
        comment_written.send(sender=None, issue=issue, comment=new, by=author, mentioned=mentioned)
        announce(issue.pk)
        return new


def receive_file(comment: Comment, file: Attachment) -> None:
    """Give a stored file to a comment that came from GitLab before it. Nothing goes back to GitLab: it is there."""
    with locked(comment.issue_id) as issue:
        file.issue, file.comment, file.internal, file.source = issue, comment, comment.internal, Source.GITLAB
        file.save(update_fields=["issue", "comment", "internal", "source"])
        announce(issue.pk)


def rewrite_comment(comment: Comment, body: str) -> None:
    """The comment was edited in GitLab."""
    with locked(comment.issue_id):
        Comment.objects.filter(pk=comment.pk).update(body=body, edited_at=timezone.now())
        announce(comment.issue_id)


def bring_back_comment(comment: Comment, body: str) -> None:
    """The comment is there in GitLab after all: its words come back."""
    with locked(comment.issue_id):
        Comment.objects.filter(pk=comment.pk).update(deleted_at=None, body=body)
        announce(comment.issue_id)


def bury_comment(comment: Comment) -> None:
    """The comment was deleted in GitLab: its place stays, its words go."""
    with locked(comment.issue_id):
        Comment.objects.filter(pk=comment.pk, deleted_at=None).update(deleted_at=timezone.now(), body="")
        announce(comment.issue_id)


def follow_move(number: int, tracker: Tracker, *, by: User | None, author_name: str = "") -> Issue:
    """The GitLab issue was moved there: the request follows, in whatever state it is. ``by``: the person, or None.

    The milestone stays only if one of its title exists there. Raises Incomplete where that would show to more people
    what is restricted, and then nothing changed.
    """
    with locked(number) as issue:
        old = issue.tracker
        if tracker == old:
            return issue
        if sentence := lets_out(old, tracker):
            raise Incomplete({"tracker": sentence})
        issue.tracker = tracker
        data: dict[str, Any] = {"tracker": [old.name if old else None, tracker.name], **_named(by, author_name)}
        if issue.milestone:
            there = Milestone.objects.open().filter(tracker=tracker, title=issue.milestone.title).first()
            if there is None:
                data["milestone"] = [issue.milestone.title, None]
            issue.milestone = there
        issue.version += 1
        issue.save()
        record(issue, Act.MOVE, by=by, from_state=issue.state, source=Source.GITLAB, data=data)
        return issue


def say_back(
    number: int,
    verb: str,
    text: str,
    *,
    by: User | None,
    author_name: str = "",
    data: Mapping[str, Any] | None = None,
    told: Iterable[User] = (),
) -> Event:
    """Keep in the history what was not followed, say so in one comment on the GitLab issue, and have it put right
    there.

    ``verb``: UNDONE, NOT_TAKEN or CONFLICT; ``by``: the person, or None where ``author_name`` stands for them;
    ``told``: people who hear of it besides those who watch.
    """
    with locked(number) as issue:
        event = record(
            issue,
            verb,
            by=by,
            from_state=issue.state,
            source=Source.GITLAB,
            text=text,
            data={**_named(by, author_name), **(data or {})},
        )
        for person in told:
            tell_people_needed(issue, event, person)
        return event


def _named(by: User | None, author_name: str) -> dict[str, str]:
    return {"author": author_name} if by is None and author_name else {}

"""Comments and files."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions.attachments import keep
from workflow.actions.discussion import ASKED_IN, ask_ops_in, is_discussed
from workflow.actions.errors import Incomplete, Refused
from workflow.actions.history import record
from workflow.actions.locking import again_after_a_clash, locked
from workflow.actions.participation import mention, take_part
from workflow.actions.requirements import LONGEST_TEXT, required
from workflow.actions.signals import announce, comment_written
from workflow.models import Attachment, Comment, Issue
from workflow.permissions import refusal, sees_internal
from workflow.states import Source
from workflow.verbs import Act


@again_after_a_clash
def comment(
    number: int,
    body: str,
    *,
    by: User,
    internal: bool = False,
    files: Iterable[Attachment] = (),
    submission: UUID | None = None,
    asks_ops_in: bool = False,
    source: Source = Source.PORTAL,
) -> Comment:
    """Add a comment and return it; the same ``submission`` again returns the one that is there. Does not raise the
    version.

    ``files``: Attachments (see ``actions.files``). Only Support Operations writes internal ones. ``asks_ops_in``:
    they are asked to join the discussion, which the comment says.
    """
    body = body.replace("\x00", "").strip()
    if submission and (earlier := Comment.objects.filter(submission=submission).first()):
        return earlier
    try:
        with locked(number) as issue:
            if reason := refusal(by, Act.COMMENT, issue):
                raise Refused(reason)
            if internal and not sees_internal(by):
                raise Refused("Only Support Operations writes internal comments.")
            _check_body(issue, body)
            if asks_ops_in and is_discussed(issue):
                return _ask_ops_in(issue, body, by=by, files=files, submission=submission, source=source)
            return _write(issue, body, by=by, internal=internal, files=files, submission=submission, source=source)
    except IntegrityError:
        if submission and (earlier := Comment.objects.filter(submission=submission).first()):
            return earlier
        raise


def _ask_ops_in(
    issue: Issue, body: str, *, by: User, files: Iterable[Attachment], submission: UUID | None, source: Source
) -> Comment:
    words = f"{body}\n\n{ASKED_IN}"
    new = _write(issue, words, by=by, internal=False, files=files, submission=submission, source=source)
    ask_ops_in(issue, new, by)
    return new


def _check_body(issue: Issue, body: str) -> None:
    if not body:
        raise Incomplete(required(Act.COMMENT, issue))
    if len(body) > LONGEST_TEXT:
        raise Incomplete({"body": f"Shorten this to {LONGEST_TEXT:,} characters; it has {len(body):,}."})


def _write(
    issue: Issue,
    body: str,
    *,
    by: User,
    internal: bool,
    files: Iterable[Attachment],
    submission: UUID | None,
    source: Source,
) -> Comment:
    now = timezone.now()
    new = Comment.objects.create(
        issue=issue, author=by, body=body, internal=internal, source=source, submission=submission, created_at=now
    )
    for attachment in files:
        keep(attachment, issue, comment=new, internal=internal)
    take_part(issue, [by], internal=internal)
    mentioned = mention(issue, body, internal=internal)
    comment_written.send(sender=None, issue=issue, comment=new, by=by, mentioned=mentioned)
    announce(issue.pk)
    return new


@again_after_a_clash
def attach(number: int, files: Collection[Attachment], *, by: User, submission: UUID | None = None) -> Issue:
    """Add files (Attachments, see ``actions.files``) to the request itself; the same ``submission`` (a UUID) again adds
    nothing more."""
    mark = {"submission": str(submission)} if submission else {}
    with locked(number) as issue:
        if reason := refusal(by, Act.ATTACH, issue):
            raise Refused(reason)
        if not files:
            raise Incomplete(required(Act.ATTACH, issue))
        if mark and issue.events.filter(verb=Act.ATTACH, actor=by, data__submission=mark["submission"]).exists():
            return issue
        for attachment in files:
            keep(attachment, issue)
        record(issue, Act.ATTACH, by=by, from_state=issue.state, data={"files": [file.name for file in files], **mark})
        return issue

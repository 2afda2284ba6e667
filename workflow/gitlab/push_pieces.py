"""What hangs on a request's issue. Whoever holds the mirror sends these too.

Files of a request on their way to the GitLab project its issue is in. One that fails keeps nothing else waiting.

Links between requests, as links between their GitLab issues, once both are there.
"""

from typing import Any

from django.db.models import F
from django.utils import timezone

from workflow.gitlab.errors import Conflict, GitLabError
from workflow.gitlab.escaping import plain
from workflow.gitlab.failures import PieceWork, handle_failure
from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload
from workflow.gitlab.models.link import Exchanged
from workflow.gitlab.retry import Doing
from workflow.gitlab.session import Run, in_seconds


def put_off(row: Exchanged, seconds: float | None, message: str = "", **fields: Any) -> None:
    """Look at the row again in so many seconds (None: not by itself)."""
    due_at = None if seconds is None else in_seconds(seconds)
    type(row).objects.filter(pk=row.pk).update(due_at=due_at, last_error=message, **fields)


def send_files(run: Run, project_id: int) -> None:
    """Upload what is due, and again what an earlier project has: relative links do not move along.

    A file that fails waits or is given up by itself; text then names it without a link, and gets the link later.
    """
    if not run.beside.files:
        return
    rows = OutgoingUpload.objects.filter(attachment__issue=run.issue, parked=False).select_related("attachment")
    now = timezone.now()
    for row in rows.order_by("pk"):
        elsewhere = row.project_id not in (None, project_id) and row.attachment.comment_id is None
        if elsewhere or (row.due_at is not None and row.due_at <= now):
            _send(run, row, project_id)
            if run.unanswered:  # one file is no sign that GitLab is away: the run goes on, and the other files later
                run.unanswered = False
                return


def _send(run: Run, row: OutgoingUpload, project_id: int) -> None:
    OutgoingUpload.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
    row.attempts += 1
    try:
        with row.attachment.file.open("rb") as file:
            content = file.read()
        markdown = run.gateway.upload(project_id, _file_name(row.attachment.name), content)
    except (OSError, GitLabError) as error:
        handle_failure(error, PieceWork(run, row, Doing.FILE))
        return
    OutgoingUpload.objects.filter(pk=row.pk).update(
        project_id=project_id, markdown=markdown, due_at=None, attempts=0, last_error="", refused_since=None
    )
    if row.attachment.comment_id is not None:  # a comment that did not wait for it shows it from now on
        OutgoingNote.objects.filter(comment=row.attachment.comment_id, parked=False).update(due_at=timezone.now())


def _file_name(name: str) -> str:
    """A name that cannot act in the Markdown GitLab makes of it."""
    kept = "".join(char if char.isalnum() or char in " ._()-" else "_" for char in plain(name))
    return kept.strip(" .") or "file"


OTHER_SIDE_IN = 5
"""Seconds until a link whose other issue is not there yet is looked at again."""


def send_links(run: Run) -> None:
    """Relate the issue to those its request leads to."""
    if not run.beside.links_due:
        return
    rows = OutgoingLink.objects.filter(link__source=run.issue, due_at__lte=timezone.now(), parked=False)
    for row in rows.select_related("link").order_by("pk"):
        other = GitLabLink.objects.filter(pk=row.link.target_id).first()
        if other is None:
            put_off(row, None, "The other request has no GitLab issue.")
        elif other.project_id is None or other.iid is None:
            put_off(row, OTHER_SIDE_IN, "The other request's issue is not there yet.")
        else:
            _relate(run, row, other.project_id, other.iid)


def _relate(run: Run, row: OutgoingLink, to_project_id: int, to_iid: int) -> None:
    OutgoingLink.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
    row.attempts += 1
    try:
        run.gateway.link(*run.there, to_project_id, to_iid)
    except Conflict:
        pass  # related already, which is all that was wanted
    except GitLabError as error:
        handle_failure(error, PieceWork(run, row, Doing.LINK))
        return
    OutgoingLink.objects.filter(pk=row.pk).update(due_at=None, attempts=0, last_error="", refused_since=None)

"""Files of a request on their way to the GitLab project its issue is in."""

from django.db.models import F
from django.utils import timezone

from workflow.gitlab.errors import Permanent, Retryable
from workflow.gitlab.outgoing import failed, interrupts
from workflow.gitlab.text import plain
from workflow.models import UploadMirror


def send_files(run, project_id):
    """Upload what is due, and again what an earlier project has: relative links do not move along.

    A file that fails waits or is parked by itself; text then names it without a link.
    """
    rows = UploadMirror.objects.filter(attachment__issue=run.issue, parked=False).select_related("attachment")
    now = timezone.now()
    for row in rows.order_by("pk"):
        elsewhere = row.project_id not in (None, project_id) and row.attachment.comment_id is None
        if elsewhere or (row.due_at is not None and row.due_at <= now):
            _send(run, row, project_id)


def _send(run, row, project_id):
    UploadMirror.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
    row.attempts += 1
    try:
        with row.attachment.file.open("rb") as file:
            content = file.read()
        markdown = run.gateway.upload(project_id, _file_name(row.attachment.name), content)
    except (OSError, Permanent, Retryable) as error:
        if interrupts(error):
            raise
        failed(row, error)
        return
    UploadMirror.objects.filter(pk=row.pk).update(
        project_id=project_id, markdown=markdown, due_at=None, attempts=0, last_error=""
    )


def _file_name(name):
    """A name that cannot act in the Markdown GitLab makes of it."""
    kept = "".join(char if char.isalnum() or char in " ._()-" else "_" for char in plain(name))
    return kept.strip(" .") or "file"

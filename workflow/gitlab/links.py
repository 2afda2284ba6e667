"""Links between requests, as links between their GitLab issues, once both are there."""

from django.db.models import F
from django.utils import timezone

from workflow.gitlab.errors import Conflict, GitLabError
from workflow.gitlab.outgoing import failed, interrupts, put_off
from workflow.models import LinkMirror, Mirror

OTHER_SIDE_IN = 5
"""Seconds until a link whose other issue is not there yet is looked at again."""


def send_links(run):
    """Relate the issue to those its request leads to."""
    rows = LinkMirror.objects.filter(link__source=run.issue, due_at__lte=timezone.now(), parked=False)
    for row in rows.select_related("link").order_by("pk"):
        other = Mirror.objects.filter(pk=row.link.target_id).first()
        if other is None:
            put_off(row, None, "The other request has no GitLab issue.")
        elif not other.exists:
            put_off(row, OTHER_SIDE_IN, "The other request's issue is not there yet.")
        else:
            _relate(run, row, other)


def _relate(run, row, other):
    LinkMirror.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
    row.attempts += 1
    try:
        run.gateway.link(run.mirror.project_id, run.mirror.iid, other.project_id, other.iid)
    except Conflict:
        pass  # related already, which is all that was wanted
    except GitLabError as error:
        if interrupts(error):
            raise
        failed(row, error)
        return
    LinkMirror.objects.filter(pk=row.pk).update(due_at=None, attempts=0, last_error="")

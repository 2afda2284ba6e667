"""After the database was restored from a backup, GitLab knows more than the portal does (reliability.md §2, row 51).

Whatever the backup holds as not sent may have been sent since: it is looked for by its mark before it is sent. Whatever
was filed since is lost here but not there: it is named, and its number is not given out again, because the mark in
GitLab is made of it. What differs otherwise is for the comparison of all requests, which is due after any restore.
"""

import re
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from workflow.gitlab.gateway import open_gateway
from workflow.gitlab.inbound_models import Reconciliation
from workflow.gitlab.markers import marker_in
from workflow.gitlab.run import Status, quarantine
from workflow.models import Issue, Mirror, NoteMirror, Tracker
from workflow.models.mirror import new_marker

NOTES_APART = 1_000_000
"""How far the numbers of notes jump: more than can have been written since the backup."""


@dataclass(frozen=True)
class Found:
    """``looked_for``: how many requests wait to be looked for; ``comments``: how many comments; ``lost``:
    [(number, title, address)] of what only GitLab has; ``next_number``: what the next request will be at least."""

    looked_for: int
    comments: int
    lost: list
    next_number: int


def after_restore():
    """Make ready for work what came out of a backup; returns what was Found. May run twice. Run it before anything else
    of the portal runs. Raises GitLabError, and then nothing has changed."""
    lost = _only_in_gitlab(open_gateway())
    with transaction.atomic():
        looked_for = _look_before_creating()
        comments = _look_before_posting()
        last = _give_out_no_number_below(Issue, max((number for number, _, _ in lost), default=0))
        _give_out_no_number_below(NoteMirror, NOTES_APART, further=True)
        Reconciliation.objects.filter(finished_at=None).update(finished_at=timezone.now())
        Reconciliation.objects.get_or_create(scope="all", finished_at=None)
    return Found(looked_for, comments, lost, last + 1)


def _look_before_creating():
    """What was not there yet is searched for twice, as after any doubtful creation, before it is created."""
    filed = Issue.objects.filter(pk=OuterRef("pk")).values("created_at")
    missing = Mirror.objects.filter(iid=None, issue__tracker__isnull=False).exclude(status=Status.ORPHANED)
    missing.update(creating_since=Subquery(filed), empty_looks=0, lease=None, leased_until=None)
    at_work = missing.exclude(status=Status.PARKED)
    at_work.update(status=Status.UNKNOWN, due_at=timezone.now(), attempts=0)
    Mirror.objects.filter(iid__isnull=False).update(lease=None, leased_until=None)
    return at_work.count()


def _look_before_posting():
    waiting = NoteMirror.objects.filter(note_id=None, due_at__isnull=False)
    return waiting.update(posting_since=timezone.now() - quarantine())


def _only_in_gitlab(gateway):
    """Issues of the bot that carry the mark of a request nobody knows here."""
    bot_id, found = gateway.me().id, {}
    for tracker in Tracker.objects.filter(project_id__isnull=False):
        for issue in gateway.issues_by(tracker.project_id, bot_id):
            number = _number_in(issue.description)
            if number is not None and issue.moved_to_id is None:
                found[number] = (number, issue.title, issue.web_url)
    known = set(Issue.objects.filter(pk__in=found).values_list("pk", flat=True))
    return [found[number] for number in sorted(found.keys() - known)]


def _number_in(description):
    """The request's number that a mark of ours is made of, or None."""
    marker = marker_in(description) or ""
    number = re.match(r"supportops(\d{1,18})x", marker)
    return int(number[1]) if number and new_marker(int(number[1])) == marker else None


def _give_out_no_number_below(model, number, *, further=False):
    """Let the table's next number be above ``number``, or that much ``further`` on; returns the last one used up."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sequence = "pg_get_serial_sequence(%s, %s)"
            cursor.execute(f"SELECT nextval({sequence})", [table, column])
            last = cursor.fetchone()[0] - 1
            last = last + number if further else max(last, number)
            cursor.execute(f"SELECT setval({sequence}, %s, %s)", [table, column, max(last, 1), last > 0])
            return last
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        last = (row[0] if row else 0) + number if further else max(row[0] if row else 0, number)
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
        cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last])
        return last

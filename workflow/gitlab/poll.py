"""Asks each tracker what changed since the last time: webhooks get lost, and are switched off (rows 35 and 47).

Time is GitLab's, told by its answers. ``updated_at`` is touched at most once a minute and lists may be stale, so
polls overlap.
"""

from datetime import timedelta

import structlog
from django.db.models import F, Q
from django.utils import timezone

from workflow.gitlab.away import hears, is_there
from workflow.gitlab.echo import CommentReader, only_ours
from workflow.gitlab.errors import Misconfigured, Permanent, RateLimited, Retryable
from workflow.gitlab.gateway_reads import open_reader
from workflow.gitlab.inbound_models import Cursor, Delivery, Look
from workflow.gitlab.labels import Labelling
from workflow.gitlab.markers import marker_in
from workflow.gitlab.models import Budget, Connection
from workflow.gitlab.rings import ring
from workflow.gitlab.twins import close_twin
from workflow.models import Mirror, Tracker

log = structlog.get_logger(__name__)
OVERLAP = timedelta(seconds=150)
TOUCHED_EVERY = timedelta(seconds=60)
FIRST = timedelta(days=1)
"""How far the first poll of a tracker goes back; what is older is for the reconciler."""
SILENCE = timedelta(minutes=10)
"""How long polls may find what no webhook told of before that is an alarm."""
BATCH = 100
BACKFILL_SHARE = 0.5


def metered_reader(connection):
    """A reading gateway for work that can wait: it leaves half of the shared budget to what people do."""
    return open_reader(meter=lambda kind: connection.spend(kind, share=BACKFILL_SHARE), heard=hears(connection))


def poll_all():
    """Poll every tracker once. One that fails keeps its place in time; the others are polled all the same.

    Who was polled longest ago comes first: what one poll cannot do any more is not always the same trackers'. Returns
    how many looks were asked for.
    """
    connection = Connection.load()
    if connection.paused or not is_there(connection):
        return 0
    gateway, asked = metered_reader(connection), 0
    reader = CommentReader(gateway)
    for tracker in _longest_ago_first():
        try:
            asked += poll(tracker, gateway, connection, reader)
        except Permanent as error:  # Gone among them: this tracker's own trouble
            log.error("tracker_not_polled", tracker=tracker.path, reason=error.message)
        except RateLimited as error:
            if not error.ours:
                Budget.block(error.kind, error.retry_after)
            break
        except Retryable as error:
            log.warning("poll_failed", tracker=tracker.path, reason=error.message)
            if not is_there(connection):
                break
        except Misconfigured as error:
            connection.pause(error.message)
            break
    return asked


def _longest_ago_first():
    trackers = Tracker.objects.filter(project_id__isnull=False)
    return trackers.order_by(F("cursor__polled_until").asc(nulls_first=True), "pk")


def poll(tracker, gateway, connection, reader):
    """Ask for a look at whatever changed in a tracker since its cursor, which moves on with it. Returns how many."""
    cursor, _ = Cursor.objects.get_or_create(tracker=tracker)
    since = (cursor.polled_until or timezone.now() - FIRST) - OVERLAP
    changed = gateway.updated_issues(tracker.project_id, since)
    batch, began, asked, untold = [], None, 0, 0
    for issue in changed:
        began = began or gateway.now
        batch.append(issue)
        if len(batch) == BATCH:
            asked, untold = _add((asked, untold), _ask(batch, tracker, connection, reader))
            _move(cursor, _that_far(cursor, issue), untold, ended=False)
            batch = []
    asked, untold = _add((asked, untold), _ask(batch, tracker, connection, reader))
    _move(cursor, began or gateway.now, untold)
    return asked


def _add(one, other):
    return one[0] + other[0], one[1] + other[1]


def _that_far(cursor, issue):
    """Where the next poll goes on if this one ends after ``issue``: the list is in order of time. Never further back,
    for polls overlap."""
    return max(filter(None, (cursor.polled_until, issue.updated_at)), default=None)


def _ask(issues, tracker, connection, reader):
    """(looks asked for, those no webhook had told of)."""
    mirrors = Mirror.objects.filter(project_id=tracker.project_id, iid__in=[issue.iid for issue in issues])
    mirrors = {mirror.iid: mirror for mirror in mirrors}
    looks = Look.objects.in_bulk([mirror.pk for mirror in mirrors.values()])
    gateway = reader.gateway
    listed_at, labelling, asked, untold = gateway.now, Labelling.read(), 0, 0
    for issue in issues:
        mirror = mirrors.get(issue.iid)
        look = mirror and looks.get(mirror.pk)
        if mirror is None:
            _unlinked(issue, gateway, connection)
        elif _seen_since(look, issue):
            continue
        elif only_ours(mirror, look, issue, labelling, reader):
            _seen(mirror.pk, issue, listed_at)
        else:
            Look.ask(mirror.pk, thorough=True)
            ring("look_at_issue", mirror.pk)
            asked += 1
            untold += not _told(mirror.pk, issue)
    return asked, untold


def _seen(number, issue, listed_at):
    """As good as looked at, once no change can hide any more; until then the next poll lists the issue again."""
    if listed_at > issue.updated_at + TOUCHED_EVERY:
        Look.objects.get_or_create(pk=number)
        Look.objects.filter(Q(seen_at=None) | Q(seen_at__lt=listed_at), pk=number).update(seen_at=listed_at)


def _seen_since(look, issue):
    """Whether a thorough look came after anything this change can hide."""
    return look is not None and look.seen_at is not None and look.seen_at > issue.updated_at + TOUCHED_EVERY


def _told(number, issue):
    around = issue.updated_at - TOUCHED_EVERY
    return Delivery.objects.filter(issue_id=number, received_at__gte=around).exists()


def _unlinked(issue, gateway, connection):
    """No request owns the issue. If it carries one's mark it is moved, not linked yet, or a twin."""
    marker = marker_in(issue.description)
    mirror = marker and Mirror.objects.filter(marker=marker).first()
    if mirror is None:
        return
    if issue.author_id == connection.bot_id and close_twin(mirror, issue, gateway):
        return
    Look.ask(mirror.pk, thorough=True)


def _move(cursor, until, untold, *, ended=True):
    """Remember how far the poll came, and whether webhooks keep silent about what it finds."""
    now = timezone.now()
    if untold:
        cursor.silent_since = cursor.silent_since or now
    elif ended:
        cursor.silent_since = None
    cursor.polled_until, cursor.found = until, untold
    cursor.save(update_fields=["polled_until", "found", "silent_since"])
    if ended and cursor.silent_since and now - cursor.silent_since > SILENCE:
        since = cursor.silent_since.isoformat()
        log.error("gitlab_hook_silent", tracker=cursor.tracker.path, since=since, found=untold)

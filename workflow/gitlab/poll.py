"""Tells the portal's own doing from other people's in what a poll finds, so that it need not look at it thoroughly.

``updated_at`` proves nothing here: GitLab touches it at most once a minute, so what somebody does right after a push
may leave it as the push did. Therefore everything a look would take in is compared: the fields with what was agreed,
the text around the block, and the comments one by one. What was changed and changed back within that minute is no
change.

Asks each tracker what changed since the last time: webhooks get lost, and are switched off (rows 35 and 47).

Time is GitLab's, told by its answers. ``updated_at`` is touched at most once a minute and lists may be stale, so
polls overlap.
"""

import time
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast

import structlog
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from workflow.catalogue.models import Tracker
from workflow.enqueue import enqueue
from workflow.gitlab.circuit_breaker import hears, is_there
from workflow.gitlab.client import MOST_SKEW, ReadingGateway, open_reader
from workflow.gitlab.duplicates import close_twin
from workflow.gitlab.errors import Forbidden, GitLabError, Permanent, Retryable
from workflow.gitlab.escaping import marker_in, text_around
from workflow.gitlab.failures import TrackerWork, handle_failure, stops_round
from workflow.gitlab.fields import Agreed, GitLabSide, seen_of
from workflow.gitlab.labels import Labelling
from workflow.gitlab.models import GitLabLink, OutgoingNote, TrackerWait
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import ImportedNote, PendingPull, PollCursor, WebhookDelivery
from workflow.gitlab.pull_notes import digest_of
from workflow.gitlab.schemas import CountedIssue, Words

log = structlog.get_logger(__name__)
READS_FOR = 20
"""Seconds one poll may read comments, over all trackers: what takes longer is dearer than looks, which wait in line."""


class CommentReader:
    """Reads comments for a poll while time and budget last; from then on, and where GitLab refuses, it knows nothing.

    Not knowing costs a look; failing would keep the whole tracker waiting.
    """

    def __init__(self, gateway: ReadingGateway, connection: Connection) -> None:
        self.gateway, self.connection = gateway, connection
        self._ends = time.monotonic() + READS_FOR

    def comments(self, issue: CountedIssue) -> list[Words] | None:
        """What people and the portal said on the issue, or None if that is not to be had now."""
        if time.monotonic() >= self._ends:
            return None
        try:
            return [note for note in self.gateway.comments(issue.project_id, issue.iid) if not note.system]
        except (Permanent, Forbidden) as error:  # this issue's own trouble, which a look gets to the bottom of
            log.warning("comments_not_read", project=issue.project_id, iid=issue.iid, reason=error.message)
        except Retryable as error:
            handle_failure(error, TrackerWork(self.connection, self.gateway, None, TrackerWait.What.CHANGES))
            self._ends = time.monotonic()
        return None


def only_ours(
    mirror: GitLabLink, look: PendingPull | None, issue: CountedIssue, labelling: Labelling, reader: CommentReader
) -> bool:
    """Whether ``issue``, as a list shows it, holds nothing the portal does not know. Costs a call if it has comments.

    ``look``: the request's, or None if it was never looked at. In doubt it is somebody else's.
    """
    if not mirror.in_step or _waits(look) or issue.moved_to_id is not None:
        return False
    agreed = Agreed.of(mirror)
    if not agreed.values or not agreed.holds(seen_of(GitLabSide(issue, labelling.owned, agreed.values))):
        return False
    if text_around(issue.description) != (look.shared_text if look else ""):
        return False
    return _same_comments(mirror, issue, reader)


def _waits(look: PendingPull | None) -> bool:
    return look is not None and bool(look.pending or look.due_at or look.frozen_at)


def _same_comments(mirror: GitLabLink, issue: CountedIssue, reader: CommentReader) -> bool:
    ours = set(OutgoingNote.objects.filter(issue=mirror.pk, note_id__isnull=False).values_list("note_id", flat=True))
    taken = ImportedNote.objects.filter(comment__issue=mirror.pk, comment__deleted_at=None)
    theirs = dict(taken.values_list("note_id", "digest"))
    if issue.comments != len(ours) + len(theirs):
        return False
    if issue.comments == 0:
        return True
    there = reader.comments(issue)
    if there is None:
        return False
    foreign = {note.id: digest_of(note.body) for note in there if note.id not in ours}
    return foreign == theirs and ours <= {note.id for note in there}


OVERLAP = timedelta(seconds=150)
TOUCHED_EVERY = timedelta(seconds=60)
FIRST = timedelta(days=1)
"""How far the first poll of a tracker goes back; what is older is for the reconciler."""
SILENCE = timedelta(minutes=10)
"""How long polls may find what no webhook told of before that is an alarm."""
BATCH = 100
BACKFILL_SHARE = 0.5


def metered_reader(connection: Connection) -> ReadingGateway:
    """A reading gateway for work that can wait: it leaves half of the shared budget to what people do."""
    return open_reader(meter=lambda kind: connection.spend(kind, share=BACKFILL_SHARE), heard=hears(connection))


def poll_all() -> int:
    """Poll every tracker once. One that fails keeps its place in time; the others are polled all the same.

    Who was polled longest ago comes first: what one poll cannot do any more is not always the same trackers'. Returns
    how many looks were asked for.
    """
    connection = Connection.load()
    if connection.paused or not is_there(connection):
        return 0
    gateway, asked = metered_reader(connection), 0
    reader = CommentReader(gateway, connection)
    for tracker in _longest_ago_first():
        work = TrackerWork(connection, gateway, tracker, TrackerWait.What.CHANGES)
        try:
            asked += poll(tracker, gateway, connection, reader)
        except GitLabError as error:
            if stops_round(handle_failure(error, work), error, connection):
                break
        else:
            work.done()
    return asked


def _longest_ago_first() -> QuerySet[Tracker]:
    trackers = Tracker.objects.filter(project_id__isnull=False)
    return trackers.order_by(F("cursor__polled_until").asc(nulls_first=True), "pk")


def poll(tracker: Tracker, gateway: ReadingGateway, connection: Connection, reader: CommentReader) -> int:
    """Ask for a look at whatever changed in a tracker since its cursor, which moves on with it. Returns how many."""
    cursor, _ = PollCursor.objects.get_or_create(tracker=tracker)
    now = timezone.now()
    since = min(cursor.polled_until or now - FIRST, now + MOST_SKEW) - OVERLAP
    changed = gateway.updated_issues(cast(int, tracker.project_id), since)
    batch: list[CountedIssue] = []
    began: datetime | None = None
    asked, untold = 0, 0
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


def _add(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]


def _that_far(cursor: PollCursor, issue: CountedIssue) -> datetime | None:
    """Where the next poll goes on if this one ends after ``issue``: the list is in order of time. Never further back,
    for polls overlap; an issue that says it is of tomorrow says nothing."""
    ahead = timezone.now() + MOST_SKEW
    told = issue.updated_at if issue.updated_at and issue.updated_at <= ahead else None
    return max(filter(None, (cursor.polled_until, told)), default=None)


def _ask(
    issues: Collection[CountedIssue], tracker: Tracker, connection: Connection, reader: CommentReader
) -> tuple[int, int]:
    """(looks asked for, those no webhook had told of)."""
    linked = GitLabLink.objects.filter(project_id=tracker.project_id, iid__in=[issue.iid for issue in issues])
    mirrors = {mirror.iid: mirror for mirror in linked}
    looks = PendingPull.objects.in_bulk([mirror.pk for mirror in mirrors.values()])
    gateway = reader.gateway
    listed_at, labelling, asked, untold = gateway.now, Labelling.read(), 0, 0
    for issue in issues:
        mirror = mirrors.get(issue.iid)
        look = looks.get(mirror.pk) if mirror else None
        if mirror is None:
            _unlinked(issue, gateway, connection)
        elif _seen_since(look, issue):
            continue
        elif only_ours(mirror, look, issue, labelling, reader):
            _seen(mirror.pk, issue, listed_at)
        else:
            PendingPull.ask(mirror.pk, thorough=True)
            enqueue("workflow.gitlab.tasks.look_at_issue", mirror.pk)
            asked += 1
            untold += not _told(mirror.pk, issue)
    return asked, untold


def _changed_at(issue: CountedIssue) -> datetime:
    """When it was last changed: each tells, for the list is in this order."""
    return cast(datetime, issue.updated_at)


def _seen(number: int, issue: CountedIssue, listed_at: datetime | None) -> None:
    """As good as looked at, once no change can hide any more; until then the next poll lists the issue again."""
    if listed_at is not None and listed_at > _changed_at(issue) + TOUCHED_EVERY:
        PendingPull.objects.get_or_create(pk=number)
        PendingPull.objects.filter(Q(seen_at=None) | Q(seen_at__lt=listed_at), pk=number).update(seen_at=listed_at)


def _seen_since(look: PendingPull | None, issue: CountedIssue) -> bool:
    """Whether a thorough look came after anything this change can hide."""
    return look is not None and look.seen_at is not None and look.seen_at > _changed_at(issue) + TOUCHED_EVERY


def _told(number: int, issue: CountedIssue) -> bool:
    around = _changed_at(issue) - TOUCHED_EVERY
    return WebhookDelivery.objects.filter(issue_id=number, received_at__gte=around).exists()


def _unlinked(issue: CountedIssue, gateway: ReadingGateway, connection: Connection) -> None:
    """No request owns the issue. If it carries one's mark it is moved, not linked yet, or a twin."""
    marker = marker_in(issue.description)
    mirror = GitLabLink.objects.filter(marker=marker).first() if marker else None
    if mirror is None:
        return
    if issue.author_id == connection.bot_id and close_twin(mirror, issue, gateway):
        return
    PendingPull.ask(mirror.pk, thorough=True)


def _move(cursor: PollCursor, until: datetime | None, untold: int, *, ended: bool = True) -> None:
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

"""Changing the label scheme: begun with one press, carried out behind everything people do, at GitLab's pace.

What is left stands in the database (``scheme_models``): labels are made, requests enlisted, then one after the other
becomes due and is pushed as any change is. So it goes on after any death, and the way back is the same act again.
"""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone

from supportops.accounts.models import User
from supportops.accounts.roles import is_lead
from workflow.actions import Refused
from workflow.catalogue.models import Tracker
from workflow.crashpoints import crashpoint
from workflow.enqueue import enqueue
from workflow.gitlab.circuit_breaker import is_there
from workflow.gitlab.client import ReadingGateway
from workflow.gitlab.errors import Forbidden, GitLabError, Permanent
from workflow.gitlab.failures import TrackerWork, handle_failure
from workflow.gitlab.forecast import foresee, labels_of, shown_labels, token_of
from workflow.gitlab.labels import Labelling
from workflow.gitlab.models import GitLabLink, LabelSchemeChange, PendingRelabel, TrackerLabels, TrackerWait
from workflow.gitlab.models.connection import Budget, Connection, LabelScheme
from workflow.gitlab.poll import BACKFILL_SHARE, metered_reader
from workflow.gitlab.push import numbers_with_work, push_issue
from workflow.gitlab.session import Status
from workflow.gitlab.tracker_labels import keeps_scopes_exclusive, labels_to_make, make_labels
from workflow.states import ENDED

log = structlog.get_logger(__name__)
BATCH = 500
LONGEST_RUN = 8
"""Seconds one call works; a worker has other things to do too."""
PAUSE = 0.05
"""Seconds until a request that somebody holds is tried again."""
MAY_CHANGE = "Only the lead of Support Operations, or an administrator of label schemes, may change the label scheme."


class LookedAway(Exception):
    """The schemes are not as they were when the person saw what would happen."""


def may_change(person: User) -> bool:
    """Whether this person may change the label scheme: leads, and whoever may edit schemes in the administration."""
    return is_lead(person) or person.is_active and person.has_perm("gitlab_mirror.change_labelscheme")


def begin(scheme: LabelScheme, *, by: User, token: str) -> LabelSchemeChange:
    """Make ``scheme`` the active one and have every request follow. Returns the change.

    ``token``: the forecast's that the person saw; raises LookedAway if another one would be shown by now. A change that
    runs is ended: what it has not done is not done any more, what it has done is undone where it must be.
    """
    if not may_change(by):
        raise Refused(MAY_CHANGE)
    with transaction.atomic():
        list(LabelScheme.objects.select_for_update().order_by("pk"))
        if token != token_of(scheme):
            raise LookedAway
        forecast = foresee(scheme)
        _end_running()
        LabelScheme.objects.filter(is_active=True).update(is_active=False)
        LabelScheme.objects.filter(pk=scheme.pk).update(is_active=True)
        change = LabelSchemeChange.objects.create(
            from_scheme=forecast.active or scheme, to_scheme=scheme, by=by, foreseen=forecast.counts()
        )
        transaction.on_commit(partial(enqueue, "workflow.gitlab.tasks.change_labels"))
    log.warning("label_scheme_changed", scheme=scheme.name, by=by.pk, requests=forecast.changing)
    return change


def _end_running() -> None:
    LabelSchemeChange.objects.filter(running=True).update(running=False, ended_at=timezone.now(), replaced=True)
    PendingRelabel.objects.all().delete()


def go_on(*, seconds: float = LONGEST_RUN) -> bool:
    """Go on with the change that runs, if one does. Returns whether there is more to do at once."""
    change, connection = LabelSchemeChange.now(), Connection.load()
    if change is None or connection.paused or not is_there(connection):
        return False
    until, gateway = time.monotonic() + seconds, metered_reader(connection)
    try:
        if change.labels_made_at is None and not _make_labels(change, connection, gateway, until):
            return True
    except GitLabError as error:
        handle_failure(error, TrackerWork(connection, gateway, None, TrackerWait.What.LABELS))
        return False
    while LabelSchemeChange.objects.filter(pk=change.pk, running=True, enlisted_at=None).exists():
        if not _enlist(change.pk):
            time.sleep(PAUSE)
        crashpoint("relabel_enlisted")
        if time.monotonic() > until:
            return True
    return _send(change, connection, until)


# Labels ---------------------------------------------------------------------------------------------------------------


def _make_labels(change: LabelSchemeChange, connection: Connection, gateway: ReadingGateway, until: float) -> bool:
    """Make the scheme's labels with their colours; False if the time ran out before.

    What one tracker refuses is told and holds nothing up. Raises GitLabError if GitLab as a whole cannot be asked.
    """
    labels, refused = labels_to_make(change.to_scheme), []
    trackers = list(Tracker.objects.filter(project_id__isnull=False))
    names, seen = {name for name, *_ in labels}, TrackerLabels.objects.filter(read_at__gte=change.at)
    offered = {row.pk: set(row.names) for row in seen}
    for tracker in trackers:
        if time.monotonic() > until:
            return False
        if names <= offered.get(tracker.pk, set()):
            continue
        try:
            make_labels(tracker, gateway, labels)
        except (Permanent, Forbidden) as error:
            decision = handle_failure(error, TrackerWork(connection, gateway, tracker, TrackerWait.What.LABELS))
            if decision.whole_connection:
                raise
            refused.append(f"{tracker}: {decision.reason}")
    exclusive = keeps_scopes_exclusive(gateway, trackers)
    if exclusive is not None:
        Connection.objects.filter(pk=connection.pk).update(premium=exclusive)
    LabelSchemeChange.objects.filter(pk=change.pk).update(labels_made_at=timezone.now(), last_error="\n".join(refused))
    return True


# Enlisting ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def _enlist(pk: int) -> bool:
    """Enlist the next requests that must change, and move on; all of it or nothing. False if somebody holds the next.

    Never waits for a request: somebody who holds it may be waiting for the mirror of another one.
    """
    change = LabelSchemeChange.objects.select_for_update().get(pk=pk)
    if not change.running or change.enlisted_at:
        return True
    mirrors = GitLabLink.objects.filter(pk__gt=change.position, iid__isnull=False).exclude(status=Status.ORPHANED)
    numbers = list(mirrors.order_by("pk").values_list("pk", flat=True)[:BATCH])
    free = GitLabLink.objects.select_related("issue").select_for_update(of=("self", "issue"), skip_locked=True)
    held = free.in_bulk(numbers)
    batch = [held[number] for number in takewhile(held.__contains__, numbers)]
    if numbers and not batch:
        return False
    enlisted = _enlist_batch(batch, Labelling.read())
    through = len(batch) == len(numbers) < BATCH
    done = {"enlisted_at": timezone.now()} if through else {"position": batch[-1].pk}
    LabelSchemeChange.objects.filter(pk=pk).update(requests=F("requests") + enlisted, **done)
    return True


def _enlist_batch(mirrors: Iterable[GitLabLink], labelling: Labelling) -> int:
    """Put those that must change behind, but not due; see to it that none stays behind for nothing.

    What a replaced change left behind waits for its turn too, though its labels may be right already: a look in the
    meantime left it to that push to put the other fields right.
    """
    follow, doubtful = [], []
    for mirror in mirrors:
        shown = shown_labels(mirror.last_synced.get("fields", {}).get("labels"))
        if mirror.status in GitLabLink.NEEDS_A_PERSON:
            continue
        left_behind = mirror.status == Status.BEHIND and mirror.due_at is None and not mirror.lease
        if left_behind or shown is not None and shown != labels_of(labelling, mirror.issue):
            follow.append(mirror)
        elif mirror.lease:
            doubtful.append(mirror.pk)  # a worker may write the old labels just now
    _put_behind([mirror.pk for mirror in follow])
    _put_behind(doubtful, due_at=timezone.now())
    PendingRelabel.objects.bulk_create(
        PendingRelabel(issue=mirror.issue, version=mirror.wanted_version + 1, last=mirror.issue.state in ENDED)
        for mirror in follow
    )
    return len(follow)


def _put_behind(numbers: Collection[int], **fields: Any) -> None:
    status = Case(When(status=Status.IN_STEP, then=Value(Status.BEHIND)), default=F("status"))
    GitLabLink.objects.filter(pk__in=numbers).update(wanted_version=F("wanted_version") + 1, status=status, **fields)


# Sending --------------------------------------------------------------------------------------------------------------


def _send(change: LabelSchemeChange, connection: Connection, until: float) -> bool:
    """Bring one request after the other in line while nothing else waits; True if only the time ran out."""
    strike_off(change)
    while _may_go_on(connection):
        row = _turns().first()
        if row is None:
            break
        if time.monotonic() > until:
            return True
        if GitLabLink.objects.filter(pk=row.pk, due_at=None, status=Status.BEHIND).update(due_at=timezone.now()):
            crashpoint("relabel_due")
            push_issue(row.pk)
            crashpoint("relabel_pushed")
    strike_off(change)
    return False


def _turns() -> QuerySet[PendingRelabel]:
    """Those whose turn may come: not in the outbox already, for a person's change or for another try."""
    rows = PendingRelabel.objects.filter(issue__mirror__due_at=None, issue__mirror__status=Status.BEHIND)
    return rows.filter(issue__mirror__pushed_version__lt=F("version")).order_by("last", "pk")


def _may_go_on(connection: Connection) -> bool:
    """Whether nobody waits for GitLab, GitLab answers, and more than the share for people's actions is left."""
    now = Connection.objects.get(pk=connection.pk)
    if now.paused or now.away_since or numbers_with_work(1):
        return False
    return not _share_is_used_up(now)


def _share_is_used_up(connection: Connection) -> bool:
    moment = timezone.now()
    spent = Budget.objects.filter(name=Budget.REQUESTS).first()
    if spent is None:
        return False
    if spent.blocked_until and spent.blocked_until > moment:
        return True
    running = spent.window_start > moment - Budget.WINDOW
    return running and spent.count >= connection.requests_per_minute * BACKFILL_SHARE


def strike_off(change: LabelSchemeChange) -> None:
    """Forget what was pushed, and what waits for a person now and follows when they are through; end an empty list."""
    PendingRelabel.objects.filter(issue__mirror__pushed_version__gte=F("version")).delete()
    aside, _ = PendingRelabel.objects.filter(issue__mirror__status__in=GitLabLink.NEEDS_A_PERSON).delete()
    rows = LabelSchemeChange.objects.filter(pk=change.pk, running=True)
    if aside:
        rows.update(set_aside=F("set_aside") + aside)
    if not PendingRelabel.objects.exists():
        rows.exclude(enlisted_at=None).update(running=False, ended_at=timezone.now())


# Progress -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far a change came: of ``total`` requests ``left`` are still to follow; ``words``: what happens now."""

    total: int
    left: int
    words: str

    @property
    def done(self) -> int:
        """How many requests are through."""
        return self.total - self.left


def progress_of(change: LabelSchemeChange) -> Progress:
    """The Progress of a change that runs. Until all requests are enlisted, the total is what was foreseen."""
    if change.enlisted_at is None:
        total = change.foreseen.get("changing", 0)
        return Progress(total, total, _words(change))
    return Progress(change.requests, min(PendingRelabel.objects.count(), change.requests), _words(change))


def _words(change: LabelSchemeChange) -> str:
    connection = Connection.seen()
    if connection.paused:
        return "Stands still: the exchange with GitLab is paused"
    if connection.away_since:
        return "Stands still: GitLab does not answer"
    if change.labels_made_at is None:
        return "Makes the labels in GitLab"
    return "Enlists the requests" if change.enlisted_at is None else "Brings requests in line, behind what people do"

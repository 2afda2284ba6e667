"""Pushes a request to GitLab: whoever finds its mirror behind claims it and makes GitLab show the present state.

Being woken twice, late or never changes nothing: the rows say what is due, a sweep finds them (architecture.md, "The
mirror row").
"""

import time
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from supportops.statements import Statement, ids, moments
from workflow.crashpoints import crashpoint
from workflow.gitlab.circuit_breaker import is_there
from workflow.gitlab.converge import LookFirst, settle
from workflow.gitlab.failures import RequestWork, handle_failure
from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload, TrackerWait
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.models.link import Poisoned
from workflow.gitlab.pull import look_at
from workflow.gitlab.push_notes import send_notes
from workflow.gitlab.push_pieces import send_links
from workflow.gitlab.session import Run, insist

log = structlog.get_logger(__name__)
GIVES_WAY_FOR = 2
"""Seconds a push waits where the look it gave way to must wait itself."""
ROUNDS = 5
"""How often one call goes on with what became due while it worked; then the sweep takes over."""
LONGEST = 24
"""Seconds after which one call asks GitLab nothing more: its last question, which may take as long as
GITLAB_TIMEOUT_SECONDS, then ends before Celery's soft limit for a task."""


def push_issue(number: int) -> bool:
    """Bring GitLab in step with the request, as far as is due now. Returns whether there was anything to do."""
    connection, rounds = Connection.load(), 0
    ends = time.monotonic() + min(LONGEST, settings.GITLAB_LEASE_SECONDS / 3)
    more = True
    while more and rounds < ROUNDS and _push_once(number, connection, ends):
        rounds += 1
        more = time.monotonic() < ends and bool(_MORE_WORK.rows(number, timezone.now()))
    return rounds > 0


_ONE, _NOW = ids(1)[0], moments(1)[0]
_MORE_WORK = Statement(
    "more_work", lambda: GitLabLink.objects.with_work(_NOW).filter(pk=_ONE).order_by().values_list("pk"), [_ONE, _NOW]
)


def numbers_with_work(limit: int = 100) -> list[int]:
    """Numbers of requests with something due that nobody holds; none while all is paused or GitLab is away.

    Trackers take turns, each with what is longest due there, so that none waits for another one's thousand; one that
    GitLab keeps closed has no turn.
    """
    connection = Connection.load()
    if connection.paused or not is_there(connection):
        return []
    now = timezone.now()
    found: dict[int, list[Any]] = {}
    closed = TrackerWait.objects.closed().values("tracker")
    for rows, number in _DUE:
        due = rows.objects.due(now).filter(parked=False).exclude(**{f"{number}__tracker__in": closed})
        if rows is not GitLabLink:  # what cannot be sent must not hide what can
            due = due.filter(Exists(_to_hang_on(now).filter(pk=OuterRef(number))))
        due = due.in_turn(f"{number}__tracker")
        places = due.order_by("turn", "due_at", "pk")  # type: ignore[misc]  # it is ``in_turn`` that adds the turn
        for pk, *place in places.values_list(number, "turn", "due_at")[: 10 * limit]:
            found[pk] = min(place, found.get(pk, place))
    ready = set(GitLabLink.objects.with_work(now).filter(pk__in=found).values_list("pk", flat=True))
    return sorted(ready, key=lambda pk: (*found[pk], pk))[:limit]


_DUE = (
    (GitLabLink, "issue"),
    (OutgoingNote, "issue"),
    (OutgoingUpload, "attachment__issue"),
    (OutgoingLink, "link__source"),
)
"""What may be due, and the way from there to its request."""


def _to_hang_on(now: datetime) -> QuerySet[GitLabLink]:
    """Mirrors whose notes, files and links can be sent: as ``with_work`` wants them."""
    free = GitLabLink.objects.exclude(leased_until__gt=now)
    return free.filter(iid__isnull=False).exclude(status__in=GitLabLink.NEEDS_A_PERSON)


def _push_once(number: int, connection: Connection, ends: float) -> bool:
    if connection.paused or not is_there(connection):
        return False
    mirror = _claimed(number)
    if mirror is None:
        return False
    crashpoint("claimed")
    run = Run(mirror, connection, ends)
    try:
        _send_everything(run)
    except LookFirst as first:
        _look_first(run, first, ends)
    except MemoryError:  # the row stays as a dead worker leaves it; a task that raised it would end Celery itself
        log.critical("worker_out_of_memory", number=number)
    except Exception as error:  # whatever it is, the row must be let go of, and a person told
        insist(partial(handle_failure, error, RequestWork(run)))
    crashpoint("acked")
    return True


def _claimed(number: int) -> GitLabLink | None:
    """The request's mirror under a lease, or None; one that killed too many workers is parked instead."""
    try:
        return GitLabLink.objects.claim(number)
    except Poisoned:
        log.critical("mirror_poisoned", number=number)
        return None


def _look_first(run: Run, first: LookFirst, ends: float) -> None:
    """Take in what people did in GitLab; then the next round pushes what is left."""
    number = run.mirror.pk
    run.put_off_free(GIVES_WAY_FOR, first.message)
    PendingPull.ask(number, thorough=True)
    if look_at(number, ends):
        later = GitLabLink.objects.filter(pk=number, due_at__gt=timezone.now(), issue__look__due_at=None)
        later.update(due_at=timezone.now())


def _send_everything(run: Run) -> None:
    due = run.mirror.due_at is not None and run.mirror.due_at <= timezone.now()
    waits_for_a_person = run.mirror.status in GitLabLink.NEEDS_A_PERSON
    in_order = run.mirror.exists and run.mirror.due_at is None and not waits_for_a_person
    if (due or in_order) and not settle(run):
        return
    if run.mirror.exists and not waits_for_a_person and _is_as_hidden_as_it_must_be(run):
        send_notes(run)
        send_links(run)
    run.mirror.release()


def _is_as_hidden_as_it_must_be(run: Run) -> bool:
    """Words about a restricted request only go where GitLab confirmed that it hides them."""
    return not run.issue.confidential or run.mirror.last_synced.get("fields", {}).get("confidential") is True

"""The outbox as a whole: since when something waits in it, and what waits for a person.

What is the matter with the mirror now, as findings: read from the database alone, GitLab is not asked.

The figures are those of reliability.md §4. Of a restricted request nothing is said but its number.

What only GitLab can say, asked once an hour: are the webhooks in order, what may the bot's token, until when.

It changes nothing in GitLab. What it finds stays in ``GitLabCheck`` until the next time; ``watch`` makes alarms of it.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from supportops.accounts.models import User
from workflow.catalogue.models import Tracker
from workflow.gitlab.alarms import Finding
from workflow.gitlab.circuit_breaker import is_there
from workflow.gitlab.client import ReadingGateway
from workflow.gitlab.connect import EXPIRES_SOON, what_is_wrong
from workflow.gitlab.errors import Forbidden, GitLabError, Permanent
from workflow.gitlab.failures import TrackerWork, handle_failure
from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload, TrackerWait
from workflow.gitlab.models.alarms import Alarm, Behind, GitLabCheck, Heartbeat, Kind
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, PollCursor, Reconciliation, WebhookDelivery
from workflow.gitlab.poll import metered_reader
from workflow.gitlab.status import PIECES, fought_pulls, parked_pieces, stuck_links, unread_pulls
from workflow.models import Issue
from workflow.models.querysets import IssueQuerySet

IN_ORDER = ~Q(status__in=GitLabLink.NEEDS_A_PERSON)
AT_ONCE = 1_000
"""Rows written in one statement, however long GitLab was away."""


def keep_time() -> None:
    """Note which mirrors are behind now, and since when; call it every minute."""
    now = timezone.now()
    behind = GitLabLink.objects.filter(IN_ORDER, due_at__isnull=False)
    still = behind.filter(pk=OuterRef("pk"), pushed_version=OuterRef("pushed_version"))
    Behind.objects.filter(~Exists(still)).delete()
    new = behind.filter(~Exists(Behind.objects.filter(pk=OuterRef("pk")))).order_by("pk")
    while rows := list(new.values_list("pk", "pushed_version")[:AT_ONCE]):
        Behind.objects.bulk_create(
            [Behind(pk=number, since=now, pushed_version=version) for number, version in rows], ignore_conflicts=True
        )


def oldest_pending(requests: IssueQuerySet | None = None) -> datetime | None:
    """Since when something has been waiting for GitLab, or None; only of ``requests``, a queryset, if given.

    What waits for a person is not pending, nor is what hangs on it; nor is what GitLab refuses, alone or with its whole
    tracker, which is an alarm of its own.
    """
    mirror = GitLabLink.objects.filter(
        ~_closed("pk"),
        pk=OuterRef("pk"),
        due_at__isnull=False,
        refused_since=None,
        pushed_version=OuterRef("pushed_version"),
    )
    found: list[QuerySet[Any, Any]] = [_first(Behind.objects.filter(Exists(mirror)), "issue", "since", requests)]
    for model, issue, since in (
        (OutgoingNote, "issue", Coalesce("comment__created_at", "event__at")),
        (OutgoingUpload, "attachment__issue", "attachment__created_at"),
        (OutgoingLink, "link__source", "link__created_at"),
    ):
        sendable = GitLabLink.objects.filter(
            IN_ORDER, ~_closed("pk"), pk=OuterRef(issue), iid__isnull=False, due_at__isnull=True
        )
        waiting = model.objects.filter(Exists(sendable), due_at__isnull=False, parked=False, refused_since=None)
        found.append(_first(waiting, issue, since, requests))
    return min((since for (since,) in found[0].union(*found[1:], all=True) if since), default=None)


def _closed(issue: str) -> Exists:
    """Whether the tracker of the request that the field ``issue`` names is closed."""
    return Exists(TrackerWait.objects.closed().filter(tracker__issues=OuterRef(issue)))


def _first(
    rows: QuerySet[Any], issue: str, since: Coalesce | str, requests: IssueQuerySet | None
) -> QuerySet[Any, Any]:
    """The earliest ``since`` of these rows, as a query of one row and one column."""
    if requests is not None:
        rows = rows.filter(**{f"{issue}__in": requests.values("pk")})
    together = rows.order_by().annotate(all=Value(1)).values("all").annotate(first=Min(since))
    found: QuerySet[Any, Any] = together.values_list("first")
    return found


@dataclass(frozen=True)
class Health:
    """The connection at a glance. ``waiting``: rows behind, and since when the ``oldest`` change waits; ``silent``:
    trackers whose webhooks keep silent; ``closed``: waits of trackers that GitLab keeps closed; ``compared``: {scope:
    when its last comparison ended}; ``beat``: when periodic work last ran."""

    connection: Connection
    waiting: int
    oldest: datetime | None
    undone_deliveries: int
    silent: tuple[PollCursor, ...]
    closed: tuple[TrackerWait, ...]
    compared: dict[str, datetime]
    beat: datetime | None


def health(person: User) -> Health:
    """How the mirror stands, as far as requests are counted of those this person may see."""
    requests = Issue.objects.visible_to(person)
    finished = Reconciliation.objects.filter(finished_at__isnull=False).order_by()
    return Health(
        connection=Connection.seen(),
        waiting=GitLabLink.objects.filter(due_at__isnull=False, issue__in=requests.values("pk")).count(),
        oldest=oldest_pending(requests),
        undone_deliveries=WebhookDelivery.objects.filter(due_at__isnull=False).count(),
        silent=tuple(PollCursor.objects.filter(silent_since__isnull=False).select_related("tracker")),
        closed=tuple(TrackerWait.objects.closed().select_related("tracker").order_by("since")),
        compared=dict(finished.values_list("scope").annotate(at=Max("finished_at"))),
        beat=Heartbeat.last(),
    )


def dead_letters() -> list[tuple[int, bool, str, bool]]:
    """[(number, restricted, error, gone)] of all that waits for a person for a reason that is no alarm of its own."""
    disagree = Alarm.objects.current().filter(kind=Kind.MISMATCH, issue=OuterRef("pk"))
    fight = fought_pulls().filter(pk=OuterRef("pk"))
    parked = stuck_links()
    unread = unread_pulls().filter(~Exists(parked.filter(pk=OuterRef("pk"))), frozen_at__isnull=True)
    rows: list[tuple[Any, ...]] = [
        *parked.filter(~Exists(disagree), ~Exists(fight)).values_list(
            "pk", "issue__restricted_to", "last_error", "status"
        ),
        *unread.values_list("pk", "issue__restricted_to", "last_error", Value("")),
    ]
    for pieces, issue in parked_pieces():
        rows += pieces.values_list(issue, f"{issue}__restricted_to", "last_error", Value(""))
    return [
        (number, group is not None, error, status == GitLabLink.Status.ORPHANED)
        for number, group, error, status in rows
    ]


AWAY_FOR = PENDING_FOR = timedelta(minutes=5)
UNKNOWN_FOR = SILENT_FOR = timedelta(minutes=10)
ONE_WATCH = timedelta(seconds=60)
"""What just came out of a long wait looks overdue for a moment."""
NAMED = 3
"""Requests named in one sentence."""
EVERYWHERE = ""


def findings() -> Iterator[Finding]:
    """Everything that is the matter, as Findings."""
    keep_time()
    now, connection = timezone.now(), Connection.seen()
    stopped = list(_stopped(connection, now))
    yield from stopped
    if not stopped:  # otherwise what waits only follows from it
        yield from _waiting(now)
        yield from _unknown()
    for find in (_trackers, _refused, _dead, _fighting, _silent, _checked, _token, _drift, _beat):
        yield from find(now)


def _stopped(connection: Connection, now: datetime) -> Iterator[Finding]:
    if connection.paused:
        yield Finding(Kind.PAUSED, EVERYWHERE, f"Nothing is sent and nothing is read. {connection.paused_reason}")
    elif connection.away_since and now - connection.away_since > AWAY_FOR:
        yield Finding(Kind.AWAY, EVERYWHERE, f"GitLab has not answered since {_time(connection.away_since)}.")


def _waiting(now: datetime) -> Iterator[Finding]:
    since = oldest_pending()
    if since and now - since > PENDING_FOR:
        reason = f"The oldest change that GitLab does not show yet waits since {_time(since)}."
        yield Finding(Kind.WAITING, EVERYWHERE, reason, patience=ONE_WATCH)


def _unknown() -> Iterator[Finding]:
    behind = GitLabLink.objects.exclude(status=GitLabLink.Status.IN_STEP)  # the condition of the index, for SQLite
    for number in behind.filter(status=GitLabLink.Status.UNKNOWN).values_list("pk", flat=True):
        yield _of_request(
            Kind.UNKNOWN, number, "Nobody knows yet whether GitLab created its issue.", patience=UNKNOWN_FOR
        )


def _trackers(now: datetime) -> Iterator[Finding]:
    for wait in TrackerWait.objects.select_related("tracker"):
        whole = wait.what == TrackerWait.What.EVERYTHING
        reason = wait.reason if whole else f"{wait.get_what_display()} cannot be read there. {wait.reason}"
        reason += f" It waits since {_time(wait.since)}, and everything else goes on."
        yield Finding(Kind.TRACKER, str(wait.tracker), reason, key=f"{wait.tracker_id} {wait.what}")


def _refused(now: datetime) -> Iterator[Finding]:
    """What GitLab refuses while it takes the rest, as ``_dead``."""
    found: list[tuple[int, int | None, str]] = []
    for model, issue in ((GitLabLink, "pk"), (PendingPull, "pk"), *PIECES):
        request = "issue" if issue == "pk" else issue
        refused = model.objects.filter(refused_since__isnull=False)
        found += refused.values_list(issue, f"{request}__restricted_to", "last_error")
    rows = [(number, group is not None, error) for number, group, error in found]
    yield from _by_reason(Kind.REFUSED, rows, "GitLab refuses something of it; its ledger says what.")


def _dead(now: datetime) -> Iterator[Finding]:
    """One alarm for all that failed for the same reason; restricted requests each have their own."""
    rows = []
    for number, restricted, error, gone in dead_letters():
        if gone:
            yield _of_request(Kind.GONE, number, "Its issue was deleted in GitLab.")
        else:
            rows.append((number, restricted, error))
    yield from _by_reason(Kind.DEAD, rows, "It waits for a person; its ledger says why.")


def _by_reason(kind: Kind, rows: Iterable[tuple[int, bool, str]], secret: str) -> Iterator[Finding]:
    """One alarm for all of the same reason; of a restricted request, whose reason is ``secret``, one of its own."""
    by_reason: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for number, restricted, error in rows:
        if restricted:
            yield _of_request(kind, number, secret)
        else:
            by_reason[re.sub(r"\d+", "#", error)].add((number, error))
    for pattern, alike in by_reason.items():
        numbers, error = sorted({number for number, _ in alike}), min(alike)[1]
        key = hashlib.sha256(pattern.encode()).hexdigest()[:40]
        yield Finding(kind, _named(numbers), error or "No reason was kept.", key=key)


def _fighting(now: datetime) -> Iterator[Finding]:
    for number in fought_pulls().values_list("pk", flat=True):
        yield _of_request(
            Kind.LOOP, number, "Both sides changed the same field back and forth, so neither is followed."
        )


def _silent(now: datetime) -> Iterator[Finding]:
    for cursor in PollCursor.objects.filter(silent_since__lt=now - SILENT_FOR).select_related("tracker"):
        reason = f"Since {_time(cursor.silent_since)} changes are found there that no webhook told of."
        yield Finding(Kind.SILENT, str(cursor.tracker), reason, key=str(cursor.tracker_id))


def _checked(now: datetime) -> Iterator[Finding]:
    for check in GitLabCheck.objects.exclude(problem="").select_related("tracker"):
        kind, place = (Kind.HOOK, str(check.tracker)) if check.tracker else (Kind.TOKEN, EVERYWHERE)
        yield Finding(kind, place, check.problem, key=check.name)


def _token(now: datetime) -> Iterator[Finding]:
    expires = Connection.seen().token_expires_at
    if expires and expires - timezone.localdate() < EXPIRES_SOON:
        reason = f"It expires on {expires.day} {expires:%B %Y}. From then on nothing goes either way."
        yield Finding(Kind.TOKEN, EVERYWHERE, reason, key="expiry")


def _drift(now: datetime) -> Iterator[Finding]:
    for scope, words in (("open", "open requests"), ("all", "all requests")):
        last = Reconciliation.objects.filter(scope=scope, finished_at__isnull=False).first()
        if last and (last.drifted or last.missing or last.twins):
            reason = (
                f"Of {last.checked} compared, {last.drifted} differed, {last.missing} were not there, and {last.twins} "
                f"had a second issue. Compared at {_time(last.finished_at)}."
            )
            yield Finding(Kind.DRIFT, f"The comparison of {words}", reason, key=scope)


def _beat(now: datetime) -> Iterator[Finding]:
    if Heartbeat.is_late():
        reason = f"No periodic work has run since {_time(Heartbeat.last())}: beat, the broker, or every worker stands."
        yield Finding(Kind.BEAT, EVERYWHERE, reason)


def _of_request(kind: Kind, number: int, reason: str, **more: Any) -> Finding:
    return Finding(kind, f"SO-{number}", reason, key=str(number), issue=number, **more)


def _named(numbers: list[int]) -> str:
    """ "SO-1, SO-2, SO-3 and 9 more"."""
    named = ", ".join(f"SO-{number}" for number in numbers[:NAMED])
    return f"{named} and {len(numbers) - NAMED} more" if len(numbers) > NAMED else named


def _time(moment: datetime | None) -> str:
    local = timezone.localtime(moment)
    return f"{local:%H:%M} on {local.day} {local:%B} ({local:%Z})"


EVERY = timedelta(hours=1)
TOKEN = "token"


def check_gitlab() -> None:
    """Check what was not checked for an hour. GitLab away, or a budget used up: the rest waits for the next time."""
    connection = Connection.load()
    if connection.paused or not is_there(connection):
        return
    gateway = metered_reader(connection)
    try:
        if _is_due(TOKEN):
            _remember(TOKEN, _check_token(gateway))
        for tracker in Tracker.objects.filter(is_active=True, project_id__isnull=False):
            if _is_due(_hook(tracker)):
                _remember(_hook(tracker), what_is_wrong(tracker, gateway), tracker)
    except GitLabError as error:  # nothing was learnt, so nothing is remembered
        handle_failure(error, TrackerWork(connection, gateway, None, EVERYWHERE))
    _forget_what_is_not_used()


def _check_token(gateway: ReadingGateway) -> str:
    """Keep when it expires; returns what is wrong with what it may, or ""."""
    try:
        token = gateway.token()
    except (Permanent, Forbidden):  # a GitLab that does not tell
        return ""
    Connection.objects.filter(pk=Connection.ONLY).update(token_expires_at=token.expires_at)
    may = ", ".join(token.scopes) or "nothing"
    return "" if "api" in token.scopes else f"It may only do this: {may}. It needs the scope api."


def _hook(tracker: Tracker) -> str:
    return f"hook {tracker.pk}"


def _is_due(name: str) -> bool:
    return not GitLabCheck.objects.filter(pk=name, checked_at__gt=timezone.now() - EVERY).exists()


def _remember(name: str, problem: str, tracker: Tracker | None = None) -> None:
    found = {"problem": problem, "tracker": tracker, "checked_at": timezone.now()}
    GitLabCheck.objects.update_or_create(pk=name, defaults=found)


def _forget_what_is_not_used() -> None:
    GitLabCheck.objects.filter(tracker__is_active=False).delete()

"""Compares requests with GitLab, hourly the open ones, nightly all; reports what it found even if that is nothing.

What the portal owns is healed by the look and the push that follow; the rest is reported. It goes on where it
stopped: the row says how far it came (contract C11, row 8).

After the database was restored from a backup, GitLab knows more than the portal does (reliability.md §2, row 51).

Whatever the backup holds as not sent may have been sent since: it is looked for by its mark before it is sent.
Whatever was filed since is lost here but not there: it is named, and its number is not given out again, because the
mark in GitLab is made of it. What differs otherwise is for the comparison of all requests, which is due after any
restore.
"""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict, cast

import structlog
from django.db import connection, transaction
from django.db.models import Count, F, Model, OuterRef, Q, Subquery
from django.utils import timezone
from django_stubs_ext import WithAnnotations

from workflow.catalogue.models import Tracker
from workflow.crashpoints import crashpoint
from workflow.enqueue import enqueue
from workflow.gitlab.circuit_breaker import is_there
from workflow.gitlab.client import Gateway, ReadingGateway, open_gateway
from workflow.gitlab.duplicates import close_twin
from workflow.gitlab.errors import Forbidden, GitLabError, Gone, Permanent
from workflow.gitlab.escaping import marker_in
from workflow.gitlab.failures import TrackerWork, handle_failure
from workflow.gitlab.fields import Agreed, GitLabSide, PortalSide, differs, seen_of, wanted_of
from workflow.gitlab.labels import Labelling
from workflow.gitlab.models import GitLabLink, LabelSchemeChange, OutgoingNote, TrackerWait
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, Reconciliation
from workflow.gitlab.models.link import new_marker
from workflow.gitlab.poll import metered_reader
from workflow.gitlab.retry import quarantine
from workflow.gitlab.schemas import CountedIssue, RemoteIssue
from workflow.gitlab.session import Status
from workflow.models import Issue
from workflow.states import ENDED

log = structlog.get_logger(__name__)
BATCH = 50
LONGEST_RUN = 30
"""Seconds one call works; the next one goes on."""
FINDINGS_KEPT = 200


class _Comments(TypedDict):
    """How many of an issue's comments are the portal's own, and how many it has taken from GitLab."""

    ours: int
    received: int


if TYPE_CHECKING:  # Python 3.11 cannot evaluate it at run time
    Counted = WithAnnotations[GitLabLink, _Comments]
    """A mirror with the number of comments that GitLab should have."""


EVERY = {"open": timedelta(hours=1), "all": timedelta(hours=24)}


def due_scopes() -> list[str]:
    """The comparisons to begin or to go on with now, by what the database says."""
    now, due = timezone.now(), []
    for scope, every in EVERY.items():
        last = Reconciliation.objects.filter(scope=scope).order_by("-started_at").first()
        if last is None or last.finished_at is None or last.started_at + every <= now:
            due.append(scope)
    return due


def reconcile(scope: str, *, seconds: float = LONGEST_RUN) -> Reconciliation:
    """Begin, or go on with, a comparison of ``scope`` ("open" or "all"); returns its Reconciliation.

    ``seconds``: how long to work at most; without ``finished_at`` the next call goes on.
    """
    connection = Connection.load()
    row = _running(scope)
    if connection.paused or LabelSchemeChange.enlisting() or not is_there(connection):
        return row
    gateway, until = metered_reader(connection), time.monotonic() + seconds
    try:
        while (batch := _next(row)) and time.monotonic() < until:
            _compare(row, batch, gateway, connection)
            crashpoint("reconcile_row")
        if not batch:
            _look_for_twins(row, gateway, connection)
            _finish(row)
    except GitLabError as error:
        handle_failure(error, TrackerWork(connection, gateway, None, TrackerWait.What.COMPARISON))
    return row


def _running(scope: str) -> Reconciliation:
    return Reconciliation.objects.get_or_create(scope=scope, finished_at=None)[0]


def _next(row: Reconciliation) -> "list[Counted]":
    """The next mirrors to compare, by number; those gone from GitLab too, which may be back."""
    let_go = Q(status=Status.ORPHANED, parked=False)
    rows = GitLabLink.objects.filter(pk__gt=row.position, iid__isnull=False).exclude(let_go)
    if row.scope == "open":
        rows = rows.exclude(issue__state__in=ENDED)
    related = ("issue__tracker", "issue__requester", "issue__assignee", "issue__milestone", "issue__route")
    counted = rows.select_related(*related).annotate(**_COUNTS).order_by("pk")
    return cast("list[Counted]", list(counted[:BATCH]))


_COUNTS = {
    "ours": Count("issue__note_mirrors", Q(issue__note_mirrors__note_id__isnull=False), distinct=True),
    "received": Count("issue__comments__received", Q(issue__comments__deleted_at=None), distinct=True),
}


def _compare(row: Reconciliation, batch: "Sequence[Counted]", gateway: ReadingGateway, connection: Connection) -> None:
    """One list call per project, then every request against its issue; the position moves only after all of it."""
    by_project: dict[int, dict[int, Counted]] = defaultdict(dict)
    for mirror in batch:
        by_project[cast(int, mirror.project_id)][cast(int, mirror.iid)] = mirror
    labelling = Labelling.read()
    findings: list[list[Any]] = []
    missing: list[int] = []
    back: list[int] = []
    for project_id, mirrors in by_project.items():
        issues = _list(gateway, project_id, mirrors, connection)
        if issues is None:
            continue
        found = {issue.iid: issue for issue in issues}
        for iid, mirror in mirrors.items():
            if mirror.status == Status.ORPHANED:
                back += [mirror.pk] if iid in found else []
            elif iid not in found:
                missing.append(mirror.pk)
            elif drift := _drift_or_failure(mirror, found[iid], labelling):
                findings.append([mirror.pk, sorted(drift)])
    findings = [finding for finding in findings if finding[0] not in _under_way(batch, findings)]
    for number in [*missing, *back, *(number for number, _ in findings)]:
        PendingPull.ask(number, thorough=True)
        enqueue("workflow.gitlab.tasks.look_at_issue", number)
    row.findings = [*row.findings, *([number, ["missing"]] for number in missing), *findings][:FINDINGS_KEPT]
    row.position = batch[-1].pk
    Reconciliation.objects.filter(pk=row.pk).update(
        position=row.position,
        checked=F("checked") + len(batch),
        drifted=F("drifted") + len(findings),
        missing=F("missing") + len(missing),
        findings=row.findings,
    )


def _under_way(batch: "Sequence[Counted]", findings: Iterable[list[Any]]) -> set[int]:
    """Numbers of those found to differ about which something is under way, or was while they were read: a push, a look
    that is due, a comment just posted or taken. What they show is no drift (row 62)."""
    before = {mirror.pk: mirror for mirror in batch}
    numbers = [number for number, _ in findings]
    now = GitLabLink.objects.filter(pk__in=numbers).annotate(**_COUNTS).select_related("issue__look")
    return {mirror.pk for mirror in cast("list[Counted]", list(now)) if _has_moved(before[mirror.pk], mirror)}


def _has_moved(before: "Counted", now: "Counted") -> bool:
    same = (before.wanted_version, before.pushed_at, before.ours, before.received)
    look = getattr(now.issue, "look", None)
    waits = look is not None and look.due_at is not None and not look.last_error
    return waits or not now.in_step or same != (now.wanted_version, now.pushed_at, now.ours, now.received)


def _list(
    gateway: ReadingGateway, project_id: int, iids: Iterable[int], connection: Connection
) -> list[CountedIssue] | None:
    """The issues with these numbers; None where the bot may not read the project, which then waits by itself."""
    tracker = Tracker.objects.filter(project_id=project_id).first()
    work = TrackerWork(connection, gateway, tracker, TrackerWait.What.COMPARISON)
    try:
        found = gateway.issues(project_id, sorted(iids))
    except (Gone, Forbidden) as error:
        if handle_failure(error, work).whole_connection:
            raise
        return None
    work.done()
    return found


def _drift_or_failure(mirror: "Counted", remote: CountedIssue, labelling: Labelling) -> set[str]:
    try:
        return drift_of(mirror, remote, labelling)
    except Exception:  # one request nobody can compare must not end the comparison of the others
        log.exception("comparison_failed", number=mirror.pk)
        return {"failed"}


def drift_of(mirror: "Counted", remote: CountedIssue, labelling: Labelling) -> set[str]:
    """Names of the fields in which GitLab differs from what the portal wants; empty while a push is still to come."""
    if not mirror.in_step:
        return set()
    agreed = Agreed.of(mirror)
    seen = seen_of(GitLabSide(remote, labelling.owned, agreed.values))
    wanted = wanted_of(PortalSide(mirror.issue, labelling))
    drift = {field.name for field in differs(wanted.kept, seen) if not agreed.would_refuse(field.name, wanted.kept)}
    if remote.moved_to_id is not None:
        drift.add("moved")
    if remote.comments is not None and remote.comments != mirror.ours + mirror.received:
        drift.add("comments")
    return drift


def _look_for_twins(row: Reconciliation, gateway: ReadingGateway, connection: Connection) -> None:
    """Issues of the bot that carry a request's mark and are not its issue, made since the last comparison but one."""
    earlier = Reconciliation.objects.filter(scope=row.scope, finished_at__isnull=False)[1:2].first()
    since = {"created_after": earlier.started_at} if earlier else {}
    bot_id, twins = connection.bot_id or gateway.me().id, 0
    for tracker in Tracker.objects.filter(project_id__isnull=False):
        try:
            issues = gateway.issues_by(cast(int, tracker.project_id), bot_id, **since)
        except (Gone, Forbidden) as error:
            work = TrackerWork(connection, gateway, tracker, TrackerWait.What.COMPARISON)
            if handle_failure(error, work).whole_connection:
                raise
            continue
        twins += sum(_is_twin(issue, gateway) for issue in issues)
    row.twins = twins
    Reconciliation.objects.filter(pk=row.pk).update(twins=twins)


def _is_twin(issue: RemoteIssue, gateway: Gateway) -> bool:
    marker = marker_in(issue.description)
    if not marker or issue.state == "closed":
        return False
    other = GitLabLink.objects.filter(marker=marker).exclude(project_id=issue.project_id, iid=issue.iid).first()
    if other is None:
        return False
    try:
        return close_twin(other, issue, gateway)
    except (Permanent, Forbidden) as error:
        log.error("gitlab_twin_not_closed", number=other.pk, iid=issue.iid, reason=error.message)
        return True


def _finish(row: Reconciliation) -> None:
    Reconciliation.objects.filter(pk=row.pk).update(finished_at=timezone.now())
    row.refresh_from_db()
    words = log.error if row.drifted or row.missing or row.twins else log.info
    words(
        "gitlab_reconciled",
        scope=row.scope,
        checked=row.checked,
        drifted=row.drifted,
        missing=row.missing,
        twins=row.twins,
    )


NOTES_APART = 1_000_000
"""How far the numbers of notes jump: more than can have been written since the backup."""


@dataclass(frozen=True)
class Found:
    """``looked_for``: how many requests wait to be looked for; ``comments``: how many comments; ``lost``:
    [(number, title, address)] of what only GitLab has; ``next_number``: what the next request will be at least."""

    looked_for: int
    comments: int
    lost: list[tuple[int, str, str]]
    next_number: int


def after_restore() -> Found:
    """Make ready for work what came out of a backup; returns what was Found. May run twice. Run it before anything else
    of the portal runs. Raises GitLabError, and then nothing has changed."""
    lost = _only_in_gitlab(open_gateway())
    with transaction.atomic():
        looked_for = _look_before_creating()
        comments = _look_before_posting()
        last = _give_out_no_number_below(Issue, max((number for number, _, _ in lost), default=0))
        _give_out_no_number_below(OutgoingNote, NOTES_APART, further=True)
        Reconciliation.objects.filter(finished_at=None).update(finished_at=timezone.now())
        Reconciliation.objects.get_or_create(scope="all", finished_at=None)
    return Found(looked_for, comments, lost, last + 1)


def _look_before_creating() -> int:
    """What was not there yet is searched for twice, as after any doubtful creation, before it is created."""
    filed = Issue.objects.filter(pk=OuterRef("pk")).values("created_at")
    missing = GitLabLink.objects.filter(iid=None, issue__tracker__isnull=False).exclude(status=Status.ORPHANED)
    missing.update(creating_since=Subquery(filed), empty_looks=0, lease=None, leased_until=None)
    at_work = missing.exclude(status=Status.PARKED)
    at_work.update(status=Status.UNKNOWN, due_at=timezone.now(), attempts=0)
    GitLabLink.objects.filter(iid__isnull=False).update(lease=None, leased_until=None)
    return at_work.count()


def _look_before_posting() -> int:
    waiting = OutgoingNote.objects.filter(note_id=None, due_at__isnull=False)
    return waiting.update(posting_since=timezone.now() - quarantine())


def _only_in_gitlab(gateway: Gateway) -> list[tuple[int, str, str]]:
    """Issues of the bot that carry the mark of a request nobody knows here."""
    bot_id = gateway.me().id
    found: dict[int, tuple[int, str, str]] = {}
    for tracker in Tracker.objects.filter(project_id__isnull=False):
        for issue in gateway.issues_by(cast(int, tracker.project_id), bot_id):
            number = _number_in(issue.description)
            if number is not None and issue.moved_to_id is None:
                found[number] = (number, issue.title, issue.web_url)
    known = set(Issue.objects.filter(pk__in=found).values_list("pk", flat=True))
    return [found[number] for number in sorted(found.keys() - known)]


def _number_in(description: str) -> int | None:
    """The request's number that a mark of ours is made of, or None."""
    marker = marker_in(description) or ""
    number = re.match(r"supportops(\d{1,18})x", marker)
    return int(number[1]) if number and new_marker(int(number[1])) == marker else None


def _give_out_no_number_below(model: type[Model], number: int, *, further: bool = False) -> int:
    """Let the table's next number be above ``number``, or that much ``further`` on; returns the last one used up."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sequence = "pg_get_serial_sequence(%s, %s)"
            cursor.execute(f"SELECT nextval({sequence})", [table, column])
            last: int = cursor.fetchone()[0] - 1
            last = last + number if further else max(last, number)
            cursor.execute(f"SELECT setval({sequence}, %s, %s)", [table, column, max(last, 1), last > 0])
            return last
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        last = (row[0] if row else 0) + number if further else max(row[0] if row else 0, number)
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
        cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last])
        return last

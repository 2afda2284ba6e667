"""Compares requests with GitLab, hourly the open ones, nightly all; reports what it found even if that is nothing.

What the portal owns is healed by the look and the push that follow; the rest is reported. It goes on where it
stopped: the row says how far it came (contract C11, row 8).
"""

import time
from collections import defaultdict
from datetime import timedelta

import structlog
from django.db.models import Count, F, Q
from django.utils import timezone

from workflow.crashpoints import crashpoint
from workflow.gitlab.away import is_there
from workflow.gitlab.errors import Gone, Misconfigured, Permanent, RateLimited, Retryable
from workflow.gitlab.fields import wanted_of
from workflow.gitlab.inbound_models import Look, Reconciliation
from workflow.gitlab.labels import Labelling
from workflow.gitlab.markers import marker_in
from workflow.gitlab.merge import flat
from workflow.gitlab.models import Budget, Connection, SchemeChange
from workflow.gitlab.poll import metered_reader
from workflow.gitlab.render import surroundings_of
from workflow.gitlab.rings import ring
from workflow.gitlab.run import Status
from workflow.gitlab.seen import ignored_fields, seen_fields
from workflow.gitlab.twins import close_twin
from workflow.models import Mirror, Tracker
from workflow.states import ENDED

log = structlog.get_logger(__name__)
BATCH = 50
LONGEST_RUN = 30
"""Seconds one call works; the next one goes on."""
FINDINGS_KEPT = 200


EVERY = {"open": timedelta(hours=1), "all": timedelta(hours=24)}


def due_scopes():
    """The comparisons to begin or to go on with now, by what the database says."""
    now, due = timezone.now(), []
    for scope, every in EVERY.items():
        last = Reconciliation.objects.filter(scope=scope).order_by("-started_at").first()
        if last is None or last.finished_at is None or last.started_at + every <= now:
            due.append(scope)
    return due


def reconcile(scope, *, seconds=LONGEST_RUN):
    """Begin, or go on with, a comparison of ``scope`` ("open" or "all"); returns its Reconciliation.

    ``seconds``: how long to work at most; without ``finished_at`` the next call goes on.
    """
    connection = Connection.load()
    row = _running(scope)
    if connection.paused or SchemeChange.enlisting() or not is_there(connection):
        return row
    gateway, until = metered_reader(connection), time.monotonic() + seconds
    try:
        while (batch := _next(row)) and time.monotonic() < until:
            _compare(row, batch, gateway)
            crashpoint("reconcile_row")
        if not batch:
            _look_for_twins(row, gateway, connection)
            _finish(row)
    except RateLimited as error:
        if not error.ours:
            Budget.block(error.kind, error.retry_after)
    except Retryable as error:
        log.warning("reconcile_interrupted", scope=scope, reason=error.message)
    except Misconfigured as error:
        connection.pause(error.message)
    return row


def _running(scope):
    return Reconciliation.objects.get_or_create(scope=scope, finished_at=None)[0]


def _next(row):
    """The next mirrors to compare, by number."""
    rows = Mirror.objects.filter(pk__gt=row.position, iid__isnull=False).exclude(status=Status.ORPHANED)
    if row.scope == "open":
        rows = rows.exclude(issue__state__in=ENDED)
    related = ("issue__tracker", "issue__requester", "issue__assignee", "issue__milestone", "issue__route")
    return list(rows.select_related(*related).annotate(**_COUNTS).order_by("pk")[:BATCH])


_COUNTS = {
    "ours": Count("issue__note_mirrors", Q(issue__note_mirrors__note_id__isnull=False), distinct=True),
    "received": Count("issue__comments__received", Q(issue__comments__deleted_at=None), distinct=True),
}


def _compare(row, batch, gateway):
    """One list call per project, then every request against its issue; the position moves only after all of it."""
    by_project = defaultdict(dict)
    for mirror in batch:
        by_project[mirror.project_id][mirror.iid] = mirror
    labelling, findings, missing = Labelling.read(), [], []
    for project_id, mirrors in by_project.items():
        found = {issue.iid: issue for issue in _list(gateway, project_id, mirrors)}
        for iid, mirror in mirrors.items():
            if iid not in found:
                missing.append(mirror.pk)
            elif drift := _drift_or_failure(mirror, found[iid], labelling):
                findings.append([mirror.pk, sorted(drift)])
    for number in [*missing, *(number for number, _ in findings)]:
        Look.ask(number, thorough=True)
        ring("look_at_issue", number)
    row.findings = [*row.findings, *([number, ["missing"]] for number in missing), *findings][:FINDINGS_KEPT]
    row.position = batch[-1].pk
    Reconciliation.objects.filter(pk=row.pk).update(
        position=row.position,
        checked=F("checked") + len(batch),
        drifted=F("drifted") + len(findings),
        missing=F("missing") + len(missing),
        findings=row.findings,
    )


def _list(gateway, project_id, iids):
    try:
        return gateway.issues(project_id, sorted(iids))
    except Gone:  # the whole project is out of sight; the look says so for each
        return []


def _drift_or_failure(mirror, remote, labelling):
    try:
        return drift_of(mirror, remote, labelling)
    except Exception:  # one request nobody can compare must not end the comparison of the others
        log.exception("comparison_failed", number=mirror.pk)
        return {"failed"}


def drift_of(mirror, remote, labelling):
    """Names of the fields in which GitLab differs from what the portal wants; empty while a push is still to come."""
    if mirror.wanted_version != mirror.pushed_version or mirror.status != Status.IN_STEP:
        return set()
    agreed = flat(mirror.shadow.get("fields", {}))
    ignored = ignored_fields(mirror.shadow.get("dropped", ()))
    seen = seen_fields(remote, labelling.owned, agreed)
    issue = mirror.issue
    account = issue.assignee and issue.assignee.gitlab_id
    unmapped = issue.assignee.name if issue.assignee and account is None else ""
    around = surroundings_of(issue, unmapped=unmapped)
    wanted = flat(wanted_of(issue, around, labelling, assignee=account).shadow())
    drift = {name for name in wanted if name not in ignored and wanted[name] != seen[name]}
    if remote.moved_to_id is not None:
        drift.add("moved")
    if remote.comments is not None and remote.comments != mirror.ours + mirror.received:
        drift.add("comments")
    return drift


def _look_for_twins(row, gateway, connection):
    """Issues of the bot that carry a request's mark and are not its issue, made since the last comparison but one."""
    earlier = Reconciliation.objects.filter(scope=row.scope, finished_at__isnull=False)[1:2].first()
    since = {"created_after": earlier.started_at} if earlier else {}
    bot_id, twins = connection.bot_id or gateway.me().id, 0
    for tracker in Tracker.objects.filter(project_id__isnull=False):
        try:
            issues = gateway.issues_by(tracker.project_id, bot_id, **since)
        except Gone:
            continue
        twins += sum(_is_twin(issue, gateway) for issue in issues)
    row.twins = twins
    Reconciliation.objects.filter(pk=row.pk).update(twins=twins)


def _is_twin(issue, gateway):
    marker = marker_in(issue.description)
    if not marker or issue.state == "closed":
        return False
    other = Mirror.objects.filter(marker=marker).exclude(project_id=issue.project_id, iid=issue.iid).first()
    try:
        return other is not None and close_twin(other, issue, gateway)
    except Permanent as error:
        log.error("gitlab_twin_not_closed", number=other.pk, iid=issue.iid, reason=error.message)
        return True


def _finish(row):
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

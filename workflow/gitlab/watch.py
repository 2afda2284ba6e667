"""What is the matter with the mirror now, as findings: read from the database alone, GitLab is not asked.

The figures are those of reliability.md §4. Of a restricted request nothing is said but its number.
"""

import hashlib
import re
from collections import defaultdict
from datetime import timedelta

from django.utils import timezone

from workflow.gitlab.alarm_models import Check, Heartbeat, Kind
from workflow.gitlab.alarms import Finding
from workflow.gitlab.connect import EXPIRES_SOON
from workflow.gitlab.inbound_models import Cursor, Look, Reconciliation
from workflow.gitlab.models import Connection
from workflow.gitlab.outbox import dead_letters, keep_time, not_in_step, oldest_pending
from workflow.models import Mirror

AWAY_FOR = PENDING_FOR = timedelta(minutes=5)
UNKNOWN_FOR = SILENT_FOR = timedelta(minutes=10)
ONE_WATCH = timedelta(seconds=60)
"""What just came out of a long wait looks overdue for a moment."""
NAMED = 3
"""Requests named in one sentence."""
EVERYWHERE = ""


def findings():
    """Everything that is the matter, as Findings."""
    keep_time()
    now, connection = timezone.now(), Connection.seen()
    stopped = list(_stopped(connection, now))
    yield from stopped
    if not stopped:  # otherwise what waits only follows from it
        yield from _waiting(now)
        yield from _unknown()
    for find in (_dead, _fighting, _silent, _checked, _token, _drift, _beat):
        yield from find(now)


def _stopped(connection, now):
    if connection.paused:
        yield Finding(Kind.PAUSED, EVERYWHERE, f"Nothing is sent and nothing is read. {connection.paused_reason}")
    elif connection.away_since and now - connection.away_since > AWAY_FOR:
        yield Finding(Kind.AWAY, EVERYWHERE, f"GitLab has not answered since {_time(connection.away_since)}.")


def _waiting(now):
    since = oldest_pending()
    if since and now - since > PENDING_FOR:
        reason = f"The oldest change that GitLab does not show yet waits since {_time(since)}."
        yield Finding(Kind.WAITING, EVERYWHERE, reason, patience=ONE_WATCH)


def _unknown():
    for number in not_in_step().filter(status=Mirror.Status.UNKNOWN).values_list("pk", flat=True):
        yield _of_request(
            Kind.UNKNOWN, number, "Nobody knows yet whether GitLab created its issue.", patience=UNKNOWN_FOR
        )


def _dead(now):
    """One alarm for all that failed for the same reason; restricted requests each have their own."""
    by_reason = defaultdict(set)
    for number, restricted, error, gone in dead_letters():
        if gone:
            yield _of_request(Kind.GONE, number, "Its issue was deleted in GitLab.")
        elif restricted:
            yield _of_request(Kind.DEAD, number, "It waits for a person; its ledger says why.")
        else:
            by_reason[re.sub(r"\d+", "#", error)].add((number, error))
    for pattern, rows in by_reason.items():
        numbers, error = sorted({number for number, _ in rows}), min(rows)[1]
        key = hashlib.sha256(pattern.encode()).hexdigest()[:40]
        yield Finding(Kind.DEAD, _named(numbers), error or "No reason was kept.", key=key)


def _fighting(now):
    for number in Look.objects.filter(frozen_at__isnull=False).values_list("pk", flat=True):
        yield _of_request(
            Kind.LOOP, number, "Both sides changed the same field back and forth, so neither is followed."
        )


def _silent(now):
    for cursor in Cursor.objects.filter(silent_since__lt=now - SILENT_FOR).select_related("tracker"):
        reason = f"Since {_time(cursor.silent_since)} changes are found there that no webhook told of."
        yield Finding(Kind.SILENT, str(cursor.tracker), reason, key=str(cursor.tracker_id))


def _checked(now):
    for check in Check.objects.exclude(problem="").select_related("tracker"):
        kind, place = (Kind.HOOK, str(check.tracker)) if check.tracker else (Kind.TOKEN, EVERYWHERE)
        yield Finding(kind, place, check.problem, key=check.name)


def _token(now):
    expires = Connection.seen().token_expires_at
    if expires and expires - timezone.localdate() < EXPIRES_SOON:
        reason = f"It expires on {expires.day} {expires:%B %Y}. From then on nothing goes either way."
        yield Finding(Kind.TOKEN, EVERYWHERE, reason, key="expiry")


def _drift(now):
    for scope, words in (("open", "open requests"), ("all", "all requests")):
        last = Reconciliation.objects.filter(scope=scope, finished_at__isnull=False).first()
        if last and (last.drifted or last.missing or last.twins):
            reason = (
                f"Of {last.checked} compared, {last.drifted} differed, {last.missing} were not there, and {last.twins} "
                f"had a second issue. Compared at {_time(last.finished_at)}."
            )
            yield Finding(Kind.DRIFT, f"The comparison of {words}", reason, key=scope)


def _beat(now):
    if Heartbeat.is_late():
        reason = f"No periodic work has run since {_time(Heartbeat.last())}: beat, the broker, or every worker stands."
        yield Finding(Kind.BEAT, EVERYWHERE, reason)


def _of_request(kind, number, reason, **more):
    return Finding(kind, f"SO-{number}", reason, key=str(number), issue=number, **more)


def _named(numbers):
    """ "SO-1, SO-2, SO-3 and 9 more"."""
    named = ", ".join(f"SO-{number}" for number in numbers[:NAMED])
    return f"{named} and {len(numbers) - NAMED} more" if len(numbers) > NAMED else named


def _time(moment):
    local = timezone.localtime(moment)
    return f"{local:%H:%M} on {local.day} {local:%B} ({local:%Z})"

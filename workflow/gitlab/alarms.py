"""Alarms: raised once however often the fact is found, told to Support Operations, cleared when the fact is gone.

``watch`` says what is the matter; here it becomes rows and news. Those that come back within an hour are the same
alarm as before, so that a connection that flickers fills no inbox.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from supportops.accounts.models import User
from workflow.actions.news import settle_news, tell_news
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.alarms import Alarm, AlarmQuerySet, Kind
from workflow.models import Issue
from workflow.permissions import may_see

log = structlog.get_logger(__name__)
AGAIN_AFTER = timedelta(days=1)
SAME_AS_BEFORE = timedelta(hours=1)
TWIN_STANDS = timedelta(days=1)
"""A twin is closed the moment it is found; its alarm stays until somebody had a day to look."""
KEPT_FOR = timedelta(days=365)
SHOWN_FOR = timedelta(days=7)
MOST_CLEARED = 10
NEXT_STEP: dict[str, str] = {
    Kind.AWAY: "Nothing is lost: everything is saved here and follows. If GitLab is up, see whether this host reaches "
    "it at GITLAB_URL.",
    Kind.PAUSED: "Put right what the reason names, run gitlab_connect, then resume.",
    Kind.TRACKER: "Put right in GitLab what the reason names. The tracker is asked again by itself, and what was kept "
    "follows; everything else goes on.",
    Kind.REFUSED: "Only this waits; it is tried again by itself. Put right in GitLab what the reason names, then retry "
    "in the request's ledger if it must be at once.",
    Kind.WAITING: "See whether workers run and what their log says. Each request's ledger names its last error.",
    Kind.UNKNOWN: "The portal keeps looking for it and creates no second one. Open the request's ledger; if GitLab has "
    "the issue, relink it.",
    Kind.DEAD: "Read the error, put right what it names, then retry; or skip it.",
    Kind.GONE: "Open its ledger: create it anew, relink it to another one, or let it go.",
    Kind.SILENT: "Changes there are found by asking every five minutes. Run gitlab_connect, and see in GitLab's "
    "webhook log what it answers.",
    Kind.HOOK: "Until then changes there are found by asking every five minutes.",
    Kind.TOKEN: "Make a new token (scope api), set GITLAB_TOKEN, restart, run gitlab_connect.",
    Kind.LOOP: "Agree with whoever changes it in GitLab, then retry; or skip it, and GitLab stays as it is.",
    Kind.DRIFT: "What the portal owns is healed by itself. If the next comparison finds it again, look who changes it.",
    Kind.BEAT: "Start celery beat (exactly one) and at least one worker; /readyz says when it is seen again.",
    Kind.MISMATCH: "Decide who may read it and make both sides so. Nothing goes either way until then; then retry.",
    Kind.TWIN: "It was closed with a comment. See whether anybody wrote something there that belongs here.",
    Kind.MESSAGES: "See Messages and Channels in the administration, and try them again there.",
}


@dataclass(frozen=True)
class Finding:
    """A fact that is an alarm once it has stood for ``patience``. ``issue``: the number of the request it is about."""

    kind: Kind
    place: str
    reason: str
    key: str = ""
    issue: int | None = None
    patience: timedelta = timedelta(0)


def raise_alarm(finding: Finding) -> Alarm:
    """Open the alarm, or renew the words of the one that is open; returns it."""
    now = timezone.now()
    known = Alarm.objects.filter(kind=finding.kind, key=finding.key)
    alarm = known.current().first() or _back_again(known, now)
    if alarm is None:
        # get_or_create: of two that raise it at once, one does.
        alarm, new = Alarm.objects.get_or_create(
            kind=finding.kind,
            key=finding.key,
            cleared_at=None,
            defaults={
                "issue_id": finding.issue,
                "place": finding.place,
                "reason": finding.reason,
                "noticed_at": now,
                "opened_at": None if finding.patience else now,
            },
        )
        if new and alarm.opened_at:
            _log_open(alarm)
    if (alarm.place, alarm.reason) != (finding.place, finding.reason):
        Alarm.objects.filter(pk=alarm.pk).update(place=finding.place, reason=finding.reason)
        alarm.place, alarm.reason = finding.place, finding.reason
    if now - alarm.noticed_at >= finding.patience:
        _open(alarm, now)
    return alarm


def _open(alarm: Alarm, now: datetime) -> None:
    """It lasted long enough; from now on it is shown and told."""
    if Alarm.objects.filter(pk=alarm.pk, opened_at=None).update(opened_at=now):
        alarm.opened_at = now
        _log_open(alarm)


def _log_open(alarm: Alarm) -> None:
    log.error("alarm_opened", kind=str(alarm.kind), alarm=alarm.pk, number=alarm.issue_id)


def _back_again(known: AlarmQuerySet, now: datetime) -> Alarm | None:
    """The alarm that was cleared a moment ago, open once more. Whoever may not have heard of it is told again."""
    row = known.filter(cleared_at__gt=now - SAME_AS_BEFORE, opened_at__isnull=False).order_by("cleared_at").last()
    if row is None or row.cleared_at is None:
        return None
    unheard = timedelta(seconds=settings.TELL_AT_LATEST_SECONDS)
    told_at = None if row.told_at is None or row.told_at > row.cleared_at - unheard else row.told_at
    Alarm.objects.filter(pk=row.pk, cleared_at__isnull=False).update(cleared_at=None, told_at=told_at)
    row.cleared_at, row.told_at = None, told_at
    return row


def settle_alarms(findings: Iterable[Finding]) -> None:
    """Raise what was found, clear what is gone, and tell people what they have not heard of today."""
    found = {raise_alarm(finding).pk for finding in findings}
    for alarm in Alarm.objects.current().exclude(pk__in=found):
        if not _still_stands(alarm):
            clear(alarm)
        else:  # whoever raised it where it happened may have died before it was open
            _open(alarm, timezone.now())
    for alarm in Alarm.objects.open().select_related("issue"):
        tell(alarm)
    Alarm.objects.filter(cleared_at__lt=timezone.now() - KEPT_FOR).delete()


def _still_stands(alarm: Alarm) -> bool:
    """Whether an alarm that was raised where it happened, and that no watch finds, is not over yet."""
    if alarm.kind == Kind.TWIN:  # one that never opened was never told
        return alarm.opened_at is None or alarm.opened_at > timezone.now() - TWIN_STANDS
    return alarm.kind == Kind.MISMATCH and GitLabLink.objects.filter(pk=alarm.issue_id, parked=True).exists()


@transaction.atomic
def clear(alarm: Alarm) -> None:
    """The fact is gone: nobody is told of it any more. What never became an alarm leaves no trace."""
    if alarm.opened_at is None:
        Alarm.objects.filter(pk=alarm.pk, opened_at=None).delete()
    elif Alarm.objects.filter(pk=alarm.pk, cleared_at=None).update(cleared_at=timezone.now()):
        settle_news(path_of(alarm))
        log.warning("alarm_cleared", kind=str(alarm.kind), alarm=alarm.pk, number=alarm.issue_id)


@transaction.atomic
def tell(alarm: Alarm) -> None:
    """Tell whoever looks after it, at most once a day; however many call this, one tells."""
    now = timezone.now()
    unheard = Q(told_at=None) | Q(told_at__lte=now - AGAIN_AFTER)
    if not Alarm.objects.open().filter(unheard, pk=alarm.pk).update(told_at=now):
        return
    settle_news(path_of(alarm))
    issue = alarm.issue
    secret = issue if issue is not None and issue.confidential else None
    tell_news(
        _who_looks_after(issue),
        f"{secret.reference}: needs a look at its GitLab issue" if secret else str(alarm)[:200],
        text="" if secret else f"{alarm.reason}\n\n{NEXT_STEP[alarm.kind]}",
        path=path_of(alarm),
        button="Open the ledger" if issue else "Open the sync queue",
    )


def path_of(alarm: Alarm) -> str:
    """The page on which it is dealt with; one address for each alarm."""
    page = reverse("sync", args=[alarm.issue_id]) if alarm.issue_id else reverse("queue", args=["sync"])
    return f"{page}#alarm-{alarm.pk}"


def _who_looks_after(issue: Issue | None) -> list[User]:
    """Support Operations; of a restricted request those who may see it, or else whoever it is restricted to."""
    ops = list(User.objects.ops())
    if issue is None or not issue.confidential:
        return ops
    insiders = [person for person in ops if may_see(person, issue)]
    return insiders or list(User.objects.active().filter(groups=issue.restricted_to_id))


def alarms_for(person: User) -> tuple[list[Alarm], list[Alarm]]:
    """(open alarms, longest open first; those cleared in the last days, newest first) this person may know of."""
    lately = Q(cleared_at=None) | Q(cleared_at__gt=timezone.now() - SHOWN_FOR)
    known = Alarm.objects.visible_to(Issue.objects.visible_to(person)).filter(lately, opened_at__isnull=False)
    rows = list(known.select_related("issue").order_by("opened_at", "pk"))
    cleared = sorted((row for row in rows if row.cleared_at), key=attrgetter("cleared_at"), reverse=True)
    return [row for row in rows if not row.cleared_at], cleared[:MOST_CLEARED]

"""Figures for a monitor, in Prometheus' text format. None of them counts a restricted request."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import Case, Count, Min, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload
from workflow.gitlab.models.alarms import Alarm, Heartbeat
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, RejectedWebhook, WebhookDelivery
from workflow.gitlab.monitoring import oldest_pending
from workflow.models import Issue
from workflow.models.querysets import IssueQuerySet
from workflow.notifications.models import Message

LOOPBACK = {"127.0.0.1", "::1"}
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
PIECES = (
    ("comment", OutgoingNote, "issue"),
    ("file", OutgoingUpload, "attachment__issue"),
    ("link", OutgoingLink, "link__source"),
)


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for this machine and for staff."""
    if not (_from_this_machine(request) or request.user.is_staff):
        return HttpResponse("Only for this machine and for staff.\n", status=403, content_type="text/plain")
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(Figures()), content_type=content_type)


class Figures(Collector):
    """What the database says when it is asked; in no registry, so nothing of the process stands beside it."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Each figure with its help."""
        return chain.from_iterable(read() for read in (_requests, _outbox, _inbound, _connection, _alarms, _people))


def _from_this_machine(request: HttpRequest) -> bool:
    """Whether the caller sits on this machine; a proxy on it does not, whatever it forwards is somebody else's."""
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not any(name in request.META for name in FORWARDED)


def _requests() -> Iterator[GaugeMetricFamily]:
    found = _known().open().order_by().values_list("state").annotate(number=Count("pk"))
    yield _gauge("supportops_open_requests", "Open requests by state.", "state", found)


def _outbox() -> Iterator[GaugeMetricFamily]:
    now = timezone.now()
    by_status = GitLabLink.objects.order_by().values_list("status").annotate(number=Count("pk"))
    restricted = Issue.objects.filter(restricted_to__isnull=False).values("pk")
    hidden = dict(by_status.filter(issue__in=restricted))  # few; to join all the others would be slow
    found = [(status, number - hidden.get(status, 0)) for status, number in by_status if number > hidden.get(status, 0)]
    yield _gauge("supportops_mirrors", "Mirrored requests by how they stand with GitLab.", "status", found)
    due = GitLabLink.objects.filter(due_at__lte=now, issue__in=_known()).aggregate(due=Min("due_at"))["due"]
    yield _figure(
        "supportops_mirror_oldest_due_seconds", "For how long the most overdue mirror has been due.", _age(due, now)
    )
    yield _figure(
        "supportops_oldest_pending_seconds",
        "For how long the oldest change has waited for GitLab.",
        _age(oldest_pending(_known()), now),
    )
    for status, condition in (
        ("waiting", Q(due_at__isnull=False, parked=False)),
        ("parked", Q(parked=True)),
    ):
        found = [
            (what, model.objects.filter(condition, **{f"{issue}__in": _known()}).count())
            for what, model, issue in PIECES
        ]
        yield _gauge(f"supportops_pieces_{status}", f"Pieces of requests, {status} on the way out.", "what", found)


def _inbound() -> Iterator[GaugeMetricFamily]:
    kept = WebhookDelivery.objects.exclude(issue__restricted_to__isnull=False).order_by()
    status = Case(
        When(due_at__isnull=True, then=Value("understood")),
        When(attempts=0, then=Value("waiting")),
        default=Value("tried again"),
    )
    found = kept.annotate(status=status).values_list("status").annotate(number=Count("pk"))
    yield _gauge("supportops_deliveries", "Webhooks that are kept, by how they stand.", "status", found)
    refused = RejectedWebhook.objects.filter(day=timezone.localdate()).values_list("reason", "count")
    yield _gauge("supportops_webhooks_refused_today", "Webhooks turned away today, by reason.", "reason", refused)
    looks = PendingPull.objects.filter(issue__in=_known()).aggregate(
        due=Count("pk", Q(due_at__isnull=False, frozen_at__isnull=True)),
        frozen=Count("pk", Q(frozen_at__isnull=False)),
        stuck=Count("pk", Q(due_at__isnull=True) & ~Q(last_error="")),
    )
    yield _gauge("supportops_looks", "Requests to be read again from GitLab.", "status", looks.items())


def _connection() -> Iterator[GaugeMetricFamily]:
    connection = Connection.seen()
    now = "paused" if connection.paused else "away" if connection.away_since else "up"
    states = [(state, int(state == now)) for state in ("away", "paused", "up")]
    yield _gauge("supportops_gitlab", "How the connection to GitLab stands: one of these is 1.", "state", states)
    beat = Heartbeat.last()
    if beat is not None:
        age = _age(beat, timezone.now())
        yield _figure("supportops_beat_age_seconds", "For how long no periodic work has run.", age)


def _alarms() -> Iterator[GaugeMetricFamily]:
    known = Alarm.objects.open().exclude(issue__restricted_to__isnull=False).order_by()
    found = known.values_list("kind").annotate(number=Count("pk"))
    yield _gauge("supportops_alarms_open", "Open alarms by kind.", "kind", found)


def _people() -> Iterator[GaugeMetricFamily]:
    left = Message.objects.exclude(issue__restricted_to__isnull=False).aggregate(
        waiting=Count("pk", Q(due_at__isnull=False, parked=False)), parked=Count("pk", Q(parked=True))
    )
    yield _gauge("supportops_messages", "Messages to people that were not sent.", "status", left.items())


def _known() -> IssueQuerySet:
    """Requests that exist for everybody; of the others a figure would tell, to who compares it with a list."""
    return Issue.objects.filter(restricted_to__isnull=True)


def _age(moment: datetime | None, now: datetime) -> float:
    return (now - moment).total_seconds() if moment else 0


def _figure(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=round(value))


def _gauge(name: str, text: str, label: str, found: Iterable[tuple[Any, int]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in sorted(found):
        family.add_metric([value], number)
    return family

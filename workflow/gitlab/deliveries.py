"""Understands stored deliveries: each becomes a look at a request, or nothing. Doing it twice changes nothing."""

import json
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from workflow.enqueue import enqueue
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, Reconciliation, RejectedWebhook, WebhookDelivery
from workflow.gitlab.schemas import Hint, hint_of

log = structlog.get_logger(__name__)
TRIES = 6
"""How often an issue that no request is known to own is looked up before the delivery is let go."""
AFTER_A_DEATH = timedelta(minutes=1)


def take_in(pk: int) -> int | None:
    """Understand one delivery, if it still is due. Returns the number of the request it concerns, or None.

    One that cannot be understood is tried a few times more, and keeps none of the others waiting.
    """
    if not _begun(pk):
        return None
    try:
        return _take_in(pk)
    except Exception:  # whatever it is, the sweep must get past this row
        log.exception("delivery_failed", delivery=pk)
        _failed(WebhookDelivery.objects.get(pk=pk))
        return None


def _begun(pk: int) -> bool:
    """Count the attempt before it is made, and come back no sooner than in a minute.

    So one that kills its worker (a body too large for it, reliability.md §2, row 10) does so a few times, not for ever.
    """
    due = WebhookDelivery.objects.filter(pk=pk, due_at__isnull=False)
    if due.filter(attempts__gt=TRIES).update(due_at=None, outcome="Every worker that tried to understand it died"):
        log.critical("delivery_poisoned", delivery=pk)
        return False
    return bool(due.update(attempts=F("attempts") + 1, due_at=timezone.now() + AFTER_A_DEATH))


def _take_in(pk: int) -> int | None:
    with transaction.atomic():
        delivery = WebhookDelivery.objects.select_for_update().filter(pk=pk, due_at__isnull=False).first()
        if delivery is None:
            return None
        hint = _read(delivery.body)
        number = _number_of(hint)
        if hint and number is not None:
            PendingPull.ask(number, thorough=_by_somebody_else(hint))
        elif hint and hint.marker and delivery.attempts <= TRIES:
            _again(delivery)
            return None
        _understood(delivery, hint, number)
    if number is not None:
        enqueue("workflow.gitlab.tasks.look_at_issue", number)
    elif hint and hint.milestone:
        enqueue("workflow.gitlab.tasks.sync_milestones")
    return number


def due_deliveries(limit: int = 200) -> list[int]:
    """Ids of deliveries nobody understood yet, oldest first: what no wake-up reached."""
    due = WebhookDelivery.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def forget_old() -> int:
    """Delete what is older than the settings say: understood deliveries; figures of comparisons and of what was turned
    away. Returns how many deliveries."""
    now = timezone.now()
    figures_until = now - timedelta(days=settings.GITLAB_FIGURES_KEPT_DAYS)
    RejectedWebhook.objects.filter(day__lt=figures_until.date()).delete()
    Reconciliation.objects.filter(finished_at__lt=figures_until).delete()
    deliveries_until = now - timedelta(days=settings.GITLAB_DELIVERIES_KEPT_DAYS)
    return WebhookDelivery.objects.filter(due_at=None, received_at__lt=deliveries_until).delete()[0]


def _read(text: str) -> Hint | None:
    try:
        return hint_of(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _number_of(hint: Hint | None) -> int | None:
    """The request that owns the issue: by its place, else by the marker in its description (moved, or not linked
    yet)."""
    if hint is None or hint.iid is None:
        return None
    placed = GitLabLink.objects.filter(project_id=hint.project_id, iid=hint.iid).values_list("pk", flat=True).first()
    if placed is not None or not hint.marker:
        return placed
    return GitLabLink.objects.filter(marker=hint.marker).values_list("pk", flat=True).first()


def _by_somebody_else(hint: Hint) -> bool:
    return hint.by is None or hint.by != Connection.load().bot_id


def _again(delivery: WebhookDelivery) -> None:
    """The issue carries a mark of ours that no row has, or has not yet: a transaction may still be on its way."""
    wait = timedelta(seconds=2 ** (delivery.attempts - 1))
    WebhookDelivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now() + wait)


def _failed(delivery: WebhookDelivery) -> None:
    if delivery.attempts <= TRIES:
        _again(delivery)
    else:
        outcome = "The portal failed to understand it; its log says more"
        WebhookDelivery.objects.filter(pk=delivery.pk).update(due_at=None, outcome=outcome)


def _understood(delivery: WebhookDelivery, hint: Hint | None, number: int | None) -> None:
    confidential = "confidential" in delivery.event.lower()
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        due_at=None,
        issue_id=number,
        outcome=_in_words(hint, number),
        body="{}" if confidential else delivery.body,
    )


def _in_words(hint: Hint | None, number: int | None) -> str:
    if number is not None:
        return f"Look at SO-{number}"
    if hint is None:
        return "Nothing the portal mirrors"
    return "Read the milestones" if hint.milestone else "No request owns this issue"

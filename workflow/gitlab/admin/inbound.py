"""What came in from GitLab, and what stands in the way, in the administration: only read.

A webhook's body is shown only where it is about a request that everybody may read; never of a restricted one, never an
internal comment, and not before it is known whose it is.
"""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from supportops.accounts.models import User
from workflow.admin.read_only import ReadAdmin, Unchangeable
from workflow.gitlab.models.alarms import Alarm, GitLabCheck
from workflow.gitlab.models.inbound import PendingPull, PollCursor, Reconciliation, RejectedWebhook, WebhookDelivery
from workflow.models import Issue
from workflow.permissions import sees_internal


class MaybeOfARequest(ReadAdmin[Any]):
    """Rows that are about a request, or about none."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those about none, and those about requests that exist for this person."""
        visible = Issue.objects.visible_to(request.user)
        return admin.ModelAdmin.get_queryset(self, request).filter(Q(issue__isnull=True) | Q(issue__in=visible))


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(MaybeOfARequest):
    """A webhook as it arrived, and what it led to."""

    list_display = ["received_at", "event", "request_page", "outcome", "attempts", "due_at"]
    list_filter = [("due_at", admin.EmptyFieldListFilter), "event", "received_at"]
    list_select_related = ["issue"]
    search_fields = ["=issue__number", "=key"]
    fields = ["received_at", "event", "key", "request_page", "outcome", "attempts", "due_at", "payload"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without those of internal comments for who may not read these."""
        rows = super().get_queryset(request).defer("body")
        return (
            rows
            if sees_internal(cast(User, request.user))
            else rows.exclude(event__icontains=WebhookDelivery.OF_INTERNAL)
        )

    @admin.display(description="payload")
    def payload(self, delivery: WebhookDelivery) -> str:
        """The raw body, where everybody may read it."""
        if delivery.issue is None:
            return "Not shown: it is not known to belong to a request that everybody may read."
        if delivery.issue.confidential or "confidential" in delivery.event.lower():
            return "Not shown: it is confidential."
        return delivery.body


@admin.register(PendingPull)
class PendingPullAdmin(ReadAdmin[PendingPull]):
    """What the last reading of a request's GitLab issue saw, and when it is read again."""

    list_display = ["issue", "request_page", "seen_at", "due_at", "attempts", "frozen_at", "trouble"]
    list_filter = [("due_at", admin.EmptyFieldListFilter), ("frozen_at", admin.EmptyFieldListFilter), "seen_at"]
    list_select_related = ["issue"]
    search_fields = ["=issue__number"]
    fields = [
        "request_page",
        "seen_at",
        "asked",
        "thorough",
        "due_at",
        "attempts",
        "last_error",
        "frozen_at",
        "label_event",
        "state_event",
        "milestone_event",
    ]

    @admin.display(description="trouble")
    def trouble(self, look: PendingPull) -> str:
        """The last error's first words."""
        return look.last_error[:100] or "–"


@admin.register(Alarm)
class AlarmAdmin(MaybeOfARequest):
    """What was, or is, the matter. An alarm clears itself; nobody does it by hand."""

    list_display = ["kind", "place", "opened_at", "cleared_at", "told_at", "reason"]
    list_filter = [("cleared_at", admin.EmptyFieldListFilter), "kind", "opened_at"]
    search_fields = ["=issue__number", "place", "reason"]
    fields = ["kind", "place", "request_page", "reason", "noticed_at", "opened_at", "told_at", "cleared_at"]


class FigureAdmin(Unchangeable[Any], admin.ModelAdmin[Any]):
    """Rows about no request."""

    show_full_result_count = False
    list_per_page = 50


@admin.register(PollCursor)
class PollCursorAdmin(FigureAdmin):
    """How far each tracker was polled, and whether its webhooks keep silent."""

    list_display = ["tracker", "polled_until", "found", "silent_since"]
    list_select_related = ["tracker"]
    fields = ["tracker", "polled_until", "found", "silent_since"]


@admin.register(Reconciliation)
class ReconciliationAdmin(FigureAdmin):
    """The comparisons with GitLab and what they counted; which requests differed stands in each one's ledger."""

    list_display = ["started_at", "scope", "finished_at", "checked", "drifted", "missing", "twins"]
    list_filter = ["scope", ("finished_at", admin.EmptyFieldListFilter), "started_at"]
    fields = ["scope", "started_at", "finished_at", "position", "checked", "drifted", "missing", "twins"]


@admin.register(RejectedWebhook)
class RejectedWebhookAdmin(FigureAdmin):
    """How many webhooks were turned away a day, and why."""

    list_display = ["day", "reason", "count"]
    list_filter = ["reason", "day"]
    fields = ["day", "reason", "count"]


@admin.register(GitLabCheck)
class GitLabCheckAdmin(FigureAdmin):
    """What the hourly check of webhooks and token found."""

    list_display = ["name", "tracker", "problem", "checked_at"]
    list_filter = [("problem", admin.EmptyFieldListFilter)]
    list_select_related = ["tracker"]
    fields = ["name", "tracker", "problem", "checked_at"]

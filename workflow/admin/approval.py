"""Rounds of approval and their decisions in the administration: immutable, so only read.

Rounds of validation and what was found in them, in the administration: append-only, so only read.
"""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from workflow.admin.read_only import ReadAdmin, ReadInline, answer_rows, page_link
from workflow.models import ApprovalRound, Decision, ValidationCheck, ValidationItem, ValidationRound


class DecisionInline(ReadInline[Decision, ApprovalRound]):
    """Who was asked in this round, and what they said."""

    model = Decision
    fields = ["order", "approver", "verdict", "decided_by", "decided_at", "text"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        """With the people."""
        return super().get_queryset(request).select_related("approver", "decided_by")


@admin.register(ApprovalRound)
class ApprovalRoundAdmin(ReadAdmin[ApprovalRound]):
    """A round, with the text as it was approved."""

    inlines = [DecisionInline]
    list_display = ["__str__", "request_page", "opened_at", "ended_at", "outcome"]
    list_filter = ["outcome", ("ended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["issue"]
    search_fields = ["=issue__number", "issue__title"]
    fields = [
        "request_page",
        "number",
        "opened_at",
        "ended_at",
        "outcome",
        "carried_from",
        "asked_title",
        "asked_description",
        "asked_answers",
    ]

    @admin.display(description="title as asked")
    def asked_title(self, round_: ApprovalRound) -> str:
        """What the approver read."""
        return round_.asked.get("title", "–")

    @admin.display(description="description as asked")
    def asked_description(self, round_: ApprovalRound) -> str:
        """What the approver read."""
        return round_.asked.get("description") or "–"

    @admin.display(description="answers as asked")
    def asked_answers(self, round_: ApprovalRound) -> str:
        """What the approver read."""
        return answer_rows(round_.asked.get("answers", []))


@admin.register(Decision)
class DecisionAdmin(ReadAdmin[Decision]):
    """One person's decision."""

    request_paths = ["round__issue"]
    list_display = ["__str__", "request_page", "round", "approver", "verdict", "decided_by", "decided_at"]
    list_filter = ["verdict", ("approver", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["round__issue", "approver", "decided_by"]
    search_fields = ["=round__issue__number", "approver__username", "approver__first_name", "approver__last_name"]
    fields = [
        "request_page",
        "round",
        "approver",
        "order",
        "verdict",
        "decided_by",
        "decided_at",
        "text",
        "answers_read",
    ]

    @admin.display(description="request", ordering="round__issue")
    def request_page(self, decision: Decision) -> str:
        """The request's page in the portal."""
        return page_link(decision.round.issue)

    @admin.display(description="the approver's part of the form")
    def answers_read(self, decision: Decision) -> str:
        """The questions as they were asked."""
        return answer_rows(decision.answers)


class ValidationItemInline(ReadInline[ValidationItem, ValidationRound]):
    """What was to be checked, in order."""

    model = ValidationItem
    fields = ["order", "text"]
    show_change_link = False


@admin.register(ValidationRound)
class ValidationRoundAdmin(ReadAdmin[ValidationRound]):
    """A round, with its list and how often in a row it was sent back."""

    inlines = [ValidationItemInline]
    list_display = ["__str__", "request_page", "opened_at", "ended_at", "outcome", "bounces", "raised_at", "settled_at"]
    list_filter = ["outcome", ("ended_at", admin.EmptyFieldListFilter), ("raised_at", admin.EmptyFieldListFilter)]
    list_select_related = ["issue"]
    search_fields = ["=issue__number", "issue__title"]
    fields = [
        "request_page",
        "number",
        "asked_by",
        "brief",
        "opened_at",
        "ended_at",
        "outcome",
        "bounces",
        "raised_at",
        "settled_at",
    ]


@admin.register(ValidationCheck)
class ValidationCheckAdmin(ReadAdmin[ValidationCheck]):
    """What one person found on looking at one item."""

    request_paths = ["item__round__issue"]
    list_display = ["at", "request_page", "item", "verdict", "by"]
    list_filter = ["verdict", "at"]
    list_select_related = ["item__round__issue", "by"]
    search_fields = ["=item__round__issue__number", "by__username", "by__first_name", "by__last_name", "note"]
    fields = ["request_page", "item", "verdict", "note", "by", "at"]

    @admin.display(description="request", ordering="item__round__issue")
    def request_page(self, check: ValidationCheck) -> str:
        """The request's page in the portal."""
        return page_link(check.item.round.issue)

"""Rounds of validation and what was found in them, in the administration: append-only, so only read."""

from django.contrib import admin

from workflow.admin.reading import ReadAdmin, ReadInline, page_link
from workflow.models import ValidationCheck, ValidationItem, ValidationRound


class ValidationItemInline(ReadInline):
    """What was to be checked, in order."""

    model = ValidationItem
    fields = ["order", "text"]
    show_change_link = False


@admin.register(ValidationRound)
class ValidationRoundAdmin(ReadAdmin):
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
class ValidationCheckAdmin(ReadAdmin):
    """What one person found on looking at one item."""

    request_paths = ["item__round__issue"]
    list_display = ["at", "request_page", "item", "verdict", "by"]
    list_filter = ["verdict", "at"]
    list_select_related = ["item__round__issue", "by"]
    search_fields = ["=item__round__issue__number", "by__username", "by__first_name", "by__last_name", "note"]
    fields = ["request_page", "item", "verdict", "note", "by", "at"]

    @admin.display(description="request", ordering="item__round__issue")
    def request_page(self, check):
        """The request's page in the portal."""
        return page_link(check.item.round.issue)

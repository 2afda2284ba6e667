"""What is only read: nobody adds, changes or deletes it here, and it exists only for who may see its request."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from workflow.models import Issue

Row = TypeVar("Row", bound=Model)
Parent = TypeVar("Parent", bound=Model)


def page_link(issue: Issue | None) -> str:
    """A link to the request's page in the portal; a dash without a request."""
    return format_html('<a href="{}">{}</a>', issue.get_absolute_url(), issue.reference) if issue else "–"


def change_link(row: Model | None, words: str) -> str:
    """A link to the row's page in the administration; a dash without a row."""
    if row is None:
        return "–"
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, words)


def answer_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as asked, label above answer; a dash without any."""
    pairs = ((row.get("label", row.get("key", "")), _words(row.get("answer"))) for row in rows)
    body = format_html_join("", "<dt>{}</dt><dd>{}</dd>", pairs)
    return format_html('<dl class="rows">{}</dl>', body) if body else "–"


def _words(answer: Any) -> Any:
    if isinstance(answer, list):
        return ", ".join(map(str, answer)) or "–"
    return {True: "Yes", False: "No", None: "–", "": "–"}.get(answer, answer)


class Unchangeable(admin.options.BaseModelAdmin[Row]):
    """Nobody adds, changes or deletes these here, by page or by a forged POST, whatever their permissions."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """The portal makes them."""
        return False

    def has_change_permission(self, request: HttpRequest, row: Any = None) -> bool:
        """The portal changes them, through its one door."""
        return False

    def has_delete_permission(self, request: HttpRequest, row: Any = None) -> bool:
        """Nothing deletes them."""
        return False

    def get_readonly_fields(self, request: HttpRequest, row: Any = None) -> list[Any]:
        """Everything that is shown, what Django calculates or fills in included."""
        return flatten_fieldsets(self.get_fieldsets(request, row))


class OfVisibleRequests(admin.options.BaseModelAdmin[Row]):
    """Rows of requests that exist for this person; all others answer as if they had never been there.

    ``request_paths``: lookups from the row to each request that must be visible.
    """

    request_paths: ClassVar[list[str]] = ["issue"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        """The rows this person may read; an administrator has no right to more by that alone (domain.md §1)."""
        visible = Issue.objects.visible_to(request.user)
        return super().get_queryset(request).filter(**{f"{path}__in": visible for path in self.request_paths})


class ReadAdmin(Unchangeable[Row], OfVisibleRequests[Row], admin.ModelAdmin[Row]):
    """A list and a page of rows that are only read."""

    show_full_result_count = False
    list_per_page = 50

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Row:
        """The row, or 404: Django would redirect and say that it may have been deleted."""
        row = super().get_object(request, object_id, from_field)
        if row is None:
            raise Http404
        return row

    @admin.display(description="request", ordering="issue")
    def request_page(self, row: Any) -> str:
        """The request's page in the portal."""
        return page_link(row.issue)


class ReadInline(Unchangeable[Row], admin.TabularInline[Row, Parent]):
    """Rows below their request that are only read; their request was checked already."""

    show_change_link = True

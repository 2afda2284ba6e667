"""The outbox to GitLab in the administration: read, and woken by hand. Nothing here edits what is sent."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from supportops.accounts.roles import is_ops
from workflow.admin.history import WithoutInternal
from workflow.admin.read_only import ReadAdmin, page_link
from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload
from workflow.models.outgoing import Outgoing


class OutgoingAdmin(ReadAdmin[Any]):
    """A row of the outbox, with "Try again now"."""

    actions = ["try_again"]
    list_filter = ["parked", ("due_at", admin.EmptyFieldListFilter)]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Support Operations and administrators; trying again gives no right in a request."""
        return self.has_view_permission(request) and (is_ops(request.user) or request.user.is_superuser)

    @admin.action(description="Try again now", permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Make the chosen rows due now; a worker takes them up within seconds."""
        woken = 0
        for row in rows:
            if self.can_be_woken(row):
                row.wake()
                self.log_change(request, row, "Tried again now.")
                woken += 1
        left = len(rows) - woken
        if woken:
            messages.success(request, f"{woken} will be tried again within seconds.")
        if left:
            messages.warning(request, f"{left} not: gone from GitLab. Link the request again, or make a new issue.")

    def can_be_woken(self, row: Any) -> bool:
        """Whether trying again can help."""
        return True

    @admin.display(description="trouble")
    def trouble(self, row: Outgoing) -> str:
        """The last error's first words."""
        return row.last_error[:100] or "–"


@admin.register(GitLabLink)
class GitLabLinkAdmin(OutgoingAdmin):
    """A request's issue in GitLab, as it was last agreed."""

    list_display = ["request_page", "status", "versions", "gitlab_issue", "attempts", "due_at", "pushed_at", "trouble"]
    list_display_links = ["status"]
    list_filter = ["status", "issue__tracker", ("due_at", admin.EmptyFieldListFilter)]
    list_select_related = ["issue"]
    search_fields = ["=issue__number", "issue__title", "=iid", "web_url"]
    fields = [
        "request_page",
        "status",
        "gitlab_issue",
        "wanted_version",
        "pushed_version",
        "pushed_at",
        "due_at",
        "attempts",
        "last_error",
        "creating_since",
        "empty_looks",
        "leased_until",
        "project_id",
        "iid",
        "gitlab_id",
        "last_synced",
    ]

    def can_be_woken(self, mirror: GitLabLink) -> bool:
        """What is gone from GitLab is never made again by itself (contract C10)."""
        return mirror.status != GitLabLink.Status.ORPHANED

    @admin.display(description="shown / wanted")
    def versions(self, mirror: GitLabLink) -> str:
        """How far GitLab is behind."""
        return f"{mirror.pushed_version} / {mirror.wanted_version}"

    @admin.display(description="GitLab issue", ordering="iid")
    def gitlab_issue(self, mirror: GitLabLink) -> str:
        """The issue in GitLab, once there is one."""
        if not mirror.link:
            return f"#{mirror.iid}" if mirror.iid else "–"
        return format_html('<a href="{}" rel="noopener noreferrer">#{}</a>', mirror.link, mirror.iid)


@admin.register(OutgoingNote)
class OutgoingNoteAdmin(WithoutInternal[Any], OutgoingAdmin):
    """A comment or a step on its way to a note in GitLab."""

    internal_lookup = "comment__internal"
    list_display = ["__str__", "request_page", "what", "note_id", "attempts", "due_at", "parked", "trouble"]
    list_select_related = ["issue", "comment", "event"]
    search_fields = ["=issue__number", "=note_id"]
    fields = [
        "request_page",
        "what",
        "note_id",
        "posting_since",
        "due_at",
        "attempts",
        "parked",
        "last_error",
        "leased_until",
    ]

    @admin.display(description="what")
    def what(self, note: OutgoingNote) -> str:
        """What it carries."""
        return f"Step: {note.event.label}" if note.event else "Comment"


@admin.register(OutgoingUpload)
class OutgoingUploadAdmin(WithoutInternal[Any], OutgoingAdmin):
    """A file on its way to GitLab."""

    request_paths = ["attachment__issue"]
    internal_lookup = "attachment__internal"
    list_display = ["attachment", "request_page", "project_id", "attempts", "due_at", "parked", "trouble"]
    list_select_related = ["attachment__issue"]
    search_fields = ["=attachment__issue__number", "attachment__name"]
    fields = [
        "request_page",
        "file_name",
        "project_id",
        "markdown",
        "due_at",
        "attempts",
        "parked",
        "last_error",
        "leased_until",
    ]

    @admin.display(description="request", ordering="attachment__issue")
    def request_page(self, upload: OutgoingUpload) -> str:
        """The request's page in the portal."""
        return page_link(upload.attachment.issue)

    @admin.display(description="file")
    def file_name(self, upload: OutgoingUpload) -> str:
        """Its name."""
        return upload.attachment.name


@admin.register(OutgoingLink)
class OutgoingLinkAdmin(OutgoingAdmin):
    """A link between two requests on its way to GitLab; both must exist for who looks."""

    request_paths = ["link__source", "link__target"]
    list_display = ["link", "request_page", "other_page", "link_id", "attempts", "due_at", "parked", "trouble"]
    list_select_related = ["link__source", "link__target"]
    search_fields = ["=link__source__number", "=link__target__number"]
    fields = [
        "request_page",
        "kind",
        "other_page",
        "link_id",
        "due_at",
        "attempts",
        "parked",
        "last_error",
        "leased_until",
    ]

    @admin.display(description="from", ordering="link__source")
    def request_page(self, mirror: OutgoingLink) -> str:
        """The request it leads from."""
        return page_link(mirror.link.source)

    @admin.display(description="to", ordering="link__target")
    def other_page(self, mirror: OutgoingLink) -> str:
        """The request it leads to."""
        return page_link(mirror.link.target)

    @admin.display(description="link")
    def kind(self, mirror: OutgoingLink) -> str:
        """What the link says."""
        return mirror.link.get_type_display()

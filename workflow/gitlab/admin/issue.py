"""Requests in the administration, with how their GitLab issue stands.

Milestones in the administration: read from GitLab, and on demand read again.
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.urls.resolvers import URLPattern
from django.views.decorators.http import require_POST

from supportops.accounts.roles import is_ops
from workflow.admin.issue import IssueAdmin
from workflow.admin.read_only import Unchangeable, change_link
from workflow.enqueue import enqueue
from workflow.models import Issue, Milestone

admin.site.unregister(Issue)


@admin.register(Issue)
class MirroredIssueAdmin(IssueAdmin):
    """A request as in the core, and its mirror."""

    fieldsets = [
        (title, {**options, "fields": [*options["fields"], *(["mirrored"] if title == "GitLab" else [])]})
        for title, options in IssueAdmin.fieldsets
    ]

    @admin.display(description="mirror")
    def mirrored(self, issue: Issue) -> str:
        """How the GitLab issue stands."""
        mirror = getattr(issue, "mirror", None)
        return change_link(mirror, mirror.get_status_display()) if mirror else "It has no GitLab issue."


READ_TASK = "workflow.gitlab.tasks.sync_milestones"


@admin.register(Milestone)
class MilestoneAdmin(Unchangeable[Milestone], admin.ModelAdmin[Milestone]):
    """GitLab's milestones per tracker. Title and dates are GitLab's (domain.md §6); nothing is edited here."""

    change_list_template = "admin/workflow/milestone/change_list.html"
    list_display = ["title", "tracker", "state", "start_date", "due_date", "synced_at"]
    list_filter = ["tracker", "state"]
    list_select_related = ["tracker"]
    search_fields = ["title", "tracker__name"]
    date_hierarchy = "due_date"
    fields = ["title", "tracker", "state", "start_date", "due_date", "gitlab_id", "synced_at"]

    def get_urls(self) -> list[URLPattern]:
        """With the address that asks for a reading."""
        read = self.admin_site.admin_view(require_POST(self.read_now))
        return [path("read/", read, name="workflow_milestone_read"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Offer the reading to who may ask for it."""
        return super().changelist_view(request, {**(extra_context or {}), "may_read": self.may_read(request)})

    def may_read(self, request: HttpRequest) -> bool:
        """Support Operations and administrators."""
        return self.has_view_permission(request) and (is_ops(request.user) or request.user.is_superuser)

    def read_now(self, request: HttpRequest) -> HttpResponse:
        """Wake the task that reads; GitLab is never called while somebody waits for a page."""
        if not self.may_read(request):
            raise PermissionDenied("Only Support Operations asks GitLab for its milestones.")
        if enqueue(READ_TASK):
            messages.success(request, "GitLab is being asked for its milestones. Load this page again soon.")
        else:
            messages.warning(request, "The queue does not answer. GitLab is asked when it is back, within ten minutes.")
        return redirect("admin:workflow_milestone_changelist")

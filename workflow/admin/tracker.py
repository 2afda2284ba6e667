"""Trackers and stage targets in the administration."""

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from workflow.models import StageTarget, Tracker


class TrackerForm(forms.ModelForm):
    """A tracker; its path as GitLab's address shows it."""

    class Meta:
        model = Tracker
        fields = ["name", "path", "confidential_only", "is_active"]

    def clean_path(self):
        """Without the slashes that copying brings along; a project always stands in a group."""
        path = self.cleaned_data["path"].strip().strip("/")
        if "/" not in path or "//" in path or any(sign in path for sign in " ?#:"):
            raise forms.ValidationError("Write the path of the project as it stands in its address: group/project.")
        return path


@admin.register(Tracker)
class TrackerAdmin(admin.ModelAdmin):
    """Where GitLab keeps the issues. A tracker out of use takes no new requests; it is never deleted."""

    form = TrackerForm
    list_display = ["name", "path", "project_id", "confidential_only", "is_active", "milestones", "requests"]
    list_filter = ["is_active", "confidential_only"]
    search_fields = ["name", "path"]
    fields = ["name", "path", "project_id", "confidential_only", "is_active"]
    readonly_fields = ["project_id"]

    def has_delete_permission(self, request, tracker=None):
        """Requests stand in it. Take "active" away instead."""
        return False

    def save_model(self, request, tracker, form, change):
        """Another path is looked up anew; a renamed project has the same id again."""
        if "path" in form.changed_data:
            tracker.project_id = None
        super().save_model(request, tracker, form, change)

    @admin.display(description="milestones")
    def milestones(self, tracker):
        """The milestones as read from GitLab."""
        address = reverse("admin:workflow_milestone_changelist")
        return format_html('<a href="{}?tracker__id__exact={}">Milestones</a>', address, tracker.pk)

    @admin.display(description="requests")
    def requests(self, tracker):
        """The requests that stand here."""
        address = reverse("admin:workflow_issue_changelist")
        return format_html('<a href="{}?tracker__id__exact={}">Requests</a>', address, tracker.pk)


@admin.register(StageTarget)
class StageTargetAdmin(admin.ModelAdmin):
    """How long a request should stay in a state at most; older ones stand out in the queues."""

    list_display = ["state", "working_days"]
    list_editable = ["working_days"]

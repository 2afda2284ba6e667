"""Requests in the administration, with how their GitLab issue stands."""

from django.contrib import admin

from workflow.admin.issue import IssueAdmin
from workflow.admin.read_only import change_link
from workflow.models import Issue

admin.site.unregister(Issue)


@admin.register(Issue)
class MirroredIssueAdmin(IssueAdmin):
    """A request as in the core, and its mirror."""

    fieldsets = [
        (title, {**options, "fields": [*options["fields"], *(["mirrored"] if title == "GitLab" else [])]})
        for title, options in IssueAdmin.fieldsets
    ]

    @admin.display(description="mirror")
    def mirrored(self, issue):
        """How the GitLab issue stands."""
        mirror = getattr(issue, "mirror", None)
        return change_link(mirror, mirror.get_status_display()) if mirror else "It has no GitLab issue."

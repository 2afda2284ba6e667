"""Where GitLab keeps the issues."""

from django.db import models


class Tracker(models.Model):
    """A GitLab project that holds mirrored issues. The numeric id, once found, outlives renames (gitlab.md §1)."""

    path = models.CharField(
        max_length=255, unique=True, help_text="Path of the GitLab project, for example group/project."
    )
    name = models.CharField(max_length=120, help_text="What people read, for example “Calendly”.")
    project_id = models.PositiveBigIntegerField(
        "GitLab project id", null=True, blank=True, unique=True, help_text="Found from the path at the first contact."
    )
    confidential_only = models.BooleanField(
        default=False, help_text="Holds only confidential issues; requests from here never move to an open tracker."
    )
    is_active = models.BooleanField(default=True, help_text="New requests may be filed or moved here.")

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

"""What nobody did, and somebody should hear of: a reminder is written once per person, request, kind and day."""

from django.conf import settings
from django.db import models


class Reminder(models.Model):
    """One occasion on which a person was reminded. ``day``: when it fell due; a late or repeated run finds it there."""

    class Kind(models.TextChoices):
        APPROVAL_WAITS = "approval-waits", "Waits for your decision"
        APPROVAL_LATE = "approval-late", "A decision is late"
        DISCUSSION_DUE = "discussion-due", "The discussion is due"
        VALIDATION_LATE = "validation-late", "Waits for your validation"
        VALIDATION_SILENT = "validation-silent", "A validation is late"
        BLOCKED_REVIEW = "blocked-review", "Review what is blocked"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    issue = models.ForeignKey("workflow.Issue", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    day = models.DateField()
    text = models.TextField(help_text="What the person reads.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "issue", "kind", "day"], name="reminded_once_a_day"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.issue_id}"

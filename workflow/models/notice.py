"""What a person should hear about, in the inbox."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Notice(models.Model):
    """One message for one person about one event, comment or reminder; says why it came."""

    class Reason(models.TextChoices):
        NEEDS_YOU = "needs-you", "It needs you"
        FILED = "filed", "You filed it"
        WATCHED = "watched", "You watch it"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    issue = models.ForeignKey("workflow.Issue", models.CASCADE, related_name="+")
    event = models.ForeignKey("workflow.Event", models.CASCADE, null=True, related_name="+")
    comment = models.ForeignKey("workflow.Comment", models.CASCADE, null=True, related_name="+")
    reminder = models.ForeignKey("workflow.Reminder", models.CASCADE, null=True, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    routed_at = models.DateTimeField(
        null=True, editable=False, help_text="When it was given to the person's e-mail and Slack, as they chose."
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(event__isnull=False, comment__isnull=True, reminder__isnull=True)
                | Q(event__isnull=True, comment__isnull=False, reminder__isnull=True)
                | Q(event__isnull=True, comment__isnull=True, reminder__isnull=False),
                name="a_notice_is_about_one_thing",
            ),
            models.UniqueConstraint(fields=["person", "event"], name="one_notice_per_event"),
            models.UniqueConstraint(fields=["person", "comment"], name="one_notice_per_comment"),
            models.UniqueConstraint(fields=["person", "reminder"], name="one_notice_per_reminder"),
        ]
        indexes = [
            models.Index(fields=["person"], condition=Q(read_at__isnull=True), name="notices_unread"),
            models.Index(fields=["person", "-created_at"], name="notices_newest"),
            models.Index(fields=["created_at"], condition=Q(routed_at__isnull=True), name="notices_unrouted"),
        ]

    def __str__(self):
        return f"{self.person}: {self.issue_id}"

"""What people say about a request."""

from django.conf import settings
from django.db import models

from workflow.states import Source


class Comment(models.Model):
    """A comment, public or internal. One from GitLab carries its note id, so that it is never taken twice."""

    issue = models.ForeignKey("workflow.Issue", models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    author_name = models.CharField(
        max_length=255, blank=True, help_text="Who wrote it in GitLab, when the portal does not know them."
    )
    body = models.TextField()
    internal = models.BooleanField(default=False, help_text="Only Support Operations reads it.")
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.PORTAL)
    submission = models.UUIDField(
        null=True, unique=True, editable=False, help_text="The form it came by; a second press finds it."
    )
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["issue", "created_at"], name="comment_story")]

    def __str__(self) -> str:
        return f"{self.author or self.author_name}: {self.body[:40]}"

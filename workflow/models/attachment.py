"""Files people give with a request or a comment."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from workflow.states import Source


def _random_place(attachment: Attachment, filename: str) -> str:
    return f"{uuid.uuid4().hex[:2]}/{uuid.uuid4().hex}"


class Attachment(models.Model):
    """A file under a random name, kept outside every static or media address."""

    issue = models.ForeignKey("workflow.Issue", models.PROTECT, null=True, related_name="attachments")
    comment = models.ForeignKey("workflow.Comment", models.PROTECT, null=True, related_name="attachments")
    validation_check = models.ForeignKey(
        "workflow.ValidationCheck", models.PROTECT, null=True, related_name="attachments"
    )
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    file = models.FileField(upload_to=_random_place, max_length=120)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="Bytes.")
    internal = models.BooleanField(default=False)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.PORTAL)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name

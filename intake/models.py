"""What is being written: drafts and their files."""

from __future__ import annotations

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from supportops.accounts.models import User
from workflow.catalogue.models import Entry
from workflow.models import Attachment, Issue

Texts = dict[str, list[str]]
"""What was typed into a form, by field."""


class DraftQuerySet(models.QuerySet["Draft"]):
    """Drafts, by the questions the pages ask about them."""

    def unfiled(self) -> Self:
        """What is still being written."""
        return self.filter(issue__isnull=True)

    def waiting(self, person: User) -> Self:
        """What this person did not begin, and is waited for: a question that goes on, or handed over by somebody."""
        waits = models.Q(continues__isnull=False) | ~models.Q(originator=person)
        return self.unfiled().filter(waits, owner=person)

    def with_entry(self) -> Self:
        """With what a list of drafts shows."""
        return self.select_related("entry__route", "owner", "originator")


class Draft(models.Model):
    """A form that is being written, known by ``submission``, the mark that the form carries from its first page on.

    ``owner`` writes and files it; ``originator`` asked, and becomes the requester. They differ once it was handed over.
    """

    submission = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="drafts")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    originator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    data: models.JSONField[Texts, Texts] = models.JSONField(
        default=dict, help_text="What was typed, by field: lists of texts."
    )
    version = models.PositiveIntegerField(default=1, help_text="Counts savings, so that an older page notices.")
    saved_from = models.UUIDField(null=True, editable=False, help_text="The page it was last saved from.")
    issue = models.OneToOneField(Issue, models.CASCADE, null=True, blank=True, related_name="+", editable=False)
    continues = models.ForeignKey(
        Issue,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        help_text="The question that Support Operations carry on in this; its answers are still wanted.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = DraftQuerySet.as_manager()
    begun_now = False
    """Whether it was made by what goes on now, so that it has no files, and nobody was told of it."""

    class Meta:
        ordering = ["-updated_at"]
        indexes = [
            models.Index(
                fields=["owner", "-updated_at"], condition=models.Q(issue__isnull=True), name="drafts_of_a_person"
            )
        ]

    def __str__(self) -> str:
        return self.title or f"Draft of “{self.entry}”"

    def get_absolute_url(self) -> str:
        """The form, filled with the draft."""
        return reverse("draft", args=[self.submission])

    @property
    def title(self) -> str:
        """The title typed so far, or an empty text."""
        return (self.data.get("title") or [""])[0]

    @property
    def handed_over(self) -> bool:
        """Whether somebody else than its owner asked."""
        return self.owner_id != self.originator_id


class DraftAttachment(models.Model):
    """A file that was given with a draft; it becomes the request's when the draft is filed."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="attachments")
    attachment = models.OneToOneField(Attachment, models.CASCADE, related_name="+")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.attachment.name

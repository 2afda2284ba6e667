"""Changing the label scheme: which, when, by whom, how far it came; and what labels GitLab has to offer."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from workflow.catalogue.models import Tracker


class LabelSchemeChange(models.Model):
    """That the active scheme was changed. One runs at a time: the database refuses a second.

    First the labels are made, then the requests are enlisted (``position`` is how far that came), then one after the
    other is brought in line. Killed at any moment, it goes on from what stands here.
    """

    from_scheme = models.ForeignKey("gitlab_mirror.LabelScheme", models.PROTECT, related_name="+")
    to_scheme = models.ForeignKey("gitlab_mirror.LabelScheme", models.PROTECT, related_name="changes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    foreseen = models.JSONField(default=dict, help_text="The counts that were shown before.")
    labels_made_at = models.DateTimeField(null=True)
    position = models.PositiveBigIntegerField(default=0)
    enlisted_at = models.DateTimeField(null=True)
    requests = models.PositiveIntegerField(default=0, help_text="How many were enlisted.")
    set_aside = models.PositiveIntegerField(default=0, help_text="How many of them wait for a person now.")
    running = models.BooleanField(default=True)
    ended_at = models.DateTimeField(null=True)
    replaced = models.BooleanField(default=False, help_text="Ended by another change before it was through.")
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["running"], condition=Q(running=True), name="one_running_scheme_change")
        ]

    def __str__(self) -> str:
        return f"{self.from_scheme} → {self.to_scheme}"

    @classmethod
    def now(cls) -> Self | None:
        """The one that runs, with its schemes and who began it, or None."""
        return cls.objects.filter(running=True).select_related("from_scheme", "to_scheme", "by").first()

    @classmethod
    def enlisting(cls) -> bool:
        """Whether requests are being enlisted: until all are, some are behind without saying so."""
        return cls.objects.filter(running=True, enlisted_at=None).exists()


class PendingRelabel(models.Model):
    """A request whose labels are still to change: its mirror is behind, but not due before its turn comes.

    Gone once ``version`` was pushed. So the table only holds work that is left, open requests before ended ones.
    """

    issue = models.OneToOneField("workflow.Issue", models.CASCADE, primary_key=True, related_name="relabelling")
    version = models.PositiveIntegerField(help_text="Of the mirror; once pushed, the labels are as wanted.")
    last = models.BooleanField(default=False, help_text="It has ended: its turn comes after the open ones.")

    class Meta:
        indexes = [models.Index(fields=["last", "issue"], name="relabelling_order")]

    def __str__(self) -> str:
        return f"Labels of {self.issue_id}"


class TrackerLabels(models.Model):
    """The labels that GitLab offers in a tracker, as last read there; so that no page has to ask."""

    KEPT_FOR = timedelta(hours=1)

    tracker = models.OneToOneField("catalogue.Tracker", models.CASCADE, primary_key=True, related_name="labels")
    names = models.JSONField(default=list)
    read_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Labels of {self.tracker_id}"

    @classmethod
    def remember(cls, tracker: Tracker, names: Iterable[str]) -> None:
        """Write what was read in GitLab just now."""
        cls.objects.update_or_create(tracker=tracker, defaults={"names": sorted(names), "read_at": timezone.now()})

"""The periods work is planned for, as GitLab holds them."""

from typing import Self

from django.db import models

from workflow.catalogue.models import Tracker


class MilestoneQuerySet(models.QuerySet["Milestone"]):
    """Milestones, by what can be done with them."""

    def open(self) -> Self:
        """What a request may be planned for."""
        return self.filter(state=Milestone.ACTIVE)


class Milestone(models.Model):
    """A GitLab milestone as one tracker sees it; a group's milestone has a row per tracker below that group.

    Dates are GitLab's (domain.md §6); ``gitlab_id`` is the global id that issues carry.
    """

    ACTIVE, CLOSED, DELETED = "active", "closed", "deleted"

    tracker = models.ForeignKey(Tracker, models.CASCADE, related_name="milestones")
    gitlab_id = models.PositiveBigIntegerField("GitLab id")
    title = models.CharField(max_length=255)
    start_date = models.DateField(null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    state = models.CharField(
        max_length=10, choices=[(s, s.capitalize()) for s in (ACTIVE, CLOSED, DELETED)], default=ACTIVE
    )
    synced_at = models.DateTimeField(auto_now=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        ordering = ["due_date", "title"]
        constraints = [models.UniqueConstraint(fields=["tracker", "gitlab_id"], name="one_milestone_row_per_tracker")]

    def __str__(self) -> str:
        return self.title

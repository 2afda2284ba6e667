"""Where a kind of request goes, and by which rules."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models

from workflow.models.tracker import Tracker
from workflow.states import WORKED_ON, ApprovalRule, Kind, State


class Route(models.Model):
    """The workflow side of a catalogue entry (domain.md §2). All of it is data that ops edit in the admin."""

    key = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    tracker = models.ForeignKey(
        Tracker, models.PROTECT, null=True, blank=True, help_text="Empty for what is answered in the portal."
    )
    template = models.CharField("GitLab template", max_length=80, blank=True)
    approval_rule = models.CharField(max_length=20, choices=ApprovalRule.choices, default=ApprovalRule.NONE)
    waivable = models.BooleanField("ops may waive the approval", default=False)
    voiding_fields = models.JSONField(
        default=list,
        blank=True,
        help_text="Keys of the fields whose change voids an approval: title, description, or a question.",
    )
    restricted_to = models.ForeignKey(
        Group,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Requests exist only for the people involved and this group, and are confidential in GitLab.",
    )
    default_labels = models.JSONField(default=list, blank=True, help_text="GitLab labels put on every new issue.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    second_owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="route_kind_is_known"),
            models.CheckConstraint(
                condition=~models.Q(kind__in=sorted(WORKED_ON)) | models.Q(tracker__isnull=False),
                name="what_is_worked_on_has_a_tracker",
            ),
        ]

    def __str__(self):
        return self.key

    def clean(self):
        """A kind that is worked on needs a tracker to be worked on in."""
        if self.kind in WORKED_ON and self.tracker_id is None:
            raise ValidationError({"tracker": "A bug, feature or administrative request needs a tracker."})

    @property
    def needs_approval(self):
        """Whether a new request of this route waits for a decision first."""
        return self.approval_rule != ApprovalRule.NONE


class StageTarget(models.Model):
    """How many working days a request should stay in a state at most."""

    state = models.CharField(max_length=20, choices=State.choices, unique=True)
    working_days = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["state"]

    def __str__(self):
        return f"{self.get_state_display()}: {self.working_days} working days"

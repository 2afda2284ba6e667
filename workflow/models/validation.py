"""Validation: what was to be checked, and who found what.

What was found is never changed: a later look is a new row. The database holds that (migration 0008).
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

LONGEST_ITEM = 300


class ValidationRound(models.Model):
    """One time the result was handed to the requester to look at, from “request validation” to its end."""

    class Outcome(models.TextChoices):
        VALIDATED = "validated", "Validated"
        SENT_BACK = "sent-back", "Sent back"
        ENDED = "ended", "Ended with the request"

    issue = models.ForeignKey("workflow.Issue", models.PROTECT, related_name="validations")
    number = models.PositiveSmallIntegerField()
    brief = models.TextField(blank=True, help_text="What to check, and where, without the list.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    bounces = models.PositiveSmallIntegerField(
        default=0, help_text="How many rounds in a row, with this one, were sent back."
    )
    raised_at = models.DateTimeField(null=True, help_text="When the lead was asked to look at it.")
    settled_at = models.DateTimeField(null=True, help_text="When it was validated after all, or ended.")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "number"], name="validations_are_numbered"),
            models.UniqueConstraint(fields=["issue"], condition=Q(ended_at__isnull=True), name="one_open_validation"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="an_ended_validation_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True) | Q(raised_at__isnull=False),
                name="only_what_was_raised_is_settled",
            ),
        ]
        indexes = [
            models.Index(
                fields=["issue"], condition=Q(raised_at__isnull=False, settled_at__isnull=True), name="raised_to_lead"
            ),
        ]

    def __str__(self):
        return f"Validation {self.number} of {self.issue_id}"


class ValidationItem(models.Model):
    """One thing to check in a round. ``before``: the same thing in the round before, if it was asked there."""

    round = models.ForeignKey(ValidationRound, models.PROTECT, related_name="items")
    order = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=LONGEST_ITEM)
    before = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["round", "order"], name="items_are_ordered")]

    def __str__(self):
        return self.text


class ValidationCheck(models.Model):
    """What somebody found on looking at an item; the latest one holds."""

    class Verdict(models.TextChoices):
        TICKED = "ticked", "Ticked"
        FAILED = "failed", "Failed"
        OPEN = "open", "Open again"

    item = models.ForeignKey(ValidationItem, models.PROTECT, related_name="checks")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    note = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(verdict__in=["ticked", "failed", "open"]), name="verdict_is_known"),
            models.CheckConstraint(condition=~Q(verdict="failed", note=""), name="what_failed_has_a_reason"),
        ]

    def __str__(self):
        return f"{self.item_id} {self.verdict}"

"""Approvals are rounds: who must decide, what they saw, what they said. A decision is immutable."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class ApprovalRound(models.Model):
    """One round of asking. ``asked`` keeps the text as it stood, so that a later round can show the difference."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        WAIVED = "waived", "Waived"
        VOIDED = "voided", "Voided by an edit"
        ENDED = "ended", "Ended with the request"
        CARRIED_OVER = "carried-over", "Carried over"

    issue = models.ForeignKey("workflow.Issue", models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    asked = models.JSONField(help_text="Title, description and answers as they stood when the round opened.")
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    carried_from = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    needed = models.PositiveSmallIntegerField(default=1, help_text="How many of its seats must approve.")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "number"], name="rounds_are_numbered"),
            models.UniqueConstraint(fields=["issue"], condition=Q(ended_at__isnull=True), name="one_open_round"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="an_ended_round_has_an_outcome",
            ),
        ]

    def __str__(self):
        return f"Round {self.number} of {self.issue_id}"

    def terms(self, seats):
        """In words how many of these seats must approve; empty for a round of one."""
        if len(seats) < 2:
            return ""
        if len({seat.order for seat in seats}) > 1:
            return "All must approve, one after the other."
        if self.needed == len(seats):
            return "All must approve."
        return f"{self.needed} of {len(seats)} must approve." if self.needed > 1 else "Any one of them may approve."


class Decision(models.Model):
    """A seat in a round: who is asked, in which order, and, once given, their decision.

    ``approver`` is empty while nobody is eligible; a lead then names one.
    """

    class Verdict(models.TextChoices):
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    round = models.ForeignKey(ApprovalRound, models.PROTECT, related_name="decisions")
    issue_requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="decisions_asked")
    order = models.PositiveSmallIntegerField(default=1, help_text="Seats of the lowest order that waits are in turn.")
    asked_at = models.DateTimeField(
        null=True, help_text="Since when its holder could decide; empty: the round's opening."
    )
    follows_manager = models.BooleanField(null=True, help_text="It belongs to whoever the requester reports to.")
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    text = models.TextField(blank=True)
    answers = models.JSONField(default=list, help_text="The approver's part of the form: rows as asked, with answers.")

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, verdict="", decided_by__isnull=True)
                | (Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(verdict="")),
                name="a_decision_is_whole",
            ),
            models.CheckConstraint(
                condition=(Q(approver__isnull=True) | ~Q(approver=F("issue_requester")))
                & (Q(decided_by__isnull=True) | ~Q(decided_by=F("issue_requester"))),
                name="nobody_approves_their_own_request",
            ),
            models.UniqueConstraint(fields=["round", "approver"], name="one_seat_per_approver"),
            models.UniqueConstraint(
                fields=["round", "decided_by"], condition=Q(decided_by__isnull=False), name="one_decision_per_person"
            ),
        ]
        indexes = [
            models.Index(fields=["approver"], condition=Q(decided_at__isnull=True), name="decisions_waiting"),
        ]

    def __str__(self):
        return f"{self.approver or 'nobody yet'}: {self.verdict or 'asked'}"

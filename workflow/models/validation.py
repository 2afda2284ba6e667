"""Validation: what was to be checked, and who found what.

What was found is never changed: a later look is a new row. The database holds that (migration 0008).

The running validation of a request: who looks at the result, and what its checklist says now.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportops.accounts.models import User
from supportops.accounts.working_days import calendar_of
from workflow.states import State

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models.fields.related_descriptors import RelatedManager

    from workflow.models.issue import Issue

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
    late_at = models.DateTimeField(null=True, help_text="When somebody was last reminded that nobody has come to it.")

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
            models.Index(
                fields=["issue"], condition=Q(late_at__isnull=False, ended_at__isnull=True), name="validations_late"
            ),
        ]

    def __str__(self) -> str:
        return f"Validation {self.number} of {self.issue_id}"


class ValidationItem(models.Model):
    """One thing to check in a round. ``before``: the same thing in the round before, if it was asked there."""

    round = models.ForeignKey(ValidationRound, models.PROTECT, related_name="items")
    order = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=LONGEST_ITEM)
    before = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    check_now: ValidationCheck | None
    """What was found last, on items that ``checklist_of`` read."""
    files: list[Any]
    """What came with it, on the request's page."""

    class Meta:
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["round", "order"], name="items_are_ordered")]

    def __str__(self) -> str:
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

    def __str__(self) -> str:
        return f"{self.item_id} {self.verdict}"


Verdict = ValidationCheck.Verdict


class Validating:
    """Mixed into Issue. Each answer is read once per object; ``forget_checks`` drops them."""

    if TYPE_CHECKING:
        state: str
        state_since: datetime
        requester: User
        requester_id: int
        assignee_id: int | None
        implemented_by_id: int | None
        validations: RelatedManager[ValidationRound]

    @cached_property
    def open_validation(self) -> ValidationRound | None:
        """The running round of validation, or None."""
        return self.validations.filter(ended_at__isnull=True).first()

    @cached_property
    def checklist(self) -> list[ValidationItem]:
        """The items of the running round in order, each with ``check_now``: what was found last, or None."""
        return checklist_of(self.open_validation) if self.open_validation else []

    @cached_property
    def requester_is_silent(self) -> bool:
        """Whether a validation has waited for so many of the requester's working days that a lead may delegate it."""
        if self.state != State.VALIDATION:
            return False
        days = settings.LEAD_DELEGATES_AFTER_WORKING_DAYS
        return self.state_since <= calendar_of(self.requester).working_days_before(timezone.now(), days)

    @cached_property
    def delegates(self) -> list[User]:
        """Who validates for the requester."""
        issue = cast("Issue", self)
        return list(User.objects.filter(delegations__issue=issue, delegations__ended_at__isnull=True))

    @property
    def delegate_ids(self) -> set[int]:
        """Ids of the delegates."""
        return {person.pk for person in self.delegates}

    @property
    def implementer_ids(self) -> set[int]:
        """Who did the work, and so never validates it."""
        return {pk for pk in (self.assignee_id, self.implemented_by_id) if pk}

    def items_with(self, *verdicts: Verdict | None) -> list[ValidationItem]:
        """The items of the running round with one of these verdicts; None stands for those that wait for a look."""
        return [item for item in self.checklist if (None if self.tick_lapsed(item) else verdict_of(item)) in verdicts]

    def tick_lapsed(self, item: ValidationItem) -> bool:
        """Whether it was ticked by somebody who may not validate by now: they did the work, or it was taken back."""
        if verdict_of(item) != Verdict.TICKED:
            return False
        by = item.check_now.by_id if item.check_now else None
        return by in self.implementer_ids or (by != self.requester_id and by not in self.delegate_ids)

    def forget_checks(self) -> None:
        """Drop what was read; the next question reads it anew."""
        for name in ("open_validation", "checklist"):
            self.__dict__.pop(name, None)


def checklist_of(round_: ValidationRound) -> list[ValidationItem]:
    """The items of a round in order, each with ``check_now``: what was found last, or None. Two queries."""
    latest = {}
    for check in ValidationCheck.objects.filter(item__round=round_).select_related("by").order_by("pk"):
        latest[check.item_id] = check
    items = list(round_.items.select_related("before"))
    for item in items:
        item.check_now = latest.get(item.pk)
    return items


def verdict_of(item: ValidationItem) -> Verdict | None:
    """TICKED, FAILED, or None for what is open."""
    verdict = item.check_now.verdict if item.check_now else Verdict.OPEN
    return None if verdict == Verdict.OPEN else Verdict(verdict)

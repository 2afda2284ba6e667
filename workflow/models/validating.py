"""The running validation of a request: who looks at the result, and what its checklist says now."""

from functools import cached_property

from django.conf import settings
from django.utils import timezone

from supportops.accounts.models import User
from supportops.accounts.working_days import calendar_of
from workflow.models.validation import ValidationCheck
from workflow.states import State

Verdict = ValidationCheck.Verdict


class Validating:
    """Mixed into Issue. Each answer is read once per object; ``forget_checks`` drops them."""

    @cached_property
    def open_validation(self):
        """The running round of validation, or None."""
        return self.validations.filter(ended_at__isnull=True).first()

    @cached_property
    def checklist(self):
        """The items of the running round in order, each with ``check_now``: what was found last, or None."""
        return checklist_of(self.open_validation) if self.open_validation else []

    @cached_property
    def requester_is_silent(self):
        """Whether a validation has waited for so many of the requester's working days that a lead may delegate it."""
        if self.state != State.VALIDATION:
            return False
        days = settings.LEAD_DELEGATES_AFTER_WORKING_DAYS
        return self.state_since <= calendar_of(self.requester).working_days_before(timezone.now(), days)

    @cached_property
    def delegates(self):
        """Who validates for the requester."""
        return list(User.objects.filter(delegations__issue=self, delegations__ended_at__isnull=True))

    @property
    def delegate_ids(self):
        """Ids of the delegates."""
        return {person.pk for person in self.delegates}

    @property
    def implementer_ids(self):
        """Who did the work, and so never validates it."""
        return {self.assignee_id, self.implemented_by_id} - {None}

    def items_with(self, *verdicts):
        """The items of the running round with one of these verdicts; None stands for those that wait for a look."""
        return [item for item in self.checklist if (None if self.tick_lapsed(item) else verdict_of(item)) in verdicts]

    def tick_lapsed(self, item):
        """Whether it was ticked by somebody who may not validate by now: they did the work, or it was taken back."""
        if verdict_of(item) != Verdict.TICKED:
            return False
        by = item.check_now.by_id
        return by in self.implementer_ids or (by != self.requester_id and by not in self.delegate_ids)

    def forget_checks(self):
        """Drop what was read; the next question reads it anew."""
        for name in ("open_validation", "checklist"):
            self.__dict__.pop(name, None)


def checklist_of(round_):
    """The items of a round in order, each with ``check_now``: what was found last, or None. Two queries."""
    latest = {}
    for check in ValidationCheck.objects.filter(item__round=round_).select_related("by").order_by("pk"):
        latest[check.item_id] = check
    items = list(round_.items.select_related("before"))
    for item in items:
        item.check_now = latest.get(item.pk)
    return items


def verdict_of(item):
    """TICKED, FAILED, or None for what is open."""
    verdict = item.check_now.verdict if item.check_now else Verdict.OPEN
    return None if verdict == Verdict.OPEN else Verdict(verdict)

"""What can be chosen on forms about a request: people, customers, systems, milestones, other requests."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Case, F, Q, QuerySet, When
from django.utils import timezone

from supportops.accounts.models import Division, User
from workflow.catalogue.models import Tracker
from workflow.catalogue.systems import systems_in_use
from workflow.models import Issue, Milestone
from workflow.permissions import may_see

LARGEST_NUMBER = 2**63 - 1


def with_present(pairs: Sequence[tuple[str, str]], present: str) -> list[tuple[str, str]]:
    """``pairs`` for a select, with an empty one first and the present value added where it is not among them."""
    known = {value for value, _ in pairs}
    extra = [(present, present)] if present and present not in known else []
    return [("", "Choose one"), *pairs, *extra]


def customer_choices(present: str = "") -> list[tuple[str, str]]:
    """The divisions a request may be for."""
    return with_present(Division.choices, present)


def system_choices(present: str = "") -> list[tuple[str, str]]:
    """The systems a request may concern: those of the active label scheme, and the usual ones."""
    return with_present([(name, name) for name in systems_in_use()], present)


def ops_who_see(issue: Issue) -> QuerySet[User]:
    """The members of Support Operations the request exists for."""
    people = User.objects.ops()
    if issue.restricted_to_id is None:
        return people
    # A subquery of its own: a second join over groups would ask for one group that is both.
    involved = [issue.requester_id, *issue.approver_ids, *issue.delegate_ids]
    members = User.objects.filter(Q(groups=issue.restricted_to_id) | Q(pk__in=involved))
    return people.filter(pk__in=members.values("pk"))


class MilestoneField(forms.ModelChoiceField[Milestone]):
    """An open milestone of a tracker, the next one first."""

    def __init__(self, tracker: Tracker | None, **kwargs: Any) -> None:
        over = Case(When(due_date__lt=timezone.localdate(), then=1), default=0)
        coming = Milestone.objects.open().filter(tracker=tracker)
        in_order = coming.order_by(over, F("due_date").asc(nulls_last=True), "title")
        super().__init__(in_order, empty_label="Choose a milestone", **kwargs)

    def label_from_instance(self, milestone: Milestone) -> str:
        """The title and its period."""
        days = [f"{day:%-d %b %Y}" for day in (milestone.start_date, milestone.due_date) if day]
        return f"{milestone.title} ({' to '.join(days)})" if days else milestone.title


class IssueNumberField(forms.CharField):
    """The number of another request, typed as SO-12 or 12; cleans to the request, if it exists for the person."""

    person: User | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=30, widget=forms.TextInput(attrs={"autocomplete": "off"}), **kwargs)

    def clean(self, value: str | None) -> Issue | None:
        """The request, or None for nothing typed. A hidden one answers like a number that was never given out."""
        typed = super().clean(value)
        if not typed:
            return None
        found = re.fullmatch(r"(?:SO-|#)?([0-9]{1,19})", typed, re.IGNORECASE)
        number = int(found[1]) if found else None
        issue = Issue.objects.filter(pk=number).first() if number and number <= LARGEST_NUMBER else None
        if issue is None or self.person is None or not may_see(self.person, issue):
            raise forms.ValidationError("There is no such request. Give a number such as SO-12.")
        return issue

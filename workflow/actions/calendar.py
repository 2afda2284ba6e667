"""What the calendar does by itself: start what has its period, plan anew what lost its milestone (domain.md §3)."""

import calendar as months
from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone

from workflow.actions.errors import Refused, Stale
from workflow.actions.transition import take_step
from workflow.models import Issue, Milestone
from workflow.models.event import REPLAN
from workflow.states import Source, State
from workflow.verbs import Verb


def period_start(milestone: Milestone) -> date | None:
    """The date the milestone's period arrives: its start, or a month before its due date; None if it has neither."""
    if milestone.start_date:
        return milestone.start_date
    return _a_month_before(milestone.due_date) if milestone.due_date else None


def _a_month_before(day: date) -> date:
    last_of_previous = day.replace(day=1) - timedelta(days=1)
    longest = months.monthrange(last_of_previous.year, last_of_previous.month)[1]
    return last_of_previous.replace(day=min(day.day, longest))


def start_due() -> int:
    """Start every scheduled request whose milestone's period has come, in the portal's time zone. Returns how many."""
    today = timezone.localdate(timezone=timezone.get_default_timezone())
    waiting = Issue.objects.filter(state=State.SCHEDULED, milestone__state=Milestone.ACTIVE).select_related("milestone")
    due = [
        issue for issue in waiting if issue.milestone and (start := period_start(issue.milestone)) and start <= today
    ]
    return sum(_stepped(issue, Verb.START) for issue in due)


def replan_lost() -> int:
    """Send scheduled requests whose milestone was closed or deleted back to planning; ops are told. Returns how
    many."""
    lost = Issue.objects.filter(state=State.SCHEDULED).filter(
        Q(milestone__isnull=True) | ~Q(milestone__state=Milestone.ACTIVE)
    )
    return sum(_stepped(issue, REPLAN) for issue in lost)


def _stepped(issue: Issue, verb: str) -> bool:
    """Whether the calendar's step was taken; somebody may have moved the request meanwhile, then it was not."""
    try:
        take_step(issue.pk, verb, by=None, version=issue.version, source=Source.CALENDAR)
    except (Refused, Stale):
        return False
    return True

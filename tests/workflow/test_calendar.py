"""What the calendar does by itself: start what has its period, plan anew what lost its milestone (domain.md §3)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import override_settings
from django.utils import timezone

from tests.factories import milestone_for, request_at, step
from workflow.actions.calendar import period_start, replan_lost, start_due
from workflow.catalogue.kinds import Kind
from workflow.models import Event, Issue, Milestone
from workflow.states import Source, State
from workflow.verbs import Verb


def scheduled(cast, **milestone):
    issue = request_at(State.PLANNING, Kind.FEATURE, cast=cast)
    return step(issue, Verb.SCHEDULE, cast.ops, milestone=milestone_for(issue.tracker, **milestone))


def state_of(issue):
    return Issue.objects.get(pk=issue.pk).state


@pytest.mark.parametrize(
    ("start", "due", "arrives"),
    [
        (date(2026, 11, 1), date(2026, 12, 1), date(2026, 11, 1)),
        (None, date(2026, 12, 1), date(2026, 11, 1)),
        (None, date(2027, 3, 31), date(2027, 2, 28)),
        (None, date(2028, 3, 30), date(2028, 2, 29)),
        (None, date(2027, 1, 15), date(2026, 12, 15)),
        (None, None, None),
    ],
)
def test_a_period_arrives_at_its_start_or_a_month_before_its_due_date(start, due, arrives):
    assert period_start(Milestone(start_date=start, due_date=due)) == arrives


@pytest.mark.django_db
def test_a_scheduled_request_starts_when_its_period_arrives(cast):
    issue = scheduled(cast, start=timezone.localdate())

    assert start_due() == 1

    event = Event.objects.filter(issue=issue).last()
    assert state_of(issue) == State.DEVELOPMENT
    assert (event.verb, event.actor, event.source) == (Verb.START, None, Source.CALENDAR)


@pytest.mark.django_db
def test_one_whose_period_is_past_already_starts_at_the_next_tick(cast):
    issue = scheduled(cast, start=timezone.localdate() - timedelta(days=40))

    start_due()

    assert state_of(issue) == State.DEVELOPMENT


@pytest.mark.django_db
def test_one_whose_period_is_to_come_waits(cast):
    issue = scheduled(cast, start=timezone.localdate() + timedelta(days=1))

    assert start_due() == 0
    assert state_of(issue) == State.SCHEDULED


@pytest.mark.django_db
@override_settings(TIME_ZONE="Pacific/Auckland")
def test_midnight_is_the_portals_own(cast):
    auckland = ZoneInfo("Pacific/Auckland")
    with time_machine.travel(datetime(2026, 12, 1, 12, tzinfo=auckland), tick=False):
        issue = scheduled(cast, start=date(2027, 1, 5))

    with time_machine.travel(datetime(2027, 1, 4, 23, 59, tzinfo=auckland), tick=False):
        assert start_due() == 0
    with time_machine.travel(datetime(2027, 1, 5, 0, 1, tzinfo=auckland), tick=False):
        assert start_due() == 1
    assert state_of(issue) == State.DEVELOPMENT


@pytest.mark.django_db
@pytest.mark.parametrize("gone", [Milestone.CLOSED, Milestone.DELETED])
def test_a_request_whose_milestone_is_gone_goes_back_to_planning(cast, gone):
    issue = scheduled(cast, start=timezone.localdate() + timedelta(days=9))
    Milestone.objects.update(state=gone)

    assert replan_lost() == 1

    after = Issue.objects.get(pk=issue.pk)
    assert (after.state, after.milestone) == (State.PLANNING, None)


@pytest.mark.django_db
def test_a_request_with_a_closed_milestone_does_not_start(cast):
    issue = scheduled(cast, start=timezone.localdate())
    Milestone.objects.update(state=Milestone.CLOSED)

    assert start_due() == 0
    assert state_of(issue) == State.SCHEDULED

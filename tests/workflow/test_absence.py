"""Somebody who is away: their stand-in sees and decides, the record says “B for A”, and it ends on time."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client

from supportops.accounts.models import User
from tests.factories import answers_for, file_request, person, restrict, step
from workflow.actions import Refused
from workflow.catalogue.kinds import Kind
from workflow.gitlab.models import OutgoingNote
from workflow.gitlab.push_notes import event_body
from workflow.models import Decision, Event, Issue
from workflow.notifications.models import Notice
from workflow.permissions import may_see, refusal
from workflow.queues import QUEUES
from workflow.states import State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 5, 4), date(2026, 5, 8)


@pytest.fixture(autouse=True)
def clock(time_machine):
    """``clock(day, hour)`` moves to that moment of May 2026, UTC."""

    def move(day, hour=9, minute=0):
        time_machine.move_to(datetime(2026, 5, day, hour, minute, tzinfo=UTC), tick=False)

    move(6)
    return move


def away(who, stand_in=None, begins=FIRST, ends=LAST, **fields):
    User.objects.filter(pk=who.pk).update(away_from=begins, away_until=ends, stand_in=stand_in, **fields)


def calendly(cast, **fields):
    return file_request(cast, Kind.ADMINISTRATIVE, route="calendly", **fields)


def may(who, issue, verb=Verb.APPROVE):
    """Whether the person may, read anew."""
    return refusal(User.objects.get(pk=who.pk), verb, Issue.objects.get(pk=issue.pk)) is None


def waits_for(who, issue):
    return QUEUES["approvals"].of(User.objects.get(pk=who.pk)).filter(pk=issue.pk).exists()


def approve(issue, by):
    return step(issue, Verb.APPROVE, by, answers=answers_for("calendly", "approver"))


def test_the_stand_in_decides_and_the_record_reads_b_for_a(cast):
    away(cast.manager, cast.standin)
    issue = approve(calendly(cast), cast.standin)

    decision, event = Decision.objects.get(round__issue=issue), Event.objects.get(issue=issue, verb=Verb.APPROVE)
    assert issue.state == State.TRIAGE
    assert (decision.approver, decision.decided_by) == (cast.manager, cast.standin)
    assert (event.actor, event.on_behalf_of) == (cast.standin, cast.manager)


@pytest.mark.parametrize("verb", [Verb.DECLINE, Verb.ASK])
def test_declining_and_asking_are_on_behalf_too(cast, verb):
    away(cast.manager, cast.standin)
    issue = step(calendly(cast), verb, cast.standin, text="Which event?")

    assert Event.objects.get(issue=issue, verb=verb).on_behalf_of == cast.manager


def test_gitlab_reads_b_for_a(cast):
    away(cast.manager, cast.standin)
    issue = approve(calendly(cast), cast.standin)
    row = OutgoingNote.objects.get(issue=issue, event__verb=Verb.APPROVE)

    assert "**Standin** for **Manager** approved this request." in event_body(row, row.event)


def test_the_page_reads_b_for_a(cast, client):
    away(cast.manager, cast.standin)
    issue = approve(calendly(cast), cast.standin)
    client.force_login(cast.requester)

    page = " ".join(client.get(issue.get_absolute_url()).content.decode().split())

    assert "<strong>Standin</strong> for <strong>Manager</strong> approved this" in page
    rounds = page[page.index("Round 1") :]
    assert rounds.index("Standin") < rounds.index(" for ") < rounds.index("Manager") < rounds.index("Approved")


def test_who_is_away_still_decides_for_themselves(cast):
    away(cast.manager, cast.standin)
    issue = approve(calendly(cast), cast.manager)

    assert Event.objects.get(issue=issue, verb=Verb.APPROVE).on_behalf_of is None


@pytest.mark.parametrize(
    ("zone", "begins", "before", "ends", "after"),
    [
        ("UTC", (4, 0), (3, 23), (8, 23), (9, 0)),
        ("Pacific/Auckland", (3, 12), (3, 11), (8, 11), (8, 12)),
        ("America/Los_Angeles", (4, 7), (4, 6), (9, 6), (9, 7)),
    ],
)
def test_the_right_begins_and_ends_at_the_persons_own_midnight(cast, clock, zone, begins, before, ends, after):
    away(cast.manager, cast.standin, time_zone=zone)
    issue = calendly(cast)

    held = {}
    for moment in (before, begins, ends, after):
        clock(*moment)
        held[moment] = (may(cast.standin, issue), waits_for(cast.standin, issue))

    assert held == {before: (False, False), begins: (True, True), ends: (True, True), after: (False, False)}


@pytest.mark.fault(46)
def test_a_form_that_was_open_when_the_absence_ended_decides_nothing(cast, clock):
    away(cast.manager, cast.standin)
    issue = calendly(cast)
    clock(9)

    with pytest.raises(Refused, match="Only the approver, Manager, may decide this."):
        approve(issue, cast.standin)


def test_a_chain_ends_with_somebody_who_is_here(cast):
    away(cast.manager, cast.standin)
    away(cast.standin, cast.lead)
    issue = calendly(cast)

    assert [may(who, issue) for who in (cast.manager, cast.standin, cast.lead)] == [True, False, True]
    assert Event.objects.get(issue=approve(issue, cast.lead), verb=Verb.APPROVE).on_behalf_of == cast.manager


def test_a_chain_that_ends_with_the_requester_ends_with_nobody(cast):
    away(cast.manager, cast.requester)
    issue = calendly(cast)

    assert not may(cast.requester, issue) and not waits_for(cast.requester, issue)
    assert may(cast.manager, issue), "they may still decide themselves"


def test_a_chain_leads_past_a_requester_who_is_away_too(cast):
    away(cast.manager, cast.requester)
    away(cast.requester, cast.standin)
    issue = calendly(cast)

    assert [may(who, issue) for who in (cast.requester, cast.standin)] == [False, True]


@pytest.mark.parametrize("broken", ["left", "circle", "nobody"])
def test_a_chain_that_leads_nowhere_gives_nobody_a_right(cast, broken):
    away(cast.manager, cast.standin)
    if broken == "left":
        User.objects.filter(pk=cast.standin.pk).update(is_active=False)
    else:
        away(cast.standin, cast.manager if broken == "circle" else None)
    issue = calendly(cast)

    assert not may(cast.standin, issue)
    assert may(cast.manager, issue)


def test_only_what_waits_is_open_to_the_stand_in(cast):
    away(cast.manager, cast.standin)
    waiting, decided = restrict(calendly(cast)), restrict(approve(calendly(cast), cast.manager))

    sees = [may_see(User.objects.get(pk=cast.standin.pk), issue) for issue in (waiting, decided)]

    assert sees == [True, False]
    visible = Issue.objects.visible_to(User.objects.get(pk=cast.standin.pk)).filter(restricted_to__isnull=False)
    assert list(visible) == [waiting]


def test_the_stand_in_of_an_approver_who_left_has_no_right(cast):
    away(cast.manager, cast.standin)
    issue = calendly(cast)
    User.objects.filter(pk=cast.manager.pk).update(is_active=False)

    assert not may(cast.standin, issue) and not waits_for(cast.standin, issue)


def test_standing_in_gives_no_other_right_of_the_person(cast):
    away(cast.lead, cast.standin)
    issue = file_request(cast, requester=cast.standin, kind=Kind.ADMINISTRATIVE, route="calendly")

    assert not may(cast.standin, issue, Verb.CLOSE)


def test_the_stand_in_is_told_why(cast):
    away(cast.manager, cast.standin)
    issue = calendly(cast)

    assert Notice.objects.get(person=cast.standin, issue=issue).reason == Notice.Reason.NEEDS_YOU


def test_the_card_says_for_whom(cast):
    away(cast.manager, cast.standin)
    issue = calendly(cast)
    client, reader = Client(), Client()
    client.force_login(cast.standin)
    reader.force_login(cast.requester)

    assert "Manager is away and you stand in: it waits for you to decide." in client.get(f"/issues/{issue.pk}/").text
    assert "It waits for Manager (away; Standin stands in) to decide." in reader.get(f"/issues/{issue.pk}/").text


def test_the_refusal_names_the_stand_in(cast):
    away(cast.manager, cast.standin)
    issue = calendly(cast)

    assert refusal(cast.ops, Verb.APPROVE, issue) == "Only the approver, Manager or Standin, may decide this."


def test_an_absence_is_nothing_without_somebody_who_waits(cast):
    stranger = person("stranger")
    away(stranger, cast.standin)

    assert not QUEUES["approvals"].of(User.objects.get(pk=cast.standin.pk)).exists()

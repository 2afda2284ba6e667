"""A seat changes hands: its holder leaves, the requester moves, a lead or the approver's manager names another."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from supportops.accounts.models import Holiday, User
from tests.factories import answers_for, file_request, person, step
from workflow.actions import Incomplete, Refused, name_approver
from workflow.actions.reassigning import refill_seats
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import ApprovalPolicy, PolicyApprover, Route
from workflow.models import Decision, Event, Issue
from workflow.notifications.models import Notice
from workflow.notifications.recipients import tell_stand_ins
from workflow.permissions import refusal
from workflow.states import State
from workflow.verbs import Act, Verb

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.fixture
def director(cast):
    """The manager's manager."""
    director = person("director", groups=["managers"])
    User.objects.filter(pk=cast.manager.pk).update(reports_to=director)
    cast.manager.refresh_from_db()
    return director


def calendly(cast, **fields):
    return file_request(cast, Kind.ADMINISTRATIVE, route="calendly", **fields)


def now(issue):
    return Issue.objects.get(pk=issue.pk)


def asked(issue):
    return [str(one) for one in now(issue).approvers]


def save(who, **fields):
    for name, value in fields.items():
        setattr(who, name, value)
    who.save()


def named(issue):
    return [
        (event.data["approver"], event.text, event.actor)
        for event in Event.objects.filter(issue=issue, verb=Act.NAME_APPROVER)
    ]


# Found by the portal -------------------------------------------------------------------------------------------------


def test_when_the_approver_leaves_the_next_up_the_line_is_asked_at_once(cast, director):
    issue = calendly(cast)

    save(cast.manager, is_active=False)

    assert asked(issue) == ["Director"]
    assert named(issue) == [(["Manager", "Director"], "Manager has left.", None)]
    assert refusal(User.objects.get(pk=cast.manager.pk), Verb.APPROVE, now(issue)) is not None
    assert Notice.objects.get(person=director, issue=issue).reason == Notice.Reason.NEEDS_YOU


def test_when_nobody_comes_next_the_lead_names_one(cast):
    issue = calendly(cast)

    save(cast.manager, is_active=False)

    assert asked(issue) == []
    name_approver(issue.pk, cast.standin, by=cast.lead)
    assert asked(issue) == ["Standin"]


def test_the_next_is_never_the_requester(cast):
    User.objects.filter(pk=cast.standin.pk).update(reports_to=cast.requester)
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.standin)
    User.objects.filter(pk=cast.requester.pk).update(reports_to=None)

    save(User.objects.get(pk=cast.standin.pk), is_active=False)

    assert asked(issue) == []


def test_who_reports_to_somebody_else_is_approved_by_them_from_then_on(cast):
    issue = calendly(cast)

    save(cast.requester, reports_to=cast.standin)

    assert asked(issue) == ["Standin"]
    assert named(issue)[0][1] == "Requester no longer reports to Manager."


def test_who_was_chosen_stays_when_the_requester_moves(cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)

    save(cast.requester, reports_to=cast.standin)

    assert asked(issue) == ["Manager"]


def test_whom_the_lead_named_stays_when_the_requester_moves(cast, director):
    issue = calendly(cast)
    name_approver(issue.pk, director, by=cast.lead)

    save(cast.requester, reports_to=cast.standin)

    assert asked(issue) == ["Director"]


def test_a_requester_who_gets_a_manager_is_no_longer_stuck(cast):
    issue = calendly(cast, requester=cast.standin)
    assert asked(issue) == []

    save(cast.standin, reports_to=cast.manager)

    assert asked(issue) == ["Manager"]


def test_what_was_decided_stays_whoever_leaves(cast, director):
    issue = step(calendly(cast), Verb.APPROVE, cast.manager, answers=answers_for("calendly", "approver"))

    save(cast.manager, is_active=False)

    assert Decision.objects.get(round__issue=issue).approver == cast.manager
    assert now(issue).state == State.TRIAGE


def test_what_passed_the_hook_by_is_found_by_the_next_run_once(cast, director):
    issue = calendly(cast)
    User.objects.filter(pk=cast.manager.pk).update(is_active=False)

    assert [refill_seats(), refill_seats(), refill_seats()] == [1, 0, 0]
    assert asked(issue) == ["Director"]


def test_nobody_gets_a_second_seat_in_a_round(cast, director):
    policy = ApprovalPolicy.objects.create(route=Route.objects.get(key="calendly"))
    PolicyApprover.objects.create(policy=policy, person=director)
    issue = calendly(cast)

    save(cast.manager, is_active=False)

    assert [seat.approver and str(seat.approver) for seat in now(issue).seats] == [None, "Director"]


def test_signing_in_reads_nothing_about_requests(cast, django_assert_num_queries):
    with django_assert_num_queries(1):
        cast.manager.save(update_fields=["last_login"])


def test_the_story_says_that_the_portal_did_it(cast, director, client):
    issue = calendly(cast)
    save(cast.manager, is_active=False)
    client.force_login(cast.requester)

    page = " ".join(client.get(issue.get_absolute_url()).text.split())

    assert "<strong>The portal</strong> named an approver (approver Manager → Director)" in page


def test_a_stand_in_is_told_once_about_what_was_waiting(cast):
    issue = calendly(cast)
    User.objects.filter(pk=cast.manager.pk).update(away_from="2000-01-01", stand_in=cast.standin)

    assert [tell_stand_ins(), tell_stand_ins()] == [1, 0]
    assert Notice.objects.get(person=cast.standin, issue=issue).reason == Notice.Reason.NEEDS_YOU


# Named by the approver's manager -------------------------------------------------------------------------------------


@pytest.fixture
def clock(time_machine):
    """``clock(days)`` moves to so many days after a Monday morning."""

    def move(days, seconds=0):
        time_machine.move_to(MONDAY + timedelta(days=days, seconds=seconds), tick=False)

    move(0)
    return move


@pytest.mark.parametrize(
    ("days", "seconds", "may"), [(0, 0, False), (4, 0, False), (6, 86_399, False), (7, -1, False), (7, 0, True)]
)
def test_after_five_working_days_the_approvers_manager_may_reassign(cast, director, clock, days, seconds, may):
    issue = calendly(cast)
    clock(days, seconds)

    assert (refusal(director, Act.NAME_APPROVER, now(issue)) is None) == may
    assert refusal(director, Verb.APPROVE, now(issue)) is not None, "but never decide"


def test_a_holiday_is_no_working_day_of_silence(cast, director, clock):
    Holiday.objects.create(date=MONDAY.date() + timedelta(days=2), name="A day off")
    issue = calendly(cast)

    may = []
    for days in (7, 8):
        clock(days)
        may.append(refusal(director, Act.NAME_APPROVER, now(issue)) is None)

    assert may == [False, True]


def test_the_time_begins_anew_for_whoever_is_asked_next(cast, director, clock):
    issue = calendly(cast)
    clock(7)
    name_approver(issue.pk, cast.standin, by=director, text="She is swamped.")
    User.objects.filter(pk=cast.standin.pk).update(reports_to=director)

    assert refusal(director, Act.NAME_APPROVER, now(issue)) is not None
    assert named(issue) == [(["Manager", "Standin"], "She is swamped.", director)]


def test_the_approvers_manager_does_not_name_themselves(cast, director, clock):
    issue = calendly(cast)
    clock(7)

    with pytest.raises(Incomplete, match="not decide yourself"):
        name_approver(issue.pk, director, by=director)


def test_a_requester_never_chooses_anew_as_the_approvers_manager(cast, clock):
    User.objects.filter(pk=cast.manager.pk).update(reports_to=cast.requester)
    issue = calendly(cast)
    clock(9)

    with pytest.raises(Refused):
        name_approver(issue.pk, cast.standin, by=cast.requester)


def test_the_approvers_manager_reassigns_on_the_page(cast, director, clock):
    issue = calendly(cast)
    clock(7)
    client = Client()
    client.force_login(director)
    assert f"/issues/{issue.pk}/name-approver/" in client.get(issue.get_absolute_url()).text

    answer = client.post(
        f"/issues/{issue.pk}/name-approver/", {"approver": cast.standin.pk, "text": "", "version": issue.version}
    )

    assert answer.status_code == 302
    assert asked(issue) == ["Standin"]


def test_in_a_round_of_several_the_lead_says_whose_place_it_is(cast, director):
    policy = ApprovalPolicy.objects.create(route=Route.objects.get(key="calendly"))
    PolicyApprover.objects.create(policy=policy, person=cast.standin)
    issue = calendly(cast)
    client = Client()
    client.force_login(cast.lead)
    seat = Decision.objects.get(round__issue=issue, approver=cast.standin)

    given = {"approver": director.pk, "text": "", "version": issue.version}
    without = client.post(f"/issues/{issue.pk}/name-approver/", given)
    answer = client.post(f"/issues/{issue.pk}/name-approver/", given | {"seat": seat.pk})

    assert (without.status_code, answer.status_code) == (422, 302)
    assert asked(issue) == ["Manager", "Director"]


# Never by the requester ----------------------------------------------------------------------------------------------


def may_name(who, issue):
    return refusal(User.objects.get(pk=who.pk), Act.NAME_APPROVER, now(issue)) is None


def test_a_lead_names_nobody_for_their_own_request(cast, director):
    other_lead = person("other_lead", groups=["lead"])
    save(cast.lead, reports_to=cast.manager)
    issue = calendly(cast, requester=cast.lead)

    with pytest.raises(Refused, match="somebody else must name who decides"):
        name_approver(issue.pk, cast.standin, by=cast.lead)

    assert asked(issue) == ["Manager"]
    assert (may_name(cast.lead, issue), may_name(other_lead, issue), may_name(cast.ops, issue)) == (False, True, False)


def test_for_the_request_of_the_only_lead_anybody_of_ops_names_who_decides(cast):
    issue = calendly(cast, requester=cast.lead)
    assert asked(issue) == [] and not may_name(cast.colleague, issue)

    name_approver(issue.pk, cast.standin, by=cast.ops)

    assert asked(issue) == ["Standin"]


def test_whoever_of_ops_names_in_the_leads_place_does_not_name_themselves(cast):
    cast.ops.groups.add(cast.manager.groups.get())
    issue = calendly(cast, requester=cast.lead)

    with pytest.raises(Incomplete, match="not decide yourself"):
        name_approver(issue.pk, cast.ops, by=cast.ops)


def test_the_requesters_page_offers_no_other_approver_and_the_address_refuses(cast):
    save(cast.lead, reports_to=cast.manager)
    issue = calendly(cast, requester=cast.lead)
    client = Client()
    client.force_login(cast.lead)
    address = f"/issues/{issue.pk}/name-approver/"

    page = client.get(issue.get_absolute_url()).text
    answer = client.post(address, {"approver": cast.standin.pk, "text": "", "version": issue.version})

    assert address not in page and answer.status_code == 403
    assert asked(issue) == ["Manager"]


def test_the_requester_of_a_route_with_a_fixed_approver_chooses_nobody_by_filing_or_reopening(cast):
    issue = calendly(cast, approver=cast.standin)
    assert asked(issue) == ["Manager"]

    step(issue, Verb.WITHDRAW, cast.requester)
    step(issue, Verb.REOPEN, cast.requester, text="After all.", approver=cast.standin)

    assert asked(issue) == ["Manager"]


def test_who_is_asked_already_is_not_named_again(cast, director):
    issue = calendly(cast)

    with pytest.raises(Incomplete, match="asked in this round already"):
        name_approver(issue.pk, cast.manager, by=cast.lead)

"""Rounds of approval: a material edit voids one, a decision is for ever, nobody decides on their own request."""

import pytest
from django.db import DatabaseError, transaction

from tests.factories import answers_for, file_request, request_at, step
from workflow.actions import Incomplete, Refused, name_approver
from workflow.catalogue.kinds import Kind
from workflow.models import ApprovalRound, Decision, Event, Issue
from workflow.models.approval import ApprovalRound as Round
from workflow.states import Outcome, State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db
CALENDLY = {"kind": Kind.ADMINISTRATIVE, "route": "calendly"}


def approve(issue, by):
    return step(issue, Verb.APPROVE, by, answers=answers_for("calendly", "approver"))


def rounds(issue):
    return [(round_.number, round_.outcome) for round_ in ApprovalRound.objects.filter(issue=issue)]


def test_the_requesters_manager_is_asked(cast):
    issue = file_request(cast, **CALENDLY)

    assert issue.state == State.APPROVAL
    assert [person.username for person in issue.approvers] == ["manager"]


def test_the_manager_chosen_is_asked(cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.standin)

    assert issue.approvers == [cast.standin]


def test_nobody_is_asked_to_approve_their_own_request(cast):
    with pytest.raises(Incomplete):
        file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", requester=cast.manager, approver=cast.manager)


def test_where_nobody_is_eligible_a_lead_names_the_approver(cast):
    issue = file_request(cast, requester=cast.standin, **CALENDLY)
    assert issue.approvers == []

    name_approver(issue.pk, cast.manager, by=cast.lead)

    assert Issue.objects.get(pk=issue.pk).approvers == [cast.manager]


def test_a_lead_cannot_name_the_requester(cast):
    issue = file_request(cast, requester=cast.standin, **CALENDLY)

    with pytest.raises(Incomplete):
        name_approver(issue.pk, cast.standin, by=cast.lead)


def test_the_approvers_part_must_be_answered(cast):
    issue = file_request(cast, **CALENDLY)

    with pytest.raises(Incomplete):
        step(issue, Verb.APPROVE, cast.manager, answers=[])


def test_a_material_edit_voids_the_approval_and_asks_again(cast):
    issue = approve(file_request(cast, **CALENDLY), cast.manager)

    issue = step(issue, Verb.EDIT, cast.requester, description="Another event altogether.")

    assert issue.state == State.APPROVAL
    assert rounds(issue) == [(1, Round.Outcome.VOIDED), (2, "")]
    assert ApprovalRound.objects.get(issue=issue, number=1).asked["description"] == "It should work."


def test_an_immaterial_edit_leaves_the_approval(cast):
    issue = approve(file_request(cast, **CALENDLY), cast.manager)
    issue.route.voiding_fields = ["description"]
    issue.route.save()

    issue = step(issue, Verb.EDIT, cast.requester, title="With a comma, now")

    assert (issue.state, rounds(issue)) == (State.TRIAGE, [(1, Round.Outcome.APPROVED)])


def test_a_material_edit_while_waiting_asks_about_the_new_text(cast):
    issue = file_request(cast, **CALENDLY)

    issue = step(issue, Verb.EDIT, cast.requester, description="Another event.")

    assert rounds(issue) == [(1, Round.Outcome.VOIDED), (2, "")]
    assert issue.approvers == [cast.manager]


def test_from_development_on_a_material_edit_is_refused(cast):
    issue = request_at(State.DEVELOPMENT, Kind.BUG, cast=cast)
    issue.route.voiding_fields = ["description"]
    issue.route.save()

    with pytest.raises(Refused, match="spin the change off"):
        step(issue, Verb.EDIT, cast.requester, description="Something else, please.")


def test_withdrawing_ends_the_round_and_reopening_begins_another(cast):
    issue = step(file_request(cast, **CALENDLY), Verb.WITHDRAW, cast.requester)
    assert rounds(issue) == [(1, Round.Outcome.ENDED)]

    issue = step(issue, Verb.REOPEN, cast.requester, text="I need it after all.")

    assert (issue.state, rounds(issue)) == (State.APPROVAL, [(1, Round.Outcome.ENDED), (2, "")])


def test_a_declined_request_is_closed_for_good(cast):
    issue = step(file_request(cast, **CALENDLY), Verb.DECLINE, cast.manager, text="No room.")

    assert (issue.state, issue.outcome) == (State.CLOSED, Outcome.DECLINED)
    with pytest.raises(Refused, match="final"):
        step(issue, Verb.REOPEN, cast.ops, text="Again?")


def test_the_database_keeps_a_decision_as_it_was_made(cast):
    issue = approve(file_request(cast, **CALENDLY), cast.manager)
    decision = Decision.objects.get(round__issue=issue)

    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(verdict="declined")
    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).delete()


def test_the_database_keeps_history_as_it_happened(cast):
    event = Event.objects.filter(issue=file_request(cast)).get()

    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(text="Something else happened.")
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.filter(pk=event.pk).delete()


def test_the_database_refuses_a_self_approval(cast):
    issue = file_request(cast, **CALENDLY)

    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.filter(round__issue=issue).update(approver=cast.requester)


def test_a_place_to_return_to_only_while_waiting(cast):
    issue = file_request(cast)

    with pytest.raises(DatabaseError), transaction.atomic():
        Issue.objects.filter(pk=issue.pk).update(return_to=State.DESIGN)


def test_reopened_after_a_withdrawal_the_manager_chosen_before_is_asked_again(cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.standin)
    step(issue, Verb.WITHDRAW, cast.requester)

    step(issue, Verb.REOPEN, cast.requester, text="I want it after all.")

    assert Issue.objects.get(pk=issue.pk).approvers == [cast.standin]


def approvers_part(issue):
    """The approver's answers that count now, as the request keeps them."""
    return [row["key"] for row in Issue.objects.get(pk=issue.pk).answers if row.get("asked_of") == "approver"]


def approve_with_the_managers_part(issue, by):
    rows = [row | {"asked_of": "approver"} for row in answers_for("calendly", "approver")]
    return step(issue, Verb.APPROVE, by, answers=rows)


def test_the_managers_part_goes_with_a_voided_approval_and_stays_in_its_decision(cast):
    issue = approve_with_the_managers_part(file_request(cast, **CALENDLY), cast.manager)
    assert approvers_part(issue)

    step(issue, Verb.EDIT, cast.requester, description="Something quite different.")

    assert not approvers_part(issue)
    assert Decision.objects.get(round__issue=issue, round__number=1).answers


def test_the_managers_part_is_asked_anew_after_a_withdrawal(cast):
    issue = approve_with_the_managers_part(file_request(cast, **CALENDLY), cast.manager)
    step(issue, Verb.WITHDRAW, cast.requester)

    step(issue, Verb.REOPEN, cast.requester, text="I want it after all.")

    assert not approvers_part(issue)

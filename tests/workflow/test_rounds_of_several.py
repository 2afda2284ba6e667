"""Rounds of several approvers: any, so many, all, in order; never two decisions by one person, one decline ends it."""

import pytest
from django.db import DatabaseError, transaction

from supportops.accounts.models import User
from tests.factories import answers_for, file_request, person, step
from workflow.actions import Refused, Stale, take_step
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import ApprovalPolicy, PolicyApprover, Quorum, Route
from workflow.gitlab.models import OutgoingNote
from workflow.gitlab.push_notes import event_body
from workflow.models import ApprovalRound, Decision, Event, Issue
from workflow.notifications.models import Notice
from workflow.permissions import refusal
from workflow.queues import QUEUES
from workflow.states import Outcome, State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db


@pytest.fixture
def board(cast):
    """Three more people who may be named as approvers."""
    return [person(name) for name in ("ann", "bob", "cleo")]


def policy(quorum, people, route="calendly", needed=2, with_manager=True):
    made = ApprovalPolicy.objects.create(
        route=Route.objects.get(key=route), quorum=quorum, needed=needed, with_manager=with_manager
    )
    for order, who in enumerate(people, start=1):
        PolicyApprover.objects.create(policy=made, person=who, order=order)
    return made


def calendly(cast, **fields):
    return file_request(cast, Kind.ADMINISTRATIVE, route="calendly", **fields)


def approve(issue, by):
    return step(issue, Verb.APPROVE, by, answers=answers_for("calendly", "approver"))


def names(people):
    return {str(one).lower() for one in people}


def asked(issue):
    return names(Issue.objects.get(pk=issue.pk).approvers)


def finds(who, issue):
    return QUEUES["approvals"].of(User.objects.get(pk=who.pk)).filter(pk=issue.pk).exists()


def test_without_a_policy_one_decides(cast):
    assert asked(calendly(cast)) == {"manager"}


def test_all_must_approve_and_the_last_one_steps(cast, board):
    policy(Quorum.ALL, board[:2])
    issue = calendly(cast)
    assert asked(issue) == {"manager", "ann", "bob"}

    states = [approve(issue, who).state for who in (board[0], cast.manager, board[1])]

    assert states == [State.APPROVAL, State.APPROVAL, State.TRIAGE]
    events = Event.objects.filter(issue=issue, verb=Verb.APPROVE)
    assert [event.data["approvals"] for event in events] == [[1, 3], [2, 3], [3, 3]]
    assert [event.changed_state for event in events] == [False, False, True]


def test_any_one_is_enough(cast, board):
    policy(Quorum.ANY, board)
    issue = calendly(cast)

    assert approve(issue, board[1]).state == State.TRIAGE
    assert Decision.objects.filter(round__issue=issue, decided_at__isnull=False).count() == 1


def test_so_many_are_enough(cast, board):
    policy(Quorum.SOME, board, needed=2)
    issue = calendly(cast)

    assert [approve(issue, who).state for who in (board[2], board[0])] == [State.APPROVAL, State.TRIAGE]


def test_in_order_each_is_asked_when_it_is_their_turn(cast, board):
    policy(Quorum.IN_ORDER, board[:2])
    issue = calendly(cast)

    turns = []
    for who in (cast.manager, *board[:2]):
        turns.append((asked(issue), finds(who, issue)))
        issue = approve(issue, who)

    assert turns == [({"manager"}, True), ({"ann"}, True), ({"bob"}, True)]
    assert issue.state == State.TRIAGE


def test_out_of_turn_is_refused(cast, board):
    policy(Quorum.IN_ORDER, board[:2])
    issue = calendly(cast)

    with pytest.raises(Refused, match="Only the approver, Manager, may decide this."):
        approve(issue, board[0])
    assert not finds(board[0], issue)


def test_whoever_is_next_is_told(cast, board):
    policy(Quorum.IN_ORDER, board[:1])
    issue = calendly(cast)
    assert not Notice.objects.filter(person=board[0]).exists()

    approve(issue, cast.manager)

    assert Notice.objects.get(person=board[0], issue=issue).reason == Notice.Reason.NEEDS_YOU


@pytest.mark.parametrize("quorum", Quorum.values)
def test_one_who_declines_ends_it(cast, board, quorum):
    policy(quorum, board)
    issue = step(calendly(cast), Verb.DECLINE, cast.manager, text="No.")

    assert (issue.state, issue.outcome) == (State.CLOSED, Outcome.DECLINED)
    assert ApprovalRound.objects.get(issue=issue).outcome == ApprovalRound.Outcome.DECLINED
    assert refusal(board[0], Verb.APPROVE, Issue.objects.get(pk=issue.pk)) is not None


def test_nobody_decides_twice_in_a_round(cast, board):
    policy(Quorum.ALL, board)
    issue = approve(calendly(cast), board[0])

    with pytest.raises(Refused, match="You have decided already in this round"):
        approve(issue, board[0])
    assert not finds(board[0], issue)


def test_the_database_refuses_a_second_decision_of_a_person(cast, board):
    policy(Quorum.ALL, board)
    issue = approve(calendly(cast), board[0])
    seat = Decision.objects.filter(round__issue=issue, approver=board[1])
    decided = Decision.objects.get(round__issue=issue, approver=board[0])

    with pytest.raises(DatabaseError), transaction.atomic():
        seat.update(verdict="approved", decided_by=board[0], decided_at=decided.decided_at)


def test_an_earlier_decision_makes_the_others_form_stale(cast, board):
    policy(Quorum.ALL, board)
    issue = calendly(cast)
    approve(issue, board[0])

    with pytest.raises(Stale):
        take_step(issue.pk, Verb.APPROVE, by=board[1], version=issue.version, given={})


def test_a_stand_in_fills_one_seat_only(cast, board):
    policy(Quorum.ALL, board[:2])
    User.objects.filter(pk__in=[board[0].pk, board[1].pk]).update(away_from="2000-01-01", stand_in=cast.standin)
    issue = approve(calendly(cast), cast.standin)

    assert Decision.objects.get(round__issue=issue, decided_by=cast.standin).approver == board[0]
    with pytest.raises(Refused, match="decided already"):
        approve(issue, cast.standin)


def test_who_has_a_seat_does_not_stand_in_for_another(cast, board):
    policy(Quorum.ALL, board[:2])
    User.objects.filter(pk=board[0].pk).update(away_from="2000-01-01", stand_in=board[1])
    issue = approve(calendly(cast), board[1])

    assert Decision.objects.get(round__issue=issue, decided_by=board[1]).approver == board[1]
    assert asked(issue) == {"manager", "ann"}


def test_the_requester_is_never_among_those_named(cast, board):
    policy(Quorum.ALL, [cast.requester, *board[:1]])

    assert asked(calendly(cast)) == {"manager", "ann"}


def test_a_quorum_the_requester_falls_out_of_is_filled_by_the_lead(cast, board):
    policy(Quorum.SOME, [cast.requester, board[0]], needed=2, with_manager=False)
    issue = calendly(cast)

    assert asked(issue) == {"ann"}
    assert [seat.approver for seat in issue.seats] == [board[0], None]


def test_a_person_who_is_manager_and_named_has_one_seat(cast, board):
    policy(Quorum.ALL, [cast.manager, board[0]])

    assert [str(seat.approver) for seat in calendly(cast).seats] == ["Manager", "Ann"]


def test_without_the_manager_only_those_named_decide(cast, board):
    policy(Quorum.ALL, board[:2], with_manager=False)

    assert asked(calendly(cast)) == {"ann", "bob"}


def test_a_policy_changed_meanwhile_leaves_the_running_round(cast, board):
    made = policy(Quorum.ALL, board[:1])
    issue = calendly(cast)
    made.delete()

    assert [approve(issue, who).state for who in (cast.manager, board[0])] == [State.APPROVAL, State.TRIAGE]


def test_a_material_edit_asks_everybody_again(cast, board):
    policy(Quorum.ALL, board[:1])
    issue = approve(calendly(cast), cast.manager)

    issue = step(issue, Verb.EDIT, cast.requester, description="Another event.")

    assert asked(issue) == {"manager", "ann"}
    first = ApprovalRound.objects.get(issue=issue, number=1)
    assert (first.outcome, first.decisions.filter(verdict="approved").count()) == (ApprovalRound.Outcome.VOIDED, 1)


def test_gitlab_reads_how_many_are_given(cast, board):
    policy(Quorum.ALL, board[:1])
    approve(calendly(cast), cast.manager)
    row = OutgoingNote.objects.get(event__verb=Verb.APPROVE)

    assert "1 of 2 approvals are given." in event_body(row, row.event, ops_handle="@ops")
    assert "@ops" not in event_body(row, row.event, ops_handle="@ops")


@pytest.mark.parametrize(
    ("quorum", "sentence"),
    [
        (Quorum.ALL, "Manager, Ann and Bob must all approve it."),
        (Quorum.SOME, "2 of Manager, Ann and Bob must approve it."),
        (Quorum.ANY, "Any one of Manager, Ann and Bob may approve it."),
        (Quorum.IN_ORDER, "Manager, Ann and Bob are asked to approve it, one after the other."),
    ],
)
def test_the_form_says_before_who_decides(cast, board, client, quorum, sentence):
    policy(quorum, board[:2])
    client.force_login(cast.requester)

    assert sentence in client.get("/new/calendly/").text


def test_the_page_says_how_it_goes_on(cast, board, client):
    policy(Quorum.IN_ORDER, board[:1])
    issue = calendly(cast)
    client.force_login(cast.manager)

    page = client.get(issue.get_absolute_url()).text
    assert "All must approve, one after the other." in page and "is asked next" in page

    answers = {row["key"]: row["answer"] for row in answers_for("calendly", "approver")}
    told = client.post(f"/issues/{issue.pk}/approve/", {"version": issue.version, **answers}, follow=True).text
    assert "1 of 2 approvals are given; it waits for Ann." in told
    assert "approved this (1 of 2)" in told

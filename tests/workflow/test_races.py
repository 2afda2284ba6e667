"""Two people press at once: one wins, one is told, and one event is written. Real threads, real connections."""

import os
import threading
from functools import partial

import pytest
from django.db import connection
from django.test import Client

from supportops.accounts.models import User
from tests.factories import Cast, file_request, person, request_at
from workflow.actions import Refused, Stale, take_step
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import ApprovalPolicy, PolicyApprover, Route
from workflow.models import Decision, Event, Issue
from workflow.states import Outcome, State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db(transaction=True)
PAIRS = int(os.environ.get("RACES", "5"))
"""How many pairs of opposite decisions; ``make races`` asks for many more."""


def press_at_once(*presses):
    """Run the callables in threads that start together; returns what each returned or raised, in order."""
    barrier, results = threading.Barrier(len(presses)), [None] * len(presses)

    def run(place, press):
        barrier.wait()
        try:
            results[place] = press()
        except (Stale, Refused) as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def stepping(issue, verb, by, **given):
    return lambda: take_step(issue.pk, verb, by=by, given=given, version=issue.version)


@pytest.mark.fault(43)
def test_of_two_opposite_decisions_one_wins_and_one_is_stale():
    cast = Cast()
    for _ in range(PAIRS):
        issue = request_at(State.DISCUSSION, Kind.PROPOSAL, cast=cast)

        results = press_at_once(
            stepping(issue, Verb.APPROVE, cast.manager, text="Yes."),
            stepping(issue, Verb.DECLINE, cast.manager, text="No."),
        )

        assert {type(result) for result in results} == {Issue, Stale}
        assert Event.objects.filter(issue=issue, verb__in=[Verb.APPROVE, Verb.DECLINE]).count() == 1
        assert Decision.objects.filter(round__issue=issue, decided_at__isnull=False).count() == 1


def test_of_an_approver_and_their_stand_in_at_once_one_decides():
    cast = Cast()
    User.objects.filter(pk=cast.manager.pk).update(away_from="2000-01-01", stand_in=cast.standin)
    for _ in range(PAIRS):
        issue = request_at(State.DISCUSSION, Kind.PROPOSAL, cast=cast)

        press_at_once(
            partial(take_step, issue.pk, Verb.APPROVE, by=cast.manager, given={"text": "Yes."}),
            partial(take_step, issue.pk, Verb.DECLINE, by=cast.standin, given={"text": "No."}),
        )

        assert Decision.objects.filter(round__issue=issue, decided_at__isnull=False).count() == 1
        assert Event.objects.filter(issue=issue, verb__in=[Verb.APPROVE, Verb.DECLINE]).count() == 1


def test_in_a_round_of_several_every_press_at_once_is_one_decision_and_the_last_steps():
    cast = Cast()
    people = [cast.manager, person("ann"), person("bob")]
    policy = ApprovalPolicy.objects.create(route=Route.objects.get(key="propose-change"), quorum="some", needed=2)
    for one in people[1:]:
        PolicyApprover.objects.create(policy=policy, person=one)
    for _ in range(PAIRS):
        issue = file_request(cast, Kind.PROPOSAL, approver=cast.manager)

        press_at_once(
            *(partial(take_step, issue.pk, Verb.APPROVE, by=one, given={"text": "Yes."}) for one in [*people, *people])
        )

        decided = Decision.objects.filter(round__issue=issue, decided_at__isnull=False)
        events = Event.objects.filter(issue=issue, verb=Verb.APPROVE)
        assert Issue.objects.get(pk=issue.pk).state == State.TRIAGE
        assert len({one.decided_by_id for one in decided}) == decided.count() == events.count() == 2
        assert [event.changed_state for event in events] == [False, True]


@pytest.mark.fault(43)
def test_of_two_opposite_buttons_one_page_answers_302_and_one_409():
    cast = Cast()
    issue = request_at(State.DISCUSSION, Kind.PROPOSAL, cast=cast)

    def pressing(verb):
        client = Client()
        client.force_login(cast.manager)
        given = {"text": "This is my decision.", "version": issue.version}
        return lambda: client.post(f"/issues/{issue.pk}/{verb}/", given).status_code

    statuses = press_at_once(pressing("approve"), pressing("decline"))

    assert sorted(statuses) == [302, 409]
    assert Event.objects.filter(issue=issue, verb__in=[Verb.APPROVE, Verb.DECLINE]).count() == 1


def test_of_two_people_closing_and_accepting_one_wins():
    cast = Cast()
    issue = request_at(State.TRIAGE, Kind.BUG, cast=cast)

    results = press_at_once(
        stepping(issue, Verb.CLOSE, cast.ops, text="Not a bug.", outcome=Outcome.INVALID),
        stepping(
            issue,
            Verb.ACCEPT,
            cast.other_ops,
            kind=Kind.BUG,
            customer="Support",
            system="Zendesk",
            priority=1,
            confirmed_valid=True,
        ),
    )

    assert [isinstance(result, Issue) for result in results].count(True) == 1
    assert Issue.objects.get(pk=issue.pk).version == issue.version + 1

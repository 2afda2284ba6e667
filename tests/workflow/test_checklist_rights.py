"""Whose ticks count, how long a list may be, when and to whom it is raised, and who takes a delegation back."""

import pytest

from tests.factories import accept, request_at, restrict, step
from workflow.actions import Incomplete, Refused, assign, check, delegate, take_back, take_step
from workflow.models import Issue, ValidationCheck
from workflow.models.event import RAISED
from workflow.notifications.models import Notice
from workflow.permissions import may_see
from workflow.states import Outcome, Source, State
from workflow.verbs import Verb


def now(issue):
    return Issue.objects.get(pk=issue.pk)


def ask(issue, cast, *items, text="Look."):
    step(issue, Verb.REQUEST_VALIDATION, cast.ops, text=text, items=list(items))
    return now(issue)


def in_validation(cast, *items, **fields):
    return ask(request_at(State.DEVELOPMENT, cast=cast, **fields), cast, *items)


def bounce(issue, cast, times, by=None):
    for _ in range(times):
        ask(issue, cast)
        step(issue, Verb.SEND_BACK, by or cast.requester, text="Not yet.")


def raises(issue):
    return [event.data["bounces"] for event in issue.events.filter(verb=RAISED).order_by("pk")]


def becomes_the_owner(issue, cast):
    assign(issue.pk, cast.other_ops, by=cast.ops)


def is_taken_back(issue, cast):
    take_back(issue.pk, cast.other_ops, by=cast.requester)


@pytest.mark.parametrize("turn", [becomes_the_owner, is_taken_back])
def test_a_tick_counts_only_while_whoever_set_it_may_validate(cast, turn):
    issue = in_validation(cast, "It opens", "It saves")
    delegate(issue.pk, cast.other_ops, by=cast.requester)
    opens, saves = issue.checklist
    check(issue.pk, opens.pk, "ticked", by=cast.other_ops)
    check(issue.pk, saves.pk, "ticked", by=cast.requester)
    turn(issue, cast)

    with pytest.raises(Incomplete, match="1 of 2 items are not ticked: “It opens”. A tick counts only while"):
        step(issue, Verb.VALIDATE, cast.requester)
    assert step(issue, Verb.VALIDATE, cast.requester, ticked=[opens.pk]).state == State.IMPLEMENTATION
    assert ValidationCheck.objects.filter(item=opens).last().by == cast.requester


def test_the_tick_of_a_delegate_counts(cast):
    issue = in_validation(cast, "It opens")
    delegate(issue.pk, cast.other_ops, by=cast.requester)
    check(issue.pk, issue.checklist[0].pk, "ticked", by=cast.other_ops)

    assert step(issue, Verb.VALIDATE, cast.requester).state == State.IMPLEMENTATION


def test_what_is_kept_from_the_round_before_counts_towards_the_longest_list(cast):
    issue = in_validation(cast, *[f"Old {n}" for n in range(50)])
    step(issue, Verb.SEND_BACK, cast.requester, text="Not yet.")

    with pytest.raises(Incomplete, match="to 50 items; it has 51"):
        take_step(issue.pk, Verb.REQUEST_VALIDATION, by=cast.ops, given={"text": "- [ ] New"}, source=Source.GITLAB)
    again = {"text": "- [ ] OLD 7"}
    take_step(issue.pk, Verb.REQUEST_VALIDATION, by=cast.ops, given=again, source=Source.GITLAB)

    assert len(now(issue).checklist) == 50


def test_an_item_named_in_the_words_too_is_asked_once(cast):
    issue = in_validation(cast, "It opens", "it OPENS")

    assert [item.text for item in issue.checklist] == ["It opens"]


@pytest.mark.parametrize("text", ["- [ ] \u200b", "\u200b\n\u200b"])
def test_words_that_nobody_can_see_ask_for_nothing(cast, text):
    issue = request_at(State.DEVELOPMENT, cast=cast)

    with pytest.raises(Incomplete, match="Say what to check and where"):
        ask(issue, cast, text=text)


def test_the_same_found_again_by_the_same_person_is_kept_once(cast):
    issue = in_validation(cast, "It opens")
    item = issue.checklist[0].pk
    first = check(issue.pk, item, "ticked", by=cast.requester)

    assert check(issue.pk, item, "ticked", by=cast.requester, seen=first.pk) == first
    assert check(issue.pk, item, "ticked", by=cast.requester) == first
    assert check(issue.pk, item, "ticked", by=cast.requester, note="And quickly.", seen=first.pk) != first


def test_a_reopened_request_begins_anew_with_what_is_sent_back(cast):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    bounce(issue, cast, 2)
    step(issue, Verb.CLOSE, cast.ops, outcome=Outcome.WONT_DO, text="No.")
    step(issue, Verb.REOPEN, cast.ops, text="After all.")
    accept(now(issue), cast)
    step(issue, Verb.SUBMIT_GAMEPLAN, cast.ops, text="First this.")

    bounce(issue, cast, 2)
    assert raises(issue) == []
    bounce(issue, cast, 1)
    assert raises(issue) == [3]


def test_what_was_sent_back_often_before_anybody_counted_is_raised_at_once(cast):
    issue = request_at(State.DEVELOPMENT, cast=cast)
    bounce(issue, cast, 1)
    issue.validations.update(bounces=3)

    bounce(issue, cast, 4)

    assert raises(issue) == [4, 7]


def test_a_lead_who_asked_for_it_is_not_the_one_it_is_raised_to(cast):
    issue = request_at(State.DEVELOPMENT, cast=cast, requester=cast.lead)
    bounce(issue, cast, 3, by=cast.lead)

    told = Notice.objects.filter(event__verb=RAISED, reason=Notice.Reason.NEEDS_YOU)
    assert set(told.values_list("person__username", flat=True)) == {"ops", "other_ops", "federal"}


def test_a_delegation_is_taken_back_after_the_end_too(cast):
    issue = restrict(in_validation(cast, "It opens"))
    delegate(issue.pk, cast.colleague, by=cast.requester)
    step(issue, Verb.WITHDRAW, cast.requester, text="No need.")
    seen = may_see(cast.colleague, now(issue))

    with pytest.raises(Refused, match="Only the requester"):
        take_back(issue.pk, cast.colleague, by=cast.colleague)
    take_back(issue.pk, cast.colleague, by=cast.requester)

    assert (seen, may_see(cast.colleague, now(issue))) == (True, False)
    with pytest.raises(Refused, match="Reopen it first"):
        delegate(issue.pk, cast.colleague, by=cast.requester)

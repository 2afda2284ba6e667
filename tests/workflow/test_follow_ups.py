"""A question that needs more becomes a request of the right kind in one action; nothing that was said is lost."""

import pytest

from intake.actions import discard, submit
from intake.forms import RequestForm
from intake.models import Draft
from tests.factories import answers_for, request_at, step
from tests.workflow.places import confidential_member
from workflow.actions import Incomplete, Refused, watch
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route, Tracker
from workflow.models import Issue, IssueLink
from workflow.states import Outcome, State
from workflow.verbs import Verb


def continue_in(issue, by, key, **given):
    return step(issue, Verb.CONTINUE_IN, by, route=Route.objects.get(key=key), **given)


@pytest.mark.django_db
def test_with_all_answers_the_new_request_is_there_at_once(cast):
    question = request_at(State.TRIAGE, Kind.QUESTION, cast=cast)
    watch(question.pk, True, by=cast.colleague)

    continue_in(question, cast.ops, "bug", answers=answers_for("bug"))

    new = IssueLink.objects.get(source=question).target
    assert (new.state, new.kind, new.requester, new.title) == (State.TRIAGE, Kind.BUG, cast.requester, question.title)
    assert new.watches.filter(person=cast.colleague).exists()
    assert Issue.objects.get(pk=question.pk).outcome == Outcome.CONTINUED


@pytest.mark.django_db
def test_with_answers_missing_it_waits_as_the_requesters_draft(cast):
    question = request_at(State.TRIAGE, Kind.QUESTION, cast=cast)

    continue_in(question, cast.ops, "bug", answers=[])

    draft = Draft.objects.get(continues=question)
    assert (draft.owner, draft.title) == (cast.requester, question.title)
    assert not IssueLink.objects.filter(source=question).exists()


@pytest.mark.django_db
def test_the_draft_once_filed_continues_the_question(cast):
    question = request_at(State.TRIAGE, Kind.QUESTION, cast=cast, confidential=True)
    continue_in(question, confidential_member(cast.other_ops), "bug", answers=[])
    draft = Draft.objects.get(continues=question)
    typed = {"title": "It is broken", **{row["key"]: row["answer"] for row in answers_for("bug")}}
    form = RequestForm(
        draft.entry, requester=cast.requester, data={key: value for key, value in typed.items() if key != "link"}
    )
    assert form.is_valid(), form.errors

    new = submit(draft, form.request(), by=cast.requester)

    assert IssueLink.objects.get(source=question).target == new
    assert new.restricted_to == question.restricted_to


@pytest.mark.django_db
def test_a_proposal_does_not_continue_without_its_answers(cast):
    proposal = request_at(State.TRIAGE, Kind.PROPOSAL, cast=cast)

    with pytest.raises(Incomplete):
        continue_in(proposal, cast.ops, "feature", description="Shorter.", answers=[])

    assert Issue.objects.get(pk=proposal.pk).state == State.TRIAGE


@pytest.mark.django_db
def test_the_draft_that_carries_a_question_on_is_not_discarded(cast):
    question = request_at(State.TRIAGE, Kind.QUESTION, cast=cast)
    continue_in(question, cast.ops, "bug", answers=[])
    draft = Draft.objects.get(continues=question)

    with pytest.raises(Refused, match=question.reference):
        discard(draft, by=cast.requester)

    assert Draft.objects.filter(pk=draft.pk).exists()


@pytest.mark.django_db
def test_nothing_goes_on_in_a_tracker_that_takes_no_more(cast):
    question = request_at(State.TRIAGE, Kind.QUESTION, cast=cast)
    Tracker.objects.filter(route__key="bug").update(is_active=False)

    with pytest.raises(Incomplete, match="takes no new requests"):
        continue_in(question, cast.ops, "bug", answers=[])

    assert not Draft.objects.filter(continues=question).exists()

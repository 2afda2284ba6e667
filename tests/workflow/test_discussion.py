"""A discussion ends on a day that is set, not past and at most ninety days away, whoever sets it and from wherever."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import answers_for, file_request, request_at, step
from workflow.actions import Incomplete, set_due_date, spin_off
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route
from workflow.models import Issue
from workflow.states import State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db
WRONG = {"past": -1, "too far": 91}
"""Days from today, counted in the test: the day it was collected may be over."""
SOON = timezone.localdate() + timedelta(days=20)


def in_days(days):
    """The day so many days from today; None for None."""
    return None if days is None else timezone.localdate() + timedelta(days=days)


def proposal_answers(day, **more):
    """The answers of a proposal as a form gives them, its day and teams feeding the request."""
    rows = [row for row in answers_for("propose-change") if row["key"] not in {"due_date", "teams"}]
    fed = {"due_date": day.isoformat() if day else "", **more}
    feeding = [{"key": key, "label": key, "type": "short", "answer": value, "feeds": key} for key, value in fed.items()]
    return [*rows, *feeding]


def proposal(cast, day=SOON, **more):
    return file_request(cast, Kind.PROPOSAL, due_date=day, answers=proposal_answers(day, **more), **more)


def the(issue):
    return Issue.objects.get(pk=issue.pk)


@pytest.mark.parametrize("days", [None, *WRONG.values()], ids=["none", *WRONG])
def test_the_due_date_of_a_discussion_is_not_set_to(cast, days):
    issue = proposal(cast)

    with pytest.raises(Incomplete):
        set_due_date(issue.pk, in_days(days), by=cast.requester)

    assert the(issue).due_date == SOON


def test_once_the_discussion_is_over_the_due_date_is_free(cast):
    issue = step(proposal(cast), Verb.APPROVE, cast.manager, text="Agreed.")

    set_due_date(issue.pk, None, by=cast.requester)

    assert the(issue).due_date is None


@pytest.mark.parametrize("days", WRONG.values(), ids=WRONG)
def test_a_proposal_is_not_edited_to_end(cast, days):
    issue = proposal(cast)

    with pytest.raises(Incomplete):
        step(issue, Verb.EDIT, cast.requester, answers=proposal_answers(in_days(days)))


def test_the_fields_of_a_request_follow_the_answers_that_fill_them(cast):
    issue = proposal(cast, teams="Finance")
    later = SOON + timedelta(days=3)

    step(issue, Verb.EDIT, cast.requester, answers=proposal_answers(later, teams=""))

    assert (the(issue).due_date, the(issue).teams) == (later, "")


def test_the_system_that_ops_confirmed_outlives_an_edit(cast):
    issue = request_at(State.DESIGN, Kind.BUG, cast=cast)
    row = {"key": "system", "label": "Where is it?", "type": "choice", "answer": "Calendly", "feeds": "system"}
    rest = [row for row in issue.answers if row["key"] != "system"]

    step(issue, Verb.EDIT, cast.requester, answers=[*rest, row])

    assert the(issue).system == "Zendesk"


@pytest.mark.parametrize("days", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(("kind", "verb"), [(Kind.QUESTION, Verb.CONTINUE_IN), (Kind.BUG, Verb.RECLASSIFY)])
def test_nothing_becomes_a_proposal_that_ends(cast, kind, verb, days):
    issue = request_at(State.TRIAGE, kind, cast=cast)
    answers = proposal_answers(in_days(days))
    given = {"route": Route.objects.get(key="propose-change"), "text": "Discuss it.", "answers": answers}

    with pytest.raises(Incomplete) as refused:
        step(issue, verb, cast.ops, **given)

    assert "due_date" in refused.value.problems
    assert the(issue).state == State.TRIAGE


@pytest.mark.parametrize("days", WRONG.values(), ids=WRONG)
def test_no_proposal_is_spun_off_that_ends(cast, days):
    issue = request_at(State.DESIGN, Kind.BUG, cast=cast)
    given = {
        "route": Route.objects.get(key="propose-change"),
        "title": "Discuss",
        "description": "It.",
        "answers": proposal_answers(in_days(days)),
    }

    with pytest.raises(Incomplete):
        spin_off(issue.pk, by=cast.ops, given=given)


def test_a_choice_of_none_of_these_names_no_system(cast):
    issue = request_at(State.TRIAGE, Kind.QUESTION, cast=cast)
    row = {"key": "system", "label": "Where is it?", "type": "choice", "answer": "Something else", "feeds": "system"}
    rest = [row for row in answers_for("bug") if row["key"] != "system"]

    step(issue, Verb.CONTINUE_IN, cast.ops, route=Route.objects.get(key="bug"), answers=[*rest, row])

    assert Issue.objects.latest("number").system == ""

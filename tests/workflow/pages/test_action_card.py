"""The decision card: what it offers is what the refusal table allows, ordered."""

import pytest

from tests.factories import file_request, request_at, step
from tests.workflow.pages.test_request_page import PLACES
from workflow.actions import answer_gate
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.pages.action_card import buttons_for
from workflow.permissions import refusal
from workflow.states import State
from workflow.verbs import Act, Verb


def offered(buttons):
    return {button.act for button in [buttons.primary, *buttons.secondary, *buttons.quiet] if button}


@pytest.mark.parametrize(("state", "kind"), PLACES)
def test_exactly_the_verbs_that_are_allowed_are_offered(cast, state, kind):
    issue = request_at(state, kind, cast=cast)

    for person in cast:
        buttons = buttons_for(person, issue)
        allowed = {verb for verb in Verb if refusal(person, verb, issue) is None}
        assert offered(buttons) & set(Verb) == allowed
        assert not allowed & {button.act for button in buttons.refused}
        assert all(button.reason for button in buttons.refused)


@pytest.mark.parametrize(
    ("state", "kind", "who", "primary"),
    [
        (State.TRIAGE, Kind.BUG, "ops", Verb.ACCEPT),
        (State.TRIAGE, Kind.FEATURE, "ops", Act.GATE),
        (State.TRIAGE, Kind.PROPOSAL, "ops", Verb.CONTINUE_IN),
        (State.TRIAGE, Kind.QUESTION, "ops", Verb.COMPLETE),
        (State.DESIGN, Kind.BUG, "ops", Verb.SUBMIT_GAMEPLAN),
        (State.DESIGN, Kind.FEATURE, "ops", Act.GATE),
        (State.PLANNING, Kind.FEATURE, "ops", Verb.SCHEDULE),
        (State.SCHEDULED, Kind.FEATURE, "ops", Verb.START),
        (State.DEVELOPMENT, Kind.BUG, "ops", Verb.REQUEST_VALIDATION),
        (State.DEVELOPMENT, Kind.ADMINISTRATIVE, "ops", Verb.COMPLETE),
        (State.VALIDATION, Kind.BUG, "requester", Verb.VALIDATE),
        (State.IMPLEMENTATION, Kind.BUG, "ops", Verb.COMPLETE),
        (State.NEEDS_INFO, Kind.BUG, "requester", Verb.ANSWER),
        (State.ESCALATED, Kind.FEATURE, "lead", Verb.SHELVE),
        (State.BACKLOG, Kind.BUG, "ops", Verb.RESUME),
        (State.BLOCKED, Kind.BUG, "ops", Verb.UNBLOCK),
        (State.DISCUSSION, Kind.PROPOSAL, "manager", Verb.APPROVE),
        (State.TRIAGE, Kind.BUG, "colleague", None),
        (State.VALIDATION, Kind.BUG, "ops", None),
        (State.COMPLETED, Kind.BUG, "requester", None),
    ],
)
def test_the_primary_button_moves_it_on(cast, state, kind, who, primary):
    issue = request_at(state, kind, cast=cast)

    button = buttons_for(getattr(cast, who), issue).primary

    assert (button and button.act) == primary


@pytest.mark.parametrize(
    ("small", "primary"),
    [(True, Verb.ACCEPT), (False, Verb.ESCALATE)],
)
def test_a_finished_gate_makes_the_verb_it_leads_to_primary(cast, small, primary):
    issue = file_request(cast, Kind.FEATURE)
    answer_gate(issue.pk, by=cast.ops, question="roadmap", answer=False)
    answer_gate(issue.pk, by=cast.ops, question="small", answer=small)

    assert buttons_for(cast.ops, Issue.objects.get(pk=issue.pk)).primary.act == primary


def test_before_the_gate_the_card_says_that_it_comes_first(cast):
    refused = {button.act: button.reason for button in buttons_for(cast.ops, file_request(cast, Kind.FEATURE)).refused}

    assert refused[Verb.ACCEPT] == "Answer the triage gate first."


def test_what_is_final_says_so(cast):
    issue = request_at(State.DISCUSSION, Kind.PROPOSAL, cast=cast)
    step(issue, Verb.DECLINE, cast.manager, text="No.")

    buttons = buttons_for(cast.requester, Issue.objects.get(pk=issue.pk))
    refused = {button.act: button.reason for button in buttons.refused}

    assert "final" in refused[Verb.REOPEN]


def test_a_manager_decides_on_the_page_itself(visit, cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)
    visitor = visit(cast.manager)

    page = visitor.get(issue)
    response = visitor.post(issue, "approve", text="", version=page.context["issue"].version)

    assert page.context["quick"] is not None
    assert f'action="/issues/{issue.pk}/approve/"' in page.content.decode()
    assert f'formaction="/issues/{issue.pk}/decline/"' in page.content.decode()
    assert response.status_code == 302


def test_nobody_else_finds_the_quick_decision(visit, cast):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)

    assert visit(cast.standin).get(issue).context["quick"] is None
    assert visit(cast.requester).get(issue).context["quick"] is None

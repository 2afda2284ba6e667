"""Closing, reopening and deciding in GitLab, by the same door and the same rules."""

import pytest

from tests.factories import restrict
from tests.gitlab.inbound.looking import change, filed, mirror_of, note, path_of, said_back, shown, sync
from tests.gitlab.inbound.test_intents import at, stages, verbs
from workflow.catalogue.kinds import Kind
from workflow.models import Event
from workflow.models.event import NOT_TAKEN, UNDONE
from workflow.states import Outcome, Source, State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db


# Closing and reopening ----------------------------------------------------------------------------------------------


def close(gitlab, issue, *, words="", by="ops"):
    """A person writes a comment, if any, and closes the issue."""
    if words:
        note(gitlab, issue, words, by=by)
    change(gitlab, issue, by=by, state_event="close")
    return sync(issue)


def test_closing_completes_what_is_being_put_into_production(cast, mirrored):
    bug = close(mirrored, at(State.IMPLEMENTATION, Kind.BUG, cast), words="Merged in !12.")
    assert (bug.state, bug.outcome) == (State.COMPLETED, Outcome.COMPLETED)
    assert (shown(mirrored, bug)["state"], stages(mirrored, bug)) == ("closed", {"Stage::Completed"})


def test_closing_with_the_label_completed_is_one_wish(cast, mirrored):
    bug = at(State.IMPLEMENTATION, Kind.BUG, cast)
    note(mirrored, bug, "Merged in !12.")
    change(mirrored, bug, add_labels="Stage::Completed", state_event="close")
    bug = sync(bug)
    assert (bug.state, verbs(bug)) == (State.COMPLETED, [Verb.COMPLETE])


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("Won't do: nobody needs it.", Outcome.WONT_DO),
        ("Won\u2019t do. Nobody needs it.", Outcome.WONT_DO),
        ("**Invalid**: it works here.", Outcome.INVALID),
        ("No answer for three weeks.", Outcome.NO_ANSWER),
    ],
)
def test_closing_ends_it_with_the_outcome_the_comment_begins_with(cast, mirrored, words, outcome):
    bug = close(mirrored, filed(cast), words=words)
    assert (bug.state, bug.outcome, shown(mirrored, bug)["state"]) == (State.CLOSED, outcome, "closed")


def test_closing_as_a_duplicate_names_the_original(cast, mirrored):
    original = filed(cast)
    bug = close(mirrored, filed(cast), words=f"Duplicate of SO-{original.pk}.")
    assert (bug.outcome, bug.links_out.get().target) == (Outcome.DUPLICATE, original)


def test_an_original_that_is_hidden_from_who_closes_does_not_exist(cast, mirrored):
    original, unknown = restrict(filed(cast)), 999_999
    told = [close(mirrored, filed(cast), words=f"Duplicate of SO-{number}.") for number in (original.pk, unknown)]
    assert [bug.state for bug in told] == [State.TRIAGE, State.TRIAGE]
    assert said_back(told[0], UNDONE) == said_back(told[1], UNDONE) != []


def test_closing_without_saying_how_it_ends_is_undone(cast, mirrored):
    bug = close(mirrored, filed(cast))
    assert (bug.state, shown(mirrored, bug)["state"]) == (State.TRIAGE, "opened")
    assert "Begin the comment with one of “Invalid”" in said_back(bug, UNDONE)[0]


def test_the_requester_withdraws_by_closing(cast, mirrored):
    bug = close(mirrored, filed(cast), by="requester")
    assert (bug.state, bug.outcome) == (State.CLOSED, Outcome.WITHDRAWN)


def test_a_colleague_closes_nothing(cast, mirrored):
    bug = close(mirrored, filed(cast), words="Invalid: it works here.", by="colleague")
    assert (bug.state, shown(mirrored, bug)["state"]) == (State.TRIAGE, "opened")


def test_reopening_reopens_with_a_reason(cast, mirrored):
    bug = at(State.COMPLETED, Kind.BUG, cast)
    note(mirrored, bug, "It is back.", by="requester")
    change(mirrored, bug, by="requester", state_event="reopen")
    bug = sync(bug)
    assert (bug.state, shown(mirrored, bug)["state"], stages(mirrored, bug)) == (
        State.TRIAGE,
        "opened",
        {"Stage::Triage"},
    )


def test_reopening_what_is_final_is_undone(cast, mirrored):
    issue = filed(cast, Kind.ADMINISTRATIVE, route="calendly")
    note(mirrored, issue, "@support-bot decline Not now.", by="manager")
    issue = sync(issue)
    assert issue.outcome == Outcome.DECLINED
    note(mirrored, issue, "But I want it.", by="requester")
    change(mirrored, issue, by="requester", state_event="reopen")
    issue = sync(issue)
    assert (issue.state, shown(mirrored, issue)["state"]) == (State.CLOSED, "closed")


# Approving ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def macro(cast, mirrored):
    """A request that waits for the manager's decision, in step with GitLab."""
    return filed(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)


@pytest.mark.parametrize(
    "words",
    [
        "@bot approve",
        "@support-bot approve",
        "@Support-Bot Approve: fine by me",
        "@bot approved",
        "> Shall we take it?\n\n@support-bot approve",
        "> @bot decline no\n@bot approve",
        "I looked at it.\n@bot, approve\nThank you.",
        "```\n@bot decline no\n```\n@bot approve",
        "```scope``` is fine.\n@bot approve",
    ],
)
def test_the_approver_approves_by_comment(cast, mirrored, macro, words):
    note(mirrored, macro, words, by="manager")
    macro = sync(macro)
    assert macro.state == State.TRIAGE
    event = Event.objects.get(issue=macro, verb=Verb.APPROVE)
    assert (event.actor, event.source) == (cast.manager, Source.GITLAB)


def test_the_approver_declines_by_comment_with_a_reason(cast, mirrored, macro):
    note(mirrored, macro, "@bot decline Too many macros already.", by="manager")
    macro = sync(macro)
    assert (macro.state, macro.outcome) == (State.CLOSED, Outcome.DECLINED)
    assert Event.objects.get(issue=macro, verb=Verb.DECLINE).text == "Too many macros already."


def test_declining_without_a_reason_is_answered(cast, mirrored, macro):
    note(mirrored, macro, "@bot decline", by="manager")
    assert sync(macro).state == State.APPROVAL
    assert "Say why you decline." in said_back(macro, NOT_TAKEN)[0]


@pytest.mark.parametrize("by", ["requester", "colleague", "ops", "lead", "standin", "root"])
def test_nobody_else_approves_by_comment(cast, mirrored, macro, by):
    note(mirrored, macro, "@bot approve", by=by)
    assert sync(macro).state == State.APPROVAL
    assert len(said_back(macro, NOT_TAKEN)) == 1
    assert len([one for one in mirrored.notes(mirror_of(macro)) if "not taken" in one["body"]]) == 1


@pytest.mark.parametrize(
    "words",
    [
        "> @bot approve",
        "```\n@bot approve\n```",
        "~~~\n@bot approve\n~~~",
        "`@bot approve`",
        ">>>\n@bot approve\n>>>\nNo, I would not do that yet.",
        "Say:\n\n    @bot approve",
        "<!--\n@bot approve\n-->\nhello",
        "- ```\n  @bot approve\n  ```",
        "<pre>\n@bot approve\n</pre>",
        "`a\n@bot approve\nb`",
        "@robot approve",
        "approve",
    ],
)
def test_what_is_quoted_or_code_or_no_command_is_silent_and_decides_nothing(cast, mirrored, macro, words):
    note(mirrored, macro, words, by="manager")
    assert sync(macro).state == State.APPROVAL
    assert not said_back(macro, NOT_TAKEN)


@pytest.mark.parametrize(
    "words",
    [
        "I will not @bot approve this",
        "@bot approves?",
        "@bot",
        "@support-bot: please\n@bot again",
        "Well, @bot approve",
    ],
)
def test_a_near_miss_decides_nothing_and_gets_one_answer_that_says_how(cast, mirrored, macro, words):
    note(mirrored, macro, words, by="manager")
    assert sync(macro).state == State.APPROVAL
    [answer] = said_back(macro, NOT_TAKEN)
    assert "write “@bot approve” or “@bot decline”" in answer


def test_each_of_several_commands_is_answered(cast, mirrored, macro):
    note(mirrored, macro, "@bot decline Not yet:\nit is too early.\n\n@bot approve\n@bot aprove", by="manager")
    macro = sync(macro)
    assert (macro.state, macro.outcome) == (State.CLOSED, Outcome.DECLINED)
    assert Event.objects.get(issue=macro, verb=Verb.DECLINE).text == "Not yet:\nit is too early."
    refused, how = said_back(macro, NOT_TAKEN)
    assert "“Approve” is not a step" in refused and "To decide, write" in how


def test_the_answer_copied_with_its_hidden_marks_decides(cast, mirrored, macro):
    note(mirrored, macro, "@\u200bbot approve", by="manager")
    assert sync(macro).state == State.TRIAGE


def test_a_decision_counts_once(cast, mirrored, macro):
    note(mirrored, macro, "@bot approve", by="manager")
    for _ in range(3):
        sync(macro)
    assert Event.objects.filter(issue=macro, verb=Verb.APPROVE).count() == 1
    assert not said_back(macro, NOT_TAKEN)


def test_a_comment_edited_into_a_decision_decides_nothing(cast, mirrored, macro):
    written = note(mirrored, macro, "Let me think.", by="manager")
    sync(macro)
    mirrored.api("PUT", f"{path_of(macro)}/notes/{written['id']}", sudo="manager", body="@bot approve")
    assert sync(macro).state == State.APPROVAL


def test_questions_for_the_approver_are_answered_in_the_portal(cast, mirrored):
    issue = filed(cast, Kind.ADMINISTRATIVE, route="calendly")
    note(mirrored, issue, "@bot approve", by="manager")
    issue = sync(issue)
    answered = Event.objects.filter(issue=issue, verb=Verb.APPROVE).exists()
    assert answered or "Decide in the portal" in said_back(issue, NOT_TAKEN)[0]

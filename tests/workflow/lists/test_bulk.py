"""The same for many: every row through the door, a result for each."""

import pytest

from tests.factories import file_request, request_at, restrict
from tests.workflow.lists.population import many
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.queues import QUEUES
from workflow.states import Outcome, State
from workflow.verbs import Verb


@pytest.fixture
def ops(client, cast):
    """A browser signed in as Support Operations."""
    client.force_login(cast.ops)
    return client


def key(issue):
    return f"{issue.pk}.{issue.version}"


def press(client, queue, verb, issues, **given):
    """Press a button of the bulk bar with these selected; ``given`` is what the form in between asks."""
    data = {"verb": verb, "selected": [key(issue) for issue in issues], **({"given": "1", **given} if given else {})}
    return client.post(f"/queues/{queue}/bulk/", data, follow=True)


def results(response):
    return [(row["number"], row["done"], row["words"]) for row in response.context["rows"]]


def test_all_selected_are_assigned_to_me(ops, cast):
    issues = many(3, cast.requester)
    response = press(ops, "triage", "assign", issues)
    assert results(response) == [(issue.pk, True, "Done.") for issue in issues]
    assert set(Issue.objects.values_list("assignee", flat=True)) == {cast.ops.pk}


def test_one_that_is_refused_keeps_none_of_the_others_from_being_done(ops, cast):
    first, third = file_request(cast), file_request(cast)
    ended = request_at(State.CLOSED, cast=cast)
    response = press(ops, "triage", "assign", [first, ended, third])
    assert results(response) == [
        (first.pk, True, "Done."),
        (ended.pk, False, "This is closed. Reopen it first."),
        (third.pk, True, "Done."),
    ]


def test_one_that_was_changed_meanwhile_stays_as_it_is(ops, cast):
    issue = file_request(cast)
    Issue.objects.filter(pk=issue.pk).update(version=7)
    response = press(ops, "triage", "assign", [issue])
    assert results(response) == [(issue.pk, False, f"{issue.reference} was changed while you looked at it.")]
    assert Issue.objects.get(pk=issue.pk).assignee is None


def test_a_hidden_request_answers_as_one_that_never_was(ops, cast):
    hidden = restrict(file_request(cast))
    selected = {"verb": "assign", "selected": [f"{hidden.pk}.99", "999999.1"]}
    response = ops.post("/queues/triage/bulk/", selected, follow=True)
    assert results(response) == [(n, False, "There is no such request.") for n in (hidden.pk, 999999)]
    assert hidden.title not in response.content.decode()


def test_what_must_be_given_is_asked_once_for_all(ops, cast):
    issues = many(2, cast.requester)
    response = press(ops, "triage", "priority", issues)
    assert (response.status_code, list(response.context["form"].fields)) == (200, ["priority"])
    assert results(press(ops, "triage", "priority", issues, priority="2")) == [(i.pk, True, "Done.") for i in issues]
    assert set(Issue.objects.values_list("priority", flat=True)) == {2}


@pytest.mark.parametrize(
    "given",
    [
        {"outcome": "", "text": "No."},
        {"outcome": "invalid", "text": ""},
        {"outcome": "completed", "text": "x"},
        {"outcome": "duplicate", "text": "x"},
    ],
)
def test_something_missing_is_asked_again_and_nothing_is_lost(ops, cast, given):
    issue = file_request(cast)
    response = press(ops, "triage", "close", [issue], **given)
    assert response.status_code == 422
    assert response.context["keys"] == [key(issue)]
    assert Issue.objects.get(pk=issue.pk).state == State.TRIAGE


def test_closing_many_keeps_the_rules_of_each_kind(ops, cast):
    bug, feature = file_request(cast), file_request(cast, Kind.FEATURE)
    response = press(ops, "triage", "close", [bug, feature], outcome=Outcome.WONT_DO, text="Not now.")
    assert [(number, done) for number, done, _ in results(response)] == [(bug.pk, True), (feature.pk, False)]
    assert "Escalate it first." in results(response)[1][2]
    assert bug.events.get(verb=Verb.CLOSE).text == "Not now."


def test_accepting_many_takes_those_of_which_nothing_must_be_asked(ops, cast):
    ready = file_request(cast, Kind.ADMINISTRATIVE, system="Zendesk")
    Issue.objects.filter(pk=ready.pk).update(priority=3, rank=3)
    bare = file_request(cast, Kind.ADMINISTRATIVE)
    response = press(ops, "triage", "accept", [ready, bare])
    assert [done for _, done, _ in results(response)] == [True, False]
    assert "Choose a priority." in results(response)[1][2]
    assert Issue.objects.get(pk=ready.pk).state == State.DEVELOPMENT


@pytest.mark.parametrize(
    ("queue", "state", "verb", "given", "then"),
    [
        ("backlog", State.BACKLOG, "resume", {}, State.DESIGN),
        ("blocked", State.BLOCKED, "unblock", {}, State.DESIGN),
        ("scheduled", State.SCHEDULED, "start", {"text": "Early."}, State.DEVELOPMENT),
        ("design", State.DESIGN, "shelve", {"text": "Later."}, State.BACKLOG),
        ("development", State.DEVELOPMENT, "ask", {"text": "Which one?"}, State.NEEDS_INFO),
        ("implementation", State.IMPLEMENTATION, "complete", {"text": "Merged."}, State.COMPLETED),
    ],
)
def test_the_steps_of_each_queue(ops, cast, queue, state, verb, given, then):
    issues = [request_at(state, Kind.FEATURE, cast=cast) for _ in range(2)]
    press(ops, queue, verb, issues, **given)
    assert {Issue.objects.get(pk=issue.pk).state for issue in issues} == {then}


@pytest.mark.parametrize("verb", ["", "validate", "reopen", "resume", "assign-all", "close\x00"])
def test_a_step_the_queue_does_not_offer_does_not_exist(ops, cast, verb):
    issue = file_request(cast)
    assert press(ops, "triage", verb, [issue]).status_code == 404


@pytest.mark.parametrize("selected", [[], [""], ["1"], ["x.y"], ["1.1.1"], ["9" * 50 + ".1"], ["-1.1"]])
def test_nothing_selected_leads_back_with_a_word(ops, cast, selected):
    response = ops.post("/queues/triage/bulk/", {"verb": "assign", "selected": selected}, follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        "Nothing was selected. Tick the requests first."
    ]


def test_who_may_not_gets_the_refusal_of_every_row(client, cast):
    issues = many(2, cast.requester)
    client.force_login(cast.requester)
    response = press(client, "triage", "assign", issues)
    assert [words for _, _, words in results(response)] == ["Only Support Operations may do this."] * 2


def test_the_bar_is_offered_to_support_operations_only(client, cast):
    many(1, cast.requester, state=State.NEEDS_INFO)
    client.force_login(cast.requester)
    assert client.get("/queues/waiting/").context["bulk"] == []
    assert client.get("/queues/triage/").context["bulk"] == []


@pytest.mark.parametrize("name", sorted(QUEUES.keys() - {"approvals", "waiting", "validation", "sync"}))
def test_every_working_queue_offers_assign_priority_and_its_own_steps(ops, name):
    offered = {one["value"] for one in ops.get(f"/queues/{name}/").context["bulk"]}
    assert {"assign", "priority"} <= offered <= {"assign", "priority", "close", *QUEUES[name].verbs}


def test_looking_at_the_results_again_does_nothing_again(ops, cast):
    issue = file_request(cast)
    press(ops, "triage", "assign", [issue])
    version = Issue.objects.get(pk=issue.pk).version
    assert ops.get("/queues/triage/bulk/").status_code == 200
    assert Issue.objects.get(pk=issue.pk).version == version


def test_without_results_the_page_leads_to_the_queue(ops):
    assert ops.get("/queues/triage/bulk/").url == "/queues/triage/"


def test_an_unknown_queue_does_not_exist(ops):
    assert ops.post("/queues/holidays/bulk/", {"verb": "assign"}).status_code == 404

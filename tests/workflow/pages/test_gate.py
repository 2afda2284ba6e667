"""The gates: one question at a time, each POST saves one answer, never a step."""

import pytest

from tests.factories import file_request, request_at, restrict, step
from workflow.actions import answer_gate
from workflow.catalogue.kinds import Kind
from workflow.models import GateAnswer, Issue
from workflow.states import State
from workflow.verbs import Verb


def text_of(response):
    return response.content.decode()


def test_one_question_is_asked_and_one_answer_saved(visit, cast):
    issue = file_request(cast, Kind.FEATURE)
    visitor = visit(cast.ops)

    first = text_of(visitor.get(issue, "gate"))
    saved = visitor.post(issue, "gate", question="roadmap", answer="no")
    second = text_of(visitor.get(issue, "gate"))

    assert "related to a support roadmap item" in first
    assert "Is the effort for this small" not in first
    assert saved.status_code == 302
    assert saved["Location"] == f"/issues/{issue.pk}/gate/"
    assert "Is the effort for this small" in second
    assert Issue.objects.get(pk=issue.pk).state == State.TRIAGE
    assert GateAnswer.objects.filter(path__issue=issue).count() == 1


@pytest.mark.parametrize(
    ("answers", "verb"),
    [
        ([("roadmap", "yes")], "accept"),
        ([("roadmap", "no"), ("small", "yes")], "accept"),
        ([("roadmap", "no"), ("small", "no")], "escalate"),
    ],
)
def test_a_finished_triage_gate_names_the_verb_it_leads_to(visit, cast, answers, verb):
    issue = file_request(cast, Kind.FEATURE)
    visitor = visit(cast.ops)
    for question, answer in answers:
        visitor.post(issue, "gate", question=question, answer=answer)

    page = text_of(visitor.get(issue, "gate"))

    assert f'href="/issues/{issue.pk}/{verb}/"' in page
    assert visitor.get(issue, verb).status_code == 200


@pytest.mark.parametrize("answers", [["no"], ["yes", "no"], ["yes", "yes", "yes"], ["yes", "yes", "no"]])
def test_a_finished_gameplan_gate_leads_to_the_gameplan(visit, cast, answers):
    issue = request_at(State.DESIGN, Kind.FEATURE, cast=cast)
    visitor = visit(cast.ops)
    for question, answer in zip(["possible", "feasible", "effort"], answers, strict=False):
        assert visitor.post(issue, "gate", question=question, answer=answer).status_code == 302

    assert f"/issues/{issue.pk}/submit-gameplan/" in text_of(visitor.get(issue, "gate"))


@pytest.mark.parametrize("answer", ["", "maybe", "True", "1"])
def test_an_answer_that_is_none_is_asked_for_again(visit, cast, answer):
    issue = file_request(cast, Kind.FEATURE)

    response = visit(cast.ops).post(issue, "gate", question="roadmap", answer=answer)

    assert response.status_code == 422
    assert "Choose yes or no." in text_of(response)


@pytest.mark.parametrize("question", ["roadmap", "small", "nonsense", ""])
def test_a_question_that_is_not_the_next_one_gets_409(visit, cast, question):
    issue = file_request(cast, Kind.FEATURE)
    answer_gate(issue.pk, by=cast.other_ops, question="roadmap", answer=True)

    response = visit(cast.ops).post(issue, "gate", question=question, answer="no")

    assert response.status_code == 409
    assert "meanwhile" in text_of(response)
    assert GateAnswer.objects.filter(path__issue=issue).count() == 1


@pytest.mark.parametrize(("who", "kind"), [("requester", Kind.FEATURE), ("manager", Kind.FEATURE), ("ops", Kind.BUG)])
def test_who_may_not_or_where_there_is_none_reads_why(visit, cast, who, kind):
    issue = file_request(cast, kind)
    visitor = visit(getattr(cast, who))

    assert visitor.get(issue, "gate").status_code == 403
    assert visitor.post(issue, "gate", question="roadmap", answer="yes").status_code == 403


def test_a_hidden_gate_does_not_exist(visit, cast):
    issue = restrict(file_request(cast, Kind.FEATURE))

    assert visit(cast.ops).get(issue, "gate").status_code == 404
    assert visit(cast.ops).post(issue, "gate", question="roadmap", answer="yes").status_code == 404


def test_nobody_posts_around_the_gate(visit, cast):
    issue = file_request(cast, Kind.FEATURE)

    response = visit(cast.ops).post(
        issue, "accept", kind="feature", customer="Support", system="Zendesk", priority="2", gate_outcome="approved"
    )

    assert response.status_code == 403
    assert "Answer the triage gate first." in text_of(response)


def test_coming_back_starts_a_new_path_and_keeps_the_old_one_drawn(visit, cast):
    issue = request_at(State.ESCALATED, Kind.FEATURE, cast=cast)
    step(issue, Verb.SHELVE, cast.lead, text="Later.")
    step(issue, Verb.RESUME, cast.ops)

    gate, page = visit(cast.ops).get(issue, "gate"), visit(cast.ops).get(issue)

    assert "Question 1" in text_of(gate)
    assert "Escalate to unblock" in text_of(page)

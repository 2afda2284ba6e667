"""The handbook's flowcharts at /issues/<number>/gate/: each POST saves one answer, and is never a step."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from supportops.accounts.http import AuthenticatedHttpRequest
from workflow.actions import Incomplete, Refused, Stale, answer_gate
from workflow.actions.gate_paths import next_question, open_path
from workflow.gates import Gate, GateOutcome
from workflow.models import Issue
from workflow.pages.access import refused, visible_issue
from workflow.pages.action_card import url_of
from workflow.pages.form_context import path_of
from workflow.permissions import refusal
from workflow.verbs import Act, Verb

LEADS_TO: dict[tuple[str, GateOutcome], Verb] = {
    (Gate.TRIAGE, GateOutcome.APPROVED): Verb.ACCEPT,
    (Gate.TRIAGE, GateOutcome.ESCALATE): Verb.ESCALATE,
    (Gate.GAMEPLAN, GateOutcome.APPROVED): Verb.SUBMIT_GAMEPLAN,
    (Gate.GAMEPLAN, GateOutcome.BACKLOG): Verb.SUBMIT_GAMEPLAN,
}
ANSWERS = {"yes": True, "no": False}


@require_http_methods(["GET", "HEAD", "POST"])
def gate(request: AuthenticatedHttpRequest, number: int) -> HttpResponse:
    """Ask the next question of the gate this request stands at, or say where the finished path leads."""
    issue = visible_issue(request, number)
    if reason := refusal(request.user, Act.GATE, issue):
        return refused(request, issue, Act.GATE, reason)
    if request.method != "POST":
        return _page(request, issue)
    try:
        answer = ANSWERS.get(request.POST.get("answer", ""))
        answer_gate(issue.pk, by=request.user, question=request.POST.get("question", ""), answer=answer)
    except Incomplete as error:
        return _page(request, issue, status=422, error=error.problems["answer"])
    except Refused as error:
        return refused(request, issue, Act.GATE, str(error))
    except Stale:
        return _page(request, visible_issue(request, number), status=409)
    return redirect("gate", number=issue.pk)


def _page(request: AuthenticatedHttpRequest, issue: Issue, *, status: int = 200, error: str = "") -> HttpResponse:
    path = open_path(issue)
    question, outcome = next_question(path)
    answers = list(path.answers.select_related("by")) if path.pk else []
    verb = LEADS_TO[path.gate, outcome] if outcome else None
    context = {
        "issue": issue,
        "path": path_of(path, answers),
        "question": question,
        "step": f"Question {len(answers) + 1}",
        "answers": [{"value": value, "label": value.capitalize()} for value in ANSWERS],
        "hidden": {"question": question.key} if question else {},
        "error": error,
        "answered_meanwhile": status == 409,
        "breadcrumb": [{"label": issue.reference, "url": issue.get_absolute_url()}, {"label": path.get_gate_display()}],
        "outcome_title": verb and f"Leads to: {verb.label.lower()}",
        "outcome_text": outcome and f"The path is finished: {outcome.label.lower()}.",
        "here": reverse("gate", args=[issue.pk]),
        "leads_to": verb and {"label": verb.label, "url": url_of(verb, issue), "variant": "primary"},
        "refusal": verb and refusal(request.user, verb, issue),
    }
    return render(request, "workflow/gate.html", context, status=status)

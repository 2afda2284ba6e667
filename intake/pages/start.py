"""The start page and the guide."""

from typing import TypedDict

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from intake import guide as chart
from intake.models import Draft
from intake.next_steps import approval_in_words
from intake.search import LONGEST_QUERY, matching_entries
from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from workflow.catalogue.models import Entry


class Card(TypedDict):
    """An entry on the start page."""

    title: str
    url: str
    guidance: str
    icon: str
    approval: str
    tracker: str
    refused: str


@require_safe
def start(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What do you wish to do? The catalogue as cards, searched with ``?q=``."""
    entries = list(Entry.objects.active().with_rules())
    query = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
    found = matching_entries(entries, query) if query else entries
    context = {
        "query": query,
        "cards": [_card(entry, request.user) for entry in found],
        "drafts": Draft.objects.unfiled().filter(owner=request.user).count(),
    }
    return render(request, "intake/start.html", context)


def _card(entry: Entry, person: User) -> Card:
    return {
        "title": entry.name,
        "url": entry.get_absolute_url(),
        "guidance": entry.summary,
        "icon": entry.icon,
        "approval": approval_in_words(entry),
        "tracker": entry.route.tracker.name if entry.route.tracker else "",
        "refused": entry.refusal(person) or "",
    }


@require_safe
def guide(request: AuthenticatedHttpRequest) -> HttpResponse:
    """One question of the flowchart, or where its path ends. ``?at=`` is the node; ``?from=`` one left unanswered."""
    unanswered = request.GET.get("from", "")
    node = request.GET.get("at", "") or unanswered or chart.START
    if node not in chart.NODES:
        raise Http404("The guide has no such question.")
    step = chart.NODES[node]
    if isinstance(step, chart.Step):
        return _question(request, node, step, left_open="at" not in request.GET and bool(unanswered))
    if not step.elsewhere:
        return redirect("new", step.entry)
    entry = Entry.objects.active().with_rules().filter(route__key=step.entry).first()
    if entry is None:
        raise Http404("This is not offered now.")
    context = {"entry": entry, "back_url": _address(chart.before(node))}
    return render(request, f"intake/guide_{step.elsewhere}.html", context)


def _question(request: AuthenticatedHttpRequest, node: str, step: chart.Step, *, left_open: bool) -> HttpResponse:
    offered = set(Entry.objects.active().values_list("route__key", flat=True))
    answers = [answer for answer in step.answers if chart.leads_to_some(answer.leads_to, offered)]
    earlier = chart.before(node)
    context = {
        "question": step.question,
        "help": step.help,
        "answers": [{"value": answer.leads_to, "label": answer.label, "help": answer.help} for answer in answers],
        "node": {"from": node},
        "number": f"Question {chart.depth(node) + 1}",
        "error": "Choose one of the answers." if left_open else "",
        "back_url": _address(earlier) if earlier else reverse("start"),
    }
    return render(request, "intake/guide.html", context)


def _address(node: str | None) -> str:
    return f"{reverse('guide')}?at={node}" if node and node != chart.START else reverse("guide")

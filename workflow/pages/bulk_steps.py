"""One step for many requests of a queue: what must be given is asked once, what became of each is shown."""

from collections.abc import Mapping, Sized
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from supportops.accounts.roles import is_ops
from workflow.actions.bulk import OUTCOMES, PRIORITIES, BulkAct, acts_for, chosen, do_for_all
from workflow.actions.requirements import LONGEST_TEXT
from workflow.models import Issue
from workflow.pages.queue_extensions import extension_of
from workflow.queues import QUEUES, Queue

KEPT = "bulk_results"


class GivenForm(forms.Form):
    """What an act must be given, once for all requests."""

    outcome = forms.ChoiceField(label="How do they end?", choices=[("", "Choose an outcome"), *OUTCOMES])
    priority = forms.TypedChoiceField(label="Priority", choices=[("", "Choose a priority"), *PRIORITIES], coerce=int)
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=LONGEST_TEXT,
        help_text="It stands in the history of every one of these requests, and the requesters read it.",
    )

    def __init__(self, data: QueryDict | None, act: BulkAct) -> None:
        super().__init__(data)
        for name in set(self.fields) - set(act.asks):
            del self.fields[name]
        if "text" in self.fields:
            self.fields["text"].label = act.prompt


def queue_or_404(name: str, person: User) -> Queue:
    """The queue of this name; 404 when there is none, 403 when it is for Support Operations and the person is not."""
    if name not in QUEUES:
        raise Http404
    queue = QUEUES[name]
    if queue.ops_only and not is_ops(person):
        raise PermissionDenied("This queue is for Support Operations.")
    return queue


def offered(queue: Queue, person: User) -> list[dict[str, str]]:
    """The buttons of a queue's bulk bar."""
    if not (is_ops(person) and queue.concerns is is_ops):
        return []
    return [{"label": act.label, "value": act.value} for act in acts_of(queue)]


def acts_of(queue: Queue) -> list[BulkAct]:
    """The acts that a queue's page offers for the requests selected on it."""
    return [*extension_of(queue.name).acts, *acts_for(queue)]


@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: AuthenticatedHttpRequest, name: str) -> HttpResponse:
    """POST: ask what must be given, or do it and keep the results. GET: what became of each."""
    queue = queue_or_404(name, request.user)
    if request.method != "POST":
        return _results(request, queue)
    act = next((act for act in acts_of(queue) if act.value == request.POST.get("verb")), None)
    if act is None:
        raise Http404
    versions = chosen(request.POST.getlist("selected"))
    if not versions:
        messages.warning(request, "Nothing was selected. Tick the requests first.")
        return redirect("queue", name)
    form = GivenForm(request.POST if "given" in request.POST else None, act)
    if act.asks and not form.is_valid():
        return _ask(request, queue, act, form, versions)
    results = do_for_all(act, versions, by=request.user, given=form.cleaned_data if act.asks else {})
    request.session[KEPT] = {"label": act.label, "rows": [[one.number, one.done, one.words] for one in results]}
    return redirect("bulk", name)


def _ask(
    request: AuthenticatedHttpRequest, queue: Queue, act: BulkAct, form: GivenForm, versions: Mapping[int, int]
) -> HttpResponse:
    issues = Issue.objects.visible_to(request.user).filter(pk__in=versions).order_by("number")
    context = {
        "act": act,
        "form": form,
        "issues": issues,
        "heading": f"{act.label}: {_number_of(versions)}",
        "keys": [f"{number}.{version}" for number, version in versions.items()],
        **_way_back(queue),
    }
    return render(request, "workflow/bulk.html", context, status=422 if form.is_bound else 200)


def _results(request: AuthenticatedHttpRequest, queue: Queue) -> HttpResponse:
    kept = request.session.get(KEPT)
    if not kept:
        return redirect("queue", queue.name)
    seen = Issue.objects.visible_to(request.user).in_bulk([number for number, _, _ in kept["rows"]])
    rows = [
        {"issue": seen.get(number), "number": number, "done": done, "words": words}
        for number, done, words in kept["rows"]
    ]
    done = sum(row["done"] for row in rows)
    return render(
        request,
        "workflow/bulk_results.html",
        {"label": kept["label"], "rows": rows, "summary": _summary(done, len(rows)), **_way_back(queue)},
    )


def _summary(done: int, number: int) -> str:
    if done == number:
        return f"Done for {_number_of(range(number))}."
    return f"Done for {done} of {number}. The others stayed as they were; each says why."


def _number_of(things: Sized) -> str:
    return f"{len(things)} request{'' if len(things) == 1 else 's'}"


def _way_back(queue: Queue) -> dict[str, Any]:
    url = reverse("queue", args=[queue.name])
    return {"queue": queue, "back_url": url, "breadcrumb": [{"label": queue.title, "url": url}]}

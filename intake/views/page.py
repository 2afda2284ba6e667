"""The page around an entry's form."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from intake.forms import HandOverForm, RequestForm
from intake.models import Draft
from intake.next_steps import button_label, next_steps
from supportops.accounts.http import AuthenticatedHttpRequest
from workflow.catalogue.models import Entry


def form_page(
    request: AuthenticatedHttpRequest,
    form: RequestForm,
    typed: Any,
    draft: Draft | None,
    *,
    hand_over: HandOverForm | None = None,
    newer: Draft | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form with guidance, what happens next, kept files, and, for who may not file it, the reason and the way on.

    ``typed``: the marks the page carries. ``draft``: the saved one, or None. ``newer``: the draft saved elsewhere.
    """
    entry, person = form.entry, request.user
    refusal = entry.refusal(person)
    if refusal and hand_over is None:
        hand_over = HandOverForm(entry.filers().exclude(pk=person.pk))
    context = {
        "breadcrumb": [{"label": "Start", "url": reverse("start")}, {"label": entry.name}],
        "entry": entry,
        "form": form,
        "typed": typed,
        "draft": draft,
        "newer": newer,
        "other_draft": None
        if draft or request.method == "POST"
        else Draft.objects.unfiled().filter(owner=person, entry=entry).first(),
        "files": [kept.attachment for kept in draft.attachments.select_related("attachment")] if draft else [],
        "refusal": refusal,
        "hand_over": hand_over if refusal else None,
        "handed_on_for": str(draft.originator) if draft and draft.handed_over else None,
        "next_steps": next_steps(entry, form.requester),
        "button": button_label(entry),
        "autosave_url": reverse("autosave", args=[entry.key]),
    }
    _offer_similar(form, entry)
    return render(request, "intake/new.html", context, status=status)


def _offer_similar(form: RequestForm, entry: Entry) -> None:
    form.fields["title"].widget.attrs |= {
        "data-hx-get": reverse("similar", args=[entry.key]),
        "data-hx-trigger": "input changed delay:400ms",
        "data-hx-target": "#similar",
        "data-hx-swap": "outerHTML",
        "data-hx-sync": "this:replace",
        "autocomplete": "off",
    }

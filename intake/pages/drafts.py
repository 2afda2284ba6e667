"""Loaders: what is not offered, or not the person's, does not exist for them.

The person's drafts.
"""

from uuid import UUID

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from intake import actions
from intake.models import Draft
from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from workflow.catalogue.models import Entry


def entry_or_404(key: str) -> Entry:
    """The offered entry on this route, with its rules and questions."""
    entry = Entry.objects.active().with_rules().prefetch_related("questions").filter(route__key=key).first()
    if entry is None:
        raise Http404("There is no such form.")
    return entry


def draft_or_404(person: User, submission: UUID | None) -> Draft:
    """The person's own draft, with its entry; filed ones included, so that their old addresses lead on."""
    own = Draft.objects.with_entry().filter(owner=person)
    draft = own.filter(submission=submission).first() if submission else None
    if draft is None:
        raise Http404("There is no such draft.")
    return draft


MOST_SHOWN = 100


@require_safe
def drafts(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What the person is writing, and what they handed on."""
    unfiled = Draft.objects.unfiled().with_entry()
    context = {
        "start_action": {"label": "Choose a form", "url": reverse("start")},
        "mine": unfiled.filter(owner=request.user)[:MOST_SHOWN],
        "handed_on": unfiled.filter(originator=request.user).exclude(owner=F("originator"))[:MOST_SHOWN],
    }
    return render(request, "intake/drafts.html", context)


@require_safe
def draft(request: AuthenticatedHttpRequest, submission: UUID) -> HttpResponse:
    """Open a draft: its form, filled; once it is filed, its request."""
    found = draft_or_404(request.user, submission)
    if found.issue:
        return redirect(found.issue)
    return redirect(f"{reverse('new', args=[found.entry.key])}?draft={found.submission}")


@require_POST
def discard(request: AuthenticatedHttpRequest, submission: UUID) -> HttpResponse:
    """Delete a draft."""
    found = draft_or_404(request.user, submission)
    try:
        actions.discard(found, by=request.user)
    except actions.AlreadyFiled as filed:
        messages.info(request, str(filed))
        return redirect(filed.issue)
    messages.success(request, "The draft is discarded.")
    return redirect("drafts")

"""The person's drafts."""

from uuid import UUID

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from intake import actions
from intake.models import Draft
from intake.views.access import draft_or_404
from supportops.accounts.http import AuthenticatedHttpRequest

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

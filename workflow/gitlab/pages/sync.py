"""The ledger of one request's mirror, and what Support Operations do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from supportops.accounts.roles import is_ops
from workflow.actions import Incomplete, Refused
from workflow.gitlab import operations
from workflow.gitlab.forms import RelinkForm
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.pages.panel import ledger_words
from workflow.gitlab.status import Ledger, ledger_of
from workflow.models import Issue
from workflow.pages.access import refused, visible_issue

NO_MIRROR = "This request is kept in the portal only; there is nothing in GitLab to bring in step."
OPS_ONLY = "Only Support Operations may do this."


@dataclass(frozen=True)
class Operation:
    """One way out. ``text``: what it does, before; ``told``: what it did, after; ``fits(ledger)``: whether to offer it.

    The door refuses what must not be; a second press of the rest does nothing more.
    """

    label: str
    icon: str
    text: str
    told: str
    do: Callable[..., None]
    fits: Callable[[Ledger], bool]


def _gone(ledger: Ledger) -> bool:
    return ledger.mirror.status == GitLabLink.Status.ORPHANED


BUTTONS = {
    "retry": Operation(
        "Retry",
        "refresh-cw",
        "Send what is missing and read GitLab again, now.",
        "It is tried again now.",
        operations.retry,
        lambda ledger: not _gone(ledger),
    ),
    "skip": Operation(
        "Skip",
        "arrow-right",
        "Leave GitLab as it is for what could not be sent. The next change is sent as ever.",
        "GitLab stays as it is. The next change is sent as ever.",
        operations.skip,
        lambda ledger: ledger.stuck is not None and not _gone(ledger),
    ),
    "recreate": Operation(
        "Recreate",
        "plus",
        "Create the GitLab issue anew, with its comments. One that is still there is taken again.",
        "The GitLab issue is created anew, with its comments.",
        operations.recreate,
        _gone,
    ),
    "let-go": Operation(
        "Let go",
        "x",
        "The GitLab issue stays gone, and the request goes on here without one.",
        "The request goes on without a GitLab issue.",
        operations.let_go,
        lambda ledger: _gone(ledger) and ledger.mirror.parked,
    ),
}
"""What is done with one press, by the last part of its address."""
RELINK = Operation(
    "Relink", "link", "", "It is linked to that issue now and brought in step.", operations.relink, lambda ledger: True
)
OPERATIONS = BUTTONS | {"relink": RELINK}


@require_safe
@never_cache
def sync_page(request: AuthenticatedHttpRequest, number: int) -> HttpResponse:
    """How the request stands with GitLab, for everybody who sees it; the ways out for Support Operations."""
    issue = visible_issue(request, number, "look")
    return _draw(request, issue, ledger_of(issue), RelinkForm())


@require_POST
def operate(request: AuthenticatedHttpRequest, number: int, operation: str) -> HttpResponse:
    """Do one of OPERATIONS (another is a page that does not exist): 404, 403, 422, or done and back to the ledger."""
    if operation not in OPERATIONS:
        raise Http404("There is no such page.")
    wanted, issue = OPERATIONS[operation], visible_issue(request, number, "look")
    ledger = ledger_of(issue)
    if reason := _refusal(request.user, ledger):
        return refused(request, issue, wanted, reason)
    form = RelinkForm(request.POST if wanted is RELINK else None)
    if form.is_bound and not form.is_valid():
        return _draw(request, issue, ledger, form)
    try:
        wanted.do(issue.pk, *(form.cleaned_data.values() if form.is_bound else ()), by=request.user)
    except Incomplete as error:
        for field, sentence in error.problems.items():
            form.add_error(field, sentence)
        return _draw(request, issue, ledger, form)
    except Refused as error:
        return refused(request, issue, wanted, str(error))
    messages.success(request, wanted.told)
    return redirect("sync", issue.pk)


def _refusal(person: User, ledger: Ledger | None) -> str:
    if not is_ops(person):
        return OPS_ONLY
    return "" if ledger else NO_MIRROR


def _draw(request: AuthenticatedHttpRequest, issue: Issue, ledger: Ledger | None, form: RelinkForm) -> HttpResponse:
    """The page; 422 with a form that has errors."""
    context: dict[str, Any] = {
        "issue": issue,
        "ledger": ledger_words(ledger, request.user) if ledger else None,
        "breadcrumb": [{"label": issue.reference, "url": issue.get_absolute_url()}, {"label": "GitLab sync"}],
    }
    if ledger and is_ops(request.user):
        context["ways"] = [
            {"text": way.text, "action": _action(issue, name, way)} for name, way in BUTTONS.items() if way.fits(ledger)
        ]
        context["relink_form"] = form
        context["relink_url"] = reverse("sync-operation", args=[issue.pk, "relink"])
    return render(request, "gitlab/sync.html", context, status=422 if form.errors else 200)


def _action(issue: Issue, name: str, way: Operation) -> dict[str, Any]:
    return {
        "label": way.label,
        "icon": way.icon,
        "post": True,
        "url": reverse("sync-operation", args=[issue.pk, name]),
    }

"""A person's own page: what waits for them first."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from supportops.accounts.roles import is_ops
from workflow.models import Issue
from workflow.models.querysets import IssueQuerySet, moves, numbers_in_any
from workflow.pages.rows import Targets, rows_of, targets
from workflow.queues import QUEUES, in_order
from workflow.states import ENDED, State

WAITING_QUEUES = ("approvals", "waiting", "validation")
MOST_SHOWN = 25
"""So many rows of each part; a link leads to the rest."""
_ASKED: dict[str, str] = {
    State.APPROVAL: "approvals",
    State.DISCUSSION: "approvals",
    State.NEEDS_INFO: "waiting",
    State.VALIDATION: "validation",
}


@require_safe
def mine(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What waits for me, what is assigned to me, what I filed, what I watch."""
    person, stage_targets = request.user, targets()
    filed = Issue.objects.filter(requester=person).with_people()
    found = {
        "assigned": in_order(_assigned_to(person))[: MOST_SHOWN + 1] if is_ops(person) else Issue.objects.none(),
        "open": filed.open().order_by("-number")[: MOST_SHOWN + 1],
        "ended": filed.filter(state__in=sorted(ENDED)).order_by("-state_since", "-number")[: MOST_SHOWN + 1],
        "watched": _watched_by(person).order_by("-updated_at", "-number")[: MOST_SHOWN + 1],
    }
    read = {"waiting": _waiting_for(person), **{name: list(issues) for name, issues in found.items()}}
    more = {name: len(issues) > MOST_SHOWN for name, issues in read.items()}
    sections = {name: issues[:MOST_SHOWN] for name, issues in read.items()}
    waiting = sections.pop("waiting")
    prefetch_related_objects([*waiting, *chain(*sections.values())], moves())  # for all rows of the page at once
    return render(
        request,
        "workflow/mine.html",
        {
            "waiting": _by_queue(waiting, stage_targets),
            "more": more,
            "is_ops": is_ops(person),
            "new": {"label": "Ask for something", "url": "/", "variant": "primary", "icon": "plus"},
            "triage": {"label": "Open triage", "url": reverse("queue", args=["triage"])},
            **{name: rows_of(issues, stage_targets) for name, issues in sections.items()},
        },
    )


def _waiting_for(person: User) -> list[Issue]:
    """What this person is to decide, answer or validate; read in one query."""
    waiting = numbers_in_any(*(QUEUES[name].of(person) for name in WAITING_QUEUES))
    return list(in_order(Issue.objects.filter(pk__in=waiting)).with_people()[: MOST_SHOWN + 1])


def _by_queue(issues: Iterable[Issue], stage_targets: Targets) -> list[dict[str, Any]]:
    """[{queue, rows}] of these requests."""
    groups = [(QUEUES[name], [issue for issue in issues if _ASKED[issue.state] == name]) for name in WAITING_QUEUES]
    return [{"queue": queue, "rows": rows_of(found, stage_targets)} for queue, found in groups if found]


def _assigned_to(person: User) -> IssueQuerySet:
    return Issue.objects.visible_to(person).open().filter(assignee=person).with_people()


def _watched_by(person: User) -> IssueQuerySet:
    watched = Issue.objects.visible_to(person).filter(watches__person=person).exclude(requester=person)
    return watched.open().with_people()

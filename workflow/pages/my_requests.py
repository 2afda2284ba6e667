"""A person's own page: what waits for them first."""

from itertools import chain

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
from workflow.pages.paging import PAGE_SIZE
from workflow.pages.rows import rows_of, targets
from workflow.queues import QUEUES, in_order
from workflow.states import ENDED

WAITING_QUEUES = ("approvals", "waiting", "validation")


@require_safe
def mine(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What waits for me, what is assigned to me, what I filed, what I watch: a page of each, and a link to the rest."""
    person, stage_targets = request.user, targets()
    filed = Issue.objects.filter(requester=person).with_people()
    found = {
        "assigned": in_order(_assigned_to(person)) if is_ops(person) else Issue.objects.none(),
        "open": filed.open().order_by("-number"),
        "ended": filed.filter(state__in=sorted(ENDED)).order_by("-state_since", "-number"),
        "watched": _watched_by(person).order_by("-updated_at", "-number"),
    }
    read = {name: list(issues[: PAGE_SIZE + 1]) for name, issues in found.items()} | _waiting_for(person)
    more = {name: len(issues) > PAGE_SIZE for name, issues in read.items()}
    read = {name: issues[:PAGE_SIZE] for name, issues in read.items()}
    prefetch_related_objects([*chain(*read.values())], moves())  # for all rows of the page at once
    rows = {name: rows_of(issues, stage_targets) for name, issues in read.items()}
    waiting = [{"queue": QUEUES[name], "rows": rows[name], "more": more[name]} for name in WAITING_QUEUES if rows[name]]
    return render(
        request,
        "workflow/mine.html",
        {
            **rows,
            "waiting": waiting,
            "more": more,
            "is_ops": is_ops(person),
            "new": {"label": "Ask for something", "url": "/", "variant": "primary", "icon": "plus"},
            "triage": {"label": "Open triage", "url": reverse("queue", args=["triage"])},
        },
    )


def _waiting_for(person: User) -> dict[str, list[Issue]]:
    """{queue: what this person is to decide, answer or validate, and one more than is shown}; read in one query."""
    firsts = [in_order(QUEUES[name].of(person))[: PAGE_SIZE + 1] for name in WAITING_QUEUES]
    numbers = numbers_in_any(*(Issue.objects.filter(pk__in=first.values("pk")) for first in firsts))
    found = list(in_order(Issue.objects.filter(pk__in=numbers)).with_people())
    return {name: [issue for issue in found if issue.state in QUEUES[name].states] for name in WAITING_QUEUES}


def _assigned_to(person: User) -> IssueQuerySet:
    return Issue.objects.visible_to(person).open().filter(assignee=person).with_people()


def _watched_by(person: User) -> IssueQuerySet:
    watched = Issue.objects.visible_to(person).filter(watches__person=person).exclude(requester=person)
    return watched.open().with_people()

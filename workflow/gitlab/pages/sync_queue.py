"""The queue "GitLab sync": requests whose exchange with GitLab waits for a person, what is the matter with each, and on
top how the connection as a whole stands.

The connection to GitLab as a whole: pausing it, resuming it, trying everything again.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Any

import django_filters
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from supportops.accounts.roles import is_ops
from workflow import queues
from workflow.actions.bulk import BulkAct
from workflow.gitlab import operations
from workflow.gitlab.alarms import NEXT_STEP, alarms_for
from workflow.gitlab.forms import PauseForm
from workflow.gitlab.models import Alarm, Connection, GitLabLink, Reconciliation
from workflow.gitlab.monitoring import Health, health
from workflow.gitlab.status import fought_pulls, in_need_of_a_person, parked_pieces, reasons_of, unread_pulls
from workflow.models import Issue
from workflow.models.querysets import IssueQuerySet
from workflow.pages import queue_extensions
from workflow.pages.filters import RequestFilter
from workflow.pages.rows import rows_of
from workflow.queues import QUEUES
from workflow.states import State

SYNC = "sync"


def _operation(value: str, label: str, do: Callable[..., None]) -> BulkAct:
    def run(issue: Issue, version: int, by: User, given: Mapping[str, Any]) -> None:
        do(issue.pk, by=by)

    return BulkAct(value, label, run)


OPERATIONS = [
    _operation("retry", "Retry", operations.retry),
    _operation("skip", "Skip", operations.skip),
]


TROUBLES = [
    ("refused", "GitLab refused it"),
    ("gone", "Gone from GitLab"),
    ("fight", "Changed back and forth"),
    ("unread", "Could not be read"),
    ("piece", "A comment, file or link"),
]


class SyncFilter(RequestFilter):
    """The filters of every queue, and what is the matter first."""

    trouble = django_filters.ChoiceFilter(
        choices=TROUBLES, label="Trouble", empty_label="Any trouble", method="by_trouble"
    )

    def __init__(self, data: QueryDict, queryset: IssueQuerySet, *, person: User) -> None:
        super().__init__(data, queryset, person=person)
        others = [name for name in self.filters if name not in ("q", "trouble")]
        self.filters = OrderedDict((name, self.filters[name]) for name in ("q", "trouble", *others))

    def by_trouble(self, queryset: IssueQuerySet, name: str, value: str) -> IssueQuerySet:
        """Requests with this trouble; those with several are found by each."""
        return queryset.filter(_WITH[value])


_WITH = {
    "refused": Q(mirror__status=GitLabLink.Status.PARKED),
    "gone": Q(mirror__status=GitLabLink.Status.ORPHANED),
    "fight": Q(pk__in=fought_pulls().values("issue")),
    "unread": Q(pk__in=unread_pulls().values("issue")),
    "piece": reduce(or_, (Q(pk__in=pieces.values(issue)) for pieces, issue in parked_pieces())),
}


def register() -> None:
    """Add it to the queues of Support Operations, with a page that says more than the others'."""
    queue = queues.define(
        SYNC,
        "GitLab sync",
        "triangle-alert",
        State,
        [],
        queues.found_by_ops,
        "Requests whose GitLab issue could not be brought in step by itself.",
        condition=Q(pk__in=in_need_of_a_person()),
        ops_only=True,
    )
    queues.register(queue)
    queue_extensions.extend(
        SYNC,
        queue_extensions.Extension(
            filters=SyncFilter,
            related=("mirror", "look"),
            rows=ledger_rows,
            context=connection_context,
            acts=tuple(OPERATIONS),
            head="gitlab/_queue_head.html",
        ),
    )


def ledger_rows(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """Rows of the sync queue: as everywhere, with what is the matter, and leading to the ledger."""
    issues = list(issues)
    reasons, rows = reasons_of(issues), rows_of(issues)
    for issue, row in zip(issues, rows, strict=True):
        row["note"], row["url"] = reasons[issue.pk], reverse("sync", args=[issue.pk])
    return rows


def connection_context(person: User) -> dict[str, Any]:
    """What the sync queue shows on top: ``alarms``, and ``connection`` with its facts and the way to stop or go on."""
    now = health(person)
    standing, cleared = alarms_for(person)
    return {
        "alarms": [_alarm(alarm) for alarm in standing],
        "cleared_alarms": [_alarm(alarm) for alarm in cleared],
        "connection": {"facts": list(_facts(now)), "warning": _warning(now.connection), "actions": list(_actions(now))},
    }


def _alarm(alarm: Alarm) -> dict[str, Any]:
    """An alarm as the page shows it: what, where, why, since when, what to do."""
    issue = alarm.issue
    return {
        "id": f"alarm-{alarm.pk}",
        "what": alarm.get_kind_display(),
        "place": alarm.place,
        "reason": alarm.reason,
        "since": alarm.opened_at,
        "cleared": alarm.cleared_at,
        "next": NEXT_STEP[alarm.kind],
        "url": reverse("sync", args=[issue.pk]) if issue else "",
    }


def _warning(connection: Connection) -> str:
    """The sentence above the facts when something is wrong, or an empty text."""
    if connection.paused:
        return f"Paused: {connection.paused_reason}"
    return "GitLab does not answer. It is asked again until it does." if connection.away_since else ""


def _actions(now: Health) -> Iterator[dict[str, Any]]:
    if now.connection.paused:
        yield {"label": "Resume", "url": reverse("sync-resume"), "post": True, "variant": "primary", "icon": "send"}
    else:
        yield {"label": "Pause", "url": reverse("sync-pause"), "icon": "hourglass"}
    yield {
        "label": "Retry all that wait for a person",
        "url": reverse("sync-retry"),
        "post": True,
        "icon": "refresh-cw",
        "variant": "quiet",
    }
    yield {"label": "Label schemes", "url": reverse("label-schemes"), "icon": "tag", "variant": "quiet"}


def _facts(now: Health) -> Iterator[dict[str, Any]]:
    """The facts of the connection, as the facts component draws them."""
    connection = now.connection
    if connection.paused:
        yield {"label": "Paused since", "value": connection.paused_at, "kind": "time"}
    if connection.away_since:
        yield {"label": "Away since", "value": connection.away_since, "kind": "time"}
    if not connection.paused and not connection.away_since:
        yield {"label": "Connection", "value": "In step" if not now.waiting else "GitLab answers"}
    yield {"label": "Waiting to be sent", "value": counted(now.waiting, "request"), "none": "Nothing"}
    if now.waiting:
        yield {"label": "Oldest change waits since", "value": now.oldest, "kind": "time", "none": "A moment ago"}
    yield {"label": "Webhooks not read yet", "value": counted(now.undone_deliveries, "delivery", "deliveries")}
    for wait in now.closed:
        yield {"label": f"{wait.tracker} waits since", "value": wait.since, "kind": "time"}
    silent = ", ".join(str(cursor.tracker) for cursor in now.silent)
    if silent:
        yield {"label": "Webhooks keep silent", "value": f"{silent}. Changes there are found by asking."}
    for scope, words in Reconciliation.SCOPES:
        if scope in now.compared:
            yield {"label": f"Last compared, {words.lower()}", "value": now.compared[scope], "kind": "time"}
    yield {"label": "Periodic work last ran", "value": now.beat, "kind": "time", "none": "Never: start celery beat"}


def counted(number: int, one: str, many: str = "") -> str:
    """ "3 requests"; an empty text for none."""
    return f"{number} {one if number == 1 else many or one + 's'}" if number else ""


MOST_AT_ONCE = 500
"""Requests tried again with one press; the rest with the next."""


@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Ask for the reason, and pause the exchange with GitLab until somebody resumes it."""
    _need_ops(request.user)
    form = PauseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        operations.pause(form.cleaned_data["reason"], by=request.user)
        messages.success(request, "GitLab is paused. Everything is saved here and follows once you resume.")
        return redirect("queue", SYNC)
    queue_url = reverse("queue", args=[SYNC])
    breadcrumb = [{"label": "GitLab sync", "url": queue_url}, {"label": "Pause"}]
    context = {"form": form, "queue_url": queue_url, "breadcrumb": breadcrumb}
    return render(request, "gitlab/sync_pause.html", context, status=422 if form.errors else 200)


@require_POST
def resume(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Go on after a pause."""
    _need_ops(request.user)
    operations.resume(by=request.user)
    messages.success(request, "GitLab goes on. What was kept meanwhile follows now.")
    return redirect("queue", SYNC)


@require_POST
def retry_all(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Try again, now, whatever of the sync queue this person may see."""
    _need_ops(request.user)
    waiting = QUEUES[SYNC].of(request.user).exclude(mirror__status=GitLabLink.Status.ORPHANED).order_by("pk")
    numbers = list(waiting.values_list("pk", flat=True)[:MOST_AT_ONCE])
    for number in numbers:
        operations.retry(number, by=request.user)
    told = f"{counted(len(numbers), 'request')} tried again now." if numbers else "Nothing waits for another try."
    messages.success(request, told)
    return redirect("queue", SYNC)


def _need_ops(person: User) -> None:
    if not is_ops(person):
        raise PermissionDenied("Only Support Operations may pause or resume the exchange with GitLab.")

"""The connection to GitLab as a whole: how it stands, on the sync queue; pausing it and resuming it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from supportops.accounts.roles import is_ops
from workflow.forms.sync import PauseForm
from workflow.gitlab import operations
from workflow.gitlab.alarms import NEXT_STEP, alarms_for
from workflow.gitlab.inbound_models import Reconciliation
from workflow.gitlab.ledger import health, reasons_of
from workflow.models import Mirror
from workflow.queues import QUEUES
from workflow.views.rows import rows_of
from workflow.views.sync_bulk import SYNC

MOST_AT_ONCE = 500
"""Requests tried again with one press; the rest with the next."""


@require_http_methods(["GET", "HEAD", "POST"])
def pause(request):
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
    return render(request, "workflow/sync_pause.html", context, status=422 if form.errors else 200)


@require_POST
def resume(request):
    """Go on after a pause."""
    _need_ops(request.user)
    operations.resume(by=request.user)
    messages.success(request, "GitLab goes on. What was kept meanwhile follows now.")
    return redirect("queue", SYNC)


@require_POST
def retry_all(request):
    """Try again, now, whatever of the sync queue this person may see."""
    _need_ops(request.user)
    waiting = QUEUES[SYNC].of(request.user).exclude(mirror__status=Mirror.Status.ORPHANED).order_by("pk")
    numbers = list(waiting.values_list("pk", flat=True)[:MOST_AT_ONCE])
    for number in numbers:
        operations.retry(number, by=request.user)
    told = f"{_counted(len(numbers), 'request')} tried again now." if numbers else "Nothing waits for another try."
    messages.success(request, told)
    return redirect("queue", SYNC)


def ledger_rows(issues):
    """Rows of the sync queue: as everywhere, with what is the matter, and leading to the ledger."""
    reasons, rows = reasons_of(issues), rows_of(issues)
    for issue, row in zip(issues, rows, strict=True):
        row["note"], row["url"] = reasons[issue.pk], reverse("sync", args=[issue.pk])
    return rows


def connection_context(person):
    """What the sync queue shows on top: ``alarms``, and ``connection`` with its facts and the way to stop or go on."""
    now = health(person)
    standing, cleared = alarms_for(person)
    return {
        "alarms": [_alarm(alarm) for alarm in standing],
        "cleared_alarms": [_alarm(alarm) for alarm in cleared],
        "connection": {"facts": list(_facts(now)), "warning": _warning(now.connection), "actions": list(_actions(now))},
    }


def _alarm(alarm):
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


def _need_ops(person):
    if not is_ops(person):
        raise PermissionDenied("Only Support Operations may pause or resume the exchange with GitLab.")


def _warning(connection):
    """The sentence above the facts when something is wrong, or an empty text."""
    if connection.paused:
        return f"Paused: {connection.paused_reason}"
    return "GitLab does not answer. It is asked again until it does." if connection.away_since else ""


def _actions(now):
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


def _facts(now):
    """The facts of the connection, as the facts component draws them."""
    connection = now.connection
    if connection.paused:
        yield {"label": "Paused since", "value": connection.paused_at, "kind": "time"}
    if connection.away_since:
        yield {"label": "Away since", "value": connection.away_since, "kind": "time"}
    if not connection.paused and not connection.away_since:
        yield {"label": "Connection", "value": "In step" if not now.waiting else "GitLab answers"}
    yield {"label": "Waiting to be sent", "value": _counted(now.waiting, "request"), "none": "Nothing"}
    if now.waiting:
        yield {"label": "Oldest change waits since", "value": now.oldest, "kind": "time", "none": "A moment ago"}
    yield {"label": "Webhooks not read yet", "value": _counted(now.undone_deliveries, "delivery", "deliveries")}
    silent = ", ".join(str(cursor.tracker) for cursor in now.silent)
    if silent:
        yield {"label": "Webhooks keep silent", "value": f"{silent}. Changes there are found by asking."}
    for scope, words in Reconciliation.SCOPES:
        if scope in now.compared:
            yield {"label": f"Last compared, {words.lower()}", "value": now.compared[scope], "kind": "time"}
    yield {"label": "Periodic work last ran", "value": now.beat, "kind": "time", "none": "Never: start celery beat"}


def _counted(number, one, many=""):
    """ "3 requests"; an empty text for none."""
    return f"{number} {one if number == 1 else many or one + 's'}" if number else ""

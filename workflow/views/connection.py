"""The connection to GitLab as a whole: how it stands, on the sync queue; pausing it and resuming it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from supportops.accounts.roles import is_ops
from workflow.forms.sync import PauseForm
from workflow.gitlab import operations
from workflow.gitlab.ledger import health

SYNC_QUEUE = "sync"


@require_http_methods(["GET", "HEAD", "POST"])
def pause(request):
    """Ask for the reason, and pause the exchange with GitLab until somebody resumes it."""
    _need_ops(request.user)
    form = PauseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        operations.pause(form.cleaned_data["reason"], by=request.user)
        messages.success(request, "GitLab is paused. Everything is saved here and follows once you resume.")
        return redirect("queue", SYNC_QUEUE)
    queue_url = reverse("queue", args=[SYNC_QUEUE])
    breadcrumb = [{"label": "GitLab sync", "url": queue_url}, {"label": "Pause"}]
    context = {"form": form, "queue_url": queue_url, "breadcrumb": breadcrumb}
    return render(request, "workflow/sync_pause.html", context, status=422 if form.errors else 200)


@require_POST
def resume(request):
    """Go on after a pause."""
    _need_ops(request.user)
    operations.resume(by=request.user)
    messages.success(request, "GitLab goes on. What was kept meanwhile follows now.")
    return redirect("queue", SYNC_QUEUE)


def connection_context():
    """What the sync queue shows on top: ``connection`` with its facts, a warning, and the way to stop it or go on."""
    now = health()
    return {"connection": {"facts": list(_facts(now)), "warning": _warning(now.connection), "action": _action(now)}}


def _need_ops(person):
    if not is_ops(person):
        raise PermissionDenied("Only Support Operations may pause or resume the exchange with GitLab.")


def _warning(connection):
    """The sentence above the facts when something is wrong, or an empty text."""
    if connection.paused:
        return f"Paused: {connection.paused_reason}"
    return "GitLab does not answer. It is asked again until it does." if connection.away_since else ""


def _action(now):
    if now.connection.paused:
        return {"label": "Resume", "url": reverse("sync-resume"), "post": True, "variant": "primary", "icon": "send"}
    return {"label": "Pause", "url": reverse("sync-pause"), "icon": "hourglass"}


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
        yield {"label": "Oldest due", "value": now.oldest, "kind": "time"}
    yield {"label": "Webhooks not read yet", "value": _counted(now.undone_deliveries, "delivery", "deliveries")}
    silent = ", ".join(str(cursor.tracker) for cursor in now.silent)
    if silent:
        yield {"label": "Webhooks keep silent", "value": f"{silent}. Changes there are found by asking."}
    for row in now.compared:
        yield {"label": f"Last compared, {row.get_scope_display().lower()}", "value": row.finished_at, "kind": "time"}


def _counted(number, one, many=""):
    """ "3 requests"; an empty text for none."""
    return f"{number} {one if number == 1 else many or one + 's'}" if number else ""

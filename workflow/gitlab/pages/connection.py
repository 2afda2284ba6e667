"""The connection to GitLab as a whole: pausing it, resuming it, trying everything again."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from supportops.accounts.roles import is_ops
from workflow.gitlab import operations
from workflow.gitlab.forms import PauseForm
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.pages.sync_queue import SYNC, counted
from workflow.queues import QUEUES

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
    return render(request, "gitlab/sync_pause.html", context, status=422 if form.errors else 200)


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
    waiting = QUEUES[SYNC].of(request.user).exclude(mirror__status=GitLabLink.Status.ORPHANED).order_by("pk")
    numbers = list(waiting.values_list("pk", flat=True)[:MOST_AT_ONCE])
    for number in numbers:
        operations.retry(number, by=request.user)
    told = f"{counted(len(numbers), 'request')} tried again now." if numbers else "Nothing waits for another try."
    messages.success(request, told)
    return redirect("queue", SYNC)


def _need_ops(person):
    if not is_ops(person):
        raise PermissionDenied("Only Support Operations may pause or resume the exchange with GitLab.")

"""One page for all queues."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from supportops.accounts.roles import is_ops
from workflow.pages.bulk_steps import offered, queue_or_404
from workflow.pages.csv_export import requests_as_csv
from workflow.pages.filters import RequestFilter
from workflow.pages.lists import address_with, applied_filters, page_links
from workflow.pages.paging import page_of
from workflow.pages.queue_extensions import extension_of
from workflow.queues import ORDER, Queue, in_order


@require_safe
def queue(request: AuthenticatedHttpRequest, name: str) -> HttpResponseBase:
    """What waits in a queue for this person; ``?format=csv`` is the same list as a file."""
    found = queue_or_404(name, request.user)
    more = extension_of(name)
    filters = more.filters(request.GET, in_order(found.of(request.user)), person=request.user)
    if request.GET.get("format") == "csv":
        return requests_as_csv(found.name, filters.qs, request)
    page = page_of(filters.qs.as_rows(*more.related), ORDER, request.GET)
    return render(
        request,
        "workflow/queue.html",
        {
            "queue": found,
            "rows": more.rows(page.rows),
            "bulk": offered(found, request.user),
            "tabs": _tabs(request) if is_ops(request.user) and found.concerns is is_ops else [],
            "filters": filters,
            "applied": applied_filters(request, filters),
            "empty": _empty(found, request.user, filters),
            **page_links(request, page),
            "head": more.head,
            **more.context(request.user),
        },
    )


def _tabs(request: HttpRequest) -> list[dict[str, Any]]:
    chosen = request.GET.get("owner", "")
    views = (("", "All"), ("me", "Mine"), ("nobody", "Unassigned"))
    return [
        {"label": label, "url": address_with(request, owner=value), "current": chosen == value}
        for value, label in views
    ]


def _empty(found: Queue, person: User, filters: RequestFilter) -> dict[str, Any]:
    """What an empty page says: nothing matches, nothing waits, or nothing can ever wait for this person."""
    if filters.applied():
        return {
            "icon": "search",
            "heading": "Nothing matches these filters",
            "text": "Nothing in this queue fits all of them.",
            "action": {"label": "Clear the filters", "url": reverse("queue", args=[found.name])},
        }
    if not found.concerns(person):
        return {
            "icon": found.icon,
            "heading": "This queue is not yours to work on",
            "text": f"It holds requests for {found.meant_for}.",
            "action": {"label": "See your own requests", "url": reverse("mine")},
        }
    return {"icon": "circle-check", "heading": "Nothing waits here", "text": found.text}

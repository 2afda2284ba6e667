"""The list of everything a person may see, and search."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from supportops.accounts.http import AuthenticatedHttpRequest
from workflow.models import Issue
from workflow.pages.csv_export import requests_as_csv
from workflow.pages.filters import ListFilter, RequestFilter
from workflow.pages.paging import Page, page_of
from workflow.pages.rows import rows_of
from workflow.search import number_in, similar

MOST_SIMILAR = 10
ORDERS = {
    "newest": ("Newest first", ("-number",)),
    "oldest": ("Oldest first", ("number",)),
    "updated": ("Last changed first", ("-updated_at", "-number")),
}


@require_safe
def issues(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Every request the person may see, filtered and searched; a number leads straight to its request."""
    visible = Issue.objects.visible_to(request.user)
    number = number_in(request.GET.get("q", ""))
    if number and (wanted := visible.filter(pk=number).first()):
        return redirect(wanted)
    filters = ListFilter(request.GET, visible, person=request.user)
    asked = request.GET.get("sort")
    sort = asked if asked in ORDERS else "newest"
    order = ORDERS[sort][1]
    if request.GET.get("format") == "csv":
        return requests_as_csv("requests", filters.qs.order_by(*order), request)
    page = page_of(filters.qs.as_rows(), order, request.GET)
    words = filters.words()
    alike = [] if page.rows or not words else list(similar(visible, words).as_rows()[:MOST_SIMILAR])
    return render(
        request,
        "workflow/issues.html",
        {
            "rows": rows_of(page.rows or alike),
            "only_similar": bool(alike),
            "search_query": words,
            "filters": filters,
            "applied": applied_filters(request, filters),
            "sorts": _sorts(request, sort),
            "hidden": {} if sort == "newest" else {"sort": sort},
            "widen_url": request.path,
            "empty": _empty(filters),
            **page_links(request, page),
        },
    )


def _empty(filters: ListFilter) -> dict[str, Any]:
    if filters.applied():
        return {
            "heading": "Nothing matches these filters",
            "text": "No request you may see fits all of them.",
            "action": {"label": "Clear the filters", "url": reverse("issues")},
        }
    return {
        "heading": "No requests yet",
        "text": "Whatever anybody asks Support Operations for stands here.",
        "action": {"label": "Ask for something", "url": "/", "variant": "primary"},
    }


def _sorts(request: HttpRequest, chosen: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": address_with(request, sort=name), "current": name == chosen}
        for name, (label, _) in ORDERS.items()
    ]


def address_with(request: HttpRequest, **changes: str | None) -> str:
    """This page's address with other parameters; None removes one. Paging starts over unless it is what changes."""
    query = request.GET.copy()
    for name in ("after", "before", "format"):
        query.pop(name, None)
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def applied_filters(request: HttpRequest, filters: RequestFilter) -> list[dict[str, str]]:
    """The chips of a filter bar: each says what it does and takes itself away."""
    return [
        {"label": f"{label}: {words}" if words else label, "remove_url": address_with(request, **{name: None})}
        for name, label, words in filters.applied()
    ]


def _number_on(page: Page[Any]) -> str:
    number = len(page.rows)
    if page.before or page.after:
        return f"{number} on this page"
    return f"{number} request{'' if number == 1 else 's'}"


def page_links(request: HttpRequest, page: Page[Any]) -> dict[str, Any]:
    """The addresses of the pages around this one, of the file, and of the list without filters."""
    return {
        "previous_url": address_with(request, before=page.before) if page.before else None,
        "next_url": address_with(request, after=page.after) if page.after else None,
        "header_actions": [{"label": "CSV", "url": address_with(request, format="csv"), "icon": "download"}],
        "page_text": _number_on(page),
        "clear_url": request.path,
    }

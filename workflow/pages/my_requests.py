"""A person's own page: what waits for them first."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypedDict

from django.db.models import QuerySet, Value, prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from supportops.accounts.roles import is_ops
from workflow.models import Issue, Watch
from workflow.models.querysets import moves
from workflow.numbers import OfAPerson
from workflow.pages.paging import PAGE_SIZE
from workflow.pages.rows import rows_of, targets
from workflow.queues import ORDER, QUEUES, in_order
from workflow.states import ENDED

WAITING_QUEUES = ("approvals", "waiting", "validation")
FEW = 10
"""So many rows of what does not wait for the person; of what does, a page."""
WATCHES_READ = 200
"""Of so many of the latest watches the ones that changed last are shown; where there are more, a link leads to all."""
MORE_WATCHES = "more watches"
_BY_RANK = attrgetter(*ORDER)
_NEWEST_END = attrgetter("state_since", "number")
_NEWEST_CHANGE = attrgetter("updated_at", "number")


@require_safe
def mine(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What waits for me, what is assigned to me, what I filed, what I watch: the first of each, a link to the rest."""
    person = request.user
    parts: dict[str, list[Issue]] = defaultdict(list)
    numbers = _NUMBERS.rows(person)
    others = {one.name for one in _others}
    numbered = {number for number, part in numbers if part not in others}
    issues = Issue.objects.visible_to(person).as_rows().in_bulk(numbered)
    for number, part in numbers:
        if part not in others and number in issues:
            parts[part].append(issues[number])
    for part, (key, newest_first) in _ORDERS.items():
        parts[part].sort(key=key, reverse=newest_first)
    more = {part: len(found) > _most(part) for part, found in parts.items()}
    more["watched"] = more.get("watched", False) or any(part == MORE_WATCHES for _, part in numbers)
    prefetch_related_objects(list(issues.values()), moves())  # for all rows of the page at once
    stage_targets = targets()
    rows = {part: rows_of(found[: _most(part)], stage_targets) for part, found in parts.items()}
    finishing = [row for one in _others for row in one.read([pk for pk, part in numbers if part == one.name])]
    waiting = [{"queue": QUEUES[name], "rows": rows[name], "more": more[name]} for name in WAITING_QUEUES if rows[name]]
    return render(
        request,
        "workflow/mine.html",
        {
            **rows,
            "waiting": waiting,
            "finishing": finishing,
            "more": more,
            "is_ops": is_ops(person),
            "new": {"label": "Ask for something", "url": "/", "variant": "primary", "icon": "plus"},
            "triage": {"label": "Open triage", "url": reverse("queue", args=["triage"])},
        },
    )


class ToFinish(TypedDict):
    """Something that is no request yet, and waits for the person."""

    title: str
    url: str
    why: str


@dataclass(frozen=True)
class OtherWork:
    """What another app says waits for a person. ``ids(person)``: a few of them, depending on no more of the person than
    ``OfAPerson`` allows; ``read(ids)``: how they are shown, no query where there are none."""

    name: str
    ids: Callable[[User], QuerySet[Any]]
    read: Callable[[Sequence[int]], list[ToFinish]]


_others: list[OtherWork] = []


def register(other: OtherWork) -> None:
    """Let it stand among what waits for the person; called when the apps are ready."""
    if other not in _others:
        _others.append(other)


_ORDERS: dict[str, tuple[Callable[[Issue], Any], bool]] = {
    **dict.fromkeys((*WAITING_QUEUES, "assigned"), (_BY_RANK, False)),
    "open": (attrgetter("number"), True),
    "ended": (_NEWEST_END, True),
    "watched": (_NEWEST_CHANGE, True),
}
"""{part: what its rows are ordered by, and whether backwards}."""


def _most(part: str) -> int:
    return PAGE_SIZE if part in WAITING_QUEUES else FEW


def _first_of_each_part(person: User) -> QuerySet[Any, Any]:
    """(number, part) of as many requests of each part as a page shows, and one more.

    Whether the person may see them is asked with their rows; asked here, the planner would read all open requests.
    """
    filed = Issue.objects.filter(requester=person)
    parts = {name: in_order(QUEUES[name].of(person)) for name in WAITING_QUEUES}
    if is_ops(person):
        parts["assigned"] = in_order(Issue.objects.open().filter(assignee=person))
    parts["open"] = filed.open().order_by("-number")
    parts["ended"] = filed.filter(state__in=sorted(ENDED)).order_by("-state_since", "-number")
    lately = Watch.objects.filter(person=person).order_by("-pk").values("issue")[:WATCHES_READ]
    watched = Issue.objects.open().filter(pk__in=lately).exclude(requester=person)
    parts["watched"] = watched.order_by("-updated_at", "-number")
    lists: list[QuerySet[Any, Any]] = [
        Issue.objects.filter(pk__in=issues.values("pk")[: _most(part) + 1]).order_by().values_list("pk", Value(part))
        for part, issues in parts.items()
    ]
    one_more = Watch.objects.filter(person=person).order_by("-pk").values("pk")[WATCHES_READ : WATCHES_READ + 1]
    lists.append(Watch.objects.filter(pk__in=one_more).order_by().values_list("issue", Value(MORE_WATCHES)))
    lists += [one.ids(person).order_by().values_list("pk", Value(one.name)) for one in _others]
    return lists[0].union(*lists[1:], all=True)


_NUMBERS = OfAPerson("my_requests", _first_of_each_part)

"""The person's places with live counts, and what everybody must know; read only when a page shows them."""

from collections.abc import Callable
from typing import Any, NotRequired, TypedDict, TypeVar, cast

from django.db import DatabaseError, InterfaceError
from django.db.models import Exists
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from intake.models import Draft
from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from supportops.accounts.roles import is_ops
from workflow.gitlab.models.connection import Connection
from workflow.notifications.inbox import notices_of
from workflow.numbers import Asked, HowMany, Numbers
from workflow.queues import QUEUES, Queue, counted

AWAY = "GitLab cannot be reached. What you do is saved here and will follow."
PAUSED = "The exchange with GitLab is paused. What you do is saved here and will follow."
UNREAD = "unread_notices"
TO_FINISH = "drafts_to_finish"


T = TypeVar("T")


class MenuItem(TypedDict):
    """A place: where it leads, and how much waits there."""

    label: str
    url: str
    icon: str
    count: NotRequired[int]
    phone: NotRequired[bool]
    current: NotRequired[bool]


class MenuSection(TypedDict):
    """Places that stand together."""

    title: str
    items: list[MenuItem]


class Banner(TypedDict):
    """What everybody must know, above every page."""

    tone: str
    text: str


class _Page(AuthenticatedHttpRequest):
    """With the numbers that its menu and banners say."""

    _menu_numbers: dict[str, int]


def menu(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``menu`` (sections of places) and ``banners``, both read on first use, empty for strangers."""
    return {
        "menu": SimpleLazyObject(lambda: _unless_database_is_away(_sections, request)),
        "banners": SimpleLazyObject(lambda: _unless_database_is_away(_banners, request)),
    }


@require_safe
def refreshed(request: HttpRequest) -> HttpResponse:
    """The menu alone, for its own refresh, and with it the bar that a phone shows in its place."""
    return render(request, "portal/_places.html")


def _unless_database_is_away(read: Callable[[_Page], list[T]], request: HttpRequest) -> list[T]:
    """What ``read`` returns; nothing when the database does not answer, so that an error page can still be drawn."""
    user = getattr(request, "user", None)
    try:
        return read(cast(_Page, request)) if user is not None and user.is_authenticated else []
    except (DatabaseError, InterfaceError):
        return []


def _banners(request: _Page) -> list[Banner]:
    number = _numbers(request)
    text = PAUSED if number["gitlab_paused"] else AWAY if number["gitlab_away"] else ""
    return [{"tone": "warning", "text": text}] if text else []


def _numbers(request: _Page) -> dict[str, int]:
    """All that menu and banners say, read once per page in one query."""
    if not hasattr(request, "_menu_numbers"):
        request._menu_numbers = NUMBERS.of(request.user)
    return request._menu_numbers


def _asked(person: User) -> Asked:
    unread = notices_of(person).filter(read_at__isnull=True)
    return {
        **counted(person),
        UNREAD: HowMany(unread),
        TO_FINISH: HowMany(Draft.objects.waiting(person)),
        "gitlab_paused": Exists(Connection.objects.filter(paused_at__isnull=False)),
        "gitlab_away": Exists(Connection.objects.filter(away_since__isnull=False)),
    }


NUMBERS = Numbers(_asked)


def _sections(request: _Page) -> list[MenuSection]:
    person, here = request.user, _page_shown(request)
    number = _numbers(request)
    sections: list[MenuSection] = [
        {"title": "", "items": _places(number)},
        {"title": "Waits for you", "items": _queues(number, lambda queue: queue.concerns is not is_ops)},
        {"title": "Queues", "items": _queues(number, lambda queue: queue.concerns is is_ops)},
        {"title": "More", "items": _more(person)},
    ]
    for section in sections:
        for item in section["items"]:
            item["current"] = item["url"] == here
    return [section for section in sections if section["items"]]


def _page_shown(request: HttpRequest) -> str:
    """The path of the page the menu stands on; the refresh itself asks from another address."""
    htmx = getattr(request, "htmx", None)
    return (htmx and htmx.current_url_abs_path or request.path).split("?")[0]


def _places(number: dict[str, int]) -> list[MenuItem]:
    return [
        {"label": "Start", "url": "/", "icon": "house", "phone": True},
        {"label": "My requests", "url": reverse("mine"), "icon": "user", "phone": True},
        {"label": "Drafts", "url": reverse("drafts"), "icon": "pencil", "count": number[TO_FINISH]},
        {"label": "All requests", "url": reverse("issues"), "icon": "layers", "phone": True},
        {"label": "Inbox", "url": reverse("inbox"), "icon": "bell", "count": number[UNREAD], "phone": True},
    ]


def _queues(number: dict[str, int], wanted: Callable[[Queue], bool]) -> list[MenuItem]:
    return [
        {"label": queue.title, "url": reverse("queue", args=[name]), "icon": queue.icon, "count": number[name]}
        for name, queue in QUEUES.items()
        if name in number and wanted(queue) and (queue.always_listed or number[name])
    ]


def _more(person: User) -> list[MenuItem]:
    items: list[MenuItem] = []
    if is_ops(person):
        items.append({"label": "Reports", "url": reverse("reports"), "icon": "chart-no-axes-column"})
    if person.is_staff:
        items += [
            {"label": "People", "url": reverse("admin:accounts_user_changelist"), "icon": "users"},
            {"label": "Administration", "url": reverse("admin:index"), "icon": "settings"},
        ]
    return items

"""The person's places with live counts, and what everybody must know; read only when a page shows them."""

from django.db import DatabaseError, InterfaceError
from django.db.models import Exists, OuterRef
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from supportops.accounts.roles import is_ops
from workflow.gitlab.models import Connection
from workflow.models import Notice
from workflow.queues import QUEUES, counts, how_many
from workflow.views.inbox import readable_by

AWAY = "GitLab cannot be reached. What you do is saved here and will follow."
PAUSED = "The exchange with GitLab is paused. What you do is saved here and will follow."
UNREAD = "unread_notices"


def menu(request):
    """Context processor: ``menu`` (sections of places) and ``banners``, both read on first use, empty for strangers."""
    return {
        "menu": SimpleLazyObject(lambda: _unless_database_is_away(_sections, request)),
        "banners": SimpleLazyObject(lambda: _unless_database_is_away(_banners, request)),
    }


@require_safe
def refreshed(request):
    """The menu alone, for its own refresh, and with it the bar that a phone shows in its place."""
    return render(request, "workflow/_places.html")


def _unless_database_is_away(read, request):
    """What ``read`` returns; nothing when the database does not answer, so that an error page can still be drawn."""
    user = getattr(request, "user", None)
    try:
        return read(request) if user is not None and user.is_authenticated else []
    except (DatabaseError, InterfaceError):
        return []


def _banners(request):
    number = _numbers(request)
    text = PAUSED if number["gitlab_paused"] else AWAY if number["gitlab_away"] else ""
    return [{"tone": "warning", "text": text}] if text else []


def _numbers(request):
    """All that menu and banners say, read once per page in one query."""
    if not hasattr(request, "_menu_numbers"):
        request._menu_numbers = counts(request.user, _besides_the_queues)
    return request._menu_numbers


def _besides_the_queues(person):
    return {
        UNREAD: unread_of(person),
        "gitlab_paused": Exists(Connection.objects.filter(paused_at__isnull=False)),
        "gitlab_away": Exists(Connection.objects.filter(away_since__isnull=False)),
    }


def _sections(request):
    person, here = request.user, _page_shown(request)
    number = _numbers(request)
    sections = [
        {"title": "", "items": _places(number)},
        {"title": "Waits for you", "items": _queues(number, lambda queue: queue.concerns is not is_ops)},
        {"title": "Queues", "items": _queues(number, lambda queue: queue.concerns is is_ops)},
        {"title": "More", "items": _more(person)},
    ]
    for section in sections:
        for item in section["items"]:
            item["current"] = item["url"] == here
    return [section for section in sections if section["items"]]


def unread_of(person):
    """How many unread notices the person has, as an expression on a queryset of people."""
    return how_many(Notice.objects.filter(readable_by(person), person=OuterRef("pk"), read_at__isnull=True))


def _page_shown(request):
    """The path of the page the menu stands on; the refresh itself asks from another address."""
    htmx = getattr(request, "htmx", None)
    return (htmx and htmx.current_url_abs_path or request.path).split("?")[0]


def _places(number):
    return [
        {"label": "Start", "url": "/", "icon": "house", "phone": True},
        {"label": "My requests", "url": reverse("mine"), "icon": "user", "phone": True},
        {"label": "Drafts", "url": reverse("drafts"), "icon": "pencil"},
        {"label": "All requests", "url": reverse("issues"), "icon": "layers", "phone": True},
        {"label": "Inbox", "url": reverse("inbox"), "icon": "bell", "count": number[UNREAD], "phone": True},
    ]


def _queues(number, wanted):
    return [
        {"label": queue.title, "url": reverse("queue", args=[name]), "icon": queue.icon, "count": number[name]}
        for name, queue in QUEUES.items()
        if name in number and wanted(queue) and (queue.always_listed or number[name])
    ]


def _more(person):
    items = []
    if is_ops(person):
        items.append({"label": "Reports", "url": reverse("reports"), "icon": "chart-no-axes-column"})
    if person.is_staff:
        items += [
            {"label": "People", "url": reverse("admin:accounts_user_changelist"), "icon": "users"},
            {"label": "Administration", "url": reverse("admin:index"), "icon": "settings"},
        ]
    return items

"""What a person was told, newest first, gathered by request. Opening something changes nothing; marking as read is a
step of its own.

The page on which a person chooses what reaches them. Nothing on it is switched off by a link in a mail.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from supportops.accounts.http import AuthenticatedHttpRequest, key_in
from supportops.accounts.models import User
from supportops.ui.marks import MOST_SHOWN
from supportops.ui.prose import plain_text
from workflow.models import Issue
from workflow.models.querysets import undecidable, visible_to
from workflow.notifications.forms import TellingForm
from workflow.notifications.kinds import REMINDS_IN
from workflow.notifications.models import Notice
from workflow.notifications.sentences import ASKED, sentence_of
from workflow.pages.lists import address_with
from workflow.pages.paging import page_of
from workflow.permissions import sees_internal
from workflow.states import Court, State

_EXCERPT = 200
_UNREAD_OF_ISSUES = tuple(f"issue__{name}" for name in ("description", "gameplan", "validation_brief"))
"""Long texts of requests, which no notice shows."""


def notices_of(person: User) -> QuerySet[Notice]:
    """The notices a person may still read."""
    return Notice.objects.filter(readable_by(person), person=person)


def readable_by(person: User) -> Q:
    """A condition on notices: a request that was hidden since takes its notices with it, and who has left Support
    Operations reads no internal note any more."""
    about = visible_to(person, "issue__")
    return about if sees_internal(person) else about & (Q(comment__isnull=True) | Q(comment__internal=False))


@require_safe
def inbox(request: AuthenticatedHttpRequest) -> HttpResponse:
    """All notices, or with ``?only=unread`` those not read yet."""
    notices = notices_of(request.user)
    only_unread = request.GET.get("only") == "unread"
    unread = notices.filter(read_at__isnull=True)
    number, shown = unread.order_by()[:MOST_SHOWN].count(), unread if only_unread else notices
    shown = shown.select_related("issue", "event", "comment", "reminder", "news").defer(*_UNREAD_OF_ISSUES)
    page = page_of(shown, ("-created_at", "-pk"), request.GET)
    _read_people(page.rows)
    needing = _needing(page.rows, request.user)
    stuck = _stuck(page.rows, needing)
    told = [_shown(notice, notice.issue_id in needing, notice.issue_id in stuck) for notice in page.rows]
    return render(
        request,
        "notifications/inbox.html",
        {
            "notices": told,
            "groups": _by_subject(told),
            "unread": number,
            "tabs": [
                {"label": "All", "url": request.path, "current": not only_unread},
                {
                    "label": "Unread",
                    "url": f"{request.path}?only=unread",
                    "current": only_unread,
                    "count": number,
                },
            ],
            "only_unread": only_unread,
            "newest": page.rows[0].pk if page.rows else "",
            "previous_url": address_with(request, before=page.before) if page.before else None,
            "next_url": address_with(request, after=page.after) if page.after else None,
        },
    )


def _read_people(notices: Iterable[Notice]) -> None:
    """Whoever did or wrote what these tell of, in one query: planning a join of so many tables takes longer."""
    told = [row for notice in notices for row in (notice.event, notice.comment) if row]
    naming = [(row, name) for row in told for name in ("actor", "on_behalf_of", "author") if hasattr(row, f"{name}_id")]
    people = User.objects.in_bulk({getattr(row, f"{name}_id") for row, name in naming} - {None})
    for row, name in naming:
        setattr(row, name, people.get(getattr(row, f"{name}_id")))


def _needing(notices: Iterable[Notice], person: User) -> frozenset[int]:
    """The numbers of the requests that wait for this person's own step, among those that some notice says so of."""
    numbers = {notice.issue_id for notice in notices if notice.issue_id and notice.reason in ASKED}
    found = Issue.objects.filter(pk__in=numbers).needing(person).values_list("pk", flat=True) if numbers else ()
    return frozenset(found)


def _stuck(notices: Iterable[Notice], needing: Collection[int]) -> frozenset[int]:
    """The numbers of the requests whose decision nobody can be asked for, among those that ask for one."""
    numbers = {
        notice.issue_id
        for notice in notices
        if notice.issue and notice.issue.court == Court.APPROVER and notice.reason in ASKED
    } - set(needing)
    found = undecidable().filter(round__issue__in=numbers).values_list("round__issue", flat=True) if numbers else ()
    return frozenset(found)


def _waits(notice: Notice, needed: bool, stuck: bool) -> bool:
    """Whether the matter of an unread notice still waits; what the person or somebody else has dealt with does not."""
    if notice.read_at is not None or notice.reason not in ASKED:
        return False
    return needed or notice.news is not None or _reminds_still(notice) or _is_open_to_all(notice, stuck)


def _is_open_to_all(notice: Notice, stuck: bool) -> bool:
    """Whether it waits for Support Operations, and nobody took it yet; or for a decision that nobody is asked for."""
    issue, event = notice.issue, notice.event
    if issue is None or event is None or issue.state != event.to_state:
        return False
    if issue.court == Court.OPS:
        return issue.assignee_id is None or issue.state == State.ESCALATED
    return issue.court == Court.APPROVER and stuck


def _reminds_still(notice: Notice) -> bool:
    issue, reminder = notice.issue, notice.reminder
    return issue is not None and reminder is not None and issue.state == REMINDS_IN[reminder.kind]


def _by_subject(told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The page's notices gathered by request, news apart; what has the newest comes first.

    Why it came stands once: in front while it still waits for the person, else where it differs from the line above.
    """
    groups: dict[tuple[int | None, int | None], dict[str, Any]] = {}
    for notice in told:
        subject = (notice["issue"] and notice["issue"].pk, notice["news"] and notice["news"].pk)
        head = {"issue": notice["issue"], "title": notice["title"], "url": notice["url"], "notices": []}
        groups.setdefault(subject, head)["notices"].append(notice)
    for group in groups.values():
        notices = group["notices"]
        unread = [notice["pk"] for notice in notices if notice["unread"]]
        group["unread"], group["first_unread"] = len(unread), unread[0] if unread else None
        said = group["asks"] = next((notice["reason"] for notice in notices if notice["waits"]), "")
        for notice in notices:
            notice["says_why"], said = notice["reason"] != said, notice["reason"]
    return list(groups.values())


def _shown(notice: Notice, needed: bool, stuck: bool) -> dict[str, Any]:
    issue, news = notice.issue, notice.news
    words = _words(notice).strip()
    return {
        "pk": notice.pk,
        "issue": issue,
        "news": news,
        "title": issue.title if issue else news.title if news else "",
        "url": issue.get_absolute_url() if issue else news.path if news else "",
        "what": _what(notice, needed, stuck),
        "words": f"{words[:_EXCERPT]}…" if len(words) > _EXCERPT else words,
        "reason": notice.get_reason_display(),
        "waits": _waits(notice, needed, stuck),
        "at": notice.created_at,
        "unread": notice.read_at is None,
    }


def _words(notice: Notice) -> str:
    if notice.news:
        return notice.news.text
    if notice.reminder:
        return notice.reminder.text
    return plain_text(notice.event.text if notice.event else notice.comment.body if notice.comment else "")


def _what(notice: Notice, needed: bool, stuck: bool) -> str:
    if notice.reminder:
        return f"{notice.reminder.get_kind_display()}."
    return sentence_of(notice, notice.issue, waits=needed, stuck=stuck) if notice.issue else ""


@require_POST
def read(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Mark one notice as read."""
    notice = get_object_or_404(notices_of(request.user), pk=pk)
    Notice.objects.filter(pk=notice.pk, read_at__isnull=True).update(read_at=timezone.now())
    return redirect("inbox")


@require_POST
def read_all(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Mark everything as read that was there when the page was drawn; with ``issue``, of this request only."""
    unread = Notice.objects.filter(person=request.user, read_at__isnull=True)
    for name, lookup in (("upto", "pk__lte"), ("issue", "issue")):
        key = key_in(request.POST.get(name, ""))
        if key is not None:
            unread = unread.filter(**{lookup: key})
    number = unread.update(read_at=timezone.now())
    messages.success(request, f"{number} marked as read." if number else "Everything was read already.")
    return redirect("inbox")


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show and save the signed-in person's choices."""
    form = TellingForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your choices are saved. They hold for what happens from now on.")
        return redirect("notice-preferences")
    context = {"form": form, "missing": _missing(request.user)}
    return render(request, "notifications/preferences.html", context, status=422 if form.errors else 200)


def _missing(person: User) -> list[str]:
    """Why a channel does not reach this person, whatever they choose."""
    missing = []
    if not settings.SENDS_EMAIL:
        missing.append("This portal sends no e-mail yet. An administrator sets it up with EMAIL_URL.")
    elif not person.email:
        missing.append("You have no e-mail address here. Enter it in your settings, or no e-mail reaches you.")
    if not settings.SLACK_BOT_TOKEN:
        missing.append("This portal is in no Slack workspace yet. An administrator sets it up with SLACK_BOT_TOKEN.")
    elif not person.slack_id:
        missing.append("Your Slack member id is not known here. Ask an administrator of the portal to enter it.")
    return missing

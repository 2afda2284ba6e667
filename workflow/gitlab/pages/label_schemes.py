"""The label schemes: which is in use, what another one would change in GitLab, and changing to it."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from supportops.accounts.roles import is_ops
from workflow.gitlab.forecast import Forecast, foresee
from workflow.gitlab.models import LabelSchemeChange
from workflow.gitlab.models.connection import Connection, LabelScheme
from workflow.gitlab.relabel import MAY_CHANGE, LookedAway, begin, may_change, progress_of
from workflow.pages.access import LARGEST_NUMBER

SYNC_QUEUE = "sync"
RECENT = 10
LOOK_AGAIN = "The schemes were changed after you opened this page, so nothing was done. These are the counts now."


@require_safe
@never_cache
def schemes(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The schemes, the change that runs with how far it came, and earlier changes."""
    _need_reader(request.user)
    change = LabelSchemeChange.now()
    earlier = LabelSchemeChange.objects.filter(running=False).select_related("from_scheme", "to_scheme", "by")[:RECENT]
    context = {
        "breadcrumb": [_sync_queue(), {"label": "Label schemes"}],
        "schemes": [_scheme_row(scheme) for scheme in _with_numbers()],
        "running": _running(change) if change else None,
        "earlier": [{"change": row, "outcome": _outcome(row)} for row in earlier],
    }
    return render(request, "gitlab/label_schemes.html", context)


@require_safe
@never_cache
def scheme(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """What changing to this scheme would do, counted; nothing happens."""
    _need_reader(request.user)
    return _draw(request, _scheme_or_404(pk))


@require_POST
def change(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Change to this scheme: 403, 409 with new counts if the schemes are not as the person saw them, or done."""
    wanted = _scheme_or_404(pk)
    try:
        begin(wanted, by=request.user, token=request.POST.get("token", ""))
    except LookedAway:
        return _draw(request, wanted, warning=LOOK_AGAIN, status=409)
    messages.success(request, f"“{wanted}” is in use now. Requests in GitLab follow, behind what people do.")
    return redirect("label-schemes")


def _need_reader(person: User) -> None:
    if not is_ops(person) and not may_change(person):
        raise PermissionDenied("Label schemes are for Support Operations.")


def _scheme_or_404(pk: int) -> LabelScheme:
    found = LabelScheme.objects.filter(pk=pk).first() if pk <= LARGEST_NUMBER else None
    if found is None:
        raise Http404("There is no such label scheme.")
    return found


def _draw(
    request: AuthenticatedHttpRequest, wanted: LabelScheme, *, warning: str = "", status: int = 200
) -> HttpResponse:
    seen = foresee(wanted, person=request.user)
    context = {
        "scheme": wanted,
        "seen": seen,
        "facts": list(_facts(seen)),
        "warning": warning,
        "clashes": _clashes(seen),
        "breadcrumb": [
            _sync_queue(),
            {"label": "Label schemes", "url": reverse("label-schemes")},
            {"label": str(wanted)},
        ],
        "title": f"Label scheme {wanted}" if wanted.is_active else f"Change to {wanted}?",
        "text": _said(seen),
        "offered": seen.changing or not wanted.is_active,
        "back_url": reverse("label-schemes"),
        "action": f"Bring {_requests(seen.changing)} in line" if wanted.is_active else f"Change to {wanted}",
        "next": _next(seen),
        "disabled_reason": "" if may_change(request.user) else MAY_CHANGE,
    }
    return render(request, "gitlab/label_scheme.html", context, status=status)


def _said(seen: Forecast) -> str:
    if not seen.scheme.is_active:
        counted = "Counted from what GitLab showed last, over the requests you may see"
        return f"“{seen.active}” is in use. {counted}; nothing has happened yet."
    if seen.changing:
        return "It is in use, but some requests show something else in GitLab."
    return "It is in use, and every request that you may see shows it in GitLab."


def _facts(seen: Forecast) -> Iterator[dict[str, Any]]:
    yield {"label": "Would change", "value": f"{seen.changing:,} of {_requests(seen.requests)}", "none": "Nothing"}
    yield {"label": "Labels put on", "value": f"{seen.added:,}"}
    yield {"label": "Labels taken off", "value": f"{seen.removed:,}"}
    yield {"label": "Labels to make in GitLab", "value": f"{seen.created:,}"}
    yield {"label": "GitLab was asked for its labels", "value": seen.read_at, "kind": "time", "none": "Not yet"}
    yield {"label": "Takes at least", "value": time_in_words(seen), "none": "No time"}
    if seen.waiting:
        words = f"{_requests(seen.waiting)} on the sync queue, which follow when somebody has seen to them"
        yield {"label": "Not before a person looked", "value": words, "wide": True}


def time_in_words(seen: Forecast) -> str:
    """How long the change takes within GitLab's limits; an empty text if it changes nothing."""
    if not seen.changing:
        return ""
    hours = round(seen.minutes / 60)
    words = f"{hours} hours" if seen.minutes > 90 else f"{seen.minutes} minute{'' if seen.minutes == 1 else 's'}"
    return f"{words}, at {seen.per_minute:,} requests a minute"


def _next(seen: Forecast) -> str:
    if seen.scheme.is_active:
        return "These requests are brought to what the scheme says, behind everything people do, open ones first."
    return (
        f"From now on the portal writes “{seen.scheme}”, and reads both. Requests in GitLab follow behind everything "
        "people do, open ones first. You can go back in the same way at any time."
    )


def _clashes(seen: Forecast) -> str:
    """What the scheme cannot show, where GitLab keeps scoped labels apart or may do so."""
    if not seen.clashes or Connection.seen().premium is False:
        return ""
    pairs = "; ".join(" and ".join(names) for names in seen.clashes)
    return f"On Premium, GitLab keeps only one label of a scope on an issue, so only the first is written: {pairs}."


def _running(change: LabelSchemeChange) -> dict[str, Any]:
    progress, aside = progress_of(change), f"{change.set_aside:,}" if change.set_aside else ""
    return {
        "change": change,
        "title": f"Changing from {change.from_scheme} to {change.to_scheme}",
        "progress": progress,
        "facts": [
            {"label": "Begun by", "value": change.by, "kind": "person"},
            {"label": "Begun", "value": change.at, "kind": "time"},
            {"label": "Now", "value": progress.words},
            {"label": "Left", "value": f"{progress.left:,}", "none": "None"},
            {"label": "Wait for a person", "value": aside, "none": "None"},
        ],
        "back": {"label": f"Go back to {change.from_scheme}", "url": _address(change.from_scheme)},
    }


def _outcome(change: LabelSchemeChange) -> str:
    if change.replaced:
        return "Ended by the next change"
    aside = f", {change.set_aside:,} waited for a person" if change.set_aside else ""
    return f"{_requests(change.requests)} followed{aside}"


def _with_numbers() -> QuerySet[LabelScheme]:
    return LabelScheme.objects.annotate(number=Count("labels", filter=Q(labels__alias=False))).order_by("name")


def _scheme_row(row: LabelScheme) -> dict[str, Any]:
    return {"scheme": row, "action": {"label": "See changes", "url": _address(row), "size": "small"}}


def _address(row: LabelScheme) -> str:
    return reverse("label-scheme", args=[row.pk])


def _sync_queue() -> dict[str, str]:
    return {"label": "GitLab sync", "url": reverse("queue", args=[SYNC_QUEUE])}


def _requests(number: int) -> str:
    return f"{number:,} request{'' if number == 1 else 's'}"

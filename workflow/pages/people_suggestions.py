"""People and teams while their names are typed: after “@” in a comment, and where a form asks for them."""

from typing import TypedDict

from django.http import JsonResponse
from django.views.decorators.http import require_safe

from supportops.accounts.directory import MOST_SUGGESTED, people_like, suggested
from supportops.accounts.http import AuthenticatedHttpRequest, key_in
from supportops.accounts.models import User
from workflow.actions.participation import groups_like
from workflow.models import Issue
from workflow.permissions import may_see

LONGEST_NAME = 100


class Suggestion(TypedDict):
    """``label`` is shown, ``insert`` is typed in the place of what was typed so far."""

    label: str
    insert: str


@require_safe
def suggest(request: AuthenticatedHttpRequest) -> JsonResponse:
    """``?q=`` what was typed; ``for=names`` people and teams, ``for=mention`` whom a comment may call; with
    ``issue=`` only people who may see that request."""
    typed = request.GET.get("q", "")[:LONGEST_NAME].replace("\x00", "")
    if request.GET.get("for") == "names":
        found: list[Suggestion] = [{"label": name, "insert": name} for name in suggested(typed)]
    else:
        found = _callable(typed, request.GET.get("issue", ""), request.user)
    return JsonResponse({"found": found})


def _callable(typed: str, number: str, person: User) -> list[Suggestion]:
    if not typed.strip():
        return []
    issue = _issue(number, person)
    people = [one for one in people_like(typed) if not number or (issue and may_see(one, issue))]
    found: list[Suggestion] = [{"label": f"{one} @{one.username}", "insert": f"@{one.username}"} for one in people]
    found += [{"label": f"{name} @{handle}", "insert": f"@{handle}"} for name, handle in groups_like(typed)]
    return found[:MOST_SUGGESTED]


def _issue(number: str, person: User) -> Issue | None:
    """The request that is written about; None where it is hidden from who asks, so that nothing is told of it."""
    key = key_in(number)
    return None if key is None else Issue.objects.visible_to(person).filter(pk=key).first()

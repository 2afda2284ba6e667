"""The only way a page comes by a request: through the check who may see it. Hidden means 404, word for word."""

from typing import Protocol

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.models import User
from workflow.models import Issue
from workflow.pages import panels
from workflow.permissions import may_see

LARGEST_NUMBER = 2**63 - 1
RELATED = ("route", "tracker", "milestone", "restricted_to")
"""What is read with a request. Its people are read apart: planning a join of so many tables takes longer than that."""


class Labelled(Protocol):
    """What is done, as a button names it: a verb, an act, or an app's own operation."""

    @property
    def label(self) -> str:
        """The button's words."""


def visible_issue(request: AuthenticatedHttpRequest, number: int, *also: str) -> Issue:
    """The request with this number, with its people and places, and what is related by the names in ``also``.

    Http404 if it does not exist for the person.
    """
    known = Issue.objects.select_related(*RELATED, *panels.related(), *also)
    issue = known.filter(pk=number).first() if 0 < number <= LARGEST_NUMBER else None
    if issue is None or not may_see(request.user, issue):
        raise no_such_request()
    issue.know(User.objects.in_bulk(issue.people_ids))
    return issue


def no_such_request() -> Http404:
    """What is raised for an unknown and for a hidden number alike."""
    return Http404("There is no such request.")


def refused(request: HttpRequest, issue: Issue, act: Labelled, reason: str) -> HttpResponse:
    """The 403 page: the sentence of the refusal, and the way back to the request."""
    context = {
        "heading": f"“{act.label}” is not open to you now",
        "reason": reason,
        "back_url": issue.get_absolute_url(),
    }
    return render(request, "403.html", context, status=403)

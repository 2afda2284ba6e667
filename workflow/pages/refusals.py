"""One place where the door's no becomes a page: hidden 404, stale 409, refused 403 (domain.md §3, order of checks)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from workflow.actions import Refused, Stale


class RefusalsBecomePages:
    """Answers Stale with 409 and Refused with 403, each saying what is the matter and what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Django calls this for an exception that a view let through."""
        if isinstance(error, Stale):
            return render(request, "409.html", {"issue": error.issue, "reason": str(error)}, status=409)
        if isinstance(error, Refused):
            return render(request, "403.html", {"reason": str(error), "exception": str(error)}, status=403)
        return None

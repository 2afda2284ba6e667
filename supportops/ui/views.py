"""The gallery (staff only), the choice of colours, and the pages for what went wrong."""

import errno
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from supportops.ui import gallery as samples

THEMES = ("system", "light", "dark")
YEAR_SECONDS = 31536000
COME_AGAIN_SECONDS = 30
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def staff_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 404 to everybody else: what may not be seen is as if it did not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@staff_only
@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    return render(request, "ui/gallery.html", samples.gallery())


@staff_only
@require_GET
def sample(request: HttpRequest, page: str) -> HttpResponse:
    """A whole page put together from components: request, queue, form, guide, start, empty."""
    if page not in samples.PAGES:
        raise Http404
    return render(request, f"ui/sample_{page}.html", samples.PAGES[page]())


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the choice of colours in a cookie and go back to where the person was."""
    chosen = request.POST.get("theme")
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    if chosen in THEMES:
        # Readable by scripts on purpose: frame.js writes the same cookie to spare a round trip.
        response.set_cookie("theme", chosen, max_age=YEAR_SECONDS, samesite="Lax")
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such page, no such request, or one that must not be known to exist. All three look the same."""
    return render(request, "404.html", status=404)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 with the reason given to PermissionDenied, if there was one."""
    return render(request, "403.html", {"reason": str(exception or "")}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that is too old; somebody signed out meanwhile is shown the way back in."""
    page = "403_csrf.html" if request.user.is_authenticated else "signed_out.html"
    return render(request, page, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 without database and context processors, with the reference that stands in the log beside the error.

    503 where nothing is wrong with the request: the database is away or busy, or the disk is full. Whoever balances the
    load may ask another host, and the same form may be sent again.
    """
    reference = structlog.contextvars.get_contextvars().get("request_id", "")
    if not _will_pass(sys.exception()):
        return HttpResponse(render_to_string("500.html", {"reference": reference}), status=500)
    page = render_to_string("503.html", {"reference": reference})
    return HttpResponse(page, status=503, headers={"Retry-After": str(COME_AGAIN_SECONDS)})


def _will_pass(error: BaseException | None) -> bool:
    """Whether what failed is the ground the portal stands on: its database or its disk."""
    full = isinstance(error, OSError) and error.errno in FULL
    return full or isinstance(error, (OperationalError, InterfaceError))

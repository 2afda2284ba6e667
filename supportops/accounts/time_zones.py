"""The time zones this machine knows."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from django.http import HttpRequest

    from supportops.accounts.models import User

COOKIE = "time_zone"
"""What the browser says of itself (frame.js), as soon as it shows the page of sign-in."""


@cache
def time_zones() -> frozenset[str]:
    """Their IANA names; looked for once, because that opens hundreds of files, and every page asks."""
    return frozenset(zoneinfo.available_timezones())


def learn_from_browser(sender: object, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Receives user_logged_in: whoever never said a time zone gets their browser's, once."""
    said = unquote(request.COOKIES.get(COOKIE, "")) if request else ""
    if not user.time_zone_known and said in time_zones():
        user.time_zone, user.time_zone_known = said, True
        user.save(update_fields=["time_zone", "time_zone_known"])

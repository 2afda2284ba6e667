"""A form that was sent while signed out: kept in the session, and filled in again after the sign-in."""

import json

from django.http import HttpRequest

from intake.models import Texts

_PLACE = "kept_form"
LONGEST = 200_000
"""Characters. Sessions are written for anybody who asks, so this stays small; longer texts are in the draft already."""


def keep(request: HttpRequest, key: str) -> bool:
    """Remember what was posted to the form ``key``. Returns whether it could be kept; files never are."""
    posted = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    if len(json.dumps(posted)) > LONGEST:
        return False
    request.session[_PLACE] = {"key": key, "posted": posted}
    return True


def kept(request: HttpRequest, key: str) -> Texts | None:
    """What was remembered for the form ``key`` ({name: [texts]}), or None."""
    remembered = request.session.get(_PLACE)
    return remembered["posted"] if remembered and remembered["key"] == key else None


def forget(request: HttpRequest) -> None:
    """It is saved as a draft now, or filed."""
    request.session.pop(_PLACE, None)

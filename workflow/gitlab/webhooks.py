"""``POST /hooks/gitlab/``: verifies, stores the raw delivery, answers. Understanding it is somebody else's work.

GitLab switches a hook off after four failures in a row, whatever their kind (gitlab.md §6), so everything authentic is
answered with 2xx, wanted or not.
"""

import hashlib
import json
import time
from contextlib import suppress

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from workflow.crashpoints import crashpoint
from workflow.gitlab.inbound_models import Delivery, Refusal
from workflow.gitlab.rings import ring
from workflow.gitlab.signatures import authentic

log = structlog.get_logger(__name__)
LARGEST_BODY = 25 * 2**20
"""Bytes; GitLab sends no more (gitlab.md §6)."""


@login_not_required
@csrf_exempt
@require_POST
def receive(request):
    """Take in one webhook: 200 stored (or known), 401 not GitLab's, 413 and 400 unreadable, 503 no database."""
    if _length(request) > LARGEST_BODY:
        return _answer(413, "Larger than 25 MB.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return _answer(400, "Send it uncompressed.")
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        return _answer(413, "Larger than 25 MB.")
    if reason := _not_gitlab(request, body):
        return _turn_away(reason)
    text = _json_text(body)
    if text is None:
        return _answer(400, "Not a JSON object.")
    try:
        return _store(request, text)
    except (OperationalError, InterfaceError):
        return _answer(503, "The database is away; send it again.")


def _length(request):
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdecimal() else 0


def _not_gitlab(request, body):
    return authentic(
        request.headers,
        body,
        signing_tokens=settings.GITLAB_WEBHOOK_SIGNING_TOKEN,
        secrets=settings.GITLAB_WEBHOOK_SECRET,
        now=time.time(),
    )


def _turn_away(reason):
    log.warning("webhook_refused", reason=reason)
    with suppress(DatabaseError, InterfaceError):  # counting is worth no failure
        Refusal.add(reason)
    return _answer(401, "Not signed by this portal's GitLab.")


def _json_text(body):
    """The body as text if it is a JSON object, else None; nesting deeper than anything sane is not read."""
    try:
        text = body.decode("utf-8")
        return text if isinstance(json.loads(text), dict) else None
    except (ValueError, RecursionError):
        return None


def _store(request, text):
    now = timezone.now()
    event = request.headers.get("X-Gitlab-Event", "")[:80]
    try:
        with transaction.atomic():
            delivery = Delivery.objects.create(
                key=_key(request, text), event=event, body=text, received_at=now, due_at=now
            )
    except IntegrityError:
        return _answer(200, "Known.")
    crashpoint("hook_stored")
    ring("take_in_delivery", delivery.pk)
    return _answer(200, "Stored.")


def _key(request, text):
    """What every repetition of this delivery shares. GitLab before 17.4 names none; then its words are."""
    for name in ("Idempotency-Key", "webhook-id"):
        if given := request.headers.get(name, "").replace("\x00", "").strip():
            return given if len(given) <= 255 else hashlib.sha256(given.encode("utf-8", "surrogateescape")).hexdigest()
    return (
        f"{request.headers.get('X-Gitlab-Webhook-UUID', '')[:100]} {hashlib.sha256(text.encode()).hexdigest()}".strip()
    )


def _answer(status, words):
    return HttpResponse(words + "\n", status=status, content_type="text/plain; charset=utf-8")

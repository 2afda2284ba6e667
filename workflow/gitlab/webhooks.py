"""Whether a webhook is GitLab's: Standard Webhooks signatures, or the plain secret token. Pure.

Several secrets may hold at once, so that one can be rotated. A request that carries a signature is judged by it
alone.

``POST /hooks/gitlab/``: verifies, stores the raw delivery, answers. Understanding it is somebody else's work.

GitLab switches a hook off after four failures in a row, whatever their kind (gitlab.md §6), so everything authentic
is answered with 2xx, wanted or not.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from workflow.crashpoints import crashpoint
from workflow.enqueue import enqueue
from workflow.gitlab.models.inbound import RejectedWebhook, WebhookDelivery

TOLERANCE = 300
"""Seconds a signed delivery may be old, or early."""


def authentic(
    headers: Mapping[str, str], body: bytes, *, signing_tokens: Iterable[str], secrets: Iterable[str], now: float
) -> str:
    """Why the delivery is not GitLab's, as one word to count it under, or "" if it is.

    ``headers``: a case-insensitive mapping; ``body``: the raw bytes; ``now``: unix time.
    """
    if "webhook-signature" in headers:
        return _signed(headers, body, signing_tokens, now)
    token = headers.get("X-Gitlab-Token")
    if token is None:
        return "unsigned"
    given = token.encode("utf-8", "surrogateescape")
    known = [hmac.compare_digest(given, secret.encode()) for secret in secrets if secret]
    return "" if any(known) else "token"


def _signed(headers: Mapping[str, str], body: bytes, signing_tokens: Iterable[str], now: float) -> str:
    message_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not (sent_at.isascii() and sent_at.isdecimal()) or len(sent_at) > 12:
        return "signature"
    if abs(now - int(sent_at)) > TOLERANCE:
        return "stale"
    signed = f"{message_id}.{sent_at}.".encode("utf-8", "surrogateescape") + body
    given = [part[3:] for part in headers["webhook-signature"].split() if part.startswith("v1,")]
    expected = [_signature(key, signed) for key in map(_signing_key, signing_tokens) if key]
    matches = [
        hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other) for one in given for other in expected
    ]
    return "" if any(matches) else "signature"


def _signing_key(signing_token: str) -> bytes | None:
    """The bytes of a ``whsec_…`` token, or None if it is none."""
    try:
        return base64.b64decode(signing_token.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return None


def _signature(key: bytes, signed: bytes) -> bytes:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())


log = structlog.get_logger(__name__)
LARGEST_BODY = 25 * 2**20
"""Bytes; GitLab sends no more (gitlab.md §6)."""


@login_not_required
@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
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


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdecimal() else 0


def _not_gitlab(request: HttpRequest, body: bytes) -> str:
    return authentic(
        request.headers,
        body,
        signing_tokens=settings.GITLAB_WEBHOOK_SIGNING_TOKEN,
        secrets=settings.GITLAB_WEBHOOK_SECRET,
        now=time.time(),
    )


def _turn_away(reason: str) -> HttpResponse:
    log.warning("webhook_refused", reason=reason)
    with suppress(DatabaseError, InterfaceError):  # counting is worth no failure
        RejectedWebhook.add(reason)
    return _answer(401, "Not signed by this portal's GitLab.")


def _json_text(body: bytes) -> str | None:
    """The body as text if it is a JSON object, else None; nesting deeper than anything sane is not read."""
    try:
        text = body.decode("utf-8")
        return text if isinstance(json.loads(text), dict) else None
    except (ValueError, RecursionError):
        return None


def _store(request: HttpRequest, text: str) -> HttpResponse:
    now = timezone.now()
    event = request.headers.get("X-Gitlab-Event", "")[:80]
    try:
        with transaction.atomic():
            delivery = WebhookDelivery.objects.create(
                key=_key(request, text), event=event, body=text, received_at=now, due_at=now
            )
    except IntegrityError:
        return _answer(200, "Known.")
    crashpoint("hook_stored")
    enqueue("workflow.gitlab.tasks.take_in_delivery", delivery.pk)
    return _answer(200, "Stored.")


def _key(request: HttpRequest, text: str) -> str:
    """What every repetition of this delivery shares. GitLab before 17.4 names none; then its words are."""
    for name in ("Idempotency-Key", "webhook-id"):
        if given := request.headers.get(name, "").replace("\x00", "").strip():
            return given if len(given) <= 255 else hashlib.sha256(given.encode("utf-8", "surrogateescape")).hexdigest()
    return (
        f"{request.headers.get('X-Gitlab-Webhook-UUID', '')[:100]} {hashlib.sha256(text.encode()).hexdigest()}".strip()
    )


def _answer(status: int, words: str) -> HttpResponse:
    return HttpResponse(words + "\n", status=status, content_type="text/plain; charset=utf-8")

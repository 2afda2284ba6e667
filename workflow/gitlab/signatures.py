"""Whether a webhook is GitLab's: Standard Webhooks signatures, or the plain secret token. Pure.

Several secrets may hold at once, so that one can be rotated. A request that carries a signature is judged by it alone.
"""

import base64
import binascii
import hashlib
import hmac

TOLERANCE = 300
"""Seconds a signed delivery may be old, or early."""


def authentic(headers, body, *, signing_tokens, secrets, now):
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


def _signed(headers, body, signing_tokens, now):
    message_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not (sent_at.isascii() and sent_at.isdecimal()) or len(sent_at) > 12:
        return "signature"
    if abs(now - int(sent_at)) > TOLERANCE:
        return "stale"
    signed = f"{message_id}.{sent_at}.".encode("utf-8", "surrogateescape") + body
    given = [part[3:] for part in headers["webhook-signature"].split() if part.startswith("v1,")]
    expected = [_signature(key, signed) for key in map(_key, signing_tokens) if key]
    matches = [
        hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other) for one in given for other in expected
    ]
    return "" if any(matches) else "signature"


def _key(signing_token):
    """The bytes of a ``whsec_…`` token, or None if it is none."""
    try:
        return base64.b64decode(signing_token.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return None


def _signature(key, signed):
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())

"""Webhooks as GitLab sends them: signed, or with the plain token."""

import base64
import hashlib
import hmac
import json
import time

SECRET = "plain-secret"
SIGNING_TOKEN = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER_TOKEN = "whsec_" + base64.b64encode(b"o" * 32).decode()
PATH = "/hooks/gitlab/"


def signature(body, *, token=SIGNING_TOKEN, key="key-1", at=None):
    """One ``v1,…`` over id, time and body."""
    at = int(time.time() if at is None else at)
    digest = hmac.new(base64.b64decode(token[6:]), f"{key}.{at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def signed(body, *, token=SIGNING_TOKEN, key="key-1", at=None, signatures=None):
    """The headers of a signed delivery."""
    at = int(time.time() if at is None else at)
    return {
        "webhook-id": key,
        "webhook-timestamp": str(at),
        "webhook-signature": signatures or signature(body, token=token, key=key, at=at),
        "Idempotency-Key": key,
    }


def tokened(key="key-1", secret=SECRET):
    """The headers of a delivery with the plain token."""
    return {"X-Gitlab-Token": secret, "Idempotency-Key": key}


def send(client, body, headers, event="Issue Hook"):
    """POST a body (bytes, or a dict for JSON) as a webhook."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = headers(raw) if callable(headers) else headers
    return client.post(PATH, raw, content_type="application/json", headers={"X-Gitlab-Event": event, **headers})


def issue_body(project_id=1, iid=1, by=7, **attributes):
    """An issue event, as much of it as matters."""
    return {
        "object_kind": "issue",
        "event_type": "issue",
        "user": {"id": by, "username": "ops"},
        "project": {"id": project_id},
        "object_attributes": {"id": 1, "iid": iid, "project_id": project_id, "action": "update", **attributes},
    }

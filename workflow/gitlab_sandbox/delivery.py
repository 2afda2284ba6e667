"""Webhooks, the outer half: threads that take the queue from disk and POST, sign, log, and switch failing hooks off.

As on a real GitLab a failed delivery is logged and not tried again. The queue survives kill -9; what was
under way then is sent again after the restart (with the same Idempotency-Key). Tests switch on a mischief: deliveries
are lost, sent twice, or gathered and sent newest first.
"""

import base64
import hashlib
import hmac
import http.client
import json
import logging
import sqlite3
import ssl
import threading
import time
import uuid
from datetime import timedelta
from urllib.parse import urlsplit

from workflow.gitlab_sandbox.clock import stamp
from workflow.gitlab_sandbox.session import VERSION

log = logging.getLogger(__name__)
TIMEOUT = 10  # seconds, GitLab's own
PATIENCE = 2  # seconds a closing sandbox waits for hooks under way; they stay queued and leave after the next start
WORKERS = 4
FAILURES_ALLOWED, FAILURES_FOR_EVER = 4, 40
LONGEST_PAUSE = timedelta(hours=24)
KEPT_BODY = 8 * 1024
LOSE, DOUBLE, REORDER = "lose", "double", "reorder"
MISCHIEFS = (LOSE, DOUBLE, REORDER)
GATHERED = 3  # as many are kept back while they are reordered; the rest leaves when that ends


class Deliverer:
    def __init__(self, store, clock, base_url):
        self.store, self.clock, self.base_url = store, clock, base_url
        self._claiming, self._due = threading.Lock(), threading.Event()
        self._under_way = set()
        self.mischief = None
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"sandbox-hooks-{n}", daemon=True) for n in range(WORKERS)
        ]

    def start(self):
        for thread in self._threads:
            thread.start()

    def wake(self):
        """Something is queued. Takes no lock: it is called with the store's held."""
        self._due.set()

    def close(self):
        self._closing.set()
        self._due.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=PATIENCE)

    def idle(self):
        """Whether nothing is queued or under way."""
        return not self._under_way and not self.store.value("SELECT COUNT(*) FROM hook_queue")

    def send_now(self, hook_id, entry):
        """Send one delivery at once; returns (status, whether it went well)."""
        return self._deliver(self.store.get("hooks", hook_id), entry, respect_pause=False)

    def _work(self):
        try:
            while (entry := self._next()) is not None:
                self._send(entry)
        except sqlite3.ProgrammingError:
            if not self._closing.is_set():  # the store was closed under a hook that took its time
                raise

    def _send(self, entry):
        try:
            hook = self.store.get("hooks", entry["hook_id"])
            if hook and self.mischief != LOSE:
                self._deliver(hook, entry)
                if self.mischief == DOUBLE:
                    self._deliver(hook, entry)
        except sqlite3.ProgrammingError:
            raise
        except Exception:
            log.exception("The sandbox could not send hook %s", entry["hook_id"])
        self.store.run("DELETE FROM hook_queue WHERE id = ?", entry["id"])
        self._under_way.discard(entry["id"])

    def _next(self):
        """The oldest entry nobody has under way; waits for one. None when the sandbox closes."""
        while not self._closing.is_set():
            self._due.clear()  # before looking, so that what comes after the look wakes us again
            with self._claiming:
                for entry in self._candidates():
                    if entry["id"] not in self._under_way:
                        self._under_way.add(entry["id"])
                        self._due.set()  # there may be more: let another look
                        return entry
            self._due.wait(timeout=1)
        self._due.set()
        return None

    def _candidates(self):
        if self.mischief != REORDER:
            return self.store.all("SELECT * FROM hook_queue ORDER BY id LIMIT ?", WORKERS + 1)
        newest = self.store.all("SELECT * FROM hook_queue ORDER BY id DESC LIMIT ?", WORKERS + GATHERED + 1)
        return newest if len(newest) > GATHERED else []

    def _deliver(self, hook, entry, respect_pause=True):
        until = hook["disabled_until"]
        if respect_pause and until and (until == "never" or until > stamp(self.clock.now())):
            return "disabled", False  # dropped, not kept for later
        headers = self._headers(hook, entry)
        began = time.monotonic()
        status, answered, body = _post(hook["url"], entry["body"].encode(), headers, json.loads(hook["options"]))
        ok = status[:1] in ("2", "3")
        with self.store.transaction():
            if self.store.get("hooks", hook["id"]) is None:
                return status, ok  # deleted meanwhile, its log with it
            self._log(hook, entry, headers, status, answered, body, time.monotonic() - began)
            self._count(hook["id"], ok)
        return status, ok

    def _headers(self, hook, entry):
        options = json.loads(hook["options"])
        headers = {one["key"]: one["value"] for one in options.get("custom_headers") or []}
        headers |= {
            "Content-Type": "application/json",
            "User-Agent": f"GitLab/{VERSION}",
            "X-Gitlab-Event": entry["event_header"],
            "X-Gitlab-Webhook-UUID": str(uuid.uuid4()),
            "X-Gitlab-Instance": self.base_url,
            "X-Gitlab-Event-UUID": entry["event_uuid"],
            "Idempotency-Key": entry["idempotency_key"],
        }
        if hook["token"]:
            headers["X-Gitlab-Token"] = hook["token"]
        if hook["signing_token"]:
            headers |= signature(
                hook["signing_token"],
                entry["idempotency_key"],
                int(self.clock.now().timestamp()),
                entry["body"].encode(),
            )
        return headers

    def _log(self, hook, entry, headers, status, answered, body, seconds):
        shown = {key: "[REDACTED]" if key == "X-Gitlab-Token" else value for key, value in headers.items()}
        self.store.insert(
            "hook_deliveries",
            hook_id=hook["id"],
            trigger_name=entry["trigger_name"],
            event_header=entry["event_header"],
            url=hook["url"],
            request_headers=json.dumps(shown),
            request_data=entry["body"],
            response_headers=json.dumps(answered),
            response_body=body,
            response_status=status,
            execution_duration=round(seconds, 4),
            event_uuid=entry["event_uuid"],
            idempotency_key=entry["idempotency_key"],
            created_at=stamp(self.clock.now()),
        )

    def _count(self, hook_id, ok):
        """Four failures in a row switch a hook off for a minute, doubling to a day; forty for good."""
        hook = self.store.get("hooks", hook_id)
        if ok or hook is None or not self.store.setting("hook_auto_disable", True):
            self.store.run("UPDATE hooks SET failures = 0, backoffs = 0, disabled_until = NULL WHERE id = ?", hook_id)
            return
        failures, backoffs, until = hook["failures"] + 1, hook["backoffs"], None
        if failures >= FAILURES_FOR_EVER:
            until = "never"
        elif failures >= FAILURES_ALLOWED:
            until = stamp(self.clock.now() + min(timedelta(minutes=2**backoffs), LONGEST_PAUSE))
            backoffs = min(backoffs + 1, 11)
        self.store.update("hooks", hook_id, failures=failures, backoffs=backoffs, disabled_until=until)


def signature(secret, message_id, timestamp, body):
    """The three Standard Webhooks headers: HMAC-SHA256 over `id.timestamp.body` with the base64 part of `whsec_…`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _post(url, body, headers, options):
    """(status or "internal error", response headers, start of the response body)."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            if not options.get("enable_ssl_verification", True):
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT, context=context)
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)
        try:
            connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
            response = connection.getresponse()
            return (
                str(response.status),
                dict(response.getheaders()),
                response.read(KEPT_BODY).decode("utf-8", "replace"),
            )
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as failed:
        return "internal error", {}, str(failed)

"""Sending webhooks: a queue on disk, and threads that POST from it, sign, and switch failing hooks off.

As on a real GitLab a failed delivery is not tried again. The queue survives kill -9; what was under way then is sent
again after the restart (with the same Idempotency-Key).
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
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from workflow.gitlab_sandbox.clock import stamp
from workflow.gitlab_sandbox.session import VERSION, Session
from workflow.gitlab_sandbox.store import Row, Store

log = logging.getLogger(__name__)
HEADERS = {
    "issues_events": "Issue Hook",
    "confidential_issues_events": "Confidential Issue Hook",
    "note_events": "Note Hook",
    "confidential_note_events": "Confidential Note Hook",
    "milestone_events": "Milestone Hook",
}
TIMEOUT = 10  # seconds, GitLab's own
PATIENCE = 2  # seconds a closing sandbox waits for hooks under way; they stay queued and leave after the next start
WORKERS = 4
FAILURES_ALLOWED, FAILURES_FOR_EVER = 4, 40
LONGEST_PAUSE = timedelta(hours=24)


def entry(session: Session, hook: Row, trigger: str, body: Row) -> Row:
    """One delivery to be: what the queue holds of it."""
    ids = {"event_uuid": str(uuid.uuid4()), "idempotency_key": str(uuid.uuid4())}
    said = {"trigger_name": trigger, "event_header": HEADERS[trigger], "body": json.dumps(body)}
    return {"hook_id": hook["id"], **said, **ids, "created_at": session.now()}


def fire(session: Session, project: Row, trigger: str, body: Row) -> None:
    """Tell the project's hooks that want to know; they are sent once the present transaction is committed."""
    for hook in session.store.all("SELECT * FROM hooks WHERE project_id = ?", project["id"]):
        if json.loads(hook["options"]).get(trigger):
            session.store.insert("hook_queue", **entry(session, hook, trigger, body))
            session.store.after_commit(session.wake_hooks)


class Deliverer:
    """The threads that send what is queued. A subclass may choose what is sent next, how often, and whether."""

    def __init__(self, store: Store, base_url: str, clock: Callable[[], datetime]):
        self.store, self.base_url, self._clock = store, base_url, clock
        self._claiming, self._due = threading.Lock(), threading.Event()
        self._under_way: set[int] = set()
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"sandbox-hooks-{n}", daemon=True) for n in range(WORKERS)
        ]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something is queued. Takes no lock: it is called with the store's held."""
        self._due.set()

    def close(self) -> None:
        """Send no more; what is under way gets a moment."""
        self._closing.set()
        self._due.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=PATIENCE)

    def candidates(self) -> list[Row]:
        """What is to be sent next: the oldest that is queued, first."""
        return self.store.all("SELECT * FROM hook_queue ORDER BY id LIMIT ?", WORKERS + 1)

    def send(self, hook: Row, entry: Row) -> None:
        """Send one delivery, unless its hook is switched off: then it is dropped, not kept for later."""
        until = hook["disabled_until"]
        if not until or (until != "never" and until <= stamp(self._clock())):
            self.send_now(hook, entry)

    def send_now(self, hook: Row, entry: Row) -> tuple[str, bool]:
        """Send one delivery whatever became of earlier ones; returns (status, whether it went well)."""
        options = json.loads(hook["options"])
        body = entry["body"].encode()
        status = _post(hook["url"], body, self._headers(hook, entry, body), options)
        ok = status[:1] in ("2", "3")
        with self.store.transaction():
            self._count(hook["id"], ok)
        return status, ok

    def _work(self) -> None:
        try:
            while (entry := self._next()) is not None:
                self._take_out(entry)
        except sqlite3.ProgrammingError:
            if not self._closing.is_set():  # the store was closed under a hook that took its time
                raise

    def _take_out(self, entry: Row) -> None:
        try:
            if hook := self.store.get("hooks", entry["hook_id"]):
                self.send(hook, entry)
        except sqlite3.ProgrammingError:
            raise
        except Exception:
            log.exception("The sandbox could not send hook %s", entry["hook_id"])
        self.store.delete("hook_queue", entry["id"])
        self._under_way.discard(entry["id"])

    def _next(self) -> Row | None:
        """A candidate nobody has under way; waits for one. None when the sandbox closes."""
        while not self._closing.is_set():
            self._due.clear()  # before looking, so that what comes after the look wakes us again
            with self._claiming:
                for entry in self.candidates():
                    if entry["id"] not in self._under_way:
                        self._under_way.add(entry["id"])
                        self._due.set()  # there may be more: let another look
                        return entry
            self._due.wait(timeout=1)
        self._due.set()
        return None

    def _headers(self, hook: Row, entry: Row, body: bytes) -> dict[str, str]:
        key = entry["idempotency_key"]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"GitLab/{VERSION}",
            "X-Gitlab-Event": entry["event_header"],
            "X-Gitlab-Webhook-UUID": str(uuid.uuid4()),
            "X-Gitlab-Instance": self.base_url,
            "X-Gitlab-Event-UUID": entry["event_uuid"],
            "Idempotency-Key": key,
        }
        if hook["token"]:
            headers["X-Gitlab-Token"] = hook["token"]
        if hook["signing_token"]:
            headers |= signature(hook["signing_token"], key, int(self._clock().timestamp()), body)
        return headers

    def _count(self, hook_id: int, ok: bool) -> None:
        """Four failures in a row switch a hook off for a minute, doubling to a day; forty for good."""
        hook = self.store.get("hooks", hook_id)
        if ok or hook is None:
            self.store.run("UPDATE hooks SET failures = 0, backoffs = 0, disabled_until = NULL WHERE id = ?", hook_id)
            return
        failures, backoffs, until = hook["failures"] + 1, hook["backoffs"], None
        if failures >= FAILURES_FOR_EVER:
            until = "never"
        elif failures >= FAILURES_ALLOWED:
            until = stamp(self._clock() + min(timedelta(minutes=2**backoffs), LONGEST_PAUSE))
            backoffs = min(backoffs + 1, 11)
        self.store.update("hooks", hook_id, failures=failures, backoffs=backoffs, disabled_until=until)


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three Standard Webhooks headers: HMAC-SHA256 over `id.timestamp.body` with the base64 part of `whsec_…`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    signed = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signed}


def _post(url: str, body: bytes, headers: dict[str, str], options: dict[str, Any]) -> str:
    """The status answered, or "internal error"."""
    parts = urlsplit(url)
    try:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
        if parts.scheme == "https":
            context = ssl.create_default_context()
            if not options.get("enable_ssl_verification", True):
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=TIMEOUT, context=context)
        try:
            connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
            return str(connection.getresponse().status)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError):
        return "internal error"

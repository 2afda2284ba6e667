"""Named faults that tests switch on: GitLab misbehaving in the ways it is known to.

A fault matches requests (method, regular expressions on path and body, `user` whose token speaks) and applies `times`
times after letting `after` of them pass. See FAULTS for the names and what each takes.
"""

import contextlib
import itertools
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from workflow.gitlab_sandbox.clock import stamp
from workflow.gitlab_sandbox.reply import ConnectionDropped, Reply, invalid


@dataclass
class Fault:
    id: int
    name: str
    method: str | None
    path: re.Pattern
    body: re.Pattern | None
    times: int | None  # None: until it is removed
    after: int
    params: dict
    user: str | None = None
    hits: int = 0
    passed: int = 0

    def shown(self):
        return {
            "id": self.id,
            "name": self.name,
            "match": {
                "method": self.method,
                "path": self.path.pattern,
                "body": self.body and self.body.pattern,
                "user": self.user,
            },
            "times": self.times,
            "after": self.after,
            "hits": self.hits,
            **self.params,
        }

    def matches(self, request, speaker):
        return (
            (self.times is None or self.hits < self.times)
            and (self.method is None or self.method == request.method)
            and bool(self.path.search(request.path))
            and (self.body is None or bool(self.body.search(request.body.decode("utf-8", "replace"))))
            and (self.user is None or self.user == speaker)
        )


@dataclass
class Faults:
    """The faults that are switched on; `closing` interrupts those that hold a connection."""

    closing: threading.Event
    active: list = field(default_factory=list)
    _ids: object = field(default_factory=lambda: itertools.count(1))
    _lock: object = field(default_factory=threading.Lock)

    def add(self, sent: dict) -> Fault:
        """Switch a fault on. Raises 400 for an unknown name or a pattern that is no regular expression."""
        sent = dict(sent)
        name, match = sent.pop("name", None), sent.pop("match", None) or {}
        if name not in FAULTS:
            raise invalid(f"name is not one of {', '.join(FAULTS)}")
        try:
            path, body = re.compile(match.get("path", "")), match.get("body") and re.compile(match["body"])
        except re.error as wrong:
            raise invalid(f"match is invalid: {wrong}") from None
        fault = Fault(
            next(self._ids),
            name,
            (match.get("method") or "").upper() or None,
            path,
            body or None,
            sent.pop("times", 1),
            int(sent.pop("after", 0)),
            sent,
            match.get("user"),
        )
        with self._lock:
            self.active.append(fault)
        return fault

    def remove(self, fault_id=None):
        with self._lock:
            self.active = [one for one in self.active if fault_id is not None and one.id != fault_id]

    def take(self, request, speaker) -> Fault | None:
        """The fault that applies to this request of the user `speaker`, counted; None for an undisturbed one."""
        with self._lock:
            for fault in self.active:
                if fault.matches(request, speaker):
                    if fault.passed < fault.after:
                        fault.passed += 1
                        continue
                    fault.hits += 1
                    return fault
        return None

    def play(self, fault, request, answer):
        """Answer a request the faulty way. `answer()` handles it as usual and returns the Reply."""
        return FAULTS[fault.name](self, fault.params, request, answer) if fault else answer()

    def hold(self, seconds):
        """Wait; shorter when the server closes."""
        self.closing.wait(float(seconds))


def _hold_and_drop(faults, params, default=0):
    faults.hold(params.get("seconds", default))
    raise ConnectionDropped(params.get("reset", False))


def apply_then_timeout(faults, params, request, answer):
    """Takes effect, then holds the socket for `seconds` (0) and drops it without a reply."""
    answer()
    _hold_and_drop(faults, params)


def commit_late(faults, params, request, answer):
    """Drops the connection after `hold` (0) seconds; the effect is committed `seconds` (5) after the request."""

    def later():
        if not faults.closing.wait(float(params.get("seconds", 5))):
            with contextlib.suppress(ConnectionDropped):  # the sandbox closed just now
                answer()

    threading.Thread(target=later, name="sandbox-late-commit", daemon=True).start()
    faults.hold(params.get("hold", 0))
    raise ConnectionDropped(params.get("reset", False))


def hang(faults, params, request, answer):
    """Never answers and changes nothing: holds the socket for `seconds` (300), then drops it."""
    _hold_and_drop(faults, params, 300)


def slow(faults, params, request, answer):
    """Answers as usual, but only after `seconds` (0.1), as one far away does. Others are not kept waiting by it."""
    faults.hold(params.get("seconds", 0.1))
    return answer()


def rate_limited(faults, params, request, answer):
    """429 `Retry later`; `retry_after` is the header as given (number, date, garbage), absent when null."""
    headers = {"RateLimit-Limit": "60", "RateLimit-Remaining": "0", "RateLimit-Name": "throttle_authenticated_api"}
    if params.get("retry_after", 60) is not None:
        headers["Retry-After"] = str(params.get("retry_after", 60))
    return Reply(429, body=b"Retry later\n", content_type="text/plain", headers=headers)


def _instead(params, answer, reply):
    """`apply`: the request takes effect all the same, as behind a proxy that gave up."""
    if params.get("apply"):
        answer()
    return reply


def server_error(faults, params, request, answer):
    """`status` (500) with GitLab's words, or a proxy's page for 502 and 503. With `apply` it takes effect first."""
    status = int(params.get("status", 500))
    if status == 500:
        return _instead(params, answer, Reply(500, {"message": "500 Internal Server Error"}))
    page = f"<html><head><title>{status}</title></head><body><h1>GitLab is not responding</h1></body></html>".encode()
    return _instead(params, answer, Reply(status, body=page, content_type="text/html"))


def html_instead_of_json(faults, params, request, answer):
    """200 with a sign-in page, as a proxy or an SSO wall gives. With `apply` it takes effect first."""
    page = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Sign in</form></body></html>"
    return _instead(
        params, answer, Reply(int(params.get("status", 200)), body=page, content_type="text/html; charset=utf-8")
    )


def forbidden(faults, params, request, answer):
    return Reply(403, {"message": params.get("message", "403 Forbidden")})


def unauthorized(faults, params, request, answer):
    return Reply(401, {"message": params.get("message", "401 Unauthorized")})


def missing(faults, params, request, answer):
    return Reply(404, {"message": params.get("message", "404 Not found")})


def conflict(faults, params, request, answer):
    """409 `Duplicated issue`, or `message` such as "409 Conflict: Resource lock"."""
    return _instead(params, answer, Reply(409, {"message": params.get("message", "Duplicated issue")}))


def unprocessable(faults, params, request, answer):
    """`status` (422) with `message` (any JSON)."""
    return Reply(int(params.get("status", 422)), {"message": params.get("message", {"base": ["is not acceptable"]})})


def cut_reply(faults, params, request, answer):
    """Takes effect; sends the headers and the first `bytes` (half) of the body, then closes the socket."""
    reply = answer()
    payload = reply.payload()
    reply.chunks = _cut(payload, int(params.get("bytes", len(payload) // 2)), params)
    return reply


def _cut(payload, count, params):
    yield payload[:count]
    raise ConnectionDropped(params.get("reset", False))


def slow_drip(faults, params, request, answer):
    """Takes effect; sends the body `bytes` (1) at a time, `seconds` (1) apart."""
    reply = answer()
    payload, step = reply.payload(), int(params.get("bytes", 1))

    def drip():
        for at in range(0, len(payload), step):
            faults.hold(params.get("seconds", 1))
            if faults.closing.is_set():
                raise ConnectionDropped
            yield payload[at : at + step]

    reply.chunks = drip()
    return reply


def empty_reply(faults, params, request, answer):
    """Takes effect; answers with its status and type, and nothing in it."""
    reply = answer()
    return Reply(reply.status, body=b"", content_type=reply.content_type, headers=reply.headers)


def wrong_types(faults, params, request, answer):
    """Takes effect; answers JSON of the wrong kind: words for numbers, lists for words. `body` is sent as it is."""
    reply = answer()
    if "body" in params:
        return Reply(reply.status, params["body"], reply.headers)
    twisted = {"message": "unexpected"} if isinstance(reply.data, list) else _twisted(reply.data)
    return Reply(reply.status, twisted, reply.headers)


def _twisted(data):
    if not isinstance(data, dict):
        return [data]
    return {
        key: f"x{value}" if isinstance(value, int) else [value] if isinstance(value, str) else None
        for key, value in data.items()
    }


def stale_list(faults, params, request, answer):
    """Lists of issues do not show those younger than `seconds` (30), as a lagging replica's would not."""
    reply = answer()
    seen = stamp(datetime.now(UTC) - timedelta(seconds=float(params.get("seconds", 30))))
    if isinstance(reply.data, list):
        reply.data = [row for row in reply.data if row["created_at"] <= seen]
    return reply


def other_date(faults, params, request, answer):
    """Takes effect; answers as usual, but its clock is `years` (73) away. With `cut` the body does not arrive."""
    reply = answer()
    moment = datetime.now(UTC) + timedelta(days=365 * float(params.get("years", 73)))
    reply.headers = {**reply.headers, "Date": format_datetime(moment, usegmt=True)}
    return cut_reply(faults, params, request, lambda: reply) if params.get("cut") else reply


FAULTS = {
    act.__name__: act
    for act in (
        apply_then_timeout,
        commit_late,
        hang,
        slow,
        rate_limited,
        server_error,
        html_instead_of_json,
        forbidden,
        unauthorized,
        missing,
        conflict,
        unprocessable,
        cut_reply,
        slow_drip,
        empty_reply,
        wrong_types,
        stale_list,
        other_date,
    )
}

"""Rate limits, each off until set: the general one per user, and the application limits that show in no header."""

import threading
import time
from email.utils import formatdate

from workflow.gitlab_sandbox.reply import Reply, message

NAMES = ("api", "issue_create", "note_create", "search", "hook_test")
APPLICATION_WORDS = {"error": "This endpoint has been requested too many times. Try again later."}


class Limits:
    """Counts in fixed windows, as GitLab's limiter does. `limits` maps a name to {"limit": n, "period": seconds}."""

    def __init__(self, store):
        self._store, self._lock, self._counts = store, threading.Lock(), {}
        self.limits = store.setting("limits", {})

    def set(self, sent):
        """Set limits: a number is per minute, null switches off, {"limit": n, "period": s} says it all."""
        for name, value in sent.items():
            if name not in NAMES:
                raise message(400, f"limits are {', '.join(NAMES)}")
            self.limits[name] = {"limit": value, "period": 60} if isinstance(value, int) else value
        self.limits = {name: value for name, value in self.limits.items() if value}
        self._store.keep_setting("limits", self.limits)
        with self._lock:
            self._counts.clear()

    def refusal(self, request, user, route):
        """(headers for the reply, the 429 or None) of a request of `user` for `route`.

        Only the limit for all calls says in headers how much of it is left.
        """
        headers = {}
        if (rule := self.limits.get("api")) and user:
            seen, reset = self._hit("api", user, rule)
            now = time.time()
            headers = {
                "RateLimit-Limit": str(rule["limit"]),
                "RateLimit-Name": "throttle_authenticated_api",
                "RateLimit-Observed": str(seen),
                "RateLimit-Remaining": str(max(0, rule["limit"] - seen)),
                "RateLimit-Reset": str(int(now + reset)),
            }
            if seen > rule["limit"]:
                headers |= {
                    "Retry-After": str(int(reset) + 1),
                    "RateLimit-ResetTime": formatdate(now + reset, usegmt=True),
                }
                return headers, Reply(429, body=b"Retry later\n", content_type="text/plain")
        name = route and _application_limit(route, request)
        if (rule := self.limits.get(name)) and user:
            seen, _ = self._hit(name, (user, request.path if name == "issue_create" else ""), rule)
            if seen > rule["limit"]:
                return headers, Reply(429, APPLICATION_WORDS)
        return headers, None

    def _hit(self, name, who, rule):
        window, into = divmod(time.time(), rule["period"])
        with self._lock:
            key = (name, who, window)
            self._counts[key] = self._counts.get(key, 0) + 1
            return self._counts[key], rule["period"] - into


def _application_limit(route, request):
    if route.method == "POST" and route.pattern == "/projects/:ref/issues":
        return "issue_create"
    if route.method == "POST" and route.pattern.endswith("/notes"):
        return "note_create"
    if route.method == "POST" and "/hooks/:hook/" in route.pattern:
        return "hook_test"
    if route.method == "GET" and request.params.get("search"):
        return "search"
    return None

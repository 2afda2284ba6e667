"""Rate limits, each off until set: the general one per user, and the application limits that show in no header."""

import threading
import time

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

    def api(self, user, clock):
        """(headers for the reply, None), or (headers, the 429) when the person has used up the window."""
        rule = self.limits.get("api")
        if not rule or user is None:
            return {}, None
        seen, reset = self._hit("api", user["id"], rule)
        now = clock.now().timestamp()
        left = max(0, rule["limit"] - seen)
        headers = {
            "RateLimit-Limit": str(rule["limit"]),
            "RateLimit-Name": "throttle_authenticated_api",
            "RateLimit-Observed": str(seen),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(int(now + reset)),
        }
        if seen <= rule["limit"]:
            return headers, None
        headers |= {
            "Retry-After": str(int(reset) + 1),
            "RateLimit-ResetTime": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now + reset)),
        }
        return headers, Reply(429, body=b"Retry later\n", content_type="text/plain", headers=dict(headers))

    def application(self, route, user, request):
        """Raise 429 when one of GitLab's application limits is used up; no header tells of these."""
        name = _application_limit(route, request)
        rule = self.limits.get(name)
        if not rule or user is None:
            return
        seen, _reset = self._hit(name, (user["id"], request.path if name == "issue_create" else ""), rule)
        if seen > rule["limit"]:
            raise message(429, APPLICATION_WORDS)

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
    if route.method == "GET" and (request.params.get("search") or route.pattern == "/search"):
        return "search"
    return None

"""The sandbox's application with faults and limits in front of it, and a deliverer that may be spoilt."""

import json
import time
from datetime import timedelta

from tests.gitlab_faults import control  # noqa: F401  (registers its routes)
from tests.gitlab_faults.faults import Faults
from tests.gitlab_faults.limits import Limits
from workflow.gitlab_sandbox.application import Application, secret_of
from workflow.gitlab_sandbox.delivery import WORKERS, Deliverer
from workflow.gitlab_sandbox.reply import ApiError
from workflow.gitlab_sandbox.routing import find_route

CONTROL = "/sandbox/"
KEPT_LOG = 50_000
LOG = (
    "CREATE TABLE IF NOT EXISTS request_log (id INTEGER PRIMARY KEY AUTOINCREMENT, method TEXT NOT NULL, "
    "path TEXT NOT NULL, route TEXT, username TEXT, status INTEGER, sent TEXT NOT NULL, fault TEXT, "
    "milliseconds INTEGER NOT NULL)"
)
LOSE, DOUBLE, REORDER = "lose", "double", "reorder"
GATHERED = 3
"""As many deliveries are kept back while they are reordered; the rest leaves when that ends."""


class SpoiltDeliverer(Deliverer):
    """``mischief``: deliveries are lost, sent twice, or gathered and sent newest first; None for none."""

    mischief = None

    def idle(self):
        """Whether nothing is queued or under way."""
        return not self._under_way and not self.store.value("SELECT COUNT(*) FROM hook_queue")

    def candidates(self):
        """The newest first while they are reordered."""
        if self.mischief != REORDER:
            return super().candidates()
        newest = self.store.all("SELECT * FROM hook_queue ORDER BY id DESC LIMIT ?", WORKERS + GATHERED + 1)
        return newest if len(newest) > GATHERED else []

    def send(self, hook, entry):
        """Not at all, once or twice."""
        for _ in range({LOSE: 0, DOUBLE: 2}.get(self.mischief, 1)):
            super().send(hook, entry)


class FaultyApplication(Application):
    """Answers as the sandbox does, unless a fault or a limit is switched on for the request; every call is logged."""

    deliverer_class = SpoiltDeliverer

    def __init__(self, store, base_url, *, premium=False):
        self.offset = 0.0  # seconds this GitLab's clock is ahead
        super().__init__(store, base_url, premium=premium)
        self.faults, self.limits = Faults(self.closing), Limits(store)
        store.run(LOG)

    def now(self):
        """The shifted clock's time."""
        return super().now() + timedelta(seconds=self.offset)

    def new_session(self, request=None):
        """A session that reaches the switches."""
        session = super().new_session(request)
        session.application = self
        return session

    def answer(self, request):
        """The switches below /sandbox/ too."""
        if request.path.startswith(CONTROL):
            return self.routed(request, request.segments)
        return super().answer(request)

    def answer_api(self, request):
        """The reply, with what the request met on its way; it is logged also when there is none."""
        began = time.monotonic()
        speaker = self._speaker(request)
        fault = self.faults.take(request, speaker)
        status = 0  # a connection that was dropped has none
        try:
            reply = self.faults.play(fault, request, lambda: self._limited(request, speaker))
            status = reply.status
        finally:
            if not self.closing.is_set():
                self._log(request, speaker, status, fault, time.monotonic() - began)
        return reply

    def _limited(self, request, speaker):
        headers, refusal = self.limits.refusal(request, speaker, _route(request))
        reply = refusal or super().answer_api(request)
        reply.headers = headers | reply.headers
        return reply

    def _speaker(self, request):
        """Whose token a request carries, whatever may be wrong with it; None for nobody's."""
        sql = "SELECT u.username FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.token = ?"
        return self.store.value(sql, secret_of(request))

    def _log(self, request, speaker, status, fault, seconds):
        """What was asked, without the values sent: no text, no markers, no tokens."""
        route = _route(request)
        with self.store.transaction():
            row = self.store.insert(
                "request_log",
                method=request.method,
                path=request.path,
                route=route and f"{route.method} {route.pattern}",
                username=speaker,
                status=status,
                sent=json.dumps(sorted({key for key, _ in request.query} | set(request.params))),
                fault=fault and fault.name,
                milliseconds=int(seconds * 1000),
            )
            if row["id"] % 1000 == 0:
                self.store.run("DELETE FROM request_log WHERE id <= ?", row["id"] - KEPT_LOG)


def _route(request):
    try:
        return find_route(request.method, request.segments[2:])[0]
    except ApiError:
        return None

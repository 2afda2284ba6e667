"""The sandbox as a WSGI application: reads a request, plays its fault if there is one, finds the route, logs."""

import json
import logging
import threading
import time
import uuid
from datetime import timedelta
from http import HTTPStatus

from workflow.gitlab_sandbox import (
    api,  # noqa: F401  (registers the routes)
    pages,
)
from workflow.gitlab_sandbox.access import Moved, find_user, need_scope, user_of_token
from workflow.gitlab_sandbox.clock import http_date, stamp
from workflow.gitlab_sandbox.delivery import Deliverer
from workflow.gitlab_sandbox.faults import ConnectionDropped, Faults
from workflow.gitlab_sandbox.limits import Limits
from workflow.gitlab_sandbox.reply import ApiError, Deferred, Reply, forbidden, message, unauthorized
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import find_route
from workflow.gitlab_sandbox.session import Session

log = logging.getLogger(__name__)
API = "/api/v4/"
CONTROL = "/sandbox/"
KEPT_LOG = 50_000


class Application:
    def __init__(self, store, clock, base_url, premium=False):
        self.store, self.clock, self.base_url, self.premium = store, clock, base_url, premium
        self.closing = threading.Event()
        self.faults = Faults(self.closing)
        self.limits = Limits(store)
        self.deliverer = Deliverer(store, clock, base_url)

    def __call__(self, environ, start_response):
        request = Request.from_environ(environ, self.base_url)
        head = request.method == "HEAD"
        request.method = "GET" if head else request.method
        reply = self._reply(request)
        payload = reply.payload()
        headers = {
            "Content-Type": reply.content_type,
            "Date": http_date(self.clock.now()),
            "Cache-Control": "no-cache",
            "X-Request-Id": uuid.uuid4().hex,
            "Content-Length": str(len(payload)),
            **reply.headers,
        }
        if reply.status in (204, 304):
            del headers["Content-Type"]
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", list(headers.items()))
        if head:
            return [b""]
        return reply.wire() if reply.wire else [payload]

    def _reply(self, request):
        if request.path.startswith(API):
            return self._api(request)
        if request.path.startswith(CONTROL):
            return self._handle(request, request.segments)[0]
        if request.path in ("/-/health", "/-/liveness", "/-/readiness"):
            return Reply(200, {"status": "ok"})
        return self._page(request)

    def _api(self, request):
        """Handle an API request, its fault if there is one, and write the log."""
        began = time.monotonic()
        seen = {"user": None, "route": None}

        def answer(stale_seconds=None):
            reply, seen["user"], seen["route"] = self._handle(request, request.segments[2:], stale_seconds)
            return reply

        fault = self.faults.take(request, lambda: self._speaker(request))
        status = 0  # a connection that was dropped has none
        try:
            reply = self.faults.play(fault, request, answer) if fault else answer()
            status = reply.status
        finally:
            if not self.closing.is_set():
                self._log(request, seen, status, fault, began)
        return reply

    def _handle(self, request, segments, stale_seconds=None):
        """(reply, user, route) of a request, with everything it changed committed, or nothing."""
        user = route = None
        headers = {}
        try:
            with self.store.transaction():
                session = self.session(request)
                user = session.user
                if stale_seconds is not None:
                    session.stale_before = stamp_ago(self.clock, stale_seconds)
                headers, refused = self.limits.api(user, self.clock)
                if refused:
                    return refused, user, None
                route, ids = find_route(request.method, segments)
                if route is None:
                    raise (
                        ApiError(405, {"error": "405 Not Allowed"})
                        if ids
                        else ApiError(404, {"error": "404 Not Found"})
                    )
                reply = self._routed(session, request, route, ids)
            if isinstance(reply, Deferred):
                reply = reply.call(self)
        except ApiError as refusal:
            reply = refusal.reply
        except Moved as moved:
            reply = self._redirect(request, moved.project_id)
        except ConnectionDropped:
            raise
        except Exception:
            if self.closing.is_set():
                raise ConnectionDropped from None
            log.exception("The sandbox failed on %s %s", request.method, request.path)
            reply = Reply(500, {"message": "500 Internal Server Error"})
        reply.headers = headers | reply.headers
        return reply, user, route

    def _routed(self, session, request, route, ids):
        if session.user is None and not route.anonymous:
            raise unauthorized()
        if session.token:
            need_scope(session.token, route.scope)
        request.need_valid_body()
        self.limits.application(route, session.user, request)
        return route.answer(session, request, **ids)

    def session(self, request):
        """The session of a request: its token's user, or with `sudo` the one an administrator acts as."""
        session = Session(
            self.store,
            self.clock,
            self.base_url,
            self.premium,
            wake_hooks=self.deliverer.wake,
            application=self,
            event_uuid=request.headers.get("x-gitlab-event-uuid"),
        )
        if secret := _secret_of(request):
            session.user, session.token = user_of_token(self.store, secret, session.today().isoformat())
        sudo = request.headers.get("sudo") or request.params.get("sudo")
        if sudo and session.user:
            if not session.is_admin:
                raise forbidden("Must be admin to use sudo")
            session.user = find_user(self.store, str(sudo))
            if session.user is None:
                raise message(404, f"404 User with ID or username '{sudo}' Not Found")
        return session

    def _speaker(self, request):
        """Whose token a request carries, whatever may be wrong with it; None for nobody's."""
        return self.store.value(
            "SELECT u.username FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.token = ?", _secret_of(request)
        )

    def _redirect(self, request, project_id):
        parts = request.path.split("/")
        parts[4] = str(project_id)
        location = f"{self.base_url}{'/'.join(parts)}"
        return Reply(301, {"message": "301 Moved Permanently"}, {"Location": location})

    def _page(self, request):
        session = Session(
            self.store, self.clock, self.base_url, self.premium, wake_hooks=self.deliverer.wake, application=self
        )
        try:
            with self.store.transaction():
                return pages.answer(session, request)
        except ApiError as error:
            return pages.refusal(session, error)
        except Moved as moved:
            old, _, rest = request.path.partition("/-/")
            path = self.store.get("projects", moved.project_id)["full_path"]
            return Reply(302, body=b"", headers={"Location": f"/{path}/-/{rest}" if rest else f"/{path}"})

    def _log(self, request, seen, status, fault, began):
        """What was asked, without the values sent: no text, no markers, no tokens."""
        sent = sorted({key for key, _ in request.query} | set(request.params))
        with self.store.transaction():
            row_id = self.store.insert(
                "request_log",
                at=stamp(self.clock.now()),
                method=request.method,
                path=request.path,
                route=seen["route"] and seen["route"].name,
                username=seen["user"] and seen["user"]["username"],
                status=status,
                sent=json.dumps(sent),
                fault=fault and fault.name,
                milliseconds=int((time.monotonic() - began) * 1000),
            )
            if row_id % 1000 == 0:
                self.store.run("DELETE FROM request_log WHERE id <= ?", row_id - KEPT_LOG)


def _secret_of(request):
    secret = request.headers.get("private-token") or request.params.get("private_token")
    bearer = request.headers.get("authorization", "")
    if not secret and bearer.lower().startswith("bearer "):
        secret = bearer[7:]
    return str(secret).strip() if secret else ""


def stamp_ago(clock, seconds):
    return stamp(clock.now() - timedelta(seconds=seconds))

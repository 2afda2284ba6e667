"""The sandbox without its socket: who asks, which route or page answers, and what becomes of an error."""

import logging
import threading
from datetime import UTC, datetime

from workflow.gitlab_sandbox import api
from workflow.gitlab_sandbox.access import Moved, find_user, need_scope, user_of_token
from workflow.gitlab_sandbox.delivery import Deliverer
from workflow.gitlab_sandbox.pages import views
from workflow.gitlab_sandbox.reply import ApiError, ConnectionDropped, Deferred, Reply, forbidden, message, unauthorized
from workflow.gitlab_sandbox.request import Request
from workflow.gitlab_sandbox.routing import find_route
from workflow.gitlab_sandbox.session import Session
from workflow.gitlab_sandbox.store import Store

log = logging.getLogger(__name__)


class Application:
    """Answers requests. Everything a request changes is committed together before it is answered, or nothing is.

    The one place to extend the sandbox: a subclass given to SandboxServer may answer differently (override `answer`
    or `answer_api`, raise ConnectionDropped, send a Reply's `chunks` slowly), go by another clock (`now`) or deliver
    hooks differently (`deliverer_class`). tests/gitlab_faults does all three.
    """

    deliverer_class: type[Deliverer] = Deliverer

    def __init__(self, store: Store, base_url: str, *, premium: bool = False):
        self.store, self.base_url, self.premium = store, base_url, premium
        self.closing = threading.Event()
        self.deliverer = self.deliverer_class(store, base_url, self.now)

    def now(self) -> datetime:
        """The time, by GitLab's clock."""
        return datetime.now(UTC)

    def answer(self, request: Request) -> Reply:
        """The reply to any request: the API below /api/v4, a health check, or a page."""
        if request.path.startswith(api.PREFIX):
            return self.answer_api(request)
        if request.path == "/-/health":
            return Reply(200, {"status": "ok"})
        return self._page(request)

    def answer_api(self, request: Request) -> Reply:
        """The reply to a request for the API."""
        return self.routed(request, request.segments[2:])

    def routed(self, request: Request, segments: list[str]) -> Reply:
        """What the route of these segments answers; errors are replies too."""
        try:
            with self.store.transaction():
                session = self.session(request)
                route, ids = find_route(request.method, segments)
                if session.user is None and not route.anonymous:
                    raise unauthorized()
                if session.token:
                    need_scope(session.token, route.scope)
                request.need_valid_body()
                reply = route.answer(session, request, **ids)
            return reply.call(self.deliverer) if isinstance(reply, Deferred) else reply
        except ApiError as refusal:
            return refusal.reply
        except Moved as moved:
            parts = request.path.split("/")
            parts[4] = str(moved.project_id)
            return Reply(301, {"message": "301 Moved Permanently"}, {"Location": self.base_url + "/".join(parts)})
        except Exception:
            if self.closing.is_set():
                raise ConnectionDropped from None
            log.exception("The sandbox failed on %s %s", request.method, request.path)
            return Reply(500, {"message": "500 Internal Server Error"})

    def session(self, request: Request) -> Session:
        """The session of a request: its token's user, or with `sudo` the one an administrator acts as."""
        session = self.new_session(request)
        if secret := secret_of(request):
            session.user, session.token = user_of_token(self.store, secret, session.today().isoformat())
        sudo = request.headers.get("sudo") or request.params.get("sudo")
        if sudo and session.user:
            if not session.is_admin:
                raise forbidden("Must be admin to use sudo")
            session.user = find_user(self.store, sudo)
            if session.user is None:
                raise message(404, f"404 User with ID or username '{sudo}' Not Found")
        return session

    def new_session(self, request: Request | None = None) -> Session:
        """A session of nobody yet."""
        reading = request is None or request.method == "GET"
        wake = self.deliverer.wake
        return Session(self.store, self.base_url, self.now, self.premium, reading=reading, wake_hooks=wake)

    def _page(self, request: Request) -> Reply:
        session = self.new_session(request)
        try:
            with self.store.transaction():
                return views.answer(session, request)
        except ApiError as error:
            return views.refusal(session, error)
        except Moved as moved:
            path = self.store.get("projects", moved.project_id)["full_path"]
            _, _, rest = request.path.partition("/-/")
            return Reply(302, body=b"", headers={"Location": f"/{path}/-/{rest}" if rest else f"/{path}"})


def secret_of(request: Request) -> str:
    """The token a request carries, in any of the ways GitLab takes one; "" for none."""
    secret = request.headers.get("private-token") or request.params.get("private_token")
    bearer = request.headers.get("authorization", "")
    if not secret and bearer.lower().startswith("bearer "):
        secret = bearer[7:]
    return str(secret or "").strip()

"""Who is asking, and the things every part of the sandbox needs to answer: state, clock, own address, plan."""

from collections.abc import Callable
from dataclasses import dataclass

from workflow.gitlab_sandbox.clock import Clock, stamp
from workflow.gitlab_sandbox.store import Store

VERSION = "19.0.0-ee"
REVISION = "5a4db0c5"


@dataclass
class Session:
    """One request's view of the sandbox. `user` is the row of the person asking, or None for a stranger."""

    store: Store
    clock: Clock
    base_url: str
    premium: bool = False
    user: dict | None = None
    token: dict | None = None
    wake_hooks: Callable = lambda: None
    path: str = "/"  # the page asked for
    application: object = None  # for what concerns the sandbox itself: faults, limits, log
    stale_before: str | None = None  # the fault "stale_list": a replica that has seen nothing newer
    event_uuid: str | None = None  # X-Gitlab-Event-UUID of the hook this request reacts to, if any

    def now(self) -> str:
        return stamp(self.clock.now())

    def today(self):
        return self.clock.now().date()

    @property
    def user_id(self):
        return self.user["id"] if self.user else None

    @property
    def is_admin(self):
        return bool(self.user and self.user["admin"])

    def url(self, path: str) -> str:
        return f"{self.base_url}/{path.lstrip('/')}"

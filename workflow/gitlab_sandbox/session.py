"""Who is asking, and what every part of the sandbox needs to answer: state, time, own address, plan."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from workflow.gitlab_sandbox.clock import stamp
from workflow.gitlab_sandbox.store import Row, Store

VERSION, REVISION = "19.0.0-ee", "5a4db0c5"


@dataclass
class Session:
    """One request's view of the sandbox. `user` is the row of the person asking, or None for a stranger."""

    store: Store
    base_url: str
    clock: Callable[[], datetime]
    premium: bool = False
    user: Row | None = None
    token: Row | None = None
    wake_hooks: Callable[[], None] = lambda: None
    reading: bool = True  # or about to change something: old paths of projects redirect readers only
    path: str = "/"  # the page asked for

    def now(self) -> str:
        """The time, as the API writes it."""
        return stamp(self.clock())

    def today(self) -> date:
        """The day."""
        return self.clock().date()

    @property
    def user_id(self) -> int | None:
        """The number of the person asking."""
        return self.user["id"] if self.user else None

    @property
    def is_admin(self) -> bool:
        """Whether the person asking is an administrator."""
        return bool(self.user and self.user["admin"])

    def url(self, path: str) -> str:
        """An address of the sandbox."""
        return f"{self.base_url}/{path.lstrip('/')}"

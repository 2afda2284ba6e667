"""What goes back to a client: a reply, a page of a list, or an error in GitLab's own words."""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from workflow.gitlab_sandbox.store import Row

if TYPE_CHECKING:
    from workflow.gitlab_sandbox.request import Request

MAX_COUNTED = 10_000  # above this GitLab sends no totals


class ConnectionDropped(Exception):
    """Raised by an application instead of a reply, or in the middle of one: the server closes the socket.

    With `reset` by a TCP reset. The sandbox itself only does so while it closes.
    """

    def __init__(self, reset: bool = False):
        super().__init__("dropped on purpose")
        self.reset = reset


@dataclass
class Reply:
    """One answer. `data` is sent as JSON; `body` (bytes) wins over it, and `chunks` sends it piece by piece."""

    status: int = 200
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    chunks: Iterable[bytes] | None = None

    def payload(self) -> bytes:
        """The whole body."""
        if self.body is not None:
            return self.body
        return b"" if self.status in (204, 304) else json.dumps(self.data).encode()


@dataclass
class Deferred:
    """A reply found out after the transaction, with nothing locked: `call(deliverer)` returns it."""

    call: Callable[[Any], Reply]


class ApiError(Exception):
    """A refusal; rolls the request back. `data` is the JSON body GitLab answers with."""

    def __init__(self, status: int, data: Any):
        super().__init__(status, data)
        self.reply = Reply(status, data)


def message(status: int, text: Any) -> ApiError:
    """`{"message": …}`, the form of most of GitLab's errors."""
    return ApiError(status, {"message": text})


def not_found(what: str = "") -> ApiError:
    """404, as for what is hidden from the person."""
    return message(404, f"404 {what} Not Found" if what else "404 Not found")


def forbidden(why: str = "") -> ApiError:
    """403."""
    return message(403, f"403 Forbidden - {why}" if why else "403 Forbidden")


def unauthorized() -> ApiError:
    """401: nobody, or a token that is unknown."""
    return message(401, "401 Unauthorized")


def invalid(text: str) -> ApiError:
    """Grape's answer to a parameter it cannot take: `{"error": "title is missing"}`."""
    return ApiError(400, {"error": text})


@dataclass
class Page:
    """A slice of a list and what pagination headers say of it."""

    rows: list[Row]
    number: int
    size: int
    total: int

    def reply(self, request: "Request", data: list[Any]) -> Reply:
        """The page as `data` shows it."""
        last = max(1, math.ceil(self.total / self.size))
        before = self.number - 1 if self.number > 1 else None
        after = self.number + 1 if self.number < last else None
        headers = {
            "X-Page": str(self.number),
            "X-Per-Page": str(self.size),
            "X-Next-Page": str(after or ""),
            "X-Prev-Page": str(before or ""),
        }
        ends = {"prev": before, "next": after, "first": 1}
        if self.total <= MAX_COUNTED:
            headers |= {"X-Total": str(self.total), "X-Total-Pages": str(last)}
            ends["last"] = last
        links = [self._link(request, rel, number) for rel, number in ends.items() if number]
        return Reply(200, data, headers | {"Link": ", ".join(links)})

    def _link(self, request: "Request", rel: str, number: int) -> str:
        pairs = [(key, value) for key, value in request.query if key not in ("page", "per_page")]
        pairs += [("per_page", str(self.size)), ("page", str(number))]
        return f'<{request.base_url}{request.path}?{urlencode(pairs)}>; rel="{rel}"'


def listed(request: "Request", rows: list[Any], present: Callable[[Any], Any]) -> Reply:
    """One page of `rows`, each shown by `present(row)`."""
    number, size = request.page_number(), request.page_size()
    page = Page(rows[(number - 1) * size : number * size], number, size, len(rows))
    return page.reply(request, [present(row) for row in page.rows])

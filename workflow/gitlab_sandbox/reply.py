"""What goes back to a client: a reply, a page of a list, or an error in GitLab's own words."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

MAX_COUNTED = 10_000  # above this GitLab sends no totals


@dataclass
class Reply:
    """One answer. `data` is sent as JSON; `body` (bytes) wins over it when given."""

    status: int = 200
    data: object = None
    headers: dict = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    wire: Callable | None = None  # a fault's own way of sending the body: an iterator of bytes

    def payload(self) -> bytes:
        if self.body is not None:
            return self.body
        return b"" if self.status in (204, 304) else json.dumps(self.data).encode()


@dataclass
class Deferred:
    """A reply that is found out only after the transaction: `call(application)` returns it, with nothing locked."""

    call: Callable


class ApiError(Exception):
    """A refusal; rolls the request back. `data` is the JSON body GitLab answers with."""

    def __init__(self, status: int, data, headers=None):
        super().__init__(status, data)
        self.reply = Reply(status, data, dict(headers or {}))


def message(status: int, text):
    """`{"message": …}`, the form of most of GitLab's errors."""
    return ApiError(status, {"message": text})


def not_found(what: str = ""):
    return message(404, f"404 {what} Not Found" if what else "404 Not found")


def forbidden(why: str = ""):
    return message(403, f"403 Forbidden - {why}" if why else "403 Forbidden")


def unauthorized():
    return message(401, "401 Unauthorized")


def invalid(text: str):
    """Grape's answer to a parameter it cannot take: `{"error": "title is missing"}`."""
    return ApiError(400, {"error": text})


@dataclass
class Page:
    """A slice of a list and what pagination headers say of it."""

    rows: list
    number: int
    size: int
    total: int | None
    cursor: str | None = None  # keyset: where the next page begins

    def reply(self, request, data) -> Reply:
        return Reply(200, data, self._keyset(request) if self.total is None else self._offset(request))

    def _keyset(self, request):
        if not self.cursor:
            return {}
        return {"Link": _link(request, "next", cursor=self.cursor)}

    def _offset(self, request):
        last = max(1, math.ceil(self.total / self.size))
        has_next = self.number < last
        counted = self.total <= MAX_COUNTED
        headers = {
            "X-Page": str(self.number),
            "X-Per-Page": str(self.size),
            "X-Next-Page": str(self.number + 1) if has_next else "",
            "X-Prev-Page": str(self.number - 1) if self.number > 1 else "",
        }
        links = [_link(request, "prev", page=self.number - 1)] if self.number > 1 else []
        links += [_link(request, "next", page=self.number + 1)] if has_next else []
        links += [_link(request, "first", page=1)]
        if counted:
            headers |= {"X-Total": str(self.total), "X-Total-Pages": str(last)}
            links += [_link(request, "last", page=last)]
        return headers | {"Link": ", ".join(links)}


def _link(request, rel, **changed):
    pairs = [(key, value) for key, value in request.query if key not in changed]
    if "per_page" not in dict(pairs):
        pairs.append(("per_page", str(request.page_size())))
    return f'<{request.base_url}{request.path}?{urlencode(pairs + list(changed.items()))}>; rel="{rel}"'


def sliced(request, rows: list) -> Page:
    """One page of a list that is already in memory."""
    number, size = request.page_number(), request.page_size()
    return Page(rows[(number - 1) * size : number * size], number, size, len(rows))


def listed(request, rows: list, present) -> Reply:
    """One page of `rows`, each row shown by `present(row)`."""
    page = sliced(request, rows)
    return page.reply(request, [present(row) for row in page.rows])

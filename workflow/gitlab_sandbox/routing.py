"""Which function answers which address: `@route("GET", "/projects/:ref/issues")` on (session, request, **ids)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workflow.gitlab_sandbox.reply import ApiError

_ROUTES: dict[int, list[tuple[list[str], "Route"]]] = {}


@dataclass(frozen=True)
class Route:
    """One address of the API. `anonymous`: may be asked without a token (what it shows is still checked)."""

    method: str
    pattern: str
    answer: Callable[..., Any]
    anonymous: bool
    scope: str  # what the token must allow: "read", "write", or "self" for every token


def route(method: str, pattern: str, *, anonymous: bool = False, scope: str | None = None) -> Callable[..., Any]:
    """Register the decorated function for `method` and `pattern` (below /api/v4; `:name` is one segment)."""

    def register(answer: Callable[..., Any]) -> Callable[..., Any]:
        parts = pattern.strip("/").split("/")
        needed = scope or ("read" if method == "GET" else "write")
        _ROUTES.setdefault(len(parts), []).append((parts, Route(method, pattern, answer, anonymous, needed)))
        return answer

    return register


def find_route(method: str, segments: list[str]) -> tuple[Route, dict[str, str]]:
    """The route and its ids for a request, the most literal one; raises 404, or 405 for a known address."""
    found = [
        (sum(not part.startswith(":") for part in parts), one, dict(zip(parts, segments, strict=True)))
        for parts, one in _ROUTES.get(len(segments), ())
        if all(part.startswith(":") or part == segment for part, segment in zip(parts, segments, strict=True))
    ]
    if not found:
        raise ApiError(404, {"error": "404 Not Found"})
    matching = [hit for hit in found if hit[1].method == method]
    if not matching:
        raise ApiError(405, {"error": "405 Not Allowed"})
    _, best, ids = max(matching, key=lambda hit: hit[0])
    return best, {part[1:]: segment for part, segment in ids.items() if part.startswith(":")}

"""Which function answers which address: `@route("GET", "/projects/:ref/issues")` on (session, request, **ids)."""

from dataclasses import dataclass

_ROUTES = {}


@dataclass(frozen=True)
class Route:
    method: str
    pattern: str
    answer: object
    anonymous: bool  # may be asked without a token (what it shows is still checked)
    scope: str  # "read" routes accept a read_api token

    @property
    def name(self):
        return f"{self.method} {self.pattern}"


def route(method, pattern, *, anonymous=False, scope=None):
    """Register the decorated function for `method` and `pattern` (below /api/v4; `:name` is one segment)."""

    def register(answer):
        parts = pattern.strip("/").split("/")
        scope_word = scope or ("read" if method == "GET" else "write")
        entry = Route(method, pattern, answer, anonymous, scope_word)
        _ROUTES.setdefault(len(parts), []).append((parts, entry))
        return answer

    return register


def find_route(method, segments):
    """The route and its ids for a request; (None, methods that would be allowed) when there is none."""
    allowed = set()
    best = None
    for parts, entry in _ROUTES.get(len(segments), ()):
        ids = _match(parts, segments)
        if ids is None:
            continue
        allowed.add(entry.method)
        literal = sum(not part.startswith(":") for part in parts)
        if entry.method == method and (best is None or literal > best[0]):
            best = (literal, entry, ids)
    return (best[1], best[2]) if best else (None, allowed)


def _match(parts, segments):
    ids = {}
    for part, segment in zip(parts, segments, strict=True):
        if part.startswith(":"):
            ids[part[1:]] = segment
        elif part != segment:
            return None
    return ids

"""What a client sent: path, parameters (query, JSON, form, files) in one place, as Rails would see them."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl, unquote

from workflow.gitlab_sandbox.reply import invalid, message

MAX_BODY = 105 * 1024 * 1024
TRUE, FALSE = {"true", "t", "yes", "on", "1"}, {"false", "f", "no", "off", "0"}


@dataclass
class Upload:
    """One file of a multipart body."""

    filename: str
    content: bytes


@dataclass
class Request:
    """A request, read whole. `path` is raw, still percent-encoded: group%2Fproject is one segment of it."""

    method: str
    path: str
    query: list[tuple[str, str]]  # in the order sent
    headers: dict[str, str]  # lower-case names
    body: bytes
    base_url: str
    params: dict[str, Any] = field(default_factory=dict)
    body_error: str | None = None

    @classmethod
    def read(cls, method: str, target: str, headers: dict[str, str], body: bytes, base_url: str) -> "Request":
        """The request for `target` (path and query as sent). A body that cannot be read is refused only later."""
        path, _, query = re.sub(r"^https?://[^/]+", "", target).partition("?")
        request = cls(method, path, parse_qsl(query, keep_blank_values=True), headers, body, base_url)
        request._read_params()
        return request

    @property
    def segments(self) -> list[str]:
        """The decoded parts of the path."""
        return [unquote(part) for part in self.path.split("/") if part]

    def _read_params(self) -> None:
        _nest(self.params, self.query)
        content_type = self.headers.get("content-type", "")
        kind = content_type.split(";")[0].strip().lower()
        if not self.body:
            return
        if kind == "application/json":
            try:
                sent = json.loads(self.body)
            except ValueError:
                self.body_error = "400 Bad request - JSON parse error"
                return
            if isinstance(sent, dict):
                self.params.update(sent)
        elif kind == "application/x-www-form-urlencoded":
            _nest(self.params, parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        elif kind == "multipart/form-data":
            _nest(self.params, _multipart(content_type, self.body))

    def need_valid_body(self) -> None:
        """Raise 400 when the body was no JSON though it said so."""
        if self.body_error:
            raise message(400, self.body_error)

    def has(self, name: str) -> bool:
        """Whether it was sent, empty or not."""
        return name in self.params

    def text(
        self, name: str, default: str | None = None, required: bool = False, choices: Collection[str] | None = None
    ) -> Any:
        """A parameter as text. Raises 400 when it is missing though required, or not one of `choices`."""
        value = self.params.get(name)
        if value is None:
            if required:
                raise invalid(f"{name} is missing")
            return default
        if isinstance(value, dict | list | Upload):
            raise invalid(f"{name} is invalid")
        value = str(value)
        if required and not value.strip():
            raise invalid(f"{name} is empty")
        if choices and value not in choices:
            raise invalid(f"{name} does not have a valid value")
        return value

    def number(self, name: str, default: int | None = None, required: bool = False) -> Any:
        """A whole number; 400 for anything else."""
        value = self.text(name, None, required)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except ValueError:
            raise invalid(f"{name} is invalid") from None

    def flag(self, name: str, default: bool | None = None) -> bool | None:
        """A yes or no as Rails reads it; 400 for anything else."""
        value = self.params.get(name)
        if value is None or value == "":
            return default
        word = str(value).lower()
        if word not in TRUE | FALSE:
            raise invalid(f"{name} is invalid")
        return word in TRUE

    def words(self, name: str) -> list[str] | None:
        """A list parameter: array or comma-separated text; None when it was not sent."""
        value = self.params.get(name)
        if value is None:
            return None
        parts = value if isinstance(value, list) else str(value).split(",")
        return [str(part).strip() for part in parts if part is not None and str(part).strip()]

    def numbers(self, name: str) -> list[int] | None:
        """A list of numbers; None when it was not sent, 400 when a word is no number."""
        words = self.words(name)
        try:
            return None if words is None else [int(word) for word in words]
        except ValueError:
            raise invalid(f"{name} is invalid") from None

    def file(self, name: str) -> Upload | None:
        """A file of a multipart body."""
        value = self.params.get(name)
        return value if isinstance(value, Upload) else None

    def page_number(self) -> int:
        """Which page of a list, from 1."""
        return max(1, self.number("page", 1))

    def page_size(self) -> int:
        """How long a page is: 100 at most."""
        return min(100, max(1, self.number("per_page", 20)))


def _nest(params: dict[str, Any], pairs: Iterable[tuple[str, Any]]) -> None:
    """Put `a`, `a[]` and `a[b]` pairs into one dictionary, as Rails does."""
    for key, value in pairs:
        parts = re.findall(r"[^\[\]]+|\[\]", key) or [key]
        many = len(parts) > 1 and parts[-1] == "[]"
        *above, last = parts[:-1] if many else parts
        where = params
        for part in (part for part in above if part != "[]"):
            where = where.setdefault(part, {})
            if not isinstance(where, dict):
                raise invalid(f"{key} is invalid")
        if not many:
            where[last] = value
        elif isinstance(kept := where.setdefault(last, []), list):
            kept.append(value)


def _multipart(content_type: str, body: bytes) -> Iterator[tuple[str, str | Upload]]:
    """(name, text or Upload) for each part of a multipart body; the bytes of files are left as they are."""
    boundary = Message()
    boundary["Content-Type"] = content_type
    mark = boundary.get_param("boundary")
    if not mark:
        return
    for part in (b"\r\n" + body).split(b"\r\n--" + str(mark).encode())[1:]:
        head, blank, content = part.partition(b"\r\n\r\n")
        if not blank or part.startswith(b"--"):
            continue
        headers = HeaderParser(policy=HTTP).parsestr(head.strip().decode("utf-8", "replace"))
        name = headers.get_param("name", header="content-disposition") if "content-disposition" in headers else None
        filename = headers.get_filename()
        if name and filename is not None:
            yield str(name), Upload(filename, content)
        elif name:
            yield str(name), content.decode("utf-8", "replace")

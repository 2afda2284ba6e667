"""What a client sent: path, parameters (query, JSON, form, files) in one place, as Rails would see them."""

import json
import re
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from email.policy import HTTP
from urllib.parse import parse_qsl, unquote

from workflow.gitlab_sandbox.reply import invalid, message

MAX_BODY = 105 * 1024 * 1024
TRUE, FALSE = {"true", "t", "yes", "on", "1"}, {"false", "f", "no", "off", "0"}


@dataclass
class Upload:
    """One file of a multipart body."""

    filename: str
    content: bytes
    content_type: str


@dataclass
class Request:
    method: str
    path: str  # raw, still percent-encoded: group%2Fproject is one segment
    query: list  # pairs in the order sent
    headers: dict  # lower-case names
    body: bytes
    base_url: str
    params: dict = field(default_factory=dict)
    body_error: str | None = None

    @classmethod
    def from_environ(cls, environ, base_url):
        """Read the whole request, body included; the socket is not needed after this."""
        raw = environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ["PATH_INFO"]
        path, _, query = re.sub(r"^https?://[^/]+", "", raw).partition("?")
        headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(min(length, MAX_BODY)) if length else b""
        request = cls(
            environ["REQUEST_METHOD"], path, parse_qsl(query, keep_blank_values=True), headers, body, base_url
        )
        request._read_params()
        return request

    @property
    def segments(self):
        return [unquote(part) for part in self.path.split("/") if part]

    def _read_params(self):
        _nest(self.params, self.query)
        kind = self.headers["content-type"].split(";")[0].strip().lower()
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
            _nest(self.params, _multipart(self.headers["content-type"], self.body))

    def need_valid_body(self):
        if self.body_error:
            raise message(400, self.body_error)

    def has(self, name):
        return name in self.params

    def text(self, name, default=None, required=False, choices=None):
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

    def number(self, name, default=None, required=False):
        value = self.text(name, None, required)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except ValueError:
            raise invalid(f"{name} is invalid") from None

    def flag(self, name, default=None):
        """A yes or no as Rails reads it; 400 for anything else."""
        value = self.params.get(name)
        if value is None or value == "":
            return default
        word = str(value).lower()
        if word not in TRUE | FALSE:
            raise invalid(f"{name} is invalid")
        return word in TRUE

    def words(self, name):
        """A list parameter: array or comma-separated text; None when it was not sent."""
        return as_words(self.params.get(name))

    def numbers(self, name):
        """A list of numbers; None when it was not sent, 400 when a word is no number."""
        words = self.words(name)
        try:
            return None if words is None else [int(word) for word in words]
        except ValueError:
            raise invalid(f"{name} is invalid") from None

    def file(self, name):
        value = self.params.get(name)
        return value if isinstance(value, Upload) else None

    def page_number(self):
        return max(1, self.number("page", 1))

    def page_size(self):
        return min(100, max(1, self.number("per_page", 20)))


def as_words(value):
    """An array or comma-separated text as a list of stripped words; None stays None."""
    if value is None:
        return None
    parts = value if isinstance(value, list) else str(value).split(",")
    return [str(part).strip() for part in parts if part is not None and str(part).strip()]


def _nest(params, pairs):
    """Put `a`, `a[]` and `a[b]` pairs into one dictionary, as Rails does."""
    for key, value in pairs:
        parts = re.findall(r"[^\[\]]+|\[\]", key) or [key]
        where = params
        for part in parts[:-1]:
            if part == "[]":
                continue
            if parts[-1] == "[]" and part == parts[-2]:
                break
            where = where.setdefault(part, {})
            if not isinstance(where, dict):
                raise invalid(f"{key} is invalid")
        if parts[-1] == "[]" and len(parts) > 1:
            kept = where.setdefault(parts[-2], [])
            if isinstance(kept, list):
                kept.append(value)
        else:
            where[parts[-1]] = value


def _multipart(content_type, body):
    """(name, text or Upload) for each part of a multipart body; the bytes of files are left as they are."""
    boundary = Message()
    boundary["Content-Type"] = content_type
    mark = boundary.get_param("boundary")
    if not mark:
        return
    for part in (b"\r\n" + body).split(b"\r\n--" + mark.encode())[1:]:
        head, blank, content = part.partition(b"\r\n\r\n")
        if not blank or part.startswith(b"--"):
            continue
        headers = HeaderParser(policy=HTTP).parsestr(head.strip().decode("utf-8", "replace"))
        name = headers.get_param("name", header="content-disposition") if "content-disposition" in headers else None
        filename = headers.get_filename()
        if name and filename is not None:
            yield name, Upload(filename, content, headers.get_content_type())
        elif name:
            yield name, content.decode("utf-8", "replace")

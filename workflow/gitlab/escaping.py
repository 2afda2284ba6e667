"""Untrusted text made safe for GitLab, where text acts: commands run, ``@all`` wakes everybody, ``#12`` leaves marks.

The ways are those of gitlab.md §3 and §4 and reliability.md §0.3: every line becomes a quotation (GitLab takes
commands only at column 0, after it has deleted carriage returns), HTML is escaped, and what would mention or refer is
broken by a zero-width space, which nobody sees. In code nothing of this acts, so code stays as it is. Pure.

Invisible marks by which the portal finds what it wrote in GitLab: HTML comments, kept verbatim there (gitlab.md §2).

A description holds the portal's block between two of them; a note carries one. They only count on what the bot wrote.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from workflow.gitlab.code_ranges import code_ranges, split_by

BREAK = "\u200b"
"""Zero-width space: after ``@`` or ``#`` it ends the mention or the reference for GitLab, and shows nothing."""
LONGEST_TITLE = 255
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u0085]")
_ENTITY = re.compile(r"&(?=#|[A-Za-z][A-Za-z0-9]*;)")
_HANDLE = re.compile(r"@(?=[^\s@])")
_EMAIL = re.compile(r"(?<=[A-Za-z0-9])@(?=[A-Za-z0-9-]+\.[A-Za-z])")
_REFERENCE = re.compile(r"(?:[#!&$^](?=\\*\d)|[~%](?=\\*[\w\"]))|(?<=GL)-(?=\d)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:(?<=\s)|(?<=\()|^)https?://[^\s<>()@\[\]]+", re.IGNORECASE | re.MULTILINE)
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~-])")


def plain(text: str) -> str:
    """The text with line ends as ``\\n`` and without NUL and other control characters.

    GitLab deletes carriage returns before it looks for commands, so a lone one becomes a line end here: nothing may
    slide to column 0 there that was not at column 0 here.
    """
    text = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text)


def quiet(text: str, *, allow: Iterable[str] = ()) -> str:
    """``text`` that mentions nobody and refers to nothing. ``allow``: handles, with their ``@``, that keep their force.

    Other addresses on the web stay as they are, GitLab's own are broken: a link to an issue leaves a mark on it.
    """
    text, allow = _without_own_addresses(text), tuple(allow)
    parts: list[str] = []
    end = 0
    for address in _ADDRESS.finditer(text):
        parts += [_quiet(text[end : address.start()], allow), address[0]]
        end = address.end()
    return "".join([*parts, _quiet(text[end:], allow)])


def _quiet(text: str, allow: tuple[str, ...]) -> str:
    if allow:
        handles = re.compile(f"({'|'.join(re.escape(handle) for handle in allow)})(?![\\w/.-])", re.IGNORECASE)
        pieces = handles.split(text)
        return "".join(
            piece if spared else _quiet(piece, ()) for spared, piece in zip(_alternating(), pieces, strict=False)
        )
    text = _ENTITY.sub("&amp;", text)
    text = _HANDLE.sub(lambda at: "@" if _EMAIL.match(text, at.start()) else "@" + BREAK, text)
    return _REFERENCE.sub(lambda mark: mark[0] + BREAK, text)


def _alternating() -> Iterator[bool]:
    while True:
        yield False
        yield True


def _without_own_addresses(text: str) -> str:
    host = re.escape(urlsplit(settings.GITLAB_URL).hostname or "gitlab.com")
    return re.sub(rf":(?=//[^/\s]*{host})", f":{BREAK}", text, flags=re.IGNORECASE)


def safe_text(text: str, *, allow: Iterable[str] = ()) -> str:
    """Untrusted Markdown as a quotation: it reads as it was written, and nothing in it acts. Code stays as it is, for
    nothing acts in it but our own marks. Empty text stays empty."""
    text, allow = plain(text).strip("\n"), tuple(allow)
    if not text.strip():
        return ""
    text = "".join(
        _without_own_marks(piece) if is_code else quiet(piece, allow=allow).replace("<", "&lt;")
        for piece, is_code in split_by(text, code_ranges(text))
    )
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _without_own_marks(code: str) -> str:
    return code.replace(_OWN_MARK, f"<!-- {BREAK}supportops:")


def safe_line(text: str) -> str:
    """Untrusted words within a line of our own: no markup, no mention, no line end."""
    text = " ".join(plain(text).split())
    return quiet(_MARKUP.sub(r"\\\1", text)).replace("\\<", "&lt;").replace("\\>", "&gt;")


def safe_title(text: str) -> str:
    """An untrusted title: one line, at most 255 characters, at least one, mentions nobody, is no command."""
    text = quiet(" ".join(plain(text).split())).replace("&amp;", "&") or "Untitled"
    if text.startswith("/"):
        text = BREAK + text
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1].rstrip() + "…"


def without_breaks(text: str) -> str:
    """What a person wrote, out of what ``quiet`` made of it."""
    return text.replace(BREAK, "")


_OWN_MARK = "<!-- supportops:"
_BEGIN, _END = re.compile(r"<!-- supportops:begin (\w{1,100}) -->\n?"), "<!-- supportops:end -->"
_NOTE = re.compile(r"<!-- supportops:note (?P<pk>\d+)-(?P<digest>[0-9a-f]{32}) -->")


def managed_block(marker: str, text: str) -> str:
    """``text`` between the marks."""
    return f"<!-- supportops:begin {marker} -->\n{text}\n<!-- supportops:end -->"


class _Block(NamedTuple):
    """A managed block: its marker, its text, and where it stands."""

    marker: str
    text: str
    start: int
    end: int


def _managed(description: str) -> _Block | None:
    """The first managed block. Looked for by its two marks, each once: a thousand beginnings cost no more."""
    begins = _BEGIN.search(description)
    end = description.find(_END, begins.end()) if begins else -1
    if begins is None or end < 0:
        return None
    text = description[begins.end() : end].removesuffix("\n")
    return _Block(begins[1], text, begins.span()[0], end + len(_END))


def marker_in(description: str) -> str | None:
    """The marker of a description's managed block, or None. Escaped text of people cannot form one."""
    found = _managed(_unix(description))
    return found and found.marker


def block_in(description: str) -> str | None:
    """The text of the managed block as GitLab has it, or None where people removed it."""
    found = _managed(_unix(description))
    return found and found.text


def with_block(description: str, marker: str, text: str) -> str:
    """``description`` with its managed block replaced; what people wrote around it stays. Without one it goes first."""
    description = _unix(description)
    block = managed_block(marker, text)
    found = _managed(description)
    if found:
        return description[: found.start] + block + description[found.end :]
    return f"{block}\n\n{description}" if description.strip() else block


def text_around(description: str) -> str:
    """What people wrote above and below the managed block."""
    marker = marker_in(description)
    if marker is None:
        return description.strip()
    empty = with_block(description, marker, "")
    before, _, after = empty.partition(f"<!-- supportops:begin {marker} -->")
    return "\n\n".join(part.strip() for part in (before, after.partition("<!-- supportops:end -->")[2]) if part.strip())


def note_marker(pk: int) -> str:
    """The mark of the note that mirrors the row ``pk``; nobody else can make it."""
    return f"<!-- supportops:note {pk}-{_digest(pk)} -->"


def noted(body: str) -> int | None:
    """The row a note mirrors, by its mark, or None; a forged mark is none."""
    found = _NOTE.search(body)
    return int(found["pk"]) if found and constant_time_compare(found["digest"], _digest(found["pk"])) else None


def _digest(pk: int | str) -> str:
    return salted_hmac("workflow.gitlab.note", str(pk), algorithm="sha256").hexdigest()[:32]


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")

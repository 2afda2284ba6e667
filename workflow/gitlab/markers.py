"""Invisible marks by which the portal finds what it wrote in GitLab: HTML comments, kept verbatim there (gitlab.md §2).

A description holds the portal's block between two of them; a note carries one. They only count on what the bot wrote.
"""

import re

from django.utils.crypto import constant_time_compare, salted_hmac

_BLOCK = re.compile(r"<!-- supportops:begin (?P<marker>\w+) -->\n?(?P<text>.*?)\n?<!-- supportops:end -->", re.DOTALL)
_NOTE = re.compile(r"<!-- supportops:note (?P<pk>\d+)-(?P<digest>[0-9a-f]{32}) -->")


def managed_block(marker, text):
    """``text`` between the marks."""
    return f"<!-- supportops:begin {marker} -->\n{text}\n<!-- supportops:end -->"


def marker_in(description):
    """The marker of a description's managed block, or None. Escaped text of people cannot form one."""
    found = _BLOCK.search(_unix(description))
    return found and found["marker"]


def block_in(description):
    """The text of the managed block as GitLab has it, or None where people removed it."""
    found = _BLOCK.search(_unix(description))
    return found and found["text"]


def with_block(description, marker, text):
    """``description`` with its managed block replaced; what people wrote around it stays. Without one it goes first."""
    description = _unix(description)
    block = managed_block(marker, text)
    found = _BLOCK.search(description)
    if found:
        return description[: found.start()] + block + description[found.end() :]
    return f"{block}\n\n{description}" if description.strip() else block


def note_marker(pk):
    """The mark of the note that mirrors the row ``pk``; nobody else can make it."""
    return f"<!-- supportops:note {pk}-{_digest(pk)} -->"


def noted(body):
    """The row a note mirrors, by its mark, or None; a forged mark is none."""
    found = _NOTE.search(body)
    return int(found["pk"]) if found and constant_time_compare(found["digest"], _digest(found["pk"])) else None


def _digest(pk):
    return salted_hmac("workflow.gitlab.note", str(pk), algorithm="sha256").hexdigest()[:32]


def _unix(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")

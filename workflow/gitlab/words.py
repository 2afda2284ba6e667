"""What a step must be given, out of the comment somebody wrote with a label or a close. Pure."""

import re

from workflow.states import CLOSE_OUTCOMES, Outcome

_BLOCKED_BY = re.compile(r"^\W*blocked\s+by\W*:?\s*(.+)$", re.IGNORECASE | re.MULTILINE)
_UNBLOCK = re.compile(r"^\W*unblock\w*(?:\s+(?:when|criteria|if|by|once))?\W*:\s*(.+)$", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(r"\bSO-(\d{1,18})\b", re.IGNORECASE)


def named_outcome(text):
    """The Outcome a comment begins with (“Won't do: …”), or None."""
    plain = text.replace("\u2019", "'").lstrip(" *_#>`").lower()
    for outcome in CLOSE_OUTCOMES:
        if plain.startswith((outcome.label.lower(), outcome.label.lower().replace("'", ""))):
            return outcome
    return None


def duplicate_of(text):
    """The number of the request a comment names first (SO-12), or None."""
    found = _NUMBER.search(text)
    return int(found[1]) if found else None


def blocker(text):
    """{"blocked_by", "unblock_when"} as far as lines of the comment say them (“Blocked by: …”, “Unblock when: …”)."""
    found = {"blocked_by": _BLOCKED_BY.search(text), "unblock_when": _UNBLOCK.search(text)}
    return {name: match[1].strip() for name, match in found.items() if match}


def outcomes_in_words():
    """The outcomes a comment may begin with."""
    return ", ".join(f"“{Outcome(outcome).label}”" for outcome in CLOSE_OUTCOMES)

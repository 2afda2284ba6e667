"""The list of what to check, as text: read from what ops write, and put into words for history, GitLab and mail. Pure.

The words are Markdown with one bullet per item; GitLab's side quotes them line by line like everything people write.

What the next round of validation asks: the words, and the list with what was kept from the round before.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from workflow.models import Issue, ValidationItem, ValidationRound
from workflow.models.validation import LONGEST_ITEM, Verdict, checklist_of, verdict_of
from workflow.states import ENDED

MOST_ITEMS = 50
LONGEST_NOTE = 2_000
_TASK = re.compile(r"^\s*[-*+] \[[ xX]\]\s+(.+)$")
_BULLET = re.compile(r"^(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?")


def items_in(lines: Iterable[str]) -> list[str]:
    """The items that lines of text name: one each, without bullets, empty lines and repetitions."""
    found = (" ".join(_printable(_BULLET.sub("", line.strip())).split()) for line in lines)
    return once_each(item for item in found if item)


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in line)


def split_brief(text: str) -> tuple[str, list[str]]:
    """(the text without its lines “- [ ] …”, the items those lines name)."""
    lines = text.split("\n")
    tasks = [line for line in lines if _TASK.match(line)]
    return "\n".join(line for line in lines if not _TASK.match(line)).strip(), items_in(tasks)


def once_each(items: Iterable[str]) -> list[str]:
    """The items in order, each in its first spelling."""
    found: dict[str, str] = {}
    for item in items:
        found.setdefault(item.casefold(), item)
    return list(found.values())


def says_nothing(text: str) -> bool:
    """Whether nothing in the text can be seen."""
    return not _printable(text).strip()


def problem_with(items: Collection[str]) -> str | None:
    """Why these items cannot be a list, or None."""
    if len(items) > MOST_ITEMS:
        return f"Shorten the list to {MOST_ITEMS} items; it has {len(items)}."
    for number, item in enumerate(items, start=1):
        if len(item) > LONGEST_ITEM:
            return f"Shorten item {number} to {LONGEST_ITEM} characters; it has {len(item)}."
    return None


def words_asked(brief: str, items: Iterable[str]) -> str:
    """What is asked, for whoever reads it outside the list."""
    return "\n\n".join(part for part in (brief, "\n".join(f"- {item}" for item in items)) if part)


def words_failed(failed: Iterable[tuple[str, str]], text: str) -> str:
    """What did not hold: ``failed`` is [(item, reason)], ``text`` what was said besides."""
    return "\n\n".join(part for part in ("\n".join(_failed(*one) for one in failed), text.strip()) if part)


def _failed(item: str, reason: str) -> str:
    return f"- {item}: " + reason.strip().replace("\n", "\n  ")


def quoted(texts: Sequence[str], most: int = 3) -> str:
    """Up to ``most`` texts in quotation marks, and how many more there are."""
    shown = ", ".join(f"“{text}”" for text in texts[:most])
    return shown if len(texts) <= most else f"{shown} and {len(texts) - most} more"


def what_to_check(issue: Issue, text: str, items: Iterable[str] | None) -> tuple[str, list[str]]:
    """(the words, the items) that a round opened with these asks for; the arguments as ``open_validation`` has them."""
    brief, tasks = split_brief(text)
    if items is None:
        items = [item.text for item in last_list(issue)] if sent_back_last(issue, issue.validations.last()) else []
    return brief, once_each([*items, *tasks])


def sent_back_last(issue: Issue, last: ValidationRound | None) -> bool:
    """Whether the last round was sent back, and the request has not ended since: a reopened one begins anew."""
    if last is None or last.outcome != ValidationRound.Outcome.SENT_BACK:
        return False
    return not issue.events.filter(to_state__in=sorted(ENDED), at__gte=last.ended_at).exists()


def last_list(issue: Issue) -> list[ValidationItem]:
    """The items of the round before, what failed first, then what was open, then what was ticked."""
    last = issue.validations.last()
    ranks = {Verdict.FAILED: 0, None: 1, Verdict.TICKED: 2}
    return sorted(checklist_of(last), key=lambda item: ranks[verdict_of(item)]) if last else []

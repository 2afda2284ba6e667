"""Finding entries by words, and open requests like the one being written. Bounded work: no search engine is needed."""

import re
from collections.abc import Iterable, Sequence

from supportops.accounts.models import User
from workflow.catalogue.models import Entry
from workflow.models import Issue

MOST_SIMILAR = 5
LOOKED_THROUGH = 1_000
"""So many of the newest open requests are compared; what is older is rarely the same matter."""
SHORTEST_WORD = 4
LONGEST_QUERY = 200
_COMMON = frozenset(
    {
        "about",
        "after",
        "also",
        "because",
        "been",
        "before",
        "being",
        "cannot",
        "change",
        "changes",
        "could",
        "does",
        "doing",
        "from",
        "give",
        "have",
        "help",
        "into",
        "just",
        "like",
        "make",
        "more",
        "need",
        "needs",
        "only",
        "please",
        "should",
        "some",
        "than",
        "that",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "want",
        "when",
        "where",
        "which",
        "will",
        "with",
        "would",
        "your",
    }
)


def words_of(text: str) -> list[str]:
    """The words of a text, in small letters, in order, each once."""
    return list(dict.fromkeys(re.findall(r"\w+", text[:LONGEST_QUERY].lower())))


def telling_words(text: str) -> list[str]:
    """Those words that say what a text is about: long enough and not common."""
    return [word for word in words_of(text) if len(word) >= SHORTEST_WORD and word not in _COMMON]


def matching_entries(entries: Iterable[Entry], query: str) -> list[Entry]:
    """The entries in which every word of ``query`` begins some word; those that match by their name come first."""
    wanted = words_of(query)
    found = [entry for entry in entries if _all_begin(wanted, _text_of(entry))]
    return sorted(found, key=lambda entry: not _all_begin(wanted, entry.name))


def fitting_entries(entries: Iterable[Entry], title: str) -> list[Entry]:
    """At most two entries whose name or keywords share a telling word with ``title``; the name counts double."""
    wanted = telling_words(title)
    scored = [(2 * _score(wanted, entry.name) + _score(wanted, entry.keywords), entry) for entry in entries]
    return [entry for score, entry in sorted(scored, key=lambda pair: -pair[0]) if score][:2]


def similar_requests(person: User, title: str) -> list[Issue]:
    """Open requests the person may see whose titles share telling words with ``title``, best and newest first."""
    wanted = telling_words(title)
    if not wanted:
        return []
    newest = Issue.objects.visible_to(person).open().order_by("-number").values_list("number", "title")[:LOOKED_THROUGH]
    scored = sorted(((_score(wanted, other), number) for number, other in newest), reverse=True)
    numbers = [number for score, number in scored if score >= min(2, len(wanted))][:MOST_SIMILAR]
    requests = Issue.objects.in_bulk(numbers)
    return [requests[number] for number in numbers if number in requests]


def _text_of(entry: Entry) -> str:
    return f"{entry.name} {entry.summary} {entry.keywords} {entry.guidance} {entry.route.key}"


def _all_begin(wanted: Sequence[str], text: str) -> bool:
    there = re.findall(r"\w+", text.lower())
    return all(any(word.startswith(part) for word in there) for part in wanted)


def _score(wanted: Sequence[str], text: str) -> int:
    there = set(re.findall(r"\w+", text.lower()))
    return sum(any(_same(word, other) for other in there) for word in wanted)


def _same(word: str, other: str) -> bool:
    """Whether two words share their stem, roughly: one begins with the other, endings of two letters aside."""
    short, long = sorted((word, other), key=len)
    stem = short[: max(SHORTEST_WORD, len(short) - 2)]
    return len(short) >= SHORTEST_WORD and len(long) - len(short) <= 3 and long.startswith(stem)

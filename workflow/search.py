"""Finding requests by words: PostgreSQL's text search or SQLite's FTS5 behind one function.

The indexes are made by the migration ``search_by_words`` and follow the table by themselves. Title, description,
gameplan and answers are searched word by word (any word may be the beginning of one; accents do not matter), and the
requester's name.
"""

import re
import unicodedata
from functools import cache
from typing import TypeVar
from unicodedata import combining

from django.db import connections
from django.db.models import BooleanField, FloatField, Func, Q, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from supportops.accounts.models import User

QS = TypeVar("QS", bound=QuerySet)
LONGEST_QUERY = 300
MOST_WORDS = 8
LONGEST_WORD = 60
MOST_NAMESAKES = 50
SHORTEST_STEM = 3
NEWEST_COMPARED = 20_000
ALIKE = 0.45
_REFERENCE = re.compile(r"\s*(?:so-?)?#?0*([1-9][0-9]{0,17})\s*", re.IGNORECASE)


def number_in(q: str) -> int | None:
    """The number that ``q`` is, written as SO-123, #123 or 123; None if it is anything else."""
    match = _REFERENCE.fullmatch(q)
    return int(match[1]) if match else None


def words_of(q: str) -> list[str]:
    """The words of a query, at most MOST_WORDS of them; whatever is neither letter nor digit only separates."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", q[:LONGEST_QUERY]) if not combining(letter))
    words = re.findall(r"[^\W_]+", plain)
    return [word[:LONGEST_WORD].lower() for word in words[:MOST_WORDS]]


def search(queryset: QS, q: str) -> QS:
    """Those requests of ``queryset`` in which every word of ``q`` is found, and the one whose number ``q`` is.

    Safe with any text. Without a word there is no result.
    """
    words = words_of(q)
    if not words:
        return queryset.none()
    found = _has_words(queryset.db, words)
    number = number_in(q)
    return queryset.filter(found | Q(number=number) if number else found)


def _has_words(alias: str, words: list[str]) -> Q:
    namesakes = _people_called(words)
    found = Q()
    for word in words:
        one = _has_word(alias, word)
        found &= one | Q(requester__in=namesakes[word]) if word in namesakes else one
    return found


def similar(queryset: QS, q: str) -> QS:
    """The newest requests whose title looks like ``q`` despite typing errors, the most alike first.

    Nothing where the database has no ``pg_trgm``. Compares the NEWEST_COMPARED only, so that it never takes long.
    """
    words = words_of(q)
    if not words or not _has_trigrams(queryset.db):
        return queryset.none()
    newest = queryset.model.objects.order_by("-number").values("number")[:1]
    likeness = Func(Value(" ".join(words)), Lower("title"), function="word_similarity", output_field=FloatField())
    compared = queryset.filter(number__gt=Subquery(newest) - NEWEST_COMPARED).annotate(likeness=likeness)
    return compared.filter(likeness__gt=ALIKE).order_by("-likeness", "-number")


def _people_called(words: list[str]) -> dict[str, list[int]]:
    """{word: ids of people whose name or user name begins with it}; short words name nobody."""
    words = [word for word in words if len(word) > 1]
    named = Q()
    for word in words:
        named |= Q(first_name__istartswith=word) | Q(last_name__istartswith=word) | Q(username__istartswith=word)
    if not named:
        return {}
    people = list(User.objects.filter(named).values_list("pk", "first_name", "last_name", "username")[:MOST_NAMESAKES])
    found: dict[str, list[int]] = {}
    for pk, *names in people:
        for word in words:
            if any(name.lower().startswith(word) for name in names):
                found.setdefault(word, []).append(pk)
    return found


def _has_word(alias: str, word: str) -> Q:
    if connections[alias].vendor == "postgresql":
        return Q(
            RawSQL(
                "workflow_issue.search_words @@ (to_tsquery('english', %s) || to_tsquery('simple', %s))",
                [f"'{word}':*", f"'{word}':*"],
                output_field=BooleanField(),
            )
        )
    beginnings = " OR ".join(f'"{form}"*' for form in dict.fromkeys([word, _without_ending(word)]))
    matches = RawSQL("SELECT rowid FROM workflow_issue_words WHERE workflow_issue_words MATCH %s", [beginnings])
    return Q(number__in=matches)


def _without_ending(word: str) -> str:
    """What FTS5 looks for besides: its own stemmer would lose the beginnings of words that are still being typed."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


@cache
def _has_trigrams(alias: str) -> bool:
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        return cursor.fetchone() is not None

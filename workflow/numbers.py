"""Numbers that stand on every page: each is bounded, all are read by one statement, and that is written only once.

Building the statement costs far more than asking it, and it differs between two people of the same kind only in their
ids. So it is written for nobody in particular, once per kind of person, and asked with the ids of whoever it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import md5
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import IntegerField, QuerySet, Subquery

from supportops.accounts.models import User
from supportops.ui.marks import MOST_SHOWN

_PERSON, _GROUP, _ABSENT = -1_000_001, -2_000_000, -3_000_000
"""Stand for the ids of a person, of their groups, and of those they stand in for; no row has an id below 1."""

Asked = Mapping[str, Subquery]
_Kind = tuple[tuple[str, ...], int]
"""What a statement depends on besides ids: the names of the person's groups, and for how many people they stand in."""
_PLANNED: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""{connection of the driver: the names of what it has planned}; gone with the connection."""


class HowMany(Subquery):
    """The number of rows of a queryset, at most MOST_SHOWN, as an expression to read inside another query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    empty_result_set_value = 0

    def __init__(self, queryset: QuerySet[Any]) -> None:
        super().__init__(queryset.order_by().values("pk")[:MOST_SHOWN], output_field=IntegerField())


@dataclass(frozen=True)
class _Statement:
    """``sql`` with ``params``, in which some stand for ids. ``planned``: on PostgreSQL, a name and the text to plan by,
    with a place for each id."""

    asked: tuple[str, ...]
    sql: str
    params: tuple[Any, ...]
    planned: tuple[str, str] | None


class Numbers:
    """``of(person)``: what ``ask`` names, by name, read by one statement.

    ``ask`` returns expressions on a queryset of people. They may depend on the person's own id, groups, roles and on
    whom they stand in for; on nothing else, the time of day included.
    """

    def __init__(self, ask: Callable[[User], Asked]) -> None:
        self.ask = ask
        self._written = lru_cache(maxsize=200)(self._write)

    def of(self, person: User) -> dict[str, int]:
        """{name: number} for this person; what is a yes or no is 1 or 0."""
        groups, absent = sorted(person.groups_by_id), sorted(person.stood_in_ids)
        names = tuple(person.groups_by_id[group] for group in groups)
        statement = self._written(connection.vendor, person.is_active, (names, len(absent)))
        if not statement.asked:
            return {}
        ids = [person.pk, *groups, *absent]
        with connection.cursor() as cursor:
            if statement.planned and not settings.DATABASE_POOLED:
                _execute_planned(cursor, *statement.planned, ids)
            else:
                meant = dict(zip(_nobodies(len(groups), len(absent)), ids, strict=True))
                cursor.execute(statement.sql, [meant.get(value, value) for value in statement.params])
            return {name: int(value) for name, value in zip(statement.asked, cursor.fetchone(), strict=True)}

    def _write(self, vendor: str, active: bool, kind: _Kind) -> _Statement:
        """The statement for anybody of this kind."""
        names, absent = kind
        nobodies = _nobodies(len(names), absent)
        anybody = User(pk=nobodies[0], is_active=active)
        anybody.groups_by_id = dict(zip(nobodies[1:], names, strict=False))
        anybody.stood_in_ids = frozenset(nobodies[1 + len(names) :])
        asked = dict(self.ask(anybody))
        query = User.objects.filter(pk=anybody.pk).order_by().values_list(*asked.values()).query
        sql, params = query.sql_with_params()
        return _Statement(tuple(asked), sql, params, _plan(sql, params, nobodies) if vendor == "postgresql" else None)


def _nobodies(groups: int, absent: int) -> list[int]:
    """What stands for the ids of a person, of their groups and of those they stand in for."""
    return [_PERSON, *(_GROUP - place for place in range(groups)), *(_ABSENT - place for place in range(absent))]


def _plan(sql: str, params: tuple[Any, ...], nobodies: list[int]) -> tuple[str, str]:
    """(a name, the text that plans it). Only the ids are left open: what else it asks for is written out, so that
    partial indexes are found."""
    text = connection.ops.compose_sql(sql, params)  # type: ignore[attr-defined]
    for place, nobody in enumerate(nobodies, start=1):
        text = text.replace(str(nobody), f"${place}")
    name = f"numbers_{len(nobodies)}_{md5(text.encode(), usedforsecurity=False).hexdigest()}"
    return name, f"PREPARE {name} ({', '.join(['bigint'] * len(nobodies))}) AS {text}"


def _execute_planned(cursor: CursorWrapper, name: str, plan: str, ids: list[int]) -> None:
    """Planning twenty small questions takes PostgreSQL five times as long as answering them: each connection plans a
    statement once."""
    known = _PLANNED.setdefault(connection.connection, set())
    try:
        if name not in known:
            cursor.execute(plan)
            known.add(name)
        cursor.execute(f"EXECUTE {name} ({', '.join(['%s'] * len(ids))})", ids)
    except BaseException:
        if not connection.in_atomic_block:
            connection.close()  # what it has planned is not known: the next page begins with another one
        raise

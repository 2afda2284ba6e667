"""Numbers that stand on every page: each is bounded, all are read by one statement, and that is written only once.

Building the statement costs far more than asking it, and it differs between two people of the same kind only in their
ids. So it is written for nobody in particular, once per kind of person, and asked with the ids of whoever it is.
"""

from collections.abc import Callable, Mapping
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
        asked, sql, params = self._written(connection.vendor, person.is_active, (names, len(absent)))
        if not asked:
            return {}
        meant: dict[Any, int] = {_PERSON: person.pk}
        meant |= {_GROUP - place: group for place, group in enumerate(groups)}
        meant |= {_ABSENT - place: other for place, other in enumerate(absent)}
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql" and not settings.DATABASE_POOLED:
                self._execute_planned(cursor, connection.ops.compose_sql(sql, params), meant)  # type: ignore[attr-defined]
            else:
                cursor.execute(sql, [meant.get(value, value) for value in params])
            return {name: int(value) for name, value in zip(asked, cursor.fetchone(), strict=True)}

    def _write(self, vendor: str, active: bool, kind: _Kind) -> tuple[list[str], str, tuple[Any, ...]]:
        """The names, the statement and its parameters, for anybody of this kind."""
        names, absent = kind
        anybody = User(pk=_PERSON, is_active=active)
        anybody.groups_by_id = {_GROUP - place: name for place, name in enumerate(names)}
        anybody.stood_in_ids = frozenset(_ABSENT - place for place in range(absent))
        asked = dict(self.ask(anybody))
        query = User.objects.filter(pk=_PERSON).order_by().values_list(*asked.values()).query
        return [*asked], *query.sql_with_params()

    def _execute_planned(self, cursor: CursorWrapper, sql: str, meant: Mapping[int, int]) -> None:
        """Planning twenty small questions takes PostgreSQL five times as long as answering them: each connection plans
        a statement once. Only the ids are left open; a partial index is found by what stands in the statement."""
        for place, nobody in enumerate(meant, start=1):
            sql = sql.replace(str(nobody), f"${place}")
        name = f"numbers_{len(meant)}_{md5(sql.encode(), usedforsecurity=False).hexdigest()}"
        known = _PLANNED.setdefault(connection.connection, set())
        try:
            if name not in known:
                cursor.execute(f"PREPARE {name} ({', '.join(['bigint'] * len(meant))}) AS {sql}")
                known.add(name)
            cursor.execute(f"EXECUTE {name} ({', '.join(['%s'] * len(meant))})", list(meant.values()))
        except BaseException:
            if not connection.in_atomic_block:
                connection.close()  # what it has planned is not known: the next page begins with another one
            raise

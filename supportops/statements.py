"""Statements of a fixed shape: written once by Django, planned once by each connection to PostgreSQL, and asked again.

For a small question, building its SQL and planning it take five times as long as answering it. What differs from one
time to the next are ids and days: they are left open.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from hashlib import md5
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError, connection
from django.db.models import QuerySet

_FIRST_ID, _FIRST_DAY, _FIRST_MOMENT = -1_000_001, date(1, 1, 2), datetime(1, 1, 2, 3, 4, 5, tzinfo=UTC)
_TYPES = {int: "bigint", date: "date", datetime: "timestamptz"}
_PLANNED: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""{connection of the driver: the names of what it has planned}; gone with the connection."""


def ids(number: int) -> list[int]:
    """So many stand-ins for ids to build a Statement with; no row has an id below 1."""
    return [_FIRST_ID - place for place in range(number)]


def days(number: int) -> list[date]:
    """So many stand-ins for days."""
    return [_FIRST_DAY + timedelta(place) for place in range(number)]


def moments(number: int) -> list[datetime]:
    """So many stand-ins for moments."""
    return [_FIRST_MOMENT + timedelta(seconds=place) for place in range(number)]


@dataclass(frozen=True)
class _Written:
    """``sql`` with ``params``, in which some stand for values; ``converters`` of columns; ``planned``: on PostgreSQL, a
    name and the text to plan by, with a place for each value. Without ``sql`` there is nothing to find."""

    sql: str
    params: tuple[Any, ...]
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]
    planned: tuple[str, str] | None


class Statement:
    """``build()`` gives a queryset of tuples, filtered by ``open_to``: stand-ins from ``ids``, ``days``, ``moments``.

    ``name``: what it reads, in a word; whoever looks at the database's work sees it.
    """

    def __init__(self, name: str, build: Callable[[], QuerySet[Any, Any]], open_to: Sequence[int | date] = ()) -> None:
        self.name, self.build, self.open_to = name, build, open_to

    def rows(self, *values: int | date) -> list[tuple[Any, ...]]:
        """The rows with these values in place of the stand-ins."""
        written = self._written
        if not written.sql:
            return []
        if written.planned and not settings.DATABASE_POOLED:
            rows = _ask_planned(*written.planned, values)
        else:
            with connection.cursor() as cursor:
                cursor.execute(written.sql, self._params(values))
                rows = cursor.fetchall()
        return [_converted(row, written.converters) for row in rows] if written.converters else rows

    def _params(self, values: Sequence[int | date]) -> list[Any]:
        meant = dict(zip(map(_as_param, self.open_to), map(_as_param, values), strict=True))
        return [meant.get(value, value) for value in self._written.params]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the annotations that a row holds."""
        return tuple(self._query.annotation_select)

    @cached_property
    def _query(self) -> Any:
        return self.build().query

    @cached_property
    def _written(self) -> _Written:
        compiler = self._query.get_compiler(connection=connection)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            return _Written("", (), {}, None)
        converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
        planned = self._plan(sql, params) if connection.vendor == "postgresql" else None
        return _Written(sql, tuple(params), converters, planned)

    def _plan(self, sql: str, params: Sequence[Any]) -> tuple[str, str]:
        """(a name, the text that plans it). What else it asks for is written out, so that partial indexes are found."""
        compose: Callable[[str, Sequence[Any]], str] = connection.ops.compose_sql  # type: ignore[attr-defined]
        text = compose(sql, params)
        for place, value in enumerate(self.open_to, start=1):
            text = text.replace(compose("%s", [value]).strip(), f"${place}")
        types = ", ".join(_TYPES[type(value)] for value in self.open_to)
        prepared = f"{f'({types}) ' if types else ''}AS {text}"
        name = f"{self.name}_{md5(prepared.encode(), usedforsecurity=False).hexdigest()}"
        return name, f"PREPARE {name} {prepared}"


def _as_param(value: int | date) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value


def _converted(row: Sequence[Any], converters: dict[int, tuple[list[Callable[..., Any]], Any]]) -> tuple[Any, ...]:
    values = list(row)
    for place, (convert, expression) in converters.items():
        for one in convert:
            values[place] = one(values[place], expression, connection)
    return tuple(values)


def _ask_planned(name: str, plan: str, values: Sequence[int | date]) -> list[tuple[Any, ...]]:
    """Ask what this connection has planned, planning it first where it has not.

    What fails may have a plan that is none any more, because a migration changed a table under it. Such a connection is
    given up: outside a transaction at once, and a new one is asked; inside, as soon as the page is done.
    """
    try:
        return _planned_rows(name, plan, values)
    except DatabaseError:
        if connection.in_atomic_block:
            connection.close_at = 0
            raise
    connection.close()
    return _planned_rows(name, plan, values)


def _planned_rows(name: str, plan: str, values: Sequence[int | date]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        known = _PLANNED.setdefault(connection.connection, set())
        if name not in known:
            cursor.execute(plan)
            known.add(name)
        places = ", ".join(["%s"] * len(values))
        cursor.execute(f"EXECUTE {name}{f' ({places})' if places else ''}", values)
        return cursor.fetchall()

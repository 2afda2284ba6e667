"""Numbers that stand on every page: each is bounded, all are read by one statement, and that is written only once.

The statement differs between two people of the same kind only in their ids. So it is written for nobody in particular,
once per kind of person, and asked with the ids of whoever it is.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery

from supportops.accounts.models import User
from supportops.statements import Statement, ids
from supportops.ui.marks import MOST_SHOWN

Asked = Mapping[str, Subquery]
_Kind = tuple[tuple[str, ...], int]
"""What a statement depends on besides ids: the names of the person's groups, and for how many people they stand in."""


class HowMany(Subquery):
    """The number of rows of a queryset, at most MOST_SHOWN, as an expression to read inside another query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    empty_result_set_value = 0

    def __init__(self, queryset: QuerySet[Any]) -> None:
        super().__init__(queryset.order_by().values("pk")[:MOST_SHOWN], output_field=IntegerField())


class OfAPerson:
    """``rows(person)``: what ``build`` asks about them, by a Statement that is written once per kind of person.

    ``build(anybody)`` gives a queryset of tuples. It may depend on the ids of ``anybody`` and their groups, on the
    groups' names, on those they stand in for, and on nothing else of theirs.
    """

    def __init__(self, name: str, build: Callable[[User], QuerySet[Any, Any]]) -> None:
        self.name, self.build = name, build
        self._written = lru_cache(maxsize=200)(self._write)

    def rows(self, person: User) -> list[tuple[Any, ...]]:
        """The rows for this person."""
        statement, values = self.asked_of(person)
        return statement.rows(*values)

    def asked_of(self, person: User) -> tuple[Statement, list[int]]:
        """The statement for people of this person's kind, and the values it is asked with for this one."""
        groups, absent = sorted(person.groups_by_id), sorted(person.stood_in_ids)
        names = tuple(person.groups_by_id[group] for group in groups)
        return self._written(person.is_active, (names, len(absent))), [person.pk, *groups, *absent]

    def _write(self, active: bool, kind: _Kind) -> Statement:
        names, absent = kind
        nobodies = ids(1 + len(names) + absent)
        anybody = User(pk=nobodies[0], is_active=active)
        anybody.groups_by_id = dict(zip(nobodies[1:], names, strict=False))
        anybody.stood_in_ids = frozenset(nobodies[1 + len(names) :])
        return Statement(self.name, lambda: self.build(anybody), nobodies)


class Numbers:
    """``of(person)``: what ``ask`` names, by name, read by one statement.

    ``ask(anybody)`` gives {name: a HowMany or another subquery}, as OfAPerson demands it.
    """

    def __init__(self, ask: Callable[[User], Asked]) -> None:
        self.ask = ask
        self._read = OfAPerson("numbers", self._one_row)

    def of(self, person: User) -> dict[str, int]:
        """{name: number} for this person; what is a yes or no is 1 or 0."""
        statement, values = self._read.asked_of(person)
        return {
            name: int(number)
            for row in statement.rows(*values)
            for name, number in zip(statement.columns, row, strict=True)
        }

    def _one_row(self, anybody: User) -> QuerySet[Any, Any]:
        asked = dict(self.ask(anybody))
        people = User.objects.filter(pk=anybody.pk) if asked else User.objects.none()
        return people.order_by().annotate(**asked).values_list(*asked)
